/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Swin transformers, under their authors' names: attention in windows that move from block to
 * block; or, in the stages where "SLAB" has it, linear attention over the whole map. docs/slab.md
 * describes the configuration.
 */
#pragma once

#include "../pyramid.h"

gboolean vdt_swin_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error);
/* As VdtModel.recognise, but for the variant. */
JsonObject *vdt_swin_recognise(const VdtWeights *weights);
/* Whether these are of one network, whatever their sizes of pictures. */
gboolean vdt_swin_same(JsonObject *a, JsonObject *b);

/* The keys of its configuration, for VdtModel.keys. */
#define VDT_SWIN_KEYS VDT_PYRAMID_KEYS, "window", "window_size", "softmax_window"
