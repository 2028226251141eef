/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shapes: plain data, checked for overflow wherever they are multiplied out. */
#include <vedette/tensor.h>

#include <string.h>

VdtShape vdt_shape_from(const gint64 *dims, guint n_dims)
{
    VdtShape shape = {.n_dims = n_dims};

    /* Too many dimensions give a shape that vdt_shape_elements() refuses, not a shortened one. */
    if (n_dims > VDT_MAX_DIMS)
        return (VdtShape){.n_dims = 1, .dims = {-1}};
    if (n_dims > 0)
        memcpy(shape.dims, dims, n_dims * sizeof *dims);
    return shape;
}

gboolean vdt_shape_equal(const VdtShape *a, const VdtShape *b)
{
    if (a->n_dims != b->n_dims)
        return FALSE;
    for (guint i = 0; i < a->n_dims; i++) {
        if (a->dims[i] != b->dims[i])
            return FALSE;
    }
    return TRUE;
}

gint64 vdt_shape_elements(const VdtShape *shape)
{
    gint64 elements = 1;
    gboolean empty = FALSE;

    if (shape->n_dims > VDT_MAX_DIMS)
        return -1;
    for (guint i = 0; i < shape->n_dims; i++) {
        if (shape->dims[i] < 0)
            return -1;
        empty |= shape->dims[i] == 0;
    }
    if (empty)
        return 0;
    for (guint i = 0; i < shape->n_dims; i++) {
        if (__builtin_mul_overflow(elements, shape->dims[i], &elements))
            return -1;
    }
    return elements;
}

char *vdt_shape_to_string(const VdtShape *shape)
{
    GString *text = g_string_new("[");

    for (guint i = 0; i < shape->n_dims; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "", shape->dims[i]);
    g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}
