/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a box is that moves on, more or less: a Kalman filter of constant velocity for each axis.
 *
 * R. E. Kalman, A New Approach to Linear Filtering and Prediction Problems, 1960. The state of an
 * axis is the middle of the box, its speed and its size; what is measured are edges, each for
 * itself, since the edge that is seen is not always the object's own: the frame or something else
 * may cover the rest of it.
 *
 * Lengths are in any unit, the same for both axes; times in seconds. Noise grows with the box:
 * something twice as near moves twice as far in the picture.
 */
#pragma once

#include "bounds.h"

G_BEGIN_DECLS

typedef struct {
    double middle, speed, size;
    double p[3][3]; /* covariance of these three */
} VdtAxisFilter;

typedef struct {
    VdtAxisFilter x, y;
} VdtBoxFilter;

void vdt_box_filter_start(VdtBoxFilter *filter, const VdtBounds *box);
/* Goes on by @seconds. */
void vdt_box_filter_predict(VdtBoxFilter *filter, double seconds);
/* An edge was found at @at, with a standard deviation of @noise sizes of the box. */
void vdt_box_filter_measure(VdtBoxFilter *filter, VdtEdge edge, double at, double noise);

VdtBounds vdt_box_filter_get(const VdtBoxFilter *filter);
double vdt_box_filter_get_edge(const VdtBoxFilter *filter, VdtEdge edge);
/* The larger side. */
double vdt_box_filter_get_size(const VdtBoxFilter *filter);
/* How uncertain an axis is of the middle: its standard deviation. */
double vdt_axis_filter_get_doubt(const VdtAxisFilter *axis);

G_END_DECLS
