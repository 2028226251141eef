/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attention.h"

#include "ops/table.h"

#define MOST_INNER 16

/* What is inside, from the end up. */
typedef struct {
    VdtInfer *l;
    const VdtNode *nodes[MOST_INNER];
    guint n;
} Inner;

/* Takes @node in, if it is one of @op whose only user is what was taken in before. */
static gboolean take(Inner *inner, const VdtNode *node, const VdtOp *op)
{
    const VdtFused *f = &inner->l->fused[node->index];

    if (node->op != op || f->n_uses != 1 || f->is_output || f->constant || f->same_as ||
        inner->n == MOST_INNER)
        return FALSE;
    inner->nodes[inner->n++] = node;
    return TRUE;
}

static gboolean swaps_heads(const VdtNode *permute)
{
    const guint8 *order = permute->p.permute.order;

    return permute->shape.n_dims == 4 && order[0] == 0 && order[1] == 2 && order[2] == 1 &&
           order[3] == 3;
}

/* The map whose heads @node holds: [N,C,H,W] behind [N,heads,D,H W], or [N,L,C] behind
 * [N,heads,L,D]; NULL if it is neither. */
static const VdtNode *map_of(Inner *inner, const VdtNode *node, gint64 heads, guint axis)
{
    const VdtNode *map;

    if (axis > 1) {
        if (!take(inner, node, &vdt_op_permute) || !swaps_heads(node))
            return NULL;
        node = node->inputs[0];
        if (!take(inner, node, &vdt_op_reshape) || node->inputs[0]->shape.n_dims != 3)
            return NULL;
        map = node->inputs[0];
        return node->shape.dims[0] == map->shape.dims[0] &&
                       node->shape.dims[1] == map->shape.dims[1] && node->shape.dims[2] == heads
                   ? map
                   : NULL;
    }
    if (!take(inner, node, &vdt_op_reshape))
        return NULL;
    map = node->inputs[0];
    return node->shape.n_dims == 4 && map->shape.n_dims == 4 &&
                   node->shape.dims[0] == map->shape.dims[0] && node->shape.dims[1] == heads &&
                   node->shape.dims[3] == map->shape.dims[2] * map->shape.dims[3]
               ? map
               : NULL;
}

/* Whether @node mixes the heads by a 1x1 convolution with constant weights. */
static gboolean is_talk(Inner *inner, const VdtNode *node)
{
    if (node->op != &vdt_op_conv2d || node->p.conv2d.kernel_h != 1 ||
        node->p.conv2d.kernel_w != 1 || node->p.conv2d.stride != 1 || node->p.conv2d.groups != 1 ||
        node->p.conv2d.pad_h + node->p.conv2d.pad_w != 0 ||
        node->shape.dims[1] != node->inputs[0]->shape.dims[1])
        return FALSE;
    for (guint i = 1; i < node->n_inputs; i++)
        if (!inner->l->fused[node->inputs[i]->index].constant)
            return FALSE;
    return take(inner, node, &vdt_op_conv2d);
}

/* The scores that @node adds a bias to, if it does; biases of several windows are added to all
 * heads of these together. NULL if that is something else. */
static const VdtNode *find_bias(Inner *inner, const VdtNode *node, VdtAttention *a)
{
    const gboolean together = node->op == &vdt_op_reshape;
    const VdtNode *sum = together ? node->inputs[0] : node, *bias, *scores;

    if (sum->op != &vdt_op_add || !inner->l->fused[sum->inputs[1]->index].constant)
        return together ? NULL : node;
    bias = sum->inputs[1];
    scores = sum->inputs[0];
    if ((together && !take(inner, node, &vdt_op_reshape)) || !take(inner, sum, &vdt_op_add))
        return NULL;
    if (together) {
        if (!take(inner, scores, &vdt_op_reshape))
            return NULL;
        scores = scores->inputs[0];
    }
    if (!vdt_shape_equal(&scores->shape, &node->shape) || node->shape.n_dims != 4 ||
        sum->shape.n_dims != 4 || bias->shape.n_dims != 4 || bias->shape.dims[0] != 1 ||
        bias->shape.dims[1] != sum->shape.dims[1] || bias->shape.dims[1] % a->heads != 0 ||
        bias->shape.dims[2] != node->shape.dims[2] || bias->shape.dims[3] != node->shape.dims[3])
        return NULL;
    a->bias = bias;
    a->biases = bias->shape.dims[1] / a->heads;
    return scores;
}

/* Whether @bias, which @sum adds to scores, is one of each key of each sample. */
static gboolean is_of_keys(const Inner *inner, const VdtNode *sum, const VdtNode *bias)
{
    const gint64 *dims = bias->shape.dims;

    return !inner->l->fused[bias->index].constant && bias->shape.n_dims == 4 &&
           dims[0] == sum->shape.dims[0] && dims[1] == 1 && dims[2] == 1 &&
           dims[3] == sum->shape.dims[3] && vdt_shape_equal(&sum->inputs[0]->shape, &sum->shape);
}

/* The scores that go into the softmax, with what lies between; NULL if that is something else. */
static const VdtNode *find_scores(Inner *inner, const VdtNode *node, VdtAttention *a)
{
    if (is_talk(inner, node)) {
        a->after = node;
        node = node->inputs[0];
    }
    if (!take(inner, node, &vdt_op_softmax))
        return NULL;
    node = node->inputs[0];
    if (is_talk(inner, node)) {
        a->before = node;
        node = node->inputs[0];
    }
    if (node->op == &vdt_op_add && is_of_keys(inner, node, node->inputs[1])) {
        a->key_bias = node->inputs[1];
        node = take(inner, node, &vdt_op_add) ? node->inputs[0] : NULL;
    } else {
        node = find_bias(inner, node, a);
    }
    return node && take(inner, node, &vdt_op_matmul) ? node : NULL;
}

/* reshape(v softmax(q' k)'), all with the pixels in columns. */
static gboolean match_maps(Inner *inner, const VdtNode *end, VdtAttention *a, double *scale)
{
    const VdtNode *values = end->inputs[0], *scores;

    if (!take(inner, values, &vdt_op_matmul) || values->shape.n_dims != 4 ||
        values->p.matmul.transpose_a || !values->p.matmul.transpose_b ||
        values->p.matmul.scale != 1)
        return FALSE;
    a->axis = 1;
    a->heads = values->shape.dims[1];
    if (end->shape.n_dims != 4 || end->shape.dims[0] != values->shape.dims[0] ||
        end->shape.dims[1] != a->heads * values->shape.dims[2])
        return FALSE;
    a->v = map_of(inner, values->inputs[0], a->heads, 1);
    scores = find_scores(inner, values->inputs[1], a);
    if (!a->v || !scores || !scores->p.matmul.transpose_a || scores->p.matmul.transpose_b)
        return FALSE;
    *scale = scores->p.matmul.scale;
    a->q = map_of(inner, scores->inputs[0], a->heads, 1);
    a->k = map_of(inner, scores->inputs[1], a->heads, 1);
    return a->q && a->k;
}

/* reshape(permute(softmax(q k') v)), all with the tokens in rows. */
static gboolean match_tokens(Inner *inner, const VdtNode *end, VdtAttention *a, double *scale)
{
    const VdtNode *join = end->inputs[0], *values, *scores;

    if (end->shape.n_dims != 3 || !take(inner, join, &vdt_op_permute) || !swaps_heads(join))
        return FALSE;
    values = join->inputs[0];
    if (!take(inner, values, &vdt_op_matmul) || values->p.matmul.transpose_a ||
        values->p.matmul.transpose_b || values->p.matmul.scale != 1)
        return FALSE;
    a->axis = 2;
    a->heads = values->shape.dims[1];
    if (end->shape.dims[0] != join->shape.dims[0] || end->shape.dims[1] != join->shape.dims[1])
        return FALSE;
    a->v = map_of(inner, values->inputs[1], a->heads, 2);
    scores = find_scores(inner, values->inputs[0], a);
    if (!a->v || !scores || scores->p.matmul.transpose_a || !scores->p.matmul.transpose_b)
        return FALSE;
    *scale = scores->p.matmul.scale;
    a->q = map_of(inner, scores->inputs[0], a->heads, 2);
    a->k = map_of(inner, scores->inputs[1], a->heads, 2);
    return a->q && a->k;
}

gboolean vdt_attention_match(VdtInfer *l, const VdtFused *end, gpointer match)
{
    VdtAttention *a = match;
    Inner inner = {.l = l};
    double scale;

    if (!match_maps(&inner, end->node, a, &scale)) {
        inner.n = 0;
        *a = (VdtAttention){0};
        if (!match_tokens(&inner, end->node, a, &scale))
            return FALSE;
    }
    /* A head's values are whole vectors; bfloat16 is summed in pairs, which must not reach into
     * the next head. */
    if (a->heads >= VDT_MOST_TAPS || a->v->shape.dims[a->axis] / a->heads % VDT_LANES != 0 ||
        a->q->shape.dims[a->axis] / a->heads % 2 != 0 ||
        !vdt_fused_scale(l->graph, l->fused, l->plan->shared, a->q, (float)scale))
        return FALSE;
    for (guint i = 0; i < inner.n; i++)
        l->fused[inner.nodes[i]->index].unused = TRUE;
    return TRUE;
}
