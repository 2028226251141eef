/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How OpenBLAS is used; what it computes is checked as any other variant. */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "kernels/blas.h"

static void multiply(const VdtKernels *kernels)
{
    size_t depth = 256, rows = kernels->mr, columns = kernels->nr;
    const float *a = check_map(rows, depth, depth, depth, FALSE, 0);
    const float *b = check_map(depth, columns, columns, columns, FALSE, 0);
    CheckOutput y = check_output(rows, columns, columns, FALSE);
    const VdtMatrices product = {.rows = rows,
                                 .columns = columns,
                                 .depth = depth,
                                 .a = a,
                                 .a_pitch = depth,
                                 .packed = (const char *)b,
                                 .zeros = check_map(1, columns, columns, columns, FALSE, 0),
                                 .y = y.data,
                                 .y_pitch = columns};

    vdt_multiply(kernels, &product);
    check_outside(&y, columns);
}

static gboolean has_one_thread(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    guint n = 0;

    while (tasks && g_dir_read_name(tasks))
        n++;
    return n <= 1;
}

/* It may have started some while it was loaded, or may want them again behind a fork. */
static void test_threads(gconstpointer data)
{
    pid_t child;
    int status;

#ifdef __SANITIZE_THREAD__
    g_test_skip("the thread sanitizer has a thread of its own");
    return;
#endif
    check_case("threads of OpenBLAS");
    multiply(data);
    g_assert_true(has_one_thread());
    child = fork();
    if (child == 0) {
        multiply(data);
        _exit(has_one_thread() ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

static void test_decision(gconstpointer data)
{
    g_assert_true(vdt_kernels_get(VDT_ISA_C, VDT_PRECISION_F32) == data);
    g_assert_true(vdt_kernels_get(VDT_ISA_C, VDT_PRECISION_BF16) ==
                  vdt_kernels_plain(VDT_PRECISION_BF16));
    for (VdtIsa isa = VDT_ISA_AVX2; isa < VDT_N_ISAS; isa++)
        g_assert_null(vdt_blas_kernels(isa, VDT_PRECISION_F32));
    g_assert_true(vdt_blas_pays(64, 128, 16));
}

void check_add_blas(void)
{
    const VdtKernels *kernels = vdt_blas_kernels(VDT_ISA_C, VDT_PRECISION_F32);

    if (!kernels)
        return;
    check_add_test(kernels, "threads", test_threads);
    check_add_test(kernels, "decision", test_decision);
}
