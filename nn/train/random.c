/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an untrained network starts from. */
#include "tensor/random.h"
#include "copy.h"
#include "graph/node.h"
#include "ops/table.h"
#include <math.h>
#include <vedette/train.h>

/* How the values of a parameter are distributed; a deviation of 0 is a constant. */
typedef struct {
    float mean;
    double deviation;
} Start;

/* By the op that reads the parameter as its input @input. */
static Start start_of(const VdtNode *param, const VdtNode *user, guint input)
{
    const gint64 *dims = param->shape.dims;

    if (user->op == &vdt_op_conv2d && input == 1)
        return (Start){0, sqrt(2.0 / (double)(dims[0] * dims[2] * dims[3]))};
    if (user->op == &vdt_op_linear && input == 1)
        return (Start){0, 0.01};
    if ((user->op == &vdt_op_conv2d || user->op == &vdt_op_linear) && input == 2)
        return (Start){0, 0};
    if (user->op == &vdt_op_batch_norm && input > 0)
        return (Start){input == 1 || input == 4 ? 1 : 0, 0};
    return (Start){0, 0.02};
}

/* The start of each parameter by its node's index; what nothing reads is as "other parameters". */
static Start *find_starts(const VdtGraph *graph)
{
    Start *starts = g_new(Start, graph->nodes->len);

    for (guint i = 0; i < graph->nodes->len; i++)
        starts[i] = (Start){0, 0.02};
    /* backwards, so that the first reader has the last word */
    for (guint i = graph->nodes->len; i-- > 0;) {
        const VdtNode *node = graph->nodes->pdata[i];

        for (guint k = 0; k < node->n_inputs; k++)
            if (node->inputs[k]->op == &vdt_op_param)
                starts[node->inputs[k]->index] = start_of(node->inputs[k], node, k);
    }
    return starts;
}

/* (0,1): 53 bits and a half. */
static double unit(guint64 stream, guint64 i)
{
    return ((double)(vdt_random_bits(stream, i) >> 11) + 0.5) * 0x1p-53;
}

/* Box-Muller: two uniform numbers make two normal ones. */
static void fill_normal(float *x, gint64 n, guint64 stream, double deviation)
{
    for (gint64 i = 0; i < n; i += 2) {
        double radius = deviation * sqrt(-2 * log(unit(stream, i)));
        double angle = 2 * G_PI * unit(stream, i + 1);

        x[i] = (float)(radius * cos(angle));
        if (i + 1 < n)
            x[i + 1] = (float)(radius * sin(angle));
    }
}

VdtWeights *vdt_weights_new_random(const VdtGraph *graph, guint64 seed)
{
    VdtWeights *weights = vdt_weights_new();
    g_autofree Start *starts = find_starts(graph);

    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *param = graph->params->pdata[i];
        Start start = starts[param->index];
        g_autoptr(VdtTensor) tensor = vdt_tensor_new_f32(&param->shape);
        gint64 n = vdt_shape_elements(&param->shape);
        float *x = tensor->data;

        for (gint64 k = 0; k < n && start.deviation == 0; k++)
            x[k] = start.mean;
        if (start.deviation > 0)
            fill_normal(x, n, vdt_random_stream(param->name) ^ vdt_random_mix(seed),
                        start.deviation);
        vdt_weights_insert(weights, param->name, tensor);
    }
    vdt_weights_set_origin(weights, "random weights");
    return weights;
}
