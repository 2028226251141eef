/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a camera is covered, or looks somewhere else, from about a picture a second. It compares
 * what stands still in the picture, its edges, with what it has learned of them: how bright it is
 * does not matter, nor who passes; what changes slowly, as day turns to night, is learned along.
 *
 *   covered   hardly any edge is left of those that there were
 *   moved     there are edges, which keep still, but in other places
 *
 * Not told apart: a lens that is covered, and a light that is switched off where there is no other.
 * A view that never keeps still, as of a camera that patrols, is never moved. Plain data; one
 * thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { VDT_VIEW_COVERED = 1 << 0, VDT_VIEW_MOVED = 1 << 1 } VdtViewFlags;

typedef struct {
    gint64 learn;         /* us of pictures before it says anything */
    gint64 covered_after; /* us that it has to be so */
    gint64 moved_after;
    gint64 accept_after; /* us until another view is the one that is compared with */
} VdtViewTimes;
extern const VdtViewTimes vdt_view_times_default; /* 30 s, 8 s, 15 s, 10 min */

typedef struct _VdtView VdtView;

VdtView *vdt_view_new(const VdtViewTimes *times);
void vdt_view_free(VdtView *view);
/* A picture's luma, a byte each, and when it came, by a clock that only goes on. Returns how it is,
 * of VdtViewFlags. Pictures smaller than 64x36 are none. */
guint vdt_view_look(VdtView *view, const guint8 *luma, gsize stride, guint width, guint height,
                    gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtView, vdt_view_free)

G_END_DECLS
