/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reference kernels in both types, found by the node's op.
 */
#pragma once

#include <vedette/graph.h>

void reference_forward_f32(const VdtValue *node, const float *const *x, float *y);
void reference_forward_f64(const VdtValue *node, const double *const *x, double *y);

/* FALSE if the op has none. */
gboolean reference_backward_f32(const VdtValue *node, const float *const *x, const float *y,
                                const float *dy, float *const *dx);
gboolean reference_backward_f64(const VdtValue *node, const double *const *x, const double *y,
                                const double *dy, double *const *dx);
