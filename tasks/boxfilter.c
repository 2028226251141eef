/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boxfilter.h"

#include <math.h>

/* Standard deviations, in sizes of the box. */
#define START_SIZE  0.1
#define START_SPEED 2.0  /* a second: a car is past before its own length is */
#define ACCELERATES 1.5  /* a second squared */
#define GROWS       0.2  /* in a second */
#define UPRIGHT     0.05 /* of all that, up and down: things move on the ground */

static double square(double x)
{
    return x * x;
}

static void start(VdtAxisFilter *axis, double low, double high, double unit, double moves)
{
    *axis = (VdtAxisFilter){.middle = (low + high) / 2, .size = high - low};
    axis->p[0][0] = square(START_SIZE / 2 * unit);
    axis->p[1][1] = square(START_SPEED * moves * unit);
    axis->p[2][2] = square(START_SIZE * unit);
}

void vdt_box_filter_start(VdtBoxFilter *filter, const VdtBounds *box)
{
    const double unit = MAX(box->x1 - box->x0, box->y1 - box->y0);

    start(&filter->x, box->x0, box->x1, unit, 1);
    start(&filter->y, box->y0, box->y1, unit, UPRIGHT);
}

/* p = f p f' + q, with f = [1 t 0; 0 1 0; 0 0 1] and q of an acceleration that is constant for the
 * time. */
static void predict(VdtAxisFilter *axis, double t, double unit, double moves)
{
    const double q = square(ACCELERATES * moves * unit);
    double(*p)[3] = axis->p;

    axis->middle += t * axis->speed;
    p[0][0] += t * (p[0][1] + p[1][0]) + t * t * p[1][1] + q * square(t * t) / 4;
    p[0][1] += t * p[1][1] + q * t * t * t / 2;
    p[1][0] = p[0][1];
    p[0][2] += t * p[1][2];
    p[2][0] = p[0][2];
    p[1][1] += q * t * t;
    p[2][2] += square(GROWS * moves * unit) * t;
}

void vdt_box_filter_predict(VdtBoxFilter *filter, double seconds)
{
    const double unit = vdt_box_filter_get_size(filter);

    predict(&filter->x, seconds, unit, 1);
    predict(&filter->y, seconds, unit, UPRIGHT);
}

/* Of @at = middle + @side * size. */
static void measure(VdtAxisFilter *axis, double side, double at, double noise)
{
    double(*p)[3] = axis->p, gain[3], before[3];
    const double error = at - (axis->middle + side * axis->size);
    double variance;

    for (guint i = 0; i < 3; i++)
        gain[i] = p[i][0] + side * p[i][2]; /* p h', which is h p, too */
    for (guint i = 0; i < 3; i++)
        before[i] = gain[i];
    variance = gain[0] + side * gain[2] + square(noise);
    for (guint i = 0; i < 3; i++)
        gain[i] /= variance;
    axis->middle += gain[0] * error;
    axis->speed += gain[1] * error;
    axis->size += gain[2] * error;
    for (guint i = 0; i < 3; i++)
        for (guint k = 0; k < 3; k++)
            p[i][k] -= gain[i] * before[k];
}

void vdt_box_filter_measure(VdtBoxFilter *filter, VdtEdge edge, double at, double noise)
{
    const gboolean across = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_RIGHT;
    const gboolean low = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_TOP;
    VdtAxisFilter *axis = across ? &filter->x : &filter->y;

    measure(axis, low ? -0.5 : 0.5, at, noise * vdt_box_filter_get_size(filter));
    axis->size = MAX(axis->size, 1e-6);
}

VdtBounds vdt_box_filter_get(const VdtBoxFilter *filter)
{
    const VdtAxisFilter *x = &filter->x, *y = &filter->y;

    return (VdtBounds){x->middle - x->size / 2, y->middle - y->size / 2, x->middle + x->size / 2,
                       y->middle + y->size / 2};
}

double vdt_box_filter_get_edge(const VdtBoxFilter *filter, VdtEdge edge)
{
    const VdtBounds box = vdt_box_filter_get(filter);
    const double edges[] = {box.x0, box.y0, box.x1, box.y1};

    return edges[edge];
}

double vdt_box_filter_get_size(const VdtBoxFilter *filter)
{
    return MAX(filter->x.size, filter->y.size);
}

double vdt_axis_filter_get_doubt(const VdtAxisFilter *axis)
{
    return sqrt(MAX(axis->p[0][0], 0));
}
