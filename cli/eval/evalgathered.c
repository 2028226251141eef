/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalgathered.h"

#include <math.h>
#include <stdio.h>
#include <street.h>

#include "data/random.h"
#include "data/spoil.h"
#include "data/streetdraw.h"
#include "gather.h"
#include "progress.h"
#include "restore.h"
#include "score/psnr.h"

#define WIDTH    640
#define HEIGHT   360
#define AREA     (WIDTH * HEIGHT)
#define RATE     15 /* frames in a second */
#define SECOND   G_GINT64_CONSTANT(1000000000)
#define DURATION (12 * SECOND / 5)
/* Sides of what moves, in pixels, from which on it is measured. */
#define LEAST    12

/* Sums of PSNR (red, green and blue), of whole pictures and of what moves in them. */
typedef struct {
    double picture, moving, seconds;
} Sums;

enum { SPOILED, ALONE, GATHERED, N_WAYS };
static const char *const ways[N_WAYS] = {"spoiled", "alone", "gathered"};

typedef struct {
    const EvalOptions *o;
    VdtRestorer *restorer;
    VdtRestoreRequest request;
    VdtGather *gather;
    SpoilKind kind;
    guint n, n_moving;
    double anew; /* share of the pixels that began anew, a sum */
    Sums sums[N_WAYS];
    /* one clip's */
    guint8 *pixels, *clean; /* room to draw in; the newest frame */
    float *frame, *mean, *result;
    GArray *moving; /* of VdtPicture: the parts of @clean where something moves */
} Work;

static void work_clear(Work *work)
{
    vdt_restorer_free(work->restorer);
    g_clear_pointer(&work->gather, vdt_gather_free);
    g_free(work->pixels);
    g_free(work->clean);
    g_free(work->frame);
    g_free(work->mean);
    g_free(work->result);
    g_clear_pointer(&work->moving, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static VdtPicture whole(guint8 *rgb)
{
    return (VdtPicture){rgb, WIDTH, HEIGHT, 3 * WIDTH};
}

/* Whether @id is elsewhere than among @before. */
static gboolean has_moved(const VdtStreetObject *object, const GArray *before)
{
    for (guint i = 0; i < before->len; i++) {
        const VdtStreetObject *was = &g_array_index(before, VdtStreetObject, i);
        if (was->id == object->id)
            return hypot((was->x - object->x) * WIDTH, (was->y - object->y) * HEIGHT) > 1;
    }
    return TRUE;
}

/* Where something is that moves, and large enough to be measured. */
static void find_moving(Work *work, VdtStreet *street, gint64 time)
{
    const double aspect = (double)WIDTH / HEIGHT;
    g_autoptr(GArray) now = vdt_street_get_objects(street, time, aspect);
    g_autoptr(GArray) before = vdt_street_get_objects(street, time - SECOND / RATE, aspect);
    g_array_set_size(work->moving, 0);
    for (guint i = 0; i < now->len; i++) {
        const VdtStreetObject *box = &g_array_index(now, VdtStreetObject, i);
        guint x = (guint)floor(box->x * WIDTH), y = (guint)floor(box->y * HEIGHT);
        guint width = MIN((guint)ceil(box->width * WIDTH), WIDTH - x);
        guint height = MIN((guint)ceil(box->height * HEIGHT), HEIGHT - y);
        VdtPicture part = {work->clean + 3 * ((gsize)y * WIDTH + x), width, height, 3 * WIDTH};
        if (MIN(width, height) >= LEAST && has_moved(box, before))
            g_array_append_val(work->moving, part);
    }
}

static void measure(Work *work, const float *planes, double seconds, Sums *sums)
{
    VdtPicture result = whole(work->pixels), clean = whole(work->clean);
    vdt_restore_to_picture(planes, &result);
    sums->picture += psnr_of(PSNR_RGB, &result, &clean, 0);
    sums->seconds += seconds;
    for (guint i = 0; i < work->moving->len; i++) {
        const VdtPicture *true_part = &g_array_index(work->moving, VdtPicture, i);
        VdtPicture part = *true_part;
        part.data = work->pixels + (true_part->data - work->clean);
        sums->moving += psnr_of(PSNR_RGB, &part, true_part, 0);
    }
}

static gboolean restore(Work *work, const float *from, double *seconds, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    gboolean ok = vdt_restorer_run(work->restorer, &work->request, from, WIDTH, HEIGHT,
                                   work->result, NULL, error);
    *seconds += (g_get_monotonic_time() - begin) / 1e6;
    return ok;
}

/* The frames of one clip, of which the last is measured. */
static gboolean look_at(Work *work, guint clip, GError **error)
{
    const EvalOptions *o = work->o;
    guint64 state = random_seed3((guint64)o->seed, clip, G_GUINT64_CONSTANT(0x474154484552));
    VdtStreetClip what = vdt_street_list_clip((guint64)o->seed, clip, DURATION, NULL);
    what.conditions = (VdtStreetConditions){.night = random_double(&state) < 0.5 ? 0 : 1};
    Spoil spoil = {
        .kind = work->kind, .strength = (clip + 0.5) / o->clips, .seed = random_next(&state)};
    g_autoptr(VdtStreet) street = vdt_street_new_clip(&what);
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, WIDTH, HEIGHT);
    vdt_gather_reset(work->gather);
    VdtPicture picture = whole(work->clean);
    double gathering = 0, anew = 1, seconds = 0;
    gint64 time = 0;
    for (int i = 0; i < o->gather; i++) {
        time = DURATION / 3 + i * SECOND / RATE;
        street_draw_clean_rgb(painter, time, WIDTH, HEIGHT, work->clean);
        vdt_restore_from_picture(&picture, work->frame);
        spoil.moment = random_next(&state);
        spoil_apply(&spoil, work->frame, WIDTH, HEIGHT);
        gint64 begin = g_get_monotonic_time();
        anew = vdt_gather_add(work->gather, work->frame, work->mean);
        gathering = (g_get_monotonic_time() - begin) / 1e6;
    }
    find_moving(work, street, time);
    measure(work, work->frame, 0, &work->sums[SPOILED]);
    if (!restore(work, work->frame, &seconds, error))
        return FALSE;
    measure(work, work->result, seconds, &work->sums[ALONE]);
    seconds = gathering;
    if (!restore(work, work->mean, &seconds, error))
        return FALSE;
    measure(work, work->result, seconds, &work->sums[GATHERED]);
    work->n_moving += work->moving->len;
    work->anew += anew;
    work->n++;
    return TRUE;
}

static JsonObject *to_json(const Work *work)
{
    JsonObject *object = json_object_new();
    const char *const *names = vdt_restorer_get_restorations(work->restorer, NULL);
    json_object_set_string_member(object, "task", names[work->request.restoration]);
    json_object_set_int_member(object, "seed", work->o->seed);
    json_object_set_int_member(object, "gather", work->o->gather);
    json_object_set_int_member(object, "n", work->n);
    json_object_set_int_member(object, "n_moving", work->n_moving);
    json_object_set_double_member(object, "anew", work->anew / work->n);
    for (guint i = 0; i < N_WAYS; i++) {
        const Sums *sums = &work->sums[i];
        JsonObject *way = json_object_new();
        json_object_set_double_member(way, "psnr_rgb", sums->picture / work->n);
        json_object_set_double_member(way, "moving_psnr_rgb",
                                      sums->moving / MAX(work->n_moving, 1));
        json_object_set_double_member(way, "seconds", sums->seconds / work->n);
        json_object_set_object_member(object, ways[i], way);
    }
    return object;
}

static void print(const Work *work)
{
    g_print("%u clips, %u things that move; %.1f %% of the pixels began anew\n"
            "%-10s  PSNR(RGB)  of what moves       ms\n",
            work->n, work->n_moving, 100 * work->anew / work->n, "");
    for (guint i = 0; i < N_WAYS; i++)
        g_print("%-10s  %9.2f  %13.2f  %7.1f\n", ways[i], work->sums[i].picture / work->n,
                work->sums[i].moving / MAX(work->n_moving, 1),
                1e3 * work->sums[i].seconds / work->n);
}

static gboolean open_work(Work *work, VdtEngine *engine, GError **error)
{
    const EvalOptions *o = work->o;
    const VdtRestorerOptions usual = {0};
    work->restorer = vdt_restorer_new(engine, &usual, error);
    if (work->restorer == NULL)
        return FALSE;
    const char *const *names =
        vdt_restorer_get_restorations(work->restorer, &work->request.restoration);
    if (o->restoration != NULL &&
        !vdt_restorer_find(work->restorer, o->restoration, &work->request.restoration, error))
        return FALSE;
    work->request.strength = 1;
    if (!spoil_find(names[work->request.restoration], &work->kind, error))
        return FALSE;
    guint scale = vdt_restorer_get_scale(work->restorer, work->request.restoration, error);
    work->gather = vdt_gather_new(WIDTH, HEIGHT, (guint)o->gather);
    if (scale > 1 || (scale == 1 && work->gather == NULL))
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    scale > 1 ? "--gather is for tasks that keep the size of pictures"
                              : "there is no memory to gather frames");
    if (scale != 1 || work->gather == NULL)
        return FALSE;
    work->moving = g_array_new(FALSE, FALSE, sizeof(VdtPicture));
    work->pixels = g_malloc((gsize)4 * AREA);
    work->clean = g_malloc((gsize)4 * AREA);
    work->frame = g_new(float, (gsize)3 * AREA);
    work->mean = g_new(float, (gsize)3 * AREA);
    work->result = g_new(float, (gsize)3 * AREA);
    return vdt_restorer_prepare(work->restorer, &work->request, WIDTH, HEIGHT, error);
}

gboolean eval_gathered(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_auto(Work) work = {.o = o};
    if (!eval_check_seed(o, card, error) || !open_work(&work, engine, error))
        return FALSE;
    g_autoptr(Progress) progress = progress_new();
    progress_begin(progress, "evaluating", "clips", 0, o->clips);
    gboolean ok = TRUE;
    for (int i = 0; i < o->clips && ok; i++) {
        ok = look_at(&work, i, error);
        progress_update(progress, i + 1, NULL);
    }
    progress_end(progress);
    if (ok && o->json)
        eval_print_json(o, card, to_json(&work));
    else if (ok)
        print(&work);
    return ok;
}
