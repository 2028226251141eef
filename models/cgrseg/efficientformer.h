/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EfficientFormerV2 (Li et al., "Rethinking Vision Transformers for MobileNet Size and Speed") as
 * CGRSeg's authors use it: without a classifier, with attention biases for pictures of
 * bias_resolution pixels that are resized for others.
 */
#pragma once

#include <vedette/graph.h>

#define EFFICIENTFORMER_STAGES     4
#define EFFICIENTFORMER_MAPS       (1 + EFFICIENTFORMER_STAGES)
#define EFFICIENTFORMER_MAX_BLOCKS 32

typedef struct {
    gint64 stages; /* 4; or 3, without the last one */
    gint64 depths[EFFICIENTFORMER_STAGES];
    gint64 widths[EFFICIENTFORMER_STAGES];
    /* hidden channels of a block's MLP, as a multiple of its width */
    gint64 expansion[EFFICIENTFORMER_STAGES][EFFICIENTFORMER_MAX_BLOCKS];
    gint64 vit_num;         /* attention blocks, the last ones of stages 2 and 3 */
    gint64 bias_resolution; /* pixels, a multiple of 32 */
} EfficientFormer;

/* The published network of that name, "S1", "S2" or "L"; NULL if there is none. */
const EfficientFormer *vdt_efficientformer_find(const char *name);

/* Whether there is attention, which takes maps whose sides are even at 1/16. */
gboolean vdt_efficientformer_attends(const EfficientFormer *e);

/* Channels of such a map. */
gint64 vdt_efficientformer_map_channels(const EfficientFormer *e, int map);

/* Adds the backbone over @picture [N,3,H,W]; @maps becomes what the stem sees at 1/2, then the
 * stages' results, at 1/4, 1/8, 1/16 and, if there are four, 1/32. */
void vdt_efficientformer_build(const EfficientFormer *e, VdtScope s, VdtValue *picture,
                               VdtValue *maps[EFFICIENTFORMER_MAPS]);
