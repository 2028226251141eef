/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds attention in a graph: reshape(v * talk(softmax(talk(q' * k + bias)))'). */
#include "fused.h"

#include "ops/table.h"

/* The value's only user is the one that asked. */
static gboolean is_inner(const VdtFused *fused, const VdtNode *node)
{
    const VdtFused *f = &fused[node->index];

    return f->n_uses == 1 && !f->is_output && !f->constant && !f->same_as;
}

/* A map behind a reshape to [N, heads, C / heads, H W]; NULL if it is none. */
static const VdtNode *map_of(const VdtFused *fused, const VdtNode *node, gint64 heads)
{
    const VdtNode *map = node->op == &vdt_op_reshape ? node->inputs[0] : NULL;

    if (!map || !is_inner(fused, node) || node->shape.n_dims != 4 || map->shape.n_dims != 4 ||
        node->shape.dims[0] != map->shape.dims[0] || node->shape.dims[1] != heads ||
        node->shape.dims[3] != map->shape.dims[2] * map->shape.dims[3])
        return NULL;
    return map;
}

/* Weights [heads][heads] of a 1x1 convolution over the heads; NULL if @node is none. */
static const float *talk_of(const VdtFused *fused, const VdtNode *node)
{
    if (node->op != &vdt_op_conv2d || !is_inner(fused, node) || node->p.conv2d.kernel_h != 1 ||
        node->p.conv2d.kernel_w != 1 || node->p.conv2d.stride != 1 || node->p.conv2d.groups != 1 ||
        node->p.conv2d.pad_h + node->p.conv2d.pad_w != 0 ||
        node->shape.dims[1] != node->inputs[0]->shape.dims[1])
        return NULL;
    for (guint i = 1; i < node->n_inputs; i++)
        if (!fused[node->inputs[i]->index].constant)
            return NULL;
    return fused[node->inputs[1]->index].constant->data;
}

/* From the scores up: what is inside, as @inner, and the rest in @a. FALSE if it is no attention.
 */
static gboolean match(const VdtFused *fused, const VdtNode *result, VdtAttention *a,
                      const VdtNode **inner, guint *n_inner, double *scale)
{
    const VdtNode *values = result->inputs[0], *node;

    if (values->op != &vdt_op_matmul || !is_inner(fused, values) || values->shape.n_dims != 4 ||
        values->p.matmul.transpose_a || !values->p.matmul.transpose_b ||
        values->p.matmul.scale != 1)
        return FALSE;
    a->heads = values->shape.dims[1];
    if (result->shape.n_dims != 4 || result->shape.dims[0] != values->shape.dims[0] ||
        result->shape.dims[1] != a->heads * values->shape.dims[2] ||
        values->shape.dims[2] % VDT_LANES != 0 || a->heads >= VDT_MOST_TAPS)
        return FALSE;
    inner[(*n_inner)++] = values;
    inner[(*n_inner)++] = values->inputs[0];
    a->v = map_of(fused, values->inputs[0], a->heads);
    node = values->inputs[1];
    a->after = talk_of(fused, node);
    if (a->after) {
        if (node->n_inputs > 2)
            a->after_bias = fused[node->inputs[2]->index].constant->data;
        inner[(*n_inner)++] = node;
        node = node->inputs[0];
    }
    if (node->op != &vdt_op_softmax || !is_inner(fused, node))
        return FALSE;
    inner[(*n_inner)++] = node;
    node = node->inputs[0];
    a->before = talk_of(fused, node);
    if (a->before) {
        inner[(*n_inner)++] = node;
        node = node->inputs[0];
    }
    if (node->op != &vdt_op_add || !is_inner(fused, node) ||
        !fused[node->inputs[1]->index].constant)
        return FALSE;
    a->bias = fused[node->inputs[1]->index].constant;
    inner[(*n_inner)++] = node;
    node = node->inputs[0];
    if (node->op != &vdt_op_matmul || !is_inner(fused, node) || !node->p.matmul.transpose_a ||
        node->p.matmul.transpose_b)
        return FALSE;
    *scale = node->p.matmul.scale;
    inner[(*n_inner)++] = node;
    inner[(*n_inner)++] = node->inputs[0];
    inner[(*n_inner)++] = node->inputs[1];
    a->q = map_of(fused, node->inputs[0], a->heads);
    a->k = map_of(fused, node->inputs[1], a->heads);
    /* bfloat16 is summed in pairs, which must not reach into the next head */
    return a->q && a->k && a->v && a->q->shape.dims[1] / a->heads % 2 == 0 &&
           a->bias->shape.dims[0] == 1 && a->bias->shape.dims[1] == a->heads &&
           a->bias->shape.dims[2] == node->shape.dims[2] &&
           a->bias->shape.dims[3] == node->shape.dims[3];
}

void vdt_fuse_attention(const VdtGraph *graph, VdtFused *fused)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i], *inner[9];
        VdtAttention a = {0};
        guint n_inner = 0;
        double scale;

        if (node->op != &vdt_op_reshape || fused[i].unused || fused[i].constant ||
            !match(fused, node, &a, inner, &n_inner, &scale) ||
            !vdt_fused_scale(fused, a.q, (float)scale))
            continue;
        for (guint k = 0; k < n_inner; k++)
            fused[inner[k]->index].unused = TRUE;
        fused[i].attention = g_memdup2(&a, sizeof a);
    }
}
