/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tile of a product in 8 bits. Four inputs of a row are broadcast as one word and multiplied by
 * four weights of each column; sums of a tap are integers in registers, the tile's, of which each
 * tap of each row has another scale, are floats in memory.
 */
#include "int8.h"
#include "simd_sums.h"

#undef MR
#if VDT_VL == 16
#define MR 6
#else
#define MR 5
#endif

_Static_assert(MR <= VDT_MOST_TILE_ROWS, "lists of rows have room for a tile");

/* Four inputs of a row, in every word, in the form that the processor multiplies. */
typedef struct {
#if VDT_VL == 16
    __m512i raised; /* by 128, so that it has no sign */
#else
    __m256i sign, magnitude;
#endif
} Input;

INLINE Input load_inputs(const int8_t *a)
{
    int32_t word;

    memcpy(&word, a, sizeof word);
#if VDT_VL == 16
    return (Input){_mm512_set1_epi32((int)((uint32_t)word ^ 0x80808080u))};
#else
    __m256i x = _mm256_set1_epi32(word);

    return (Input){x, _mm256_abs_epi8(x)};
#endif
}

/* What a column's sum begins with. */
INLINE vi first_sum(const char *offset)
{
    vi v = {0};

#if VDT_VL == 16
    memcpy(&v, offset, sizeof v);
#endif
    return v;
}

INLINE vi multiply_add(vi sum, Input x, const char *b)
{
    vi w;

    memcpy(&w, b, sizeof w);
#if VDT_VL == 16
    return (vi)_mm512_dpbusd_epi32((__m512i)sum, x.raised, (__m512i)w);
#else
    /* 2 * 127 * 127 fits 16 bits. */
    __m256i pairs = _mm256_maddubs_epi16(x.magnitude, _mm256_sign_epi8((__m256i)w, x.sign));

    return sum + (vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#endif
}

INLINE void gemm(const VdtInt8Tile *tile, const int rows, const int vectors)
{
    const int8_t *const *a = tile->a;
    const float *scales = tile->scales;
    const char *b = tile->b;
    vf sums[MR][NV] = {0};

#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
        ask_for_row(&tile->epilogue, tile->y, tile->y_pitch, false, i, vectors);
    for (size_t t = 0; t < tile->taps; t++, a += rows, scales += rows) {
        const int8_t *row[MR];
        vi tap[MR][NV];

#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            row[i] = a[i];
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                tap[i][j] = first_sum(b + j * 4 * VDT_VL);
        }
        b += vectors * 4 * VDT_VL;
#pragma GCC unroll 1
        for (size_t k = 0; k < tile->depth; k += VDT_INT8_STEP) {
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                Input x = load_inputs(row[i] + k);

#pragma GCC unroll 8
                for (int j = 0; j < vectors; j++)
                    tap[i][j] = multiply_add(tap[i][j], x, b + j * 4 * VDT_VL);
            }
            b += vectors * 4 * VDT_VL;
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++) {
                vf scaled = __builtin_convertvector(tap[i][j], vf) * scales[i];

                sums[i][j] = t > 0 ? sums[i][j] + scaled : scaled;
            }
        }
    }
#pragma GCC unroll 8
    for (int j = 0; j < vectors; j++) {
        vf scale = load_f32(tile->column_scales + j * VDT_VL);
        vf bias = load_f32(tile->epilogue.bias + j * VDT_VL);

#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
            sums[i][j] = sums[i][j] * scale + bias;
    }
    put_sums(&tile->epilogue, tile->y, tile->y_pitch, false, rows, vectors, sums);
}

/* clang-format off */
#define TILE(rows, vectors)                                                                        \
    static void gemm_##rows##x##vectors(const VdtInt8Tile *tile)                                   \
    {                                                                                              \
        gemm(tile, rows, vectors);                                                                 \
    }
#if VDT_VL == 16
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3) TILE(rows, 4)
#define ROW(rows) {gemm_##rows##x1, gemm_##rows##x2, gemm_##rows##x3, gemm_##rows##x4}
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
static void (*const tiles[MR][NV])(const VdtInt8Tile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6),
};
#else
/* Columns come in multiples of VDT_LANES, which is two vectors. */
#define ROW(rows) {NULL, gemm_##rows##x2}
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2)
static void (*const tiles[MR][NV])(const VdtInt8Tile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5),
};
#endif
/* clang-format on */

static void gemm_tile(const VdtInt8Tile *tile)
{
    tiles[tile->rows - 1][tile->cols / VDT_VL - 1](tile);
}

INLINE vi larger(vi a, vi b)
{
#if VDT_VL == 16
    return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b);
#else
    return (vi)_mm256_max_epi32((__m256i)a, (__m256i)b);
#endif
}

INLINE int32_t largest_of(vi v)
{
#if VDT_VL == 16
    return _mm512_reduce_max_epi32((__m512i)v);
#else
    int32_t most = v[0];

    for (int l = 1; l < VDT_VL; l++)
        most = v[l] > most ? v[l] : most;
    return most;
#endif
}

/* The largest size of a row's values, as the bits of a float: these are in the order of what they
 * stand for, and what is not finite is above all others. */
INLINE int32_t largest_size(const element *row, size_t channels)
{
    size_t whole = channels / VDT_VL * VDT_VL;
    vi most = {0};

    for (size_t i = 0; i < whole; i += VDT_VL)
        most = larger(most, (vi)load(row + i) & 0x7fffffff);
    if (whole < channels)
        most = larger(most, (vi)only_channels(load(row + whole), whole, channels) & 0x7fffffff);
    return largest_of(most);
}

INLINE void put_bytes(int8_t *q, vf v, float factor)
{
    typedef int8_t vb __attribute__((vector_size(VDT_VL)));
    /* the sum's lowest byte is the rounded product */
    vb bytes = __builtin_convertvector((vi)(v * factor + 0x1.8p23f), vb);

    memcpy(q, &bytes, sizeof bytes);
}

static void quantise_rows(size_t rows, size_t channels, const void *x, size_t x_pitch, int8_t *q,
                          size_t q_pitch, float *scales)
{
    size_t whole = channels / VDT_VL * VDT_VL;

    for (size_t r = 0; r < rows; r++, q += q_pitch) {
        const element *row = (const element *)x + r * x_pitch;
        int32_t bits = largest_size(row, channels);
        float top, factor;

        memcpy(&top, &bits, sizeof top);
        factor = top < VDT_INT8_LEAST ? 0 : VDT_INT8_MOST / top;
        scales[r] = factor > 0 ? top / VDT_INT8_MOST : top - top; /* 0, or not a number */
        for (size_t i = 0; i < whole; i += VDT_VL) {
            /* The next row may have been written by others, and lie in their caches. */
            __builtin_prefetch(row + x_pitch + i);
            put_bytes(q + i, load(row + i), factor);
        }
        for (size_t i = whole; i < VDT_ALIGN_LANES(channels); i += VDT_VL)
            put_bytes(q + i, only_channels(load(row + i), i, channels), factor);
    }
}

const VdtInt8Kernels VDT_K(products) = {.name = VDT_STRING(VDT_VARIANT),
                                        .isa = VDT_LEVEL,
                                        .maps = VDT_VARIANT_PRECISION,
                                        .mr = MR,
                                        .nr = NV * VDT_VL,
                                        .gemm_tile = gemm_tile,
                                        .quantise_rows = quantise_rows};
