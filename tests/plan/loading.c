/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights of other types than float32: they give the bits that the same values as float32 give, and
 * a plan is made of their file in little more memory than it keeps. The C library's functions are
 * replaced for the whole process to see how much that is. */
#include <errno.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "random-graph.h"

/* The thread sanitizer makes it some twenty times slower, and has threads to see elsewhere. */
#ifdef __SANITIZE_THREAD__
#define N_GRAPHS 6
#else
#define N_GRAPHS 60
#endif
/* Bytes for a block of columns and the plan itself; the largest tensor has 25 MB of floats. */
#define SCRATCH 4000000
#define SIBLING 200000

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&       \
    !defined(__clang__)
#define CAN_MEASURE 1

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

/* Visible to the libraries, too. */
#pragma GCC visibility push(default)

static atomic_size_t in_use, most_in_use;

static void *note(void *memory)
{
    size_t size = memory ? malloc_usable_size(memory) : 0;
    size_t now = atomic_fetch_add(&in_use, size) + size, most = atomic_load(&most_in_use);

    while (now > most && !atomic_compare_exchange_weak(&most_in_use, &most, now)) {
    }
    return memory;
}

static void forget(void *memory)
{
    atomic_fetch_sub(&in_use, memory ? malloc_usable_size(memory) : 0);
}

void *malloc(size_t size)
{
    return note(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return note(__libc_calloc(n, size));
}

void *realloc(void *memory, size_t size)
{
    forget(memory);
    return note(__libc_realloc(memory, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return note(__libc_memalign(alignment, size));
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

void free(void *memory)
{
    forget(memory);
    __libc_free(memory);
}

#pragma GCC visibility pop

/* What is in use; from now on the most is looked for. */
static gsize start_measuring(void)
{
    gsize now = atomic_load(&in_use);

    atomic_store(&most_in_use, now);
    return now;
}

static gsize most_so_far(void)
{
    return atomic_load(&most_in_use);
}
#else
#define CAN_MEASURE 0

static gsize start_measuring(void)
{
    return 0;
}

static gsize most_so_far(void)
{
    return 0;
}
#endif

static const VdtDType types[] = {VDT_BF16, VDT_F16, VDT_F64};

static void check_bits(VdtGraph *graph, VdtWeights *weights, VdtWeights *floats, guint64 seed,
                       VdtPlanKind kind, VdtPrecision precision)
{
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, kind, precision);
    g_autoptr(VdtPlan) right = make_plan(graph, floats, kind, precision);
    g_autoptr(VdtSession) a = run_plan(plan, seed), b = run_plan(right, seed);

    assert_same_bits(a, b);
}

static void test_same_bits(void)
{
    for (guint64 seed = test_seed(1), i = 0; i < N_GRAPHS; i++, seed++) {
        g_autofree char *text = NULL;
        g_autoptr(VdtGraph) graph = random_graph(seed, &text);
        g_autoptr(VdtWeights) weights = make_weights(graph, seed);

        for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
            g_autoptr(VdtWeights) other = convert_weights(weights, types[t]);
            g_autoptr(VdtWeights) floats = convert_weights(other, VDT_F32);

            g_test_message("seed %" G_GUINT64_FORMAT ", %s\n%s", seed, vdt_dtype_name(types[t]),
                           text);
            check_bits(graph, other, floats, seed, VDT_PLAN_TRACE, VDT_PRECISION_F32);
            for (VdtPrecision p = VDT_PRECISION_F32; p <= VDT_PRECISION_INT8; p++)
                check_bits(graph, other, floats, seed, VDT_PLAN_INFER, p);
        }
    }
}

/* Some 20 million weights, in every kind of product. */
static VdtGraph *large_network(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "");
    VdtShape shape = vdt_shape(1, 3, 32, 32), flat = vdt_shape(1, -1);
    VdtValue *x = vdt_input(graph, "x", &shape);

    x = vdt_conv2d(vdt_in(s, "stem"), x, .out = 512, .kernel = 3, .stride = 2, .pad = 1);
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "norm"), x));
    x = vdt_conv2d(vdt_in(s, "three"), x, .out = 512, .kernel = 3, .pad = 1, .bias = TRUE);
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "norm3"), x));
    x = vdt_conv2d(vdt_in(s, "stride"), x, .out = 1024, .kernel = 3, .stride = 2, .pad = 1);
    x = vdt_conv2d(vdt_in(s, "depthwise"), x, .out = 1024, .kernel = 3, .pad = 1, .groups = 1024);
    x = vdt_conv2d(vdt_in(s, "mix"), x, .out = 2048, .kernel = 1, .bias = TRUE);
    x = vdt_reshape(vdt_global_avg_pool(x), &flat);
    x = vdt_relu(vdt_linear(vdt_in(s, "wide"), x, .out = 2048));
    vdt_output(graph, "scores", vdt_linear(vdt_in(s, "head"), x, .out = 3000));
    return graph;
}

/* @weights as they come from a file of @dtype. */
static VdtWeights *through_file(VdtWeights *weights, VdtDType dtype)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) other = convert_weights(weights, dtype);
    g_autofree char *folder = g_dir_make_tmp("vedette-loading-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, "weights.safetensors", NULL);
    VdtWeights *loaded;

    g_assert_true(vdt_weights_save_safetensors(other, path, &error));
    loaded = vdt_weights_load(path, &error);
    g_assert_no_error(error);
    g_unlink(path);
    g_rmdir(folder);
    return loaded;
}

static void check_memory(VdtGraph *graph, VdtWeights *weights, VdtPrecision precision)
{
    gsize file = 0, before = start_measuring(), most, packed;
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, precision), sibling = NULL;
    g_autoptr(GError) error = NULL;

    most = most_so_far() - before;
    packed = vdt_plan_get_weights_size(plan);
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++)
        file += vdt_weights_get_tensor(weights, i)->n_bytes;
    g_test_message("%s in %s: file %.1f MB, packed %.1f MB, %.1f MB more while loading",
                   vdt_dtype_name(vdt_weights_get_tensor(weights, 0)->dtype),
                   (const char *[]){"float32", "bfloat16", "int8"}[precision], (double)file / 1e6,
                   (double)packed / 1e6, (double)(most - packed) / 1e6);
    g_assert_cmpuint(file, >, 38e6);
    g_assert_cmpuint(most, <=, packed + SCRATCH);

    /* A plan that finds all of it packed needs next to nothing. */
    before = start_measuring();
    sibling = vdt_plan_new_sharing(graph, weights, &(VdtPlanOptions){VDT_PLAN_INFER, precision},
                                   plan, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(most_so_far() - before, <=, SIBLING);
}

static void test_memory(void)
{
    g_autoptr(VdtGraph) graph = large_network();
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);

    if (!CAN_MEASURE) {
        g_test_skip("memory cannot be measured in this build");
        return;
    }
    for (guint t = 0; t < 2; t++) {
        g_autoptr(VdtWeights) loaded = through_file(weights, types[t]);

        for (VdtPrecision p = VDT_PRECISION_F32; p <= VDT_PRECISION_INT8; p++)
            check_memory(graph, loaded, p);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/loading/same-bits", test_same_bits);
    g_test_add_func("/plan/loading/memory", test_memory);
    return g_test_run();
}
