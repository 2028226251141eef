/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bounds.h"

double vdt_bounds_edge(const VdtBounds *box, VdtEdge edge)
{
    const double edges[] = {box->x0, box->y0, box->x1, box->y1};

    return edges[edge];
}

VdtBounds vdt_bounds_grow(const VdtBounds *box, double across, double down)
{
    return (VdtBounds){box->x0 - across, box->y0 - down, box->x1 + across, box->y1 + down};
}

double vdt_bounds_area(const VdtBounds *box)
{
    return box->x1 > box->x0 && box->y1 > box->y0 ? (box->x1 - box->x0) * (box->y1 - box->y0) : 0;
}

VdtBounds vdt_bounds_meet(const VdtBounds *a, const VdtBounds *b)
{
    return (VdtBounds){MAX(a->x0, b->x0), MAX(a->y0, b->y0), MIN(a->x1, b->x1), MIN(a->y1, b->y1)};
}

VdtBounds vdt_bounds_join(const VdtBounds *a, const VdtBounds *b)
{
    return (VdtBounds){MIN(a->x0, b->x0), MIN(a->y0, b->y0), MAX(a->x1, b->x1), MAX(a->y1, b->y1)};
}

double vdt_bounds_overlap(const VdtBounds *a, const VdtBounds *b)
{
    const VdtBounds both = vdt_bounds_meet(a, b);
    const double common = vdt_bounds_area(&both);

    return common > 0 ? common / (vdt_bounds_area(a) + vdt_bounds_area(b) - common) : 0;
}

double vdt_bounds_share_in(const VdtBounds *a, const VdtBounds *b)
{
    const VdtBounds both = vdt_bounds_meet(a, b);

    return vdt_bounds_area(a) > 0 ? vdt_bounds_area(&both) / vdt_bounds_area(a) : 0;
}
