/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every kernel variant this CPU has against the C reference; with --bench gemm|outer
 * FILE, how fast tiles are.
 * VEDETTE_TEST_SEED chooses other random numbers.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "kernels/members.h"

#define DEFAULT_SEED 20260

/* A kernel that leaves its memory is stopped by the system: say which. */
static void on_fault(int number)
{
    const char *parts[] = {"# outside of the memory it may touch: ", check_current(), "\n"};

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (write(STDOUT_FILENO, parts[i], strlen(parts[i])) < 0)
            break;
    signal(number, SIG_DFL);
    raise(number);
}

/*
 * Each member of a table that is not NULL needs a test that is named as it is. That the lists of
 * members are whole the compiler sees: a table ends with its functions, so they fill it.
 */
#define COUNT(name) +1
#define FILLS(Table, first, n)                                                                     \
    G_STATIC_ASSERT(sizeof(Table) - G_STRUCT_OFFSET(Table, first) == (n) * sizeof(GTestFunc))
FILLS(VdtKernels, gemm_tile, 0 VDT_KERNELS_OF_ALL(COUNT) VDT_KERNELS_OF_F32(COUNT));
FILLS(VdtGradientKernels, moments, 0 VDT_GRADIENT_KERNELS(COUNT));
FILLS(VdtInt8Kernels, gemm_tile, 0 VDT_INT8_KERNELS(COUNT));

static void must_be_checked(const char *table, const char *member)
{
    if (!check_has_test(table, member))
        g_error("no test of %s is named %s", table, member);
}

#define MUST_BE_CHECKED(member)                                                                    \
    if (kernels->member)                                                                           \
        must_be_checked(table, #member);

static void test_members(gconstpointer data)
{
    const VdtKernels *kernels = data;
    const char *table = kernels->name;

    VDT_KERNELS_OF_ALL(MUST_BE_CHECKED)
    VDT_KERNELS_OF_F32(MUST_BE_CHECKED)
}

static void test_int8_members(gconstpointer data)
{
    const VdtInt8Kernels *kernels = data;
    const char *table = kernels->name;

    VDT_INT8_KERNELS(MUST_BE_CHECKED)
}

static void test_gradient_members(gconstpointer data)
{
    const VdtGradientKernels *kernels = data;
    g_autofree char *table = g_strdup_printf("gradient_%s", kernels->name);

    VDT_GRADIENT_KERNELS(MUST_BE_CHECKED)
}

int main(int argc, char **argv)
{
    const char *seed = g_getenv("VEDETTE_TEST_SEED");
    const VdtGradientKernels *gradient;
    const VdtInt8Kernels *int8;
    const VdtKernels *kernels;

    if (argc == 4 && strcmp(argv[1], "--bench") == 0)
        return check_bench(argv[2], argv[3]);
    g_test_init(&argc, &argv, NULL);
    check_seed(seed ? strtoull(seed, NULL, 10) : DEFAULT_SEED);
    g_test_message("VEDETTE_TEST_SEED=%s", seed ? seed : G_STRINGIFY(DEFAULT_SEED));
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    for (guint i = 0; (kernels = vdt_kernels_nth(i)); i++) {
        if (kernels->isa > vdt_isa_get_available())
            continue;
        check_add_gemm(kernels);
        check_add_rows(kernels);
        check_add_planes(kernels);
        check_add_winograd(kernels);
        check_add_outer(kernels);
        check_add_strassen(kernels);
        check_add_test(kernels, "members", test_members);
    }
    check_add_blas();
    for (guint i = 0; (int8 = vdt_int8_kernels_nth(i)); i++) {
        if (int8->isa > vdt_isa_get_available())
            continue;
        check_add_int8(int8);
        check_add_int8_test(int8, "members", test_int8_members);
    }
    for (guint i = 0; (gradient = vdt_gradient_kernels_nth(i)); i++) {
        if (gradient->isa > vdt_isa_get_available())
            continue;
        check_add_gradient(gradient);
        check_add_gradient_test(gradient, "members", test_gradient_members);
    }
    return g_test_run();
}
