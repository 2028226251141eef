/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is different where pictures are restored: no labels, but a clean picture for each spoiled
 * one, and what has become of it.
 */
#pragma once

#include "training.h"

/* What the restorations are called that are learned. Caller frees. */
char **restoration_names(const TrainOptions *o);
/* Has the network be what --only-task and --plain say. */
gboolean restoration_configure(Training *training, GError **error);
/* The loss of @graph, and what it is given: "target", a clean picture for each. */
VdtValue *restoration_loss(VdtGraph *graph);
/* How the network is asked for in a training: each sample has a restoration of its own. */
void restoration_ask_each(VdtBuild *asked);

/* Clean pictures, and those to validate on. */
gboolean restoration_open_sets(Training *training, GError **error);
/* What batches are made of; to be called once there are clean pictures and a session. */
gboolean restoration_prepare(Training *training, GError **error);
void restoring_free(Restoring *restoring);
void restoration_fill(Training *training, guint64 step);
/* How good what the weights make of validation pictures is: the mean over the restorations of their
 * mean PSNR, of red, green and blue, in dB. */
gboolean restoration_validate(Training *training, VdtWeights *weights, Validation *validation,
                              GError **error);
/* Says so for each restoration. */
void restoration_report(const Training *training, const Validation *validation);
