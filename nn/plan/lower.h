/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lowering: from fused nodes to the steps of an INFER plan. lower.c walks the nodes and converts
 * between layouts where one is asked for; the other lower_*.c files make the steps of one kind.
 */
#pragma once

#include "fuse.h"

typedef struct {
    VdtPlan *plan;
    VdtFused *fused;
    VdtMap *planar, *channels_last; /* by node index; place is unset until the form exists */
    gboolean *has_planar, *has_channels_last;
    VdtPlace zeros; /* a row of zeros, as wide as any map */
} VdtLowering;

/* The value of @node in one of the layouts. Channels last is possible for 4-D and 2-D values. */
const VdtMap *vdt_lower_get_planar(VdtLowering *l, const VdtNode *node);
const VdtMap *vdt_lower_get_channels_last(VdtLowering *l, const VdtNode *node);
gboolean vdt_lower_has_channels(const VdtShape *shape);
/* A new channels-last map for the value that @f computes; written by the step added next. */
VdtMap vdt_lower_new_map(VdtLowering *l, VdtFused *f, gboolean f32);
/* A float constant of @n elements, zero up to the next multiple of VDT_LANES. */
VdtPlace vdt_lower_constant(VdtLowering *l, const char *key, const float *values, gsize n);

/* Key of a constant made of the weight of @f and what was folded into it. That is part of the key
 * since it is not the same for every size: a sum takes in a batch norm where its operands' shapes
 * are equal. Caller frees. */
char *vdt_lower_key(const VdtFused *f, const char *what);

/* Base of every step: name, and the places it reads. */
#define vdt_lower_step(Type, l, f, ...)                                                            \
    ((Type *)vdt_lower_init_step((l), (f), g_new0(Type, 1), (VdtStep){__VA_ARGS__}))
gpointer vdt_lower_init_step(VdtLowering *l, const VdtFused *f, gpointer memory, VdtStep step);

/* Rows of a map that a step treats as one loop, cut into @n_parts parts of whole @unit rows. */
typedef struct {
    gsize rows, per_part;
    guint n_parts;
} VdtRows;
VdtRows vdt_rows_split(gsize rows, gsize unit, guint wanted_parts);
static inline gsize vdt_rows_end(const VdtRows *rows, guint part)
{
    return MIN(rows->rows, (part + 1) * rows->per_part);
}

/* An epilogue whose operands are still places. */
typedef struct {
    VdtPlace bias;
    VdtAct act0, act1;
    gboolean has_mul, has_add;
    VdtPlace mul, add;
    gsize mul_pitch, add_pitch;
    gsize mul_image, add_image; /* rows from image to image; 0 for an operand without a batch */
} VdtLateEpilogue;

VdtLateEpilogue vdt_lower_epilogue(VdtLowering *l, VdtFused *f);
/* At pixel @row of image @image, column @column. */
VdtEpilogue vdt_epilogue_at(const VdtPlan *plan, const VdtLateEpilogue *e, char *arena, gsize image,
                            gsize row, gsize column);

/* Each makes the steps for a node if it can; FALSE leaves it to the reference kernel. */
gboolean vdt_lower_product(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_winograd(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_depthwise(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_batch_norm(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_elementwise(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_max_pool(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_mean(VdtLowering *l, VdtFused *f);

static inline gsize vdt_map_rows(const VdtMap *map)
{
    return map->n * map->h * map->w;
}
