/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Static graphs: a network written once, as C functions that add named ops.
 *
 * A graph has fixed shapes and no weights: parameters are declared by name and shape, and bound
 * when a plan is made (vedette/plan.h), so the same builder serves an author's checkpoint, random
 * initialisation and lower precisions. Parameter names come from a scope, a prefix that nests:
 *
 *     static VdtValue *block(VdtScope s, VdtValue *x, int width)
 *     {
 *         VdtValue *y = vdt_conv2d(vdt_in(s, "conv1"), x, .out = width, .kernel = 3, .pad = 1);
 *         y = vdt_relu(vdt_batch_norm(vdt_in(s, "bn1"), y));
 *         return vdt_add(x, y);
 *     }
 *
 * The first mistake (shapes that do not fit, a name used twice) is kept in the graph, every later
 * op returns NULL and takes NULL, and vdt_graph_check() reports it: builders need no error checks.
 * A graph is built by one thread; once checked it is immutable and may be shared.
 */
#pragma once

#include <vedette/tensor.h>

G_BEGIN_DECLS

typedef struct _VdtGraph VdtGraph;
/** The result of an op, owned by its graph. */
typedef struct _VdtNode VdtValue;

VDT_API VdtGraph *vdt_graph_new(void);
VDT_API VdtGraph *vdt_graph_ref(VdtGraph *graph);
VDT_API void vdt_graph_unref(VdtGraph *graph);
/** TRUE if no mistake was made and there is an output, or a state that is written. */
VDT_API gboolean vdt_graph_check(const VdtGraph *graph, GError **error);

/** Where parameter names begin: "" or "backbone.net". Plain data, copied by value. */
typedef struct {
    VdtGraph *graph;
    char prefix[248];
    gboolean again;
} VdtScope;

VDT_API VdtScope vdt_scope(VdtGraph *graph, const char *prefix);
/** vdt_in(s, "layer%d.%d", 1, 0) is the scope "<s>.layer1.0". */
VDT_API VdtScope vdt_in(VdtScope scope, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** The same scope, in which parameters are not declared but looked up: what is built in it is once
 * more what was built in @scope, by the same weights and over other values. */
VDT_API VdtScope vdt_again(VdtScope scope);

VDT_API VdtValue *vdt_input(VdtGraph *graph, const char *name, const VdtShape *shape);
/** An input of another type: VDT_F32, or VDT_I32 for numbers that ops take as such. What range
 * those may have follows from the ops; vdt_session_run() refuses others. */
VDT_API VdtValue *vdt_input_typed(VdtGraph *graph, const char *name, VdtDType dtype,
                                  const VdtShape *shape);
/** An input that is one number, VDT_I32: a position, or how many of something there are. Set by
 * vdt_session_set_arg(). */
VDT_API VdtValue *vdt_run_arg(VdtGraph *graph, const char *name);
/**
 * What a VdtState (vedette/plan.h) holds when the run begins, float32. Its memory is not the
 * session's, outlives it, and may be that of other sessions, too: of other streams' plans, or of
 * this stream's plan for another number of rows. vdt_write_rows() (vedette/ops.h) changes it.
 */
VDT_API VdtValue *vdt_state(VdtGraph *graph, const char *name, const VdtShape *shape);
/** What an untrained parameter starts from: @value and, if there is a @deviation, normal deviates
 * around it. */
typedef struct {
    double value, deviation;
} VdtStart;
/** Declares parameter "<scope>.<name>" (just "<scope>" if @name is NULL). */
VDT_API VdtValue *vdt_param_with(VdtScope scope, const char *name, const VdtShape *shape,
                                 VdtStart start);
/** The same, starting from a deviation of 0.02 around 0, as codes of positions do. */
VDT_API VdtValue *vdt_param(VdtScope scope, const char *name, const VdtShape *shape);
VDT_API void vdt_output(VdtGraph *graph, const char *name, VdtValue *value);
/** The output of that name, NULL if there is none: what a loss is put on. */
VDT_API VdtValue *vdt_graph_find_output(const VdtGraph *graph, const char *name);
/** Gives @value a name under which a TRACE plan can be asked for it. Returns @value. */
VDT_API VdtValue *vdt_tap(VdtValue *value, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** The shape of a value; of NULL, an empty shape. */
VDT_API VdtShape vdt_value_shape(const VdtValue *value);
/** VDT_F32, or VDT_I32 of what counts something; of NULL, VDT_F32. */
VDT_API VdtDType vdt_value_dtype(const VdtValue *value);
/** Size of dimension @i; of NULL, 0. */
VDT_API gint64 vdt_value_dim(const VdtValue *value, guint i);

/** What a graph consists of, for tools. */
VDT_API guint vdt_graph_get_n_params(const VdtGraph *graph);
VDT_API const char *vdt_graph_get_param(const VdtGraph *graph, guint i, VdtShape *shape);
/** FALSE for running statistics, which training moves but does not differentiate by, and for what
 * is frozen. */
VDT_API gboolean vdt_graph_is_trained(const VdtGraph *graph, guint i);
/**
 * From now on parameters whose names begin with @prefix stay as they are in a training: a TRAIN
 * plan makes no gradient by them nor by what leads to nothing else, and an optimiser keeps nothing
 * of them. Returns how many that are. Running statistics are no such parameters: to keep the norms
 * of a frozen part from moving them, and from looking at the batch, takes vdt_graph_freeze_norms(),
 * too. To be called before plans are made.
 */
VDT_API guint vdt_graph_freeze(VdtGraph *graph, const char *prefix);
/**
 * From now on batch norms whose parameters' names begin with @prefix use their running statistics
 * in TRAIN plans, too, and do not move them, and what vdt_progress() (vedette/ops.h) leads to them
 * is there already; weight and bias are trained as always, unless
 * vdt_graph_freeze() has them. Returns how many norms that are. To be called before plans are made.
 */
VDT_API guint vdt_graph_freeze_norms(VdtGraph *graph, const char *prefix);
/** Number of parameter elements that a training would change by their gradients: without running
 * statistics and what is frozen. */
VDT_API guint64 vdt_graph_count_parameters(const VdtGraph *graph);
/** Multiply-accumulates of convolutions, linear layers and matrix products. */
VDT_API guint64 vdt_graph_count_macs(const VdtGraph *graph);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtGraph, vdt_graph_unref)

G_END_DECLS
