/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last pictures of a stream, evenly spaced in time.
 *
 * A ring of n pictures over a window of w seconds lays a grid of step w / (n - 1) over the stream
 * and keeps, for each grid time, the picture nearest to it; a clip is the newest n grid times. What
 * is kept depends on timestamps only, so it is right under any frame rate, and memory depends
 * on n only. A grid time without a picture of its own borrows the nearest one.
 *
 * Rings belong to one thread; shots and clips are reference counted and may be handed on.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* One converted picture. */
typedef struct {
    GstClockTime pts; /* or another time that only grows */
    guint8 rgb[];
} VdtShot;

VdtShot *vdt_shot_new(GstClockTime pts, gsize n_bytes);
VdtShot *vdt_shot_ref(VdtShot *shot);
void vdt_shot_unref(VdtShot *shot);

/* The pictures of a clip, oldest first; the same picture may occur again. */
typedef struct {
    guint n_shots;
    VdtShot *shots[];
} VdtClip;

void vdt_clip_free(VdtClip *clip);

typedef struct _VdtClipRing VdtClipRing;

/* @window is the time from the first to the last of @n_shots pictures. */
VdtClipRing *vdt_clip_ring_new(guint n_shots, GstClockTime window);
void vdt_clip_ring_free(VdtClipRing *ring);
/* Forgets all pictures; the next one begins a new grid. */
void vdt_clip_ring_reset(VdtClipRing *ring);
/* Whether a picture of this time would be kept: ask before converting one. */
gboolean vdt_clip_ring_wants(const VdtClipRing *ring, GstClockTime pts);
/* Takes @shot. Times never go back between two resets. A gap as long as the window resets, unless
 * the whole stream is that slow. */
void vdt_clip_ring_add(VdtClipRing *ring, VdtShot *shot);
/* The newest clip; NULL as long as less than a window has passed, or if the last one is still the
 * newest. */
VdtClip *vdt_clip_ring_get(VdtClipRing *ring);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtShot, vdt_shot_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtClip, vdt_clip_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtClipRing, vdt_clip_ring_free)

G_END_DECLS
