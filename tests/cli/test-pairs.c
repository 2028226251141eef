/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What restoring is learned from: clean pictures, what spoils them, and pairs of both. */
#include <math.h>
#include <string.h>
#include <vedette/error.h>

#include "data/cleanpictures.h"
#include "data/leaves.h"
#include "data/pairs.h"
#include "data/random.h"

#define SIDE 96
#define AREA ((gsize)SIDE * SIDE)
/* Pictures that statistics are of. */
#define N    24

/* A picture of smooth and sharp things, the same each time. */
static void draw_something(float *planes, guint width, guint height)
{
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < height; y++)
            for (guint x = 0; x < width; x++) {
                double value = 120 + 60 * sin(x * 0.11 + c) * cos(y * 0.07);
                if ((x / 12 + y / 20) % 3 == 0)
                    value = 40 + 60 * c + 0.5 * y;
                planes[(c * (gsize)height + y) * width + x] = (float)(int)CLAMP(value, 0, 255);
            }
}

static double difference(const float *a, const float *b, gsize n)
{
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += pow(a[i] - b[i], 2);
    return sqrt(sum / n);
}

static void spoiled_with(const Spoil *spoil, guint width, guint height, float *planes)
{
    draw_something(planes, width, height);
    spoil_apply(spoil, planes, width, height);
}

/* The same seed gives the same bytes, another seed or moment others, and a picture of any size is
 * whole numbers from 0 to 255. */
static void test_seeds(gconstpointer data)
{
    SpoilKind kind = GPOINTER_TO_UINT(data);
    static const guint sizes[][2] = {{SIDE, SIDE}, {1, 1}, {3, 50}, {131, 77}};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (guint64 seed = 0; seed < 8; seed++) {
            guint width = sizes[i][0], height = sizes[i][1];
            gsize n = 3 * (gsize)width * height;
            g_autofree float *a = g_new(float, n + 1), *b = g_new(float, n);
            a[n] = 12345;
            Spoil spoil = {.kind = kind, .strength = 0.7, .seed = seed};
            spoiled_with(&spoil, width, height, a);
            spoiled_with(&spoil, width, height, b);
            g_assert_cmpmem(a, n * sizeof *a, b, n * sizeof *b);
            g_assert_cmpfloat(a[n], ==, 12345);
            for (gsize k = 0; k < n; k++)
                g_assert_true(a[k] >= 0 && a[k] <= 255 && a[k] == floorf(a[k]));
            if (width < SIDE)
                continue;
            spoil.seed = seed + 100;
            spoiled_with(&spoil, width, height, b);
            g_assert_cmpfloat(difference(a, b, n), >, 0.3);
            spoil.seed = seed;
            spoil.moment = 1;
            spoiled_with(&spoil, width, height, b);
            g_assert_cmpfloat(difference(a, b, n), >, 0);
        }
}

/* More strength is more damage, whatever the seed, and the weakest is damage already. */
static void test_strength(gconstpointer data)
{
    SpoilKind kind = GPOINTER_TO_UINT(data);
    g_autofree float *clean = g_new(float, 3 * AREA), *planes = g_new(float, 3 * AREA);
    draw_something(clean, SIDE, SIDE);
    for (guint64 seed = 0; seed < 40; seed++) {
        double last = 0.8;
        for (guint i = 0; i <= 4; i++) {
            Spoil spoil = {.kind = kind, .strength = i / 4.0, .seed = seed};
            spoiled_with(&spoil, SIDE, SIDE, planes);
            double now = difference(planes, clean, 3 * AREA);
            g_assert_cmpfloat(now, >, last);
            last = now;
        }
        g_assert_cmpfloat(spoil_get_amount(kind, 0.2, NULL), <, spoil_get_amount(kind, 0.21, NULL));
    }
}

static double to_light(double level)
{
    double value = level / 255;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* White noise has the deviation that it is said to have, and no neighbour knows another. */
static void test_noise(void)
{
    g_autofree float *planes = g_new(float, 3 * AREA);
    guint n_white = 0;
    for (guint64 seed = 0; seed < 30; seed++) {
        for (gsize i = 0; i < 3 * AREA; i++)
            planes[i] = 128;
        Spoil spoil = {.kind = SPOIL_NOISE, .strength = 0.5, .seed = seed};
        spoil_apply(&spoil, planes, SIDE, SIDE);
        double square = 0, product = 0, amount = spoil_get_amount(SPOIL_NOISE, 0.5, NULL);
        for (gsize i = 0; i + 1 < 3 * AREA; i++) {
            square += pow(planes[i] - 128, 2);
            product += (planes[i] - 128) * (planes[i + 1] - 128);
        }
        if (fabs(product / square) > 0.03)
            continue;
        n_white++;
        g_assert_cmpfloat(fabs(sqrt(square / (3 * AREA)) / amount - 1), <, 0.05);
    }
    g_assert_cmpuint(n_white, >, 10);
    g_assert_cmpuint(n_white, <, 30);
}

/* A point's light is spread as far as is said, and none is lost. */
static void test_blur(void)
{
    g_autofree float *planes = g_new(float, 3 * AREA);
    for (guint64 seed = 0; seed < 30; seed++) {
        for (gsize i = 0; i < 3 * AREA; i++)
            planes[i] = 255 * (i % AREA == (SIDE / 2) * SIDE + SIDE / 2);
        Spoil spoil = {.kind = SPOIL_BLUR, .strength = 0.8, .seed = seed};
        double radius = spoil_get_amount(SPOIL_BLUR, 0.8, NULL);
        spoil_apply(&spoil, planes, SIDE, SIDE);
        double light = 0, square = 0;
        for (int i = 0; i < (int)AREA; i++) {
            /* Beyond the noise of what is there. */
            double value = planes[i] > 10 ? planes[i] / 255 : 0, x = i % SIDE - SIDE / 2,
                   y = i / SIDE - SIDE / 2;
            value = to_light(255 * value);
            light += value;
            square += value * (x * x + y * y);
        }
        g_assert_cmpfloat(light, >, 0.7);
        g_assert_cmpfloat(light, <, 1.1);
        /* A disc's: radius / sqrt(2). */
        g_assert_cmpfloat(sqrt(square / light), >, 0.4 * radius);
        g_assert_cmpfloat(sqrt(square / light), <, 1.5 * radius);
    }
}

/* Grey, spoiled. */
static void spoil_grey(const Spoil *spoil, float level, float *planes)
{
    for (gsize i = 0; i < 3 * AREA; i++)
        planes[i] = level;
    spoil_apply(spoil, planes, SIDE, SIDE);
}

/* Streaks are brighter than what is behind them, and there is more change across than along them.
 */
static void test_rain(void)
{
    g_autofree float *planes = g_new(float, 3 * AREA);
    double across = 0, along = 0;
    for (guint64 seed = 0; seed < 20; seed++) {
        Spoil spoil = {.kind = SPOIL_RAIN, .strength = 0.6, .seed = seed};
        spoil_grey(&spoil, 60, planes);
        double sum = 0;
        for (guint y = 1; y < SIDE; y++)
            for (guint x = 1; x < SIDE; x++) {
                const float *pixel = planes + (gsize)y * SIDE + x;
                sum += pixel[0];
                across += pow(pixel[0] - pixel[-1], 2);
                along += pow(pixel[0] - pixel[-SIDE], 2);
            }
        g_assert_cmpfloat(sum / ((SIDE - 1) * (SIDE - 1)), >, 61);
    }
    g_assert_cmpfloat(across, >, 2 * along);
}

/* Flakes are as bright in all colours, have no direction, over all, and none of the picture is left
 * where one of the large is. */
static void test_snow(void)
{
    g_autofree float *planes = g_new(float, 3 * AREA);
    double across = 0, along = 0;
    guint n_bright = 0;
    for (guint64 seed = 0; seed < 20; seed++) {
        Spoil spoil = {.kind = SPOIL_SNOW, .strength = 0.6, .seed = seed};
        spoil_grey(&spoil, 120, planes);
        for (guint y = 1; y < SIDE; y++)
            for (guint x = 1; x < SIDE; x++) {
                const float *pixel = planes + (gsize)y * SIDE + x;
                across += pow(pixel[0] - pixel[-1], 2);
                along += pow(pixel[0] - pixel[-SIDE], 2);
                n_bright += pixel[0] > 170 && pixel[2 * AREA] > 160;
            }
    }
    g_assert_cmpfloat(across, <, 2 * along);
    g_assert_cmpfloat(along, <, 2 * across);
    g_assert_cmpuint(n_bright, >, 20 * AREA / 200);
}

/* How far the means of neighbouring squares, which noise does not change, lie apart in light. */
static double measure_contrast(const float *plane)
{
    enum { BLOCK = 6, N_BLOCKS = SIDE / BLOCK };
    double means[N_BLOCKS][N_BLOCKS] = {0}, sum = 0;
    for (guint y = 0; y < SIDE; y++)
        for (guint x = 0; x < SIDE; x++)
            means[y / BLOCK][x / BLOCK] += to_light(plane[y * SIDE + x]);
    for (guint y = 1; y < N_BLOCKS; y++)
        for (guint x = 1; x < N_BLOCKS; x++)
            sum += fabs(means[y][x] - means[y][x - 1]) + fabs(means[y][x] - means[y - 1][x]);
    return sum;
}

/* The more haze, the less do things differ; over all, since something far away may be brighter than
 * it was beside what is near. */
static void test_haze(void)
{
    g_autofree float *planes = g_new(float, 3 * AREA);
    double last = G_MAXDOUBLE;
    for (guint i = 0; i <= 3; i++) {
        double contrast = 0;
        for (guint64 seed = 0; seed < 20; seed++) {
            Spoil spoil = {.kind = SPOIL_HAZE, .strength = (i - 1.0) / 2, .seed = seed};
            draw_something(planes, SIDE, SIDE);
            if (i > 0)
                spoil_apply(&spoil, planes, SIDE, SIDE);
            contrast += measure_contrast(planes + AREA);
        }
        g_assert_cmpfloat(contrast, <, 0.95 * last);
        last = contrast;
    }
}

/* So many times less light, and what is left is not the same in two pixels. */
static void test_dark(void)
{
    g_autofree float *planes = g_new(float, 3 * AREA);
    for (guint64 seed = 0; seed < 20; seed++)
        for (guint i = 0; i <= 2; i++) {
            Spoil spoil = {.kind = SPOIL_DARK, .strength = i / 2.0, .seed = seed};
            spoil_grey(&spoil, 220, planes);
            double sum = 0, square = 0;
            for (gsize k = 0; k < 3 * AREA; k++) {
                double light = to_light(planes[k]);
                sum += light / (3 * AREA);
                square += light * light / (3 * AREA);
            }
            double less = to_light(220) / sum / spoil_get_amount(SPOIL_DARK, i / 2.0, NULL);
            g_assert_cmpfloat(less, >, 0.8);
            g_assert_cmpfloat(less, <, 1.25);
            g_assert_cmpfloat(square - sum * sum, >, 0);
        }
}

static void test_names(void)
{
    SpoilKind kind;
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < SPOIL_N_KINDS; i++) {
        g_assert_true(spoil_find(spoil_names[i], &kind, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(kind, ==, i);
        const char *unit = NULL;
        g_assert_cmpfloat(spoil_get_amount(kind, 0, &unit), >, 0);
        g_assert_nonnull(unit);
    }
    g_assert_null(spoil_names[SPOIL_N_KINDS]);
    g_assert_false(spoil_find("fog", &kind, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "\"fog\""));
    g_assert_nonnull(strstr(error->message, "noise, blur, rain, haze, snow, dark"));
}

#define LEAVES  128
#define N_FREQS (LEAVES / 2)

/* Logarithms of brightness. */
static void draw_logs(guint64 seed, double *logs)
{
    g_autofree guint8 *pixels = g_malloc(3 * LEAVES * LEAVES);
    VdtPicture picture = {pixels, LEAVES, LEAVES, 3 * LEAVES};
    leaves_draw(seed, &picture);
    for (guint i = 0; i < LEAVES * LEAVES; i++)
        logs[i] =
            log(1 + 0.3 * pixels[3 * i] + 0.59 * pixels[3 * i + 1] + 0.11 * pixels[3 * i + 2]);
}

/* Adds the power of each frequency along rows, times the deviation of a window's edges. */
static void add_power(const double *logs, double *power)
{
    for (guint y = 0; y < LEAVES; y++) {
        const double *row = logs + y * LEAVES;
        double mean = 0;
        for (guint x = 0; x < LEAVES; x++)
            mean += row[x] / LEAVES;
        for (guint f = 1; f < N_FREQS; f++) {
            double re = 0, im = 0;
            for (guint x = 0; x < LEAVES; x++) {
                double window = 0.5 - 0.5 * cos(2 * G_PI * (x + 0.5) / LEAVES);
                re += window * (row[x] - mean) * cos(2 * G_PI * f * x / LEAVES);
                im += window * (row[x] - mean) * sin(2 * G_PI * f * x / LEAVES);
            }
            power[f] += re * re + im * im;
        }
    }
}

/* What photographs have, too: gradients of which most are next to nothing and a few large, and a
 * spectrum that falls with the square of the frequency. Photographs of about this size have a
 * kurtosis of 20, a share of 0.45 and a slope of -2. */
static void test_leaves(void)
{
    g_autofree double *logs = g_new(double, LEAVES *LEAVES);
    double power[N_FREQS] = {0}, square = 0, fourth = 0, small = 0, n = 0;
    for (guint64 seed = 0; seed < N; seed++) {
        draw_logs(seed, logs);
        add_power(logs, power);
        double sum = 0;
        for (guint i = 0; i < LEAVES * LEAVES - 1; i++)
            sum += pow(logs[i + 1] - logs[i], 2) / (LEAVES * LEAVES - 1);
        g_assert_cmpfloat(sum, >, 1e-4);
        for (guint i = 0; i < LEAVES * LEAVES - 1; i++) {
            double step = (logs[i + 1] - logs[i]) / sqrt(sum);
            square += step * step;
            fourth += pow(step, 4);
            small += fabs(step) < 0.2;
            n++;
        }
    }
    double kurtosis = fourth / n / pow(square / n, 2);
    double x = 0, y = 0, xx = 0, xy = 0, m = 0;
    for (guint f = 3; f < 40; f++, m++) {
        x += log(f);
        y += log(power[f]);
        xx += log(f) * log(f);
        xy += log(f) * log(power[f]);
    }
    double slope = (m * xy - x * y) / (m * xx - x * x);
    g_test_message("kurtosis %.2f, share of small steps %.2f, slope %.2f", kurtosis, small / n,
                   slope);
    /* Of a normal distribution: 3 and 0.16. */
    g_assert_cmpfloat(kurtosis, >, 9);
    g_assert_cmpfloat(kurtosis, <, 40);
    g_assert_cmpfloat(small / n, >, 0.35);
    g_assert_cmpfloat(slope, <, -1.6);
    g_assert_cmpfloat(slope, >, -2.3);
}

static Cache *draw(ClipSet *set)
{
    g_autoptr(GError) error = NULL;
    const CacheOptions options = {.in_memory = TRUE, .max_bytes = 1 << 28};
    g_autoptr(Progress) progress = progress_new();
    Cache *cache = cache_new(set, &options, "drawing", progress, NULL, &error);
    g_assert_no_error(error);
    return cache;
}

/* A picture of a set depends on the seed and its number, not on where the set begins. */
static void test_clean(void)
{
    g_autoptr(ClipSet) a = clean_pictures_new(5, 0, 9, 128, 96);
    g_autoptr(ClipSet) b = clean_pictures_new(5, 3, 6, 128, 96);
    g_autoptr(ClipSet) c = clean_pictures_new(6, 0, 9, 128, 96);
    g_autoptr(Cache) first = draw(a), second = draw(b), third = draw(c);
    gsize n = clip_format_bytes(&a->format);
    g_assert_cmpuint(n, ==, 128 * 96 * 3);
    for (guint i = 0; i < 6; i++) {
        g_assert_cmpmem(cache_get(first, i + 3), n, cache_get(second, i), n);
        g_assert_true(memcmp(cache_get(first, i), cache_get(third, i), n) != 0);
    }
    g_assert_cmpstr(a->key, !=, b->key);
    g_assert_cmpstr(a->key, !=, c->key);
}

static gboolean is_at(const VdtPicture *picture, guint left, guint top, gboolean flip,
                      const float *planes, guint side)
{
    for (guint y = 0; y < side; y++)
        for (guint x = 0; x < side; x++)
            for (guint c = 0; c < 3; c++) {
                guint column = left + (flip ? side - 1 - x : x);
                if (planes[(c * side + y) * side + x] !=
                    picture->data[(top + y) * picture->stride + 3 * column + c])
                    return FALSE;
            }
    return TRUE;
}

/* Whether @planes are part of some picture, or of its mirror image. */
static gboolean is_window(const Cache *cache, const float *planes, guint side)
{
    const ClipSet *set = cache_get_set(cache);
    for (guint i = 0; i < set->n_items; i++) {
        VdtPicture picture = clip_format_picture(&set->format, cache_get(cache, i), 0);
        for (guint top = 0; top + side <= picture.height; top++)
            for (guint left = 0; left + side <= picture.width; left++)
                if (is_at(&picture, left, top, FALSE, planes, side) ||
                    is_at(&picture, left, top, TRUE, planes, side))
                    return TRUE;
    }
    return FALSE;
}

/* What a step gets depends on the seed and the step; each kind has its turn, and the target is a
 * window of a clean picture. */
static void test_pairs(void)
{
    enum { BATCH = 8, SIZE = 64 };
    g_autoptr(ClipSet) set = clean_pictures_new(5, 0, N, 96, 80);
    g_autoptr(Cache) cache = draw(set);
    VdtShape shape = vdt_shape(BATCH, 3, SIZE, SIZE);
    g_autoptr(VdtTensor) spoiled = vdt_tensor_new(VDT_F32, &shape, NULL);
    g_autoptr(VdtTensor) clean = vdt_tensor_new(VDT_F32, &shape, NULL);
    g_autoptr(Pairs) pairs = pairs_new(cache, 1, BATCH, PAIRS_ALL);
    g_autoptr(Pairs) again = pairs_new(cache, 1, BATCH, PAIRS_ALL);
    g_assert_cmpuint(pairs_per_epoch(pairs), ==, N / BATCH);
    gint32 kinds[BATCH], same[BATCH];
    guint counts[SPOIL_N_KINDS] = {0};
    for (guint64 step = 0; step < 6; step++) {
        pairs_fill(pairs, step, spoiled, clean, kinds);
        for (guint i = 0; i < BATCH; i++) {
            counts[kinds[i]]++;
            gsize size = (gsize)3 * SIZE * SIZE;
            g_assert_cmpfloat(difference((float *)spoiled->data + i * size,
                                         (float *)clean->data + i * size, size),
                              >, 0);
        }
    }
    for (guint i = 0; i < SPOIL_N_KINDS; i++)
        g_assert_cmpuint(counts[i], >=, 6 * BATCH / SPOIL_N_KINDS);
    g_autofree void *last = g_memdup2(spoiled->data, spoiled->n_bytes);
    g_autofree void *target = g_memdup2(clean->data, clean->n_bytes);
    pairs_fill(again, 5, spoiled, clean, same);
    g_assert_cmpmem(last, spoiled->n_bytes, spoiled->data, spoiled->n_bytes);
    g_assert_cmpmem(target, clean->n_bytes, clean->data, clean->n_bytes);
    g_assert_cmpmem(kinds, sizeof kinds, same, sizeof same);
    for (guint i = 0; i < BATCH; i++)
        g_assert_true(is_window(cache, (float *)clean->data + i * 3 * SIZE * SIZE, SIZE));
    g_autoptr(Pairs) blurred = pairs_new(cache, 1, BATCH, 1u << SPOIL_BLUR);
    pairs_fill(blurred, 5, spoiled, clean, same);
    for (guint i = 0; i < BATCH; i++)
        g_assert_cmpint(same[i], ==, SPOIL_BLUR);
    /* Both are of the same place: noise with its clean window, moved by no pixel. */
    g_autoptr(Pairs) noisy = pairs_new(cache, 1, BATCH, 1u << SPOIL_NOISE);
    pairs_fill(noisy, 3, spoiled, clean, same);
    const gsize n = clean->n_bytes / sizeof(float) - SIZE;
    double here = difference(spoiled->data, clean->data, n);
    g_assert_cmpfloat(here, <, difference((float *)spoiled->data + 1, clean->data, n));
    g_assert_cmpfloat(here, <, difference(spoiled->data, (float *)clean->data + 1, n));
    g_assert_cmpfloat(here, <, difference((float *)spoiled->data + SIZE, clean->data, n));
    g_assert_cmpfloat(here, <, difference(spoiled->data, (float *)clean->data + SIZE, n));
}

/* Of what is held out the target is the clean picture, as it is. */
static void test_held_out(void)
{
    g_autoptr(ClipSet) set = clean_pictures_new(9000, 0, 3, 96, 80);
    g_autoptr(Cache) cache = draw(set);
    const gsize area = 96 * 80;
    g_autofree float *spoiled = g_new(float, 3 * area), *target = g_new(float, 3 * area);
    for (guint i = 0; i < 3; i++) {
        pairs_get(cache, i, SPOIL_NOISE, spoiled, target);
        for (gsize k = 0; k < 3 * area; k++)
            g_assert_cmpfloat(target[k], ==, cache_get(cache, i)[k % area * 3 + k / area]);
        g_assert_cmpfloat(difference(spoiled, target, 3 * area), >, 3);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pairs/names", test_names);
    for (guint i = 0; i < SPOIL_N_KINDS; i++) {
        g_autofree char *seeds = g_strdup_printf("/pairs/%s/seeds", spoil_names[i]);
        g_autofree char *strength = g_strdup_printf("/pairs/%s/strength", spoil_names[i]);
        g_test_add_data_func(seeds, GUINT_TO_POINTER(i), test_seeds);
        g_test_add_data_func(strength, GUINT_TO_POINTER(i), test_strength);
    }
    g_test_add_func("/pairs/noise/deviation", test_noise);
    g_test_add_func("/pairs/blur/radius", test_blur);
    g_test_add_func("/pairs/rain/falls", test_rain);
    g_test_add_func("/pairs/snow/flakes", test_snow);
    g_test_add_func("/pairs/haze/contrast", test_haze);
    g_test_add_func("/pairs/dark/light", test_dark);
    g_test_add_func("/pairs/leaves", test_leaves);
    g_test_add_func("/pairs/clean", test_clean);
    g_test_add_func("/pairs/batches", test_pairs);
    g_test_add_func("/pairs/held-out", test_held_out);
    return g_test_run();
}
