/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restoredpairs.h"

#include <math.h>
#include <string.h>

#include "data/bicubic.h"
#include "data/cleanpictures.h"
#include "data/media.h"
#include "data/pairs.h"
#include "data/random.h"
#include "restore.h"

#define MAX_STREET_BYTES (G_GUINT64_CONSTANT(4) << 30)

void pair_source_clear(PairSource *self)
{
    g_clear_pointer(&self->pairs, g_ptr_array_unref);
    g_clear_pointer(&self->clean, cache_free);
    g_clear_pointer(&self->set, clip_set_free);
}

void eval_pair_clear(EvalPair *pair)
{
    g_free(pair->name);
    g_free(pair->spoiled);
    g_free(pair->target.data);
}

gboolean pair_source_open_folder(PairSource *self, const EvalOptions *o, guint scale,
                                 GError **error)
{
    *self = (PairSource){.seed = o->seed, .data = o->data};
    self->pairs = pair_folder_list(o->data, scale, error);
    if (self->pairs == NULL)
        return FALSE;
    self->n = self->pairs->len;
    return TRUE;
}

gboolean pair_source_open_street(PairSource *self, const EvalOptions *o, Progress *progress,
                                 GError **error)
{
    const CacheOptions options = {.in_memory = TRUE, .max_bytes = MAX_STREET_BYTES};
    *self = (PairSource){.seed = o->seed, .n = o->clips};
    self->set =
        clean_pictures_new(o->seed, 0, o->clips, CLEAN_PICTURES_WIDTH, CLEAN_PICTURES_HEIGHT);
    self->clean = cache_new(self->set, &options, "drawing pictures", progress, NULL, error);
    return self->clean != NULL;
}

gboolean pair_source_is_alone(const PairSource *self)
{
    return self->pairs == NULL || ((const Pair *)self->pairs->pdata[0])->spoiled == NULL;
}

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean refuse(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
    return FALSE;
}

/* The number that @name ends in, or 0. */
static double number_of(const char *name)
{
    gsize digits = strlen(name);
    while (digits > 0 && g_ascii_isdigit(name[digits - 1]))
        digits--;
    return g_ascii_strtod(name + digits, NULL);
}

gboolean pair_source_find_spoil(const PairSource *self, const char *task, guint scale, double sigma,
                                PairSpoil *spoil, GError **error)
{
    SpoilKind kind;
    gboolean alone = pair_source_is_alone(self), known = spoil_find(task, &kind, NULL);
    *spoil = (PairSpoil){.scale = scale, .spoil = -1};
    if (sigma > 0 && (!alone || scale > 1 || self->pairs == NULL))
        return refuse(error, "--sigma is of the noise that a folder's true pictures get; %s",
                      self->pairs == NULL ? "the street's are spoiled in other ways"
                      : alone             ? "these are made smaller"
                                          : "this folder has spoiled ones");
    if (self->pairs == NULL && (!known || scale > 1)) {
        g_autofree char *all = g_strjoinv(", ", (char **)spoil_names);
        return refuse(error, "the street's pictures are spoiled by one of %s, but the task is %s",
                      all, task);
    }
    if (!alone || scale > 1)
        return TRUE;
    if (sigma == 0 && known) {
        spoil->spoil = kind;
        return TRUE;
    }
    spoil->sigma = sigma > 0 ? sigma : number_of(task);
    if (spoil->sigma > 0 && spoil->sigma <= 255)
        return TRUE;
    return refuse(error,
                  "%s: has true pictures alone, and \"%s\" does not say how they are spoiled: "
                  "--sigma does, or folders such as rain/ and norain/ have both",
                  self->data, task);
}

static gboolean allocate(VdtPicture *picture, guint width, guint height, GError **error)
{
    *picture =
        (VdtPicture){g_try_malloc((gsize)3 * width * height), width, height, (gsize)3 * width};
    if (picture->data == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no memory for a picture of %u x %u", width,
                    height);
    return picture->data != NULL;
}

static gboolean allocate_planes(EvalPair *pair, guint width, guint height, GError **error)
{
    pair->width = width;
    pair->height = height;
    pair->spoiled = g_try_new(float, (gsize)3 * width * height);
    if (pair->spoiled == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no memory for a picture of %u x %u", width,
                    height);
    return pair->spoiled != NULL;
}

static gboolean take(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                     GError **error)
{
    VdtPicture *to = data;
    if (!allocate(to, picture->width, picture->height, error))
        return FALSE;
    for (guint y = 0; y < to->height; y++)
        memcpy(to->data + y * to->stride, picture->data + y * picture->stride, to->stride);
    return FALSE;
}

static gboolean load(const char *path, VdtPicture *picture, GError **error)
{
    if (!media_decode(path, take, picture, error))
        return FALSE;
    if (picture->data == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", path);
    return picture->data != NULL;
}

/* The true picture is as large as the result; some data sets have a few pixels more. */
static gboolean crop(const Pair *names, guint scale, EvalPair *pair, GError **error)
{
    VdtPicture *target = &pair->target;
    guint width = pair->width * scale, height = pair->height * scale;
    if (target->width < width || target->height < height || target->width >= width + scale ||
        target->height >= height + scale) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: has %ux%u pixels, but what is made of %s has %ux%u", names->target,
                    target->width, target->height, names->name, width, height);
        return FALSE;
    }
    target->width = width;
    target->height = height;
    return TRUE;
}

/* Gaussian noise, which depends on the seed, the picture's number and the place alone. */
static void add_noise(EvalPair *pair, double sigma, guint64 seed, guint number)
{
    gsize n = (gsize)3 * pair->width * pair->height;
    guint64 state = random_seed3(seed, number, n);
    for (gsize i = 0; i < n; i++) {
        double radius = sqrt(-2 * log(1 - random_double(&state)));
        double noise = radius * cos(2 * G_PI * random_double(&state));
        pair->spoiled[i] = CLAMP(pair->spoiled[i] + sigma * noise, 0, 255);
    }
}

static gboolean get_spoiled(const Pair *names, guint scale, EvalPair *pair, GError **error)
{
    VdtPicture spoiled = {0};
    gboolean ok = load(names->spoiled, &spoiled, error) &&
                  allocate_planes(pair, spoiled.width, spoiled.height, error) &&
                  crop(names, scale, pair, error);
    if (ok)
        vdt_restore_from_picture(&spoiled, pair->spoiled);
    g_free(spoiled.data);
    return ok;
}

static gboolean make_smaller(guint scale, EvalPair *pair, GError **error)
{
    VdtPicture smaller = {0};
    pair->target.width -= pair->target.width % scale;
    pair->target.height -= pair->target.height % scale;
    guint width = pair->target.width / scale, height = pair->target.height / scale;
    gboolean ok =
        allocate(&smaller, width, height, error) && allocate_planes(pair, width, height, error);
    if (ok) {
        bicubic_reduce(&pair->target, scale, &smaller);
        vdt_restore_from_picture(&smaller, pair->spoiled);
    }
    g_free(smaller.data);
    return ok;
}

static gboolean get_of_folder(const PairSource *self, guint i, const PairSpoil *how, EvalPair *pair,
                              GError **error)
{
    const Pair *names = self->pairs->pdata[i];
    pair->name = g_strdup(names->name);
    if (!load(names->target, &pair->target, error))
        return FALSE;
    if (names->spoiled != NULL)
        return get_spoiled(names, how->scale, pair, error);
    if (how->scale > 1)
        return make_smaller(how->scale, pair, error);
    if (!allocate_planes(pair, pair->target.width, pair->target.height, error))
        return FALSE;
    vdt_restore_from_picture(&pair->target, pair->spoiled);
    if (how->spoil < 0) {
        add_noise(pair, how->sigma, self->seed, i);
        return TRUE;
    }
    const Spoil spoil = {.kind = (SpoilKind)how->spoil,
                         .strength = pairs_strength(i),
                         .seed = random_seed3(self->seed, i, how->spoil)};
    spoil_apply(&spoil, pair->spoiled, pair->width, pair->height);
    return TRUE;
}

static gboolean get_of_street(const PairSource *self, guint i, const PairSpoil *how, EvalPair *pair,
                              GError **error)
{
    const ClipFormat *format = &self->set->format;
    g_autofree float *target = g_new(float, (gsize)3 * format->width * format->height);
    pair->name = g_strdup_printf("street:%u", i);
    if (!allocate_planes(pair, format->width, format->height, error) ||
        !allocate(&pair->target, format->width, format->height, error))
        return FALSE;
    pairs_get(self->clean, i, (SpoilKind)how->spoil, pair->spoiled, target);
    vdt_restore_to_picture(target, &pair->target);
    return TRUE;
}

gboolean pair_source_get(const PairSource *self, guint i, const PairSpoil *spoil, EvalPair *pair,
                         GError **error)
{
    *pair = (EvalPair){0};
    return (self->pairs != NULL ? get_of_folder : get_of_street)(self, i, spoil, pair, error);
}
