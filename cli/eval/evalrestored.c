/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalrestored.h"

#include "config.h"
#if HAVE_GST
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/bicubic.h"
#include "data/media.h"
#include "data/pairfolder.h"
#include "data/random.h"
#include "io/atomic-file.h"
#include "progress.h"
#include "restore.h"
#include "score/psnr.h"
#include "score/ssim.h"

/* What is measured of a picture, or the means of all. */
typedef struct {
    double luma, rgb, ssim;
} Measures;

typedef struct {
    const EvalOptions *o;
    VdtRestorer *restorer;
    guint restoration, scale;
    double sigma; /* of the noise that is added to true pictures; 0: none is */
    GString *answers;
    guint n;
    Measures after, before; /* sums; before: of what keeps its size */
    double seconds;
} Work;

static void picture_clear(VdtPicture *picture)
{
    g_free(picture->data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdtPicture, picture_clear)

static gboolean allocate(VdtPicture *picture, guint width, guint height, GError **error)
{
    *picture =
        (VdtPicture){g_try_malloc((gsize)3 * width * height), width, height, (gsize)3 * width};
    if (picture->data == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no memory for a picture of %u x %u", width,
                    height);
    return picture->data != NULL;
}

/* The part at the top left of that size. */
static void copy_pixels(const VdtPicture *from, VdtPicture *to)
{
    for (guint y = 0; y < to->height; y++)
        memcpy(to->data + y * to->stride, from->data + y * from->stride, (gsize)3 * to->width);
}

static gboolean take(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                     GError **error)
{
    VdtPicture *to = data;
    if (allocate(to, picture->width, picture->height, error))
        copy_pixels(picture, to);
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
static gboolean crop(VdtPicture *target, const Pair *pair, guint width, guint height, guint scale,
                     GError **error)
{
    if (target->width < width || target->height < height || target->width >= width + scale ||
        target->height >= height + scale) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: has %ux%u pixels, but what is made of %s has %ux%u", pair->target,
                    target->width, target->height, pair->name, width, height);
        return FALSE;
    }
    target->width = width;
    target->height = height;
    return TRUE;
}

/* Gaussian noise, which depends on the seed, the picture's number and the place alone. */
static void add_noise(float *planes, gsize n, double sigma, guint64 seed, guint number)
{
    guint64 state = random_seed3(seed, number, n);
    for (gsize i = 0; i < n; i++) {
        double radius = sqrt(-2 * log(1 - random_double(&state)));
        double noise = radius * cos(2 * G_PI * random_double(&state));
        planes[i] = CLAMP(planes[i] + sigma * noise, 0, 255);
    }
}

/* What the network gets, and the true picture, cropped to what comes of it. */
static gboolean make_input(const Work *work, const Pair *pair, guint number, VdtPicture *target,
                           VdtPicture *input, GError **error)
{
    guint scale = work->scale;
    if (!load(pair->target, target, error))
        return FALSE;
    if (pair->spoiled != NULL)
        return load(pair->spoiled, input, error) &&
               crop(target, pair, input->width * scale, input->height * scale, scale, error);
    target->width -= target->width % scale;
    target->height -= target->height % scale;
    if (!allocate(input, target->width / scale, target->height / scale, error))
        return FALSE;
    bicubic_reduce(target, scale, input);
    return TRUE;
}

static Measures measure(const VdtPicture *a, const VdtPicture *b, guint margin)
{
    return (Measures){psnr_of(PSNR_LUMA, a, b, margin), psnr_of(PSNR_RGB, a, b, margin),
                      ssim_of(a, b, margin)};
}

static void add(Measures *sum, const Measures *m)
{
    sum->luma += m->luma;
    sum->rgb += m->rgb;
    sum->ssim += m->ssim;
}

static Measures mean_of(const Measures *sum, guint n)
{
    return (Measures){sum->luma / n, sum->rgb / n, sum->ssim / n};
}

/* So small that a window of SSIM does not fit. */
static gboolean check_size(const Pair *pair, const VdtPicture *target, guint margin, GError **error)
{
    guint least = SSIM_WINDOW + 2 * margin;
    if (target->width >= least && target->height >= least)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                "%s: has %ux%u pixels, but is measured from %ux%u on", pair->target, target->width,
                target->height, least, least);
    return FALSE;
}

static gboolean look_at(Work *work, const Pair *pair, guint number, GError **error)
{
    g_auto(VdtPicture) target = {0}, input = {0}, result = {0};
    guint scale = work->scale, margin = scale > 1 ? scale : 0;
    if (!make_input(work, pair, number, &target, &input, error) ||
        !check_size(pair, &target, margin, error) ||
        !allocate(&result, target.width, target.height, error))
        return FALSE;
    gsize n = (gsize)3 * input.width * input.height;
    g_autofree float *planes = g_try_new(float, n);
    g_autofree float *restored = g_try_new(float, n *scale *scale);
    if (planes == NULL || restored == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: no memory for its pixels", pair->name);
        return FALSE;
    }
    vdt_restore_from_picture(&input, planes);
    if (pair->spoiled == NULL && work->sigma > 0)
        add_noise(planes, n, work->sigma, work->o->seed, number);
    gint64 begin = g_get_monotonic_time();
    const VdtRestoreRequest request = {work->restoration, 1, NULL};
    if (!vdt_restorer_run(work->restorer, &request, planes, input.width, input.height, restored,
                          NULL, error)) {
        g_prefix_error(error, "%s: ", pair->name);
        return FALSE;
    }
    double seconds = (g_get_monotonic_time() - begin) / 1e6;
    vdt_restore_to_picture(restored, &result);
    Measures after = measure(&result, &target, margin), before = {0};
    if (scale == 1) {
        vdt_restore_to_picture(planes, &input);
        before = measure(&input, &target, margin);
    }
    add(&work->after, &after);
    add(&work->before, &before);
    work->seconds += seconds;
    work->n++;
    g_autofree char *name = printable(pair->name);
    g_string_append_printf(work->answers, "%s\t%.4f\t%.4f\t%.5f", name, after.luma, after.rgb,
                           after.ssim);
    if (scale == 1)
        g_string_append_printf(work->answers, "\t%.4f\t%.4f\t%.5f", before.luma, before.rgb,
                               before.ssim);
    else
        g_string_append(work->answers, "\t-\t-\t-");
    g_string_append_printf(work->answers, "\t%.3f\n", seconds);
    return TRUE;
}

/* The noise that clean pictures get: what is said, or what the task's name ends in. */
static gboolean find_sigma(Work *work, const char *name, gboolean alone, GError **error)
{
    gsize digits = strlen(name);
    while (digits > 0 && g_ascii_isdigit(name[digits - 1]))
        digits--;
    if (!alone || work->scale > 1) {
        if (work->o->sigma <= 0)
            return TRUE;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--sigma is of the noise that true pictures get; %s",
                    alone ? "these are made smaller" : "this folder has spoiled ones");
        return FALSE;
    }
    work->sigma = work->o->sigma > 0 ? work->o->sigma : g_ascii_strtod(name + digits, NULL);
    if (work->sigma > 0 && work->sigma <= 255)
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s: has true pictures alone, and \"%s\" does not say how much noise they get: "
                "--sigma does, or folders such as rain/ and norain/ have both",
                work->o->data, name);
    return FALSE;
}

static void set_measures(JsonObject *object, const Measures *m)
{
    json_object_set_double_member(object, "psnr_y", m->luma);
    json_object_set_double_member(object, "psnr_rgb", m->rgb);
    json_object_set_double_member(object, "ssim", m->ssim);
}

static JsonObject *to_json(const Work *work, const char *task)
{
    JsonObject *object = json_object_new();
    Measures after = mean_of(&work->after, work->n), before = mean_of(&work->before, work->n);
    json_object_set_string_member(object, "task", task);
    json_object_set_int_member(object, "n", work->n);
    json_object_set_int_member(object, "scale", work->scale);
    if (work->sigma > 0) {
        json_object_set_double_member(object, "sigma", work->sigma);
        json_object_set_int_member(object, "seed", work->o->seed);
    }
    json_object_set_boolean_member(object, "authors_tiles", work->o->authors_tiles);
    json_object_set_boolean_member(object, "ensemble", work->o->ensemble);
    set_measures(object, &after);
    if (work->scale == 1) {
        JsonObject *was = json_object_new();
        set_measures(was, &before);
        json_object_set_object_member(object, "before", was);
    }
    json_object_set_double_member(object, "seconds", work->seconds / work->n);
    return object;
}

static void print_row(const char *name, const Measures *m)
{
    g_print("%-8s  %7.2f  %9.2f  %.4f\n", name, m->luma, m->rgb, m->ssim);
}

static void print(const Work *work, const char *task)
{
    Measures after = mean_of(&work->after, work->n), before = mean_of(&work->before, work->n);
    g_autofree char *name = printable(task);
    g_print("%u pictures, %s", work->n, name);
    if (work->sigma > 0)
        g_print(", noise of %g", work->sigma);
    g_print(", %.2f s each\n", work->seconds / work->n);
    g_print("          PSNR(Y)  PSNR(RGB)    SSIM\n");
    if (work->scale == 1)
        print_row("before", &before);
    print_row("restored", &after);
}

static gboolean open_work(Work *work, VdtEngine *engine, const char **name, GError **error)
{
    const VdtRestorerOptions options = {.authors_tiles = work->o->authors_tiles,
                                        .ensemble = work->o->ensemble};
    work->restorer = vdt_restorer_new(engine, &options, error);
    if (work->restorer == NULL)
        return FALSE;
    const char *const *names = vdt_restorer_get_restorations(work->restorer, &work->restoration);
    if (work->o->restoration != NULL &&
        !vdt_restorer_find(work->restorer, work->o->restoration, &work->restoration, error))
        return FALSE;
    *name = names[work->restoration];
    work->scale = vdt_restorer_get_scale(work->restorer, work->restoration, error);
    return work->scale > 0;
}

static void work_clear(Work *work)
{
    vdt_restorer_free(work->restorer);
    if (work->answers != NULL)
        g_string_free(work->answers, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static gboolean run_all(Work *work, const GPtrArray *pairs, GError **error)
{
    g_autoptr(Progress) progress = progress_new();
    gboolean ok = TRUE;
    progress_begin(progress, "evaluating", "pictures", 0, pairs->len);
    for (guint i = 0; i < pairs->len && ok; i++) {
        ok = look_at(work, pairs->pdata[i], i, error);
        progress_update(progress, i + 1, NULL);
    }
    progress_end(progress);
    return ok;
}

gboolean eval_restored(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    g_auto(Work) work = {.o = o};
    const char *name;
    if (o->street)
        return eval_wrong_model(error, "%s restores pictures: --data has spoiled and true ones",
                                vdt_engine_get_card(engine)->name);
    g_autoptr(VdtAtomicFile) file =
        o->answers != NULL ? vdt_atomic_file_new(o->answers, error) : NULL;
    if ((o->answers != NULL && file == NULL) || !eval_check_record(o, error) ||
        !open_work(&work, engine, &name, error))
        return FALSE;
    g_autoptr(GPtrArray) pairs = pair_folder_list(o->data, work.scale, error);
    if (pairs == NULL ||
        !find_sigma(&work, name, ((const Pair *)pairs->pdata[0])->spoiled == NULL, error))
        return FALSE;
    work.answers = g_string_new("picture\tpsnr_y\tpsnr_rgb\tssim\tbefore_psnr_y\tbefore_psnr_rgb\t"
                                "before_ssim\tseconds\n");
    if (!run_all(&work, pairs, error))
        return FALSE;
    if (o->json)
        eval_print_json(o, vdt_engine_get_card(engine), to_json(&work, name));
    else
        print(&work, name);
    fflush(stdout); /* which may also be where the answers go */
    if (file != NULL &&
        !(vdt_atomic_file_write(file, work.answers->str, work.answers->len, error) &&
          vdt_atomic_file_commit(file, error)))
        return FALSE;
    return eval_record(o, to_json(&work, name), error);
}
#else
gboolean eval_restored(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads no pictures", o->data);
    return FALSE;
}
#endif
