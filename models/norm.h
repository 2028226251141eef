/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Norms of transformers over the last dimension of tokens [N,L,C]: layer norm, and what "SLAB"
 * (arXiv 2405.11582) puts in its place, RepBN(x) = BN(x) + alpha x, which in a trained network is
 * one factor and one shift for each channel. A norm is trained as PRepBN,
 *     lambda LN(x) + (1 - lambda) RepBN(x)
 * where lambda goes down to 0 (vdt_progress()). Names of parameters are the authors'.
 */
#pragma once

#include <vedette/ops.h>
#include <vedette/weights.h>

#include "fields.h"

typedef enum {
    VDT_NORM_LAYER,  /* weight, bias */
    VDT_NORM_REPBN,  /* alpha, bn.* */
    VDT_NORM_LINEAR, /* PRepBN, "LinearNorm": warm, iter, total_step, norm1.*, norm2.alpha,
                        norm2.bn.* */
    VDT_NORM_NONE,   /* folded into its neighbours: the value itself */
} VdtNormKind;

/* "layernorm", "repbn", "linearnorm", "none": what configurations say, and in this order, NULL
 * behind them. */
extern const char *const vdt_norm_names[];

/* The kind under key "norm" of a configuration. */
VdtNormKind vdt_norm_read(VdtFields *fields, VdtNormKind fallback);

/* Adds the norm @scope of a kind; @eps is that of a layer norm, the other has 1e-5. */
VdtValue *vdt_norm(VdtNormKind kind, VdtScope scope, VdtValue *x, double eps);

/* The kind of the norm @scope among @weights; VDT_NORM_NONE if there is no such norm of @channels.
 */
VdtNormKind vdt_norm_measure(const VdtWeights *weights, const char *scope, int channels);

/* Has a training of these weights take @steps until its norms are batch norms, from the beginning:
 * sets the counters of those that are led to it. Returns how many these are. */
guint vdt_norm_set_steps(VdtWeights *weights, guint64 steps);

/* FALSE, with VDT_ERROR_WEIGHTS, if these are of a training that was not over when they were saved:
 * norms that are still partly layer norms, by their counters, which inference does without. */
gboolean vdt_norm_check_finished(const VdtWeights *weights, GError **error);
