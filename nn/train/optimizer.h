/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One step of an optimiser over a list of parameters, in place, on the process's thread pool. What
 * it works on is plain memory; where gradients come from is not its business.
 */
#pragma once

#include <vedette/train.h>

/* All arrays have @n elements and are kept by the caller. */
typedef struct {
    const char *name;
    gsize n;
    float *value;
    const float *gradient; /* NULL: the optimiser does not move it; it may have an average */
    float *state[2];       /* SGD: momentum, or NULL. AdamW: first and second moment */
    float *average;        /* or NULL */
    gboolean decays;
    double factor; /* share of the rate; 0: as without a gradient */
} VdtOptimized;

typedef struct {
    const VdtTrainOptions *options;
    GArray *params;  /* VdtOptimized */
    GArray *pieces;  /* Piece */
    double *squares; /* of each piece */
} VdtOptimizer;

/* @options are kept by the caller. */
void vdt_optimizer_init(VdtOptimizer *optimizer, const VdtTrainOptions *options);
void vdt_optimizer_clear(VdtOptimizer *optimizer);
/* How many arrays of state a parameter has with these options. */
guint vdt_optimizer_count_states(const VdtTrainOptions *options);
void vdt_optimizer_add(VdtOptimizer *optimizer, const VdtOptimized *param);
/*
 * Step @step, counted from 0. Stores the norm over all gradients before clipping in @norm. A
 * gradient that is not finite is an error; then, and when cancelled, nothing is changed.
 */
gboolean vdt_optimizer_step(VdtOptimizer *optimizer, guint64 step, GCancellable *cancellable,
                            double *norm, GError **error);
