/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arrays.h"

#include <math.h>

#define MOST_LOOKED 100
/* How far out of the frame points may be, in its sides. */
#define FARTHEST    10

static guint count(const GValue *array)
{
    return array && GST_VALUE_HOLDS_ARRAY(array) ? gst_value_array_get_size(array) : 0;
}

void vdt_overlay_each(VdtOverlayShow *show, const GstStructure *result, const char *field,
                      void (*add)(VdtOverlayShow *show, const GstStructure *s, gint64 age),
                      gint64 age)
{
    const GValue *array = gst_structure_get_value(result, field);
    const guint n = MIN(count(array), MOST_LOOKED);

    for (guint i = 0; i < n; i++) {
        const GValue *value = gst_value_array_get_value(array, i);

        if (GST_VALUE_HOLDS_STRUCTURE(value) && gst_value_get_structure(value))
            add(show, gst_value_get_structure(value), age);
    }
}

guint vdt_overlay_points_count(const GValue *array)
{
    const guint n = count(array);

    return n % 2 ? 0 : n / 2;
}

gboolean vdt_overlay_points_read(const GValue *array, guint first, guint n, float (*points)[2])
{
    for (guint i = 0; i < 2 * n; i++) {
        const GValue *value = gst_value_array_get_value(array, 2 * first + i);
        const double share = G_VALUE_HOLDS_DOUBLE(value) ? g_value_get_double(value) : NAN;

        if (!(fabs(share) <= FARTHEST))
            return FALSE;
        points[i / 2][i % 2] = (float)share;
    }
    return TRUE;
}
