/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `vedette infer` is asked of a network that restores pictures, and its doing that, picture by
 * picture.
 */
#pragma once

#include "estimating.h"
#include "instruction.h"
#include "restore.h"

typedef struct {
    const char *input;                     /* a picture, a video, a folder of pictures, or a URI */
    const char *output, *before_and_after; /* where what comes out goes; one may be NULL */
    /* One of these, or none: what the network usually does. Task VDT_ESTIMATOR_TASK is what a
     * picture needs. */
    const char *task, *instruction;
    const char *estimator; /* that says what it needs; NULL: VDT_ESTIMATOR_MODEL */
    gboolean film;         /* of a whole video */
    double strength;
    VdtRestorerOptions options;
    gboolean json;
    GCancellable *cancellable; /* ends a film where it is; or NULL */
} RestoreRequest;

typedef struct {
    VdtEngine *engine;
    VdtRestorer *restorer;
    VdtInstructions *instructions;
    guint n_steps; /* 0: nothing is changed */
    guint steps[VDT_INSTRUCTION_MAX_STEPS];
    const char *unchanged;  /* why nothing is; or NULL */
    Estimating *estimating; /* unless it is known what is to be done */
    gboolean film;
    guint n_done, done[VDT_AUTO_RESTORE_MAX]; /* what was done, or will be, each once */
    double strength;
    float *planes[2]; /* before and after a step; memory for the largest so far */
    gsize room[2];    /* floats */
} Restoring;

/* FALSE if the network does not have what is asked for. */
gboolean restoring_init(Restoring *self, VdtEngine *engine, const RestoreRequest *request,
                        GError **error);
void restoring_clear(Restoring *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Restoring, restoring_clear)

/* The name of what was done as number @i; owned by the engine. */
const char *restoring_get_done(const Restoring *self, guint i);

/* Looks at what @picture needs, if that is to be seen; of a film, now and then. */
gboolean restoring_choose(Restoring *self, const VdtPicture *picture, GCancellable *cancellable,
                          GError **error);
/* Makes what restoring pictures of that size needs; also done by the first of them. */
gboolean restoring_prepare(Restoring *self, guint width, guint height, GError **error);

/* A result of @width x @height, owned by Restoring, until the next. */
typedef struct {
    guint width, height;
    const float *planes;
} Restored;

/* Does all steps, each by @strength: with 0 the picture stays as it was, at the size of a result.
 */
gboolean restoring_run(Restoring *self, const VdtPicture *picture, double strength,
                       GCancellable *cancellable, Restored *restored, GError **error);
/* The same as pixels, which @after is made to hold; they are freed with its data. Unless it is
 * NULL,
 * @halves is made to hold a picture whose left half is as it was. */
gboolean restoring_draw(Restoring *self, const VdtPicture *picture, GCancellable *cancellable,
                        VdtPicture *after, VdtPicture *halves, GError **error);
