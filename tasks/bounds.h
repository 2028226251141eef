/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Upright boxes, in any unit. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    double x0, y0, x1, y1;
} VdtBounds;

typedef enum { VDT_EDGE_LEFT, VDT_EDGE_TOP, VDT_EDGE_RIGHT, VDT_EDGE_BOTTOM, VDT_N_EDGES } VdtEdge;

double vdt_bounds_edge(const VdtBounds *box, VdtEdge edge);
/* 0 if it is empty. */
double vdt_bounds_area(const VdtBounds *box);
VdtBounds vdt_bounds_meet(const VdtBounds *a, const VdtBounds *b);
VdtBounds vdt_bounds_join(const VdtBounds *a, const VdtBounds *b);
VdtBounds vdt_bounds_grow(const VdtBounds *box, double across, double down);
/* Intersection over union. */
double vdt_bounds_overlap(const VdtBounds *a, const VdtBounds *b);
/* How much of @a lies in @b. */
double vdt_bounds_share_in(const VdtBounds *a, const VdtBounds *b);

G_END_DECLS
