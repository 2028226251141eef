/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory planner on random buffer lists. */
#include "plan/memory.h"
#include "fixture.h"
#include "plan/step/layout.h"

#define N_LISTS      4000
#define MOST_BUFFERS 60

static guint random_buffers(Random *random, VdtBuffer *buffers)
{
    guint n = random_between(random, 0, MOST_BUFFERS);
    int n_steps = random_between(random, 1, 40), longest = random_between(random, 0, n_steps - 1);

    for (guint i = 0; i < n; i++) {
        int first = random_between(random, 0, n_steps - 1);
        int last = MIN(first + random_between(random, 0, longest), n_steps);

        buffers[i] = (VdtBuffer){.size = random_between(random, 0, 5) == 0
                                             ? 64 * random_between(random, 1, 20)
                                             : random_between(random, 1, 5000),
                                 .first = first,
                                 .last = last,
                                 .offset = 12345};
    }
    return n;
}

static gboolean alive_together(const VdtBuffer *a, const VdtBuffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static void check_disjoint(const VdtBuffer *buffers, const gsize *sizes, guint n, gsize total)
{
    for (guint i = 0; i < n; i++) {
        g_assert_cmpuint(buffers[i].offset % VDT_ALIGN, ==, 0);
        g_assert_cmpuint(buffers[i].size, >=, sizes[i]);
        g_assert_cmpuint(buffers[i].offset + sizes[i], <=, total);
        for (guint j = 0; j < i; j++) {
            if (!alive_together(&buffers[i], &buffers[j]))
                continue;
            g_assert_true(buffers[i].offset + sizes[i] <= buffers[j].offset ||
                          buffers[j].offset + sizes[j] <= buffers[i].offset);
        }
    }
}

/* The largest sum of buffers alive at one step: nothing can do with less. */
static gsize least_possible(const VdtBuffer *buffers, const gsize *sizes, guint n)
{
    gsize most = 0;

    for (guint step = 0; step <= 40; step++) {
        gsize sum = 0;

        for (guint i = 0; i < n; i++)
            if (buffers[i].first <= step && step <= buffers[i].last)
                sum += sizes[i];
        most = MAX(most, sum);
    }
    return most;
}

static void test_random_lists(void)
{
    Random random = {test_seed(1)};
    double least = 0, used = 0;

    for (guint list = 0; list < N_LISTS; list++) {
        VdtBuffer buffers[MOST_BUFFERS];
        gsize sizes[MOST_BUFFERS], total, sum = 0, floor;
        guint n = random_buffers(&random, buffers);

        for (guint i = 0; i < n; i++) {
            sizes[i] = buffers[i].size;
            sum += (sizes[i] + VDT_ALIGN - 1) / VDT_ALIGN * VDT_ALIGN;
        }
        total = vdt_plan_memory(buffers, n);
        check_disjoint(buffers, sizes, n, total);
        floor = least_possible(buffers, sizes, n);
        g_assert_cmpuint(total, >=, floor);
        g_assert_cmpuint(total, <=, sum);
        least += (double)floor;
        used += (double)total;
    }
    /* It also has to be of use: near the bound on average. */
    g_test_message("%.3f of the lower bound", used / least);
    g_assert_cmpfloat(used / least, <, 1.25);
}

/* Buffers that follow each other take turns in two places. */
static void test_chain(void)
{
    VdtBuffer buffers[10];

    for (guint i = 0; i < G_N_ELEMENTS(buffers); i++)
        buffers[i] = (VdtBuffer){.size = 1000, .first = i, .last = i + 1};
    g_assert_cmpuint(vdt_plan_memory(buffers, G_N_ELEMENTS(buffers)), ==, 2 * 1024);
    g_assert_cmpuint(vdt_plan_memory(NULL, 0), ==, 0);
}

/* In a plan made of a graph: what a step reads is not where it or a step in between writes. The
 * inputs keep what they hold until they are read, outputs until the end. */
static void test_plan_buffers(void)
{
    g_autoptr(VdtGraph) graph = small_network(2, 20, 20);
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autofree gsize *sizes = g_new(gsize, plan->buffers->len);
    VdtBuffer *buffers = (VdtBuffer *)plan->buffers->data;
    gsize sum = 0;

    for (guint i = 0; i < plan->buffers->len; i++)
        sum += sizes[i] = buffers[i].size;
    check_disjoint(buffers, sizes, plan->buffers->len, vdt_plan_get_arena_size(plan));
    g_assert_cmpuint(vdt_plan_get_arena_size(plan), <, sum / 2);
    for (guint i = 0; i < plan->inputs->len; i++)
        g_assert_cmpuint(buffers[g_array_index(plan->inputs, VdtMap, i).place.buffer - 1].first, ==,
                         0);
    for (guint i = 0; i < plan->outputs->len; i++)
        g_assert_cmpuint(buffers[g_array_index(plan->outputs, VdtMap, i).place.buffer - 1].last, ==,
                         vdt_plan_get_n_steps(plan));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/memory/random-lists", test_random_lists);
    g_test_add_func("/plan/memory/chain", test_chain);
    g_test_add_func("/plan/memory/plan-buffers", test_plan_buffers);
    return g_test_run();
}
