/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How values lie in memory, how their rows are shared out among steps' items, and the steps between
 * the layouts. */
#pragma once

#include "schedule.h"

/*
 * How the value of a node lies in memory. Planar: floats in PyTorch's order. A map: its channels,
 * which are one of the shape's dimensions, lie last; n images of h x w pixels of c channels, pitch
 * elements from pixel to pixel. [N,C,H,W] with channels in dimension 1 is a picture, channels last;
 * [N,L,C] with channels in dimension 2 are rows of tokens, whose map is the planar memory where the
 * pitch is c; [N,C] are images of one pixel.
 */
typedef struct {
    VdtPlace place;
    gboolean planar;
    gboolean f32;  /* elements are float in a plan of lower precision */
    gboolean rows; /* channels are last in the shape, too */
    gsize n, h, w, c, pitch;
    /* If not all is live: how many, an int32 that steps declare to read, and rows for each. */
    VdtPlace live;
    gsize live_rows;
} VdtMap;

static inline gsize vdt_map_rows(const VdtMap *map)
{
    return map->n * map->h * map->w;
}

/* How many of its rows, all images together, steps have to look at in this run. */
static inline gsize vdt_map_live(const VdtPlan *plan, const VdtMap *map, char *arena)
{
    gsize rows = vdt_map_rows(map);

    if (!vdt_place_exists(&map->live))
        return rows;
    return MIN(rows, *(const gint32 *)vdt_place_address(plan, &map->live, arena) * map->live_rows);
}

/* The same of image @image, which has @rows. */
static inline gsize vdt_map_live_in(const VdtPlan *plan, const VdtMap *map, char *arena,
                                    gsize image, gsize rows)
{
    gsize live = vdt_map_live(plan, map, arena), before = image * rows;

    return live > before ? MIN(live - before, rows) : 0;
}

/* Whether any of image @image is. */
static inline gboolean vdt_map_has_live(const VdtPlan *plan, const VdtMap *map, char *arena,
                                        gsize image)
{
    return vdt_map_live_in(plan, map, arena, image, map->h * map->w) > 0;
}

/* Where the channels of a value are that no op says it of: dimension 1 of pictures, else the last.
 */
guint vdt_shape_axis(const VdtShape *shape);
/* A map for a value of @shape whose channels are dimension @axis, without a place. */
VdtMap vdt_map_describe(const VdtShape *shape, guint axis, VdtPrecision precision);
/* Elements from pixel to pixel for that many channels. */
gsize vdt_map_pitch(gsize channels, gsize element_size);
gsize vdt_map_bytes(const VdtPlan *plan, const VdtMap *map);
/* Whether the elements of a map of rows lie as they do in planar memory. */
static inline gboolean vdt_map_is_planar(const VdtMap *map)
{
    return map->rows && map->f32 && map->pitch == map->c;
}
/* Adds the step that fills one of the two forms of a value from the other. @label is copied. */
void vdt_plan_add_layout(VdtPlan *plan, const VdtPlace *planar, const VdtMap *map,
                         gboolean to_planes, const char *label);

/* Adds the step that copies @n bytes. @label is copied. */
void vdt_plan_add_copy(VdtPlan *plan, const VdtPlace *from, const VdtPlace *to, gsize n,
                       const char *label);
/* Copies what the state of @value, a node that is one, holds to or from the value's own memory. */
void vdt_plan_load_state(VdtPlan *plan, const VdtNode *value, const VdtPlace *to);
void vdt_plan_store_state(VdtPlan *plan, const VdtNode *value, const VdtPlace *from);

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
    VdtPlace mul, add; /* or no places */
    gsize mul_pitch, add_pitch;
    gsize mul_image, add_image; /* rows from image to image; 0 for an operand without a batch */
} VdtLateEpilogue;

/* Adds the operands of @e to what @step reads. */
void vdt_step_reads_epilogue(VdtStep *step, const VdtLateEpilogue *e);
/* At pixel @row of image @image, column @column. */
VdtEpilogue vdt_epilogue_at(const VdtPlan *plan, const VdtLateEpilogue *e, char *arena, gsize image,
                            gsize row, gsize column);

/* Zeros for padding and for no bias, as wide as the widest map or tile. */
VdtPlace vdt_plan_zeros(VdtPlan *plan);
