/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of a plan: buffers, maps and steps.
 *
 * A plan is a list of steps over buffers. A buffer is a range of the session's arena, alive from
 * the step that writes it to the last one that reads it; the planner (memory.c) lets buffers that
 * are not alive together share memory. Constants (packed weights, zeros) belong to the plan.
 */
#pragma once

#include <vedette/plan.h>

#include "../graph/node.h"
#include "../kernels/int8.h"

/* Memory that a step reads or writes: a constant, or a buffer of the arena. */
typedef struct {
    const void *constant; /* if not NULL */
    guint buffer;
} VdtPlace;

typedef struct {
    gsize size;
    guint first, last; /* steps */
    gsize offset;      /* in the arena, set by vdt_plan_memory() */
} VdtBuffer;

/*
 * How the value of a node lies in memory. Channels last: n images of h x w pixels of c channels,
 * pitch elements from pixel to pixel; matrices [n][c] are images of one pixel. Planar: floats in
 * PyTorch's order.
 */
typedef struct {
    VdtPlace place;
    gboolean planar;
    gboolean f32; /* elements are float in a plan of lower precision */
    gsize n, h, w, c, pitch;
} VdtMap;

typedef struct _VdtStep VdtStep;
struct _VdtStep {
    const char *kernel; /* for descriptions */
    char *label;        /* name of the node */
    guint64 macs;
    guint n_items;
    gsize scratch; /* bytes each worker needs */
    void (*run)(const VdtStep *step, char *arena, char *scratch, guint item);
};

/* Constant memory that plans of the same weights share, found by what was made of which tensor. */
typedef struct {
    gint ref_count;
    gsize size;
    void *data;
} VdtBlob;

struct _VdtPlan {
    gint ref_count;
    VdtPlanKind kind;
    VdtGraph *graph;
    const VdtKernels *kernels; /* NULL for TRACE */
    const VdtKernels *kernels_f32;
    const VdtInt8Kernels *kernels_int8; /* NULL unless products are in 8 bits */
    GPtrArray *steps;                   /* VdtStep */
    GArray *buffers;                    /* VdtBuffer */
    GHashTable *blobs;                  /* char * to VdtBlob */
    GPtrArray *constants; /* VdtTensor: parameters kept as they are, and what was folded */
    GArray *inputs;       /* VdtMap, planar */
    GArray *outputs;      /* VdtMap, planar */
    GArray *values;       /* TRACE: VdtMap by node index */
    GArray *params;       /* TRAIN: VdtMap by number of the parameter, values are in constants */
    GArray *gradients;    /* TRAIN: the same for gradients */
    VdtPlace seed;        /* TRAIN: what dropout draws from, a guint64 */
    gsize arena_size, scratch_size;
    gsize out_of_memory; /* bytes that could not be had for a constant */
};

static inline char *vdt_place_address(const VdtPlan *plan, const VdtPlace *place, char *arena)
{
    if (place->constant)
        return (char *)place->constant;
    return arena + g_array_index(plan->buffers, VdtBuffer, place->buffer).offset;
}

/* Parameters as float32, by index of the parameter node in graph->nodes; NULL elsewhere. Lists all
 * missing, mis-shaped and not finite tensors in one error. Values that are @trusted to be finite
 * are not looked at, which would read the whole file. */
VdtTensor **vdt_bind(const VdtGraph *graph, const VdtWeights *weights, gboolean trusted,
                     GError **error);

/* memory.c: sets the offsets of all buffers; returns the size of the arena. */
gsize vdt_plan_memory(VdtBuffer *buffers, guint n_buffers);

/* A new buffer; written by the step that is added next. */
VdtPlace vdt_plan_add_buffer(VdtPlan *plan, gsize size);
/* Says that the step added next reads @place. */
void vdt_plan_read(VdtPlan *plan, const VdtPlace *place);
/* Takes @step, a struct that begins with a VdtStep and was made by g_new0. */
void vdt_plan_add_step(VdtPlan *plan, VdtStep *step);
/* A constant of @size bytes, filled by the caller if *fresh; otherwise one made earlier under the
 * same @key, in this plan or the one it shares with. NULL, noted in the plan, if there is no memory
 * for it. */
void *vdt_plan_get_blob(VdtPlan *plan, const char *key, gsize size, gboolean *fresh);

/* Scratch of @n floats for making a constant; NULL, noted in the plan, if there is no memory. */
float *vdt_plan_try_floats(VdtPlan *plan, gsize n);

/* A planar map for a value of @shape, in a new buffer. */
VdtMap vdt_plan_planar(VdtPlan *plan, const VdtShape *shape);
/* Runs the reference kernel of @node. */
void vdt_plan_add_reference(VdtPlan *plan, const VdtNode *node, const VdtMap *inputs,
                            const VdtMap *output);

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

/* At pixel @row of image @image, column @column. */
VdtEpilogue vdt_epilogue_at(const VdtPlan *plan, const VdtLateEpilogue *e, char *arena, gsize image,
                            gsize row, gsize column);

/* Channels last is possible for 4-D and 2-D values. */
gboolean vdt_shape_has_channels(const VdtShape *shape);
/* A channels-last map for a value of @shape, without a place. */
VdtMap vdt_map_describe(const VdtShape *shape, VdtPrecision precision);
/* Elements from pixel to pixel for that many channels. */
gsize vdt_map_pitch(gsize channels, gsize element_size);
gsize vdt_map_bytes(const VdtPlan *plan, const VdtMap *map);
/* Adds the step that fills one of the two forms of a value from the other. @label is copied. */
void vdt_plan_add_layout(VdtPlan *plan, const VdtPlace *planar, const VdtMap *map,
                         gboolean to_planes, const char *label);

static inline gsize vdt_map_rows(const VdtMap *map)
{
    return map->n * map->h * map->w;
}

/* trace.c, lower.c and train.c: fill a plan with steps; @params as from vdt_bind(). */
gboolean vdt_plan_trace(VdtPlan *plan, VdtTensor *const *params, GError **error);
gboolean vdt_plan_infer(VdtPlan *plan, VdtTensor *const *params, GError **error);
gboolean vdt_plan_train(VdtPlan *plan, VdtTensor *const *params, GError **error);
