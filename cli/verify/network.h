/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network of a golden case. */
#pragma once

#include <json-glib/json-glib.h>

#include "model.h"

/* The graph of @golden_case for @input, by its "config". Cases come from elsewhere, and may name
 * keys that this version has under another name: what a configuration leaves open, the tensors
 * decide, and *by_tensors is TRUE. */
VdtGraph *golden_network(JsonObject *golden_case, JsonObject *config, const VdtModel *model,
                         const VdtShape *input, gboolean *by_tensors, GError **error);
