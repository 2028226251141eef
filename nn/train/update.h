/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Passes over a piece of a parameter: plain loops, which the compiler makes vector code of.
 */
#pragma once

#include <glib.h>

/* One step's numbers for one parameter; float, as PyTorch computes on float32 tensors. */
typedef struct {
    float clip;     /* gradients are multiplied by it */
    float decay;    /* SGD: added to the gradient. AdamW: share of the value that is left */
    float rate;     /* AdamW: with the correction of the first moment in it */
    float momentum; /* SGD */
    float beta1, beta2, eps;
    float other1, other2; /* 1 - beta, which in float would lose digits */
    float correction;     /* AdamW: 1 / sqrt(1 - beta2^t) */
} VdtUpdate;

/* Sum of squares, in double; not finite if any value is not. The order is fixed. */
double vdt_update_square(gsize n, const float *x);

/* @momentum may be NULL: there is none. */
void vdt_update_sgd(const VdtUpdate *u, gsize n, float *value, const float *gradient,
                    float *momentum);
void vdt_update_adamw(const VdtUpdate *u, gsize n, float *value, const float *gradient,
                      float *first, float *second);
/* average += (value - average) * share */
void vdt_update_average(float share, gsize n, float *average, const float *value);
