/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What coders of pictures leave away: cosines of 8x8 blocks, rounded to steps. */
#include <string.h>

#include "spoilkinds.h"

#define SIDE 8

typedef float Block[SIDE][SIDE];

/* JPEG's own examples, of brightness and of colour. */
static const guint8 steps[2][SIDE][SIDE] = {
    {{16, 11, 10, 16, 24, 40, 51, 61},
     {12, 12, 14, 19, 26, 58, 60, 55},
     {14, 13, 16, 24, 40, 57, 69, 56},
     {14, 17, 22, 29, 51, 87, 80, 62},
     {18, 22, 37, 56, 68, 109, 103, 77},
     {24, 35, 55, 64, 81, 104, 113, 92},
     {49, 64, 78, 87, 103, 121, 120, 101},
     {72, 92, 95, 98, 112, 100, 103, 99}},
    {{17, 18, 24, 47, 99, 99, 99, 99},
     {18, 21, 26, 66, 99, 99, 99, 99},
     {24, 26, 56, 99, 99, 99, 99, 99},
     {47, 66, 99, 99, 99, 99, 99, 99},
     {99, 99, 99, 99, 99, 99, 99, 99},
     {99, 99, 99, 99, 99, 99, 99, 99},
     {99, 99, 99, 99, 99, 99, 99, 99},
     {99, 99, 99, 99, 99, 99, 99, 99}},
};

static void fill_cosines(Block cosines)
{
    for (int u = 0; u < SIDE; u++)
        for (int x = 0; x < SIDE; x++)
            cosines[u][x] =
                (float)(cos((2 * x + 1) * u * G_PI / 16) * (u == 0 ? sqrt(0.125) : 0.5));
}

/* @to = @a times @b, either of them turned. */
static void multiply(const Block a, gboolean a_turned, const Block b, gboolean b_turned, Block to)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            float sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += (a_turned ? a[k][i] : a[i][k]) * (b_turned ? b[j][k] : b[k][j]);
            to[i][j] = sum;
        }
}

static void code_block(const Block cosines, const Block step, Block block)
{
    Block half, whole;
    multiply(cosines, FALSE, block, FALSE, half);
    multiply(half, FALSE, cosines, TRUE, whole);
    for (int v = 0; v < SIDE; v++)
        for (int u = 0; u < SIDE; u++)
            whole[v][u] = step[v][u] * rintf(whole[v][u] / step[v][u]);
    multiply(cosines, TRUE, whole, FALSE, half);
    multiply(half, FALSE, cosines, FALSE, block);
}

static void code_plane(const Film *film, float *plane, const Block cosines, const Block step,
                       int left, int top)
{
    const int width = (int)film->width, height = (int)film->height;
    for (int y0 = -top; y0 < height; y0 += SIDE)
        for (int x0 = -left; x0 < width; x0 += SIDE) {
            Block block;
            for (int y = 0; y < SIDE; y++) {
                const float *row = plane + (gsize)CLAMP(y0 + y, 0, height - 1) * film->width;
                for (int x = 0; x < SIDE; x++)
                    block[y][x] = row[CLAMP(x0 + x, 0, width - 1)];
            }
            code_block(cosines, step, block);
            for (int y = MAX(-y0, 0); y < MIN(SIDE, height - y0); y++)
                for (int x = MAX(-x0, 0); x < MIN(SIDE, width - x0); x++)
                    plane[(gsize)(y0 + y) * film->width + (gsize)(x0 + x)] = block[y][x];
        }
}

/* Red, green, blue to brightness and two differences of colour, or back. */
static void turn_colours(Film *film, gboolean back)
{
    float *a = film->values, *b = a + film->area, *c = b + film->area;
    for (gsize i = 0; i < film->area; i++) {
        float x = a[i], y = b[i], z = c[i];
        if (back) {
            a[i] = x + 1.402f * z;
            b[i] = x - 0.344136f * y - 0.714136f * z;
            c[i] = x + 1.772f * y;
        } else {
            a[i] = 0.299f * x + 0.587f * y + 0.114f * z;
            b[i] = -0.168736f * x - 0.331264f * y + 0.5f * z;
            c[i] = 0.5f * x - 0.418688f * y - 0.081312f * z;
        }
    }
}

void spoil_code(Film *film, double quality)
{
    double scale = quality < 50 ? 50 / quality : 2 - quality / 50;
    guint64 where = random_mix(film->seed ^ 0x434F4445);
    Block cosines, step[2];
    fill_cosines(cosines);
    for (int i = 0; i < 2; i++)
        for (int v = 0; v < SIDE; v++)
            for (int u = 0; u < SIDE; u++)
                step[i][v][u] = (float)MAX(rint(steps[i][v][u] * scale), 1);
    turn_colours(film, FALSE);
    for (guint c = 0; c < 3; c++)
        code_plane(film, film->values + c * film->area, cosines, step[c > 0], where % SIDE,
                   where / SIDE % SIDE);
    turn_colours(film, TRUE);
}
