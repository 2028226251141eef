/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Products of matrices that are values, over planar floats. */
#pragma once

#include "layout.h"

/* y (+)= scale a b, @batch times: y [m,n], a [m,k]; element (i, j) of b is at i * b_row + j *
 * b_column, so that it may be read transposed. */
typedef struct {
    VdtPlace a, b, y, zeros;
    gsize batch, m, n, k;
    gsize b_row, b_column;
    double scale;
    gboolean add;
} VdtMatmulStep;

/* Adds two steps: one packs the right sides, one multiplies. @label is copied. */
void vdt_plan_add_matmul(VdtPlan *plan, const VdtMatmulStep *product, const char *label,
                         guint64 macs);

/* y (+)= scale a' b, @batch times: y [m,n], a [k,m], b [k,n]: sums of outer products of rows. */
void vdt_plan_add_outer(VdtPlan *plan, const VdtMatmulStep *product, const char *label,
                        guint64 macs);

/* y = softmax of the rows of x, whose channels lie side by side. @label is copied. */
void vdt_plan_add_softmax(VdtPlan *plan, const VdtMap *x, const VdtPlace *y, const char *label);
