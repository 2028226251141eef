/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which kernels there are, best first. Built without instruction-set flags. */
#include "blas.h"
#include "gradient.h"
#include "int8.h"
#include "isa-config.h"

extern const VdtKernels vdt_kernels_avx512bf16_bf16, vdt_kernels_avx512_bf16,
    vdt_kernels_avx512_f32, vdt_kernels_avx2_bf16, vdt_kernels_avx2_f32, vdt_kernels_c_bf16,
    vdt_kernels_c_f32;

static const VdtKernels *const table[] = {
#if VDT_HAVE_AVX512BF16
    &vdt_kernels_avx512bf16_bf16,
#endif
#if VDT_HAVE_AVX512
    &vdt_kernels_avx512_bf16,     &vdt_kernels_avx512_f32,
#endif
#if VDT_HAVE_AVX2
    &vdt_kernels_avx2_bf16,       &vdt_kernels_avx2_f32,
#endif
    &vdt_kernels_c_bf16,          &vdt_kernels_c_f32,
};

const VdtKernels *vdt_kernels_nth(unsigned i)
{
    if (i == G_N_ELEMENTS(table))
        return vdt_blas_kernels(VDT_ISA_C, VDT_PRECISION_F32);
    return i < G_N_ELEMENTS(table) ? table[i] : NULL;
}

const VdtKernels *vdt_kernels_plain(VdtPrecision precision)
{
    return precision == VDT_PRECISION_BF16 ? &vdt_kernels_c_bf16 : &vdt_kernels_c_f32;
}

const VdtKernels *vdt_kernels_get(VdtIsa isa, VdtPrecision precision)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
        if (table[i]->isa <= isa && table[i]->precision == precision) {
            const VdtKernels *blas = vdt_blas_kernels(table[i]->isa, precision);

            return blas ? blas : table[i];
        }
    g_assert_not_reached();
}

extern const VdtGradientKernels vdt_gradient_kernels_avx512_f32, vdt_gradient_kernels_avx2_f32,
    vdt_gradient_kernels_c_f32;

static const VdtGradientKernels *const train_table[] = {
#if VDT_HAVE_AVX512
    &vdt_gradient_kernels_avx512_f32,
#endif
#if VDT_HAVE_AVX2
    &vdt_gradient_kernels_avx2_f32,
#endif
    &vdt_gradient_kernels_c_f32,
};

const VdtGradientKernels *vdt_gradient_kernels_nth(unsigned i)
{
    return i < G_N_ELEMENTS(train_table) ? train_table[i] : NULL;
}

const VdtGradientKernels *vdt_gradient_kernels_get(VdtIsa isa)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(train_table); i++)
        if (train_table[i]->isa <= isa)
            return train_table[i];
    g_assert_not_reached();
}

extern const VdtInt8Kernels vdt_products_avx512bf16_int8_bf16, vdt_products_avx2_int8,
    vdt_products_c_int8, vdt_products_c_int8_bf16;

/* Those of AVX-512 want its VNNI, which came before its bfloat16. */
static const VdtInt8Kernels *const int8_table[] = {
#if VDT_HAVE_AVX512BF16
    &vdt_products_avx512bf16_int8_bf16,
#endif
#if VDT_HAVE_AVX2
    &vdt_products_avx2_int8,
#endif
    &vdt_products_c_int8, &vdt_products_c_int8_bf16, /* what those of AVX-512 are held against */
};

const VdtInt8Kernels *vdt_int8_kernels_nth(unsigned i)
{
    return i < G_N_ELEMENTS(int8_table) ? int8_table[i] : NULL;
}

const VdtInt8Kernels *vdt_int8_kernels_plain(VdtPrecision maps)
{
    return maps == VDT_PRECISION_BF16 ? &vdt_products_c_int8_bf16 : &vdt_products_c_int8;
}

const VdtInt8Kernels *vdt_int8_kernels_get(VdtIsa isa)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(int8_table); i++)
        if (int8_table[i]->isa <= isa)
            return int8_table[i];
    g_assert_not_reached();
}
