/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a restorer runs: an engine's network, and what it is to do with frames. A counted box, made
 * anew for each change; what takes long to make is handed from one to the next.
 */
#pragma once

#include "estimator.h"
#include "instruction.h"
#include "restorework.h"

G_BEGIN_DECLS

/* Made once for an engine; counted. Belongs to the thread that prepares and runs. */
typedef struct {
    VdtEngine *engine;
    VdtRestorer *restorer, *squares; /* of frames; of parts that are all as large */
} VdtRestorers;

typedef struct {
    VdtRestorers *restorers;
    const VdtCard *card;      /* the engine's */
    const char *const *names; /* of restorations */
    VdtRestoreSteps steps;    /* none: nothing is to be done */
    gboolean automatic;       /* not these, but what the estimator says */
    VdtEstimator *estimator;  /* NULL: none is asked */
} VdtRestoreNetwork;

/* What is asked for, as properties say it; NULL is as "". */
typedef struct {
    const char *task, *instruction, *estimator;
    gboolean estimates; /* frames are restored that need it */
} VdtRestoreAsked;

/*
 * @before is what was until now, or NULL. NULL if there is no such task, or no estimator. An
 * instruction that asks for nothing leaves what was done before, or what the task says, else
 * nothing; *@note, the caller's, says so.
 */
VdtRestoreNetwork *vdt_restore_network_new(VdtEngine *engine, const VdtRestoreAsked *asked,
                                           const VdtRestoreNetwork *before, char **note,
                                           GError **error);
void vdt_restore_network_clear(gpointer network);

/* The scale of a restoration, made known by making it once; 0 on failure. */
guint vdt_restore_network_scale(VdtRestoreNetwork *network, guint restoration, GError **error);

G_END_DECLS
