/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spatial gathering, as in object-contextual representations (arXiv:1909.11065, eq. 1): for each
 * class the mean of all pixels' features, weighted by a softmax of its scores over the pixels,
 *     y[n] = x[n] * softmax(scores[n])'        [C,H W] * [classes,H W]'
 * Both maps are read with their channels last, as they are: each part of the pixels takes its own
 * largest score off, weighs its pixels by exponentials and sums outer products; the sums of the
 * parts are then brought to one largest score.
 */
#include "pattern.h"

#include <float.h>
#include <string.h>

#include "ops/table.h"

#define BLOCK        64  /* pixels whose exponentials are kept at a time */
#define LEAST_PIXELS 256 /* of a part */
#define PARTS        8   /* of an image, or some more */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtKernels *outer; /* of floats */
    VdtMap x, scores;
    VdtPlace sums; /* of each part of each image: largest scores, sums of weights, [C][pitch] */
    VdtPlace y;
    gsize pitch; /* of a row of classes */
    float scale;
    VdtRows parts; /* of an image's pixels */
    VdtRows rows;  /* of an image's channels */
} GatherStep;

static char *pixel(const GatherStep *self, const VdtMap *map, char *arena, gsize image, gsize at)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           (image * map->h * map->w + at) * map->pitch *
               vdt_element_size(self->plan->kernels->precision);
}

static float *sums_of(const GatherStep *self, char *arena, gsize image, guint part)
{
    return (float *)vdt_place_address(self->plan, &self->sums, arena) +
           (image * self->parts.n_parts + part) * (self->x.c + 2) * self->pitch;
}

/* One row of elements as floats. */
static void to_floats(const GatherStep *self, gsize channels, const void *row, float *y)
{
    memset(y, 0, VDT_ALIGN_LANES(channels) * sizeof *y);
    self->plan->kernels->sum_rows(1, channels, row, 0, y);
}

static void find_tops(const GatherStep *self, char *arena, gsize image, guint part, void *best,
                      float *tops)
{
    gsize end = vdt_rows_end(&self->parts, part);
    const void *a[BLOCK]; /* from the second time on, the best so far and then pixels */
    gsize n = 0;

    for (gsize at = part * self->parts.per_part; at < end; at++) {
        a[n++] = pixel(self, &self->scores, arena, image, at);
        if (n == BLOCK || at + 1 == end) {
            self->plan->kernels->max_row(n, self->scores.c, a, best);
            a[0] = best;
            n = 1;
        }
    }
    to_floats(self, self->scores.c, best, tops);
    /* -inf everywhere, as masks have it: less itself, that would be NaN, and then in all parts */
    for (gsize k = 0; k < self->pitch; k++)
        tops[k] = MAX(tops[k], -FLT_MAX);
}

/* The sums over a block of pixels, whose classes' weights are @weights, into [C][pitch]; added to
 * what is there if @add. */
static void add_block(const GatherStep *self, const float *const *x, const float *const *weights,
                      gsize count, gboolean add, float *y)
{
    for (gsize row = 0; row < self->x.c; row += self->outer->mr)
        for (gsize column = 0; column < self->pitch; column += self->outer->nr) {
            const VdtOuterTile tile = {
                .rows = MIN(self->outer->mr, self->x.c - row),
                .cols = MIN(self->outer->nr, self->pitch - column),
                .depth = count,
                .a = x,
                .a_offset = row,
                .b = weights,
                .b_offset = column,
                .y = y + row * self->pitch + column,
                .y_pitch = self->pitch,
                .add = add,
            };

            self->outer->outer_tile(&tile);
        }
}

/* An item is a part of an image's pixels. */
static void run_gather(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const GatherStep *self = (const GatherStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    gsize image = item / self->parts.n_parts, part = item % self->parts.n_parts;
    gsize first = part * self->parts.per_part, end = vdt_rows_end(&self->parts, part);
    float *tops = sums_of(self, arena, image, part), *totals = tops + self->pitch;
    float *weights = (float *)scratch, *features = weights + BLOCK * self->pitch;

    if (!vdt_map_has_live(self->plan, &self->x, arena, image))
        return;
    find_tops(self, arena, image, part, scratch, tops);
    memset(totals, 0, self->pitch * sizeof *totals);
    for (gsize at = first; at < end; at += BLOCK) {
        gsize count = MIN(BLOCK, end - at);
        const float *x_rows[BLOCK], *weight_rows[BLOCK];

        kernels->exp_rows(count, self->scores.c, pixel(self, &self->scores, arena, image, at),
                          self->scores.pitch, tops, weights, self->pitch, totals);
        for (gsize i = 0; i < count; i++) {
            const char *x = pixel(self, &self->x, arena, image, at + i);

            if (!self->x.f32) {
                float *row = features + i * VDT_ALIGN_LANES(self->x.c);

                to_floats(self, self->x.c, x, row);
                x = (const char *)row;
            }
            x_rows[i] = (const float *)x;
            weight_rows[i] = weights + i * self->pitch;
        }
        add_block(self, x_rows, weight_rows, count, at > first, totals + self->pitch);
    }
}

/* What the sums of each part of @image are multiplied by, [parts][pitch]. */
static void find_factors(const GatherStep *self, char *arena, gsize image, float *factors,
                         float *tops, float *totals)
{
    const VdtKernels *kernels = self->plan->kernels_f32;
    guint n_parts = self->parts.n_parts;
    gsize classes = self->scores.c, pitch = self->pitch;
    const void *a[] = {tops, NULL};

    memcpy(tops, sums_of(self, arena, image, 0), pitch * sizeof *tops);
    for (guint part = 1; part < n_parts; part++) {
        a[1] = sums_of(self, arena, image, part);
        kernels->max_row(2, classes, a, tops);
    }
    memset(totals, 0, pitch * sizeof *totals);
    for (guint part = 0; part < n_parts; part++) {
        const float *sums = sums_of(self, arena, image, part);
        float *row = factors + part * pitch;

        kernels->exp_rows(1, classes, sums, 0, tops, row, 0, NULL);
        for (gsize k = 0; k < pitch; k++)
            totals[k] += row[k] * sums[pitch + k];
    }
    for (guint part = 0; part < n_parts; part++)
        for (gsize k = 0; k < pitch; k++)
            factors[part * pitch + k] *= self->scale / totals[k];
}

/* An item is some channels of an image. */
static void run_join(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const GatherStep *self = (const GatherStep *)step;
    gsize image = item / self->rows.n_parts, group = item % self->rows.n_parts;
    gsize classes = self->scores.c, pitch = self->pitch;
    float *factors = (float *)scratch, *sum = factors + self->parts.n_parts * pitch;
    float *y =
        (float *)vdt_place_address(self->plan, &self->y, arena) + image * self->x.c * classes;

    if (!vdt_map_has_live(self->plan, &self->x, arena, image))
        return;
    find_factors(self, arena, image, factors, sum, sum + pitch);
    for (gsize c = group * self->rows.per_part; c < vdt_rows_end(&self->rows, group); c++) {
        memset(sum, 0, pitch * sizeof *sum);
        for (guint part = 0; part < self->parts.n_parts; part++) {
            const float *from = sums_of(self, arena, image, part) + (2 + c) * pitch;

            for (gsize k = 0; k < pitch; k++)
                sum[k] += from[k] * factors[part * pitch + k];
        }
        memcpy(y + c * classes, sum, classes * sizeof *y);
    }
}

/* Who lays a map's pixels in a row as @node, if nobody else looks at that; otherwise NULL. */
static VdtFused *get_flat(const VdtInfer *l, const VdtNode *node)
{
    VdtFused *f = vdt_fused_resolve(l->fused, node);
    const VdtNode *map = f->node->op == &vdt_op_reshape ? f->node->inputs[0] : NULL;
    const gint64 *flat = f->node->shape.dims;

    return map && f->n_uses == 1 && !f->is_output && !f->constant && !f->pattern &&
                   f->node->shape.n_dims == 3 && map->shape.n_dims == 4 &&
                   map->shape.dims[0] == flat[0] && map->shape.dims[1] == flat[1] &&
                   !vdt_fused_resolve(l->fused, map)->constant
               ? f
               : NULL;
}

typedef struct {
    VdtFused *x, *scores; /* reshapes of the maps */
    VdtFused *softmax;
} Operands;

static gboolean match(VdtInfer *l, const VdtFused *f, gpointer data)
{
    const VdtNode *node = f->node;
    Operands *found = data;
    VdtFused *softmax;
    const gint64 *x, *scores;

    if (node->op != &vdt_op_matmul || node->p.matmul.transpose_a || !node->p.matmul.transpose_b ||
        node->shape.n_dims != 3)
        return FALSE;
    found->softmax = softmax = vdt_fused_resolve(l->fused, node->inputs[1]);
    if (softmax->node->op != &vdt_op_softmax || softmax->n_uses != 1 || softmax->is_output ||
        softmax->constant)
        return FALSE;
    found->x = get_flat(l, node->inputs[0]);
    found->scores = get_flat(l, softmax->node->inputs[0]);
    if (!found->x || !found->scores)
        return FALSE;
    x = found->x->node->inputs[0]->shape.dims;
    scores = found->scores->node->inputs[0]->shape.dims;
    if (x[2] != scores[2] || x[3] != scores[3])
        return FALSE;
    found->x->unused = found->scores->unused = softmax->unused = TRUE;
    return TRUE;
}

static void lower(VdtInfer *l, VdtFused *f, gconstpointer match)
{
    const VdtNode *node = f->node;
    const Operands *operands = match;
    GatherStep state = {.plan = l->plan, .scale = (float)node->p.matmul.scale}, *gather, *join;
    gsize pixels, sums;

    state.outer = l->plan->kernels_f32;
    state.x = *vdt_infer_get_map(l, operands->x->node->inputs[0], 1);
    state.scores = *vdt_infer_get_map(l, operands->scores->node->inputs[0], 1);
    state.pitch = VDT_ALIGN_LANES(state.scores.c);
    pixels = state.x.h * state.x.w;
    state.parts = vdt_rows_split(pixels, 1, CLAMP(pixels / LEAST_PIXELS, 1, PARTS));
    state.rows = vdt_rows_split(state.x.c, 1, state.x.c * state.pitch > 4096 ? PARTS : 1);
    sums = (state.x.c + 2) * state.pitch * sizeof(float);

    gather = vdt_infer_copy_step(l, f, &state, .kernel = "gather", .run = run_gather);
    gather->step.macs = node->op->macs(node);
    gather->step.n_items = state.x.n * state.parts.n_parts;
    gather->step.scratch =
        BLOCK * (state.pitch + (state.x.f32 ? 0 : VDT_ALIGN_LANES(state.x.c))) * sizeof(float);
    gather->sums = state.sums = vdt_plan_add_buffer(l->plan, gather->step.n_items * sums);
    vdt_step_reads(&gather->step, state.x.place, state.scores.place, state.x.live);
    vdt_step_writes(&gather->step, state.sums);
    vdt_plan_add_step(l->plan, &gather->step);

    join = vdt_infer_copy_step(l, f, &state, .kernel = "join", .run = run_join);
    join->step.n_items = state.x.n * state.rows.n_parts;
    join->step.scratch = (state.parts.n_parts + 2) * state.pitch * sizeof(float);
    join->y = vdt_infer_new_planar(l, f).place;
    vdt_step_reads(&join->step, state.sums, state.x.live);
    vdt_step_writes(&join->step, join->y);
    vdt_plan_add_step(l->plan, &join->step);
}

VDT_PATTERN(gather) = {
    .name = "gather",
    .op = &vdt_op_matmul,
    .match_size = sizeof(Operands),
    .match = match,
    .lower = lower,
};
