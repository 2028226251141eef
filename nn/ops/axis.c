/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "axis.h"

#include "table.h"

gboolean vdt_resize_infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;

    if (x->n_dims != 4)
        return vdt_shape_error(error, "the input has %u dimensions, not 4", x->n_dims);
    if (node->p.resize.height <= 0 || node->p.resize.width <= 0)
        return vdt_shape_error(error, "size %dx%d must be positive", node->p.resize.height,
                               node->p.resize.width);
    node->shape = vdt_shape(x->dims[0], x->dims[1], node->p.resize.height, node->p.resize.width);
    return TRUE;
}
