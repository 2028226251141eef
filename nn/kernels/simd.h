/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vectors for the fast kernels. The simd_*.c files are written once with the compiler's vector
 * types and built for each row of kernels/meson.build, which defines the macros of variant.h and
 * VDT_VL, the number of floats in a vector.
 * Everything here is static, so that no code built for one instruction set can be linked in place
 * of code built for another.
 */
#pragma once

#include <string.h>

#include "variant.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(4 * VDT_VL)));
typedef int32_t vi __attribute__((vector_size(4 * VDT_VL)));
typedef uint32_t vu __attribute__((vector_size(4 * VDT_VL)));
typedef uint16_t vh __attribute__((vector_size(2 * VDT_VL)));

#if VDT_IS_BF16
typedef uint16_t element;
#else
typedef float element;
#endif

INLINE vf load_f32(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store_f32(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

INLINE vf bits_to_float(vu u)
{
    return (vf)u;
}

#if VDT_IS_BF16
/* bfloat16 is the upper half of a float. */
INLINE vf load(const element *p)
{
    vh h;
    memcpy(&h, p, sizeof h);
    return bits_to_float(__builtin_convertvector(h, vu) << 16);
}

/* Rounds to nearest, ties to even; a NaN stays one. */
INLINE void store(element *p, vf v)
{
#if defined(__AVX512BF16__)
    vh h = (vh)_mm512_cvtneps_pbh((__m512)v);
#else
    vu u = (vu)v;
    vu rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    vu is_nan = (vu)(v != v);
    vh h = __builtin_convertvector((rounded & ~is_nan) | (((u >> 16) | 0x40) & is_nan), vh);
#endif
    memcpy(p, &h, sizeof h);
}
#else
INLINE vf load(const element *p)
{
    return load_f32(p);
}

INLINE void store(element *p, vf v)
{
    store_f32(p, v);
}
#endif

INLINE vf splat(float x)
{
    return x - (vf){0};
}

/* mask ? a : b, for masks as comparisons give them */
INLINE vf blend(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}

/* What lies at i in a row of n floats, which has room for whole vectors; @rest behind its end. To
 * fill the row's end would make the next load wait for narrow stores. */
INLINE vf load_of_row(const float *x, size_t i, size_t n, vf rest)
{
    vi lane;

    for (int l = 0; l < VDT_VL; l++)
        lane[l] = l;
    return blend(lane < (int32_t)n - (int32_t)i, load_f32(x + i), rest);
}

/* The vector at channel c of a row, with zeros for lanes past the row's channels. */
INLINE vf only_channels(vf v, size_t c, size_t channels)
{
    vi lane;

    for (int l = 0; l < VDT_VL; l++)
        lane[l] = l;
    return (vf)((lane < (int32_t)channels - (int32_t)c) & (vi)v);
}

/* v within limits; passes NaN. */
INLINE vf at_least(vf v, vf limit)
{
#if VDT_VL == 16
    return (vf)_mm512_max_ps((__m512)limit, (__m512)v);
#elif VDT_VL == 8
    return (vf)_mm256_max_ps((__m256)limit, (__m256)v);
#else
    return blend(v < limit, limit, v);
#endif
}

INLINE vf at_most(vf v, vf limit)
{
#if VDT_VL == 16
    return (vf)_mm512_min_ps((__m512)limit, (__m512)v);
#elif VDT_VL == 8
    return (vf)_mm256_min_ps((__m256)limit, (__m256)v);
#else
    return blend(v > limit, limit, v);
#endif
}

/* The largest element, and the sum of all. */
#if VDT_VL == 16
INLINE float highest(vf v)
{
    return _mm512_reduce_max_ps((__m512)v);
}

INLINE float sum_of(vf v)
{
    return _mm512_reduce_add_ps((__m512)v);
}
#elif VDT_VL == 8
INLINE float highest(vf v)
{
    __m128 m = _mm_max_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));

    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

INLINE float sum_of(vf v)
{
    __m128 m = _mm_add_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));

    m = _mm_add_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_add_ss(m, _mm_movehdup_ps(m)));
}
#else
INLINE float highest(vf v)
{
    float top = v[0];

    for (int i = 1; i < VDT_VL; i++)
        top = v[i] > top ? v[i] : top;
    return top;
}

INLINE float sum_of(vf v)
{
    float sum = 0;

    for (int i = 0; i < VDT_VL; i++)
        sum += v[i];
    return sum;
}
#endif

/* Of a row that is normed along its channels: y = (x - mean) * scale. */
typedef struct {
    float mean, scale;
} Norm;

/* Sums at once, so that one addition need not wait for the last. */
#define NORM_SUMS 4

INLINE float sum_of_all(const vf sums[NORM_SUMS])
{
    return sum_of((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/* Twice along the row, which is in the cache by then: a sum of squares less the square of the sum
 * would lose what is small against the mean. */
INLINE Norm norm_of(const element *x, size_t channels, float eps)
{
    vf sums[NORM_SUMS] = {0}, squares[NORM_SUMS] = {0}, mean;
    size_t c = 0;

    for (; c + NORM_SUMS * VDT_VL <= channels; c += NORM_SUMS * VDT_VL)
        for (int j = 0; j < NORM_SUMS; j++)
            sums[j] += load(x + c + j * VDT_VL);
    for (; c < channels; c += VDT_VL)
        sums[0] += only_channels(load(x + c), c, channels);
    mean = splat(sum_of_all(sums) / (float)channels);
    for (c = 0; c + NORM_SUMS * VDT_VL <= channels; c += NORM_SUMS * VDT_VL) {
        for (int j = 0; j < NORM_SUMS; j++) {
            vf centred = load(x + c + j * VDT_VL) - mean;

            squares[j] += centred * centred;
        }
    }
    for (; c < channels; c += VDT_VL) {
        vf centred = only_channels(load(x + c) - mean, c, channels);

        squares[0] += centred * centred;
    }
    return (Norm){mean[0], 1 / __builtin_sqrtf(sum_of_all(squares) / (float)channels + eps)};
}

/* e^x within 2 ulp, clamped to the range where neither end over- or underflows. */
INLINE vf exponential(vf x)
{
    const vf magic = splat(0x1.8p23f); /* adding it rounds to an integer */
    vf n, r, p;
    vi k;

    x = at_most(at_least(x, splat(-87)), splat(88));
    n = (x * 0x1.715476p0f + magic) - magic;
    r = x - n * 0x1.62e4p-1f; /* ln 2 in two parts */
    r = r - n * 0x1.7f7d1cp-20f;
    /* Taylor series of e^r on |r| <= ln(2)/2 */
    p = splat(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    k = (__builtin_convertvector(n, vi) + 127) << 23;
    return p * (vf)k;
}

INLINE vf sigmoid(vf x)
{
    return 1.0f / (1.0f + exponential(-x));
}

/*
 * What the standard normal distribution function lacks of 1 at u, from 0 to TAIL_END, where it is
 * nothing: the fourth power of a polynomial that ends in a root there, fitted for the least largest
 * error. Squaring twice takes the place of half of the terms that the function itself would need.
 * It is within 4e-7; of what is rounded to bfloat16 fewer terms will do, within 2e-5.
 */
#if VDT_IS_BF16
#define TAIL_END 4.5f
#else
#define TAIL_END 5.5f
#endif

INLINE vf normal_tail(vf u)
{
    vf left = TAIL_END - u, p, square;
#if VDT_IS_BF16
    p = splat(0x1.4dfe8ap-11f);
    p = p * left - 0x1.5364bep-7f;
    p = p * left + 0x1.aa80f6p-5f;
    p = p * left - 0x1.36adfep-4f;
    p = p * left + 0x1.40829ap-3f;
#else
    vf t = 2.0f - u; /* around the middle the terms are of one size */

    p = splat(0x1.bc8a7ep-24f);
    p = p * t - 0x1.0c13e0p-18f;
    p = p * t + 0x1.362552p-17f;
    p = p * t + 0x1.a01344p-14f;
    p = p * t - 0x1.8a3d92p-18f;
    p = p * t - 0x1.3f7590p-9f;
    p = p * t - 0x1.487474p-9f;
    p = p * t + 0x1.179a0ep-5f;
    p = p * t + 0x1.c680fep-4f;
#endif
    p *= left;
    square = p * p;
    return square * square;
}

INLINE vf size_of(vf x)
{
    return (vf)((vu)x & 0x7fffffff);
}

INLINE vf gelu(vf x)
{
    vf u = at_most(size_of(x), splat(TAIL_END));

    return at_least(x, splat(0)) - u * normal_tail(u);
}

INLINE vf gelu_slope(vf x)
{
    /* Farther out it is 0 or 1, and an infinite x times no density would be nothing. */
    vf near = at_most(at_least(x, splat(-16)), splat(16));
    vf above = 0.5f - normal_tail(at_most(size_of(near), splat(TAIL_END)));
    vf sign = (vf)((vu)x & 0x80000000);

    return 0.5f + (vf)((vu)above ^ (vu)sign) +
           near * exponential(-0.5f * near * near) * 0x1.988454p-2f;
}

INLINE vf hard_sigmoid(vf x)
{
    return at_most(at_least(x + 3.0f, splat(0)), splat(6)) / 6.0f;
}

INLINE vf activate(vf v, VdtAct act)
{
    if (act == VDT_ACT_RELU)
        return at_least(v, splat(0));
    if (act == VDT_ACT_SIGMOID)
        return sigmoid(v);
    if (act == VDT_ACT_GELU)
        return gelu(v);
    if (act == VDT_ACT_HARD_SIGMOID)
        return hard_sigmoid(v);
    return v;
}

/* The epilogue of one vector at channel c. */
INLINE vf finish(vf v, const VdtEpilogue *e, size_t row, size_t c)
{
    v = activate(v + load_f32(e->bias + c), e->act0);
    if (e->mul)
        v *= load((const element *)e->mul + row * e->mul_pitch + c);
    if (e->add)
        v += load((const element *)e->add + row * e->add_pitch + c);
    return activate(v, e->act1);
}
