/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lowering: from fused nodes to the steps of an INFER plan. infer.c walks the nodes;
 * lowering.c converts between forms where one is asked for; other files make the steps of one kind
 * of op, and end with their rows.
 */
#pragma once

#include "fused.h"

/* A value in 8 bits: an image's pixels, pitch bytes apart, and a float for each. */
typedef struct {
    gboolean exists;
    VdtMap map;
    VdtPlace scales;
} VdtQuantised;

/* The forms in which a value exists: planar, and as a map with channels in dimension 1 or last. */
typedef struct {
    gboolean has_planar, has_map[2];
    VdtMap planar, map[2];
    VdtQuantised quantised;
} VdtForms;

/* A plan that is being made of @graph. */
typedef struct {
    const VdtGraph *graph;
    VdtPlan *plan;
    VdtFused *fused; /* by node index, as what follows */
    VdtForms *forms;
    VdtPlace zeros; /* a row of zeros, as wide as any map */
} VdtInfer;

/* The forms of the value of @node. */
VdtForms *vdt_infer_forms(VdtInfer *l, const VdtNode *node);
/* The value of @node in one of its forms, by a step that makes it of another if need be: getters
 * come before the step that reads. */
const VdtMap *vdt_infer_get_planar(VdtInfer *l, const VdtNode *node);
const VdtMap *vdt_infer_get_map(VdtInfer *l, const VdtNode *node, guint axis);
/* The dimension of the channels of the map in which the value exists, or else is usual. */
guint vdt_infer_axis(VdtInfer *l, const VdtNode *node);
/* The map in 8 bits; quantise.c. */
const VdtQuantised *vdt_infer_get_quantised(VdtInfer *l, const VdtNode *node, guint axis);
/* A new form for the value that @f computes, to be written by a step: a map with channels in
 * dimension @axis, or planar. */
VdtMap vdt_infer_new_map(VdtInfer *l, const VdtFused *f, guint axis, gboolean f32);
VdtMap vdt_infer_new_planar(VdtInfer *l, const VdtFused *f);
/* Says in @map, of the value of @node with channels in dimension @axis, how many rows are live. */
void vdt_infer_set_live(VdtInfer *l, const VdtNode *node, guint axis, VdtMap *map);
/* The value of @f is @map, which exists. */
void vdt_infer_set_map(VdtInfer *l, const VdtFused *f, guint axis, const VdtMap *map);
/* A float constant of @n elements, which @what makes of @of, zero up to the next multiple of
 * VDT_LANES. */
VdtPlace vdt_infer_constant(VdtInfer *l, const char *what, VdtIdentity of, const float *values,
                            gsize n);

/* The value of a constant as float32, for as long as the caller needs it; NULL, noted in the plan,
 * if there is no memory. */
VdtTensor *vdt_infer_floats(VdtInfer *l, const VdtFused *f);

/* The weights of a product with their scale, as floats, some columns at a time: weights of another
 * type are never floats as a whole. */
typedef struct {
    const VdtTensor *weights;
    const float *scale;    /* of each column; NULL if all are 1 */
    const float *in_scale; /* of each input channel; NULL if all are 1 */
    gsize per_column, taps;
    float *scratch; /* NULL if floats are read where they lie */
} VdtWeightColumns;

/* Up to @most columns at a time are asked for. FALSE, noted in the plan, if there is no memory. */
gboolean vdt_weight_columns_init(VdtWeightColumns *columns, VdtInfer *l, const VdtFused *f,
                                 gsize most);
void vdt_weight_columns_clear(VdtWeightColumns *columns);
/* [n][per_column], until the next call. */
const float *vdt_weight_columns_read(VdtWeightColumns *columns, gsize first, gsize n);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdtWeightColumns, vdt_weight_columns_clear)

/* Base of every step: name, and the places it reads. */
#define vdt_infer_step(Type, l, f, ...)                                                            \
    ((Type *)vdt_infer_init_step((l), (f), g_new0(Type, 1), (VdtStep){__VA_ARGS__}))
/* The same from a step of that type which is filled in but for its base. */
#define vdt_infer_copy_step(l, f, from, ...)                                                       \
    vdt_infer_init_step((l), (f), g_memdup2((from), sizeof *(from)), (VdtStep){__VA_ARGS__})
/* In how many parts to share out the making of a map of so many elements. */
guint vdt_infer_parts(gsize elements);
/* What a step for @f is called in descriptions. */
const char *vdt_infer_label(const VdtFused *f);
gpointer vdt_infer_init_step(VdtInfer *l, const VdtFused *f, gpointer memory, VdtStep step);

VdtLateEpilogue vdt_infer_epilogue(VdtInfer *l, VdtFused *f);
/* An epilogue without a bias that adds the value of @node. */
VdtLateEpilogue vdt_infer_sum(VdtInfer *l, const VdtNode *node, guint axis);
/* A product but for its maps: window, packed weights and epilogue; not in 8 bits. */
VdtProduct vdt_infer_weights(VdtInfer *l, VdtFused *f);
/* The same in 8 bits. */
VdtProduct vdt_infer_weights_int8(VdtInfer *l, VdtFused *f);
/* The same of a convolution, for inputs that all taps and channels of a pixel lie side by side in.
 */
VdtProduct vdt_infer_flat_weights(VdtInfer *l, VdtFused *f);
/* A product of the value of @x by the weights of @f, but for its result; perhaps in 8 bits. */
VdtProduct vdt_infer_product_of(VdtInfer *l, VdtFused *f, const VdtNode *x);
/* Weights of a depthwise convolution [channels][taps], scaled, as [taps][channels]. */
VdtPlace vdt_infer_depthwise_weights(VdtInfer *l, const VdtFused *f);
VdtWindow vdt_infer_window(const VdtNode *node);
/* Whether @f is a 1x1 convolution of stride 1 over all channels: a product of pixels. */
gboolean vdt_infer_is_pixelwise(const VdtFused *f);
/* Where the value of a state is that the run begins with. */
void vdt_infer_state(VdtInfer *l, const VdtNode *node);

/* How nodes of an op are lowered. */
typedef struct {
    const VdtOp *op;
    /* Makes the steps for a node if it can; FALSE leaves it to the next row for its op, and in the
     * end to the reference kernel. */
    gboolean (*lower)(VdtInfer *l, VdtFused *f);
} VdtLowering;

typedef struct {
    const VdtLowering *rows;
    guint n_rows;
} VdtLowerings;

/* The files that have rows, in the order in which these are tried: the first that takes the node
 * wins. */
#define VDT_LOWERING_FILES(X)                                                                      \
    X(maps)                                                                                        \
    X(rows)                                                                                        \
    X(planes)                                                                                      \
    X(winograd)                                                                                    \
    X(product)                                                                                     \
    X(matmul)                                                                                      \
    X(linear_attention)                                                                            \
    X(resize)                                                                                      \
    X(order)                                                                                       \
    X(pick)                                                                                        \
    X(windows)                                                                                     \
    X(shuffle)                                                                                     \
    X(merge)                                                                                       \
    X(state)

/* The table of a file's rows. */
#define VDT_LOWERINGS_OF(file)      vdt_lowerings_##file
#define VDT_DECLARE_LOWERINGS(file) extern const VdtLowerings VDT_LOWERINGS_OF(file);
VDT_LOWERING_FILES(VDT_DECLARE_LOWERINGS)
#undef VDT_DECLARE_LOWERINGS

/* Stands at the end of a file with rows, which are its lowerings[]; a file that is not listed above
 * does not compile. */
#define VDT_LOWERINGS(file)                                                                        \
    __typeof__(VDT_LOWERINGS_OF(file)) VDT_LOWERINGS_OF(file) = {lowerings, G_N_ELEMENTS(lowerings)}
