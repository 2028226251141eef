/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalrestored.h"

#include "config.h"
#if HAVE_GST
#include <stdio.h>
#include <time.h>

#include "data/spoil.h"
#include "io/atomic-file.h"
#include "progress.h"
#include "restore.h"
#include "restoredpairs.h"
#include "score/psnr.h"
#include "score/ssim.h"

/* What is measured of a picture, or the means of all. */
typedef struct {
    double luma, rgb, ssim;
} Measures;

/* How well one task is done. */
typedef struct {
    const char *name; /* the card's */
    guint restoration, scale;
    PairSpoil spoil;
    guint n;
    Measures after, before;      /* sums; before: of what keeps its size */
    double seconds, cpu_seconds; /* of restoring alone */
} Task;

typedef struct {
    const EvalOptions *o;
    VdtRestorer *restorer;
    PairSource source;
    Task *tasks;
    guint n_tasks;
    GString *answers;
    Progress *progress;
} Work;

static void work_clear(Work *work)
{
    vdt_restorer_free(work->restorer);
    pair_source_clear(&work->source);
    g_free(work->tasks);
    if (work->answers != NULL)
        g_string_free(work->answers, TRUE);
    g_clear_pointer(&work->progress, progress_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

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

/* Over all tasks. */
static Measures mean_of_tasks(const Work *work)
{
    Measures sum = {0};
    for (guint i = 0; i < work->n_tasks; i++) {
        Measures mean = mean_of(&work->tasks[i].after, work->tasks[i].n);
        add(&sum, &mean);
    }
    return mean_of(&sum, work->n_tasks);
}

/* So small that a window of SSIM does not fit. */
static gboolean check_size(const EvalPair *pair, guint margin, GError **error)
{
    guint least = SSIM_WINDOW + 2 * margin;
    if (pair->target.width >= least && pair->target.height >= least)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                "%s: the true picture has %ux%u pixels, but is measured from %ux%u on", pair->name,
                pair->target.width, pair->target.height, least, least);
    return FALSE;
}

static void keep_answer(Work *work, const Task *task, const char *picture, const Measures *after,
                        const Measures *before, double seconds)
{
    g_autofree char *of = printable(task->name), *name = printable(picture);
    g_string_append_printf(work->answers, "%s\t%s\t%.4f\t%.4f\t%.5f", of, name, after->luma,
                           after->rgb, after->ssim);
    if (task->scale == 1)
        g_string_append_printf(work->answers, "\t%.4f\t%.4f\t%.5f", before->luma, before->rgb,
                               before->ssim);
    else
        g_string_append(work->answers, "\t-\t-\t-");
    g_string_append_printf(work->answers, "\t%.3f\n", seconds);
}

static gboolean look_at(Work *work, Task *task, guint number, GError **error)
{
    g_auto(EvalPair) pair = {0};
    guint margin = task->scale > 1 ? task->scale : 0;
    if (!pair_source_get(&work->source, number, &task->spoil, &pair, error) ||
        !check_size(&pair, margin, error))
        return FALSE;
    gsize n = (gsize)3 * pair.target.width * pair.target.height;
    g_autofree float *restored = g_try_new(float, n);
    g_autofree guint8 *pixels = g_try_new(guint8, n);
    if (restored == NULL || pixels == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: no memory for its pixels", pair.name);
        return FALSE;
    }
    const VdtRestoreRequest request = {task->restoration, 1, NULL};
    if (!vdt_restorer_prepare(work->restorer, &request, pair.width, pair.height, error))
        return FALSE;
    gint64 begin = g_get_monotonic_time();
    clock_t cpu = clock();
    if (!vdt_restorer_run(work->restorer, &request, pair.spoiled, pair.width, pair.height, restored,
                          NULL, error)) {
        g_prefix_error(error, "%s: ", pair.name);
        return FALSE;
    }
    double seconds = (g_get_monotonic_time() - begin) / 1e6;
    task->cpu_seconds += (double)(clock() - cpu) / CLOCKS_PER_SEC;
    VdtPicture result = {pixels, pair.target.width, pair.target.height,
                         (gsize)3 * pair.target.width};
    vdt_restore_to_picture(restored, &result);
    Measures after = measure(&result, &pair.target, margin), before = {0};
    if (task->scale == 1) {
        vdt_restore_to_picture(pair.spoiled, &result);
        before = measure(&result, &pair.target, margin);
    }
    add(&task->after, &after);
    add(&task->before, &before);
    task->seconds += seconds;
    task->n++;
    keep_answer(work, task, pair.name, &after, &before, seconds);
    return TRUE;
}

static void set_measures(JsonObject *object, const Measures *m)
{
    json_object_set_double_member(object, "psnr_y", m->luma);
    json_object_set_double_member(object, "psnr_rgb", m->rgb);
    json_object_set_double_member(object, "ssim", m->ssim);
}

static JsonObject *task_to_json(const Task *task)
{
    JsonObject *object = json_object_new();
    Measures after = mean_of(&task->after, task->n), before = mean_of(&task->before, task->n);
    json_object_set_int_member(object, "n", task->n);
    json_object_set_int_member(object, "scale", task->scale);
    if (task->spoil.sigma > 0)
        json_object_set_double_member(object, "sigma", task->spoil.sigma);
    set_measures(object, &after);
    if (task->scale == 1) {
        JsonObject *was = json_object_new();
        set_measures(was, &before);
        json_object_set_object_member(object, "before", was);
    }
    json_object_set_double_member(object, "seconds", task->seconds / task->n);
    json_object_set_double_member(object, "cpu_seconds", task->cpu_seconds / task->n);
    return object;
}

static JsonObject *to_json(const Work *work)
{
    JsonObject *object = json_object_new(), *tasks = json_object_new();
    Measures mean = mean_of_tasks(work);
    for (guint i = 0; i < work->n_tasks; i++)
        json_object_set_object_member(tasks, work->tasks[i].name, task_to_json(&work->tasks[i]));
    json_object_set_int_member(object, "seed", work->o->seed);
    json_object_set_boolean_member(object, "authors_tiles", work->o->authors_tiles);
    json_object_set_boolean_member(object, "ensemble", work->o->ensemble);
    set_measures(object, &mean);
    json_object_set_object_member(object, "tasks", tasks);
    return object;
}

static void print_measures(const Measures *m)
{
    g_print("  %7.2f  %9.2f  %.4f", m->luma, m->rgb, m->ssim);
}

static void print(const Work *work)
{
    guint wide = 8;
    for (guint i = 0; i < work->n_tasks; i++)
        wide = MAX(wide, text_width(work->tasks[i].name));
    g_print("%u pictures for each task\n%*s  before:                     restored:\n"
            "%*s  PSNR(Y)  PSNR(RGB)    SSIM  PSNR(Y)  PSNR(RGB)    SSIM  seconds\n",
            work->source.n, wide, "", wide, "");
    for (guint i = 0; i < work->n_tasks; i++) {
        const Task *task = &work->tasks[i];
        g_autofree char *name = printable(task->name), *padded = text_pad(name, wide);
        Measures after = mean_of(&task->after, task->n), before = mean_of(&task->before, task->n);
        g_print("%s", padded);
        if (task->scale == 1)
            print_measures(&before);
        else
            g_print("  %7s  %9s  %6s", "", "", "");
        print_measures(&after);
        g_print("  %7.2f\n", task->seconds / task->n);
    }
}

static gboolean run_all(Work *work, GError **error)
{
    guint all = work->n_tasks * work->source.n, done = 0;
    gboolean ok = TRUE;
    progress_begin(work->progress, "evaluating", "pictures", 0, all);
    for (guint i = 0; i < work->n_tasks && ok; i++)
        for (guint k = 0; k < work->source.n && ok; k++) {
            ok = look_at(work, &work->tasks[i], k, error);
            progress_update(work->progress, ++done, NULL);
        }
    progress_end(work->progress);
    return ok;
}

static gboolean add_task(Work *work, guint restoration, GError **error)
{
    Task *task = &work->tasks[work->n_tasks];
    *task = (Task){.restoration = restoration};
    task->name = vdt_restorer_get_restorations(work->restorer, NULL)[restoration];
    task->scale = vdt_restorer_get_scale(work->restorer, restoration, error);
    if (task->scale == 0)
        return FALSE;
    work->n_tasks++;
    return TRUE;
}

/* The task that is named, or all that true pictures can be spoiled for, or the usual one. */
static gboolean choose_tasks(Work *work, GError **error)
{
    guint usual, named;
    const char *const *names = vdt_restorer_get_restorations(work->restorer, &usual);
    work->tasks = g_new(Task, g_strv_length((GStrv)names));
    if (work->o->restoration != NULL)
        return vdt_restorer_find(work->restorer, work->o->restoration, &named, error) &&
               add_task(work, named, error);
    SpoilKind kind;
    for (guint i = 0; names[i] != NULL && (work->o->street || work->o->sigma == 0); i++)
        if (spoil_find(names[i], &kind, NULL) && !add_task(work, i, error))
            return FALSE;
    return work->n_tasks > 0 || add_task(work, usual, error);
}

/* Where there are spoiled pictures, they are spoiled in one way, and one task has to undo it. */
static gboolean open_source(Work *work, GError **error)
{
    const EvalOptions *o = work->o;
    if (o->street)
        return pair_source_open_street(&work->source, o, work->progress, error);
    if (!pair_source_open_folder(&work->source, o, work->tasks[0].scale, error))
        return FALSE;
    if (work->n_tasks > 1 && !pair_source_is_alone(&work->source)) {
        guint usual;
        vdt_restorer_get_restorations(work->restorer, &usual);
        work->n_tasks = 0;
        return add_task(work, usual, error);
    }
    return TRUE;
}

static gboolean open_work(Work *work, VdtEngine *engine, GError **error)
{
    const EvalOptions *o = work->o;
    const VdtRestorerOptions options = {.authors_tiles = o->authors_tiles, .ensemble = o->ensemble};
    work->progress = progress_new();
    work->restorer = vdt_restorer_new(engine, &options, error);
    if (work->restorer == NULL || !choose_tasks(work, error) || !open_source(work, error))
        return FALSE;
    for (guint i = 0; i < work->n_tasks; i++)
        if (!pair_source_find_spoil(&work->source, work->tasks[i].name, work->tasks[i].scale,
                                    o->sigma, &work->tasks[i].spoil, error))
            return FALSE;
    work->answers = g_string_new("task\tpicture\tpsnr_y\tpsnr_rgb\tssim\tbefore_psnr_y\t"
                                 "before_psnr_rgb\tbefore_ssim\tseconds\n");
    return TRUE;
}

gboolean eval_restored(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_auto(Work) work = {.o = o};
    if (o->street && !eval_check_seed(o, card, error))
        return FALSE;
    g_autoptr(VdtAtomicFile) file =
        o->answers != NULL ? vdt_atomic_file_new(o->answers, error) : NULL;
    if ((o->answers != NULL && file == NULL) || !eval_check_record(o, error) ||
        !open_work(&work, engine, error) || !run_all(&work, error))
        return FALSE;
    if (o->json)
        eval_print_json(o, card, to_json(&work));
    else
        print(&work);
    fflush(stdout); /* which may also be where the answers go */
    if (file != NULL &&
        !(vdt_atomic_file_write(file, work.answers->str, work.answers->len, error) &&
          vdt_atomic_file_commit(file, error)))
        return FALSE;
    return eval_record(o, to_json(&work), error);
}
#else
gboolean eval_restored(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "this build has no GStreamer and reads no pictures");
    return FALSE;
}
#endif
