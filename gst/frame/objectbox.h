/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an object is that a meta tells of, at the time of a frame. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* In shares of the frame; any part of it may be outside. */
typedef struct {
    double x, y, width, height;
} VdtObjectBox;

/* ns from the picture that objects were found in, of @result_pts, to the frame of @pts: negative if
 * that comes before it, no more than a second either way, and 0 if one of them is NONE. */
gint64 vdt_object_age(GstClockTime pts, GstClockTime result_pts);

/* Where the box of @s (doubles `x`, `y`, `width`, `height`) is at @age, a second at most either
 * way, going on as `speed-x` and `speed-y` say, sides of the frame a second, if it has them. FALSE,
 * with
 * @box as it was, if it has no box, or no numbers in it. */
gboolean vdt_object_box(const GstStructure *s, gint64 age, VdtObjectBox *box);

G_END_DECLS
