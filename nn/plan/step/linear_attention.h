/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linear attention over maps of tokens. */
#pragma once

#include "layout.h"

/* Maps of tokens, whose heads lie side by side in whole vectors. */
typedef struct {
    VdtMap q, k, v, y;
    guint heads;
    float eps;
    VdtPlace zeros; /* a row of zeros, as wide as a head */
} VdtLinearAttention;

/* Whether so many channels split into heads of whole vectors. */
static inline gboolean vdt_heads_are_vectors(gint64 channels, guint heads)
{
    return channels % heads == 0 && channels / heads % VDT_LANES == 0;
}

/* Adds two steps: sums over the keys, and what queries make of these. @label is copied. */
void vdt_plan_add_linear_attention(VdtPlan *plan, const VdtLinearAttention *attention,
                                   const char *label, guint64 macs);

/* One row of elements as floats; whole vectors of them. */
void vdt_row_to_floats(const VdtKernels *kernels, gsize channels, const void *row, float *y);
/* y [rows of a][channels of b] (+)= sum over @n rows of a' b, any number of channels of @a, whole
 * vectors of @b; the rows of @y are @pitch apart. */
void vdt_sum_outer(const VdtKernels *kernels, gsize n, const float *const *a, gsize a_channels,
                   const float *const *b, gsize b_channels, float *y, gsize pitch, gboolean add);
