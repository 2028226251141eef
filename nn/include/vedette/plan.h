/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Plans and sessions: a graph with weights, made ready to run.
 *
 * A plan is immutable once made and may be shared by any number of threads. A session holds what
 * one stream needs to run it (the arena of intermediate results); it belongs to one thread at a
 * time. Nothing is allocated by vdt_session_run().
 */
#pragma once

#include <gio/gio.h>
#include <vedette/graph.h>
#include <vedette/runtime.h>
#include <vedette/weights.h>

G_BEGIN_DECLS

/**
 * VdtPlanKind:
 * @VDT_PLAN_INFER: fast: batch norms folded, epilogues fused, weights packed, memory planned
 * @VDT_PLAN_TRACE: plain: reference kernels in build order, every value kept; the oracle
 * @VDT_PLAN_TRAIN: a run computes the outputs and then, backwards, the gradients of the output
 *   "loss", a single number, by every parameter that is not frozen. Batch norms use the statistics
 * of the batch and move the running ones, dropout drops. float32 only.
 */
typedef enum { VDT_PLAN_INFER, VDT_PLAN_TRACE, VDT_PLAN_TRAIN } VdtPlanKind;

typedef struct {
    VdtPlanKind kind;
    VdtPrecision precision;
} VdtPlanOptions;

typedef struct _VdtPlan VdtPlan;
typedef struct _VdtSession VdtSession;

/**
 * Binds @weights to @graph. All missing and mis-shaped tensors are listed in one VDT_ERROR_WEIGHTS;
 * weights that are not finite are refused too. @weights may be released afterwards: an INFER plan
 * has packed copies, and references to the few tensors that the reference kernel reads.
 */
VDT_API VdtPlan *vdt_plan_new(VdtGraph *graph, VdtWeights *weights, const VdtPlanOptions *options,
                              GError **error);
/** The same, sharing packed weights with @sibling, a plan of the same network and weights for
 * another input size (or NULL). */
VDT_API VdtPlan *vdt_plan_new_sharing(VdtGraph *graph, VdtWeights *weights,
                                      const VdtPlanOptions *options, VdtPlan *sibling,
                                      GError **error);
VDT_API VdtPlan *vdt_plan_ref(VdtPlan *plan);
VDT_API void vdt_plan_unref(VdtPlan *plan);
/** Bytes of one session's arena. */
VDT_API gsize vdt_plan_get_arena_size(const VdtPlan *plan);
/** Bytes of packed weights and constants. */
VDT_API gsize vdt_plan_get_weights_size(const VdtPlan *plan);
/** One line per step: number, kernel, multiply-accumulates, name, separated by tabs. Caller
 * frees. */
VDT_API char *vdt_plan_describe(const VdtPlan *plan);

/**
 * VdtState: a slot for what a network keeps between runs (vdt_state() of vedette/graph.h), such as
 * what it knows of earlier tokens. It begins as zeros, belongs to whoever made it, and may be set
 * in any number of sessions, of the same plan or others; each takes a reference. Runs that share
 * one must not overlap, since their order would decide what they see: one that finds it in use by
 * another is refused.
 */
typedef struct _VdtState VdtState;
VDT_API VdtState *vdt_state_new(VdtDType dtype, const VdtShape *shape, GError **error);
VDT_API VdtState *vdt_state_ref(VdtState *state);
VDT_API void vdt_state_unref(VdtState *state);
/** What it holds, owned by the state; may be read and written between runs. */
VDT_API VdtTensor *vdt_state_get_tensor(VdtState *state);

/** Returns NULL and sets @error if the memory cannot be had. */
VDT_API VdtSession *vdt_session_new(VdtPlan *plan, GError **error);
VDT_API void vdt_session_free(VdtSession *session);
/** Input @i, of the type that the graph gives it, to be filled before each run; owned by the
 * session. Integers begin as 0 and stay until they are set anew; a run that finds one out of its
 * range is refused, and says which. */
VDT_API VdtTensor *vdt_session_get_input(VdtSession *session, guint i);
/** The input of that name, NULL if there is none. */
VDT_API VdtTensor *vdt_session_find_input(VdtSession *session, const char *name);
/** Sets the vdt_run_arg() of that name. FALSE if there is none or @value is not in its range. */
VDT_API gboolean vdt_session_set_arg(VdtSession *session, const char *name, gint64 value,
                                     GError **error);
/** What the vdt_state() of that name is, from the next run on. FALSE if there is none, or @state is
 * of another shape or type, or has another name in this session already. A session whose states
 * are not all set does not run. */
VDT_API gboolean vdt_session_set_state(VdtSession *session, const char *name, VdtState *state,
                                       GError **error);
/** Output @i, of its value's type, valid until the next run; owned by the session. */
VDT_API const VdtTensor *vdt_session_get_output(VdtSession *session, guint i);
/** The output of that name, NULL if there is none. */
VDT_API const VdtTensor *vdt_session_find_output(VdtSession *session, const char *name);
/** A tapped value by name, NULL if the plan does not keep it (only TRACE keeps taps). */
VDT_API const VdtTensor *vdt_session_get_tap(VdtSession *session, const char *name);
/** Runs once, on the process's thread pool, when it is this session's turn. @cancellable is looked
 * at while waiting for that, and between steps. To pthread_cancel() its beginning is a cancellation
 * point, and nothing after that. */
VDT_API gboolean vdt_session_run(VdtSession *session, GCancellable *cancellable, GError **error);
/** Like vdt_session_run(), adding each step's time to @step_ns (as many as vdt_plan_describe() has
 * lines). */
VDT_API gboolean vdt_session_run_timed(VdtSession *session, gint64 *step_ns, GError **error);
VDT_API guint vdt_plan_get_n_steps(const VdtPlan *plan);
/** How many steps have @kernel, a name as in vdt_plan_describe(). Those of "reference" run by their
 * op's definition, on one thread. */
VDT_API guint vdt_plan_count_steps(const VdtPlan *plan, const char *kernel);

/**
 * Sessions of TRAIN plans own their parameters, made as copies of the plan's weights. Value of
 * parameter @i, numbered as by vdt_graph_get_param(); float32, may be written between runs. NULL
 * for other plans.
 */
VDT_API VdtTensor *vdt_session_get_param(VdtSession *session, guint i);
/** What the last run found as its gradient; owned by the session, may be written between runs. NULL
 * for parameters that are not trained, such as running statistics and what is frozen. */
VDT_API VdtTensor *vdt_session_get_gradient(VdtSession *session, guint i);
/** What dropout draws in the next run; runs with the same seed drop the same, with VDT_SEED_NONE
 * nothing. */
#define VDT_SEED_NONE G_MAXUINT64
VDT_API void vdt_session_set_seed(VdtSession *session, guint64 seed);
/** The graph a session's plan was made of; owned by it. */
VDT_API VdtGraph *vdt_session_get_graph(VdtSession *session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtState, vdt_state_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtPlan, vdt_plan_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSession, vdt_session_free)

G_END_DECLS
