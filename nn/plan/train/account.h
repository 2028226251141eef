/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lowering for TRAIN plans. train.c walks the nodes forward and then backward and keeps account of
 * values and gradients; the other files make the steps of one kind of op, and
 * end with their rows.
 *
 * Values and gradients of pictures and matrices are channels last, everything else and the
 * gradients of weights are planar. An activation behind a product, a batch norm or a sum that
 * nobody else looks at is taken in: the step before computes it, and the value before it is never
 * kept.
 */
#pragma once

#include "kernels/gradient.h"
#include "plan/step/product.h"

/* Rows that are summed in float at once; sums of more are put together in double. */
#define VDT_SUM_ROWS 1024

typedef struct {
    gboolean exists;
    gboolean shared; /* others read the same memory: not to be written any more */
    VdtMap map;
} VdtGradient;

typedef struct {
    VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtPlace zeros; /* a row of zeros, as wide as any map */

    /* all by node index */
    VdtMap *planar, *channels_last;
    gboolean *has_planar, *has_channels_last;
    VdtGradient *gradients;
    gboolean *trained;   /* the gradient by this value is wanted */
    gboolean *is_weight; /* of a product: its gradient is planar, as the product makes it */
    gboolean *flat; /* [N,heads,L,D] and the like: matrices, planar though of four dimensions */
    guint *n_uses;  /* being an output of the graph counts as a use */
    const VdtNode **taken; /* the activation that this node's step computes, too; or NULL */
    gboolean *is_taken;    /* this node is such an activation */
    gpointer *kept;        /* what forward keeps for backward; g_free() */
} VdtTrain;

/* Whether steps of maps see the value: pictures, matrices, and tokens [N,L,C] of whole vectors. */
gboolean vdt_train_has_map(const VdtTrain *t, const VdtNode *node);
/* Whether the value is in PyTorch's order however it is seen: all that is no map, and tokens. */
gboolean vdt_train_is_in_order(const VdtTrain *t, const VdtNode *node);
/* A map of such a shape, without a place. */
VdtMap vdt_train_describe(const VdtShape *shape);
/* The value of @node in one of the layouts. */
const VdtMap *vdt_train_planar(VdtTrain *t, const VdtNode *node);
const VdtMap *vdt_train_channels_last(VdtTrain *t, const VdtNode *node);
/* A new channels-last map for what the step of @node computes; written by the step added next. */
VdtMap vdt_train_new_map(VdtTrain *t, const VdtNode *node);
/* The node whose value @node's step computes, itself or what it has taken in. */
static inline const VdtNode *vdt_train_result(const VdtTrain *t, const VdtNode *node)
{
    return t->taken[node->index] ? t->taken[node->index] : node;
}
/* Takes back that @node has taken in an activation, which then makes steps of its own. */
static inline void vdt_train_leave_act(VdtTrain *t, const VdtNode *node)
{
    if (t->taken[node->index])
        t->is_taken[t->taken[node->index]->index] = FALSE;
    t->taken[node->index] = NULL;
}
/* What that takes in does. */
VdtAct vdt_train_act(const VdtTrain *t, const VdtNode *node);

/* The gradient by what @node's step computes, complete. */
const VdtMap *vdt_train_dy(VdtTrain *t, const VdtNode *node);
/* The same before the activation that @node has taken in: a step is added if it has. */
VdtMap vdt_train_dy_before_act(VdtTrain *t, const VdtNode *node);
static inline gboolean vdt_train_wants(const VdtTrain *t, const VdtNode *input)
{
    return t->trained[input->index];
}
/* Where the step added next is to put the gradient by @input; *add says whether to add to what is
 * there. Planar for weights and what has no channels. The step has to say that it reads it. */
VdtMap vdt_train_dx(VdtTrain *t, const VdtNode *input, gboolean *add);
/* Gives @planar, a gradient by @input that nobody else will read, to the account. */
void vdt_train_give(VdtTrain *t, const VdtNode *node, const VdtNode *input, const VdtPlace *planar);
/* The gradient by what @node computes in PyTorch's order. */
VdtPlace vdt_train_planar_dy(VdtTrain *t, const VdtNode *node);
/* Lets the gradient by @input be this memory, which nobody writes any more, if there is none yet;
 * FALSE if there is. */
gboolean vdt_train_share_dx(VdtTrain *t, const VdtNode *input, const VdtMap *map);

/* A new channels-last map like @like; written by the step added next. */
VdtMap vdt_train_map_like(VdtTrain *t, const VdtMap *like);
/* A new buffer of @n floats; written by the step added next. */
VdtPlace vdt_train_floats(VdtTrain *t, gsize n);

/* Base of every step: @step is filled in, the places read or written are named. Takes @memory. */
#define vdt_train_step(Type, t, node, ...)                                                         \
    ((Type *)vdt_train_init_step((t), (node), g_new0(Type, 1), (VdtStep){__VA_ARGS__}))
gpointer vdt_train_init_step(VdtTrain *t, const VdtNode *node, gpointer memory, VdtStep step);

/* Rows of a map in parts of at most @most rows. */
VdtRows vdt_train_rows(gsize rows, gsize most);

/* How nodes of an op are lowered. */
typedef struct {
    const VdtOp *op;
    /* FALSE leaves the node to the next row for its op, and in the end to the reference kernels,
     * which then also run backward. */
    gboolean (*forward)(VdtTrain *t, const VdtNode *node);
    void (*backward)(VdtTrain *t, const VdtNode *node);
    gboolean takes_act;
} VdtTrainLowering;

typedef struct {
    const VdtTrainLowering *rows;
    guint n_rows;
} VdtTrainLowerings;

/* The files that have rows, in the order in which these are tried: the first that takes the node
 * wins. */
#define VDT_TRAIN_LOWERING_FILES(X)                                                                \
    X(depthwise)                                                                                   \
    X(product)                                                                                     \
    X(norm)                                                                                        \
    X(layer_norm)                                                                                  \
    X(linear_attention)                                                                            \
    X(progress)                                                                                    \
    X(elementwise)                                                                                 \
    X(maps)                                                                                        \
    X(pool)                                                                                        \
    X(matmul)                                                                                      \
    X(order)                                                                                       \
    X(entropy)

/* The table of a file's rows. */
#define VDT_TRAIN_LOWERINGS_OF(file) vdt_train_lowerings_##file
#define VDT_DECLARE_LOWERINGS(file)  extern const VdtTrainLowerings VDT_TRAIN_LOWERINGS_OF(file);
VDT_TRAIN_LOWERING_FILES(VDT_DECLARE_LOWERINGS)
#undef VDT_DECLARE_LOWERINGS

/* Stands at the end of a file with rows, which are its lowerings[]; a file that is not listed above
 * does not compile. */
#define VDT_TRAIN_LOWERINGS(file)                                                                  \
    __typeof__(VDT_TRAIN_LOWERINGS_OF(file)) VDT_TRAIN_LOWERINGS_OF(file) = {                      \
        lowerings, G_N_ELEMENTS(lowerings)}

/* Any op, by its reference kernels on planar values, on one thread. */
void vdt_train_reference(VdtTrain *t, const VdtNode *node);
void vdt_train_reference_backward(VdtTrain *t, const VdtNode *node);
