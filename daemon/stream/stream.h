/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One stream: a source that comes and goes, and the pipeline behind it, which stays. Streams are
 * made by a supervisor (supervisor.h). All functions may be called in any thread, from callbacks
 * too, and return at once.
 */
#pragma once

#include "machine.h"
#include "pipeline.h"

G_BEGIN_DECLS

typedef struct _VdtStream VdtStream;

typedef struct {
    const char *name; /* in all that is told; chance follows from it */
    VdtSourceSpec source;
    VdtStreamTimes times;
    /* The pipeline behind the source; called again whenever that has to be built anew. */
    VdtStreamBuild build;
    gpointer build_data;
    GDestroyNotify build_free; /* in any thread */
    /* Both in the supervisor's thread, which must not wait in them. Either may be NULL. */
    void (*changed)(VdtStream *stream, gpointer user_data); /* state, or the reason for it */
    void (*message)(VdtStream *stream, GstMessage *message, gpointer user_data); /* of pipelines */
    /* Sees what comes out of the source (feed.h), in its thread; until user data are freed. */
    VdtFeedTap coded;
    gpointer user_data;
    GDestroyNotify user_free; /* once neither is called any more; in that thread */
} VdtStreamSpec;

/* As it is at one moment. */
typedef struct {
    VdtStreamState state;
    gint64 since;       /* by vdt_clock_now() */
    gint64 retry;       /* when it is tried again; -1 in states that do not wait for that */
    char *reason;       /* a sentence without secrets */
    guint64 connects;   /* attempts */
    guint64 reconnects; /* frames came again after a connection without */
    guint64 stalls;
    guint64 builds;                      /* of the pipeline */
    guint64 events[VDT_N_STREAM_EVENTS]; /* that led anywhere; of errors, which */
    VdtFeedCounts counts;                /* of frames */
    gint64 frame_age;                    /* since the last frame, in ns; -1 before the first */
    char *codec;                         /* "video/x-h264", or NULL */
    guint hanging;                       /* threads that do not return from taking something down */
} VdtStreamInfo;

VdtStream *vdt_stream_ref(VdtStream *stream);
void vdt_stream_unref(VdtStream *stream);
const char *vdt_stream_get_name(const VdtStream *stream);

/* Runs it; one that waits to try again tries now. */
void vdt_stream_start(VdtStream *stream);
void vdt_stream_stop(VdtStream *stream);
/* Goes on with another source, the pipeline as it is; or, for NULL, with the same source and a
 * pipeline that is built anew. FALSE, and nothing changes, if there can be no such source. */
gboolean vdt_stream_reload(VdtStream *stream, const VdtSourceSpec *source, GError **error);
/* Other times, each from the next state on that has it. */
void vdt_stream_set_times(VdtStream *stream, const VdtStreamTimes *times);
/* Has the stream count as degraded while frames come, because of what @name stands for; a NULL
 * @sentence ends that. */
void vdt_stream_set_fault(VdtStream *stream, const char *name, const char *sentence);

VdtStreamInfo *vdt_stream_get_info(VdtStream *stream);
void vdt_stream_info_free(VdtStreamInfo *info);
/* The pipeline behind the source that plays now, or NULL. Caller unrefs. */
GstElement *vdt_stream_get_pipeline(VdtStream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStream, vdt_stream_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStreamInfo, vdt_stream_info_free)

G_END_DECLS
