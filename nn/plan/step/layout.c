/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How values lie in memory, how their rows are shared out, and the way between the layouts. */
#include "layout.h"

#include <string.h>

/* Pixels 4096 bytes apart fall into the same sets of the first cache, where a tile's rows would
 * throw each other out; a skew of one vector spreads them. */
gsize vdt_map_pitch(gsize channels, gsize element_size)
{
    gsize pitch = VDT_ALIGN_LANES(channels);

    return pitch * element_size % 4096 == 0 ? pitch + VDT_LANES : pitch;
}

guint vdt_shape_axis(const VdtShape *shape)
{
    return shape->n_dims == 4 ? 1 : MAX(shape->n_dims, 1) - 1;
}

VdtMap vdt_map_describe(const VdtShape *shape, guint axis, VdtPrecision precision)
{
    VdtMap map = {.f32 = precision == VDT_PRECISION_F32,
                  .rows = axis + 1 == shape->n_dims,
                  .n = axis > 0 ? shape->dims[0] : 1,
                  .h = 1,
                  .w = 1,
                  .c = shape->dims[axis]};

    for (guint i = 1; i < shape->n_dims; i++)
        if (i != axis) {
            map.h *= map.w;
            map.w = shape->dims[i];
        }
    map.pitch = vdt_map_pitch(map.c, vdt_element_size(precision));
    return map;
}

gsize vdt_map_bytes(const VdtPlan *plan, const VdtMap *map)
{
    gsize element = map->f32 ? sizeof(float) : vdt_element_size(plan->kernels->precision);

    return vdt_map_rows(map) * map->pitch * element;
}

/* When two workers are done with @units in parts of @size. */
static gsize time_of_two(gsize units, gsize size)
{
    gsize full = units / size, rest = units % size;

    return full % 2 == 0 ? full / 2 * size + rest : (full + 1) / 2 * size;
}

VdtRows vdt_rows_split(gsize rows, gsize unit, guint wanted_parts)
{
    gsize units = (rows + unit - 1) / unit;
    gsize most = (units + wanted_parts - 1) / MAX(wanted_parts, 1), best = most, per_part;

    /* Of fifteen parts of a size one worker would have eight, and the other wait for the last. */
    for (gsize size = most; wanted_parts > 2 && size > most * 3 / 4; size--)
        if (time_of_two(units, size) < time_of_two(units, best))
            best = size;
    per_part = best * unit;
    return (VdtRows){rows, per_part, (rows + per_part - 1) / per_part};
}

VdtEpilogue vdt_epilogue_at(const VdtPlan *plan, const VdtLateEpilogue *late, char *arena,
                            gsize image, gsize row, gsize column)
{
    gsize element = vdt_element_size(plan->kernels->precision);
    VdtEpilogue e = {.bias = (const float *)vdt_place_address(plan, &late->bias, arena) + column,
                     .act0 = late->act0,
                     .act1 = late->act1,
                     .mul_pitch = late->mul_pitch,
                     .add_pitch = late->add_pitch};

    if (vdt_place_exists(&late->mul))
        e.mul = vdt_place_address(plan, &late->mul, arena) +
                ((image * late->mul_image + row) * late->mul_pitch + column) * element;
    if (vdt_place_exists(&late->add))
        e.add = vdt_place_address(plan, &late->add, arena) +
                ((image * late->add_image + row) * late->add_pitch + column) * element;
    return e;
}

void vdt_step_reads_epilogue(VdtStep *step, const VdtLateEpilogue *e)
{
    vdt_step_reads(step, e->bias, e->mul, e->add);
}

/* Between the layouts. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtKernels *kernels;
    VdtPlace planar;
    VdtMap map;
    VdtRows rows; /* of one image */
} LayoutStep;

static void run_layout(const VdtStep *step, char *arena, guint item, gboolean to_planes)
{
    const LayoutStep *self = (const LayoutStep *)step;
    const VdtMap *map = &self->map;
    gsize image = item / self->rows.n_parts, plane = map->h * map->w;
    gsize first = item % self->rows.n_parts * self->rows.per_part;
    gsize count = vdt_rows_end(&self->rows, item % self->rows.n_parts) - first;
    gsize element = vdt_element_size(self->kernels->precision);
    float *planar = (float *)vdt_place_address(self->plan, &self->planar, arena) +
                    image * map->c * plane + first;
    char *pixels = vdt_place_address(self->plan, &map->place, arena) +
                   (image * plane + first) * map->pitch * element;

    if (!vdt_map_has_live(self->plan, map, arena, image))
        return;
    if (to_planes)
        self->kernels->to_planes(count, map->c, pixels, map->pitch, planar, plane);
    else
        self->kernels->from_planes(count, map->c, planar, plane, pixels, map->pitch);
}

static void run_to_planar(const VdtStep *step, char *arena, char *scratch, guint item)
{
    run_layout(step, arena, item, TRUE);
}

static void run_from_planar(const VdtStep *step, char *arena, char *scratch, guint item)
{
    run_layout(step, arena, item, FALSE);
}

/* Rows are copied one by one; kernels want whole vectors of floats, so each goes through scratch.
 */
static void run_from_rows(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const LayoutStep *self = (const LayoutStep *)step;
    const VdtMap *map = &self->map;
    const float *x = (const float *)vdt_place_address(self->plan, &self->planar, arena);
    char *y = vdt_place_address(self->plan, &map->place, arena);
    const gsize end = MIN(vdt_rows_end(&self->rows, item), vdt_map_live(self->plan, map, arena));
    gsize element = vdt_element_size(self->kernels->precision);

    memset(scratch, 0, VDT_ALIGN_LANES(map->c) * sizeof *x);
    for (gsize row = item * self->rows.per_part; row < end; row++) {
        memcpy(scratch, x + row * map->c, map->c * sizeof *x);
        self->kernels->store_scaled(map->c, (const float *)scratch, 1,
                                    y + row * map->pitch * element);
    }
}

static void run_to_rows(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const LayoutStep *self = (const LayoutStep *)step;
    const VdtMap *map = &self->map;
    const char *x = vdt_place_address(self->plan, &map->place, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->planar, arena);
    const gsize end = MIN(vdt_rows_end(&self->rows, item), vdt_map_live(self->plan, map, arena));
    gsize element = vdt_element_size(self->kernels->precision);

    for (gsize row = item * self->rows.per_part; row < end; row++) {
        memset(scratch, 0, VDT_ALIGN_LANES(map->c) * sizeof *y);
        self->kernels->sum_rows(1, map->c, x + row * map->pitch * element, 0, (float *)scratch);
        memcpy(y + row * map->c, scratch, map->c * sizeof *y);
    }
}

void vdt_plan_add_layout(VdtPlan *plan, const VdtPlace *planar, const VdtMap *map,
                         gboolean to_planes, const char *label)
{
    const gsize plane = map->h * map->w, n_rows = vdt_map_rows(map);
    VdtRows rows = map->rows ? vdt_rows_split(n_rows, 1, CLAMP(n_rows * map->c / 16384, 1, 16))
                             : vdt_rows_split(plane, VDT_LANES, MAX(1, plane / 256));
    LayoutStep *self = g_new0(LayoutStep, 1);

    self->step = (VdtStep){.kernel = map->rows   ? to_planes ? "to_rows" : "from_rows"
                                     : to_planes ? "to_planes"
                                                 : "from_planes",
                           .label = g_strdup(label),
                           .n_items = map->rows ? rows.n_parts : map->n * rows.n_parts,
                           .scratch = VDT_ALIGN_LANES(map->c) * sizeof(float),
                           .run = map->rows   ? to_planes ? run_to_rows : run_from_rows
                                  : to_planes ? run_to_planar
                                              : run_from_planar};
    self->plan = plan;
    self->kernels = map->f32 ? plan->kernels_f32 : plan->kernels;
    self->planar = *planar;
    self->map = *map;
    self->rows = rows;
    vdt_step_reads(&self->step, to_planes ? map->place : *planar, map->live);
    vdt_step_writes(&self->step, to_planes ? *planar : map->place);
    vdt_plan_add_step(plan, &self->step);
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace from, to;
    VdtRows bytes;
} CopyStep;

static void run_copy(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const CopyStep *self = (const CopyStep *)step;
    const gsize first = item * self->bytes.per_part;

    memcpy(vdt_place_address(self->plan, &self->to, arena) + first,
           vdt_place_address(self->plan, &self->from, arena) + first,
           vdt_rows_end(&self->bytes, item) - first);
}

void vdt_plan_add_copy(VdtPlan *plan, const VdtPlace *from, const VdtPlace *to, gsize n,
                       const char *label)
{
    CopyStep *self = g_new0(CopyStep, 1);

    self->plan = plan;
    self->from = *from;
    self->to = *to;
    self->bytes = vdt_rows_split(n, VDT_ALIGN, n > 131072 ? 8 : 1);
    self->step = (VdtStep){.kernel = "copy",
                           .label = g_strdup(label),
                           .n_items = self->bytes.n_parts,
                           .run = run_copy};
    vdt_step_reads(&self->step, *from);
    vdt_step_writes(&self->step, *to);
    vdt_plan_add_step(plan, &self->step);
}

void vdt_plan_load_state(VdtPlan *plan, const VdtNode *value, const VdtPlace *to)
{
    vdt_plan_add_copy(plan, &(VdtPlace){.state = value->state}, to,
                      vdt_shape_elements(&value->shape) * sizeof(float), value->name);
}

void vdt_plan_store_state(VdtPlan *plan, const VdtNode *value, const VdtPlace *from)
{
    vdt_plan_add_copy(plan, from, &(VdtPlace){.state = value->state},
                      vdt_shape_elements(&value->shape) * sizeof(float), value->name);
}

VdtMap vdt_plan_planar(VdtPlan *plan, const VdtShape *shape)
{
    gint64 n = vdt_shape_elements(shape);

    return (VdtMap){
        .place = vdt_plan_add_buffer(plan, n * sizeof(float)), .planar = TRUE, .f32 = TRUE};
}

VdtPlace vdt_plan_zeros(VdtPlan *plan)
{
    gsize widest = plan->kernels_f32->nr, size;
    gboolean fresh;
    char *zeros;

    for (guint i = 0; i < plan->graph->nodes->len; i++) {
        const VdtNode *node = plan->graph->nodes->pdata[i];

        for (guint j = 0; j < node->shape.n_dims; j++)
            if (j == 1 || j + 1 == node->shape.n_dims)
                widest = MAX(widest, (gsize)node->shape.dims[j]);
    }
    /* twice: Winograd reads two pixels as one */
    size = 2 * vdt_map_pitch(widest, sizeof(float)) * sizeof(float);
    zeros = vdt_plan_get_blob(plan, "zeros", 0, size, &fresh);
    if (fresh)
        memset(zeros, 0, size);
    return (VdtPlace){.constant = zeros};
}
