/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips: what a ring keeps from before an event, and what comes until after it, as a file that a
 * browser plays (MP4 of H.264, H.265 and MPEG-4, WebM of VP8 and VP9; of JPEG Matroska). Nothing is
 * coded anew. A file is whole or not there (whole.h).
 *
 * A recorder is the process's. A clip is written in a thread of its own, by references to what the
 * ring keeps: a disk that is too slow for it ends the clip, and holds up nobody. Any thread;
 * nothing waits, but vdt_recorder_free().
 */
#pragma once

#include "ring.h"

G_BEGIN_DECLS

typedef struct _VdtRecorder VdtRecorder;
typedef struct _VdtRecording VdtRecording;

typedef enum {
    VDT_CLIP_COMPLETE, /* up to its end */
    VDT_CLIP_MOST,     /* it became as long as it may */
    VDT_CLIP_CHANGED,  /* what follows has other caps or parameters, or times of another base */
    VDT_CLIP_SILENT,   /* no frames came any more */
    VDT_CLIP_SLOW,     /* the disk is: frames were gone before they could be written */
    VDT_CLIP_STOPPED,  /* the recorder was freed */
} VdtClipReason;

typedef struct {
    const char *path;       /* of the file, with its suffix */
    const char *media_type; /* "video/mp4" */
    gint64 begin, end;      /* UTC of the first and the last frame, us */
    gint64 duration;        /* us; the file's times begin at 0 */
    guint frames;
    guint64 bytes;
    VdtClipReason reason; /* why it goes no further */
} VdtClipResult;

typedef struct {
    VdtRing *ring;
    const char *stem;     /* the file's path without its suffix; its folder is there */
    gint64 start, end;    /* of the event: UTC, us, by the ring's; G_MAXINT64 for no end yet */
    gint64 before, after; /* us, by which the clip begins earlier and ends later */
    gint64 most;          /* us, its length at most */
    /* Once, in the clip's thread: with a result if there is a file, with an error if there is none
     * (G_IO_ERROR; NO_SPACE if that is why). May be NULL. */
    void (*done)(const VdtClipResult *result, const GError *error, gpointer data);
    gpointer data;
    GDestroyNotify data_free; /* after it, in that thread */
} VdtClipSpec;

/* At most @clips are written at a time, and @waiting more wait for their turn; one that waits loses
 * what its ring keeps no more. */
VdtRecorder *vdt_recorder_new(guint clips, guint waiting);
/* Ends all clips where they are, and waits @wait us at most for their files. How many are not done:
 * unless 0, the recorder stays, and may be freed once more later. */
guint vdt_recorder_free(VdtRecorder *recorder, gint64 wait);
/* Clips that are written or wait. */
guint vdt_recorder_count(VdtRecorder *recorder);

/* Begins a clip. NULL with an error (G_IO_ERROR_BUSY) if too many wait; then nothing is called.
 * Caller unrefs: the clip goes on without him. */
VdtRecording *vdt_recording_begin(VdtRecorder *recorder, const VdtClipSpec *spec, GError **error);
/*
 * Has the event end at @end: of another event that the clip is to hold, too, the later one of both;
 * of an event without an end, when that is known. FALSE if the clip takes nothing more, or is too
 * long to reach @end: then it is as it was, and another has to be begun.
 */
gboolean vdt_recording_set_end(VdtRecording *clip, gint64 end);
VdtRecording *vdt_recording_ref(VdtRecording *clip);
void vdt_recording_unref(VdtRecording *clip);

const char *vdt_clip_reason_name(VdtClipReason reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtRecording, vdt_recording_unref)

G_END_DECLS
