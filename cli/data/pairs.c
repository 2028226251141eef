/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pairs.h"

#include <string.h>

#include "random.h"
#include "runtime/pool.h"
#include "spoilkinds.h"

struct _Pairs {
    const Cache *clean;
    guint64 seed;
    guint batch, n_pictures;
    SpoilKind kinds[SPOIL_N_KINDS];
    guint n_kinds;
    guint32 *order; /* of @order_epoch */
    guint64 order_epoch;
};

Pairs *pairs_new(const Cache *clean, guint64 seed, guint batch, guint kinds)
{
    g_return_val_if_fail((kinds & PAIRS_ALL) != 0, NULL);
    g_return_val_if_fail(batch >= 1 && batch <= clip_set_get_n_clips(cache_get_set(clean)), NULL);
    Pairs *pairs = g_new0(Pairs, 1);
    pairs->clean = clean;
    pairs->seed = seed;
    pairs->batch = batch;
    pairs->n_pictures = clip_set_get_n_clips(cache_get_set(clean));
    for (guint i = 0; i < SPOIL_N_KINDS; i++)
        if (kinds & 1u << i)
            pairs->kinds[pairs->n_kinds++] = i;
    pairs->order = g_new(guint32, pairs->n_pictures);
    pairs->order_epoch = G_MAXUINT64;
    return pairs;
}

void pairs_free(Pairs *pairs)
{
    if (pairs == NULL)
        return;
    g_free(pairs->order);
    g_free(pairs);
}

guint64 pairs_per_epoch(const Pairs *pairs)
{
    return pairs->n_pictures / pairs->batch;
}

static void shuffle(Pairs *pairs, guint64 epoch)
{
    if (pairs->order_epoch == epoch)
        return;
    for (guint i = 0; i < pairs->n_pictures; i++)
        pairs->order[i] = i;
    guint64 state = random_seed3(pairs->seed, epoch, G_GUINT64_CONSTANT(0x5041495253));
    for (guint i = pairs->n_pictures - 1; i > 0; i--) {
        guint j = random_next(&state) % (i + 1);
        guint32 swap = pairs->order[i];
        pairs->order[i] = pairs->order[j];
        pairs->order[j] = swap;
    }
    pairs->order_epoch = epoch;
}

/* A window and its margin, turned around or not, as three planes. */
typedef struct {
    int left, top; /* of the window */
    int width, height, margin;
    gboolean flip;
} Window;

static void cut(const VdtPicture *picture, const Window *window, float *to)
{
    const int width = window->width + 2 * window->margin;
    const int height = window->height + 2 * window->margin;
    gsize area = (gsize)width * (gsize)height;
    for (int y = 0; y < height; y++) {
        int row = spoil_mirror(window->top - window->margin + y, (int)picture->height);
        const guint8 *from = picture->data + (gsize)row * picture->stride;
        for (int x = 0; x < width; x++) {
            int along = window->flip ? width - 1 - x : x;
            int column = spoil_mirror(window->left - window->margin + along, (int)picture->width);
            for (int c = 0; c < 3; c++)
                to[c * area + (gsize)y * (gsize)width + (gsize)x] = from[3 * column + c];
        }
    }
}

/* Three planes without their margin. */
static void trim(const float *from, const Window *window, float *to)
{
    const int m = window->margin, width = window->width + 2 * m, height = window->height + 2 * m;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < window->height; y++, to += window->width)
            memcpy(to, from + ((gsize)c * (gsize)height + (gsize)(y + m)) * (gsize)width + m,
                   (gsize)window->width * sizeof *to);
}

static void make_pair(const Cache *clean, guint picture, const Window *window, const Spoil *spoil,
                      float *spoiled, float *target)
{
    const ClipFormat *format = &cache_get_set(clean)->format;
    VdtPicture from = clip_format_picture(format, cache_get(clean, picture), 0);
    const guint width = (guint)(window->width + 2 * window->margin);
    const guint height = (guint)(window->height + 2 * window->margin);
    g_autofree float *planes = g_new(float, 3 * (gsize)width * height);
    cut(&from, window, planes);
    trim(planes, window, target);
    spoil_apply(spoil, planes, width, height);
    trim(planes, window, spoiled);
}

typedef struct {
    const Pairs *pairs;
    guint64 step, epoch;
    const guint32 *chosen; /* of all pictures, those of the batch */
    VdtTensor *spoiled, *clean;
    gint32 *restorations;
} Filling;

static void fill_pair(gconstpointer job, guint n, guint worker)
{
    const Filling *filling = job;
    const Pairs *pairs = filling->pairs;
    const ClipFormat *format = &cache_get_set(pairs->clean)->format;
    const gint64 *sides = filling->clean->shape.dims + 2;
    guint64 state = random_seed3(pairs->seed ^ filling->epoch, filling->step, n);
    Window window = {.width = (int)sides[1], .height = (int)sides[0], .margin = PAIRS_MARGIN};
    window.left = random_next(&state) % (format->width - (guint)sides[1] + 1);
    window.top = random_next(&state) % (format->height - (guint)sides[0] + 1);
    window.flip = random_next(&state) % 2;
    Spoil spoil = {.kind = pairs->kinds[(filling->step * pairs->batch + n) % pairs->n_kinds],
                   .strength = random_double(&state),
                   .seed = random_next(&state)};
    gsize size = 3 * (gsize)sides[0] * (gsize)sides[1];
    make_pair(pairs->clean, filling->chosen[n], &window, &spoil,
              (float *)filling->spoiled->data + n * size, (float *)filling->clean->data + n * size);
    filling->restorations[n] = (gint32)spoil.kind;
}

void pairs_fill(Pairs *pairs, guint64 step, VdtTensor *spoiled, VdtTensor *clean,
                gint32 *restorations)
{
    const ClipFormat *format = &cache_get_set(pairs->clean)->format;
    g_return_if_fail(clean->shape.n_dims == 4 && vdt_shape_equal(&spoiled->shape, &clean->shape));
    g_return_if_fail(clean->shape.dims[2] <= format->height &&
                     clean->shape.dims[3] <= format->width);
    guint64 per_epoch = pairs_per_epoch(pairs), epoch = step / per_epoch;
    shuffle(pairs, epoch);
    Filling filling = {.pairs = pairs,
                       .step = step,
                       .epoch = epoch,
                       .chosen = pairs->order + step % per_epoch * pairs->batch,
                       .spoiled = spoiled,
                       .clean = clean,
                       .restorations = restorations};
    vdt_pool_begin(VDT_MAX_WORKERS, NULL, NULL);
    vdt_pool_run(fill_pair, &filling, MIN(pairs->batch, clean->shape.dims[0]));
    vdt_pool_end();
}

double pairs_strength(guint i)
{
    /* Fractions of the golden ratio's multiples fill 0 to 1 evenly, however many there are. */
    double strength = (i + 0.5) * 0.6180339887498949;
    return strength - floor(strength);
}

void pairs_get(const Cache *clean, guint i, SpoilKind kind, float *spoiled, float *target)
{
    const ClipFormat *format = &cache_get_set(clean)->format;
    Window window = {.width = (int)format->width, .height = (int)format->height};
    Spoil spoil = {.kind = kind,
                   .strength = pairs_strength(i),
                   .seed = random_seed3(kind, i, G_GUINT64_CONSTANT(0x48454C44))};
    make_pair(clean, i, &window, &spoil, spoiled, target);
}
