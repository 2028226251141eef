/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "augment.h"

#include <math.h>
#include <string.h>

#include "random.h"

/* Samples of ready-made noise; a prime, so that rows do not line up with it. */
#define NOISE_SAMPLES 65521
#define WEIGHT_BITS   7
#define WEIGHT_ONE    (1 << WEIGHT_BITS)
/* The share of windows into maps that lie anywhere, and what part of a picture a class is small
 * below. */
#define ANYWHERE      0.25
#define SMALL         16
/* A window's sides by those of the focus, at least. */
#define MARGIN        1.1

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
    double scale, left, top; /* of the part that is seen, in pixels of the clip; scale: per pixel
                                of the result */
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

/* Where a window of @window pixels begins that shows @from to @to, of @size pixels in all: at
 * @chance, from 0 to 1, of where it may. */
static double place_window(double window, double from, double to, double size, double chance)
{
    double first = MAX(to - window, 0), last = MIN(from, size - window);
    if (first > last) /* it cannot show all of it */
        first = last = CLAMP((from + to - window) / 2, 0, MAX(size - window, 0));
    return first + (last - first) * chance;
}

/* A window into the clip that shows the focus, and is as large as that takes; the view so far is
 * what it would be without. @right and @down, -1 to 1, are where it lies. */
static void choose_window(const ClipFormat *format, const ClipFocus *focus, guint width,
                          guint height, double right, double down, Recipe *recipe)
{
    double full_width = format->width, full_height = format->height;
    double x0 = focus->x0 * full_width, x1 = focus->x1 * full_width;
    double y0 = focus->y0 * full_height, y1 = focus->y1 * full_height;
    double needed = MARGIN * MAX((x1 - x0) / width, (y1 - y0) / height);
    double most = MIN(full_width / width, full_height / height);
    if (needed <= 0) { /* anywhere */
        x0 = full_width;
        y0 = full_height;
        x1 = y1 = 0;
    }
    recipe->scale = MIN(MAX(recipe->scale, needed), most);
    recipe->left = place_window(width * recipe->scale, x0, x1, full_width, (right + 1) / 2);
    recipe->top = place_window(height * recipe->scale, y0, y1, full_height, (down + 1) / 2);
}

/* What of the clip is seen in @width x @height. */
static void choose_view(const Augment *augment, const ClipFocus *focus, guint width, guint height,
                        guint64 *state, Recipe *recipe)
{
    const AugmentOptions *o = &augment->options;
    const ClipFormat *format = &augment->format;
    /* Seen larger means that less of the clip is seen. */
    recipe->scale = 1 / (1 + o->scale * random_signed(state));
    double right = random_signed(state), down = random_signed(state);
    recipe->left = format->width * ((1 - recipe->scale) / 2 + o->shift * right);
    recipe->top = format->height * ((1 - recipe->scale) / 2 + o->shift * down);
    if (width != format->width || height != format->height)
        choose_window(format, focus, width, height, right, down, recipe);
}

static void make_recipe(const Augment *augment, const ClipFocus *focus, guint width, guint height,
                        guint64 epoch, guint64 index, Recipe *recipe)
{
    const AugmentOptions *o = &augment->options;
    guint64 state = random_seed3(augment->seed, epoch, index);
    recipe->flip = random_double(&state) < o->flip;
    choose_view(augment, focus, width, height, &state, recipe);
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

/* @n places over @size pixels, from @from on. Outside the clip its edge goes on. */
static Tap *make_taps(guint n, guint size, double from, double scale, gboolean flip)
{
    Tap *taps = g_new(Tap, n);
    for (guint i = 0; i < n; i++) {
        double at = from + ((flip ? n - 1 - i : i) + 0.5) * scale - 0.5;
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

/* A pixel of some small class, each as likely as any other, or if there is none, of any class:
 * large ones are seen wherever one looks. Nothing every fourth time. */
static ClipFocus find_some_class(const ClipFormat *format, const guint8 *clip, guint64 state)
{
    const guint8 *classes = clip_format_classes(format, clip);
    gsize area = (gsize)format->width * format->height, counts[256] = {0}, most = area / SMALL;
    guint n_classes = 0, n_small = 0, class = 0;
    if (random_double(&state) < ANYWHERE)
        return (ClipFocus){0};
    for (gsize i = 0; i < area; i++)
        counts[classes[i]]++;
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
        n_classes += counts[i] > 0;
        n_small += counts[i] > 0 && counts[i] < most;
    }
    if (n_small == 0)
        most = area + 1;
    guint chosen = random_next(&state) % (n_small > 0 ? n_small : n_classes);
    while (counts[class] == 0 || counts[class] >= most || chosen-- > 0)
        class ++;
    gsize left = random_next(&state) % counts[class], at = 0;
    while (classes[at] != class || left-- > 0)
        at++;
    double x = at % format->width, y = at / format->width;
    return (ClipFocus){x / format->width, y / format->height, (x + 1) / format->width,
                       (y + 1) / format->height};
}

/* The class next to each place. */
static void spread_classes(const ClipFormat *format, const guint8 *clip, const Tap *across,
                           guint width, const Tap *down, guint height, float *to)
{
    const guint8 *classes = clip_format_classes(format, clip);
    for (guint y = 0; y < height; y++) {
        const guint8 *row =
            classes + (gsize)format->width *
                          (down[y].weight > WEIGHT_ONE / 2 ? down[y].second : down[y].first);
        for (guint x = 0; x < width; x++)
            *to++ = row[across[x].weight > WEIGHT_ONE / 2 ? across[x].second : across[x].first];
    }
}

void augment_fill(const Augment *augment, const guint8 *clip, const ClipFocus *focus, guint64 epoch,
                  guint64 index, VdtTensor *to, guint n, float *classes)
{
    const ClipFormat *format = &augment->format;
    const gint64 *sides = to->shape.dims + to->shape.n_dims - 2;
    guint width = sides[1], height = sides[0];
    gsize area = (gsize)width * height;
    gboolean window = width != format->width || height != format->height;
    Recipe recipe;
    ClipFocus some = *focus;
    if (format->mapped && window && some.x0 >= some.x1)
        some = find_some_class(format, clip, random_seed3(augment->seed ^ 1, epoch, index));
    make_recipe(augment, &some, width, height, epoch, index, &recipe);
    g_autofree Tap *across =
        make_taps(width, format->width, recipe.left, recipe.scale, recipe.flip);
    g_autofree Tap *down = make_taps(height, format->height, recipe.top, recipe.scale, FALSE);
    g_autofree guint8 *mixed = g_malloc(3 * format->width);
    int gain = lrint(256 * recipe.noise);
    /* The columns that are seen, the only ones that need to be mixed. */
    guint first = MIN(across[0].first, across[width - 1].first);
    guint last = MAX(across[0].second, across[width - 1].second);
    guint begin = 3 * first, n_mixed = 3 * (last + 1 - first);
    /* Planes of one colour lie @frames pictures apart. */
    float *base = (float *)to->data + (gsize)n * 3 * format->frames * area;
    for (guint t = 0; t < format->frames; t++) {
        VdtPicture picture = clip_format_picture(format, clip, t);
        /* One frame repeated has the same noise in all: there is nothing to see in time. */
        guint64 state = random_seed3(recipe.random, MIN(t, format->stored - 1), 0);
        for (guint y = 0; y < height; y++) {
            const gint8 *noise = augment->noise + (random_next(&state) >> 32) % NOISE_SAMPLES;
            mix_rows(picture.data + down[y].first * picture.stride + begin,
                     picture.data + down[y].second * picture.stride + begin, down[y].weight,
                     noise + begin, gain, n_mixed, mixed + begin);
            spread_row(mixed, across, width, recipe.values, base + t * area + y * width,
                       format->frames * area);
        }
    }
    if (format->mapped)
        spread_classes(format, clip, across, width, down, height, classes);
}
