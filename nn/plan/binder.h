/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights, bound to the parameters of a graph. */
#pragma once

#include <vedette/weights.h>

#include "graph/node.h"

/* Parameters as float32, by index of the parameter node in graph->nodes; NULL elsewhere. Lists all
 * missing, mis-shaped and not finite tensors in one error. Values that are @trusted to be finite
 * are not looked at, which would read the whole file. */
VdtTensor **vdt_bind(const VdtGraph *graph, const VdtWeights *weights, gboolean trusted,
                     GError **error);
