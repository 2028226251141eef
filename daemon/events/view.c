/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "view.h"

#include <math.h>
#include <string.h>

#define WIDTH           64
#define HEIGHT          36
#define CELLS           (WIDTH * HEIGHT)
#define SAMPLES         6      /* of a cell, along each side */
#define DARK            16.0f  /* what is added to luma, so that noise in the dark is no edge */
#define MEMORY          120e6f /* us in which what was learned is replaced, about */
#define RECENT          3e6f   /* us of which it is what it looked like a moment ago */
#define UNCOVERED_AFTER (2 * G_USEC_PER_SEC)
#define SAME_AFTER      (5 * G_USEC_PER_SEC)
#define LEAST           0.004f /* edges: with fewer, nothing can be told */

#define PARTS_X 8
#define PARTS_Y 6
#define PLAIN   0.3f /* edges, of the mean, with fewer of which a part says nothing */
#define ALIKE   0.7f /* correlation of a part's edges */

/* Of what was learned: */
#define COVERED   0.3f /* edges, below which it is covered */
#define UNCOVERED 0.5f
#define MOVED     0.3f /* alike parts, of those that usually are, below which it is another view */
#define SAME      0.6f /* and from which it is the same */
#define STILL     0.5f /* parts that are alike to those a moment ago, from which it keeps still */

typedef struct {
    float edges[CELLS];
    float mean;
} Edges;

struct _VdtView {
    VdtViewTimes times;
    Edges now, recent, learned;
    float likeness, usual;                       /* of now to learned; of late */
    gint64 learned_for;                          /* us */
    gint64 last, covered_since, uncovered_since; /* -1: not */
    gint64 moved_since, same_since, unlike_since;
    gboolean covered, moved;
};

const VdtViewTimes vdt_view_times_default = {30 * G_USEC_PER_SEC, 8 * G_USEC_PER_SEC,
                                             15 * G_USEC_PER_SEC, 600 * G_USEC_PER_SEC};

static void forget(VdtView *view)
{
    view->learned_for = 0;
    view->usual = 0;
    view->covered_since = view->uncovered_since = view->moved_since = -1;
    view->same_since = view->unlike_since = -1;
}

VdtView *vdt_view_new(const VdtViewTimes *times)
{
    VdtView *view = g_new0(VdtView, 1);
    view->times = times != NULL ? *times : vdt_view_times_default;
    view->last = -1;
    forget(view);
    return view;
}

void vdt_view_free(VdtView *view)
{
    g_free(view);
}

/* --- what is measured --- */

static float mean_of_cell(const guint8 *luma, gsize stride, guint x0, guint x1, guint y0, guint y1)
{
    guint dx = MAX((x1 - x0) / SAMPLES, 1), dy = MAX((y1 - y0) / SAMPLES, 1), sum = 0, n = 0;
    for (guint y = y0; y < y1; y += dy)
        for (guint x = x0; x < x1; x += dx) {
            sum += luma[y * stride + x];
            n++;
        }
    return (float)sum / (float)n;
}

/* In the logarithm, where another light adds the same everywhere. */
static void reduce(const guint8 *luma, gsize stride, guint width, guint height, float *cells)
{
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++)
            cells[y * WIDTH + x] =
                logf(DARK + mean_of_cell(luma, stride, x * width / WIDTH, (x + 1) * width / WIDTH,
                                         y * height / HEIGHT, (y + 1) * height / HEIGHT));
}

/* A little blurred, so that a camera that trembles looks the same. */
static void blur(float *cells)
{
    float rows[CELLS];
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++) {
            guint left = x > 0 ? x - 1 : x, right = x + 1 < WIDTH ? x + 1 : x;
            const float *row = &cells[y * WIDTH];
            rows[y * WIDTH + x] = (row[left] + 2 * row[x] + row[right]) / 4;
        }
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++) {
            guint up = y > 0 ? y - 1 : y, down = y + 1 < HEIGHT ? y + 1 : y;
            cells[y * WIDTH + x] =
                (rows[up * WIDTH + x] + 2 * rows[y * WIDTH + x] + rows[down * WIDTH + x]) / 4;
        }
}

static void set_mean(Edges *edges)
{
    double sum = 0;
    for (guint i = 0; i < CELLS; i++)
        sum += edges->edges[i];
    edges->mean = (float)(sum / CELLS);
}

static void measure(Edges *edges, const guint8 *luma, gsize stride, guint width, guint height)
{
    float cells[CELLS];
    reduce(luma, stride, width, height, cells);
    memset(edges->edges, 0, sizeof edges->edges);
    for (guint y = 1; y + 1 < HEIGHT; y++)
        for (guint x = 1; x + 1 < WIDTH; x++) {
            const float *c = &cells[y * WIDTH + x];
            edges->edges[y * WIDTH + x] = hypotf(c[1] - c[-1], c[WIDTH] - c[-WIDTH]);
        }
    blur(edges->edges);
    set_mean(edges);
}

/* Correlation of a part of both; whether @b has edges there. */
static gboolean correlate(const Edges *a, const Edges *b, guint x0, guint y0, guint width,
                          guint height, float *likeness)
{
    double n = width * height, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (guint y = y0; y < y0 + height; y++)
        for (guint x = x0; x < x0 + width; x++) {
            double p = a->edges[y * WIDTH + x], q = b->edges[y * WIDTH + x];
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    double va = saa - sa * sa / n, vb = sbb - sb * sb / n;
    *likeness = va > 0 && vb > 0 ? (float)((sab - sa * sb / n) / sqrt(va * vb)) : 0;
    return sb / n >= PLAIN * b->mean;
}

/* The share of the parts that look as in @b: what stands in front of some leaves the others alike,
 * while a camera that has turned leaves none. */
static float compare(const Edges *a, const Edges *b)
{
    guint n = 0, alike = 0;
    for (guint y = 0; y < HEIGHT; y += HEIGHT / PARTS_Y)
        for (guint x = 0; x < WIDTH; x += WIDTH / PARTS_X) {
            float likeness;
            if (correlate(a, b, x, y, WIDTH / PARTS_X, HEIGHT / PARTS_Y, &likeness)) {
                n++;
                alike += likeness >= ALIKE;
            }
        }
    return n > 0 ? (float)alike / (float)n : 1;
}

static void mix(Edges *into, const Edges *edges, float share)
{
    for (guint i = 0; i < CELLS; i++)
        into->edges[i] += (edges->edges[i] - into->edges[i]) * share;
    into->mean += (edges->mean - into->mean) * share;
}

/* --- what follows from it --- */

/* Whether @is has been so for @least us. */
static gboolean lasts(gint64 *since, gboolean is, gint64 now, gint64 least)
{
    if (!is)
        *since = -1;
    else if (*since < 0)
        *since = now;
    return is && now - *since >= least;
}

static void learn(VdtView *view, gint64 passed)
{
    if (view->learned_for == 0) {
        view->learned = view->recent = view->now;
        view->usual = 1;
        view->learned_for = 1;
        return;
    }
    /* so that what was first does not weigh more than what followed */
    float share = MAX((float)passed / (float)(view->learned_for + passed), (float)passed / MEMORY);
    mix(&view->learned, &view->now, MIN(share, 1));
    view->usual += (view->likeness - view->usual) * MIN(MAX(share, 0.1f), 1);
    view->learned_for += passed;
}

static void judge(VdtView *view, gint64 now, gint64 passed)
{
    const VdtViewTimes *t = &view->times;
    gboolean is_bare = view->now.mean < (view->covered ? UNCOVERED : COVERED) * view->learned.mean;
    gboolean is_other = !is_bare && view->likeness < MOVED * view->usual;
    gboolean is_same = !is_bare && view->likeness >= SAME * view->usual;
    gboolean is_still = compare(&view->now, &view->recent) >= STILL;

    if (lasts(&view->covered_since, is_bare, now, t->covered_after))
        view->covered = TRUE;
    else if (lasts(&view->uncovered_since, !is_bare, now, UNCOVERED_AFTER))
        view->covered = FALSE;
    if (lasts(&view->moved_since, is_other && is_still, now, t->moved_after))
        view->moved = TRUE;
    if (lasts(&view->same_since, is_same, now, SAME_AFTER))
        view->moved = FALSE;
    if (is_same)
        learn(view, passed);
    if (lasts(&view->unlike_since, !is_bare && !is_same, now, t->accept_after)) {
        view->moved = FALSE;
        forget(view);
    }
}

guint vdt_view_look(VdtView *view, const guint8 *luma, gsize stride, guint width, guint height,
                    gint64 now)
{
    gint64 passed = view->last < 0 ? 0 : MAX(now - view->last, 0);
    if (width < WIDTH || height < HEIGHT)
        return (view->covered ? VDT_VIEW_COVERED : 0) | (view->moved ? VDT_VIEW_MOVED : 0);
    view->last = now;
    measure(&view->now, luma, stride, width, height);
    /* what was away for long has said nothing meanwhile */
    passed = MIN(passed, 5 * G_USEC_PER_SEC);
    view->likeness = view->learned_for > 0 ? compare(&view->now, &view->learned) : 1;
    if (view->learned_for < view->times.learn || view->learned.mean < LEAST)
        learn(view, passed);
    else
        judge(view, now, passed);
    mix(&view->recent, &view->now, MIN((float)passed / RECENT, 1));
    return (view->covered ? VDT_VIEW_COVERED : 0) | (view->moved ? VDT_VIEW_MOVED : 0);
}
