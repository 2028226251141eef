/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restoring.h"

#include <string.h>

#include "pictures/pixels.h"

/* Of the white line between before and after. */
#define LINE 2

static gboolean read_instruction(Restoring *self, const char *text, GError **error)
{
    VdtInstruction instruction;
    self->instructions = vdt_instructions_load(NULL, error);
    if (self->instructions == NULL ||
        !vdt_instruction_parse(self->instructions, text, strlen(text), &instruction, error))
        return FALSE;
    if (instruction.n_steps == 0)
        self->unchanged = vdt_instruction_explain(instruction.answer);
    for (guint i = 0; i < instruction.n_steps; i++)
        if (!vdt_restorer_find(self->restorer, instruction.steps[i], &self->steps[i], error))
            return FALSE;
    self->n_steps = instruction.n_steps;
    return TRUE;
}

/* The name of a task that may be asked for at any time, and so must not change the size. */
static gboolean is_larger(Restoring *self, int restoration, GError **error)
{
    const char *const *names = vdt_restorer_get_restorations(self->restorer, NULL);
    guint scale = vdt_restorer_get_scale(self->restorer, restoration, error);
    if (scale > 1)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "--task " VDT_ESTIMATOR_TASK
                    " keeps the size of pictures, but %s enlarges them",
                    names[restoration]);
    return scale != 1;
}

static gboolean open_estimating(Restoring *self, const RestoreRequest *request, GError **error)
{
    self->estimating = g_new0(Estimating, 1);
    if (!estimating_init(self->estimating, request->estimator,
                         vdt_restorer_get_restorations(self->restorer, NULL), request->film, error))
        return FALSE;
    const VdtAutoRestore *going = vdt_estimator_get_answers(self->estimating->estimator);
    for (guint i = 0; i < going->n_classes; i++)
        if (going->restorations[i] >= 0 && is_larger(self, going->restorations[i], error))
            return FALSE;
    return TRUE;
}

/* There are no more than an estimator has classes. */
static void add_done(Restoring *self, guint restoration)
{
    for (guint i = 0; i < self->n_done; i++)
        if (self->done[i] == restoration)
            return;
    self->done[self->n_done++] = restoration;
}

gboolean restoring_choose(Restoring *self, const VdtPicture *picture, GCancellable *cancellable,
                          GError **error)
{
    int restoration;
    if (self->estimating == NULL)
        return TRUE;
    if (!self->film) {
        vdt_estimator_reset(self->estimating->estimator);
        self->n_done = 0;
    }
    if (!estimating_look(self->estimating, picture, &restoration, cancellable, error))
        return FALSE;
    self->n_steps = restoration >= 0 ? 1 : 0;
    self->steps[0] = MAX(restoration, 0);
    if (self->n_steps > 0)
        add_done(self, self->steps[0]);
    self->unchanged = self->n_done > 0 ? NULL : "nothing is needed";
    return TRUE;
}

static gboolean find_steps(Restoring *self, const RestoreRequest *request, GError **error)
{
    if (request->instruction != NULL)
        return read_instruction(self, request->instruction, error);
    self->n_steps = 1;
    if (request->task != NULL)
        return vdt_restorer_find(self->restorer, request->task, &self->steps[0], error);
    vdt_restorer_get_restorations(self->restorer, &self->steps[0]);
    return TRUE;
}

gboolean restoring_init(Restoring *self, VdtEngine *engine, const RestoreRequest *request,
                        GError **error)
{
    *self = (Restoring){
        .engine = vdt_engine_ref(engine), .strength = request->strength, .film = request->film};
    self->restorer = vdt_restorer_new(engine, &request->options, error);
    if (self->restorer == NULL)
        return FALSE;
    if (g_strcmp0(request->task, VDT_ESTIMATOR_TASK) == 0)
        return open_estimating(self, request, error);
    if (!find_steps(self, request, error))
        return FALSE;
    for (guint i = 0; i < self->n_steps; i++)
        add_done(self, self->steps[i]);
    return TRUE;
}

void restoring_clear(Restoring *self)
{
    vdt_restorer_free(self->restorer);
    vdt_engine_unref(self->engine);
    vdt_instructions_free(self->instructions);
    if (self->estimating != NULL)
        estimating_clear(self->estimating);
    g_free(self->estimating);
    g_free(self->planes[0]);
    g_free(self->planes[1]);
}

const char *restoring_get_done(const Restoring *self, guint i)
{
    return vdt_restorer_get_restorations(self->restorer, NULL)[self->done[i]];
}

static gboolean no_memory(guint width, guint height, gsize bytes, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "a picture of %u x %u takes %" G_GSIZE_FORMAT " bytes, which are not to be had",
                width, height, bytes);
    return FALSE;
}

/* Has planes @i hold a picture of that size. */
static gboolean make_room(Restoring *self, guint i, guint width, guint height, GError **error)
{
    gsize floats = (gsize)3 * width * height;
    if (floats <= self->room[i])
        return TRUE;
    g_clear_pointer(&self->planes[i], g_free);
    self->room[i] = 0;
    self->planes[i] = g_try_new(float, floats);
    if (self->planes[i] == NULL)
        return no_memory(width, height, floats * sizeof(float), error);
    self->room[i] = floats;
    return TRUE;
}

gboolean restoring_prepare(Restoring *self, guint width, guint height, GError **error)
{
    for (guint i = 0; i < self->n_steps; i++) {
        const VdtRestoreRequest request = {self->steps[i], self->strength, NULL};
        guint scale = vdt_restorer_get_scale(self->restorer, self->steps[i], error);
        if (scale == 0 || !vdt_restorer_prepare(self->restorer, &request, width, height, error))
            return FALSE;
        width *= scale;
        height *= scale;
    }
    return TRUE;
}

gboolean restoring_run(Restoring *self, const VdtPicture *picture, double strength,
                       GCancellable *cancellable, Restored *restored, GError **error)
{
    guint width = picture->width, height = picture->height, now = 0;
    if (!make_room(self, 0, width, height, error))
        return FALSE;
    vdt_restore_from_picture(picture, self->planes[0]);
    for (guint i = 0; i < self->n_steps; i++, now = !now) {
        const VdtRestoreRequest request = {self->steps[i], strength, NULL};
        guint scale = vdt_restorer_get_scale(self->restorer, self->steps[i], error);
        if (scale == 0 || !pixels_check_size("result", width * scale, height * scale, error) ||
            !make_room(self, !now, width * scale, height * scale, error) ||
            !vdt_restorer_run(self->restorer, &request, self->planes[now], width, height,
                              self->planes[!now], cancellable, error))
            return FALSE;
        width *= scale;
        height *= scale;
    }
    *restored = (Restored){width, height, self->planes[now]};
    return TRUE;
}

/* Has @picture hold @restored, as pixels of its own. */
static gboolean draw(const Restored *restored, VdtPicture *picture, GError **error)
{
    guint width = restored->width, height = restored->height;
    if (picture->width != width || picture->height != height) {
        g_free(picture->data);
        *picture =
            (VdtPicture){g_try_malloc((gsize)3 * width * height), width, height, (gsize)3 * width};
    }
    if (picture->data == NULL) {
        *picture = (VdtPicture){NULL};
        return no_memory(width, height, (gsize)3 * width * height, error);
    }
    vdt_restore_to_picture(restored->planes, picture);
    return TRUE;
}

/* Copies the right half of @after over that of @before. */
static void join_halves(const VdtPicture *after, VdtPicture *before)
{
    guint middle = before->width / 2, line = before->width >= 16 * LINE ? LINE : 0;
    for (guint y = 0; y < before->height; y++) {
        guint8 *row = before->data + y * before->stride;
        memcpy(row + 3 * middle, after->data + y * after->stride + 3 * middle,
               (gsize)3 * (before->width - middle));
        memset(row + 3 * (middle - line / 2), 255, 3 * line);
    }
}

gboolean restoring_draw(Restoring *self, const VdtPicture *picture, GCancellable *cancellable,
                        VdtPicture *after, VdtPicture *halves, GError **error)
{
    Restored restored;
    if (!restoring_run(self, picture, self->strength, cancellable, &restored, error) ||
        !draw(&restored, after, error))
        return FALSE;
    if (halves == NULL)
        return TRUE;
    if (!restoring_run(self, picture, 0, cancellable, &restored, error) ||
        !draw(&restored, halves, error))
        return FALSE;
    join_halves(after, halves);
    return TRUE;
}
