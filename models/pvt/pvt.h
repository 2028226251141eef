/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pyramid vision transformers as "SLAB" has them, under its authors' names: without a class token
 * and without a last norm. Keys and values are of a smaller map where attention is by softmax.
 * docs/slab.md describes the configuration.
 */
#pragma once

#include "../pyramid.h"

gboolean vdt_pvt_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error);
/* As VdtModel.recognise, but for the variant. */
JsonObject *vdt_pvt_recognise(const VdtWeights *weights);
/* Whether these are of one network, whatever their sizes of pictures. */
gboolean vdt_pvt_same(JsonObject *a, JsonObject *b);

/* The keys of its configuration, for VdtModel.keys. */
#define VDT_PVT_KEYS VDT_PYRAMID_KEYS, "sr_ratio", "sr_ratios", "la_sr_ratios"
