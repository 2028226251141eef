/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuse.h"

#include <math.h>
#include <string.h>

#include "../ops/table.h"

VdtFused *vdt_fused_resolve(VdtFused *fused, const VdtNode *node)
{
    VdtFused *f = &fused[node->index];

    while (f->same_as)
        f = f->same_as;
    return f;
}

gboolean vdt_fused_is_product(const VdtFused *f)
{
    const VdtNode *node = f->node;
    gint64 groups = node->p.conv2d.groups;

    if (node->op == &vdt_op_linear)
        return node->shape.n_dims == 2;
    if (node->op != &vdt_op_conv2d ||
        node->p.conv2d.kernel_h * node->p.conv2d.kernel_w > VDT_MOST_TAPS)
        return FALSE;
    return groups == 1 ||
           (groups == node->shape.dims[1] && groups == node->inputs[0]->shape.dims[1]);
}

static const float *param(VdtFused *fused, const VdtNode *node)
{
    return fused[node->index].constant->data;
}

/* Values that follow from parameters alone are computed now (a resized position embedding). */
static gboolean fold_constants(const VdtGraph *graph, VdtFused *fused, VdtTensor *const *params,
                               GError **error)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];
        const float *x[VDT_MAX_INPUTS];
        gboolean constant = node->n_inputs > 0;

        fused[i].node = node;
        if (params[i])
            fused[i].constant = vdt_tensor_ref(params[i]);
        for (guint j = 0; j < node->n_inputs && constant; j++) {
            VdtTensor *input = fused[node->inputs[j]->index].constant;

            constant = input != NULL;
            x[j] = constant ? input->data : NULL;
        }
        if (!constant)
            continue;
        fused[i].constant = vdt_tensor_new(VDT_F32, &node->shape, error);
        if (!fused[i].constant)
            return FALSE;
        node->op->forward(node, x, fused[i].constant->data);
    }
    return TRUE;
}

static void count_uses(const VdtGraph *graph, VdtFused *fused)
{
    for (guint i = 0; i < graph->outputs->len; i++) {
        VdtFused *f = &fused[g_array_index(graph->outputs, VdtNamed, i).node->index];

        f->is_output = TRUE;
        f->n_uses++;
    }
    for (guint i = graph->nodes->len; i-- > 0;) {
        const VdtNode *node = graph->nodes->pdata[i];

        fused[i].unused = fused[i].n_uses == 0;
        if (fused[i].unused || fused[i].constant)
            continue;
        for (guint j = 0; j < node->n_inputs; j++) {
            VdtFused *input = &fused[node->inputs[j]->index];

            input->n_uses++;
            input->user = node;
        }
    }
}

/* Scale and bias of the columns of a product or a batch norm, as the network states them. */
static void init_columns(VdtFused *fused, VdtFused *f)
{
    const VdtNode *node = f->node;
    gboolean batch_norm = node->op == &vdt_op_batch_norm;

    f->columns = batch_norm ? node->shape.dims[1] : node->inputs[1]->shape.dims[0];
    f->scale = g_new(float, f->columns);
    f->bias = g_new0(float, f->columns);
    if (batch_norm) {
        const float *weight = param(fused, node->inputs[1]), *bias = param(fused, node->inputs[2]);
        const float *mean = param(fused, node->inputs[3]), *var = param(fused, node->inputs[4]);

        for (guint c = 0; c < f->columns; c++) {
            double scale = weight[c] / sqrt((double)var[c] + node->p.batch_norm.eps);

            f->scale[c] = (float)scale;
            f->bias[c] = (float)(bias[c] - mean[c] * scale);
        }
    } else {
        for (guint c = 0; c < f->columns; c++)
            f->scale[c] = 1;
        if (node->n_inputs > 2)
            memcpy(f->bias, param(fused, node->inputs[2]), f->columns * sizeof(float));
    }
}

/*
 * Can scale * x + shift per channel become part of what computes x? It can move into a product,
 * into the first factor of a multiplication (if there is no shift), and into both sides of a sum
 * (the shift into one of them), as long as nobody else sees a value in between.
 */
static gboolean can_absorb(VdtFused *fused, const VdtNode *x, guint columns, gboolean with_shift)
{
    const VdtFused *f = vdt_fused_resolve(fused, x);
    VdtNode *const *inputs = f->node->inputs;

    if (f->n_uses != 1 || f->is_output || f->constant)
        return FALSE;
    if (vdt_fused_is_product(f))
        return f->scale != NULL && f->columns == columns;
    if (f->node->op == &vdt_op_mul)
        return !with_shift && can_absorb(fused, inputs[0], columns, FALSE);
    if (f->node->op == &vdt_op_add)
        return vdt_shape_equal(&inputs[0]->shape, &inputs[1]->shape) &&
               can_absorb(fused, inputs[0], columns, with_shift) &&
               can_absorb(fused, inputs[1], columns, FALSE);
    return FALSE;
}

static void absorb(VdtFused *fused, const VdtNode *x, const float *scale, const float *shift)
{
    VdtFused *f = vdt_fused_resolve(fused, x);

    if (f->node->op == &vdt_op_mul) {
        absorb(fused, f->node->inputs[0], scale, NULL);
    } else if (f->node->op == &vdt_op_add) {
        absorb(fused, f->node->inputs[0], scale, shift);
        absorb(fused, f->node->inputs[1], scale, NULL);
    } else {
        for (guint c = 0; c < f->columns; c++) {
            f->scale[c] *= scale[c];
            f->bias[c] = f->bias[c] * scale[c] + (shift ? shift[c] : 0);
        }
    }
}

/* @f now computes the value of @node too, and is used where @node is used. */
static void take_in(VdtFused *fused, VdtFused *f, const VdtNode *node)
{
    VdtFused *taken = &fused[node->index];

    taken->same_as = f;
    f->user = taken->user;
    f->n_uses = taken->n_uses;
    f->is_output = taken->is_output;
}

/* The factors of the channels, if @node multiplies a map by constants, one for each channel; @x is
 * then the map. */
static const float *channel_factors(VdtFused *fused, const VdtNode *node, const VdtNode **x)
{
    for (int i = 0; node->op == &vdt_op_mul && i < 2; i++) {
        const VdtNode *factor = node->inputs[1 - i];
        const VdtShape *shape = &factor->shape;

        *x = node->inputs[i];
        if (fused[factor->index].constant && shape->n_dims == 4 &&
            shape->dims[1] == node->shape.dims[1] &&
            vdt_shape_elements(shape) == node->shape.dims[1] &&
            vdt_shape_equal(&(*x)->shape, &node->shape))
            return fused[factor->index].constant->data;
    }
    return NULL;
}

/* A scale for each channel, learned, behind a product. */
static void fold_scale(VdtFused *fused, const VdtNode *node)
{
    const VdtNode *x;
    const float *factors = channel_factors(fused, node, &x);

    if (factors && can_absorb(fused, x, node->shape.dims[1], FALSE)) {
        absorb(fused, x, factors, NULL);
        take_in(fused, vdt_fused_resolve(fused, x), node);
    }
}

gboolean vdt_fused_scale(VdtFused *fused, const VdtNode *node, float factor)
{
    gint64 columns = vdt_value_dim(node, 1);
    g_autofree float *factors = g_new(float, columns);

    if (!can_absorb(fused, node, columns, FALSE))
        return FALSE;
    for (gint64 c = 0; c < columns; c++)
        factors[c] = factor;
    absorb(fused, node, factors, NULL);
    return TRUE;
}

static void fold_into_products(const VdtGraph *graph, VdtFused *fused)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        VdtFused *f = &fused[i];
        const VdtNode *node = f->node;
        gboolean batch_norm = node->op == &vdt_op_batch_norm;

        f->position = i;
        if (f->unused || f->constant)
            continue;
        fold_scale(fused, node);
        if (!batch_norm && !vdt_fused_is_product(f))
            continue;
        for (guint j = 1; j < node->n_inputs; j++)
            if (!fused[node->inputs[j]->index].constant)
                goto next; /* weights that are computed: left to the reference kernel */
        init_columns(fused, f);
        if (batch_norm && can_absorb(fused, node->inputs[0], f->columns, TRUE)) {
            absorb(fused, node->inputs[0], f->scale, f->bias);
            take_in(fused, vdt_fused_resolve(fused, node->inputs[0]), node);
        }
    next:;
    }
}

/* Finite weights may fold into others that are not: a variance below zero, a product too large.
 * Batch norms are looked at first, since they spoil what takes them in. */
static gboolean check_columns(const VdtFused *fused, guint n, gboolean batch_norms, GError **error)
{
    for (guint i = 0; i < n; i++) {
        const VdtFused *f = &fused[i];
        gboolean batch_norm = f->node->op == &vdt_op_batch_norm;

        for (guint c = 0; f->scale && batch_norm == batch_norms && c < f->columns; c++) {
            if (isfinite(f->scale[c]) && isfinite(f->bias[c]))
                continue;
            g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                        "\"%s\" gives channel %u a scale or bias that is not finite",
                        f->node->inputs[batch_norm ? 4 : 1]->name, c);
            return FALSE;
        }
    }
    return TRUE;
}

/* The operand of @user that is not @f, NULL if it does not have f's shape. A constant may leave
 * out the batch dimension. */
static VdtFused *other_operand(VdtFused *fused, const VdtFused *f, const VdtNode *user)
{
    const VdtNode *first = user->inputs[0], *second = user->inputs[1];
    const VdtNode *mine = vdt_fused_resolve(fused, first) == f ? first : second;
    const VdtNode *other = mine == first ? second : first;
    VdtShape shape = other->shape;

    if (!vdt_shape_equal(&mine->shape, &user->shape))
        return NULL;
    if (fused[other->index].constant && shape.n_dims == 4 && shape.dims[0] == 1)
        shape.dims[0] = user->shape.dims[0];
    return vdt_shape_equal(&shape, &user->shape) ? vdt_fused_resolve(fused, other) : NULL;
}

VdtAct vdt_long_act(const VdtOp *op)
{
    return op == &vdt_op_sigmoid        ? VDT_ACT_SIGMOID
           : op == &vdt_op_gelu         ? VDT_ACT_GELU
           : op == &vdt_op_hard_sigmoid ? VDT_ACT_HARD_SIGMOID
                                        : VDT_ACT_NONE;
}

/* Takes the next elementwise op behind a product into its epilogue, if it fits there. */
static gboolean extend_epilogue(VdtFused *fused, VdtFused *f)
{
    const VdtNode *user = f->user;
    gboolean before_operands = !f->mul && !f->add && f->act1 == VDT_ACT_NONE;

    if (f->n_uses != 1 || f->is_output || fused[user->index].same_as)
        return FALSE;
    if (user->op == &vdt_op_relu && before_operands && f->act0 == VDT_ACT_NONE) {
        f->act0 = VDT_ACT_RELU;
    } else if (user->op == &vdt_op_relu && (f->mul || f->add) && f->act1 == VDT_ACT_NONE) {
        f->act1 = VDT_ACT_RELU;
    } else if (vdt_long_act(user->op) && f->attention && f->add && f->act1 == VDT_ACT_NONE) {
        f->act1 = vdt_long_act(user->op);
    } else if (vdt_long_act(user->op) && before_operands && f->act0 == VDT_ACT_NONE) {
        f->act0 = vdt_long_act(user->op);
    } else if (user->op == &vdt_op_mul && before_operands) {
        f->mul = other_operand(fused, f, user);
        if (!f->mul)
            return FALSE;
    } else if (user->op == &vdt_op_add && !f->add && f->act1 == VDT_ACT_NONE) {
        f->add = other_operand(fused, f, user);
        if (!f->add)
            return FALSE;
    } else {
        return FALSE;
    }
    take_in(fused, f, user);
    f->position = user->index;
    return TRUE;
}

/* Whether @f, which is no product, may take in its user: a resize takes an activation, an attention
 * a sum and then an activation. */
static gboolean can_extend(const VdtFused *f)
{
    const VdtOp *op = f->user ? f->user->op : NULL;
    gboolean resizes = f->node->op == &vdt_op_resize_bilinear && !f->unused && !f->constant;

    if (op == &vdt_op_relu || vdt_long_act(op))
        return f->attention || resizes;
    return f->attention && op == &vdt_op_add && !f->act0;
}

/* Last products first: where two products meet in a sum, the later one adds to the earlier. */
static void fuse_epilogues(const VdtGraph *graph, VdtFused *fused)
{
    for (guint i = graph->nodes->len; i-- > 0;) {
        VdtFused *f = &fused[i];

        if (f->scale && vdt_fused_is_product(f) && !f->unused)
            while (extend_epilogue(fused, f))
                ;
        while (can_extend(f) && extend_epilogue(fused, f))
            ;
    }
}

void vdt_fused_free(VdtFused *fused, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_clear_pointer(&fused[i].constant, vdt_tensor_unref);
        g_free(fused[i].scale);
        g_free(fused[i].bias);
        g_free(fused[i].attention);
    }
    g_free(fused);
}

VdtFused *vdt_fuse(const VdtGraph *graph, VdtTensor *const *params, GError **error)
{
    guint n = graph->nodes->len;
    VdtFused *fused = g_new0(VdtFused, n);
    gboolean ok = fold_constants(graph, fused, params, error);

    if (ok) {
        count_uses(graph, fused);
        fold_into_products(graph, fused);
        vdt_fuse_attention(graph, fused);
        ok = check_columns(fused, n, TRUE, error) && check_columns(fused, n, FALSE, error);
    }
    if (!ok) {
        vdt_fused_free(fused, n);
        return NULL;
    }
    fuse_epilogues(graph, fused);
    return fused;
}
