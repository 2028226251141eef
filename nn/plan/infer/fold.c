/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Constants, and scales and shifts that move into the products before them. */
#include "fused.h"

#include <math.h>
#include <string.h>

#include "ops/table.h"
#include "tensor/elements.h"

/* What is between fields, and behind a shorter member of a union, may be anything. */
static void copy_shape(VdtShape *to, const VdtShape *from)
{
    to->n_dims = from->n_dims;
    memcpy(to->dims, from->dims, sizeof to->dims);
}

static void copy_options(VdtNode *to, const VdtNode *node)
{
    if (node->op == &vdt_op_reshape) {
        copy_shape(&to->p.reshape, &node->p.reshape);
    } else if (node->op == &vdt_op_expand) {
        copy_shape(&to->p.expand, &node->p.expand);
    } else if (node->op == &vdt_op_slice || node->op == &vdt_op_concat) {
        to->p.along.axis = node->p.along.axis;
        to->p.along.begin = node->p.along.begin;
        to->p.along.length = node->p.along.length;
    } else {
        memcpy(&to->p, &node->p, sizeof to->p);
    }
}

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
    VdtNode plain;

    memset(&options, 0, sizeof options);
    memset(&plain, 0, sizeof plain);
    options.first_input = first_input;
    /* The shape of a product's result is not its weights'. */
    if (first_input == 0)
        copy_shape(&options.shape, &node->shape);
    copy_options(&plain, node);
    memcpy(options.p, &plain.p, sizeof plain.p);
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

#define NO_AXIS G_MAXUINT

/* The same numbers in another shape or order. */
static gboolean is_view(const VdtNode *node)
{
    return node->op == &vdt_op_reshape || node->op == &vdt_op_permute;
}

static gint64 count_before(const VdtShape *shape, guint axis)
{
    gint64 n = 1;

    for (guint i = 0; i < axis; i++)
        n *= shape->dims[i];
    return n;
}

/* The dimension of @to that has as many elements before it and is as long as @axis of @from: where
 * the same numbers in the same order have the same channels. */
static guint same_axis(const VdtShape *from, guint axis, const VdtShape *to)
{
    for (guint i = 0; i < to->n_dims; i++)
        if (to->dims[i] == from->dims[axis] && count_before(to, i) == count_before(from, axis))
            return i;
    return NO_AXIS;
}

/* Where the channels that a view has in dimension @axis are in what it is a view of. */
static guint axis_before(const VdtNode *view, guint axis)
{
    return view->op == &vdt_op_permute ? view->p.permute.order[axis]
                                       : same_axis(&view->shape, axis, &view->inputs[0]->shape);
}

/* Where the channels in dimension @axis of the input of @node are in its value, if that is the same
 * whether each channel is scaled and shifted before or after. */
static guint axis_behind(const VdtNode *node, guint axis)
{
    if (node->op == &vdt_op_permute) {
        for (guint i = 0; i < node->shape.n_dims; i++)
            if (node->p.permute.order[i] == axis)
                return i;
    }
    if (node->op == &vdt_op_reshape)
        return same_axis(&node->inputs[0]->shape, axis, &node->shape);
    if (node->op == &vdt_op_slice && node->p.along.axis != axis)
        return axis;
    return node->op == &vdt_op_global_avg_pool && axis == 1 ? axis : NO_AXIS;
}

/*
 * Can scale * x + shift per channel become part of what computes x? It can move into a product,
 * into the first factor of a multiplication (if there is no shift), and into both sides of a sum
 * (the shift into one of them), as long as nobody else sees a value in between. Where the value
 * only gets another shape, it moves along.
 */
static gboolean can_absorb(VdtFused *fused, const VdtNode *x, guint axis, gboolean with_shift)
{
    const VdtFused *f = vdt_fused_resolve(fused, x);
    VdtNode *const *inputs = f->node->inputs;

    if (f->n_uses != 1 || f->is_output || f->constant)
        return FALSE;
    if (is_view(f->node)) {
        axis = axis_before(f->node, axis);
        return axis != NO_AXIS && can_absorb(fused, inputs[0], axis, with_shift);
    }
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

    if (is_view(f->node)) {
        absorb(fused, shared, f->node->inputs[0], columns);
    } else if (f->node->op == &vdt_op_mul) {
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

/* Whether @f multiplies the channels in dimension @axis of its input, all of them for each output:
 * padding is no channel that was shifted. */
static gboolean multiplies(const VdtFused *f, guint axis)
{
    const VdtNode *node = f->node;

    if (!f->scale || f->same_as || !vdt_fused_is_product(f))
        return FALSE;
    if (node->op == &vdt_op_linear)
        return axis + 1 == node->inputs[0]->shape.n_dims;
    return axis == 1 && node->p.conv2d.groups == 1 &&
           node->p.conv2d.pad_h + node->p.conv2d.pad_w == 0;
}

/* Finds the products that look at the value of @norm, perhaps through what can be exchanged with
 * it. FALSE if anything else looks at it. */
static gboolean find_products(const VdtGraph *graph, VdtFused *fused, const VdtFused *norm,
                              GPtrArray *products)
{
    g_autofree guint *axes =
        g_new(guint, graph->nodes->len); /* of the channels, if it is that value */

    for (guint i = 0; i < graph->nodes->len; i++)
        axes[i] = NO_AXIS;
    axes[norm->node->index] = norm->axis;
    for (guint i = norm->node->index + 1; i < graph->nodes->len; i++) {
        VdtFused *f = &fused[i];

        if (f->unused || f->constant || f->same_as)
            continue;
        for (guint j = 0; j < f->node->n_inputs; j++) {
            guint from = vdt_fused_resolve(fused, f->node->inputs[j])->node->index;

            if (axes[from] == NO_AXIS)
                continue;
            if (j == 0 && multiplies(f, axes[from])) {
                g_ptr_array_add(products, f);
                continue;
            }
            axes[i] = j == 0 ? axis_behind(f->node, axes[from]) : NO_AXIS;
            if (axes[i] == NO_AXIS || f->is_output)
                return FALSE;
        }
    }
    return products->len > 0;
}

static gsize per_column(const VdtFused *product)
{
    return vdt_shape_elements(&product->node->inputs[1]->shape) / product->columns;
}

/* W (a x + c) + b is (W a) x + (W c + b), scaled or not. @column is room for one of W. */
static void affine_inputs(VdtFused *fused, VdtConstants *shared, VdtFused *product,
                          const VdtFused *norm, float *column)
{
    const VdtNode *weight = product->node->inputs[1];
    VdtTensor *values = fused[weight->index].constant;
    const gsize depth = weight->shape.dims[1], n = per_column(product);

    if (!product->in_scale) {
        product->in_scale = g_new(float, depth);
        for (gsize i = 0; i < depth; i++)
            product->in_scale[i] = 1;
    }
    for (guint c = 0; c < product->columns; c++) {
        double sum = 0;

        vdt_elements_read_floats(values, c * n, n, column);
        for (gsize i = 0; i < n; i++) {
            const gsize channel = i / (n / depth);

            sum += (double)column[i] * product->in_scale[channel] * norm->bias[channel];
        }
        product->bias[c] = (float)(product->bias[c] + product->scale[c] * sum);
    }
    for (gsize i = 0; i < depth; i++)
        product->in_scale[i] *= norm->scale[i];
    product->identity = vdt_identity_of(shared, "affine inputs", NULL, 0,
                                        (VdtIdentity[]){product->identity, norm->identity}, 2);
}

/* A norm that moved into all products behind it is what it is of. */
static void fold_norm_behind(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared,
                             VdtFused *norm)
{
    g_autoptr(GPtrArray) products = g_ptr_array_new();
    VdtFused *x = vdt_fused_resolve(fused, norm->node->inputs[0]);
    g_autofree float *column = NULL;
    gsize longest = 0;

    if (norm->is_output || !find_products(graph, fused, norm, products))
        return;
    for (guint i = 0; i < products->len; i++)
        longest = MAX(longest, per_column(products->pdata[i]));
    column = g_try_new(float, longest);
    if (!column) /* makes a step of its own */
        return;
    for (guint i = 0; i < products->len; i++)
        affine_inputs(fused, shared, products->pdata[i], norm, column);
    norm->same_as = x;
    x->n_uses += norm->n_uses - 1;
    if (x->user == norm->node)
        x->user = norm->user;
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
    /* The last ones first: what one has moved behind another may follow it. */
    for (guint i = graph->nodes->len; i-- > 0;)
        if (fused[i].node->op == &vdt_op_batch_norm && fused[i].scale && !fused[i].same_as)
            fold_norm_behind(graph, fused, shared, &fused[i]);
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
