/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which instruction set is in force, and which kernels follow from it. */
#include <vedette/runtime.h>

#include "kernels/kernels.h"

static void test_names(void)
{
    VdtIsa isa;

    for (VdtIsa i = 0; i < VDT_N_ISAS; i++) {
        g_assert_true(vdt_isa_from_name(vdt_isa_name(i), &isa));
        g_assert_cmpint(isa, ==, i);
    }
    g_assert_cmpstr(vdt_isa_name(VDT_ISA_C), ==, "c");
    g_assert_cmpstr(vdt_isa_name(VDT_ISA_AVX512BF16), ==, "avx512bf16");
    g_assert_nonnull(vdt_isa_name(VDT_N_ISAS));
    isa = VDT_ISA_AVX2;
    g_assert_false(vdt_isa_from_name("AVX2", &isa));
    g_assert_false(vdt_isa_from_name("", &isa));
    g_assert_false(vdt_isa_from_name(NULL, &isa));
    g_assert_cmpint(isa, ==, VDT_ISA_AVX2);
}

static void test_limit(void)
{
    VdtIsa available = vdt_isa_get_available();

    for (VdtIsa isa = 0; isa < VDT_N_ISAS; isa++) {
        vdt_isa_limit(isa);
        g_assert_cmpint(vdt_isa_get(), ==, MIN(isa, available));
        g_assert_cmpint(vdt_isa_get_available(), ==, available);
    }
    vdt_isa_limit(VDT_N_ISAS);
    g_assert_cmpint(vdt_isa_get(), ==, available);
}

/* The variable holds as long as nobody asked for a level. */
static void test_environment(void)
{
    static const char *const values[] = {"c", "avx2", "avx512", "avx512bf16", "nonsense", ""};

    if (g_test_subprocess()) {
        VdtIsa wanted = VDT_ISA_AVX512BF16;

        vdt_isa_from_name(g_getenv("VEDETTE_ISA"), &wanted);
        g_assert_cmpint(vdt_isa_get(), ==, MIN(wanted, vdt_isa_get_available()));
        vdt_isa_limit(VDT_ISA_C);
        g_assert_cmpint(vdt_isa_get(), ==, VDT_ISA_C);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_setenv("VEDETTE_ISA", values[i], TRUE);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
    }
    g_unsetenv("VEDETTE_ISA");
}

static void test_kernels(void)
{
    const VdtKernels *kernels;
    guint n = 0;

    for (VdtPrecision precision = 0; precision <= VDT_PRECISION_BF16; precision++) {
        for (VdtIsa isa = 0; isa < VDT_N_ISAS; isa++) {
            kernels = vdt_kernels_get(isa, precision);
            g_assert_cmpint(kernels->isa, <=, isa);
            g_assert_cmpint(kernels->precision, ==, precision);
            if (isa > 0) /* a higher level never gets less */
                g_assert_cmpint(kernels->isa, >=, vdt_kernels_get(isa - 1, precision)->isa);
        }
        g_assert_cmpint(vdt_kernels_get(VDT_ISA_C, precision)->isa, ==, VDT_ISA_C);
    }
    while ((kernels = vdt_kernels_nth(n))) {
        g_assert_cmpuint(kernels->nr % VDT_LANES, ==, 0);
        /* what plans have room for */
        g_assert_true(kernels->mr >= 1 && kernels->mr <= VDT_MOST_GEMM_ROWS);
        g_assert_nonnull(kernels->gemm_tile);
        /* OpenBLAS may stand in for plain C */
        g_assert_true(vdt_kernels_get(kernels->isa, kernels->precision) == kernels ||
                      kernels == vdt_kernels_plain(VDT_PRECISION_F32));
        n++;
    }
    g_assert_null(vdt_kernels_nth(n + 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runtime/isa/names", test_names);
    g_test_add_func("/runtime/isa/limit", test_limit);
    g_test_add_func("/runtime/isa/environment", test_environment);
    g_test_add_func("/runtime/isa/kernels", test_kernels);
    return g_test_run();
}
