/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "changed.h"

#include <math.h>

/* Less is noise. */
#define LEAST 0.01

static gboolean arrays_differ(const GValue *before, const GValue *now)
{
    const guint n = gst_value_array_get_size(now);

    if (gst_value_array_get_size(before) != n)
        return TRUE;
    for (guint i = 0; i < n; i++)
        if (vdt_value_changed(gst_value_array_get_value(before, i),
                              gst_value_array_get_value(now, i)))
            return TRUE;
    return FALSE;
}

gboolean vdt_value_changed(const GValue *before, const GValue *now)
{
    if (!before || !now)
        return before != now;
    if (G_VALUE_TYPE(before) != G_VALUE_TYPE(now))
        return TRUE;
    if (G_VALUE_HOLDS_DOUBLE(now))
        return fabs(g_value_get_double(before) - g_value_get_double(now)) >= LEAST;
    if (GST_VALUE_HOLDS_ARRAY(now))
        return arrays_differ(before, now);
    if (GST_VALUE_HOLDS_STRUCTURE(now))
        return vdt_structure_changed(gst_value_get_structure(before), gst_value_get_structure(now));
    return gst_value_compare(before, now) != GST_VALUE_EQUAL;
}

gboolean vdt_structure_changed(const GstStructure *before, const GstStructure *now)
{
    if (!before || !now)
        return before != now;
    if (gst_structure_n_fields(before) != gst_structure_n_fields(now))
        return TRUE;
    for (int i = 0; i < gst_structure_n_fields(now); i++) {
        const char *name = gst_structure_nth_field_name(now, (guint)i);

        if (vdt_value_changed(gst_structure_get_value(before, name),
                              gst_structure_get_value(now, name)))
            return TRUE;
    }
    return FALSE;
}
