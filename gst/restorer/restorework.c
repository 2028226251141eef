/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restorework.h"

#include <math.h>
#include <string.h>

#include "resize.h"

guint vdt_restore_steps_scale(const VdtRestoreSteps *steps)
{
    guint scale = 1;

    for (guint i = 0; i < steps->n; i++)
        scale *= steps->scale[i];
    return scale;
}

/* --- Life ----------------------------------------------------------------------------------- */

/* What is in it is lost. */
static gboolean make_room(VdtRestoreRoom *room, gsize floats, GError **error)
{
    if (floats <= room->room)
        return TRUE;
    g_free(room->floats);
    room->floats = g_try_new(float, floats);
    room->room = room->floats ? floats : 0;
    if (room->floats)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "restoring takes %" G_GSIZE_FORMAT " bytes more, which are not to be had",
                floats * sizeof(float));
    return FALSE;
}

static gsize floats_of(VdtPlaneSize size)
{
    return (gsize)3 * size.width * size.height;
}

VdtRestoreWork *vdt_restore_work_new(VdtRestoreWait *wait)
{
    VdtRestoreWork *work = g_atomic_rc_box_new0(VdtRestoreWork);

    work->patches = g_array_new(FALSE, FALSE, sizeof(VdtRestorePatch));
    work->look = g_byte_array_new();
    work->wait = wait;
    return work;
}

VdtRestoreWork *vdt_restore_work_ref(VdtRestoreWork *work)
{
    return g_atomic_rc_box_acquire(work);
}

static void clear(gpointer data)
{
    VdtRestoreWork *work = data;

    g_array_unref(work->patches);
    g_byte_array_unref(work->look);
    g_free(work->picture.floats);
    g_free(work->result.floats);
    g_free(work->means.floats);
    g_free(work->between.floats);
    g_free(work->patch.floats);
    g_free(work->small.floats);
    g_free(work->smaller_result.floats);
}

void vdt_restore_work_unref(gpointer work)
{
    g_atomic_rc_box_release_full(work, clear);
}

void vdt_restore_work_release(gpointer data)
{
    VdtRestoreWork *work = data;

    g_mutex_lock(&work->wait->lock);
    work->released = TRUE;
    g_cond_broadcast(&work->wait->changed);
    g_mutex_unlock(&work->wait->lock);
    vdt_restore_work_unref(work);
}

gboolean vdt_restore_work_begin(VdtRestoreWork *work, const VdtRestoreSteps *steps, guint width,
                                guint height)
{
    work->steps = *steps;
    work->width = width;
    work->height = height;
    g_array_set_size(work->patches, 0);
    work->squares = work->looks = work->done = work->valid = FALSE;
    work->released = work->abandoned = FALSE;
    work->strength = work->size = 1;
    work->gather = 0;
    work->gathered = 0;
    work->took = work->began = 0;
    return make_room(&work->picture, floats_of((VdtPlaneSize){width, height}), NULL);
}

/* --- Waiting -------------------------------------------------------------------------------- */

void vdt_restore_wait_init(VdtRestoreWait *wait)
{
    g_mutex_init(&wait->lock);
    g_cond_init(&wait->changed);
}

void vdt_restore_wait_clear(VdtRestoreWait *wait)
{
    g_mutex_clear(&wait->lock);
    g_cond_clear(&wait->changed);
}

void vdt_restore_wait_shut(VdtRestoreWait *wait, gboolean shut)
{
    g_mutex_lock(&wait->lock);
    wait->shut = shut;
    g_cond_broadcast(&wait->changed);
    g_mutex_unlock(&wait->lock);
}

/* µs in which a thread wakes up, at least. */
#define LEAST_BEGIN 20000

VdtRestoreWaited vdt_restore_work_wait(VdtRestoreWork *work, gint64 most)
{
    const gint64 begin = g_get_monotonic_time();
    VdtRestoreWait *wait = work->wait;
    gboolean in_time = TRUE;
    VdtRestoreWaited waited;

    g_mutex_lock(&wait->lock);
    while (!work->released && !wait->shut && in_time) {
        const gint64 began = work->began;

        if (most == 0)
            g_cond_wait(&wait->changed, &wait->lock);
        else if (!g_cond_wait_until(&wait->changed, &wait->lock,
                                    began ? began + most : begin + MAX(most, LEAST_BEGIN)))
            in_time = began != work->began; /* it may just have begun */
    }
    /* when the stream is shut, work is dropped, too */
    waited = work->released && (work->done || !wait->shut) ? VDT_WAIT_DONE
             : wait->shut                                  ? VDT_WAIT_SHUT
             : work->began                                 ? VDT_WAIT_SLOW
                                                           : VDT_WAIT_PREPARES;
    work->abandoned = waited == VDT_WAIT_SHUT || waited == VDT_WAIT_PREPARES;
    g_mutex_unlock(&wait->lock);
    return waited;
}

gboolean vdt_restore_work_is_released(VdtRestoreWork *work)
{
    gboolean released;

    g_mutex_lock(&work->wait->lock);
    released = work->released;
    g_mutex_unlock(&work->wait->lock);
    return released;
}

gboolean vdt_restore_work_is_wanted(VdtRestoreWork *work)
{
    gboolean abandoned;

    g_mutex_lock(&work->wait->lock);
    abandoned = work->abandoned;
    g_mutex_unlock(&work->wait->lock);
    return !abandoned;
}

/* --- Running -------------------------------------------------------------------------------- */

typedef struct {
    VdtRestoreWork *work;
    VdtRestorer *restorer;
    GCancellable *cancellable;
} Run;

/* A step, over a picture of some size. */
typedef struct {
    guint restoration, scale;
    double strength;
    const float *from;
    VdtPlaneSize size;
    float *to;
} Step;

static gboolean run_area(const Run *run, const Step *step, double strength,
                         const VdtRestoreArea *area, float *to, GError **error)
{
    const VdtRestoreRequest request = {step->restoration, strength, area};

    return vdt_restorer_run(run->restorer, &request, step->from, step->size.width,
                            step->size.height, to, run->cancellable, error);
}

/* What is kept of a patch that was run, scaled, into the picture. */
static void paste(const VdtRestorePatch *patch, guint scale, const float *from, VdtPlaneSize size,
                  float *to)
{
    const guint width = patch->run.width * scale, height = patch->run.height * scale;
    const guint left = (patch->keep.x - patch->run.x) * scale;
    const guint top = (patch->keep.y - patch->run.y) * scale;

    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < patch->keep.height * scale; y++)
            memcpy(to +
                       (((gsize)c * size.height + patch->keep.y) * scale + y) * size.width * scale +
                       (gsize)patch->keep.x * scale,
                   from + ((gsize)c * height + top + y) * width + left,
                   (gsize)patch->keep.width * scale * sizeof *to);
}

static gboolean run_step(const Run *run, const Step *step, const GArray *patches, GError **error)
{
    VdtRestoreRoom *room = &run->work->patch;
    const guint s = step->scale;

    if (patches->len == 0)
        return run_area(run, step, step->strength, NULL, step->to, error);
    if (s == 1)
        memcpy(step->to, step->from, floats_of(step->size) * sizeof(float));
    else if (!run_area(run, step, 0, NULL, step->to, error))
        return FALSE;
    for (guint i = 0; i < patches->len; i++) {
        const VdtRestorePatch *patch = &g_array_index(patches, VdtRestorePatch, i);
        const gsize floats = floats_of((VdtPlaneSize){patch->run.width * s, patch->run.height * s});

        /* one after the other may be kept of the same */
        const gboolean same = i > 0 && memcmp(&patch->run, &patch[-1].run, sizeof patch->run) == 0;

        if (!same && (!make_room(room, floats, error) ||
                      !run_area(run, step, step->strength, &patch->run, room->floats, error)))
            return FALSE;
        paste(patch, s, room->floats, step->size, step->to);
    }
    return TRUE;
}

static VdtRestoreArea larger(const VdtRestoreArea *area, guint s)
{
    return (VdtRestoreArea){area->x * s, area->y * s, area->width * s, area->height * s};
}

static GArray *larger_patches(const GArray *patches, guint s)
{
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(VdtRestorePatch), patches->len);

    for (guint i = 0; i < patches->len; i++) {
        const VdtRestorePatch *p = &g_array_index(patches, VdtRestorePatch, i);
        const VdtRestorePatch patch = {larger(&p->run, s), larger(&p->keep, s)};

        g_array_append_val(all, patch);
    }
    return all;
}

/* All steps, from a picture of @size to @result, for which there is room. */
static gboolean run_steps(const Run *run, const float *from, VdtPlaneSize size,
                          const GArray *patches, float *result, GError **error)
{
    const VdtRestoreSteps *steps = &run->work->steps;
    /* what does not get larger is mixed when the difference is known */
    const double strength = vdt_restore_steps_scale(steps) > 1 ? run->work->strength : 1;
    g_autoptr(GArray) scaled = NULL;
    guint s = steps->scale[0];

    if (steps->n == 1)
        return run_step(run, &(Step){steps->restoration[0], s, strength, from, size, result},
                        patches, error);
    if (!make_room(&run->work->between, floats_of(size) * s * s, error) ||
        !run_step(
            run, &(Step){steps->restoration[0], s, strength, from, size, run->work->between.floats},
            patches, error))
        return FALSE;
    scaled = larger_patches(patches, s);
    return run_step(run,
                    &(Step){steps->restoration[1],
                            steps->scale[1],
                            strength,
                            run->work->between.floats,
                            {size.width * s, size.height * s},
                            result},
                    scaled, error);
}

static void subtract(float *from, const float *what, gsize n, float strength)
{
    for (gsize i = 0; i < n; i++)
        from[i] = strength * (from[i] - what[i]);
}

static guint smaller(guint length, double size)
{
    return MAX(1, (guint)lrint(length * size));
}

/* A line of @length pixels of @all, in a picture that is smaller, with the pixels to both sides
 * that are needed to make it larger again: as long wherever it begins. */
static void smaller_line(guint begin, guint length, guint all, double size, guint *from, guint *n)
{
    const guint most = smaller(all, size), at = (guint)(begin * size);

    *n = length == all ? most : MIN((guint)ceil(length * size) + 3, most);
    *from = MIN(at > 0 ? at - 1 : 0, most - *n);
}

/* The patches of a smaller picture, of which all is kept. */
static GArray *smaller_patches(const VdtRestoreWork *work)
{
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(VdtRestorePatch), work->patches->len);

    for (guint i = 0; i < work->patches->len; i++) {
        const VdtRestoreArea *run = &g_array_index(work->patches, VdtRestorePatch, i).run;
        VdtRestorePatch patch;

        smaller_line(run->x, run->width, work->width, work->size, &patch.run.x, &patch.run.width);
        smaller_line(run->y, run->height, work->height, work->size, &patch.run.y,
                     &patch.run.height);
        patch.keep = patch.run;
        g_array_append_val(all, patch);
    }
    return all;
}

static VdtPlaneSize smaller_size(const VdtRestoreWork *work)
{
    return (VdtPlaneSize){smaller(work->width, work->size), smaller(work->height, work->size)};
}

/* The picture that is restored. */
static const float *picture_of(const VdtRestoreWork *work)
{
    return work->gather > 0 ? work->means.floats : work->picture.floats;
}

/* Finds the difference in a smaller picture: what that does not show stays as it is. */
static gboolean run_smaller(const Run *run, GError **error)
{
    VdtRestoreWork *work = run->work;
    const VdtPlaneSize size = {work->width, work->height}, less = smaller_size(work);
    g_autoptr(GArray) patches = smaller_patches(work);
    const gsize n = floats_of(less);

    if (!make_room(&work->small, n, error) || !make_room(&work->smaller_result, n, error))
        return FALSE;
    vdt_planes_shrink(picture_of(work), size, work->small.floats, less);
    if (!run_steps(run, work->small.floats, less, patches, work->smaller_result.floats, error))
        return FALSE;
    if (work->gather > 0)
        vdt_planes_shrink(work->picture.floats, size, work->small.floats, less);
    subtract(work->smaller_result.floats, work->small.floats, n, (float)work->strength);
    memset(work->result.floats, 0, floats_of(size) * sizeof(float));
    if (work->patches->len == 0)
        vdt_planes_enlarge(work->smaller_result.floats, less, work->result.floats, size, 0, 0,
                           size.width, size.height);
    for (guint i = 0; i < work->patches->len; i++) {
        const VdtRestoreArea *keep = &g_array_index(work->patches, VdtRestorePatch, i).keep;

        vdt_planes_enlarge(work->smaller_result.floats, less, work->result.floats, size, keep->x,
                           keep->y, keep->width, keep->height);
    }
    return TRUE;
}

gboolean vdt_restore_work_prepare(const VdtRestoreWork *work, VdtRestorer *restorer, GError **error)
{
    g_autoptr(GArray) patches = smaller_patches(work);
    VdtPlaneSize size = smaller_size(work);

    for (guint i = 0; i < work->steps.n; i++) {
        VdtRestoreArea area;
        const VdtRestoreRequest request = {work->steps.restoration[i], 1,
                                           patches->len > 0 ? &area : NULL};

        if (patches->len > 0)
            area = work->size < 1 ? g_array_index(patches, VdtRestorePatch, 0).run
                                  : g_array_index(work->patches, VdtRestorePatch, 0).run;
        if (i > 0) {
            area = larger(&area, work->steps.scale[i - 1]);
            size.width *= work->steps.scale[i - 1];
            size.height *= work->steps.scale[i - 1];
        }
        if (!vdt_restorer_prepare(restorer, &request, size.width, size.height, error))
            return FALSE;
    }
    return TRUE;
}

gboolean vdt_restore_work_gather(VdtRestoreWork *work, VdtGather **gather, GError **error)
{
    const gsize n = floats_of((VdtPlaneSize){work->width, work->height});

    if (*gather &&
        (work->gather == 0 || !vdt_gather_fits(*gather, work->width, work->height, work->gather)))
        g_clear_pointer(gather, vdt_gather_free);
    if (work->gather == 0)
        return TRUE;
    if (!make_room(&work->means, n, error))
        return FALSE;
    if (*gather && work->fresh) /* which may be so for one frame after the other */
        vdt_gather_reset(*gather);
    if (!*gather)
        *gather = vdt_gather_new(work->width, work->height, work->gather);
    if (!*gather) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "there is no memory to gather frames of %u x %u", work->width, work->height);
        return FALSE;
    }
    work->gathered = 1 - vdt_gather_add(*gather, work->picture.floats, work->means.floats);
    return TRUE;
}

gboolean vdt_restore_work_run(VdtRestoreWork *work, VdtRestorer *restorer,
                              GCancellable *cancellable, GError **error)
{
    const Run run = {work, restorer, cancellable};
    const VdtPlaneSize size = {work->width, work->height};
    const guint scale = vdt_restore_steps_scale(&work->steps);
    const gint64 begin = g_get_monotonic_time();
    const gsize n = floats_of(size);

    g_mutex_lock(&work->wait->lock);
    work->began = begin;
    g_cond_broadcast(&work->wait->changed);
    g_mutex_unlock(&work->wait->lock);
    if (!make_room(&work->result, n * scale * scale, error))
        return FALSE;
    if (work->size < 1) {
        if (!run_smaller(&run, error))
            return FALSE;
    } else if (!run_steps(&run, picture_of(work), size, work->patches, work->result.floats,
                          error)) {
        return FALSE;
    } else if (scale == 1) {
        subtract(work->result.floats, work->picture.floats, n, (float)work->strength);
    }
    work->took = g_get_monotonic_time() - begin;
    work->done = TRUE;
    return TRUE;
}
