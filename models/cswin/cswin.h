/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CSWin transformers, under their authors' names: half of the heads attend within upright stripes
 * of the map, half within level ones; or linearly over the whole map, in the stages where "SLAB"
 * has it. docs/slab.md describes the configuration.
 */
#pragma once

#include "../pyramid.h"

gboolean vdt_cswin_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked,
                         GError **error);
/* As VdtModel.recognise, but for the variant. */
JsonObject *vdt_cswin_recognise(const VdtWeights *weights);
/* Whether these are of one network, whatever their sizes of pictures. */
gboolean vdt_cswin_same(JsonObject *a, JsonObject *b);

/* The keys of its configuration, for VdtModel.keys. */
#define VDT_CSWIN_KEYS VDT_PYRAMID_KEYS, "split_size", "split_sizes", "la_split_size"
