/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of ops are made from: for each op how to build it and a naive definition of what
 * it computes; and a list of cases. A new op adds one row to each.
 */
#pragma once

#include <vedette/ops.h>

#include "graph/node.h"

typedef struct _OpCase OpCase;

typedef struct {
    const char *name;
    VdtValue *(*build)(VdtScope s, VdtValue *const *x, const OpCase *c);
    /* The definition, element by element, written without looking at the kernel. */
    void (*naive)(const VdtValue *node, const double *const *x, double *y);
    /* The second value is labels: class numbers, some of them none, without a gradient. */
    gboolean labels;
    /* The second value is integers, of int32 behind whatever pointer. */
    gboolean integers;
    /* Values that are numbers are above 0. */
    gboolean positive;
} OpUnderTest;

struct _OpCase {
    const char *op;
    VdtShape x[3]; /* of the values it is applied to; parameters follow from the options */
    union {
        VdtConv2d conv2d;
        VdtLinear linear;
        VdtMaxPool2d max_pool2d;
        struct {
            int height, width;
            gboolean align_corners;
        } resize;
        VdtMatmul matmul;
        struct {
            guint axis;
            gboolean alpha;
        } batch_norm;
        struct {
            VdtShape shape;
            VdtLayerNorm options;
        } layer_norm;
        struct {
            int grid, stride;
        } distance_bias;
        struct {
            VdtWindows options;
            VdtWindowsWay way;
        } windows;
        struct {
            guint axis;
            gint64 begin, length;
        } along;
        VdtShape reshape, expand;
        guint permute[VDT_MAX_DIMS];
        gint64 top_k;
        int heads;
        struct {
            gint64 n;
            VdtMatchTokens options;
            gboolean no_sizes;
        } merge;
        double dropout;
        VdtCrossEntropy cross_entropy;
        VdtCharbonnier charbonnier;
        int factor;
    } p;
};

/* A shape in a static table. */
#define SHAPE(...)                                                                                 \
    {                                                                                              \
        sizeof((gint64[]){__VA_ARGS__}) / sizeof(gint64),                                          \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

extern const OpCase op_cases[];
extern const guint n_op_cases;

/* NULL if there is none. */
const OpUnderTest *op_under_test(const char *name);

/* Inputs that @op is applied to: those whose shapes are used. */
static inline guint op_case_n_inputs(const OpCase *c)
{
    return c->x[2].n_dims > 0 ? 3 : c->x[1].n_dims > 0 ? 2 : 1;
}

/* Adds inputs and the op to @graph. */
VdtValue *op_case_build(const OpCase *c, VdtGraph *graph);
