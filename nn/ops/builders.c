/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions that networks are written with: they declare an op's parameters and add its node.
 * What parameters depend on is checked here, before they are declared; the rest is left to the
 * op's shape rule. An op without a scope goes by the name of its first input.
 */
#include "table.h"

#include <math.h>
#include <vedette/ops.h>

/* How parameters start. Products as the authors' code has it, Kaiming by what goes out of a
 * convolution; a norm changes nothing at first but mean and deviation. */
static const VdtStart zero = {0}, one = {.value = 1};
static const VdtStart linear_start = {.deviation = 0.01};

static VdtStart conv2d_start(const VdtShape *weight)
{
    /* in double: nothing has looked yet at how large it is */
    double fan_out = (double)weight->dims[0] * weight->dims[2] * weight->dims[3];

    return (VdtStart){.deviation = sqrt(2.0 / fan_out)};
}

static VdtValue *add_unary(const VdtOp *op, VdtValue *x, const VdtNode *options)
{
    return x ? vdt_graph_add(x->graph, op, x->name, options, 1, &x) : NULL;
}

static VdtValue *add_binary(const VdtOp *op, VdtValue *a, VdtValue *b, const VdtNode *options)
{
    VdtValue *first = a ? a : b;

    return first ? vdt_graph_add(first->graph, op, first->name, options, 2, (VdtValue *[]){a, b})
                 : NULL;
}

/* An op whose weight, and bias if there is one, are values that the network already has. */
static VdtValue *add_weighted(const VdtOp *op, VdtValue *x, VdtValue *weight, VdtValue *bias,
                              const VdtNode *options)
{
    VdtValue *first = x ? x : weight;

    return first ? vdt_graph_add(first->graph, op, first->name, options, bias ? 3 : 2,
                                 (VdtValue *[]){x, weight, bias})
                 : NULL;
}

VdtValue *vdt_conv2d_with(VdtScope scope, VdtValue *x, VdtConv2d options)
{
    VdtNode node = {.p.conv2d = {
                        .kernel_h = options.kernel,
                        .kernel_w = options.kernel_w ? options.kernel_w : options.kernel,
                        .stride = options.stride ? options.stride : 1,
                        .pad_h = options.pad,
                        .pad_w = options.kernel_w ? options.pad_w : options.pad,
                        .groups = options.groups ? options.groups : 1,
                    }};
    int groups = node.p.conv2d.groups;
    gint64 channels = vdt_value_dim(x, 1);
    VdtValue *inputs[3] = {x};
    VdtShape weight, bias = vdt_shape(options.out);

    if (!x || x->shape.n_dims != 4)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "conv2d: the input has %u dimensions, not 4",
                              vdt_value_shape(x).n_dims);
    if (options.out <= 0 || node.p.conv2d.kernel_h <= 0 || node.p.conv2d.kernel_w <= 0)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "conv2d: %d outputs and a kernel of %dx%d must be positive",
                              options.out, node.p.conv2d.kernel_h, node.p.conv2d.kernel_w);
    if (groups <= 0 || channels % groups || options.out % groups)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "conv2d: %d groups do not divide %" G_GINT64_FORMAT
                              " input and %d output channels",
                              groups, channels, options.out);
    weight =
        vdt_shape(options.out, channels / groups, node.p.conv2d.kernel_h, node.p.conv2d.kernel_w);
    inputs[1] = vdt_param_with(scope, "weight", &weight, conv2d_start(&weight));
    if (options.bias)
        inputs[2] = vdt_param_with(scope, "bias", &bias, zero);
    return vdt_graph_add(scope.graph, &vdt_op_conv2d, scope.prefix, &node, options.bias ? 3 : 2,
                         inputs);
}

VdtValue *vdt_linear_with(VdtScope scope, VdtValue *x, VdtLinear options)
{
    VdtShape weight, bias = vdt_shape(options.out);
    VdtValue *inputs[3] = {x};

    if (!x || x->shape.n_dims == 0)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "linear: the input has no dimensions");
    if (options.out <= 0)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "linear: %d outputs must be positive", options.out);
    weight = vdt_shape(options.out, x->shape.dims[x->shape.n_dims - 1]);
    inputs[1] = vdt_param_with(scope, "weight", &weight, linear_start);
    if (!options.no_bias)
        inputs[2] = vdt_param_with(scope, "bias", &bias, zero);
    return vdt_graph_add(scope.graph, &vdt_op_linear, scope.prefix, NULL, options.no_bias ? 2 : 3,
                         inputs);
}

VdtValue *vdt_conv2d_by_with(VdtValue *x, VdtValue *weight, VdtValue *bias, VdtConv2dBy options)
{
    VdtNode node = {.p.conv2d = {
                        .kernel_h = (int)vdt_value_dim(weight, 2),
                        .kernel_w = (int)vdt_value_dim(weight, 3),
                        .stride = options.stride ? options.stride : 1,
                        .pad_h = options.pad,
                        .pad_w = options.pad,
                        .groups = options.groups ? options.groups : 1,
                    }};

    return add_weighted(&vdt_op_conv2d, x, weight, bias, &node);
}

VdtValue *vdt_linear_by(VdtValue *x, VdtValue *weight, VdtValue *bias)
{
    return add_weighted(&vdt_op_linear, x, weight, bias, NULL);
}

VdtValue *vdt_matmul_with(VdtValue *a, VdtValue *b, VdtMatmul options)
{
    VdtNode node = {.p.matmul = {options.transpose_a, options.transpose_b,
                                 options.scale != 0 ? options.scale : 1}};

    return add_binary(&vdt_op_matmul, a, b, &node);
}

VdtValue *vdt_layer_norm_with(VdtScope scope, VdtValue *x, const VdtShape *shape,
                              VdtLayerNorm options)
{
    VdtNode node = {.p.layer_norm.eps = options.eps != 0 ? options.eps : 1e-5};
    VdtValue *inputs[3] = {x, vdt_param_with(scope, "weight", shape, one),
                           vdt_param_with(scope, "bias", shape, zero)};

    return vdt_graph_add(scope.graph, &vdt_op_layer_norm, scope.prefix, &node, 3, inputs);
}

VdtValue *vdt_batch_norm(VdtScope scope, VdtValue *x)
{
    VdtNode node = {.p.batch_norm.eps = 1e-5f};
    VdtShape channels = vdt_shape(vdt_value_dim(x, 1));
    VdtValue *inputs[5] = {x};

    if (!x || x->shape.n_dims < 2)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "batch_norm: the input has %u dimensions, it takes 2 or more",
                              vdt_value_shape(x).n_dims);
    inputs[1] = vdt_param_with(scope, "weight", &channels, one);
    inputs[2] = vdt_param_with(scope, "bias", &channels, zero);
    inputs[3] = vdt_graph_add_param(scope, "running_mean", &channels, zero, TRUE);
    inputs[4] = vdt_graph_add_param(scope, "running_var", &channels, one, TRUE);
    return vdt_graph_add(scope.graph, &vdt_op_batch_norm, scope.prefix, &node, 5, inputs);
}

VdtValue *vdt_dropout(VdtValue *x, double p)
{
    VdtNode node = {.p.dropout.p = p};

    return add_unary(&vdt_op_dropout, x, &node);
}

VdtValue *vdt_relu(VdtValue *x)
{
    return add_unary(&vdt_op_relu, x, NULL);
}

VdtValue *vdt_sigmoid(VdtValue *x)
{
    return add_unary(&vdt_op_sigmoid, x, NULL);
}

VdtValue *vdt_hard_sigmoid(VdtValue *x)
{
    return add_unary(&vdt_op_hard_sigmoid, x, NULL);
}

VdtValue *vdt_gelu(VdtValue *x)
{
    return add_unary(&vdt_op_gelu, x, NULL);
}

VdtValue *vdt_softmax(VdtValue *x)
{
    return add_unary(&vdt_op_softmax, x, NULL);
}

VdtValue *vdt_add(VdtValue *a, VdtValue *b)
{
    return add_binary(&vdt_op_add, a, b, NULL);
}

VdtValue *vdt_mul(VdtValue *a, VdtValue *b)
{
    return add_binary(&vdt_op_mul, a, b, NULL);
}

VdtValue *vdt_max_pool2d_with(VdtValue *x, VdtMaxPool2d options)
{
    VdtNode node = {.p.max_pool2d = {
                        .kernel = options.kernel,
                        .stride = options.stride ? options.stride : options.kernel,
                        .pad = options.pad,
                    }};

    return add_unary(&vdt_op_max_pool2d, x, &node);
}

VdtValue *vdt_global_avg_pool(VdtValue *x)
{
    return add_unary(&vdt_op_global_avg_pool, x, NULL);
}

VdtValue *vdt_adaptive_avg_pool2d(VdtValue *x, int height, int width)
{
    VdtNode node = {.p.resize = {.height = height, .width = width}};

    return add_unary(&vdt_op_adaptive_avg_pool2d, x, &node);
}

VdtValue *vdt_resize_bicubic(VdtValue *x, int height, int width)
{
    VdtNode node = {.p.resize = {.height = height, .width = width}};

    return add_unary(&vdt_op_resize_bicubic, x, &node);
}

VdtValue *vdt_distance_bias(VdtValue *table, int grid, int stride)
{
    VdtNode node = {.p.distance_bias = {.grid = grid, .stride = stride}};

    return add_unary(&vdt_op_distance_bias, table, &node);
}

VdtValue *vdt_concat(VdtValue *const *x, guint n, guint axis)
{
    VdtNode node = {.p.along.axis = axis};

    return n > 0 && x[0] ? vdt_graph_add(x[0]->graph, &vdt_op_concat, x[0]->name, &node, n, x)
                         : NULL;
}

VdtNode *vdt_graph_result(VdtNode *node, guint number)
{
    return add_unary(&vdt_op_result, node, &(VdtNode){.p.result.number = number});
}

VdtTopK vdt_top_k(VdtValue *x, gint64 k)
{
    VdtValue *both = add_unary(&vdt_op_top_k, x, &(VdtNode){.p.top_k.k = k});

    return (VdtTopK){vdt_graph_result(both, 0), vdt_graph_result(both, 1)};
}

VdtValue *vdt_live_rows(VdtValue *x, VdtValue *count)
{
    return add_binary(&vdt_op_live_rows, x, count, NULL);
}

VdtValue *vdt_all_rows(VdtValue *x, VdtValue *count)
{
    return add_binary(&vdt_op_live_rows, x, count, &(VdtNode){.p.live_rows.all = TRUE});
}

VdtValue *vdt_gather_rows(VdtValue *x, VdtValue *indices)
{
    return add_binary(&vdt_op_gather_rows, x, indices, NULL);
}

VdtValue *vdt_slice(VdtValue *x, guint axis, gint64 begin, gint64 length)
{
    VdtNode node = {.p.along = {.axis = axis, .begin = begin, .length = length}};

    return add_unary(&vdt_op_slice, x, &node);
}

VdtValue *vdt_resize_bilinear(VdtValue *x, int height, int width, gboolean align_corners)
{
    VdtNode node = {.p.resize = {.height = height, .width = width, .align_corners = align_corners}};

    return add_unary(&vdt_op_resize_bilinear, x, &node);
}

VdtValue *vdt_cross_entropy_with(VdtValue *logits, VdtValue *labels, VdtCrossEntropy options)
{
    VdtNode node = {.p.cross_entropy.label_smoothing = options.label_smoothing};

    return add_binary(&vdt_op_cross_entropy, logits, labels, &node);
}

VdtValue *vdt_reshape(VdtValue *x, const VdtShape *shape)
{
    VdtNode node = {.p.reshape = *shape};

    return add_unary(&vdt_op_reshape, x, &node);
}

VdtValue *vdt_expand(VdtValue *x, const VdtShape *shape)
{
    VdtNode node = {.p.expand = *shape};

    return add_unary(&vdt_op_expand, x, &node);
}

VdtValue *vdt_permute(VdtValue *x, const guint *order)
{
    VdtNode node = {0};

    for (guint d = 0; x && d < MIN(x->shape.n_dims, VDT_MAX_DIMS); d++)
        node.p.permute.order[d] = (guint8)MIN(order[d], G_MAXUINT8);
    return add_unary(&vdt_op_permute, x, &node);
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

VdtValue *vdt_input(VdtGraph *graph, const char *name, const VdtShape *shape)
{
    return vdt_input_typed(graph, name, VDT_F32, shape);
}

VdtValue *vdt_input_typed(VdtGraph *graph, const char *name, VdtDType dtype, const VdtShape *shape)
{
    VdtNode *node;

    if (dtype != VDT_F32 && dtype != VDT_I32)
        return vdt_graph_fail(graph, VDT_ERROR_UNSUPPORTED, name, "an input of %s is not possible",
                              vdt_dtype_name(dtype));

    for (guint i = 0; i < graph->inputs->len; i++)
        if (g_str_equal(((VdtNode *)graph->inputs->pdata[i])->name, name))
            return vdt_graph_fail(graph, VDT_ERROR_FAILED, name, "two inputs have this name");
    node = vdt_graph_add(graph, &vdt_op_input, name, &(VdtNode){.shape = *shape, .dtype = dtype}, 0,
                         NULL);
    if (node)
        g_ptr_array_add(graph->inputs, node);
    return node;
}

VdtValue *vdt_run_arg(VdtGraph *graph, const char *name)
{
    const VdtShape number = vdt_shape(1);

    return vdt_input_typed(graph, name, VDT_I32, &number);
}

VdtValue *vdt_state(VdtGraph *graph, const char *name, const VdtShape *shape)
{
    VdtNode *node;

    for (guint i = 0; i < graph->states->len; i++)
        if (g_str_equal(((VdtNode *)graph->states->pdata[i])->name, name))
            return vdt_graph_fail(graph, VDT_ERROR_FAILED, name, "two states have this name");
    node = vdt_graph_add(graph, &vdt_op_state, name, &(VdtNode){.shape = *shape}, 0, NULL);
    if (node) {
        g_ptr_array_add(graph->states, node);
        node->state = graph->states->len;
    }
    return node;
}

VdtValue *vdt_write_rows(VdtValue *state, VdtValue *x, VdtValue *at)
{
    return state && x && at ? vdt_graph_add(state->graph, &vdt_op_write_rows, state->name, NULL, 3,
                                            (VdtValue *[]){state, x, at})
                            : NULL;
}

VdtNode *vdt_graph_add_param(VdtScope scope, const char *name, const VdtShape *shape,
                             VdtStart start, gboolean derived)
{
    VdtNode options = {.p.start = start, .shape = *shape, .derived = derived};
    VdtScope full = name ? vdt_in(scope, "%s", name) : scope;
    VdtNode *node;

    if (!*full.prefix)
        return vdt_graph_fail(scope.graph, VDT_ERROR_FAILED, "", "a parameter has no name");
    if (g_hash_table_contains(scope.graph->by_name, full.prefix))
        return vdt_graph_fail(scope.graph, VDT_ERROR_FAILED, full.prefix,
                              "two parameters have this name");
    node = vdt_graph_add(scope.graph, &vdt_op_param, full.prefix, &options, 0, NULL);
    if (node) {
        g_ptr_array_add(scope.graph->params, node);
        g_hash_table_insert(scope.graph->by_name, node->name, node);
    }
    return node;
}

VdtValue *vdt_param_with(VdtScope scope, const char *name, const VdtShape *shape, VdtStart start)
{
    return vdt_graph_add_param(scope, name, shape, start, FALSE);
}

VdtValue *vdt_param(VdtScope scope, const char *name, const VdtShape *shape)
{
    return vdt_param_with(scope, name, shape, (VdtStart){.deviation = 0.02});
}
