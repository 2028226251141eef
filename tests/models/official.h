/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weights under the official names and shapes, taken from the golden cases' lists. The values are
 * zero: these tests look at names and shapes.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/weights.h>

/* case.json of tests/golden/@model/@name. */
JsonObject *official_case(const char *model, const char *name);
/* The shape of a weight or an input of a case. */
VdtShape official_shape(JsonObject *spec);
/* What a published file of that variant holds. */
VdtWeights *official_weights(const char *variant);
