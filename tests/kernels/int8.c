/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Products in 8 bits: quantising, packing, and tiles cut as a plan cuts them. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "kernels/int8.h"

typedef struct {
    size_t rows, columns, depth, taps; /* of the product, not of a tile */
    const float *weights;              /* [columns][depth][taps] */
    const int8_t **a;                  /* [taps][rows] */
    float *scales;                     /* of the same */
    VdtEpilogue epilogue;
    gboolean bf16; /* maps are of */
} Product;

static gboolean is_bf16(const VdtInt8Kernels *kernels)
{
    return kernels->maps == VDT_PRECISION_BF16;
}

static int8_t *random_bytes(size_t n)
{
    int8_t *bytes = check_memory(n);

    for (size_t i = 0; i < n; i++)
        bytes[i] = check_one_in(8) ? (check_one_in(2) ? VDT_INT8_MOST : -VDT_INT8_MOST)
                                   : (int)check_between(0, 2 * VDT_INT8_MOST) - VDT_INT8_MOST;
    return bytes;
}

static Product make_product(size_t rows, size_t columns, size_t depth, size_t taps, int epilogue,
                            gboolean bf16)
{
    Product p = {.rows = rows, .columns = columns, .depth = depth, .taps = taps, .bf16 = bf16};
    size_t n_inputs = MIN(rows * taps, 12), padded = VDT_ALIGN_INT8(depth);
    size_t wide = VDT_ALIGN_LANES(columns);
    /* Every row may be read up to the padded depth and not a byte further. */
    int8_t *inputs = random_bytes(n_inputs * padded);

    p.weights = check_map(1, columns * depth * taps, columns * depth * taps, columns * depth * taps,
                          FALSE, 0);
    p.a = check_memory(rows * taps * sizeof *p.a);
    p.scales = check_memory(rows * taps * sizeof *p.scales);
    for (size_t i = 0; i < rows * taps; i++) {
        p.a[i] = inputs + check_between(0, n_inputs - 1) * padded;
        p.scales[i] = (float)check_uniform(0, 0.02);
    }
    p.epilogue = epilogue < 0 ? check_epilogue(rows, wide, bf16, 0)
                              : check_nth_epilogue(epilogue, rows, wide, bf16, 0);
    return p;
}

/* What a weight becomes, by its definition. */
static int quantised(const Product *p, size_t column, size_t k, size_t t, double scale)
{
    return scale > 0 ? (int)rint(p->weights[(column * p->depth + k) * p->taps + t] / scale) : 0;
}

static double scale_of(const Product *p, size_t column)
{
    float most = 0;

    for (size_t i = 0; i < p->depth * p->taps; i++)
        most = fmaxf(most, fabsf(p->weights[column * p->depth * p->taps + i]));
    return most / VDT_INT8_MOST;
}

static CheckExact exact_element(const Product *p, const float *column_scales, size_t row,
                                size_t column)
{
    const double scale = column_scales[column];
    CheckExact sum = {0};

    for (size_t t = 0; t < p->taps && column < p->columns; t++) {
        const int8_t *a = p->a[t * p->rows + row];
        double tap = 0;

        for (size_t k = 0; k < p->depth; k++)
            tap += a[k] * quantised(p, column, k, t, scale);
        sum.value += tap * scale * p->scales[t * p->rows + row];
        sum.scale += fabs(tap * scale * p->scales[t * p->rows + row]);
    }
    return check_finish(sum, &p->epilogue, p->bf16, row, column);
}

static const void *shifted(const Product *p, const void *map, size_t elements)
{
    return map ? (const char *)map + elements * (p->bf16 ? 2 : 4) : NULL;
}

static CheckOutput run(const Product *p, const VdtInt8Kernels *kernels, size_t y_pitch,
                       float *column_scales)
{
    size_t wide = VDT_ALIGN_LANES(p->columns);
    char *packed = check_memory(vdt_int8_packed_size(p->columns, p->depth, p->taps));
    CheckOutput y = check_output(p->rows, wide, y_pitch, p->bf16);

    vdt_int8_pack(kernels, p->weights, p->columns, p->depth, p->taps, packed, column_scales);
    for (size_t row = 0; row < p->rows; row += kernels->mr) {
        size_t rows = MIN(kernels->mr, p->rows - row);
        const int8_t *a[9 * VDT_MOST_TILE_ROWS];
        float scales[9 * VDT_MOST_TILE_ROWS];

        for (size_t i = 0; i < rows * p->taps; i++) {
            a[i] = p->a[i / rows * p->rows + row + i % rows];
            scales[i] = p->scales[i / rows * p->rows + row + i % rows];
        }
        for (size_t column = 0; column < wide; column += kernels->nr) {
            VdtInt8Tile tile = {
                .rows = rows,
                .cols = MIN(kernels->nr, wide - column),
                .taps = p->taps,
                .depth = VDT_ALIGN_INT8(p->depth),
                .a = a,
                .scales = scales,
                .b = packed +
                     vdt_int8_packed_block(kernels, column / kernels->nr, p->depth, p->taps),
                .column_scales = column_scales + column,
                .y = y.data + (row * y_pitch + column) * (p->bf16 ? 2 : 4),
                .y_pitch = y_pitch,
                .epilogue = p->epilogue,
            };

            tile.epilogue.bias += column;
            tile.epilogue.mul =
                shifted(p, tile.epilogue.mul, row * tile.epilogue.mul_pitch + column);
            tile.epilogue.add =
                shifted(p, tile.epilogue.add, row * tile.epilogue.add_pitch + column);
            kernels->gemm_tile(&tile);
        }
    }
    check_outside(&y, wide);
    return y;
}

static void check_one(gconstpointer data, size_t rows, size_t width, size_t depth, size_t taps,
                      int epilogue)
{
    const VdtInt8Kernels *kernels = data;
    /* The last block is @width columns wide, not all of them used; at times there is one more. */
    size_t columns = width - check_between(0, 15) + (check_one_in(4) ? kernels->nr : 0);
    size_t wide = VDT_ALIGN_LANES(columns), y_pitch = check_pitch(wide);
    g_autofree CheckExact *exact = g_new(CheckExact, rows * wide);
    CheckOutput right, output;
    float *scales;
    Product p;

    check_case("%s gemm: %zu rows, %zu columns, depth %zu, %zu taps, epilogue %d", kernels->name,
               rows, columns, depth, taps, epilogue);
    p = make_product(rows, columns, depth, taps, epilogue, is_bf16(kernels));
    scales = check_memory(wide * sizeof *scales);
    right = run(&p, vdt_int8_kernels_plain(kernels->maps), y_pitch, scales);
    output = run(&p, kernels, y_pitch, scales);
    for (size_t c = 0; c < columns; c++)
        if (!(fabs(scales[c] - scale_of(&p, c)) <= 1e-6 * scale_of(&p, c)))
            check_fail("the scale of column %zu is %g, not %g", c, scales[c], scale_of(&p, c));
    for (size_t i = 0; i < rows * wide; i++)
        exact[i] = exact_element(&p, scales, i / wide, i % wide);
    check_compare(exact, &right, &output, wide);
}

static void test_sizes(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;

    check_tile_sizes(kernels, kernels->mr, kernels->nr, check_one);
}

static void test_taps(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;

    check_tile_taps(kernels, kernels->mr, kernels->nr, check_one);
}

static void test_epilogues(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;

    check_tile_epilogues(kernels, kernels->mr, kernels->nr, check_one);
}

/* The largest sums: all inputs and weights are at their limits, of one sign. */
static void test_extremes(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;

    for (int sign = -1; sign <= 1; sign += 2) {
        const size_t depth = 1024;
        const double sum = (double)sign * VDT_INT8_MOST * VDT_INT8_MOST * depth;
        const double right = is_bf16(kernels) ? check_round_bf16(sum) : sum;
        int8_t *a = NULL;
        float *weights, *scales, zero[VDT_LANES] = {0}, one = 1;
        char *packed, *y;

        check_case("%s extremes: sign %d", kernels->name, sign);
        a = check_memory(depth);
        memset(a, sign * VDT_INT8_MOST, depth);
        weights = check_memory(VDT_LANES * depth * sizeof *weights);
        for (size_t i = 0; i < VDT_LANES * depth; i++)
            weights[i] = VDT_INT8_MOST;
        packed = check_memory(vdt_int8_packed_size(VDT_LANES, depth, 1));
        scales = check_memory(VDT_LANES * sizeof *scales);
        y = check_memory(VDT_LANES * sizeof(float));
        vdt_int8_pack(kernels, weights, VDT_LANES, depth, 1, packed, scales);
        kernels->gemm_tile(&(VdtInt8Tile){.rows = 1,
                                          .cols = VDT_LANES,
                                          .taps = 1,
                                          .depth = depth,
                                          .a = (const int8_t *const *)&a,
                                          .scales = &one,
                                          .b = packed,
                                          .column_scales = scales,
                                          .y = y,
                                          .y_pitch = VDT_LANES,
                                          .epilogue = {.bias = zero}});
        for (size_t c = 0; c < VDT_LANES; c++)
            if (check_get(y, c, is_bf16(kernels)) != right)
                check_fail("column %zu is %.9g", c, check_get(y, c, is_bf16(kernels)));
    }
}

static void check_quantised(const VdtInt8Kernels *kernels, size_t rows, size_t channels,
                            guint special_in)
{
    size_t wide = VDT_ALIGN_LANES(channels), pitch = check_pitch(channels);
    const gboolean bf16 = is_bf16(kernels);
    const void *x = check_channels(rows, channels, pitch, bf16, special_in);
    int8_t *q = check_memory(rows * wide), *right = check_memory(rows * wide);
    float *scales = check_memory(rows * sizeof *scales);
    float *right_scales = check_memory(rows * sizeof *scales);

    memset(q, 0x55, rows * wide);
    kernels->quantise_rows(rows, channels, x, pitch, q, wide, scales);
    vdt_int8_kernels_plain(kernels->maps)
        ->quantise_rows(rows, channels, x, pitch, right, wide, right_scales);
    for (size_t r = 0; r < rows; r++) {
        double most = 0;
        gboolean finite = TRUE;

        for (size_t c = 0; c < channels; c++) {
            double value = check_get(x, r * pitch + c, bf16);

            most = fmax(most, fabs(value));
            finite = finite && isfinite(value);
        }
        if (!finite && !isnan(scales[r]))
            check_fail("row %zu is not finite, its scale is %g", r, scales[r]);
        if (!finite)
            continue;
        if (scales[r] != right_scales[r] || memcmp(q + r * wide, right + r * wide, wide) != 0)
            check_fail("row %zu is not the reference's", r);
        for (size_t c = 0; c < wide; c++) {
            double value = c < channels ? check_get(x, r * pitch + c, bf16) : 0;

            if (!(fabs(q[r * wide + c] * (double)scales[r] - value) <= 0.5001 * most / 127))
                check_fail("row %zu, channel %zu: %d times %g is not %g", r, c, q[r * wide + c],
                           scales[r], value);
        }
    }
}

static void test_quantise(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;

    for (size_t channels = 1; channels <= 100; channels++) {
        guint special_in = check_one_in(3) ? 40 : 0;
        size_t rows = check_between(1, 9);

        check_case("%s quantise: %zu rows, %zu channels%s", kernels->name, rows, channels,
                   special_in ? ", special" : "");
        check_quantised(kernels, rows, channels, special_in);
    }
}

/* Nothing, and next to nothing, is nothing. */
static void test_quantise_nothing(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;
    float x[VDT_LANES] = {0}, scale = -1; /* with room for either elements */
    int8_t q[VDT_LANES];

    check_set(x, 1, is_bf16(kernels), 0x1p-120);
    check_set(x, 2, is_bf16(kernels), -0x1p-110);

    kernels->quantise_rows(1, VDT_LANES, x, VDT_LANES, q, VDT_LANES, &scale);
    g_assert_cmpfloat(scale, ==, 0);
    for (size_t c = 0; c < VDT_LANES; c++)
        g_assert_cmpint(q[c], ==, 0);
}

void check_add_int8(const VdtInt8Kernels *kernels)
{
    const struct {
        const char *name;
        GTestDataFunc test;
    } tests[] = {
        {"gemm_tile/sizes", test_sizes},         {"gemm_tile/taps", test_taps},
        {"gemm_tile/epilogues", test_epilogues}, {"gemm_tile/extremes", test_extremes},
        {"quantise_rows/rows", test_quantise},   {"quantise_rows/nothing", test_quantise_nothing}};

    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        check_add_int8_test(kernels, tests[i].name, tests[i].test);
    }
}
