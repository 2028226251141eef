/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel.h"

#include <string.h>

#include "build/description.h"
#include "build/parts.h"
#include "eventjson.h"
#include "stream/clock.h"

#define LATENCY 200 /* ms, of sources whose template has no such parameter */

/* What a pipeline is built by, in threads that may outlive the stream. */
typedef struct {
    GMutex lock;
    VdtStreamConfig *config; /* guarded */
    GWeakRef analysis;       /* guarded: the newest, made for that */
} Plan;

/* What callbacks have, in the supervisor's thread. */
typedef struct {
    const VdtTell *tell;
    VdtLines *events;
    char *said;
} Voice;

struct _VdtChannel {
    VdtStream *stream;
    VdtStreamConfig *config;
    Plan *plan;
};

static void plan_clear(gpointer data)
{
    Plan *plan = data;
    vdt_stream_config_unref(plan->config);
    g_weak_ref_clear(&plan->analysis);
    g_mutex_clear(&plan->lock);
}

static void plan_unref(gpointer plan)
{
    g_atomic_rc_box_release_full(plan, plan_clear);
}

static Plan *plan_new(VdtStreamConfig *config)
{
    Plan *plan = g_atomic_rc_box_new0(Plan);
    g_mutex_init(&plan->lock);
    g_weak_ref_init(&plan->analysis, NULL);
    plan->config = vdt_stream_config_ref(config);
    return plan;
}

static GstElement *make_analysis(const char *stream, gpointer data, GError **error)
{
    Plan *plan = data;
    g_mutex_lock(&plan->lock);
    GstElement *analysis = vdt_make_analysis(plan->config, error);
    if (analysis != NULL)
        g_weak_ref_set(&plan->analysis, analysis);
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

static GstElement *make_source(gpointer config, GError **error)
{
    return vdt_make_source(config, error);
}

static gpointer hold_config(gpointer config)
{
    return vdt_stream_config_ref(config);
}

static void drop_config(gpointer config)
{
    vdt_stream_config_unref(config);
}

static guint latency_of(const VdtStreamConfig *config)
{
    for (guint i = 0; i < config->n_parameters; i++)
        if (strcmp(config->parameter_keys[i].name, "latency") == 0 &&
            config->parameter_keys[i].spec.type == VDT_OPTION_DURATION)
            return (guint)(config->parameters[i].whole / 1000);
    return LATENCY;
}

/* Borrows from @config, and *@shown. */
static VdtSourceSpec source_of(VdtStreamConfig *config, char **shown)
{
    const char *address = config->values[VDT_KEY_STREAM_SOURCE].text;
    *shown = g_strndup(address, strcspn(address, "?#"));
    return (VdtSourceSpec){.build = make_source,
                           .build_data = config,
                           .build_ref = hold_config,
                           .build_unref = drop_config,
                           .shown = *shown,
                           .latency = latency_of(config)};
}

static VdtStreamTimes times_of(const VdtStreamConfig *config)
{
    VdtStreamTimes times = vdt_stream_times_default;
    const struct {
        guint key;
        gint64 *time;
    } rows[] = {{VDT_KEY_STREAM_FIRST_FRAME_TIMEOUT, &times.first_frame},
                {VDT_KEY_STREAM_STALL_TIMEOUT, &times.stall},
                {VDT_KEY_STREAM_STALL_PATIENCE, &times.patience},
                {VDT_KEY_STREAM_BACKOFF_MIN, &times.backoff.first},
                {VDT_KEY_STREAM_BACKOFF_MAX, &times.backoff.most}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        *rows[i].time = config->values[rows[i].key].whole * 1000;
    return times;
}

static VdtTellLevel level_of(VdtStreamState state)
{
    switch (state) {
    case VDT_STREAM_FAILED:
        return VDT_TELL_ERROR;
    case VDT_STREAM_DEGRADED:
    case VDT_STREAM_STALLED:
    case VDT_STREAM_BACKOFF:
        return VDT_TELL_WARNING;
    default:
        return VDT_TELL_INFO;
    }
}

/* What explains itself, and comes with every attempt, has no reason. */
static char *show_state(const VdtStreamInfo *info)
{
    const char *state = vdt_stream_state_name(info->state);
    if (level_of(info->state) == VDT_TELL_INFO)
        return g_strdup(state);
    if (info->retry < 0)
        return g_strdup_printf("%s (%s)", state, info->reason);
    return g_strdup_printf("%s (%s), again in %.1f s", state, info->reason,
                           (double)MAX(info->retry - vdt_clock_now(), 0) / (double)VDT_SECOND);
}

static void on_changed(VdtStream *stream, gpointer data)
{
    Voice *voice = data;
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(stream);
    g_autofree char *text = show_state(info);
    if (g_strcmp0(text, voice->said) == 0)
        return;
    const char *name = vdt_stream_get_name(stream);
    vdt_tell_state(voice->tell, level_of(info->state), name, vdt_stream_state_name(info->state),
                   "%s: %s", name, text);
    g_free(voice->said);
    voice->said = g_steal_pointer(&text);
}

static void on_message(VdtStream *stream, GstMessage *message, gpointer data)
{
    const Voice *voice = data;
    char *line = vdt_event_to_json(message, vdt_stream_get_name(stream), NULL);
    if (line != NULL)
        vdt_lines_put(voice->events, line);
}

static void voice_free(gpointer data)
{
    Voice *voice = data;
    g_free(voice->said);
    g_free(voice);
}

VdtChannel *vdt_channel_new(VdtSupervisor *supervisor, VdtStreamConfig *config, const VdtTell *tell,
                            VdtLines *events, GError **error)
{
    Plan *plan = plan_new(config);
    Voice *voice = g_new0(Voice, 1);
    g_autofree char *shown = NULL;
    *voice = (Voice){.tell = tell, .events = events};
    VdtStreamSpec spec = {.name = config->name,
                          .source = source_of(config, &shown),
                          .times = times_of(config),
                          .build = make_analysis,
                          .build_data = g_atomic_rc_box_acquire(plan),
                          .build_free = plan_unref,
                          .changed = on_changed,
                          .message = on_message,
                          .user_data = voice,
                          .user_free = voice_free};
    VdtStream *stream = vdt_supervisor_add(supervisor, &spec, error);
    if (stream == NULL) {
        voice_free(voice);
        plan_unref(plan);
        plan_unref(plan);
        return NULL;
    }
    VdtChannel *channel = g_new(VdtChannel, 1);
    *channel = (VdtChannel){stream, vdt_stream_config_ref(config), plan};
    vdt_stream_start(stream);
    return channel;
}

typedef char *(*Describe)(const VdtStreamConfig *, gboolean, GError **);

static gboolean differs(Describe describe, const VdtStreamConfig *a, const VdtStreamConfig *b)
{
    g_autofree char *one = describe(a, FALSE, NULL), *other = describe(b, FALSE, NULL);
    return g_strcmp0(one, other) != 0;
}

gboolean vdt_channel_change(VdtChannel *channel, VdtStreamConfig *config, gboolean live,
                            GError **error)
{
    g_autoptr(VdtStreamConfig) before = channel->config;
    g_autofree char *shown = NULL;
    VdtSourceSpec source = source_of(config, &shown);
    VdtStreamTimes times = times_of(config);
    gboolean other_source = differs(vdt_describe_source, before, config) ||
                            g_strcmp0(before->user, config->user) != 0 ||
                            g_strcmp0(before->password, config->password) != 0,
             other_frames = !live && differs(vdt_describe_frames, before, config);
    channel->config = vdt_stream_config_ref(config);
    vdt_stream_set_times(channel->stream, &times);
    plan_change(channel->plan, config, live);
    if (other_source && !vdt_stream_reload(channel->stream, &source, error))
        return FALSE;
    return !other_frames || vdt_stream_reload(channel->stream, NULL, error);
}

void vdt_channel_remove(VdtChannel *channel, VdtSupervisor *supervisor)
{
    vdt_supervisor_remove(supervisor, channel->stream);
    vdt_channel_free(channel);
}

void vdt_channel_free(VdtChannel *channel)
{
    vdt_stream_unref(channel->stream);
    vdt_stream_config_unref(channel->config);
    plan_unref(channel->plan);
    g_free(channel);
}

VdtStreamInfo *vdt_channel_get_info(VdtChannel *channel)
{
    return vdt_stream_get_info(channel->stream);
}
