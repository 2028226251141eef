/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing is allocated by a run. The C library's functions are replaced for the whole process, so
 * that GLib's allocations are counted as well. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "random-graph.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&       \
    !defined(__clang__)
#define CAN_COUNT 1

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

/* Visible to the libraries, too. */
#pragma GCC visibility push(default)

static atomic_uint n_allocations;

void *malloc(size_t size)
{
    atomic_fetch_add(&n_allocations, 1);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add(&n_allocations, 1);
    return __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    atomic_fetch_add(&n_allocations, 1);
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    atomic_fetch_add(&n_allocations, 1);
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = aligned_alloc(alignment, size);
    return *memory ? 0 : ENOMEM;
}

#pragma GCC visibility pop

static guint count_so_far(void)
{
    return atomic_load(&n_allocations);
}
#else
#define CAN_COUNT 0

static guint count_so_far(void)
{
    return 0;
}
#endif

static void check_plan(VdtPlan *plan)
{
    g_autoptr(VdtSession) session = run_plan(plan, 1); /* starts the pool */
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree gint64 *ns = g_new0(gint64, vdt_plan_get_n_steps(plan));
    guint before = count_so_far();

    for (guint i = 0; i < 3; i++) {
        g_assert_true(vdt_session_run(session, cancellable, NULL));
        g_assert_true(vdt_session_run_timed(session, ns, NULL));
    }
    g_assert_cmpuint(count_so_far(), ==, before);
}

static void test_runs(void)
{
    if (!CAN_COUNT) {
        g_test_skip("allocations cannot be counted in this build");
        return;
    }
    g_free(g_malloc(1));
    g_assert_cmpuint(count_so_far(), >, 0);
    for (guint i = 0; i < 30; i++) {
        g_autofree char *text = NULL;
        g_autoptr(VdtGraph) graph = i == 0 ? small_network(1, 24, 24) : random_graph(i, &text);
        g_autoptr(VdtWeights) weights = make_weights(graph, i);

        for (guint kind = 0; kind < 3; kind++) {
            g_autoptr(VdtPlan) plan =
                make_plan(graph, weights, kind == 2 ? VDT_PLAN_TRACE : VDT_PLAN_INFER,
                          kind == 1 ? VDT_PRECISION_BF16 : VDT_PRECISION_F32);

            check_plan(plan);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/allocation/runs", test_runs);
    return g_test_run();
}
