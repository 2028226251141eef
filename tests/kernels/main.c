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
    }
    for (guint i = 0; (int8 = vdt_int8_kernels_nth(i)); i++)
        if (int8->isa <= vdt_isa_get_available())
            check_add_int8(int8);
    for (guint i = 0; (gradient = vdt_gradient_kernels_nth(i)); i++)
        if (gradient->isa <= vdt_isa_get_available())
            check_add_gradient(gradient);
    return g_test_run();
}
