/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small network of ipt, "arch" "live": what it restores is chosen by weights that are modulated
 * (modulate.h), and it takes pictures of any size.
 */
#pragma once

#include "../model.h"

/* Sides of pictures are multiples of this. */
#define VDT_LIVE_STEP 8

/* TRUE if @config is of this kind. */
gboolean vdt_live_is(JsonObject *config);
gboolean vdt_live_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error);
guint vdt_live_restorations(JsonObject *config, guint *usual);
/* The configuration that has tensors of these names and shapes; NULL if there is none. */
JsonObject *vdt_live_recognise(const VdtWeights *weights);
gboolean vdt_live_same(JsonObject *a, JsonObject *b);
