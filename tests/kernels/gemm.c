/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gemm_tile and the packing of its weights: a product is cut into tiles as a plan cuts it. Each
 * variant packs for itself, since the form depends on its tile. */
#include <math.h>
#include <string.h>

#include "check.h"

typedef struct {
    size_t rows, columns, depth, taps; /* of the product, not of a tile */
    size_t padded;                     /* depth in whole steps */
    const float *weights;              /* [columns][depth][taps] */
    const void **a;                    /* [taps][rows] */
    VdtEpilogue epilogue;
    gboolean bf16, y_f32;
} Product;

static Product make_product(const VdtKernels *kernels, size_t rows, size_t columns, size_t depth,
                            size_t taps, int epilogue, guint special_in)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t step = vdt_depth_step(kernels->precision), n_inputs = MIN(rows * taps, 12);
    size_t wide = VDT_ALIGN_LANES(columns);
    Product p = {.rows = rows,
                 .columns = columns,
                 .depth = depth,
                 .taps = taps,
                 .padded = (depth + step - 1) / step * step,
                 .bf16 = bf16,
                 .y_f32 = !bf16 || check_one_in(2)};
    size_t pitch = check_pitch(p.padded);
    /* Every row may be read up to the padded depth and not a byte further. */
    char *inputs = check_map(n_inputs, depth, p.padded, pitch, bf16, special_in);

    p.weights = check_map(1, columns * depth * taps, columns * depth * taps, columns * depth * taps,
                          FALSE, 0);
    p.a = check_memory(rows * taps * sizeof *p.a);
    for (size_t i = 0; i < rows * taps; i++)
        p.a[i] = inputs + check_between(0, n_inputs - 1) * pitch * vdt_element_size(bf16);
    if (epilogue < 0)
        p.epilogue = check_epilogue(rows, wide, bf16, special_in);
    else
        p.epilogue = check_nth_epilogue(epilogue, rows, wide, bf16, special_in);
    return p;
}

static CheckExact exact_element(const Product *p, size_t row, size_t column)
{
    CheckExact sum = {0};

    for (size_t t = 0; t < p->taps; t++) {
        for (size_t k = 0; k < p->depth; k++) {
            double weight =
                column < p->columns ? p->weights[(column * p->depth + k) * p->taps + t] : 0;
            double term = check_get(p->a[t * p->rows + row], k, p->bf16) *
                          (p->bf16 ? check_round_bf16(weight) : weight);

            sum.value += term;
            sum.scale += fabs(term);
        }
    }
    return check_finish(sum, &p->epilogue, p->bf16, row, column);
}

static const char *offset(const void *map, size_t elements, gboolean bf16)
{
    return map ? (const char *)map + elements * vdt_element_size(bf16) : NULL;
}

static CheckOutput run(const Product *p, const VdtKernels *kernels, size_t y_pitch)
{
    size_t wide = VDT_ALIGN_LANES(p->columns), y_size = p->y_f32 ? 4 : 2;
    size_t packed_size = vdt_packed_size(kernels, p->columns, p->depth, p->taps);
    char *packed = check_memory(packed_size);
    CheckOutput y = check_output(p->rows, wide, y_pitch, !p->y_f32);

    memset(packed, 0xff, packed_size);
    vdt_pack_gemm(kernels, p->weights, p->columns, p->depth, p->taps, packed);
    for (size_t row = 0; row < p->rows; row += kernels->mr) {
        size_t rows = MIN(kernels->mr, p->rows - row);
        const void *a[9 * VDT_MOST_GEMM_ROWS];

        for (size_t i = 0; i < rows * p->taps; i++)
            a[i] = p->a[i / rows * p->rows + row + i % rows];
        for (size_t column = 0; column < wide; column += kernels->nr) {
            VdtGemmTile tile = {
                .rows = rows,
                .cols = MIN(kernels->nr, wide - column),
                .taps = p->taps,
                .depth = p->padded,
                .a = a,
                .b = packed + vdt_packed_block(kernels, column / kernels->nr, p->depth, p->taps),
                .y = y.data + (row * y_pitch + column) * y_size,
                .y_pitch = y_pitch,
                .y_f32 = p->y_f32,
                .epilogue = p->epilogue,
            };

            tile.epilogue.bias += column;
            tile.epilogue.mul =
                offset(tile.epilogue.mul, row * tile.epilogue.mul_pitch + column, p->bf16);
            tile.epilogue.add =
                offset(tile.epilogue.add, row * tile.epilogue.add_pitch + column, p->bf16);
            kernels->gemm_tile(&tile);
        }
    }
    check_outside(&y, wide);
    return y;
}

static void check_product(const VdtKernels *kernels, const Product *p)
{
    size_t wide = VDT_ALIGN_LANES(p->columns), y_pitch = check_pitch(wide);
    g_autofree CheckExact *exact = g_new(CheckExact, p->rows * wide);
    CheckOutput reference = run(p, check_reference(kernels), y_pitch);
    CheckOutput output = run(p, kernels, y_pitch);

    for (size_t i = 0; i < p->rows * wide; i++)
        exact[i] = exact_element(p, i / wide, i % wide);
    check_compare(exact, &reference, &output, wide);
}

static void check_one(gconstpointer data, size_t rows, size_t width, size_t depth, size_t taps,
                      int epilogue)
{
    const VdtKernels *kernels = data;
    /* The last block is @width columns wide, not all of them used; at times there is one more. */
    size_t columns = width - check_between(0, 15) + (check_one_in(4) ? kernels->nr : 0);
    guint special_in = check_one_in(6) ? 300 : 0;
    Product p;

    check_case("%s gemm: %zu rows, %zu columns, depth %zu, %zu taps, epilogue %d", kernels->name,
               rows, columns, depth, taps, epilogue);
    p = make_product(kernels, rows, columns, depth, taps, epilogue, special_in);
    check_product(kernels, &p);
}

static void test_sizes(gconstpointer data)
{
    const VdtKernels *kernels = data;

    check_tile_sizes(kernels, kernels->mr, kernels->nr, check_one);
}

static void test_taps(gconstpointer data)
{
    const VdtKernels *kernels = data;

    check_tile_taps(kernels, kernels->mr, kernels->nr, check_one);
}

static void test_epilogues(gconstpointer data)
{
    const VdtKernels *kernels = data;

    check_tile_epilogues(kernels, kernels->mr, kernels->nr, check_one);
}

/* More rows than a tile has, and several blocks. */
static void test_large(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (guint i = 0; i < 20; i++)
        check_one(kernels, check_between(8, 30), check_between(5, 10) * VDT_LANES,
                  check_between(1, 90), check_between(1, 9), -1);
}

/* Packing weights in any order is packing them after they have been brought into order. */
static void test_strides(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for (guint i = 0; i < 300; i++) {
        size_t n[3] = {check_between(1, 3 * kernels->nr), check_between(1, 70),
                       check_between(1, 9)};
        size_t count = n[0] * n[1] * n[2], size = vdt_packed_size(kernels, n[0], n[1], n[2]);
        guint outer = check_between(0, 2), middle = (outer + check_between(1, 2)) % 3;
        guint inner = 3 - outer - middle;
        ptrdiff_t stride[3];
        const float *first;
        float *ordered;
        char *packed, *expected;

        check_case("%s strides: %zu columns, depth %zu, %zu taps, order %u %u %u", kernels->name,
                   n[0], n[1], n[2], outer, middle, inner);
        first = check_map(1, count, count, count, FALSE, 0);
        ordered = check_memory(count * sizeof *ordered);
        packed = check_memory(size);
        expected = check_memory(size);
        stride[inner] = 1;
        stride[middle] = (ptrdiff_t)n[inner];
        stride[outer] = (ptrdiff_t)(n[inner] * n[middle]);
        for (guint dim = 0; dim < 3; dim++) {
            if (check_one_in(3)) {
                first += (ptrdiff_t)(n[dim] - 1) * stride[dim];
                stride[dim] = -stride[dim];
            }
        }
        for (size_t at = 0; at < count; at++) {
            ptrdiff_t c = (ptrdiff_t)(at / (n[1] * n[2])), t = (ptrdiff_t)(at % n[2]);
            ptrdiff_t k = (ptrdiff_t)(at / n[2] % n[1]);

            ordered[at] = first[c * stride[0] + k * stride[1] + t * stride[2]];
        }
        memset(packed, 0xff, size);
        memset(expected, 0xff, size);
        vdt_pack_gemm(kernels, ordered, n[0], n[1], n[2], expected);
        vdt_pack_gemm_strided(kernels, first, n[0], stride[0], n[1], stride[1], n[2], stride[2],
                              packed);
        for (size_t at = 0; at < size; at++)
            if (packed[at] != expected[at])
                check_fail("byte %zu of %zu is different", at, size);
    }
}

/* Packing a matrix of elements is packing the numbers that they are; rows may be columns or depth.
 */
static void test_elements(gconstpointer data)
{
    const VdtKernels *kernels = data;
    const gboolean bf16 = check_is_bf16(kernels);

    for (guint i = 0; i < 300; i++) {
        size_t cols = check_between(1, 3 * kernels->nr), depth = check_between(1, 70);
        gboolean turned = check_one_in(2);
        size_t rows = turned ? cols : depth, width = turned ? depth : cols;
        size_t pitch = width + check_between(0, 20),
               size = vdt_packed_size(kernels, cols, depth, 1);
        ptrdiff_t col_stride = turned ? (ptrdiff_t)pitch : 1;
        ptrdiff_t depth_stride = turned ? 1 : (ptrdiff_t)pitch;
        const void *elements;
        float *numbers;
        char *packed, *expected;

        check_case("%s elements: %zu columns, depth %zu, turned %d", kernels->name, cols, depth,
                   turned);
        elements = check_map(rows, width, width, pitch, bf16, 0);
        numbers = check_memory(rows * pitch * sizeof *numbers);
        packed = check_memory(size);
        expected = check_memory(size);
        for (size_t at = 0; at < rows * pitch; at++)
            numbers[at] = at % pitch < width ? (float)check_get(elements, at, bf16) : NAN;
        memset(packed, 0xff, size);
        memset(expected, 0xff, size);
        vdt_pack_gemm_strided(kernels, numbers, cols, col_stride, depth, depth_stride, 1, 0,
                              expected);
        vdt_pack_elements(kernels, elements, cols, col_stride, depth, depth_stride, packed);
        for (size_t at = 0; at < size; at++)
            if (packed[at] != expected[at])
                check_fail("byte %zu of %zu is different", at, size);
    }
}

void check_add_gemm(const VdtKernels *kernels)
{
    check_add_test(kernels, "gemm_tile/sizes", test_sizes);
    check_add_test(kernels, "gemm_tile/taps", test_taps);
    check_add_test(kernels, "gemm_tile/epilogues", test_epilogues);
    check_add_test(kernels, "gemm_tile/large", test_large);
    check_add_test(kernels, "gemm_tile/strides", test_strides);
    check_add_test(kernels, "gemm_tile/elements", test_elements);
}
