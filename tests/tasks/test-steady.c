/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures that a shaking camera has moved. */
#include "steady.h"

#define WIDTH  192
#define HEIGHT 108

/* A picture of squares, moved by @x and @y; within @moves, one of others. */
static void draw(int x, int y, guint time, const guint8 *moves, guint8 *rgb)
{
    for (int v = 0; v < HEIGHT; v++)
        for (int u = 0; u < WIDTH; u++) {
            const guint i = (guint)(v * WIDTH + u), other = moves[i] ? time * 77 : 0;
            const guint square = (guint)((u - x + 100) / 5 * 131 + (v - y + 100) / 5 * 57) + other;

            for (guint c = 0; c < 3; c++)
                rgb[3 * i + c] = (guint8)(square * 2654435761u >> 24);
        }
}

static void assert_shift(VdtSteady *steady, int x, int y, guint time, const guint8 *moves)
{
    g_autofree guint8 *rgb = g_malloc(3 * WIDTH * HEIGHT);
    const VdtPicture picture = {rgb, WIDTH, HEIGHT, 3 * WIDTH};
    VdtShift shift;

    draw(x, y, time, moves, rgb);
    shift = vdt_steady_update(steady, &picture, moves);
    g_assert_cmpint(shift.x, ==, x);
    g_assert_cmpint(shift.y, ==, y);
}

static void test_shifts(void)
{
    static const int shifts[][2] = {{0, 0}, {3, -2}, {-7, 7}, {0, 5}, {-1, 0}, {0, 0}};
    g_autofree guint8 *moves = g_new0(guint8, WIDTH * HEIGHT);
    g_autoptr(VdtSteady) steady = vdt_steady_new();

    for (guint i = 0; i < G_N_ELEMENTS(shifts); i++)
        assert_shift(steady, shifts[i][0], shifts[i][1], i, moves);
}

/* What moves by itself says nothing of the camera, if it is half of the picture. */
static void test_moves(void)
{
    g_autofree guint8 *moves = g_new0(guint8, WIDTH * HEIGHT);
    g_autoptr(VdtSteady) steady = vdt_steady_new();

    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        moves[i] = i % WIDTH < WIDTH / 2;
    for (guint i = 0; i < 10; i++)
        assert_shift(steady, (int)(i % 3), -(int)(i % 4), i, moves);
}

static void test_reset(void)
{
    g_autofree guint8 *moves = g_new0(guint8, WIDTH * HEIGHT),
                      *rgb = g_new0(guint8, 3 * WIDTH * HEIGHT);
    const VdtPicture small = {rgb, 16, 16, 48};
    g_autoptr(VdtSteady) steady = vdt_steady_new();
    VdtShift shift;

    assert_shift(steady, 0, 0, 0, moves);
    assert_shift(steady, 2, 2, 0, moves);
    vdt_steady_reset(steady);
    draw(4, 4, 0, moves, rgb);
    shift = vdt_steady_update(steady, &(VdtPicture){rgb, WIDTH, HEIGHT, 3 * WIDTH}, moves);
    g_assert_cmpint(shift.x, ==, 0);
    g_assert_cmpint(shift.y, ==, 0);
    /* too small to have points */
    shift = vdt_steady_update(steady, &small, moves);
    shift = vdt_steady_update(steady, &small, moves);
    g_assert_cmpint(shift.x, ==, 0);
    g_assert_cmpint(shift.y, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/steady/shifts", test_shifts);
    g_test_add_func("/steady/moves", test_moves);
    g_test_add_func("/steady/reset", test_reset);
    return g_test_run();
}
