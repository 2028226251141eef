/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip.h"

#include <gio/gio.h>
#include <gst/app/gstappsrc.h>
#include <unistd.h>

#include "muxer.h"
#include "whole.h"

/* How long a clip sleeps at most before it looks whether it is over. */
#define NAP     (100 * G_TIME_SPAN_MILLISECOND)
/* By how much the feed's frames may come late, or lie apart. */
#define LATE    (2 * G_USEC_PER_SEC)
#define SILENCE (10 * G_USEC_PER_SEC)

struct _VdtRecorder {
    GThreadPool *pool;
    guint most;
    GMutex lock;
    GCond cond;
    guint clips; /* guarded */
    gint stops;  /* atomic */
};

struct _VdtRecording {
    VdtRecorder *recorder; /* stays as long as there is a clip whose thread has not returned */
    VdtClipSpec spec;      /* but its end */
    char *stem;
    GMutex lock;
    /* guarded */
    gint64 end, begin; /* UTC: of the event, of the first frame or what may be it */
    gboolean closed;
};

static const char *const reasons[] = {
    [VDT_CLIP_COMPLETE] = "complete",          [VDT_CLIP_MOST] = "as long as it may be",
    [VDT_CLIP_CHANGED] = "the video changed",  [VDT_CLIP_SILENT] = "no more frames came",
    [VDT_CLIP_SLOW] = "the disk was too slow", [VDT_CLIP_STOPPED] = "the recorder stopped",
};

const char *vdt_clip_reason_name(VdtClipReason reason)
{
    return reasons[reason];
}

/* --- one clip --- */

VdtRecording *vdt_recording_ref(VdtRecording *clip)
{
    return g_atomic_rc_box_acquire(clip);
}

static void recording_clear(gpointer data)
{
    VdtRecording *clip = data;

    vdt_ring_unref(clip->spec.ring);
    g_free(clip->stem);
    g_mutex_clear(&clip->lock);
}

void vdt_recording_unref(VdtRecording *clip)
{
    g_atomic_rc_box_release_full(clip, recording_clear);
}

/* When the clip is to end whose event ends at @end. */
static gint64 add_after(const VdtRecording *clip, gint64 end)
{
    return end > G_MAXINT64 - clip->spec.after ? G_MAXINT64 : end + clip->spec.after;
}

gboolean vdt_recording_set_end(VdtRecording *clip, gint64 end)
{
    gboolean takes;

    g_mutex_lock(&clip->lock);
    takes = !clip->closed &&
            (end == G_MAXINT64 || add_after(clip, end) - clip->begin <= clip->spec.most);
    if (takes)
        clip->end = end;
    g_mutex_unlock(&clip->lock);
    return takes;
}

static gint64 get_limit(VdtRecording *clip)
{
    gint64 limit;

    g_mutex_lock(&clip->lock);
    limit = add_after(clip, clip->end);
    g_mutex_unlock(&clip->lock);
    return limit;
}

static void set_begin(VdtRecording *clip, gint64 begin)
{
    g_mutex_lock(&clip->lock);
    clip->begin = begin;
    g_mutex_unlock(&clip->lock);
}

/* Closes it if it is to end before @time, so that nobody makes it longer any more. */
static gboolean close_before(VdtRecording *clip, gint64 time)
{
    gboolean closed;

    g_mutex_lock(&clip->lock);
    if (time > add_after(clip, clip->end))
        clip->closed = TRUE;
    closed = clip->closed;
    g_mutex_unlock(&clip->lock);
    return closed;
}

static void close_now(VdtRecording *clip)
{
    g_mutex_lock(&clip->lock);
    clip->closed = TRUE;
    g_mutex_unlock(&clip->lock);
}

/* --- its thread --- */

/* Where one clip is. */
typedef struct {
    VdtRecording *clip;
    VdtRingCursor cursor;
    VdtMuxer *muxer;
    VdtClipResult result;
    gint64 stop;  /* UTC, where the recorder was freed; G_MAXINT64 before that */
    gint64 heard; /* when the last frame was read, by the monotonic clock */
} Writing;

static gboolean is_stopping(Writing *w)
{
    VdtRecording *clip = w->clip;

    if (w->stop == G_MAXINT64 && g_atomic_int_get(&clip->recorder->stops))
        w->stop = vdt_ring_now(clip->spec.ring);
    return w->stop != G_MAXINT64;
}

static gint64 get_wait(Writing *w)
{
    return is_stopping(w) ? 0 : NAP;
}

/* The first frame, which may have to come yet. */
static gboolean read_first(Writing *w, VdtRingFrame *frame, GError **error)
{
    const VdtClipSpec *spec = &w->clip->spec;
    const gint64 from = spec->start - spec->before, begun = g_get_monotonic_time();

    for (;;) {
        if (vdt_ring_find(spec->ring, from, spec->start, &w->cursor) &&
            vdt_ring_read(spec->ring, &w->cursor, 0, frame) == VDT_RING_FRAME)
            return TRUE;
        if (is_stopping(w) || g_get_monotonic_time() - begun > SILENCE ||
            vdt_ring_now(spec->ring) > get_limit(w->clip) + LATE)
            break;
        g_usleep(NAP);
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                "%s: there is no video of that time to be kept", w->clip->stem);
    return FALSE;
}

/* UTC at which it is decoded: all that is shown before comes before it. */
static gint64 get_decoding_time(const VdtRingFrame *frame)
{
    const GstClockTime pts = GST_BUFFER_PTS(frame->buffer), dts = GST_BUFFER_DTS(frame->buffer);

    return GST_CLOCK_TIME_IS_VALID(dts) && dts < pts
               ? frame->utc - (gint64)((pts - dts) / GST_USECOND)
               : frame->utc;
}

/* FALSE if @frame is no part of the clip any more. */
static gboolean takes(Writing *w, const VdtRingFrame *frame)
{
    const gint64 time = get_decoding_time(frame);

    if (time > w->stop)
        w->result.reason = VDT_CLIP_STOPPED;
    else if (close_before(w->clip, time))
        w->result.reason = VDT_CLIP_COMPLETE;
    else if (vdt_muxer_get_time(w->muxer, frame->buffer) >= w->clip->spec.most)
        w->result.reason = VDT_CLIP_MOST;
    else if (vdt_muxer_has_changed(w->muxer))
        w->result.reason = VDT_CLIP_CHANGED;
    else
        return TRUE;
    return FALSE;
}

/* FALSE if there is nothing to wait for. */
static gboolean may_wait(Writing *w)
{
    if (is_stopping(w))
        w->result.reason = VDT_CLIP_STOPPED;
    else if (close_before(w->clip, vdt_ring_now(w->clip->spec.ring) - LATE) ||
             g_get_monotonic_time() - w->heard > SILENCE)
        w->result.reason = VDT_CLIP_SILENT;
    else
        return TRUE;
    return FALSE;
}

/* All that follows the first frame. */
static gboolean write_rest(Writing *w, GError **error)
{
    VdtRing *ring = w->clip->spec.ring;

    for (;;) {
        VdtRingFrame frame = {NULL};
        const VdtRingNews news = vdt_ring_read(ring, &w->cursor, get_wait(w), &frame);
        gboolean written = TRUE, goes_on = FALSE;

        if (news == VDT_RING_FRAME && (goes_on = takes(w, &frame))) {
            written = vdt_muxer_push(w->muxer, frame.buffer, error);
            w->heard = g_get_monotonic_time();
        } else if (news == VDT_RING_LATER) {
            written = vdt_muxer_check(w->muxer, error);
            goes_on = may_wait(w);
        } else if (news == VDT_RING_ENDED) {
            w->result.reason = VDT_CLIP_CHANGED;
        } else if (news == VDT_RING_DROPPED) {
            w->result.reason = VDT_CLIP_SLOW;
        }
        vdt_ring_frame_clear(&frame);
        if (!written)
            return FALSE;
        if (!goes_on)
            return TRUE;
    }
}

static gboolean write_frames(Writing *w, GError **error)
{
    VdtRingFrame frame = {NULL};
    gboolean written = FALSE;

    if (!read_first(w, &frame, error))
        return FALSE;
    set_begin(w->clip, frame.utc);
    w->result.begin = frame.utc;
    w->muxer = vdt_muxer_new(w->clip->stem, frame.caps, GST_BUFFER_PTS(frame.buffer), error);
    if (w->muxer)
        written = vdt_muxer_push(w->muxer, frame.buffer, error);
    w->heard = g_get_monotonic_time();
    vdt_ring_frame_clear(&frame);
    return written && write_rest(w, error);
}

static gboolean write_file(Writing *w, GError **error)
{
    const gboolean written = write_frames(w, error);
    VdtMuxerFile file;

    close_now(w->clip);
    if (!written || !vdt_muxer_finish(w->muxer, &file, error)) {
        g_clear_pointer(&w->muxer, vdt_muxer_free);
        return FALSE;
    }
    w->result.path = file.path;
    w->result.media_type = file.media_type;
    w->result.end = w->result.begin + file.last;
    w->result.frames = file.frames;
    w->result.bytes = file.bytes;
    w->result.duration = file.duration;
    return TRUE;
}

static void finish(VdtRecorder *recorder)
{
    g_mutex_lock(&recorder->lock);
    recorder->clips--;
    g_cond_broadcast(&recorder->cond);
    g_mutex_unlock(&recorder->lock);
}

static void run(gpointer data, gpointer recorder)
{
    Writing w = {.clip = data, .stop = G_MAXINT64, .heard = g_get_monotonic_time()};
    const VdtClipSpec *spec = &w.clip->spec;
    g_autoptr(GError) error = NULL;
    const gboolean written = write_file(&w, &error);

    if (spec->done)
        spec->done(written ? &w.result : NULL, error, spec->data);
    if (spec->data_free)
        spec->data_free(spec->data);
    g_clear_pointer(&w.muxer, vdt_muxer_free);
    vdt_recording_unref(w.clip);
    finish(recorder);
}

VdtRecording *vdt_recording_begin(VdtRecorder *recorder, const VdtClipSpec *spec, GError **error)
{
    VdtRecording *clip;
    gboolean full;

    g_mutex_lock(&recorder->lock);
    full = recorder->clips >= recorder->most || g_atomic_int_get(&recorder->stops);
    recorder->clips += !full;
    g_mutex_unlock(&recorder->lock);
    if (full) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY,
                    "%s: %u clips are being written or wait, and no more may", spec->stem,
                    recorder->most);
        return NULL;
    }
    clip = g_atomic_rc_box_new0(VdtRecording);
    g_mutex_init(&clip->lock);
    clip->recorder = recorder;
    clip->spec = *spec;
    clip->spec.ring = vdt_ring_ref(spec->ring);
    clip->stem = g_strdup(spec->stem);
    clip->end = spec->end;
    clip->begin = spec->start - spec->before;
    g_thread_pool_push(recorder->pool, vdt_recording_ref(clip), NULL);
    return clip;
}

/* --- the recorder --- */

VdtRecorder *vdt_recorder_new(guint clips, guint waiting)
{
    VdtRecorder *recorder = g_new0(VdtRecorder, 1);

    g_mutex_init(&recorder->lock);
    g_cond_init(&recorder->cond);
    recorder->most = clips + waiting;
    recorder->pool = g_thread_pool_new(run, recorder, (int)clips, FALSE, NULL);
    return recorder;
}

guint vdt_recorder_count(VdtRecorder *recorder)
{
    guint n;

    g_mutex_lock(&recorder->lock);
    n = recorder->clips;
    g_mutex_unlock(&recorder->lock);
    return n;
}

guint vdt_recorder_free(VdtRecorder *recorder, gint64 wait)
{
    const gint64 end = g_get_monotonic_time() + wait;
    guint left;

    g_atomic_int_set(&recorder->stops, TRUE);
    g_mutex_lock(&recorder->lock);
    while (recorder->clips > 0 && g_cond_wait_until(&recorder->cond, &recorder->lock, end))
        continue;
    left = recorder->clips;
    g_mutex_unlock(&recorder->lock);
    if (left > 0)
        return left;
    g_thread_pool_free(recorder->pool, FALSE, TRUE);
    g_cond_clear(&recorder->cond);
    g_mutex_clear(&recorder->lock);
    g_free(recorder);
    return 0;
}
