/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One training from the command line: what it consists of, and the parts of its work.
 */
#pragma once

#include "card.h"
#include "curve.h"
#include "data/augment.h"
#include "data/cache.h"
#include "data/streettasks.h"
#include "network.h"
#include "options.h"

typedef struct _Restoring Restoring; /* restoration.h */

typedef struct {
    const TrainOptions *o;
    const char *command; /* as it was typed */
    GCancellable *cancellable;
    Progress *progress;
    int lock; /* on the output folder; -1 before */

    /* what is learned from */
    VdtWeights *start;    /* as they were given, or NULL */
    char *start_identity; /* of their file, wherever it lies */
    Network network;
    const StreetTask *task; /* what is learned of the street's pictures; NULL: something else */
    gboolean zero_is_other; /* in the maps of a folder's pictures */
    VdtWeights *weights;    /* that the network begins with */
    VdtCard *card;          /* as it will be: labels, preprocessing */
    ClipSet *set, *validation_set;
    Cache *cache, *validation_cache; /* the second may be NULL */
    Restoring *restoring;            /* what pictures are restored by; NULL: something else */

    /* the work */
    Augment *augment;
    VdtSession *session;
    VdtTrainer *trainer;
    guint64 per_epoch, steps, crop_steps;
    gboolean cropped; /* the session sees windows: the first crop_steps do */
    Curve *curve;
    double seconds_before; /* of the runs that this one goes on from */
    gint64 begun;
} Training;

void training_clear(Training *training);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Training, training_clear)

/* Seconds of work in all runs so far. */
double training_get_seconds(const Training *training);

/* Names the card as the options say, or as the output folder is called. */
void training_name_card(Training *training);
/* A file of the output folder; caller frees. */
char *training_output_path(const Training *training, const char *name);
/* The curve, as numbers and as a picture. */
gboolean training_save_curve(const Training *training, GError **error);

/* Once there are clips: how many steps there will be, and what takes them. */
gboolean training_prepare(Training *training, GError **error);
/* Goes on with whole pictures. */
gboolean training_see_whole(Training *training, GError **error);

/* data.c: labels, network and card; then the clips, drawn or decoded. */
gboolean training_open_data(Training *training, const char *architecture, GError **error);
gboolean training_load_clips(Training *training, GError **error);

/* checkpoint.c: everything that the result depends on, one "name: value" a line. Caller frees. */
char *training_describe(const Training *training);
/* Writes checkpoint and curve to the output folder. */
gboolean training_save_checkpoint(Training *training, GError **error);
/* Whether what is in the output folder allows a training to begin, or to go on. */
gboolean training_check_output(const Training *training, GError **error);
/* Goes on from the output folder's checkpoint, if it is asked for and there; lists what differs. */
gboolean training_restore(Training *training, GError **error);

/* loop.c: all steps that are left. */
gboolean training_run(Training *training, GError **error);

/* compensate.c: instead of all that, adapters for the network as it is. */
gboolean training_compensate(Training *training, GError **error);

/* How well validation clips were answered: @score is the share that was right, the mean IoU, or the
 * PSNR. */
typedef struct {
    guint n; /* 0: there are none */
    double loss, score;
    JsonObject *scores; /* for the card */
} Validation;

void validation_clear(Validation *validation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Validation, validation_clear)

/* validate.c: *validation, 0 before, stays so if there are no validation clips. */
gboolean training_validate(Training *training, VdtWeights *weights, Validation *validation,
                           GError **error);

/* result.c: weights, labels, card and curve. */
/* Labels go first: whether a card can have them is better known before. */
gboolean training_save_labels(Training *training, GError **error);
gboolean training_save_result(Training *training, GError **error);
