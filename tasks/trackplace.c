/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "track.h"

/* Where a track is, by what shows it. */

#define NOISE   0.09 /* of an edge, in sizes of the box */
#define COVERED 1.0  /* of one that is likely to be another's */
#define SHRUNK  0.85 /* of its size: something covers it */
#define BESIDE  0.3  /* of the outline on that side, where something else begins */
#define OWN     0.2  /* sizes; as near as that, an edge of a common region is one's own */

/* Whether the frame ends where the box does. */
static gboolean is_cut(const VdtBounds *box, VdtEdge edge, double aspect)
{
    const double ends[] = {0, 0, aspect, 1};

    return fabs(vdt_bounds_edge(box, edge) - ends[edge]) < 1e-3;
}

/* An edge that the frame cuts off lies outside, wherever. */
static void measure_cut(VdtTrack *track, const VdtBounds *box, VdtEdge edge)
{
    const double at = vdt_bounds_edge(box, edge),
                 expected = vdt_box_filter_get_edge(&track->filter, edge);
    const gboolean low = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_TOP;

    if (low ? expected > at : expected < at)
        vdt_box_filter_measure(&track->filter, edge, at, NOISE);
}

/* An edge that is not where it was expected is not the object's own if something else begins there
 * and the object has shrunk. */
static gboolean is_covered(const VdtTrack *track, const VdtFound *f, VdtEdge edge)
{
    const gboolean across = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_RIGHT;
    const double size = across ? f->box.x1 - f->box.x0 : f->box.y1 - f->box.y0;
    const double expected =
        across ? track->place.x1 - track->place.x0 : track->place.y1 - track->place.y0;

    return vdt_track_is_confirmed(track) && f->beside[edge] > BESIDE && size < SHRUNK * expected;
}

void vdt_track_place_alone(VdtTrack *track, const VdtFound *f, double aspect)
{
    VdtBounds now = f->box;
    double *edges[] = {&now.x0, &now.y0, &now.x1, &now.y1};
    gboolean covered[VDT_N_EDGES];

    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++) {
        covered[edge] = is_covered(track, f, edge);
        if (is_cut(&f->box, edge, aspect))
            measure_cut(track, &f->box, edge);
        else
            vdt_box_filter_measure(&track->filter, edge, vdt_bounds_edge(&f->box, edge),
                                   covered[edge] ? COVERED : NOISE);
    }
    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++)
        if (covered[edge])
            *edges[edge] = vdt_box_filter_get_edge(&track->filter, edge);
    track->now = now;
}

/* Within a common region: where that ends, the object does, too. */
void vdt_track_place_in(VdtTrack *track, const VdtFound *f)
{
    const VdtBounds *box = &f->box;
    const double size = vdt_box_filter_get_size(&track->filter);

    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++) {
        const double at = vdt_bounds_edge(box, edge),
                     expected = vdt_bounds_edge(&track->place, edge);
        const gboolean low = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_TOP;

        if ((low ? expected < at : expected > at) || fabs(expected - at) < OWN * size)
            vdt_box_filter_measure(&track->filter, edge, at, 2 * NOISE);
    }
    track->now = vdt_box_filter_get(&track->filter);
}
