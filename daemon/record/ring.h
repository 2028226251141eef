/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last seconds of a feed of encoded video, kept as it came, by reference. It belongs to the
 * feed that is recorded, which need not be the one that is analysed: each frame carries its UTC,
 * and what is wanted is asked for in UTC. Frames form runs, in which times go on and caps are the
 * same; each begins with a keyframe. Any thread; nobody waits in it but who reads, and only as long
 * as he says.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _VdtRing VdtRing;

typedef struct {
    gint64 time;   /* us; as much is there, and up to a group of pictures more */
    gsize bytes;   /* of encoded video; never more, whatever time that is */
    guint buffers; /* the same; room for as many is allocated */
} VdtRingLimits;

typedef struct {
    GstBuffer *buffer; /* with a PTS */
    GstCaps *caps;
    gint64 utc;     /* us, of its PTS */
    guint64 number; /* one more than that of the frame before */
    guint run;
    gboolean key;
} VdtRingFrame;

/* Where somebody reads. Plain data: the ring knows nothing of it. */
typedef struct {
    guint64 next;
    guint run;
} VdtRingCursor;

typedef enum {
    VDT_RING_FRAME,
    VDT_RING_LATER,   /* there is none yet */
    VDT_RING_ENDED,   /* the run is over */
    VDT_RING_DROPPED, /* it was there, but the ring had no room for it any more */
} VdtRingNews;

typedef struct {
    gint64 time; /* us, from the oldest to the newest */
    gsize bytes;
    guint buffers;
    guint64 taken, refused; /* frames since the beginning; refused have no keyframe before them */
    guint runs;
} VdtRingCounts;

VdtRing *vdt_ring_new(const VdtRingLimits *limits);
VdtRing *vdt_ring_ref(VdtRing *ring);
void vdt_ring_unref(VdtRing *ring);

/* Takes a reference to both; the buffer, in decoding order, with a PTS or at least a DTS, must not
 * be written any more. @utc in us belongs to its PTS. Another caps, and a PTS more than a second
 * before the last one's, begin another run. */
void vdt_ring_push(VdtRing *ring, GstBuffer *buffer, GstCaps *caps, gint64 utc);
void vdt_ring_get(VdtRing *ring, VdtRingCounts *counts);

/* The feed's time now: UTC of the newest frame, and what passed since it came; before the first the
 * system's. In us. */
gint64 vdt_ring_now(VdtRing *ring);
/*
 * Places @cursor at the last keyframe at or before @from; if the run that @event lies in (both UTC,
 * us) begins later, or its older frames are gone, at the first that is there. What is older than
 * the ring's time, by vdt_ring_now(), does not count. FALSE if there is nothing.
 */
gboolean vdt_ring_find(VdtRing *ring, gint64 from, gint64 event, VdtRingCursor *cursor);
/* The frame at @cursor, for which it waits @wait us at most, and moves it on. Caller clears it. */
VdtRingNews vdt_ring_read(VdtRing *ring, VdtRingCursor *cursor, gint64 wait, VdtRingFrame *frame);
void vdt_ring_frame_clear(VdtRingFrame *frame);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtRing, vdt_ring_unref)

G_END_DECLS
