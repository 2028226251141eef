/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "multiply-adds.h"

#include <stddef.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Sums in flight: latency times throughput of two multiply-adds a cycle, and some. */
#define SUMS  12
#define STEPS (1 << 20)

static volatile float sink;

static double fma_c(void *memory)
{
    float sum[SUMS];
    for (int j = 0; j < SUMS; j++)
        sum[j] = j;
    for (int i = 0; i < STEPS; i++)
#pragma GCC unroll 16
        for (int j = 0; j < SUMS; j++)
            sum[j] = sum[j] * 0.999f + 0.001f;
    for (int j = 0; j < SUMS; j++)
        sink = sum[j];
    return 2.0 * SUMS * STEPS;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double fma_avx2(void *memory)
{
    __m256 sum[SUMS], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
    for (int j = 0; j < SUMS; j++)
        sum[j] = _mm256_set1_ps(j);
    for (int i = 0; i < STEPS; i++)
#pragma GCC unroll 16
        for (int j = 0; j < SUMS; j++)
            sum[j] = _mm256_fmadd_ps(sum[j], a, b);
    for (int j = 0; j < SUMS; j++)
        sink = _mm256_cvtss_f32(sum[j]);
    return 2.0 * 8 * SUMS * STEPS;
}

__attribute__((target("avx512f"))) static double fma_avx512(void *memory)
{
    __m512 sum[SUMS], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
    for (int j = 0; j < SUMS; j++)
        sum[j] = _mm512_set1_ps(j);
    for (int i = 0; i < STEPS; i++)
#pragma GCC unroll 16
        for (int j = 0; j < SUMS; j++)
            sum[j] = _mm512_fmadd_ps(sum[j], a, b);
    for (int j = 0; j < SUMS; j++)
        sink = _mm512_cvtss_f32(sum[j]);
    return 2.0 * 16 * SUMS * STEPS;
}

__attribute__((target("avx512f,avx512bf16"))) static double dot_avx512bf16(void *memory)
{
    __m512 sum[SUMS];
    __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(-0.5f));
    for (int j = 0; j < SUMS; j++)
        sum[j] = _mm512_set1_ps(j);
    for (int i = 0; i < STEPS; i++)
#pragma GCC unroll 16
        for (int j = 0; j < SUMS; j++)
            sum[j] = _mm512_dpbf16_ps(sum[j], a, a);
    for (int j = 0; j < SUMS; j++)
        sink = _mm512_cvtss_f32(sum[j]);
    return 2.0 * 32 * SUMS * STEPS;
}
#endif

MultiplyAdds multiply_adds_f32(VdtIsa isa)
{
#if defined(__x86_64__)
    if (isa >= VDT_ISA_AVX512)
        return fma_avx512;
    if (isa >= VDT_ISA_AVX2)
        return fma_avx2;
#endif
    return fma_c;
}

MultiplyAdds multiply_adds_bf16(VdtIsa isa)
{
#if defined(__x86_64__)
    if (isa >= VDT_ISA_AVX512BF16)
        return dot_avx512bf16;
#endif
    return NULL;
}
