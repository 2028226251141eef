/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel checker's tools. A test runs a kernel and its C reference on the same input and holds
 * both against the same sum in double: the reference has to be right, and the variant about as
 * right as the reference, so that a kernel may sum in any order but not leave anything out.
 *
 * All memory ends at a page that cannot be touched, so reading or writing past what the contract
 * allows stops the program; what may be reached but must not matter is filled with NaN.
 */
#pragma once

#include <glib.h>

#include "kernels/gradient.h"
#include "kernels/int8.h"

/* Random numbers that depend on the seed and the order of calls only. */
void check_seed(guint64 seed);
size_t check_between(size_t low, size_t high); /* both included */
double check_uniform(double low, double high);
gboolean check_one_in(guint n);

/* Begins a case: takes back all memory, and keeps the text for the messages of failures. */
void check_case(const char *format, ...) G_GNUC_PRINTF(1, 2);
const char *check_current(void);
G_NORETURN void check_fail(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Memory of the current case. */
void *check_memory(size_t size);

static inline gboolean check_is_bf16(const VdtKernels *kernels)
{
    return kernels->precision == VDT_PRECISION_BF16;
}

/* Element @i of an array as a double, and back with the element type's rounding. */
double check_get(const void *array, size_t i, gboolean bf16);
void check_set(void *array, size_t i, gboolean bf16, double value);
double check_round_bf16(double value);

/*
 * A map of rows x @channels random elements. Up to @readable elements of a row hold large finite
 * ones, the rest of the row's @pitch NaN. One element in @special_in is zero, huge for an
 * activation, infinite or NaN; 0 for none.
 */
void *check_map(size_t rows, size_t channels, size_t readable, size_t pitch, gboolean bf16,
                guint special_in);
/* The usual: readable up to whole vectors. */
static inline void *check_channels(size_t rows, size_t channels, size_t pitch, gboolean bf16,
                                   guint special_in)
{
    return check_map(rows, channels, VDT_ALIGN_LANES(channels), pitch, bf16, special_in);
}
/* A pitch for that many channels. */
size_t check_pitch(size_t channels);

/* Where a kernel writes: rows x @width elements, poisoned, with guards all around. */
typedef struct {
    char *data;
    size_t rows, width, pitch;
    gboolean bf16;
} CheckOutput;

CheckOutput check_output(size_t rows, size_t width, size_t pitch, gboolean bf16);
/* One of floats that a kernel stores into, or one that it adds to: the latter begins with random
 * numbers, @start receives them with the same pitch. */
CheckOutput check_output_f32(size_t rows, size_t channels, size_t pitch, gboolean add,
                             const float **start);
/* Another one with the same content. */
CheckOutput check_output_copy(const CheckOutput *output);
/* Fails if anything but the rows x width elements changed, or an element past the first @channels
 * was left or made not finite. */
void check_outside(const CheckOutput *output, size_t channels);

/* What is right, and the size of the terms that it is the sum of: rounding errors grow with it. */
typedef struct {
    double value, scale;
} CheckExact;

CheckExact check_activate(CheckExact x, VdtAct act);
CheckExact check_finish(CheckExact sum, const VdtEpilogue *epilogue, gboolean bf16, size_t row,
                        size_t column);
/* Compares @channels elements of each row; exact[row * channels + column]. */
void check_compare(const CheckExact *exact, const CheckOutput *reference, const CheckOutput *output,
                   size_t channels);

/* A random epilogue for rows x columns; @columns is in whole vectors. */
VdtEpilogue check_epilogue(size_t rows, size_t columns, gboolean bf16, guint special_in);
/* Number @i of all combinations of activations and operands, i < CHECK_EPILOGUES. */
#define CHECK_EPILOGUES 40
VdtEpilogue check_nth_epilogue(guint i, size_t rows, size_t columns, gboolean bf16,
                               guint special_in);

/* The C kernels for the same elements. */
const VdtKernels *check_reference(const VdtKernels *kernels);

/* The rows of a tile to check next: all of few, and some of the many that OpenBLAS takes. */
size_t check_next_rows(size_t rows, size_t most);
/* Walks the sizes of tiles up to mr x nr, with little or much depth, with many taps, or with every
 * epilogue (-1 is a random one). @each checks one. */
typedef void (*CheckTile)(gconstpointer kernels, size_t rows, size_t width, size_t depth,
                          size_t taps, int epilogue);
void check_tile_sizes(gconstpointer kernels, size_t mr, size_t nr, CheckTile each);
void check_tile_taps(gconstpointer kernels, size_t mr, size_t nr, CheckTile each);
void check_tile_epilogues(gconstpointer kernels, size_t mr, size_t nr, CheckTile each);

/* The suites: each adds its tests of one variant. */
void check_add_gemm(const VdtKernels *kernels);
void check_add_rows(const VdtKernels *kernels);
void check_add_planes(const VdtKernels *kernels);
void check_add_winograd(const VdtKernels *kernels);
void check_add_outer(const VdtKernels *kernels);
void check_add_strassen(const VdtKernels *kernels);
void check_add_blas(void);
void check_add_int8(const VdtInt8Kernels *kernels);
void check_add_gradient(const VdtGradientKernels *kernels);

/* A test of one kernel is named as the table's member is, "scale_rows" or "gemm_tile/taps". */
void check_add_test(const VdtKernels *kernels, const char *name, GTestDataFunc test);
void check_add_int8_test(const VdtInt8Kernels *kernels, const char *name, GTestDataFunc test);
void check_add_gradient_test(const VdtGradientKernels *kernels, const char *name,
                             GTestDataFunc test);
/* Whether one was added. @table is the kernels' name, behind "gradient_" for those of training. */
gboolean check_has_test(const char *table, const char *member);

/* bench.c: times a tile, "gemm" or "outer", on the shapes of a file, see bench/shapes/. */
int check_bench(const char *tile, const char *path);
