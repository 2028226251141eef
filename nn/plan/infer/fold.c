/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Constants, and scales and shifts that move into the products before them. */
#include "fused.h"

#include <math.h>
#include <string.h>

#include "ops/table.h"

/* What @node's op makes of constants. */
static VdtIdentity identify(VdtConstants *shared, const VdtFused *fused, const VdtNode *node,
                            guint first_input)
{
    VdtIdentity of[VDT_MAX_INPUTS];
    struct {
        VdtShape shape;
        guint first_input;
        gchar p[sizeof node->p];
    } options;

    memset(&options, 0, sizeof options);
    options.first_input = first_input;
    /* The shape of a product's result is not its weights'. */
    if (first_input == 0)
        options.shape = node->shape;
    memcpy(options.p, &node->p, sizeof node->p);
    for (guint i = first_input; i < node->n_inputs; i++)
        of[i] = fused[node->inputs[i]->index].identity;
    return vdt_identity_of(shared, node->op->name, &options, sizeof options, of + first_input,
                           node->n_inputs - first_input);
}

/* The values of a constant vector. */
static const float *param(VdtFused *fused, const VdtNode *node)
{
    g_assert(fused[node->index].constant->dtype == VDT_F32);
    return fused[node->index].constant->data;
}

/* Those are few numbers that are folded into others, and are floats from the beginning. */
static gboolean is_vector(const VdtShape *shape)
{
    gint64 most = 1;

    for (guint i = 0; i < shape->n_dims; i++)
        most = MAX(most, shape->dims[i]);
    return vdt_shape_elements(shape) <= most;
}

/* What @node makes of constants, those of the file being floats for only so long. */
static VdtTensor *compute(const VdtNode *node, const VdtFused *fused, GError **error)
{
    g_autoptr(VdtTensor) result = vdt_tensor_new(node->dtype, &node->shape, error);
    VdtTensor *inputs[VDT_MAX_INPUTS];
    const float *x[VDT_MAX_INPUTS];
    guint n = 0;

    for (; result && n < node->n_inputs; n++) {
        VdtTensor *constant = fused[node->inputs[n]->index].constant;

        inputs[n] = node->inputs[n]->dtype == VDT_F32 ? vdt_as_floats(constant, error)
                                                      : vdt_tensor_ref(constant);
        if (!inputs[n])
            break;
        x[n] = inputs[n]->data;
    }
    if (result && n == node->n_inputs)
        node->op->forward(node, x, result->data);
    else
        g_clear_pointer(&result, vdt_tensor_unref);
    while (n > 0)
        vdt_tensor_unref(inputs[--n]);
    return g_steal_pointer(&result);
}

/* How often each value is used. */
static guint *count_users(const VdtGraph *graph)
{
    guint *users = g_new0(guint, graph->nodes->len);

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        for (guint j = 0; j < node->n_inputs; j++)
            users[node->inputs[j]->index]++;
    }
    for (guint i = 0; i < graph->outputs->len; i++)
        users[g_array_index(graph->outputs, VdtNamed, i).node->index]++;
    return users;
}

/* Values that follow from parameters alone are computed now (a resized position embedding). Those
 * that only others of the kind are made of are let go at once: weights that adapters change are
 * several matrices in between. */
gboolean vdt_fold_constants(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared,
                            const VdtBound *params, GError **error)
{
    g_autofree guint *users = count_users(graph);

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];
        VdtTensor *tensor = params[i].tensor;
        gboolean constant = node->n_inputs > 0;

        fused[i].node = node;
        if (tensor) {
            fused[i].identity = vdt_identity_of_tensor(shared, tensor);
            fused[i].constant =
                is_vector(&tensor->shape) ? vdt_as_floats(tensor, error) : vdt_tensor_ref(tensor);
            if (!fused[i].constant)
                return FALSE;
        }
        for (guint j = 0; j < node->n_inputs && constant; j++)
            constant = fused[node->inputs[j]->index].constant != NULL;
        if (!constant)
            continue;
        fused[i].constant = compute(node, fused, error);
        if (!fused[i].constant)
            return FALSE;
        fused[i].identity = identify(shared, fused, node, 0);
        for (guint j = 0; j < node->n_inputs; j++)
            if (--users[node->inputs[j]->index] == 0)
                g_clear_pointer(&fused[node->inputs[j]->index].constant, vdt_tensor_unref);
    }
    return TRUE;
}

void vdt_fold_count_uses(const VdtGraph *graph, VdtFused *fused)
{
    for (guint i = 0; i < graph->outputs->len; i++) {
        VdtFused *f = &fused[g_array_index(graph->outputs, VdtNamed, i).node->index];

        f->is_output = TRUE;
        f->n_uses++;
    }
    /* The state has it, whoever else looks. */
    for (guint i = 0; i < graph->writes->len; i++)
        fused[((VdtNode *)graph->writes->pdata[i])->index].n_uses++;
    for (guint i = graph->nodes->len; i-- > 0;) {
        const VdtNode *node = graph->nodes->pdata[i];

        fused[i].unused = fused[i].n_uses == 0;
        if (fused[i].unused || fused[i].constant)
            continue;
        for (guint j = 0; j < node->n_inputs; j++) {
            VdtFused *input = &fused[node->inputs[j]->index];

            /* What a training came from, and how far it is, is nobody's business any more. */
            if (node->op == &vdt_op_progress && j != 1)
                continue;
            input->n_uses++;
            input->user = node;
        }
    }
}

/* Scale and bias of the columns of a product or a batch norm, as the network states them. */
static void init_columns(VdtFused *fused, VdtConstants *shared, VdtFused *f)
{
    const VdtNode *node = f->node;
    gboolean batch_norm = node->op == &vdt_op_batch_norm;

    f->identity = identify(shared, fused, node, 1);
    f->axis = batch_norm                   ? node->p.batch_norm.axis
              : node->op == &vdt_op_linear ? node->shape.n_dims - 1
                                           : 1;
    f->columns = node->shape.dims[f->axis];
    f->scale = g_new(float, f->columns);
    f->bias = g_new0(float, f->columns);
    if (batch_norm) {
        const float *weight = param(fused, node->inputs[1]), *bias = param(fused, node->inputs[2]);
        const float *mean = param(fused, node->inputs[3]), *var = param(fused, node->inputs[4]);
        float alpha = node->n_inputs > 5 ? *param(fused, node->inputs[5]) : 0;

        for (guint c = 0; c < f->columns; c++) {
            double scale = weight[c] / sqrt((double)var[c] + node->p.batch_norm.eps);

            f->scale[c] = (float)(scale + alpha);
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
static gboolean can_absorb(VdtFused *fused, const VdtNode *x, guint axis, gboolean with_shift)
{
    const VdtFused *f = vdt_fused_resolve(fused, x);
    VdtNode *const *inputs = f->node->inputs;

    if (f->n_uses != 1 || f->is_output || f->constant)
        return FALSE;
    if (vdt_fused_is_product(f))
        return f->scale != NULL && f->axis == axis;
    if (f->node->op == &vdt_op_mul)
        return !with_shift && can_absorb(fused, inputs[0], axis, FALSE);
    if (f->node->op == &vdt_op_add)
        return vdt_shape_equal(&inputs[0]->shape, &inputs[1]->shape) &&
               can_absorb(fused, inputs[0], axis, with_shift) &&
               can_absorb(fused, inputs[1], axis, FALSE);
    return FALSE;
}

/* What is taken in: factors, and shifts or NULL, which are of @identity. */
typedef struct {
    const float *scale, *shift;
    VdtIdentity identity;
} Columns;

static void absorb(VdtFused *fused, VdtConstants *shared, const VdtNode *x, Columns columns)
{
    VdtFused *f = vdt_fused_resolve(fused, x);
    const Columns scale = {.scale = columns.scale, .identity = columns.identity};

    if (f->node->op == &vdt_op_mul) {
        absorb(fused, shared, f->node->inputs[0], scale);
    } else if (f->node->op == &vdt_op_add) {
        absorb(fused, shared, f->node->inputs[0], columns);
        absorb(fused, shared, f->node->inputs[1], scale);
    } else {
        for (guint c = 0; c < f->columns; c++) {
            f->scale[c] *= columns.scale[c];
            f->bias[c] = f->bias[c] * columns.scale[c] + (columns.shift ? columns.shift[c] : 0);
        }
        f->identity = vdt_identity_of(shared, columns.shift ? "scaled and shifted" : "scaled", NULL,
                                      0, (VdtIdentity[]){f->identity, columns.identity}, 2);
    }
}

/* The factors of the channels, if @node multiplies a map by constants, one for each channel; @x is
 * then the map. */
static const VdtFused *channel_factors(VdtFused *fused, const VdtNode *node, const VdtNode **x)
{
    for (int i = 0; node->op == &vdt_op_mul && i < 2; i++) {
        const VdtNode *factor = node->inputs[1 - i];
        const VdtShape *shape = &factor->shape;

        *x = node->inputs[i];
        if (fused[factor->index].constant && shape->n_dims == 4 &&
            shape->dims[1] == node->shape.dims[1] &&
            vdt_shape_elements(shape) == node->shape.dims[1] &&
            vdt_shape_equal(&(*x)->shape, &node->shape))
            return &fused[factor->index];
    }
    return NULL;
}

/* A training that is over is what it led to. */
static void fold_progress(VdtFused *fused, const VdtNode *node)
{
    VdtFused *to = node->op == &vdt_op_progress ? vdt_fused_resolve(fused, node->inputs[1]) : NULL;

    if (to && to->n_uses == 1 && !to->is_output && !to->constant && to->node->n_inputs > 0)
        vdt_fused_take_in(fused, to, node);
}

/* A scale for each channel, learned, behind a product. */
static void fold_scale(VdtFused *fused, VdtConstants *shared, const VdtNode *node)
{
    const VdtNode *x;
    const VdtFused *factors = channel_factors(fused, node, &x);

    if (factors && can_absorb(fused, x, 1, FALSE)) {
        absorb(fused, shared, x,
               (Columns){.scale = param(fused, factors->node), .identity = factors->identity});
        vdt_fused_take_in(fused, vdt_fused_resolve(fused, x), node);
    }
}

/* Whether all that look at @product see slices of its columns, of which @slice shares none with the
 * others. */
static gboolean is_apart(const VdtGraph *graph, const VdtFused *product, const VdtNode *slice)
{
    const gint64 begin = slice->p.along.begin, end = begin + slice->p.along.length;
    guint seen = 0;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->n_inputs == 0 || node->inputs[0] != product->node)
            continue;
        seen++;
        if (node->op != &vdt_op_slice || node->p.along.axis != product->axis ||
            (node != slice && node->p.along.begin < end &&
             node->p.along.begin + node->p.along.length > begin))
            return FALSE;
    }
    return seen == product->n_uses && !product->is_output;
}

gboolean vdt_fused_scale(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared,
                         const VdtNode *node, float factor)
{
    const VdtNode *slice = node->op == &vdt_op_slice ? node : NULL;
    VdtFused *product = slice ? &fused[slice->inputs[0]->index] : NULL;
    guint axis = vdt_shape_axis(&node->shape);
    g_autofree float *factors = g_new(float, node->shape.dims[axis]);
    VdtIdentity identity;

    /* Tokens that only stand elsewhere. */
    if (node->op == &vdt_op_windows && fused[node->index].n_uses == 1 &&
        !fused[node->index].is_output)
        return vdt_fused_scale(graph, fused, shared, node->inputs[0], factor);
    for (gint64 c = 0; c < node->shape.dims[axis]; c++)
        factors[c] = factor;
    if (can_absorb(fused, node, axis, FALSE)) {
        identity = vdt_identity_of(shared, "factor", &factor, sizeof factor, NULL, 0);
        absorb(fused, shared, node, (Columns){.scale = factors, .identity = identity});
        return TRUE;
    }
    if (!slice || product->same_as || !product->scale || !vdt_fused_is_product(product) ||
        fused[node->index].n_uses != 1 || fused[node->index].is_output ||
        !is_apart(graph, product, slice))
        return FALSE;
    for (gint64 c = 0; c < slice->p.along.length; c++) {
        product->scale[slice->p.along.begin + c] *= factor;
        product->bias[slice->p.along.begin + c] *= factor;
    }
    identity = vdt_identity_of(shared, "factor of columns", &factor, sizeof factor,
                               (VdtIdentity[]){product->identity, (guint)slice->p.along.begin,
                                               (guint)slice->p.along.length},
                               3);
    product->identity = identity;
    return TRUE;
}

void vdt_fold_into_products(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        VdtFused *f = &fused[i];
        const VdtNode *node = f->node;
        gboolean batch_norm = node->op == &vdt_op_batch_norm;

        f->position = i;
        if (f->unused || f->constant)
            continue;
        fold_progress(fused, node);
        fold_scale(fused, shared, node);
        if (!batch_norm && !vdt_fused_is_product(f))
            continue;
        for (guint j = 1; j < node->n_inputs; j++)
            if (!fused[node->inputs[j]->index].constant)
                goto next; /* weights that are computed: left to the reference kernel */
        init_columns(fused, shared, f);
        if (batch_norm && can_absorb(fused, node->inputs[0], f->axis, TRUE)) {
            absorb(fused, shared, node->inputs[0], (Columns){f->scale, f->bias, f->identity});
            vdt_fused_take_in(fused, vdt_fused_resolve(fused, node->inputs[0]), node);
        }
    next:;
    }
}

/* Finite weights may fold into others that are not: a variance below zero, a product too large.
 * Batch norms are looked at first, since they spoil what takes them in. */
static gboolean check_kind(const VdtFused *fused, guint n, gboolean batch_norms, GError **error)
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

gboolean vdt_fold_check(const VdtFused *fused, guint n, GError **error)
{
    return check_kind(fused, n, TRUE, error) && check_kind(fused, n, FALSE, error);
}
