/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session: one stream's arena, and running the steps over it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/keyed-hash.h"
#include "runtime/pool.h"
#include "state.h"
#include "step/layout.h"
#include "tensor/pages.h"

struct _VdtSession {
    VdtPlan *plan;
    char *arena;
    char *scratch; /* one area of plan->scratch_size for each worker */
    gsize scratch_stride;
    guint n_workers;               /* that scratch was made for */
    GPtrArray *inputs, *outputs;   /* VdtTensor over the arena */
    GHashTable *taps;              /* name to VdtTensor */
    VdtState **states;             /* in the graph's order; NULL while not set */
    GPtrArray *params, *gradients; /* TRAIN: VdtTensor over the arena; no gradient: NULL */
};

static char *allocate(gsize size, const char *what, GError **error)
{
    char *memory = vdt_pages_alloc(size);

    if (!memory)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "out of memory: %" G_GSIZE_FORMAT " bytes for %s", size, what);
    return memory;
}

static VdtTensor *tensor_over(VdtSession *session, const VdtMap *map, VdtDType dtype,
                              const VdtShape *shape)
{
    return vdt_tensor_new_for_data(
        dtype, shape, vdt_place_address(session->plan, &map->place, session->arena), NULL, NULL);
}

static void unref_gradient(gpointer gradient)
{
    if (gradient)
        vdt_tensor_unref(gradient);
}

/* The parameters of a TRAIN plan's session are its own. */
static void copy_params(VdtSession *session)
{
    const VdtPlan *plan = session->plan;

    if (plan->kind != VDT_PLAN_TRAIN)
        return;
    /* Kernels read whole vectors: what lies behind the channels has to be finite. */
    memset(session->arena, 0, plan->arena_size);
    for (guint i = 0; i < plan->params->len; i++) {
        const VdtTensor *initial = plan->constants->pdata[i];
        VdtTensor *param =
            tensor_over(session, &g_array_index(plan->params, VdtMap, i), VDT_F32, &initial->shape);
        const VdtMap *gradient = &g_array_index(plan->gradients, VdtMap, i);

        memcpy(param->data, initial->data, initial->n_bytes);
        g_ptr_array_add(session->params, param);
        g_ptr_array_add(session->gradients,
                        vdt_graph_is_trained(plan->graph, i)
                            ? tensor_over(session, gradient, VDT_F32, &initial->shape)
                            : NULL);
    }
}

/* Those that nobody sets are 0. */
static void clear_integers(VdtSession *session)
{
    for (guint i = 0; i < session->inputs->len; i++) {
        VdtTensor *tensor = session->inputs->pdata[i];

        if (tensor->dtype == VDT_I32)
            memset(tensor->data, 0, tensor->n_bytes);
    }
}

VdtSession *vdt_session_new(VdtPlan *plan, GError **error)
{
    g_autoptr(VdtSession) session = g_new0(VdtSession, 1);
    const VdtGraph *graph = plan->graph;

    session->plan = vdt_plan_ref(plan);
    session->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    session->outputs = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    session->taps = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)vdt_tensor_unref);
    session->params = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    session->gradients = g_ptr_array_new_with_free_func(unref_gradient);
    session->states = g_new0(VdtState *, MAX(graph->states->len, 1));
    session->n_workers = MIN(vdt_threads_get(), VDT_MAX_WORKERS);
    session->scratch_stride = (plan->scratch_size + VDT_ALIGN - 1) / VDT_ALIGN * VDT_ALIGN;
    session->arena = allocate(plan->arena_size, "intermediate results", error);
    if (!session->arena)
        return NULL;
    session->scratch = allocate(session->scratch_stride * session->n_workers, "scratch", error);
    if (!session->scratch)
        return NULL;

    copy_params(session);
    for (guint i = 0; i < graph->inputs->len; i++) {
        const VdtNode *node = graph->inputs->pdata[i];

        g_ptr_array_add(session->inputs,
                        tensor_over(session, &g_array_index(plan->inputs, VdtMap, i), node->dtype,
                                    &node->shape));
    }
    clear_integers(session);
    for (guint i = 0; i < graph->outputs->len; i++) {
        const VdtNamed *named = &g_array_index(graph->outputs, VdtNamed, i);

        g_ptr_array_add(session->outputs,
                        tensor_over(session, &g_array_index(plan->outputs, VdtMap, i),
                                    named->node->dtype, &named->node->shape));
    }
    for (guint i = 0; plan->values->len > 0 && i < graph->taps->len; i++) {
        const VdtNamed *named = &g_array_index(graph->taps, VdtNamed, i);
        const VdtMap *map = &g_array_index(plan->values, VdtMap, named->node->index);

        g_hash_table_replace(session->taps, named->name,
                             tensor_over(session, map, named->node->dtype, &named->node->shape));
    }
    return g_steal_pointer(&session);
}

void vdt_session_free(VdtSession *session)
{
    if (!session)
        return;
    g_ptr_array_unref(session->inputs);
    g_ptr_array_unref(session->outputs);
    g_ptr_array_unref(session->params);
    g_ptr_array_unref(session->gradients);
    g_hash_table_unref(session->taps);
    for (guint i = 0; i < session->plan->graph->states->len; i++)
        vdt_state_unref(session->states[i]);
    g_free(session->states);
    free(session->arena);
    free(session->scratch);
    vdt_plan_unref(session->plan);
    g_free(session);
}

VdtTensor *vdt_session_get_input(VdtSession *session, guint i)
{
    return i < session->inputs->len ? session->inputs->pdata[i] : NULL;
}

VdtTensor *vdt_session_find_input(VdtSession *session, const char *name)
{
    const GPtrArray *inputs = session->plan->graph->inputs;

    for (guint i = 0; i < inputs->len; i++)
        if (g_str_equal(((VdtNode *)inputs->pdata[i])->name, name))
            return session->inputs->pdata[i];
    return NULL;
}

/* Steps trust the numbers that they find rows by. */
static gboolean check_integer(const VdtNode *input, gint64 value, GError **error)
{
    const gint64 limit = input->limit ? input->limit : G_GINT64_CONSTANT(0x80000000);

    if (value >= (input->limit ? 0 : G_MININT32) && value < limit)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "the input \"%s\" is %" G_GINT64_FORMAT
                ", which is not from 0 to %" G_GINT64_FORMAT,
                input->name, value, limit - 1);
    return FALSE;
}

gboolean vdt_session_set_arg(VdtSession *session, const char *name, gint64 value, GError **error)
{
    const GPtrArray *inputs = session->plan->graph->inputs;

    for (guint i = 0; i < inputs->len; i++) {
        const VdtNode *node = inputs->pdata[i];

        if (!g_str_equal(node->name, name) || node->dtype != VDT_I32 ||
            vdt_shape_elements(&node->shape) != 1)
            continue;
        if (!check_integer(node, value, error))
            return FALSE;
        *(gint32 *)((VdtTensor *)session->inputs->pdata[i])->data = (gint32)value;
        return TRUE;
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "the network has no argument \"%s\"", name);
    return FALSE;
}

static char *describe(VdtDType dtype, const VdtShape *shape)
{
    g_autofree char *text = vdt_shape_to_string(shape);

    return g_strdup_printf("%s of %s", text, vdt_dtype_name(dtype));
}

gboolean vdt_session_set_state(VdtSession *session, const char *name, VdtState *state,
                               GError **error)
{
    const GPtrArray *states = session->plan->graph->states;
    const VdtTensor *tensor = vdt_state_get_tensor(state);
    const VdtNode *found = NULL;

    for (guint i = 0; i < states->len; i++) {
        const VdtNode *node = states->pdata[i];

        if (g_str_equal(node->name, name)) {
            found = node;
        } else if (session->states[i] == state) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                        "the state \"%s\" cannot be the same as \"%s\"", name, node->name);
            return FALSE;
        }
    }
    if (!found) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "the network has no state \"%s\"", name);
        return FALSE;
    }
    if (tensor->dtype != found->dtype || !vdt_shape_equal(&tensor->shape, &found->shape)) {
        g_autofree char *ours = describe(found->dtype, &found->shape);
        g_autofree char *theirs = describe(tensor->dtype, &tensor->shape);

        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "the state \"%s\" is %s in the network, not %s", name, ours, theirs);
        return FALSE;
    }
    vdt_state_ref(state);
    vdt_state_unref(session->states[found->state - 1]);
    session->states[found->state - 1] = state;
    return TRUE;
}

const VdtTensor *vdt_session_get_output(VdtSession *session, guint i)
{
    return i < session->outputs->len ? session->outputs->pdata[i] : NULL;
}

const VdtTensor *vdt_session_find_output(VdtSession *session, const char *name)
{
    GArray *outputs = session->plan->graph->outputs;

    for (guint i = 0; i < outputs->len; i++)
        if (g_str_equal(g_array_index(outputs, VdtNamed, i).name, name))
            return session->outputs->pdata[i];
    return NULL;
}

const VdtTensor *vdt_session_get_tap(VdtSession *session, const char *name)
{
    return g_hash_table_lookup(session->taps, name);
}

VdtTensor *vdt_session_get_param(VdtSession *session, guint i)
{
    return i < session->params->len ? session->params->pdata[i] : NULL;
}

VdtTensor *vdt_session_get_gradient(VdtSession *session, guint i)
{
    return i < session->gradients->len ? session->gradients->pdata[i] : NULL;
}

void vdt_session_set_seed(VdtSession *session, guint64 seed)
{
    if (session->plan->kind == VDT_PLAN_TRAIN)
        memcpy(vdt_place_address(session->plan, &session->plan->seed, session->arena), &seed,
               sizeof seed);
}

VdtGraph *vdt_session_get_graph(VdtSession *session)
{
    return session->plan->graph;
}

typedef struct {
    const VdtStep *step;
    const VdtSession *session;
} Job;

static void run_item(gconstpointer data, guint item, guint worker)
{
    const Job *job = data;
    const VdtSession *session = job->session;

    job->step->run(job->step, session->arena, session->scratch + worker * session->scratch_stride,
                   item);
}

static gint64 now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

static gboolean is_cancelled(gpointer data)
{
    return g_cancellable_is_cancelled(data);
}

static gboolean say_cancelled(GError **error)
{
    g_set_error_literal(error, VDT_ERROR, VDT_ERROR_CANCELLED, "the run was cancelled");
    return FALSE;
}

static gboolean check_integers(const VdtSession *session, GError **error)
{
    const GPtrArray *inputs = session->plan->graph->inputs;

    for (guint i = 0; i < inputs->len; i++) {
        const VdtNode *node = inputs->pdata[i];
        const VdtTensor *tensor = session->inputs->pdata[i];
        const gint32 *values = tensor->data;

        for (gsize k = 0; node->dtype == VDT_I32 && k < tensor->n_bytes / sizeof *values; k++) {
            if (check_integer(node, values[k], error))
                continue;
            if (tensor->n_bytes > sizeof *values)
                g_prefix_error(error, "position %" G_GSIZE_FORMAT ": ", k);
            return FALSE;
        }
    }
    return TRUE;
}

static void give_back_states(VdtSession *session, guint n)
{
    for (guint i = 0; i < n; i++)
        vdt_state_give_back(session->states[i]);
}

/* All of them, for this run alone. */
static gboolean take_states(VdtSession *session, GError **error)
{
    const VdtPlan *plan = session->plan;
    const GPtrArray *states = plan->graph->states;

    for (guint i = 0; i < states->len; i++) {
        const VdtNode *node = states->pdata[i];

        if (session->states[i] && vdt_state_take(session->states[i])) {
            char **slots = (char **)vdt_place_address(plan, &plan->slots, session->arena);

            slots[i] = vdt_state_get_tensor(session->states[i])->data;
            continue;
        }
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    session->states[i] ? "the state \"%s\" is in use by another run"
                                       : "the state \"%s\" is not set",
                    node->name);
        give_back_states(session, i);
        return FALSE;
    }
    return TRUE;
}

static gboolean run(VdtSession *session, GCancellable *cancellable, gint64 *step_ns, GError **error)
{
    GPtrArray *steps = session->plan->steps;
    gboolean ok = TRUE;

    pthread_testcancel(); /* the only time that nothing is held and somebody may want to end */
    if (!check_integers(session, error) || !take_states(session, error))
        return FALSE;
    if (vdt_pool_begin(session->n_workers, cancellable ? is_cancelled : NULL, cancellable) == 0) {
        give_back_states(session, session->plan->graph->states->len);
        return say_cancelled(error);
    }
    for (guint i = 0; i < steps->len; i++) {
        Job job = {steps->pdata[i], session};
        gint64 start = step_ns ? now_ns() : 0;

        if (g_cancellable_is_cancelled(cancellable)) {
            ok = say_cancelled(error);
            break;
        }
        vdt_pool_run(run_item, &job, job.step->n_items);
        if (step_ns)
            step_ns[i] += now_ns() - start;
    }
    give_back_states(session, session->plan->graph->states->len);
    vdt_pool_end();
    return ok;
}

gboolean vdt_session_run(VdtSession *session, GCancellable *cancellable, GError **error)
{
    return run(session, cancellable, NULL, error);
}

gboolean vdt_session_run_timed(VdtSession *session, gint64 *step_ns, GError **error)
{
    return run(session, NULL, step_ns, error);
}
