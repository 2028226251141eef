/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tensors of a golden case, which case.json describes instead of storing them.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/graph.h>
#include <vedette/weights.h>

#define GOLDEN_MAX_BYTES (1 << 20) /* of case.json */

/* The string under @key, which must be there. */
const char *golden_string(JsonObject *object, const char *key, GError **error);

/* One of a case's "inputs". New tensor. */
VdtTensor *golden_input(JsonObject *spec, GError **error);

/* The "weights" of a case, without those that follow from its configuration; only those that @graph
 * declares, if it is not NULL. */
VdtWeights *golden_weights(JsonObject *golden_case, const VdtGraph *graph, GError **error);
