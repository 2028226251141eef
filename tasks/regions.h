/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connected regions of a map of classes: where each thing of a class is, unless two touch.
 */
#pragma once

#include "bounds.h"
#include "segmentation.h"

G_BEGIN_DECLS

typedef struct {
    guint class_id;
    guint row;    /* the same for those that were one region until their heads were found beside
                     each other; 0 for all others */
    guint mark;   /* that its pixels have, 0 for none */
    gsize pixels; /* of the map */
    guint left, top, right,
        bottom;                 /* the smallest box around it, in pixels: the last two outside */
    double score;               /* mean of the softmax probability of its class */
    double beside[VDT_N_EDGES]; /* how much of its outline on that side another one begins
                                   right behind, which may cover it */
} VdtRegion;

/*
 * The regions of the classes in @wanted (by class) that have at least @least pixels, the largest
 * first: an array of VdtRegion. Pixels are connected to their eight neighbours, if they have the
 * same of @marks, one for each; NULL for none. Two regions with something thin between them, along
 * half the height of the lower one or more, are one, behind a post.
 */
GArray *vdt_regions_find(const VdtSegmentation *segmentation, const guint8 *marks,
                         const gboolean *wanted, gsize least);

G_END_DECLS
