/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "augment.h"

#include <math.h>
#include <string.h>

#include "random.h"

/* Samples of ready-made noise; a prime, so that rows do not line up with it. */
#define NOISE_SAMPLES 65521
#define WEIGHT_BITS   7
#define WEIGHT_ONE    (1 << WEIGHT_BITS)

struct _Augment {
    AugmentOptions options;
    guint64 seed;
    ClipFormat format;
    float mean[3], std[3];
    gint8 *noise; /* standard deviation 32, and the longest row again at the end */
};

/* What is done to one clip. */
typedef struct {
    gboolean flip;
    double scale, left, top; /* of the part that is seen, in pixels of the clip */
    float values[3][256];    /* what a level becomes */
    double noise;            /* levels */
    guint64 random;          /* for the noise's places */
} Recipe;

/* Where a column or row of the result lies between two of the clip. */
typedef struct {
    guint16 first, second;
    guint16 weight; /* of the second */
} Tap;

Augment *augment_new(const AugmentOptions *options, guint64 seed, const ClipFormat *format,
                     const float mean[3], const float std[3])
{
    Augment *augment = g_new0(Augment, 1);
    augment->options = *options;
    augment->seed = seed;
    augment->format = *format;
    memcpy(augment->mean, mean, sizeof augment->mean);
    memcpy(augment->std, std, sizeof augment->std);
    guint row = 3 * format->width;
    augment->noise = g_new(gint8, NOISE_SAMPLES + row);
    guint64 state = random_mix(seed);
    for (guint i = 0; i < NOISE_SAMPLES; i++) {
        /* Twelve uniform numbers add up to nearly a normal one. */
        double sum = -6;
        for (int k = 0; k < 12; k++)
            sum += random_double(&state);
        augment->noise[i] = CLAMP(lrint(32 * sum), -127, 127);
    }
    for (guint i = 0; i < row; i++)
        augment->noise[NOISE_SAMPLES + i] = augment->noise[i % NOISE_SAMPLES];
    return augment;
}

void augment_free(Augment *augment)
{
    if (augment == NULL)
        return;
    g_free(augment->noise);
    g_free(augment);
}

static void make_recipe(const Augment *augment, guint64 epoch, guint64 index, Recipe *recipe)
{
    const AugmentOptions *o = &augment->options;
    guint width = augment->format.width, height = augment->format.height;
    guint64 state = random_seed3(augment->seed, epoch, index);
    recipe->flip = random_double(&state) < o->flip;
    /* Seen larger means that less of the clip is seen. */
    recipe->scale = 1 / (1 + o->scale * random_signed(&state));
    recipe->left = width * ((1 - recipe->scale) / 2 + o->shift * random_signed(&state));
    recipe->top = height * ((1 - recipe->scale) / 2 + o->shift * random_signed(&state));
    double contrast = 1 + o->light * random_signed(&state);
    double brightness = 128 * o->light * random_signed(&state);
    double gamma = exp(o->light * random_signed(&state));
    for (int c = 0; c < 3; c++) {
        double gain = contrast * (1 + o->colour * random_signed(&state));
        for (int v = 0; v < 256; v++) {
            double level = 255 * pow(v / 255.0, gamma);
            level = CLAMP((level - 128) * gain + 128 + brightness, 0, 255);
            recipe->values[c][v] = (level - augment->mean[c]) / augment->std[c];
        }
    }
    recipe->noise = o->noise * random_double(&state);
    recipe->random = random_next(&state);
}

/* Outside the clip its edge goes on. */
static Tap *make_taps(guint size, double from, double scale, gboolean flip)
{
    Tap *taps = g_new(Tap, size);
    for (guint i = 0; i < size; i++) {
        double at = from + ((flip ? size - 1 - i : i) + 0.5) * scale - 0.5;
        at = CLAMP(at, 0, size - 1.0);
        guint first = (guint)at;
        taps[i] = (Tap){first, MIN(first + 1, size - 1), lrint((at - first) * WEIGHT_ONE)};
    }
    return taps;
}

/* Rows @a and @b mixed, with noise: levels times WEIGHT_ONE would be more than is needed, so bytes
 * it is. @noise has standard deviation 32, @gain is 256ths of that. */
static void mix_rows(const guint8 *a, const guint8 *b, int weight, const gint8 *noise, int gain,
                     guint n, guint8 *to)
{
    for (guint i = 0; i < n; i++) {
        int value = (a[i] * (WEIGHT_ONE - weight) + b[i] * weight + WEIGHT_ONE / 2) >> WEIGHT_BITS;
        value += (noise[i] * gain + (1 << 12)) >> 13;
        to[i] = CLAMP(value, 0, 255);
    }
}

static void spread_row(const guint8 *row, const Tap *taps, guint n, const float values[3][256],
                       float *red, gsize area)
{
    float *green = red + area, *blue = green + area;
    for (guint x = 0; x < n; x++) {
        const guint8 *a = row + 3 * taps[x].first, *b = row + 3 * taps[x].second;
        int w = taps[x].weight, v = WEIGHT_ONE - w;
        red[x] = values[0][(a[0] * v + b[0] * w + WEIGHT_ONE / 2) >> WEIGHT_BITS];
        green[x] = values[1][(a[1] * v + b[1] * w + WEIGHT_ONE / 2) >> WEIGHT_BITS];
        blue[x] = values[2][(a[2] * v + b[2] * w + WEIGHT_ONE / 2) >> WEIGHT_BITS];
    }
}

void augment_fill(const Augment *augment, const guint8 *clip, guint64 epoch, guint64 index,
                  VdtTensor *to, guint n)
{
    const ClipFormat *format = &augment->format;
    guint width = format->width, height = format->height;
    gsize area = (gsize)width * height;
    Recipe recipe;
    make_recipe(augment, epoch, index, &recipe);
    g_autofree Tap *across = make_taps(width, recipe.left, recipe.scale, recipe.flip);
    g_autofree Tap *down = make_taps(height, recipe.top, recipe.scale, FALSE);
    g_autofree guint8 *mixed = g_malloc(3 * width);
    int gain = lrint(256 * recipe.noise);
    /* Planes of one colour lie @frames pictures apart. */
    float *base = (float *)to->data + (gsize)n * 3 * format->frames * area;
    for (guint t = 0; t < format->frames; t++) {
        VdtPicture picture = clip_format_picture(format, clip, t);
        /* One frame repeated has the same noise in all: there is nothing to see in time. */
        guint64 state = random_seed3(recipe.random, MIN(t, format->stored - 1), 0);
        for (guint y = 0; y < height; y++) {
            const gint8 *noise = augment->noise + (random_next(&state) >> 32) % NOISE_SAMPLES;
            mix_rows(picture.data + down[y].first * picture.stride,
                     picture.data + down[y].second * picture.stride, down[y].weight, noise, gain,
                     3 * width, mixed);
            spread_row(mixed, across, width, recipe.values, base + t * area + y * width,
                       format->frames * area);
        }
    }
}
