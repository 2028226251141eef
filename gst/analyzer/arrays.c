/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arrays.h"

void vdt_array_take_structure(GValue *array, GstStructure *s)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, s);
    gst_value_array_append_and_take_value(array, &value);
}

void vdt_structure_set_doubles(GstStructure *s, const char *field, const double *values, guint n)
{
    GValue array = G_VALUE_INIT;

    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < n; i++) {
        GValue value = G_VALUE_INIT;

        g_value_init(&value, G_TYPE_DOUBLE);
        g_value_set_double(&value, values[i]);
        gst_value_array_append_and_take_value(&array, &value);
    }
    gst_structure_take_value(s, field, &array);
}
