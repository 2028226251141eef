/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Haze, and the light that lies over pictures in all weather. */
#include <string.h>

#include "spoilkinds.h"

/* Which colours are told apart by how far away they are. */
#define N_WAVES 3

Air spoil_choose_air(guint64 *state, const Film *film, double much)
{
    double sum = 0, warm = spoil_between(state, -0.08, 0.05), grey = random_double(state);
    for (gsize i = 0; i < 3 * film->area; i++)
        sum += film->values[i];
    double mean = sum / (3 * film->area), level = much * CLAMP(0.15 + 2.6 * mean, 0.15, 1);
    grey = 1 - 0.6 * grey;
    return (Air){
        {(float)(level * (1 + grey * warm)), (float)level, (float)(level * (1 - grey * warm))}};
}

void spoil_veil(Film *film, const Air *air, double depth)
{
    float through = (float)exp(-depth);
    for (guint c = 0; c < 3; c++) {
        float *plane = film->values + c * film->area;
        for (gsize i = 0; i < film->area; i++)
            plane[i] = plane[i] * through + air->light[c] * (1 - through);
    }
}

void spoil_cover(Film *film, const Air *air, const float *share)
{
    for (guint c = 0; c < 3; c++) {
        float *plane = film->values + c * film->area;
        for (gsize i = 0; i < film->area; i++)
            plane[i] += share[i] * (air->light[c] - plane[i]);
    }
}

/* The mean of a square of 2 * @reach + 1 around each pixel, of those that there are. */
static void box(const float *from, guint width, guint height, guint reach, float *to)
{
    g_autofree float *across = g_new(float, (gsize)width *height);
    g_autofree double *sums = g_new0(double, MAX(width, height) + 1);
    for (guint y = 0; y < height; y++) {
        const float *row = from + (gsize)y * width;
        for (guint x = 0; x < width; x++)
            sums[x + 1] = sums[x] + row[x];
        for (guint x = 0; x < width; x++) {
            guint x0 = x > reach ? x - reach : 0, x1 = MIN(x + reach + 1, width);
            across[(gsize)y * width + x] = (float)((sums[x1] - sums[x0]) / (x1 - x0));
        }
    }
    g_autofree double *columns = g_new0(double, width);
    guint first = 0, last = 0;
    for (guint y = 0; y < height; y++) {
        guint y0 = y > reach ? y - reach : 0, y1 = MIN(y + reach + 1, height);
        for (; last < y1; last++)
            for (guint x = 0; x < width; x++)
                columns[x] += across[(gsize)last * width + x];
        for (; first < y0; first++)
            for (guint x = 0; x < width; x++)
                columns[x] -= across[(gsize)first * width + x];
        for (guint x = 0; x < width; x++)
            to[(gsize)y * width + x] = (float)(columns[x] / (y1 - y0));
    }
}

/* He et al., Guided image filtering (2010): what changes @values smoothly, but for where @guide has
 * edges. */
static void follow_edges(const float *guide, guint width, guint height, guint reach, float *values)
{
    const float least = 0.01f;
    gsize n = (gsize)width * height;
    g_autofree float *planes = g_new(float, 5 * n);
    float *product = planes, *mean = planes + n, *guides = mean + n, *squares = guides + n,
          *products = squares + n;
    box(values, width, height, reach, mean);
    box(guide, width, height, reach, guides);
    for (gsize i = 0; i < n; i++)
        product[i] = guide[i] * guide[i];
    box(product, width, height, reach, squares);
    for (gsize i = 0; i < n; i++)
        product[i] = guide[i] * values[i];
    box(product, width, height, reach, products);
    for (gsize i = 0; i < n; i++) {
        float slope =
            (products[i] - guides[i] * mean[i]) / (squares[i] - guides[i] * guides[i] + least);
        product[i] = slope;
        squares[i] = mean[i] - slope * guides[i];
    }
    box(product, width, height, reach, mean);
    box(squares, width, height, reach, products);
    for (gsize i = 0; i < n; i++)
        values[i] = mean[i] * guide[i] + products[i];
}

/* How far away all is, from some nearest to 1: ground that rises to a horizon, hills, and things of
 * a colour that stand nearer, or farther away. */
static void choose_depths(guint64 *state, const Film *film, float *depths)
{
    const guint width = film->width, height = film->height;
    double tilt = spoil_between(state, 0.1, 1), lean = spoil_between(state, -0.5, 0.5);
    double hills = spoil_between(state, 0.1, 0.6), things = spoil_between(state, 0.1, 0.7);
    double near = spoil_between(state, 0.05, 0.45), waves[N_WAVES][4], hill[3][3];
    for (guint i = 0; i < N_WAVES; i++)
        for (guint c = 0; c < 4; c++)
            waves[i][c] = c < 3 ? spoil_between(state, -6, 6) : spoil_between(state, 0, 2 * G_PI);
    for (guint i = 0; i < 3; i++)
        for (guint c = 0; c < 3; c++)
            hill[i][c] = c < 2 ? spoil_between(state, -6, 6) : spoil_between(state, 0, 2 * G_PI);
    gsize n = film->area;
    g_autofree float *soft = g_new(float, 3 * n), *guide = g_new(float, n);
    const float *red = film->values, *green = red + n, *blue = green + n;
    for (guint c = 0; c < 3; c++)
        box(film->values + c * n, width, height, 3, soft + c * n);
    /* Roots are about levels. */
    for (gsize i = 0; i < 3 * n; i++)
        soft[i] = sqrtf(MAX(soft[i], 0));
    for (gsize i = 0; i < n; i++)
        guide[i] = sqrtf(0.3f * red[i] + 0.59f * green[i] + 0.11f * blue[i]);
    for (guint y = 0; y < height; y++) {
        double v = (double)y / height;
        for (guint x = 0; x < width; x++) {
            gsize i = (gsize)y * width + x;
            double u = (double)x / width, thing = 0, height_here = 0;
            for (guint k = 0; k < N_WAVES; k++)
                thing += sin(waves[k][0] * soft[i] + waves[k][1] * soft[n + i] +
                             waves[k][2] * soft[2 * n + i] + waves[k][3]);
            for (guint k = 0; k < 3; k++)
                height_here += sin(hill[k][0] * u + hill[k][1] * v + hill[k][2]);
            depths[i] = (float)(tilt * (1 - v + lean * u) + hills * height_here / 3 +
                                things * thing / N_WAVES);
        }
    }
    follow_edges(guide, width, height, 8, depths);
    float least = G_MAXFLOAT, most = -G_MAXFLOAT;
    for (gsize i = 0; i < n; i++) {
        least = MIN(least, depths[i]);
        most = MAX(most, depths[i]);
    }
    for (gsize i = 0; i < n; i++)
        depths[i] = (float)near +
                    (1 - (float)near) * (most > least ? (depths[i] - least) / (most - least) : 1);
}

void spoil_haze(Film *film)
{
    g_autofree float *share = g_new(float, film->area);
    light_from_levels(film->values, 3 * film->area);
    double much = spoil_between(&film->state, 0.5, 1);
    Air air = spoil_choose_air(&film->state, film, much);
    choose_depths(&film->state, film, share);
    for (gsize i = 0; i < film->area; i++)
        share[i] = 1 - expf(-(float)film->amount * share[i]);
    spoil_cover(film, &air, share);
    light_to_levels(film->values, 3 * film->area);
}
