/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strassen_tile: what it makes of weights, and what its sums become part of. */
#include <math.h>
#include <string.h>

#include "check.h"

enum { ALONE, PLUS, MINUS, N_WEIGHTS };
enum { SET, ADD, SUBTRACT, N_PUTS };

typedef struct {
    size_t rows, cols, depth;
    const float **a, *b, *other, *starts[2];
    int weights, puts[2];
    size_t n_parts, part_rows[2], pitch;
    const VdtEpilogue *epilogue;
} Case;

/* One in 60 inputs is special, but no weight: they are summed before. */
static Case make_case(const VdtKernels *kernels, size_t rows, int weights, int epilogue)
{
    size_t nr = kernels->nr, depth = check_between(1, 70), pitch = check_pitch(depth);
    guint special_in = check_one_in(6) ? 60 : 0;
    const float *inputs = check_map(rows, depth, depth, pitch, FALSE, special_in);
    VdtEpilogue *e = check_memory(sizeof *e);
    Case c = {.rows = rows, .cols = nr, .depth = depth, .weights = weights, .epilogue = e};

    c.a = check_memory(rows * sizeof *c.a);
    for (size_t i = 0; i < rows; i++)
        c.a[i] = inputs + i * pitch;
    c.b = check_map(1, depth * nr, depth * nr, depth * nr, FALSE, 0);
    c.other = check_map(1, depth * nr, depth * nr, depth * nr, FALSE, 0);
    c.n_parts = check_between(1, 2);
    for (size_t p = 0; p < c.n_parts; p++) {
        c.puts[p] = (int)check_between(0, N_PUTS - 1);
        c.part_rows[p] = p + 1 == c.n_parts ? rows : check_between(0, rows);
    }
    c.pitch = check_pitch(nr);
    if (epilogue < 0)
        c.epilogue = NULL;
    else
        *e = check_nth_epilogue((guint)epilogue, rows, nr, FALSE, special_in);
    return c;
}

/* A part of no rows has a place all the same: one row that stays. */
static void make_outputs(Case *c, CheckOutput *outputs)
{
    for (size_t p = 0; p < c->n_parts; p++)
        outputs[p] = check_output_f32(MAX(1, c->part_rows[p]), c->cols, c->pitch, c->puts[p] != SET,
                                      &c->starts[p]);
}

static void run(const Case *c, const VdtKernels *kernels, const CheckOutput *outputs)
{
    float *b_sum = check_memory(c->depth * c->cols * sizeof *b_sum);
    VdtStrassenTile tile = {.rows = c->rows,
                            .cols = c->cols,
                            .depth = c->depth,
                            .a = c->a,
                            .b = c->b,
                            .other = c->weights == ALONE ? NULL : c->other,
                            .minus = c->weights == MINUS,
                            .b_sum = b_sum,
                            .ahead = check_one_in(2) ? c->b : NULL,
                            .n_parts = c->n_parts,
                            .y_pitch = c->pitch,
                            .epilogue = c->epilogue};

    for (size_t p = 0; p < c->n_parts; p++)
        tile.parts[p] = (VdtStrassenPart){.y = (float *)outputs[p].data,
                                          .rows = (int)c->part_rows[p],
                                          .add = c->puts[p] != SET,
                                          .minus = c->puts[p] == SUBTRACT};
    kernels->strassen_tile(&tile);
    for (size_t k = 0; k < c->depth * c->cols && tile.other; k++)
        if (b_sum[k] != (tile.minus ? c->b[k] - c->other[k] : c->b[k] + c->other[k]))
            check_fail("the sum of weights %zu is %g", k, (double)b_sum[k]);
    for (size_t p = 0; p < c->n_parts; p++)
        if (c->part_rows[p] > 0)
            check_outside(&outputs[p], c->cols);
}

static CheckExact exact_element(const Case *c, size_t p, size_t row, size_t column)
{
    const double sign = c->weights == MINUS ? -1 : 1, out = c->puts[p] == SUBTRACT ? -1 : 1;
    double start = c->puts[p] == SET ? 0 : (double)c->starts[p][row * c->pitch + column];
    CheckExact exact = {start, fabs(start)};

    for (size_t k = 0; k < c->depth; k++) {
        double a = (double)c->a[row][k], b = (double)c->b[k * c->cols + column];
        double other = c->weights == ALONE ? 0 : (double)c->other[k * c->cols + column];

        exact.value += out * a * (b + sign * other);
        exact.scale += fabs(a) * (fabs(b) + fabs(other));
    }
    if (p + 1 == c->n_parts && c->epilogue)
        return check_finish(exact, c->epilogue, FALSE, row, column);
    return exact;
}

static void check_tile(const VdtKernels *kernels, size_t rows, int weights, int epilogue)
{
    CheckOutput reference[2], output[2];
    Case c;

    check_case("%s strassen: %zu rows, weights %d, epilogue %d", kernels->name, rows, weights,
               epilogue);
    c = make_case(kernels, rows, weights, epilogue);
    make_outputs(&c, reference);
    for (size_t p = 0; p < c.n_parts; p++)
        output[p] = check_output_copy(&reference[p]);
    run(&c, vdt_kernels_plain(VDT_PRECISION_F32), reference);
    run(&c, kernels, output);
    for (size_t p = 0; p < c.n_parts; p++) {
        g_autofree CheckExact *exact = g_new(CheckExact, c.rows * c.cols);

        for (size_t i = 0; i < c.part_rows[p] * c.cols; i++)
            exact[i] = exact_element(&c, p, i / c.cols, i % c.cols);
        if (c.part_rows[p] > 0)
            check_compare(exact, &reference[p], &output[p], c.cols);
        else if (memcmp(reference[p].data, output[p].data, c.cols * sizeof(float)) != 0)
            check_fail("a part of no rows was written");
    }
}

static void test_parts(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (size_t rows = 1; rows <= kernels->mr; rows++)
        for (int weights = 0; weights < N_WEIGHTS; weights++)
            for (guint i = 0; i < 40; i++)
                check_tile(kernels, rows, weights, -1);
}

static void test_epilogues(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (size_t rows = 1; rows <= kernels->mr; rows++)
        for (int epilogue = 0; epilogue < CHECK_EPILOGUES; epilogue++)
            check_tile(kernels, rows, (int)check_between(0, N_WEIGHTS - 1), epilogue);
}

void check_add_strassen(const VdtKernels *kernels)
{
    if (!kernels->strassen_tile)
        return;
    check_add_test(kernels, "strassen_tile/parts", test_parts);
    check_add_test(kernels, "strassen_tile/epilogues", test_epilogues);
}
