/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that convolutions and linear layers become: an indirect matrix product. A tile's rows
 * are output pixels, its columns output channels; for each kernel position a list of addresses says
 * where each row's inputs begin, a row of zeros where that is padding. Nothing is copied.
 */
#pragma once

#include "window.h"

typedef struct {
    VdtMap x, y;
    VdtWindow window;
    VdtPlace packed; /* weights, by vdt_pack_gemm() */
    VdtPlace zeros;
    VdtLateEpilogue epilogue;
    gsize depth;   /* as packed */
    gsize columns; /* output channels */
    /* In 8 bits: x is of int8, packed by vdt_int8_pack(), and each pixel and column has a scale. */
    gboolean int8;
    VdtPlace scales, column_scales;
} VdtProduct;

/* The blocks of columns [block, end_block) of up to mr output pixels, which see @a through each tap
 * and go to @y; for the epilogue, the first is pixel @row of image @image. Not in 8 bits. */
void vdt_product_run_tiles(const VdtPlan *plan, const VdtProduct *p, char *arena,
                           const void *const *a, gsize count, guint block, guint end_block,
                           gsize image, gsize row, char *y);

/* Adds the step. @label is copied. */
void vdt_plan_add_product(VdtPlan *plan, const VdtProduct *product, const char *label,
                          guint64 macs);
