/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network of a golden case. */
#pragma once

#include <json-glib/json-glib.h>

#include "model.h"

/* The graph of @golden_case for @input, by its "config". Cases come from elsewhere, and may call
 * things otherwise than this version does: where the tensors say more than what is understood of
 * the configuration, they decide, along with the keys that fit them, and *by_tensors is TRUE. */
VdtGraph *golden_network(JsonObject *golden_case, JsonObject *config, const VdtModel *model,
                         const VdtShape *input, gboolean *by_tensors, GError **error);
