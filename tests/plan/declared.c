/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step sees what it declares to read and changes what it declares to write, and nothing else:
 * what is alive when follows from that. Each step of random plans runs alone in an arena that holds
 * NaN everywhere but in the step's own buffers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/step/layout.h"
#include "random-graph.h"

/* The thread sanitizer makes it some twenty times slower, and has threads to see elsewhere. */
#ifdef __SANITIZE_THREAD__
#define N_GRAPHS 6
#else
#define N_GRAPHS 60
#endif
#define FIRST_SEED 1

static const VdtBuffer *buffer_of(const VdtPlan *plan, const VdtPlace *place)
{
    return place->buffer ? &g_array_index(plan->buffers, VdtBuffer, place->buffer - 1) : NULL;
}

static void copy_buffers(const VdtPlan *plan, const VdtPlace *places, guint n, const char *from,
                         char *to)
{
    for (guint i = 0; i < n; i++) {
        const VdtBuffer *buffer = buffer_of(plan, &places[i]);

        if (buffer)
            memcpy(to + buffer->offset, from + buffer->offset, buffer->size);
    }
}

static void poison_buffers(const VdtPlan *plan, const VdtPlace *places, guint n, char *arena)
{
    for (guint i = 0; i < n; i++) {
        const VdtBuffer *buffer = buffer_of(plan, &places[i]);

        if (buffer)
            memset(arena + buffer->offset, 0xff, buffer->size);
    }
}

/* Where the states lie is known to every step. */
static void set_slots(const VdtPlan *plan, const GPtrArray *states, char *arena)
{
    char **slots = states->len > 0 ? (char **)vdt_place_address(plan, &plan->slots, arena) : NULL;

    for (guint i = 0; i < states->len; i++)
        slots[i] = vdt_state_get_tensor(states->pdata[i])->data;
}

static gboolean is_poison(const char *memory, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (memory[i] != (char)0xff)
            return FALSE;
    return TRUE;
}

/* Runs @plan step by step on the contents of @arena and of @states. */
static void run_apart(const VdtPlan *plan, const GPtrArray *states, char *arena)
{
    char *apart = aligned_alloc(VDT_ALIGN, plan->arena_size);
    char *scratch = aligned_alloc(VDT_ALIGN, VDT_ALIGN_LANES(plan->scratch_size) + VDT_ALIGN);

    for (guint i = 0; i < plan->steps->len; i++) {
        const VdtStep *step = plan->steps->pdata[i];

        memset(apart, 0xff, plan->arena_size);
        copy_buffers(plan, step->reads, VDT_MOST_READS, arena, apart);
        copy_buffers(plan, step->writes, VDT_MOST_WRITES, arena, apart);
        set_slots(plan, states, apart);
        for (guint item = 0; item < step->n_items; item++)
            step->run(step, apart, scratch, item);
        copy_buffers(plan, step->writes, VDT_MOST_WRITES, apart, arena);
        poison_buffers(plan, step->writes, VDT_MOST_WRITES, apart);
        for (guint j = 0; j < VDT_MOST_READS; j++) {
            const VdtBuffer *buffer = buffer_of(plan, &step->reads[j]);
            gboolean written = FALSE;

            for (guint k = 0; k < VDT_MOST_WRITES; k++)
                written |= step->writes[k].buffer == step->reads[j].buffer;
            if (buffer && !written &&
                memcmp(apart + buffer->offset, arena + buffer->offset, buffer->size) != 0)
                g_error("step %u, %s of %s, changes what it reads", i, step->kernel, step->label);
        }
        poison_buffers(plan, step->reads, VDT_MOST_READS, apart);
        poison_buffers(plan, &plan->slots, 1, apart);
        if (!is_poison(apart, plan->arena_size))
            g_error("step %u, %s of %s, writes what is not its own", i, step->kernel, step->label);
    }
    free(apart);
    free(scratch);
}

static void check_plan(VdtGraph *graph, VdtWeights *weights, VdtPlanKind kind,
                       VdtPrecision precision, guint64 seed)
{
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, kind, precision);
    g_autoptr(VdtSession) session = make_session(plan), right = NULL;
    g_autoptr(GPtrArray) states = fill_states(session, seed), right_states = NULL;
    const VdtMap *input = &g_array_index(plan->inputs, VdtMap, 0);
    /* What the session has made of its arena, parameters and inputs. */
    char *arena =
        (char *)vdt_session_get_input(session, 0)->data - buffer_of(plan, &input->place)->offset;

    if (kind == VDT_PLAN_TRAIN)
        vdt_session_set_seed(session, seed);
    fill_inputs(session, seed);
    run_apart(plan, states, arena);
    right = make_session(plan);
    right_states = fill_states(right, seed);
    if (kind == VDT_PLAN_TRAIN)
        vdt_session_set_seed(right, seed);
    fill_inputs(right, seed);
    run_session(right);
    assert_same_bits(session, right);
    for (guint i = 0; i < states->len; i++) {
        const VdtTensor *state = vdt_state_get_tensor(states->pdata[i]);

        g_assert_cmpmem(state->data, state->n_bytes,
                        vdt_state_get_tensor(right_states->pdata[i])->data, state->n_bytes);
    }
    for (guint i = 0; kind == VDT_PLAN_TRAIN && i < vdt_graph_get_n_params(graph); i++) {
        const VdtTensor *gradient = vdt_session_get_gradient(session, i);

        if (gradient)
            g_assert_cmpmem(gradient->data, gradient->n_bytes,
                            vdt_session_get_gradient(right, i)->data, gradient->n_bytes);
    }
}

/* Adds the squares of the first output of numbers as a loss. */
static void add_loss(VdtGraph *graph)
{
    VdtValue *x = NULL, *flat;
    VdtShape shape, row, one = vdt_shape(1);

    for (guint i = graph->outputs->len; i-- > 0;) {
        VdtValue *output = g_array_index(graph->outputs, VdtNamed, i).node;

        x = vdt_value_dtype(output) == VDT_F32 ? output : x;
    }
    shape = vdt_value_shape(x);
    row = vdt_shape(1, vdt_shape_elements(&shape));
    flat = vdt_reshape(x, &row);
    vdt_output(graph, "loss", vdt_reshape(vdt_matmul(flat, flat, .transpose_b = TRUE), &one));
}

static void test_declared(gconstpointer data)
{
    const VdtPlanKind kind = GPOINTER_TO_INT(data) < 0 ? VDT_PLAN_TRAIN : VDT_PLAN_INFER;
    const VdtPrecision precision = MAX(GPOINTER_TO_INT(data), 0);

    for (guint64 seed = FIRST_SEED; seed < FIRST_SEED + N_GRAPHS; seed++) {
        g_autofree char *text = NULL;
        g_autoptr(VdtGraph) graph = random_graph(seed, &text);
        g_autoptr(VdtWeights) weights = NULL;

        if (kind == VDT_PLAN_TRAIN)
            add_loss(graph);
        weights = make_weights(graph, seed);
        g_test_message("VEDETTE_TEST_SEED=%" G_GUINT64_FORMAT "\n%s", seed, text);
        check_plan(graph, weights, kind, precision, seed);
    }
}

/* Products that random networks are too small for, of an odd number of rows. */
static void test_strassen(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = NULL;
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(1, 193, 768);
    VdtValue *x = vdt_input(graph, "x", &shape);

    for (guint i = 0; i < 3; i++)
        x = vdt_add(x, vdt_gelu(vdt_linear(vdt_in(s, "layers.%u", i), x, .out = 768)));
    vdt_output(graph, "y", x);
    weights = make_weights(graph, 1);
    check_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/plan/declared/f32", GINT_TO_POINTER(VDT_PRECISION_F32), test_declared);
    g_test_add_data_func("/plan/declared/bf16", GINT_TO_POINTER(VDT_PRECISION_BF16), test_declared);
    g_test_add_data_func("/plan/declared/int8", GINT_TO_POINTER(VDT_PRECISION_INT8), test_declared);
    g_test_add_func("/plan/declared/strassen", test_strassen);
    g_test_add_data_func("/plan/declared/train", GINT_TO_POINTER(-1), test_declared);
    return g_test_run();
}
