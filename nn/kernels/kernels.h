/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernels: plain functions, one contract each, a C reference and faster variants.
 *
 * Feature maps are "channels last": [N][H][W][pitch] elements, where pitch is at least the number
 * of channels and a multiple of VDT_LANES, so that kernels work on whole vectors. Elements past the
 * channels are finite but otherwise arbitrary; nothing depends on them. An element is a float, or a
 * bfloat16; the tables below exist once for each. Pointers to elements are void pointers for that
 * reason. Kernels do not allocate, do not fail and start no threads; callers give each worker its
 * own range of rows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vedette/runtime.h>

/* Channels come in multiples of this many. */
#define VDT_LANES          16
#define VDT_MOST_TILE_ROWS 8
/* Rows of the largest tile of a product. */
#define VDT_MOST_GEMM_ROWS 64
#define VDT_ALIGN_LANES(n) (((size_t)(n) + VDT_LANES - 1) / VDT_LANES * VDT_LANES)

typedef enum {
    VDT_ACT_NONE,
    VDT_ACT_RELU,
    VDT_ACT_SIGMOID,
    VDT_ACT_GELU,
    VDT_ACT_HARD_SIGMOID,
} VdtAct;

/*
 * What happens to a sum on its way to memory:
 *     y = act1(act0(sum + bias) * mul + add)
 * bias is per column; mul and add are maps of the output's shape or NULL, given by their row 0 and
 * the elements between rows. act1 is VDT_ACT_NONE or VDT_ACT_RELU. GELU of minus infinity is its
 * limit, 0, where the formula has NaN.
 */
typedef struct {
    const float *bias;
    VdtAct act0, act1;
    const void *mul, *add;
    size_t mul_pitch, add_pitch;
} VdtEpilogue;

/*
 * One tile of an indirect matrix product:
 *     sum[i][j] = sum over t, k of a[t * rows + i][k] * b[t][k][j]
 * where a[] holds the address of each row's inputs for each tap. A convolution's taps are its
 * kernel positions, a plain product has one.
 */
typedef struct {
    size_t rows; /* 1 to mr */
    size_t cols; /* a multiple of VDT_LANES, up to nr */
    size_t taps;
    size_t depth; /* elements summed for each tap; even for bfloat16 */
    const void *const *a;
    const void *b; /* packed by vdt_pack_gemm(): the block that holds this tile's columns */
    void *y;       /* row 0, column 0 of the tile */
    size_t y_pitch;
    bool y_f32;           /* y is float, whatever the elements are */
    VdtEpilogue epilogue; /* already at row 0, column 0 */
} VdtGemmTile;

/* What a tile's sums become part of: y = sum, or with add y += sum or, with minus, y -= sum. */
typedef struct {
    float *y;
    int rows; /* the first of the tile's, perhaps none */
    bool add, minus;
} VdtStrassenPart;

/*
 * A tile of one of Strassen's products of quarters (plan/step/strassen.c), of the weights of two
 * quarters:
 *     sum[i][j] = sum over k of a[i][k] * (b[k][j] +- other[k][j])
 * The sums become part of one or two quarters of the result. The last of these has all rows and,
 * if it is complete then, passes the epilogue. All is float.
 */
typedef struct {
    size_t rows;  /* 1 to mr */
    size_t cols;  /* nr; the reference takes that of others, too */
    size_t depth; /* >= 1 */
    const float *const *a;
    const float *b, *other; /* [depth][cols]; other may be NULL */
    bool minus;             /* b - other */
    float *b_sum;           /* receives b +- other, for the tiles to come, if there is an other */
    /* What will be read soon, @depth lines of 64 bytes, which need not exist; or NULL. */
    const void *ahead;
    size_t n_parts; /* 1 or 2 */
    VdtStrassenPart parts[2];
    size_t y_pitch;
    const VdtEpilogue *epilogue; /* of the last part; or NULL */
} VdtStrassenTile;

/*
 * A tile of a sum of outer products, which is what the gradient of a weight is (and what
 * plan/infer/gather.c sums):
 *     y[i][j] (+)= sum over n < depth of a[n][i] * b[n][j]
 * One of a[n] and b[n] is the address of the inputs that pixel n saw through one tap (a row of
 * zeros for padding), the other that of the pixel's gradient. Sums are in the order of n.
 */
typedef struct {
    size_t rows;  /* 1 to mr: consecutive elements at each a[n] */
    size_t cols;  /* a multiple of VDT_LANES, up to nr */
    size_t depth; /* pixels, >= 1 */
    const float *const *a;
    size_t a_offset; /* elements to add to every a[n] */
    const float *const *b;
    size_t b_offset;
    float *y;
    size_t y_pitch;
    bool add;
} VdtOuterTile;

/* A member that is NULL where elements are bfloat16. */
#define VDT_F32_ONLY

/* meson.build takes the names of members, of the tables in gradient.h and int8.h as well, from
 * lines that begin with void (*name). */
typedef struct {
    const char *name; /* for descriptions: "avx512" */
    VdtIsa isa;
    VdtPrecision precision;

    /* largest tile: mr is VDT_MOST_GEMM_ROWS at most, nr a multiple of VDT_LANES */
    size_t mr, nr;
    void (*gemm_tile)(const VdtGemmTile *tile);

    /* y[i][c] = x[i][c] * scale[c] */
    void (*scale_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const void *scale, void *y, size_t y_pitch);
    /* sum[c] += x[i][c] over the rows; sums are float */
    void (*sum_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, float *sum);
    /* y[c] = value[c] * factor, from float to elements */
    void (*store_scaled)(size_t channels, const float *value, float factor, void *y);
    /* y[c] = max over taps of a[t][c]; taps >= 1 */
    void (*max_row)(size_t taps, size_t channels, const void *const *a, void *y);
    /* y[o][c] = sum over taps of a[t][c] * weights[o][t], for o < outs; weights are contiguous */
    void (*blend_rows)(size_t outs, size_t taps, size_t channels, const void *const *a,
                       const float *weights, void *y, size_t y_pitch);
    /* x[i] = exp(x[i]) over the sum of them, i < n; elements are floats. There is room for
     * VDT_ALIGN_LANES(n), and what lies past n becomes something finite. */
    void (*softmax_row)(size_t n, float *x);
    /* y[i][c] = exp(x[i][c] - top[c]), and sum[c] += y[i][c] over the rows; y and sums are float,
     * and sum may be NULL. Nothing of x, not even past the channels, is far above top. */
    void (*exp_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, const float *top,
                     float *y, size_t y_pitch, float *sum);
    /* y[i][c] = (x[i][c] - mean) / sqrt(variance + eps) * weight[c] + bias[c], with mean and biased
     * variance of row i's channels, in float. weight and bias have VDT_ALIGN_LANES(channels); a
     * row with a number that is not finite becomes NaN. */
    void (*layer_norm_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                            const float *weight, const float *bias, float eps, void *y,
                            size_t y_pitch);
    /* y[i][c] = x[i][c] / (sum over k of x[i][k] * weight[k] + eps), over whole vectors of
     * channels; weight is float */
    void (*share_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const float *weight, float eps, void *y, size_t y_pitch);
    /* y[i][c] = epilogue(sum over lines l and their taps k < width of
     *     a[l * (rows + width - 1) + i + k][c] * weight[l * width + k][c])
     * for up to VDT_MOST_TILE_ROWS rows: along a line each row sees what the one before it saw, but
     * for one. weight is float, pitch VDT_ALIGN_LANES(channels). */
    void (*depthwise_rows)(size_t rows, size_t lines, size_t width, size_t channels,
                           const void *const *a, const float *weight, const VdtEpilogue *epilogue,
                           void *y, size_t y_pitch);
    /* y = epilogue(x) with bias per channel, elementwise over rows */
    void (*map_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                     const VdtEpilogue *epilogue, void *y, size_t y_pitch);
    /* Channels first to channels last: y[p][c] = x[c * plane + p] for p < pixels; lanes past the
     * channels become 0. */
    void (*from_planes)(size_t pixels, size_t channels, const float *x, size_t plane, void *y,
                        size_t y_pitch);
    /* and back: y[c * plane + p] = x[p][c] */
    void (*to_planes)(size_t pixels, size_t channels, const void *x, size_t x_pitch, float *y,
                      size_t plane);

    VDT_F32_ONLY void (*outer_tile)(const VdtOuterTile *tile);
    /* One tile; NULL where it is not offered. */
    VDT_F32_ONLY void (*strassen_tile)(const VdtStrassenTile *tile);
    /* Winograd F(4x4,3x3), one tile; NULL where it is not offered. See winograd.h.
     * Input: v[i * v_stride + c] for i < 36 from the 6x6 pixels a[36].
     * Output: the left upper rows x cols pixels of the 4x4 block at y, in a map that is width
     * pixels wide, from m[i * m_stride + c]; mul and add of the epilogue have the same geometry. */
    VDT_F32_ONLY void (*winograd_input)(size_t channels, const void *const *a, float *v,
                                        size_t v_stride);
    VDT_F32_ONLY void (*winograd_output)(size_t channels, const float *m, size_t m_stride,
                                         size_t rows, size_t cols, size_t width,
                                         const VdtEpilogue *epilogue, void *y, size_t y_pitch);
} VdtKernels;

/* The best kernels up to @isa. Never NULL. */
const VdtKernels *vdt_kernels_get(VdtIsa isa, VdtPrecision precision);
/* The reference: plain C. */
const VdtKernels *vdt_kernels_plain(VdtPrecision precision);
/* All of them, for tests: NULL past the last. */
const VdtKernels *vdt_kernels_nth(unsigned i);

/* Bytes of an element. */
static inline size_t vdt_element_size(VdtPrecision precision)
{
    return precision == VDT_PRECISION_BF16 ? 2 : 4;
}
/* Channels summed per step: the depth of a product is rounded up to it. */
static inline size_t vdt_depth_step(VdtPrecision precision)
{
    return precision == VDT_PRECISION_BF16 ? 2 : 1;
}
static inline size_t vdt_padded_depth(const VdtKernels *kernels, size_t depth)
{
    size_t step = vdt_depth_step(kernels->precision);

    return (depth + step - 1) / step * step;
}

/*
 * Packs weights [cols][depth][taps] (a convolution's [out][in][kh * kw]) into blocks of nr columns,
 * each [taps][depth][columns], the last block as wide as needed in whole vectors; missing columns
 * and depth are zero. bfloat16 keeps pairs of depth together: [taps][depth / 2][columns][2].
 * vdt_packed_size() gives bytes, vdt_packed_block() the offset in bytes of a block.
 */
size_t vdt_packed_size(const VdtKernels *kernels, size_t cols, size_t depth, size_t taps);
size_t vdt_packed_block(const VdtKernels *kernels, size_t block, size_t depth, size_t taps);
void vdt_pack_gemm(const VdtKernels *kernels, const float *weights, size_t cols, size_t depth,
                   size_t taps, void *packed);
/* The same for weights in any order: element (c, k, t) is at c * col_stride + k * depth_stride +
 * t * tap_stride; strides may be negative. A convolution's gradient needs its weights with inputs
 * and outputs exchanged and taps reversed. */
void vdt_pack_gemm_strided(const VdtKernels *kernels, const float *weights, size_t cols,
                           ptrdiff_t col_stride, size_t depth, ptrdiff_t depth_stride, size_t taps,
                           ptrdiff_t tap_stride, void *packed);

/* The same for a matrix of elements, as they are in maps. */
void vdt_pack_elements(const VdtKernels *kernels, const void *elements, size_t cols,
                       ptrdiff_t col_stride, size_t depth, ptrdiff_t depth_stride, void *packed);

/* Rows of the next tile of @left rows: of as few tiles as there have to be all are about as high. A
 * last one of a single row would load all weights for a seventh of the work. */
size_t vdt_tile_rows(const VdtKernels *kernels, size_t left);

/* y = a * b + add: @rows rows of @depth elements by packed columns. Pitches are the elements
 * between rows; a row of a has room for a depth of whole steps, one of y and of add for
 * VDT_ALIGN_LANES(columns). */
typedef struct {
    size_t rows, columns, depth;
    const void *a;
    size_t a_pitch;
    const char *packed; /* by vdt_pack_gemm() */
    const void *add;    /* or NULL */
    size_t add_pitch;
    const float *zeros; /* nr of them */
    void *y;
    size_t y_pitch;
    bool y_f32; /* y is float, whatever the elements are */
} VdtMatrices;

void vdt_multiply(const VdtKernels *kernels, const VdtMatrices *m);
