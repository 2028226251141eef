/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an untrained network starts from. */
#include "tensor/random.h"
#include "copy.h"
#include "graph/node.h"
#include <math.h>
#include <vedette/train.h>

/* (0,1): 53 bits and a half. */
static double unit(guint64 stream, guint64 i)
{
    return ((double)(vdt_random_bits(stream, i) >> 11) + 0.5) * 0x1p-53;
}

/* Box-Muller: two uniform numbers make two normal ones. */
static void fill_normal(float *x, gint64 n, guint64 stream, const VdtStart *start)
{
    for (gint64 i = 0; i < n; i += 2) {
        double radius = start->deviation * sqrt(-2 * log(unit(stream, i)));
        double angle = 2 * G_PI * unit(stream, i + 1);

        x[i] = (float)(start->value + radius * cos(angle));
        if (i + 1 < n)
            x[i + 1] = (float)(start->value + radius * sin(angle));
    }
}

VdtWeights *vdt_weights_new_random(const VdtGraph *graph, guint64 seed)
{
    VdtWeights *weights = vdt_weights_new();

    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *param = graph->params->pdata[i];
        const VdtStart *start = &param->p.start;
        g_autoptr(VdtTensor) tensor = vdt_tensor_new_f32(&param->shape);
        gint64 n = vdt_shape_elements(&param->shape);
        float *x = tensor->data;

        for (gint64 k = 0; k < n && start->deviation == 0; k++)
            x[k] = (float)start->value;
        if (start->deviation > 0)
            fill_normal(x, n, vdt_random_stream(param->name) ^ vdt_random_mix(seed), start);
        vdt_weights_insert(weights, param->name, tensor);
    }
    vdt_weights_set_origin(weights, "random weights");
    return weights;
}
