/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights, bound to the parameters of a graph. */
#pragma once

#include <vedette/weights.h>

#include "graph/node.h"

/* A parameter: the tensor of the weights as it is, mostly a view of their file. */
typedef struct {
    VdtTensor *tensor;
} VdtBound;

/* Parameters, by index of the parameter node in graph->nodes; NULL elsewhere. Lists all missing,
 * mis-shaped and not finite tensors in one error. Values that are @trusted to be finite are not
 * looked at, which would read the whole file. */
VdtBound *vdt_bind(const VdtGraph *graph, const VdtWeights *weights, gboolean trusted,
                   GError **error);
void vdt_bound_free(VdtBound *bound, guint n);
/* @tensor, which was bound, as float32: itself, or a copy for as long as the caller needs it. NULL
 * if there is no memory. */
VdtTensor *vdt_as_floats(VdtTensor *tensor, GError **error);
