/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "objectbox.h"

#include <math.h>

/* Nobody goes on as before for longer. */
#define MOST_AGE GST_SECOND

gint64 vdt_object_age(GstClockTime pts, GstClockTime result_pts)
{
    if (!GST_CLOCK_TIME_IS_VALID(pts) || !GST_CLOCK_TIME_IS_VALID(result_pts))
        return 0;
    return pts > result_pts ? (gint64)MIN(pts - result_pts, MOST_AGE)
                            : -(gint64)MIN(result_pts - pts, MOST_AGE);
}

static double get_speed(const GstStructure *s, const char *field)
{
    double speed;

    return gst_structure_get_double(s, field, &speed) ? speed : 0;
}

gboolean vdt_object_box(const GstStructure *s, gint64 age, VdtObjectBox *box)
{
    const double seconds =
        (double)CLAMP(age, -(gint64)MOST_AGE, (gint64)MOST_AGE) / (double)GST_SECOND;
    VdtObjectBox at;

    if (!gst_structure_get(s, "x", G_TYPE_DOUBLE, &at.x, "y", G_TYPE_DOUBLE, &at.y, "width",
                           G_TYPE_DOUBLE, &at.width, "height", G_TYPE_DOUBLE, &at.height, NULL))
        return FALSE;
    at.x += seconds * get_speed(s, "speed-x");
    at.y += seconds * get_speed(s, "speed-y");
    if (!isfinite(at.x) || !isfinite(at.y) || !isfinite(at.width) || !isfinite(at.height))
        return FALSE;
    *box = at;
    return TRUE;
}
