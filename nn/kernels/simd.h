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

/* p / q, for q that are no denormals. On long vectors a reciprocal of 14 bits and what makes it one
 * of 28 take less time than a division. */
INLINE vf quotient(vf p, vf q)
{
#if VDT_VL == 16
    vf r = (vf)_mm512_rcp14_ps((__m512)q);

    return p * (r * (2.0f - q * r));
#else
    return p / q;
#endif
}

INLINE vf polynomial(vf x, const float *factors, const int n)
{
    vf sum = splat(factors[0]);

#pragma GCC unroll 8
    for (int i = 1; i < n; i++)
        sum = sum * x + factors[i];
    return sum;
}

/* The standard normal distribution function, within 3e-7: a half and x P(x^2) / Q(x^2), which was
 * fitted for the least largest error up to a limit and for 0 or 1 there, where it stays. */
static const float normal_p[] = {0x1.f6aca4p-26f, 0x1.8097dap-18f, 0x1.5a70fcp-14f,
                                 0x1.1055cp-8f,   0x1.a11ff8p-6f,  0x1.988468p-2f};
static const float normal_q[] = {0x1.67ef3p-20f, 0x1.8043fcp-15f, 0x1.6e5912p-10f,
                                 0x1.86513p-6f,  0x1.d80a4ep-3f,  1.0f};

INLINE vf normal_share(vf x)
{
    vf within = at_most(at_least(x, splat(-5.4f)), splat(5.4f));
    vf square = within * within;
    vf p = polynomial(square, normal_p, 6);
    vf q = polynomial(square, normal_q, 6);

    return at_least(0.5f + quotient(within * p, q), splat(0));
}

INLINE vf gelu(vf x)
{
    return x * normal_share(x);
}

INLINE vf gelu_slope(vf x)
{
    /* Farther out it is 0 or 1, and an infinite x times no density would be nothing. */
    x = at_most(at_least(x, splat(-16)), splat(16));
    return normal_share(x) + x * exponential(-0.5f * x * x) * 0x1.988454p-2f;
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
