/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vision transformers as DeiT has them, under timm's names: what a picture shows. The row is that
 * of plain ones; those with the norms and the attention of "SLAB" are in the row of models/slab/.
 * docs/vit.md describes the configuration.
 */
#pragma once

#include "../model.h"

extern const VdtModel vdt_vit;

/* As VdtModel.build, for any configuration, with messages that name @model. */
gboolean vdt_vit_build(const VdtModel *model, JsonObject *config, VdtGraph *graph,
                       const VdtBuild *asked, GError **error);
/* As VdtModel.recognise, but for the variant: those with layer norms, softmax and a class token if
 * @plain, the others if not. */
JsonObject *vdt_vit_recognise(const VdtWeights *weights, gboolean plain);
/* Whether these are of one network, whether its norms are folded or not. */
gboolean vdt_vit_same(JsonObject *a, JsonObject *b);

/* The keys of its configuration, for VdtModel.keys. */
#define VDT_VIT_KEYS                                                                               \
    "arch", "patch", "img_size", "dim", "depth", "heads", "mlp_ratio", "qkv_bias", "attention",    \
        "class_token", "pool", "kernel_size", "norm", "ln_eps", "num_classes", "prop_attn",        \
        "r_tgt", "r_src", "tocom.dim", "tocom.scale"
