/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a picture needs, by a network that is asked: which restoration goes on, result after result,
 * and none while pictures are clean.
 *
 * The network answers a question of its card's groups, "restoration", with one class for each
 * restoration, by name, and one called "clean". It is asked now and then, not for each frame: a
 * result is a look at a picture, and the numbers of results below are in such looks.
 *
 * A class goes on as long as vdt_hysteresis_follow() lets it; one begins, takes another's place or
 * ends only after so many results in a row that say the same. So one odd picture, or two that
 * differ, change nothing. Where the scores are no numbers, what goes on goes on.
 */
#pragma once

#include <vedette/card.h>

#include "hysteresis.h"

G_BEGIN_DECLS

#define VDT_AUTO_RESTORE_MAX   16
#define VDT_AUTO_RESTORE_GROUP "restoration"
#define VDT_AUTO_RESTORE_CLEAN "clean"

typedef struct {
    VdtHysteresis hysteresis;
    guint begin_after, end_after; /* results in a row; 0 is as 1 */
} VdtAutoRestoreOptions;

/* Plain data; belongs to one stream. */
typedef struct {
    VdtAutoRestoreOptions options;
    guint first, n_classes; /* of the network's scores, those that answer the question */
    gboolean background[VDT_AUTO_RESTORE_MAX];
    int restorations[VDT_AUTO_RESTORE_MAX]; /* of the restorer, by class; -1: nothing to be done */
    int going, wanted;                      /* classes, -1: none; what has been seen of late */
    guint agreed;                           /* results in a row that want the latter */
} VdtAutoRestore;

/* Nothing goes on yet. @restorations is what the restorer can do, NULL-terminated: what the network
 * tells and the restorer cannot do counts as clean. FALSE, with VDT_ERROR_MODEL, if @card has no
 * such question or no class for clean pictures, or if nothing is left to be done. */
gboolean vdt_auto_restore_init(VdtAutoRestore *self, const VdtAutoRestoreOptions *options,
                               const VdtCard *card, const char *const *restorations,
                               GError **error);

/* Goes on with the network's @scores of a picture, all its classes' (vdt_scores_add()). Returns the
 * index of the restoration that goes on now, or -1: pictures are to be left as they are. */
int vdt_auto_restore_follow(VdtAutoRestore *self, const double *scores);

/* Forgets what was: after a cut, or where a stream begins anew. */
void vdt_auto_restore_reset(VdtAutoRestore *self);

G_END_DECLS
