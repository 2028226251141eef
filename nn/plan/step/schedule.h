/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of a plan: buffers and steps.
 *
 * A plan is a list of steps over buffers. A buffer is a range of the session's arena, alive from
 * the step that writes it to the last one that reads it; the planner (memory.c) lets buffers that
 * are not alive together share memory. Constants (packed weights, zeros) belong to the plan.
 */
#pragma once

#include <vedette/plan.h>

#include "graph/node.h"
#include "kernels/int8.h"

#include "constants.h"

/* Memory that a step reads or writes: a constant, a buffer of the arena, or the slot of a state,
 * which is the session's for the time of a run; or no place. */
typedef struct {
    const void *constant; /* if not NULL */
    guint buffer;         /* its number, from 1 */
    guint state;          /* its number, from 1 */
    gsize offset;         /* bytes into it, of a part of another value */
} VdtPlace;

static inline gboolean vdt_place_exists(const VdtPlace *place)
{
    return place->constant || place->buffer || place->state;
}

typedef struct {
    gsize size;
    guint first, last; /* steps; first is G_MAXUINT until one writes it */
    gsize offset;      /* in the arena, set by vdt_plan_memory() */
} VdtBuffer;

#define VDT_MOST_READS  12
#define VDT_MOST_WRITES 4

typedef struct _VdtStep VdtStep;
struct _VdtStep {
    const char *kernel; /* for descriptions */
    char *label;        /* name of the node */
    guint64 macs;
    guint n_items;
    gsize scratch; /* bytes each worker needs */
    /* From these follows how long a buffer is alive, and nothing else says so: what is not declared
     * may be another step's memory. There may be gaps. What is only added to is written. */
    VdtPlace reads[VDT_MOST_READS], writes[VDT_MOST_WRITES];
    void (*run)(const VdtStep *step, char *arena, char *scratch, guint item);
};

void vdt_step_free(gpointer step);

struct _VdtPlan {
    gint ref_count;
    VdtPlanKind kind;
    VdtGraph *graph;
    const VdtKernels *kernels; /* NULL for TRACE */
    const VdtKernels *kernels_f32;
    const VdtInt8Kernels *kernels_int8; /* NULL unless products are in 8 bits */
    GPtrArray *steps;                   /* VdtStep */
    GArray *buffers;                    /* VdtBuffer */
    VdtConstants *shared;               /* with siblings */
    GHashTable *blobs;                  /* identity to VdtBlob, those that this plan refers to */
    GPtrArray *constants; /* VdtTensor: parameters kept as they are, and what was folded */
    GArray *inputs;       /* VdtMap, planar */
    GArray *outputs;      /* VdtMap, planar */
    GArray *values;       /* TRACE: VdtMap by node index */
    GArray *params;       /* TRAIN: VdtMap by number of the parameter, values are in constants */
    GArray *gradients;    /* TRAIN: the same for gradients */
    VdtPlace slots;       /* addresses of the states' memory, in their order; set for each run */
    VdtPlace seed;        /* TRAIN: what dropout draws from, a guint64 */
    gsize arena_size, scratch_size;
    gsize out_of_memory; /* bytes that could not be had for a constant */
};

static inline char *vdt_place_address(const VdtPlan *plan, const VdtPlace *place, char *arena)
{
    if (place->constant)
        return (char *)place->constant + place->offset;
    if (place->state) {
        const VdtBuffer *slots = &g_array_index(plan->buffers, VdtBuffer, plan->slots.buffer - 1);

        return ((char **)(arena + slots->offset))[place->state - 1] + place->offset;
    }
    return arena + g_array_index(plan->buffers, VdtBuffer, place->buffer - 1).offset +
           place->offset;
}

VdtPlace vdt_plan_add_buffer(VdtPlan *plan, gsize size);
/* Says that the session fills @place before the first step, or looks at it after the last,
 * which is said when all steps are there. */
void vdt_plan_fill(VdtPlan *plan, const VdtPlace *place);
void vdt_plan_keep(VdtPlan *plan, const VdtPlace *place);
/* Adds to what @step reads, or writes, in places that are free; those that do not exist are left
 * out. */
#define vdt_step_reads(step, ...)                                                                  \
    vdt_step_add_places((step)->reads, VDT_MOST_READS, (const VdtPlace[]){__VA_ARGS__},            \
                        sizeof(VdtPlace[]){__VA_ARGS__} / sizeof(VdtPlace))
#define vdt_step_writes(step, ...)                                                                 \
    vdt_step_add_places((step)->writes, VDT_MOST_WRITES, (const VdtPlace[]){__VA_ARGS__},          \
                        sizeof(VdtPlace[]){__VA_ARGS__} / sizeof(VdtPlace))
void vdt_step_add_places(VdtPlace *to, guint most, const VdtPlace *places, gsize n);
/* Takes @step, a struct that begins with a VdtStep and was made by g_new0. What it reads has been
 * written by steps before it. */
void vdt_plan_add_step(VdtPlan *plan, VdtStep *step);
/* A constant of @size bytes that @what makes of @of, filled by the caller if *fresh; otherwise one
 * made earlier, for this plan or a sibling. NULL, noted in the plan, if there is no memory for it.
 */
void *vdt_plan_get_blob(VdtPlan *plan, const char *what, VdtIdentity of, gsize size,
                        gboolean *fresh);
/* Lets go of all of them, with the lock of @shared held. */
void vdt_plan_drop_blobs(VdtPlan *plan);

/* Scratch of @n floats for making a constant; NULL, noted in the plan, if there is no memory. */
float *vdt_plan_try_floats(VdtPlan *plan, gsize n);
