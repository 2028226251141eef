/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How something looks: which colours it has, from top to bottom. It is the same when it turns,
 * walks or comes nearer, and does not say where in its row a colour is.
 */
#pragma once

#include "preprocess.h"
#include "regions.h"

G_BEGIN_DECLS

#define VDT_LOOK_BANDS 4
#define VDT_LOOK_BINS  64

typedef struct {
    float colours[VDT_LOOK_BANDS][VDT_LOOK_BINS]; /* shares of each band */
} VdtLook;

/* Of the pixels that have a region's class, and its mark (@marks NULL: none has any), in its box;
 * of a
 * @picture as large as the map. */
void vdt_look_take(VdtLook *look, const VdtRegion *region, const VdtSegmentation *segmentation,
                   const guint8 *marks, const VdtPicture *picture);
/* How alike two are, by the Bhattacharyya coefficient of each band's colours: 0 for no colour in
 * common, to 1. */
double vdt_look_compare(const VdtLook *a, const VdtLook *b);
/* @look becomes as @other is, by @part: 1 makes it the same. */
void vdt_look_learn(VdtLook *look, const VdtLook *other, double part);

G_END_DECLS
