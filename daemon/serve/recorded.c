/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorded.h"

#include "sourceof.h"
#include "voice.h"

#define FAULT "record"

struct _VdtRecorded {
    VdtStream *stream;
};

/* What callbacks have. */
typedef struct {
    VdtStream *first;
    VdtRecordist *recordist;
    const VdtTell *tell;
    char *said;
} Ear;

static void ear_free(gpointer data)
{
    Ear *ear = data;
    vdt_stream_set_fault(ear->first, FAULT, NULL);
    vdt_stream_unref(ear->first);
    vdt_recordist_unref(ear->recordist);
    g_free(ear->said);
    g_free(ear);
}

static void on_changed(VdtStream *stream, gpointer data)
{
    Ear *ear = data;
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(stream);
    vdt_voice_tell_state(ear->tell, vdt_stream_get_name(stream), info, &ear->said);
    if (info->state == VDT_STREAM_LIVE || info->state == VDT_STREAM_STOPPED) {
        vdt_stream_set_fault(ear->first, FAULT, NULL);
    } else if (info->state != VDT_STREAM_CONNECTING) {
        g_autofree char *sentence =
            g_strdup_printf("what is to be recorded does not come: %s", info->reason);
        vdt_stream_set_fault(ear->first, FAULT, sentence);
    }
}

static void on_coded(GstBuffer *buffer, GstCaps *caps, gpointer data)
{
    const Ear *ear = data;
    vdt_recordist_take_coded(buffer, caps, ear->recordist);
}

static GstElement *build_end(const char *stream, gpointer data, GError **error)
{
    return vdt_pipeline_parse("fakesink sync=false async=false enable-last-sample=false", error);
}

VdtRecorded *vdt_recorded_new(VdtSupervisor *supervisor, VdtStream *first, VdtStreamConfig *config,
                              VdtRecordist *recordist, const VdtTell *tell, GError **error)
{
    g_autofree char *shown = NULL, *name = g_strconcat(config->name, " (recorded)", NULL);
    Ear *ear = g_new0(Ear, 1);
    *ear = (Ear){vdt_stream_ref(first), vdt_recordist_ref(recordist), tell, NULL};
    VdtStreamSpec spec = {.name = name,
                          .source = vdt_source_of(config->recorded, &shown),
                          .times = vdt_times_of(config),
                          .build = build_end,
                          .changed = on_changed,
                          .coded = on_coded,
                          .user_data = ear,
                          .user_free = ear_free};
    VdtStream *stream = vdt_supervisor_add(supervisor, &spec, error);
    if (stream == NULL) {
        ear_free(ear);
        return NULL;
    }
    VdtRecorded *recorded = g_new(VdtRecorded, 1);
    recorded->stream = stream;
    vdt_stream_start(stream);
    return recorded;
}

void vdt_recorded_set_times(VdtRecorded *recorded, const VdtStreamTimes *times)
{
    vdt_stream_set_times(recorded->stream, times);
}

void vdt_recorded_remove(VdtRecorded *recorded, VdtSupervisor *supervisor)
{
    vdt_supervisor_remove(supervisor, recorded->stream);
    vdt_recorded_free(recorded);
}

void vdt_recorded_free(VdtRecorded *recorded)
{
    vdt_stream_unref(recorded->stream);
    g_free(recorded);
}
