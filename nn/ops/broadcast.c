/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broadcast.h"

gboolean vdt_broadcast_infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *a = &node->inputs[0]->shape, *b = &node->inputs[1]->shape;
    gboolean fits = a->n_dims == b->n_dims;

    node->shape = *a;
    for (guint i = 0; i < a->n_dims && fits; i++) {
        fits = a->dims[i] == b->dims[i] || a->dims[i] == 1 || b->dims[i] == 1;
        node->shape.dims[i] = MAX(a->dims[i], b->dims[i]);
    }
    if (!fits) {
        g_autofree char *a_text = vdt_shape_to_string(a), *b_text = vdt_shape_to_string(b);

        return vdt_shape_error(error, "%s and %s do not broadcast", a_text, b_text);
    }
    return TRUE;
}

VdtBroadcast vdt_broadcast(const VdtNode *node)
{
    VdtBroadcast b = {.n_rows = 1, .n = 1};
    gint64 size[2] = {1, 1}; /* elements of each input inside of the dimension looked at */
    guint n = 0;             /* dimensions found so far, from the last one outwards */
    gint64 dims[VDT_MAX_DIMS], strides[2][VDT_MAX_DIMS];

    for (guint i = node->shape.n_dims; i-- > 0;) {
        gint64 dim = node->shape.dims[i], stride[2];

        if (dim == 1)
            continue;
        for (int k = 0; k < 2; k++) {
            gboolean repeated = node->inputs[k]->shape.dims[i] == 1;

            stride[k] = repeated ? 0 : size[k];
            size[k] *= repeated ? 1 : dim;
        }
        if (n > 0 && stride[0] == strides[0][n - 1] * dims[n - 1] &&
            stride[1] == strides[1][n - 1] * dims[n - 1]) {
            dims[n - 1] *= dim;
            continue;
        }
        dims[n] = dim;
        strides[0][n] = stride[0];
        strides[1][n] = stride[1];
        n++;
    }
    if (n == 0)
        return b;
    b.n = dims[0];
    b.stride[0] = strides[0][0];
    b.stride[1] = strides[1][0];
    b.n_outer = n - 1;
    for (guint i = 0; i < b.n_outer; i++) {
        b.n_rows *= dims[i + 1];
        b.outer[i] = dims[i + 1];
        b.outer_stride[0][i] = strides[0][i + 1];
        b.outer_stride[1][i] = strides[1][i + 1];
    }
    return b;
}

void vdt_broadcast_row(const VdtBroadcast *b, gint64 row, gint64 *begin0, gint64 *begin1)
{
    *begin0 = *begin1 = 0;
    for (guint i = 0; i < b->n_outer; i++) {
        gint64 at = row % b->outer[i];

        row /= b->outer[i];
        *begin0 += at * b->outer_stride[0][i];
        *begin1 += at * b->outer_stride[1][i];
    }
}
