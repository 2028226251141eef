/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights, bound to the parameters of a graph. */
#pragma once

#include <vedette/weights.h>

#include "graph/node.h"

/* A parameter: the tensor of the weights, and its values as float32. */
typedef struct {
    VdtTensor *tensor, *values;
} VdtBound;

/* Parameters, by index of the parameter node in graph->nodes; NULL elsewhere. Lists all missing,
 * mis-shaped and not finite tensors in one error. Values that are @trusted to be finite are not
 * looked at, which would read the whole file. */
VdtBound *vdt_bind(const VdtGraph *graph, const VdtWeights *weights, gboolean trusted,
                   GError **error);
void vdt_bound_free(VdtBound *bound, guint n);
