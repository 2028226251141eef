/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* outer_tile: a sum of outer products is cut into tiles as a plan cuts it. */
#include <math.h>
#include <string.h>

#include "check.h"

#define MOST_COLUMNS 128

typedef struct {
    size_t rows, columns, depth; /* of the sum, not of a tile */
    const float *const *a;       /* [depth] */
    size_t a_offset;
    const float *const *b; /* [depth] */
    gboolean add;
} Sum;

static Sum make_sum(size_t rows, size_t columns, size_t depth, gboolean add, guint special_in)
{
    size_t n_inputs = MIN(depth, 9), a_offset = check_between(0, 20);
    /* Inputs may be read as far as the tile has rows and not an element further. */
    size_t width = a_offset + rows, a_pitch = width + check_between(0, 20);
    const float *inputs = check_map(n_inputs, width, width, a_pitch, FALSE, special_in);
    const float **a = check_memory(depth * sizeof *a);
    size_t b_pitch = check_pitch(columns);
    const float *gradients = check_map(depth, columns, columns, b_pitch, FALSE, special_in);
    const float **b = check_memory(depth * sizeof *b);
    float *zeros = check_memory(width * sizeof *zeros);
    Sum sum = {.rows = rows,
               .columns = columns,
               .depth = depth,
               .a = a,
               .a_offset = a_offset,
               .b = b,
               .add = add};

    memset(zeros, 0, width * sizeof *zeros);
    for (size_t n = 0; n < depth; n++) {
        a[n] = check_one_in(8) ? zeros : inputs + check_between(0, n_inputs - 1) * a_pitch;
        b[n] = gradients + n * b_pitch;
    }
    return sum;
}

static void run(const Sum *sum, const VdtKernels *kernels, const CheckOutput *y)
{
    for (size_t row = 0; row < sum->rows; row += kernels->mr) {
        for (size_t column = 0; column < sum->columns; column += kernels->nr) {
            VdtOuterTile tile = {
                .rows = MIN(kernels->mr, sum->rows - row),
                .cols = MIN(kernels->nr, sum->columns - column),
                .depth = sum->depth,
                .a = sum->a,
                .a_offset = sum->a_offset + row,
                .b = sum->b,
                .b_offset = column,
                .y = (float *)y->data + row * y->pitch + column,
                .y_pitch = y->pitch,
                .add = sum->add,
            };

            kernels->outer_tile(&tile);
        }
    }
    check_outside(y, sum->columns);
}

static CheckExact exact_element(const Sum *sum, size_t row, size_t column, double start)
{
    CheckExact exact = {start, fabs(start)};

    for (size_t n = 0; n < sum->depth; n++) {
        double term = (double)sum->a[n][sum->a_offset + row] * (double)sum->b[n][column];

        exact.value += term;
        exact.scale += fabs(term);
    }
    return exact;
}

static void check_sum(const VdtKernels *kernels, size_t rows, size_t columns, size_t depth)
{
    gboolean add = check_one_in(2);
    const float *start;
    g_autofree CheckExact *exact = g_new(CheckExact, rows * columns);
    CheckOutput reference, output;
    Sum sum;

    check_case("%s outer: %zu rows, %zu columns, depth %zu, %s", kernels->name, rows, columns,
               depth, add ? "add" : "store");
    sum = make_sum(rows, columns, depth, add, 0);
    reference = check_output_f32(rows, columns, check_pitch(columns), add, &start);
    output = check_output_copy(&reference);
    run(&sum, vdt_kernels_plain(VDT_PRECISION_F32), &reference);
    run(&sum, kernels, &output);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            exact[i * columns + j] =
                exact_element(&sum, i, j, add ? start[i * reference.pitch + j] : 0);
    check_compare(exact, &reference, &output, columns);
}

static void test_sizes(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (size_t rows = 1; rows <= kernels->mr; rows = check_next_rows(rows, kernels->mr))
        for (size_t columns = VDT_LANES; columns <= kernels->nr; columns += VDT_LANES)
            for (size_t depth = 1; depth <= 50; depth++)
                check_sum(kernels, rows, columns, depth);
}

/* Several tiles in each direction, and as many pixels as a plan sums at once. */
static void test_large(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (guint i = 0; i < 20; i++)
        check_sum(kernels, check_between(1, 40),
                  check_between(1, MOST_COLUMNS / VDT_LANES) * VDT_LANES, check_between(1, 1024));
}

/* What is not finite reaches every sum that it is in, and no other. */
static void test_special_values(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (size_t rows = 1; rows <= kernels->mr; rows = check_next_rows(rows, kernels->mr)) {
        for (size_t columns = VDT_LANES; columns <= kernels->nr; columns += VDT_LANES) {
            size_t depth = check_between(1, 40);
            CheckOutput y;
            Sum sum;

            check_case("%s outer, special values: %zu rows, %zu columns, depth %zu", kernels->name,
                       rows, columns, depth);
            sum = make_sum(rows, columns, depth, FALSE, 50);
            y = check_output(rows, columns, columns, FALSE);
            run(&sum, kernels, &y);
            for (size_t i = 0; i < rows * columns; i++) {
                double right = exact_element(&sum, i / columns, i % columns, 0).value;
                double value = check_get(y.data, i, FALSE);

                if (isnan(right) ? !isnan(value)
                                 : (isinf(right) ? value != right : !isfinite(value)))
                    check_fail("row %zu column %zu is %g, should be %g", i / columns, i % columns,
                               value, right);
            }
        }
    }
}

void check_add_outer(const VdtKernels *kernels)
{
    if (!kernels->outer_tile)
        return;
    check_add_test(kernels, "outer_tile/sizes", test_sizes);
    check_add_test(kernels, "outer_tile/large", test_large);
    check_add_test(kernels, "outer_tile/special-values", test_special_values);
}
