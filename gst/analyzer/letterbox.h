/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was found in a frame, once that has been scaled with borders around it: what is told in
 * shares of the frame, and maps that cover it, are of the larger one then.
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Where a frame lies in the one that it was scaled into, in shares of that. */
typedef struct {
    double x, y, width, height;
} VdtInner;

/* FALSE if it fills all of it. A scaler does not tell of its borders: there are some if the two
 * have sides that are not in proportion, as videoscale makes them by default. */
gboolean vdt_letterbox_find(const GstVideoInfo *in, const GstVideoInfo *out, VdtInner *inner);
/* Changes what @s, of a meta, says in shares: boxes (doubles x, y, width, height, with the share of
 * the frame that they cover), `points` and `path`, `speed-x` and `speed-y`, in structures and
 * arrays within, too; and `map`, with `runs`, which gets a border of 255. @most: no side of a map
 * becomes longer than that, if it was not before. */
void vdt_letterbox_apply(GstStructure *s, const VdtInner *inner, guint most);

G_END_DECLS
