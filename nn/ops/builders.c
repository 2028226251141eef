/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What builders share, and those that are of several ops. */
#include "builders.h"

VdtValue *vdt_graph_add_unary(const VdtOp *op, VdtValue *x, const VdtNode *options)
{
    return x ? vdt_graph_add(x->graph, op, x->name, options, 1, &x) : NULL;
}

VdtValue *vdt_graph_add_binary(const VdtOp *op, VdtValue *a, VdtValue *b, const VdtNode *options)
{
    VdtValue *first = a ? a : b;

    return first ? vdt_graph_add(first->graph, op, first->name, options, 2, (VdtValue *[]){a, b})
                 : NULL;
}

VdtValue *vdt_graph_add_weighted(const VdtOp *op, VdtValue *x, VdtValue *weight, VdtValue *bias,
                                 const VdtNode *options)
{
    VdtValue *first = x ? x : weight;

    return first ? vdt_graph_add(first->graph, op, first->name, options, bias ? 3 : 2,
                                 (VdtValue *[]){x, weight, bias})
                 : NULL;
}

/* Between [N,L,heads,D] and [N,heads,L,D]. */
static const guint heads_outwards[] = {0, 2, 1, 3};

VdtValue *vdt_split_heads(VdtValue *x, int heads)
{
    VdtShape apart;

    if (!x)
        return NULL;
    if (x->shape.n_dims != 3 || heads <= 0 || x->shape.dims[2] % heads) {
        g_autofree char *text = vdt_shape_to_string(&x->shape);

        return vdt_graph_fail(x->graph, VDT_ERROR_SHAPE, x->name,
                              "%s is not [N,L,C] with a C that splits into %d heads", text, heads);
    }
    apart = vdt_shape(x->shape.dims[0], x->shape.dims[1], heads, x->shape.dims[2] / heads);
    return vdt_permute(vdt_reshape(x, &apart), heads_outwards);
}

VdtValue *vdt_join_heads(VdtValue *x)
{
    VdtShape joined;

    if (!x)
        return NULL;
    if (x->shape.n_dims != 4)
        return vdt_graph_fail(x->graph, VDT_ERROR_SHAPE, x->name, "heads have %u dimensions, not 4",
                              x->shape.n_dims);
    joined = vdt_shape(x->shape.dims[0], x->shape.dims[2], x->shape.dims[1] * x->shape.dims[3]);
    return vdt_reshape(vdt_permute(x, heads_outwards), &joined);
}

VdtValue *vdt_apply_again(VdtValue *like, VdtValue *x)
{
    VdtValue *inputs[VDT_MAX_INPUTS] = {x};

    if (!like || !x)
        return NULL;
    for (guint i = 1; i < like->n_inputs; i++)
        inputs[i] = like->inputs[i];
    return vdt_graph_add(like->graph, like->op, like->name, like, like->n_inputs, inputs);
}
