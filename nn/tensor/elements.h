/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Elements of any type as doubles, a block at a time.
 *
 * The one place that knows how each type is laid out and rounded; converting and filling are
 * written on top of it. Memory belongs to the caller.
 */
#pragma once

#include <vedette/tensor.h>

/** Elements that callers keep on the stack between reading and writing. */
#define VDT_ELEMENTS_BLOCK 512

/** Reads @n elements. An int64 that a double cannot hold is rounded to odd, so that writing it to
 * a narrower float type still rounds as if in one step. */
void vdt_elements_read(VdtDType dtype, const void *from, gsize n, double *to);

/** Elements @first to @first + @n of @tensor as floats, rounded as vdt_tensor_convert() does; whole
 * blocks of its type. */
void vdt_elements_read_floats(const VdtTensor *tensor, gsize first, gsize n, float *to);

/** Whether all elements of @tensor are finite numbers as floats. */
gboolean vdt_elements_are_finite(const VdtTensor *tensor);

/** Writes @n elements: floats round to nearest, ties to even; integers are cut off and saturate;
 * bool is "not zero". */
void vdt_elements_write(VdtDType dtype, void *to, gsize n, const double *from);
