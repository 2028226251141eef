/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of a camera that stands still, gathered. */
#include "gather.h"

#include <math.h>
#include <string.h>

#define WIDTH  160
#define HEIGHT 96
#define AREA   (WIDTH * HEIGHT)
#define SIDE   24 /* of what moves */

/* What the camera sees: edges, slopes and grain, moved by @shift; a square at @square, or none. */
static void draw(float *picture, int shift, int square)
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                int u = x + shift;
                float level = (float)(40 + 50 * (u / 20 % 3) + y / 2 + 10 * c);

                if (square >= 0 && y >= 30 && y < 30 + SIDE && x >= square && x < square + SIDE)
                    level = (float)(c == 1 ? 220 : 60) + (float)((x - square) / 3 % 2 * 25);
                picture[c * AREA + y * WIDTH + x] = level;
            }
}

static double normal(GRand *rand)
{
    return sqrt(-2 * log(1 - g_rand_double(rand))) * cos(2 * G_PI * g_rand_double(rand));
}

/* By a deviation that goes with the level from @low, at 0, to @high, at 255. */
static void add_noise(GRand *rand, const float *clean, double low, double high, float *noisy)
{
    for (gsize i = 0; i < 3 * AREA; i++) {
        double deviation = low + (high - low) * clean[i] / 255, value;

        value = clean[i] + deviation * normal(rand);
        noisy[i] = rintf((float)CLAMP(value, 0, 255));
    }
}

/* Of the pixels of a box, all colours. */
static double error_in(const float *a, const float *b, int x0, int y0, int width, int height)
{
    double sum = 0;

    for (int c = 0; c < 3; c++)
        for (int y = y0; y < y0 + height; y++)
            for (int x = x0; x < x0 + width; x++) {
                double d = a[c * AREA + y * WIDTH + x] - b[c * AREA + y * WIDTH + x];

                sum += d * d;
            }
    return sqrt(sum / (3.0 * width * height));
}

typedef struct {
    float clean[3 * AREA], noisy[3 * AREA], result[3 * AREA];
} Pictures;

static void test_still(void)
{
    static const double noises[][2] = {{5, 5}, {25, 25}, {50, 50}, {4, 30}};
    g_autofree Pictures *p = g_new(Pictures, 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    draw(p->clean, 0, -1);
    for (guint i = 0; i < G_N_ELEMENTS(noises); i++) {
        g_autoptr(VdtGather) gather = vdt_gather_new(WIDTH, HEIGHT, 16);
        double anew = 1;

        for (guint k = 0; k < 16; k++) {
            add_noise(rand, p->clean, noises[i][0], noises[i][1], p->noisy);
            anew = vdt_gather_add(gather, p->noisy, p->result);
            g_assert_true(k == 0 ? anew == 1 : anew < 0.02);
        }
        double before = error_in(p->noisy, p->clean, 0, 0, WIDTH, HEIGHT);
        double after = error_in(p->result, p->clean, 0, 0, WIDTH, HEIGHT);
        /* sixteen of them: a quarter, at best */
        g_test_message("noise of %g: %.2f is left", before, after);
        g_assert_cmpfloat(after, <, 0.4 * before);
    }
}

/* What moves is no worse than it is in one frame, neither where it is nor where it was. */
static void test_moves(void)
{
    static const double noises[] = {2, 10, 25};
    g_autofree Pictures *p = g_new(Pictures, 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);

    for (guint i = 0; i < G_N_ELEMENTS(noises); i++) {
        g_autoptr(VdtGather) gather = vdt_gather_new(WIDTH, HEIGHT, 16);

        for (int k = 0; k < 24; k++) {
            const int at = k < 8 ? -1 : 10 + 5 * (k - 8);

            draw(p->clean, 0, at);
            add_noise(rand, p->clean, noises[i], noises[i], p->noisy);
            vdt_gather_add(gather, p->noisy, p->result);
            if (at < 0)
                continue;
            const int x = MAX(at - 10, 0);
            double before = error_in(p->noisy, p->clean, x, 26, SIDE + 20, SIDE + 8);
            double after = error_in(p->result, p->clean, x, 26, SIDE + 20, SIDE + 8);
            g_assert_cmpfloat(after, <, 1.02 * before);
        }
        g_assert_cmpfloat(error_in(p->result, p->clean, 0, 60, WIDTH, 30), <, 0.45 * noises[i]);
    }
}

static void test_camera(void)
{
    g_autofree Pictures *p = g_new(Pictures, 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    g_autoptr(VdtGather) gather = vdt_gather_new(WIDTH, HEIGHT, 8);

    for (int k = 0; k < 10; k++) {
        draw(p->clean, 7 * k, -1);
        add_noise(rand, p->clean, 3, 3, p->noisy);
        vdt_gather_add(gather, p->noisy, p->result);
        g_assert_cmpfloat(error_in(p->result, p->clean, 0, 0, WIDTH, HEIGHT), <, 3.3);
    }
    /* It stands still again, and is another one then. */
    for (int k = 0; k < 6; k++) {
        add_noise(rand, p->clean, 3, 3, p->noisy);
        vdt_gather_add(gather, p->noisy, p->noisy);
    }
    g_assert_cmpfloat(error_in(p->noisy, p->clean, 0, 0, WIDTH, HEIGHT), <, 1.8);
    for (gsize i = 0; i < 3 * AREA; i++)
        p->clean[i] = 255 - p->clean[i];
    g_assert_cmpfloat(vdt_gather_add(gather, p->clean, p->result), ==, 1);
    g_assert_cmpmem(p->clean, sizeof p->clean, p->result, sizeof p->result);
    g_assert_true(vdt_gather_fits(gather, WIDTH, HEIGHT, 8));
    g_assert_false(vdt_gather_fits(gather, WIDTH, HEIGHT, 9));
    g_assert_false(vdt_gather_fits(gather, HEIGHT, WIDTH, 8));
    vdt_gather_reset(gather);
    g_assert_cmpfloat(vdt_gather_add(gather, p->noisy, p->result), ==, 1);
    g_assert_cmpmem(p->noisy, sizeof p->noisy, p->result, sizeof p->result);
}

/* Frames without noise stay what they are, bit for bit. */
static void test_clean(void)
{
    g_autofree Pictures *p = g_new(Pictures, 1);
    g_autoptr(VdtGather) gather = vdt_gather_new(WIDTH, HEIGHT, VDT_GATHER_MOST_FRAMES);

    draw(p->clean, 0, 40);
    for (int k = 0; k < 80; k++) {
        double anew = vdt_gather_add(gather, p->clean, p->result);
        g_assert_cmpfloat(anew, ==, k == 0 ? 1 : 0);
        g_assert_cmpmem(p->clean, sizeof p->clean, p->result, sizeof p->result);
    }
}

static void test_small(void)
{
    static const guint sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {2, 3}, {15, 17}, {16, 16}};
    float picture[3 * 600], result[3 * 600];
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const gsize n = (gsize)3 * sizes[i][0] * sizes[i][1];
        g_autoptr(VdtGather) gather = vdt_gather_new(sizes[i][0], sizes[i][1], 2);

        for (int k = 0; k < 20; k++) {
            for (gsize j = 0; j < n; j++)
                picture[j] = (float)g_rand_int_range(rand, 0, 256);
            vdt_gather_add(gather, picture, result);
            for (gsize j = 0; j < n; j++)
                g_assert_true(result[j] >= 0 && result[j] <= 255);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gather/still", test_still);
    g_test_add_func("/gather/moves", test_moves);
    g_test_add_func("/gather/camera", test_camera);
    g_test_add_func("/gather/clean", test_clean);
    g_test_add_func("/gather/small", test_small);
    return g_test_run();
}
