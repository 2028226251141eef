/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel.h"

#include "build/description.h"
#include "build/parts.h"
#include "recorded.h"
#include "sourceof.h"
#include "voice.h"
#include "watch.h"

/* What a pipeline is built by, in threads that may outlive the stream. */
typedef struct {
    GMutex lock;
    VdtStreamConfig *config; /* guarded */
    GWeakRef analysis;       /* guarded: the newest, made for that */
    VdtRecordist *recordist; /* or NULL */
    VdtWatch *watch;
} Plan;

/* What callbacks have. */
typedef struct {
    VdtVoice voice;
    VdtRecordist *recordist; /* or NULL */
    gint records;            /* atomic: what comes is what is recorded */
} Ear;

struct _VdtChannel {
    VdtStream *stream;
    VdtStreamConfig *config;
    Plan *plan;
    VdtOutlets *outlets;
    VdtSupervisor *supervisor;
    VdtRecordist *recordist; /* NULL where nothing is kept */
    VdtRecorded *recorded;   /* NULL if that is no other source */
    Ear *ear;                /* the stream's, which is there for as long as this */
};

static void plan_clear(gpointer data)
{
    Plan *plan = data;
    vdt_stream_config_unref(plan->config);
    g_clear_pointer(&plan->recordist, vdt_recordist_unref);
    g_weak_ref_clear(&plan->analysis);
    vdt_watch_unref(plan->watch);
    g_mutex_clear(&plan->lock);
}

static void plan_unref(gpointer plan)
{
    g_atomic_rc_box_release_full(plan, plan_clear);
}

static Plan *plan_new(VdtStreamConfig *config, VdtRecordist *recordist)
{
    Plan *plan = g_atomic_rc_box_new0(Plan);
    g_mutex_init(&plan->lock);
    g_weak_ref_init(&plan->analysis, NULL);
    plan->watch = vdt_watch_new(NULL, G_USEC_PER_SEC);
    plan->config = vdt_stream_config_ref(config);
    plan->recordist = recordist != NULL ? vdt_recordist_ref(recordist) : NULL;
    return plan;
}

static GstElement *make_analysis(const char *stream, gpointer data, GError **error)
{
    Plan *plan = data;
    g_mutex_lock(&plan->lock);
    GstElement *analysis = vdt_make_analysis(plan->config, error);
    if (analysis != NULL) {
        g_weak_ref_set(&plan->analysis, analysis);
        if (plan->recordist != NULL)
            vdt_recordist_watch(plan->recordist, analysis);
        vdt_watch_attach(plan->watch, analysis);
    }
    g_mutex_unlock(&plan->lock);
    return analysis;
}

/* Of what is there, only if it goes on; another one is made by @config anyway. */
static void plan_change(Plan *plan, VdtStreamConfig *config, gboolean live)
{
    g_mutex_lock(&plan->lock);
    g_autoptr(GstElement) analysis = g_weak_ref_get(&plan->analysis);
    g_autoptr(VdtStreamConfig) before = plan->config;
    plan->config = vdt_stream_config_ref(config);
    if (analysis != NULL && live)
        vdt_update_analysis(analysis, before, config);
    g_mutex_unlock(&plan->lock);
}

static void on_changed(VdtStream *stream, gpointer data)
{
    Ear *ear = data;
    vdt_voice_changed(&ear->voice, stream);
}

static void on_message(VdtStream *stream, GstMessage *message, gpointer data)
{
    Ear *ear = data;
    vdt_voice_message(&ear->voice, stream, message);
}

static void on_coded(GstBuffer *buffer, GstCaps *caps, gpointer data)
{
    Ear *ear = data;
    if (g_atomic_int_get(&ear->records))
        vdt_recordist_take_coded(buffer, caps, ear->recordist);
}

static void ear_clear(gpointer data)
{
    Ear *ear = data;
    vdt_voice_clear(&ear->voice);
    g_clear_pointer(&ear->recordist, vdt_recordist_unref);
}

static void ear_unref(gpointer ear)
{
    g_atomic_rc_box_release_full(ear, ear_clear);
}

static void ear_end(gpointer data)
{
    Ear *ear = data;
    vdt_voice_end(&ear->voice);
    ear_unref(ear);
}

/* Has what @config says recorded: this stream, or another one. */
static gboolean set_recorded(VdtChannel *channel, VdtStreamConfig *config, GError **error)
{
    if (channel->recordist == NULL)
        return TRUE;
    g_atomic_int_set(&channel->ear->records, config->recorded == NULL);
    if (config->recorded == NULL)
        return TRUE;
    channel->recorded = vdt_recorded_new(channel->supervisor, channel->stream, config,
                                         channel->recordist, channel->outlets->tell, error);
    return channel->recorded != NULL;
}

static gboolean change_recorded(VdtChannel *channel, const VdtStreamConfig *before,
                                VdtStreamConfig *config, GError **error)
{
    const VdtStreamConfig *old = before->recorded, *now = config->recorded;
    if (channel->recordist != NULL)
        vdt_recordist_set_config(channel->recordist, config);
    if (channel->recorded != NULL && now != NULL && vdt_source_is_same(old, now)) {
        VdtStreamTimes times = vdt_times_of(config);
        vdt_recorded_set_times(channel->recorded, &times);
        return TRUE;
    }
    if (channel->recorded != NULL)
        vdt_recorded_remove(g_steal_pointer(&channel->recorded), channel->supervisor);
    return set_recorded(channel, config, error);
}

VdtChannel *vdt_channel_new(VdtSupervisor *supervisor, VdtStreamConfig *config, VdtOutlets *outlets,
                            GError **error)
{
    g_autofree char *shown = NULL;
    VdtRecordist *recordist =
        outlets->records != NULL ? vdt_recordist_new(outlets->records, config) : NULL;
    Plan *plan = plan_new(config, recordist);
    Ear *ear = g_atomic_rc_box_new0(Ear);
    vdt_voice_init(&ear->voice, outlets, config->name);
    ear->recordist = recordist != NULL ? vdt_recordist_ref(recordist) : NULL;
    VdtStreamSpec spec = {.name = config->name,
                          .source = vdt_source_of(config, &shown),
                          .times = vdt_times_of(config),
                          .build = make_analysis,
                          .build_data = g_atomic_rc_box_acquire(plan),
                          .build_free = plan_unref,
                          .changed = on_changed,
                          .message = on_message,
                          .coded = recordist != NULL ? on_coded : NULL,
                          .user_data = g_atomic_rc_box_acquire(ear),
                          .user_free = ear_end};
    VdtChannel *channel = g_new0(VdtChannel, 1);
    *channel = (VdtChannel){.config = vdt_stream_config_ref(config),
                            .plan = plan,
                            .outlets = outlets,
                            .supervisor = supervisor,
                            .recordist = recordist,
                            .ear = ear};
    channel->stream = vdt_supervisor_add(supervisor, &spec, error);
    if (channel->stream == NULL) {
        plan_unref(plan);
        ear_unref(ear);
    } else if (set_recorded(channel, config, error)) {
        vdt_stream_start(channel->stream);
        return channel;
    } else {
        vdt_supervisor_remove(supervisor, channel->stream);
    }
    vdt_channel_free(channel);
    return NULL;
}

gboolean vdt_channel_change(VdtChannel *channel, VdtStreamConfig *config, gboolean live,
                            GError **error)
{
    g_autoptr(VdtStreamConfig) before = channel->config;
    g_autofree char *shown = NULL, *one = vdt_describe_frames(before, FALSE, NULL),
                    *other = vdt_describe_frames(config, FALSE, NULL);
    VdtSourceSpec source = vdt_source_of(config, &shown);
    VdtStreamTimes times = vdt_times_of(config);
    gboolean other_frames = !live && g_strcmp0(one, other) != 0;
    channel->config = vdt_stream_config_ref(config);
    vdt_stream_set_times(channel->stream, &times);
    plan_change(channel->plan, config, live);
    if (!change_recorded(channel, before, config, error))
        return FALSE;
    if (!vdt_source_is_same(before, config) && !vdt_stream_reload(channel->stream, &source, error))
        return FALSE;
    return !other_frames || vdt_stream_reload(channel->stream, NULL, error);
}

void vdt_channel_remove(VdtChannel *channel)
{
    if (channel->recorded != NULL)
        vdt_recorded_remove(g_steal_pointer(&channel->recorded), channel->supervisor);
    vdt_supervisor_remove(channel->supervisor, channel->stream);
    vdt_channel_free(channel);
}

void vdt_channel_free(VdtChannel *channel)
{
    g_clear_pointer(&channel->recorded, vdt_recorded_free);
    g_clear_pointer(&channel->recordist, vdt_recordist_close);
    g_clear_pointer(&channel->stream, vdt_stream_unref);
    vdt_stream_config_unref(channel->config);
    plan_unref(channel->plan);
    ear_unref(channel->ear);
    g_free(channel);
}

VdtStream *vdt_channel_get_stream(VdtChannel *channel)
{
    return vdt_stream_ref(channel->stream);
}

VdtRecordist *vdt_channel_get_recordist(VdtChannel *channel)
{
    return channel->recordist != NULL ? vdt_recordist_ref(channel->recordist) : NULL;
}

VdtStreamInfo *vdt_channel_get_info(VdtChannel *channel)
{
    return vdt_stream_get_info(channel->stream);
}
