/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Training of a compensator, as arXiv 2408.06798 has it: a network without adapters, at one level
 * of merging, teaches itself with adapters, at another level; both levels are drawn anew in each
 * step. Nothing but adapters learns, and there are no labels.
 */
#pragma once

#include <gio/gio.h>
#include <vedette/train.h>

#include "model.h"

typedef struct {
    guint batch, width, height; /* pictures of a step */
    guint columns;              /* of an adapter for each level */
    double scale;               /* of what adapters add */
    double rate, decay;         /* AdamW's; the rate falls by half a cosine */
    guint64 steps, seed;
} CompensationOptions;

typedef struct _Compensation Compensation;

/* For a network of @config, a JSON object of a model that merges tokens, with these weights. */
Compensation *compensation_new(const VdtModel *model, JsonObject *config, VdtWeights *weights,
                               const CompensationOptions *options, GError **error);
void compensation_free(Compensation *compensation);

/* Where the pictures of the next step go, [batch,3,height,width]. */
VdtTensor *compensation_get_input(Compensation *compensation);
/* One step on them; *loss is what there was to learn. */
gboolean compensation_step(Compensation *compensation, double *loss, GError **error);
/* How far on these pictures the network at level @to is from itself at level @from, with its
 * adapters as they are now, or without. */
gboolean compensation_measure(Compensation *compensation, guint from, guint to, gboolean adapters,
                              double *loss, GError **error);
/* Adapters as they are, under the names that checkpoints have for them; the caller's. */
VdtWeights *compensation_get_adapters(const Compensation *compensation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Compensation, compensation_free)
