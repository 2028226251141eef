/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Winograd's transforms: each by itself against the definition of winograd.h in double, and the
 * whole against a direct 3x3 convolution. */
#include "kernels/winograd.h"

#include <math.h>
#include <string.h>

#include "check.h"

#define IN     VDT_WINOGRAD_IN
#define OUT    VDT_WINOGRAD_OUT
#define POINTS VDT_WINOGRAD_POINTS
#define A      VDT_WINOGRAD_A
#define B      VDT_WINOGRAD_B

/* As the header's comment has them. */
static const double input_matrix[6][6] = {
    {1, 0, -2.5, 0, 1, 0},  {0, -B, -2, A, 1, 0},   {0, B, -2, -A, 1, 0},
    {0, -A, -0.5, B, 1, 0}, {0, A, -0.5, -B, 1, 0}, {0, 1, 0, -2.5, 0, 1},
};
static const double output_matrix[4][6] = {
    {1, 1, 1, 1, 1, 0},
    {0, A, -A, B, -B, 0},
    {0, 0.5, 0.5, 2, 2, 0},
    {0, A / 2, -A / 2, 2 * B, -2 * B, 1},
};

/* One-dimensional F(4,3) with the kernel matrix of the header, in double, is a convolution; so is
 * what vdt_winograd_kernel() makes of a 3x3 kernel, to within rounding to float. */
static void test_kernel(void)
{
    for (guint round = 0; round < 200; round++) {
        const double kernel_matrix[6][3] = {
            {1, 0, 0},
            {-1 / 1.5, -A / 1.5, -0.5 / 1.5},
            {-1 / 1.5, A / 1.5, -0.5 / 1.5},
            {1 / 6., B / 6, 2 / 6.},
            {1 / 6., -B / 6, 2 / 6.},
            {0, 0, 1},
        };
        float g[9], u[POINTS];

        check_case("winograd kernel, round %u", round);
        for (guint i = 0; i < 9; i++)
            g[i] = (float)check_uniform(-1, 1);
        vdt_winograd_kernel(g, u);
        for (guint i = 0; i < POINTS; i++) {
            double sum = 0, scale = 0;

            for (guint k = 0; k < 9; k++) {
                double term = kernel_matrix[i / 6][k / 3] * kernel_matrix[i % 6][k % 3] * g[k];

                sum += term;
                scale += fabs(term);
            }
            if (fabs(u[i] - sum) > fabs(sum) * 0x1p-24 + scale * 0x1p-50)
                check_fail("point %u is %.9g, should be %.9g", i, u[i], sum);
        }
    }
}

/* 36 pixels, some of them the row of zeros that stands for padding. */
static const void **make_pixels(size_t channels, size_t pitch)
{
    const float *map = check_channels(POINTS, channels, pitch, FALSE, 0);
    size_t wide = VDT_ALIGN_LANES(channels);
    float *zeros = check_memory(wide * sizeof *zeros);
    const void **a = check_memory(POINTS * sizeof *a);

    memset(zeros, 0, wide * sizeof *zeros);
    for (size_t i = 0; i < POINTS; i++)
        a[i] = check_one_in(5) ? zeros : map + i * pitch;
    return a;
}

static void check_input(const VdtKernels *kernels, size_t channels)
{
    size_t wide = VDT_ALIGN_LANES(channels), stride = check_pitch(channels);
    const void **a = make_pixels(channels, check_pitch(channels));
    CheckOutput reference = check_output(POINTS, wide, stride, FALSE);
    CheckOutput v = check_output(POINTS, wide, stride, FALSE);
    g_autofree CheckExact *exact = g_new0(CheckExact, POINTS * channels);

    check_reference(kernels)->winograd_input(channels, a, (float *)reference.data, stride);
    kernels->winograd_input(channels, a, (float *)v.data, stride);
    for (size_t i = 0; i < POINTS * channels; i++) {
        size_t point = i / channels, c = i % channels;

        for (size_t j = 0; j < POINTS; j++) {
            double term = input_matrix[point / 6][j / 6] * input_matrix[point % 6][j % 6] *
                          ((const float *)a[j])[c];

            exact[i].value += term;
            exact[i].scale += fabs(term);
        }
    }
    check_outside(&reference, channels);
    check_outside(&v, channels);
    check_compare(exact, &reference, &v, channels);
}

/* The block's pixels in a map of @width pixels a row as an output of rows x cols pixels: what lies
 * between is the gap that nobody may touch. */
typedef struct {
    size_t rows, cols, width, pitch;
} Block;

static CheckOutput block_row(const CheckOutput *map, const Block *block, size_t row)
{
    return (CheckOutput){map->data + row * block->width * block->pitch * sizeof(float), block->cols,
                         map->width, block->pitch, FALSE};
}

/* Nothing right of the block changed either. */
static void check_right_of_block(const CheckOutput *map, const Block *block)
{
    const guint32 *words = (const guint32 *)map->data;

    for (size_t pixel = 0; pixel < map->rows; pixel++)
        for (size_t c = 0; pixel % block->width >= block->cols && c < map->width; c++)
            if (words[pixel * block->pitch + c] != 0xffffffff)
                check_fail("wrote to pixel %zu, right of the block", pixel);
}

static void check_output_transform(const VdtKernels *kernels, size_t channels)
{
    Block block = {.rows = check_between(1, OUT),
                   .cols = check_between(1, OUT),
                   .width = check_between(OUT, OUT + 3),
                   .pitch = check_pitch(channels)};
    size_t wide = VDT_ALIGN_LANES(channels), stride = check_pitch(channels);
    size_t pixels = (block.rows - 1) * block.width + block.cols;
    const float *m = check_channels(POINTS, channels, stride, FALSE, 0);
    VdtEpilogue epilogue = check_epilogue(pixels, wide, FALSE, 0);
    CheckOutput reference = check_output(pixels, wide, block.pitch, FALSE);
    CheckOutput y = check_output(pixels, wide, block.pitch, FALSE);
    g_autofree CheckExact *exact = g_new(CheckExact, block.cols * channels);

    check_reference(kernels)->winograd_output(channels, m, stride, block.rows, block.cols,
                                              block.width, &epilogue, reference.data, block.pitch);
    kernels->winograd_output(channels, m, stride, block.rows, block.cols, block.width, &epilogue,
                             y.data, block.pitch);
    check_outside(&y, wide);
    check_right_of_block(&y, &block);
    for (size_t row = 0; row < block.rows; row++) {
        CheckOutput reference_row = block_row(&reference, &block, row);
        CheckOutput y_row = block_row(&y, &block, row);

        for (size_t i = 0; i < block.cols * channels; i++) {
            size_t column = i / channels, c = i % channels;
            CheckExact sum = {0};

            for (size_t j = 0; j < POINTS; j++) {
                double term =
                    output_matrix[row][j / 6] * output_matrix[column][j % 6] * m[j * stride + c];

                sum.value += term;
                sum.scale += fabs(term);
            }
            exact[i] = check_finish(sum, &epilogue, FALSE, row * block.width + column, c);
        }
        check_compare(exact, &reference_row, &y_row, channels);
    }
}

/* One product of the transformed input with one point's weights; a single row. */
static void multiply(const VdtKernels *kernels, const float *v, const float *weights, size_t depth,
                     size_t columns, float *m)
{
    size_t wide = VDT_ALIGN_LANES(columns);
    char *packed = check_memory(vdt_packed_size(kernels, columns, depth, 1));
    g_autofree float *bias = g_new0(float, wide);
    const void *a[] = {v};

    vdt_pack_gemm(kernels, weights, columns, depth, 1, packed);
    for (size_t column = 0; column < wide; column += kernels->nr) {
        VdtGemmTile tile = {.rows = 1,
                            .cols = MIN(kernels->nr, wide - column),
                            .taps = 1,
                            .depth = depth,
                            .a = a,
                            .b = packed + vdt_packed_block(kernels, column / kernels->nr, depth, 1),
                            .y = m + column,
                            .y_pitch = wide,
                            .y_f32 = TRUE,
                            .epilogue.bias = bias + column};

        kernels->gemm_tile(&tile);
    }
}

static void check_whole(const VdtKernels *kernels, size_t depth)
{
    size_t columns = check_between(1, 40), wide = VDT_ALIGN_LANES(columns);
    size_t pitch = VDT_ALIGN_LANES(depth);
    const float *x = check_channels(POINTS, depth, pitch, FALSE, 0);
    const float *g =
        check_map(1, columns * depth * 9, columns * depth * 9, columns * depth * 9, FALSE, 0);
    g_autofree float *v = g_new(float, POINTS *pitch), *m = g_new(float, POINTS *wide);
    g_autofree float *points = g_new(float, POINTS *columns *depth);
    g_autofree float *bias = g_new0(float, wide), *y = g_new(float, OUT *OUT *wide);
    VdtEpilogue epilogue = {.bias = bias};
    const void *a[POINTS];
    double error = 0, total = 0;

    for (size_t i = 0; i < POINTS; i++)
        a[i] = x + i * pitch;
    kernels->winograd_input(depth, a, v, pitch);
    for (size_t i = 0; i < columns * depth; i++) {
        float u[POINTS];

        vdt_winograd_kernel(g + 9 * i, u);
        for (size_t j = 0; j < POINTS; j++)
            points[j * columns * depth + i] = u[j];
    }
    for (size_t j = 0; j < POINTS; j++)
        multiply(kernels, v + j * pitch, points + j * columns * depth, depth, columns,
                 m + j * wide);
    kernels->winograd_output(columns, m, wide, OUT, OUT, OUT, &epilogue, y, wide);

    for (size_t i = 0; i < OUT * OUT * columns; i++) {
        size_t pixel = i / columns, column = i % columns;
        double sum = 0;

        for (size_t t = 0; t < 9; t++) {
            size_t from = (pixel / OUT + t / 3) * IN + pixel % OUT + t % 3;

            for (size_t k = 0; k < depth; k++)
                sum += (double)x[from * pitch + k] * g[(column * depth + k) * 9 + t];
        }
        error += (y[pixel * wide + column] - sum) * (y[pixel * wide + column] - sum);
        total += sum * sum;
    }
    if (!(sqrt(error) < 5e-6 * sqrt(total)))
        check_fail("%zu columns: relative error %.3g", columns, sqrt(error / total));
}

static void test_input(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (size_t channels = 1; channels <= 80; channels++) {
        check_case("%s winograd_input: %zu channels", kernels->name, channels);
        check_input(kernels, channels);
    }
}

static void test_output(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (size_t channels = 1; channels <= 80; channels++) {
        for (guint round = 0; round < 4; round++) {
            check_case("%s winograd_output: %zu channels, round %u", kernels->name, channels,
                       round);
            check_output_transform(kernels, channels);
        }
    }
}

static void test_whole(gconstpointer kernels)
{
    for (size_t depth = 1; depth <= 80; depth += check_between(1, 5)) {
        check_case("%s winograd: depth %zu", ((const VdtKernels *)kernels)->name, depth);
        check_whole(kernels, depth);
    }
}

void check_add_winograd(const VdtKernels *kernels)
{
    if (!kernels->winograd_input)
        return;
    if (kernels == check_reference(kernels))
        g_test_add_func("/kernels/winograd-kernel", test_kernel);
    check_add_test(kernels, "winograd_input", test_input);
    check_add_test(kernels, "winograd_output", test_output);
    check_add_test(kernels, "winograd/whole", test_whole);
}
