/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights by a formula, for timing and for tests: everything works as with trained ones, except
 * that the answers mean nothing. */
#pragma once

#include <vedette/graph.h>
#include <vedette/weights.h>

/* A value for every parameter of @graph. */
VdtWeights *made_up_weights(const VdtGraph *graph, GError **error);
