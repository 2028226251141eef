/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tensors of a golden case, which case.json describes instead of storing them.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/weights.h>

/* One of a case's "inputs". New tensor. */
VdtTensor *golden_input(JsonObject *spec, GError **error);

/* The "weights" of a case, without those that follow from its configuration. */
VdtWeights *golden_weights(JsonObject *golden_case, GError **error);
