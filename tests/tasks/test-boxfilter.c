/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes, and where they will be. */
#include "boxfilter.h"

#include <math.h>

#define NEAR(a, b) g_assert_cmpfloat_with_epsilon(a, b, 1e-12)

static void test_bounds(void)
{
    const VdtBounds box = {1, 2, 4, 8}, part = {2, 3, 6, 6}, away = {5, 5, 6, 6};
    const VdtBounds turned = {4, 8, 1, 2}, touching = {4, 2, 6, 8}, empty = {1, 2, 1, 8};
    const VdtBounds both = vdt_bounds_meet(&box, &part), all = vdt_bounds_join(&box, &away);
    const VdtBounds large = vdt_bounds_grow(&box, 0.5, 1);

    NEAR(vdt_bounds_edge(&box, VDT_EDGE_LEFT), 1);
    NEAR(vdt_bounds_edge(&box, VDT_EDGE_TOP), 2);
    NEAR(vdt_bounds_edge(&box, VDT_EDGE_RIGHT), 4);
    NEAR(vdt_bounds_edge(&box, VDT_EDGE_BOTTOM), 8);
    NEAR(vdt_bounds_area(&box), 18);
    /* the product of two negative sides is no area */
    NEAR(vdt_bounds_area(&turned), 0);
    NEAR(vdt_bounds_area(&empty), 0);
    g_assert_true(both.x0 == 2 && both.y0 == 3 && both.x1 == 4 && both.y1 == 6);
    g_assert_true(all.x0 == 1 && all.y0 == 2 && all.x1 == 6 && all.y1 == 8);
    g_assert_true(large.x0 == 0.5 && large.y0 == 1 && large.x1 == 4.5 && large.y1 == 9);
    NEAR(vdt_bounds_overlap(&box, &box), 1);
    NEAR(vdt_bounds_overlap(&box, &part), 6.0 / (18 + 12 - 6));
    NEAR(vdt_bounds_overlap(&box, &part), vdt_bounds_overlap(&part, &box));
    NEAR(vdt_bounds_overlap(&box, &away), 0);
    NEAR(vdt_bounds_overlap(&box, &touching), 0);
    NEAR(vdt_bounds_overlap(&empty, &empty), 0);
    NEAR(vdt_bounds_share_in(&box, &part), 6.0 / 18);
    NEAR(vdt_bounds_share_in(&part, &box), 6.0 / 12);
    NEAR(vdt_bounds_share_in(&empty, &box), 0);
    NEAR(vdt_bounds_share_in(&away, &box), 0);
}

/* A box of 0.1 x 0.2 after @seconds. */
static VdtBounds moved(double speed_x, double speed_y, double seconds)
{
    const double x = 0.2 + speed_x * seconds, y = 0.5 + speed_y * seconds;

    return (VdtBounds){x, y, x + 0.1, y + 0.2};
}

static void measure(VdtBoxFilter *filter, const VdtBounds *box)
{
    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++)
        vdt_box_filter_measure(filter, edge, vdt_bounds_edge(box, edge), 0.1);
}

/* That a covariance could be one, but for rounding: it is symmetric, and no direction has less than
 * nothing. */
static void check_axis(const VdtAxisFilter *axis)
{
    double r[3][3];

    g_assert_true(isfinite(axis->middle) && isfinite(axis->speed));
    g_assert_cmpfloat(axis->size, >, 0);
    for (guint i = 0; i < 3; i++) {
        g_assert_true(isfinite(axis->p[i][i]));
        g_assert_cmpfloat(axis->p[i][i], >, 0);
    }
    for (guint i = 0; i < 3; i++)
        for (guint k = 0; k < 3; k++)
            r[i][k] = axis->p[i][k] / sqrt(axis->p[i][i] * axis->p[k][k]);
    for (guint i = 0; i < 3; i++)
        for (guint k = 0; k < i; k++) {
            g_assert_cmpfloat_with_epsilon(r[i][k], r[k][i], 1e-3);
            g_assert_cmpfloat(fabs(r[i][k]), <=, 1 + 1e-6);
        }
    g_assert_cmpfloat(1 + 2 * r[0][1] * r[1][2] * r[0][2] - r[0][1] * r[0][1] - r[1][2] * r[1][2] -
                          r[0][2] * r[0][2],
                      >=, -1e-3);
}

static void check(const VdtBoxFilter *filter)
{
    check_axis(&filter->x);
    check_axis(&filter->y);
}

/* Moves a filter on with a box for @seconds, in steps of 0.1 s. */
static void learn(VdtBoxFilter *filter, double speed_x, double speed_y, double seconds)
{
    const VdtBounds first = moved(speed_x, speed_y, 0);

    vdt_box_filter_start(filter, &first);
    for (guint i = 1; i <= lrint(seconds * 10); i++) {
        const VdtBounds box = moved(speed_x, speed_y, i / 10.0);

        vdt_box_filter_predict(filter, 0.1);
        measure(filter, &box);
        check(filter);
    }
}

static void test_start(void)
{
    const VdtBounds box = moved(0, 0, 0);
    VdtBoxFilter filter;
    VdtBounds now;

    vdt_box_filter_start(&filter, &box);
    now = vdt_box_filter_get(&filter);
    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++) {
        NEAR(vdt_bounds_edge(&now, edge), vdt_bounds_edge(&box, edge));
        NEAR(vdt_box_filter_get_edge(&filter, edge), vdt_bounds_edge(&box, edge));
    }
    NEAR(filter.x.speed, 0);
    NEAR(filter.y.speed, 0);
    NEAR(vdt_box_filter_get_size(&filter), 0.2);
    check(&filter);
}

static void test_constant_motion(void)
{
    static const double speeds[][2] = {{0, 0}, {0.3, 0}, {-0.2, 0.02}, {0.05, -0.03}};

    for (guint i = 0; i < G_N_ELEMENTS(speeds); i++) {
        const double x = speeds[i][0], y = speeds[i][1];
        const VdtBounds box = moved(x, y, 3.5);
        VdtBoxFilter filter;
        VdtBounds then;

        learn(&filter, x, y, 3);
        g_assert_cmpfloat_with_epsilon(filter.x.speed, x, 0.02);
        g_assert_cmpfloat_with_epsilon(filter.y.speed, y, 0.02);
        vdt_box_filter_predict(&filter, 0.5);
        then = vdt_box_filter_get(&filter);
        for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++)
            g_assert_cmpfloat_with_epsilon(vdt_bounds_edge(&then, edge),
                                           vdt_bounds_edge(&box, edge), 0.02);
    }
}

/* The step of a prediction does not matter, only how long it is. */
static void test_steps(void)
{
    VdtBoxFilter one, many;

    learn(&one, 0.2, 0.01, 1);
    many = one;
    vdt_box_filter_predict(&one, 0);
    NEAR(one.x.middle, many.x.middle);
    NEAR(vdt_axis_filter_get_doubt(&one.x), vdt_axis_filter_get_doubt(&many.x));
    vdt_box_filter_predict(&one, 0.4);
    for (guint i = 0; i < 4; i++)
        vdt_box_filter_predict(&many, 0.1);
    NEAR(one.x.middle, many.x.middle);
    NEAR(one.y.middle, many.y.middle);
    g_assert_cmpfloat_with_epsilon(vdt_axis_filter_get_doubt(&one.x),
                                   vdt_axis_filter_get_doubt(&many.x),
                                   vdt_axis_filter_get_doubt(&one.x) / 4);
}

/* Of what is half behind something the other half goes on, and it keeps its size. */
static void test_one_edge(void)
{
    static const struct {
        VdtEdge edge, other;
    } pairs[] = {{VDT_EDGE_LEFT, VDT_EDGE_RIGHT}, {VDT_EDGE_RIGHT, VDT_EDGE_LEFT}};

    for (guint k = 0; k < G_N_ELEMENTS(pairs); k++) {
        VdtBoxFilter filter;
        VdtAxisFilter y;

        learn(&filter, 0.2, 0, 2);
        y = filter.y;
        for (guint i = 21; i <= 30; i++) {
            const VdtBounds box = moved(0.2, 0, i / 10.0);

            vdt_box_filter_predict(&filter, 0.1);
            y = filter.y;
            vdt_box_filter_measure(&filter, pairs[k].edge, vdt_bounds_edge(&box, pairs[k].edge),
                                   0.1);
            /* the other axis is none of its business */
            g_assert_cmpmem(&filter.y, sizeof y, &y, sizeof y);
            g_assert_cmpfloat_with_epsilon(filter.x.size, 0.1, 0.01);
            g_assert_cmpfloat_with_epsilon(vdt_box_filter_get_edge(&filter, pairs[k].other),
                                           vdt_bounds_edge(&box, pairs[k].other), 0.02);
            check(&filter);
        }
    }
}

/* What is measured with more noise is believed less. */
static void test_noise(void)
{
    VdtBoxFilter sure, unsure;

    learn(&sure, 0, 0, 1);
    unsure = sure;
    vdt_box_filter_predict(&sure, 0.1);
    vdt_box_filter_predict(&unsure, 0.1);
    vdt_box_filter_measure(&sure, VDT_EDGE_BOTTOM, 0.8, 0.05);
    vdt_box_filter_measure(&unsure, VDT_EDGE_BOTTOM, 0.8, 1);
    g_assert_cmpfloat(vdt_box_filter_get_edge(&sure, VDT_EDGE_BOTTOM), >, 0.7);
    g_assert_cmpfloat(vdt_box_filter_get_edge(&unsure, VDT_EDGE_BOTTOM), >, 0.7);
    g_assert_cmpfloat(vdt_box_filter_get_edge(&sure, VDT_EDGE_BOTTOM), <, 0.8);
    g_assert_cmpfloat(vdt_box_filter_get_edge(&sure, VDT_EDGE_BOTTOM) - 0.7, >,
                      5 * (vdt_box_filter_get_edge(&unsure, VDT_EDGE_BOTTOM) - 0.7));
}

static void test_doubt(void)
{
    VdtBoxFilter filter;
    double x, y;
    VdtBounds box;

    learn(&filter, 0.1, 0, 1);
    x = vdt_axis_filter_get_doubt(&filter.x);
    y = vdt_axis_filter_get_doubt(&filter.y);
    for (guint i = 0; i < 20; i++) {
        vdt_box_filter_predict(&filter, 0.1);
        g_assert_cmpfloat(vdt_axis_filter_get_doubt(&filter.x), >, x);
        g_assert_cmpfloat(vdt_axis_filter_get_doubt(&filter.y), >, y);
        x = vdt_axis_filter_get_doubt(&filter.x);
        y = vdt_axis_filter_get_doubt(&filter.y);
    }
    box = vdt_box_filter_get(&filter);
    measure(&filter, &box);
    g_assert_cmpfloat(vdt_axis_filter_get_doubt(&filter.x), <, x);
    g_assert_cmpfloat(vdt_axis_filter_get_doubt(&filter.y), <, y);
}

/* Something stands there all day. */
static void test_long(void)
{
    const VdtBounds box = moved(0, 0, 0);
    VdtBoxFilter filter;

    vdt_box_filter_start(&filter, &box);
    for (guint i = 0; i < 200000; i++) {
        vdt_box_filter_predict(&filter, 0.1);
        measure(&filter, &box);
    }
    check(&filter);
    g_assert_cmpfloat_with_epsilon(filter.x.middle, 0.25, 1e-6);
    g_assert_cmpfloat_with_epsilon(filter.x.size, 0.1, 1e-6);
}

/* Whatever is measured, after whatever time: edges the wrong way round, far away, all at once. */
static void test_anything(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);

    for (guint i = 0; i < 200; i++) {
        VdtBounds box = moved(0, 0, 0);
        VdtBoxFilter filter;

        vdt_box_filter_start(&filter, &box);
        for (guint k = 0; k < 100; k++) {
            if (g_rand_int_range(rand, 0, 3) == 0)
                vdt_box_filter_predict(&filter, g_rand_double_range(rand, 0, k % 10 ? 0.3 : 10));
            vdt_box_filter_measure(&filter, (VdtEdge)g_rand_int_range(rand, 0, VDT_N_EDGES),
                                   g_rand_double_range(rand, -1, 2),
                                   g_rand_double_range(rand, 0.02, 1));
            check(&filter);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bounds", test_bounds);
    g_test_add_func("/box-filter/start", test_start);
    g_test_add_func("/box-filter/constant-motion", test_constant_motion);
    g_test_add_func("/box-filter/steps", test_steps);
    g_test_add_func("/box-filter/one-edge", test_one_edge);
    g_test_add_func("/box-filter/noise", test_noise);
    g_test_add_func("/box-filter/doubt", test_doubt);
    g_test_add_func("/box-filter/long", test_long);
    g_test_add_func("/box-filter/anything", test_anything);
    return g_test_run();
}
