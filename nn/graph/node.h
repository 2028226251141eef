/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of a graph: nodes, and the row that describes an op.
 *
 * A node is one op applied to other nodes; parameters are nodes too. Nodes stand in build order,
 * which is a topological order. Everything is owned by the graph and fixed once built.
 */
#pragma once

#include <vedette/graph.h>

#define VDT_MAX_INPUTS 8

/* The share of the batch in what a run makes of running statistics, PyTorch's. */
#define VDT_BATCH_NORM_MOMENTUM 0.1

typedef struct _VdtNode VdtNode;

/* The reference kernels of an op are compiled twice: in float, which plans run, and in double,
 * which tests hold the rest of the library against. */
#ifdef VDT_REFERENCE_F64
typedef double vdt_real;
#define VDT_OP(name) vdt_op_##name##_f64
#else
typedef float vdt_real;
#define VDT_OP(name) vdt_op_##name
#endif

/* Which forward values the backward of an op reads. */
typedef enum {
    VDT_NEEDS_NOTHING = 0,
    VDT_NEEDS_X0 = 1 << 0,
    VDT_NEEDS_X1 = 1 << 1,
    VDT_NEEDS_X2 = 1 << 2,
    VDT_NEEDS_X3 = 1 << 3,
    VDT_NEEDS_X4 = 1 << 4,
    VDT_NEEDS_X5 = 1 << 5,
    VDT_NEEDS_Y = 1 << 8,
} VdtNeeds;

/*
 * One op. Rows are listed in ops/table.h; a test walks that list and fails for an op that has no
 * reference test, no gradient check (if it has a backward) or no benchmark shape.
 */
typedef struct _VdtOp VdtOp;

/* One of several results of an op, which lie one behind the other in the value of its node. */
typedef struct {
    VdtShape shape;
    VdtDType dtype;
    gint64 limit; /* of integers */
    gint64 begin; /* its first element; all are as large as vdt_real */
} VdtResult;

struct _VdtOp {
    const char *name;
    guint min_inputs, max_inputs;
    guint integers; /* a bit for each input that is of int32; the others are of float32 */
    /* Checks the inputs' shapes and options, sets node->shape. The message need not name the node:
     * the graph puts the scope in front. An op that makes integers sets node->dtype, too. */
    gboolean (*infer_shape)(VdtNode *node, GError **error);
    /* y from x[0..n_inputs), all contiguous in PyTorch's order. Integers are gint32 behind the same
     * pointers. */
    void (*forward)(const VdtNode *node, const vdt_real *const *x, vdt_real *y);
    /* Adds to dx[i] (where not NULL) the gradient of the inputs, given dy. x[i] and y are valid
     * where needs says so. NULL: not differentiable. */
    void (*backward)(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx);
    VdtNeeds needs;
    /* Of an op with several results, which are @n_results: where result @i is in its value.
     * Networks see nodes of the op "result", which take it from there. */
    guint n_results;
    VdtResult (*result)(const VdtNode *node, guint i);
    /* Whether element i of dimension 0 of the result, which has as many, depends on no element of
     * dimension 0 of @input but i: rows, or pictures of a batch, that are not live are left out.
     * NULL: on others, too. */
    gboolean (*apart)(const VdtNode *node, guint input);
    gboolean takes_live; /* values of which not all is live, though it is not apart */
    /* Multiply-accumulates; NULL for ops that are not counted. */
    guint64 (*macs)(const VdtNode *node);
    /* The row that stands in for this one in a TRAIN plan; NULL: itself. */
    const VdtOp *training;
};

/* What is made of windows: sequences of their own, maps again, or a token of each. */
typedef enum { VDT_WINDOWS_APART, VDT_WINDOWS_BACK, VDT_WINDOWS_JOINED } VdtWindowsWay;

struct _VdtNode {
    const VdtOp *op;
    guint index; /* in graph->nodes */
    char *name;  /* scope of the op or name of the parameter, for messages */
    VdtShape shape;
    VdtDType dtype; /* VDT_F32 or VDT_I32 */
    /* Integers are from 0 to below this; 0: they may be any. Those of an input are looked at before
     * each run, and their limit is the lowest that a use of it has. */
    gint64 limit;
    guint n_inputs;
    VdtNode *inputs[VDT_MAX_INPUTS];
    VdtGraph *graph;
    /* Of a state, and of what a write to it gives: the state's number, from 1. Writes to one state
     * form a chain; of a value that the next write overwrites, @overwritten is set. */
    guint state;
    gboolean overwritten;
    /* An input: so many elements of dimension 0 are live, the others may hold anything. Or NULL. */
    const VdtNode *live;
    /* A parameter that training does not change, but a run may: running statistics; or, without
     * dimensions, a counter. */
    gboolean derived;
    gboolean frozen; /* a parameter that it might change, but is not to */
    union {
        struct {
            int kernel_h, kernel_w, stride, pad_h, pad_w, groups; /* inputs: x, weight, [bias] */
        } conv2d;
        struct {
            int heads;
            float eps; /* inputs: q, k, v */
        } linear_attention;
        struct {
            float eps;       /* inputs: x, weight, bias, running_mean, running_var, [alpha] */
            gboolean frozen; /* uses running statistics in training, too */
            guint axis;      /* the dimension that channels are */
        } batch_norm;
        struct {
            gboolean frozen; /* inputs: from, to, warm, iter, total; in training, too, it is @to */
        } progress;
        struct {
            int kernel, stride, pad;
        } max_pool2d;
        struct {
            int height, width;
            gboolean align_corners; /* of a bilinear one */
        } resize;                   /* and adaptive pool */
        struct {
            gboolean transpose_a, transpose_b;
            double scale;
        } matmul;
        struct {
            double eps; /* inputs: x, weight, bias */
        } layer_norm;
        struct {
            int grid, stride; /* inputs: table */
        } distance_bias;
        struct {
            int height, width; /* of a map of tokens */
            int window_h, window_w, shift;
            VdtWindowsWay way;
        } windows; /* and their biases, inputs: table */
        struct {
            guint axis;
            gint64 begin, length; /* of a slice */
        } along;
        VdtShape reshape, expand;
        struct {
            guint8 order[VDT_MAX_DIMS]; /* where in the input each dimension comes from */
        } permute;
        struct {
            gint64 k;
        } top_k;
        struct {
            gint64 n;
            int heads;
            gboolean protect;
        } match_tokens;
        struct {
            gint64 tokens; /* inputs: source, target, [sizes] */
        } merge_sizes;
        struct {
            guint number;
        } result;
        struct {
            gboolean all; /* inputs: x, how many */
        } live_rows;
        struct {
            double p;
        } dropout;
        struct {
            double label_smoothing; /* inputs: logits, labels */
        } cross_entropy;
        struct {
            int factor;
        } pixel_shuffle;
        struct {
            double eps; /* inputs: x, targets */
        } charbonnier;
        VdtStart start; /* of a parameter */
    } p;
};

/* A name for a value: outputs, and taps for tracing. */
typedef struct {
    char *name;
    VdtNode *node;
} VdtNamed;

struct _VdtGraph {
    gint ref_count;
    GPtrArray *nodes;    /* VdtNode, build order */
    GPtrArray *params;   /* VdtNode, those of op "param" */
    GPtrArray *inputs;   /* VdtNode, those of op "input" */
    GPtrArray *states;   /* VdtNode, those of op "state" */
    GPtrArray *writes;   /* VdtNode, those that write to a state */
    GArray *outputs;     /* VdtNamed */
    GArray *taps;        /* VdtNamed */
    GHashTable *by_name; /* parameters: name to node */
    GError *error;       /* the first mistake */
};

/* What stands for the node in a TRAIN plan: its op, or the one that the op has for training. */
const VdtOp *vdt_node_training_op(const VdtNode *node);

/* Adds a node of @op named @name over @inputs. @options, which may be NULL, lends its p, derived
 * and, for inputs and parameters, shape and dtype. Returns NULL, and keeps the error in the graph,
 * if it does not fit or any input is NULL. Trailing NULL inputs (an absent bias) are left out by
 * passing a smaller @n_inputs. */
VdtNode *vdt_graph_add(VdtGraph *graph, const VdtOp *op, const char *name, const VdtNode *options,
                       guint n_inputs, VdtNode *const *inputs);

/* vdt_param_with() with node->derived set to @derived. */
VdtNode *vdt_graph_add_param(VdtScope scope, const char *name, const VdtShape *shape,
                             VdtStart start, gboolean derived);

/* Result @number of @node, an op with several; NULL of NULL. */
VdtNode *vdt_graph_result(VdtNode *node, guint number);

/* Keeps "@name: message" as the graph's error unless there is one already. For mistakes that a
 * builder meets before it can add its node; always returns NULL, which is what it returns then. */
VdtNode *vdt_graph_fail(VdtGraph *graph, VdtError code, const char *name, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Shape rule helper: sets VDT_ERROR_SHAPE with a printf message and returns FALSE. */
gboolean vdt_shape_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Shape rule helper: the integers of @value have to be below @limit. An input promises it, and the
 * session looks; what is computed has to be known to be. */
gboolean vdt_limit_integers(VdtNode *value, gint64 limit, GError **error);

/* Whether anything but the write that overwrites it looks at this value of a state. */
gboolean vdt_state_is_read(const VdtNode *value);

/* For VdtOp.apart: of the first input only; of any. A value of one dimension has no rows. */
static inline gboolean vdt_apart_first(const VdtNode *node, guint input)
{
    return input == 0 && node->inputs[0]->shape.n_dims > 1;
}

static inline gboolean vdt_apart_any(const VdtNode *node, guint input)
{
    return node->inputs[input]->shape.n_dims > 1;
}

/* Whether training changes this parameter by its gradient. */
static inline gboolean vdt_param_is_trained(const VdtNode *param)
{
    return !param->derived && !param->frozen;
}

/* TRUE for [n], the shape of biases and of everything that is kept per channel. */
static inline gboolean vdt_shape_is_vector(const VdtShape *shape, gint64 n)
{
    return shape->n_dims == 1 && shape->dims[0] == n;
}
