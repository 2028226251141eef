/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linear attention in two steps. For each head
 *     y[i] = q[i] / (q[i] . s + eps) S,   S = sum of k[j]' v[j], s = sum of k[j]
 * The first step sums, in floats whatever the elements are, and packs S as the right side of a
 * product. The second one goes by blocks of queries: divides each by its own divisor, which is of
 * one number for each and so costs less than to divide what comes out, and multiplies.
 */
#include "linear_attention.h"

#include <string.h>

#define TOKENS 64 /* whose outer products are summed at once, and queries of a block */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtLinearAttention p;
    gsize depth, width; /* channels of a head: of keys, of values */
    VdtRows parts;      /* of a head's keys' channels */
    VdtRows rows;       /* of an image's queries */
    VdtPlace packed, sums;
} AttentionStep;

static gsize element_size(const AttentionStep *self)
{
    return vdt_element_size(self->plan->kernels->precision);
}

static char *head_at(const AttentionStep *self, const VdtMap *map, char *arena, gsize image,
                     gsize token, gsize channel)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           ((image * map->h * map->w + token) * map->pitch + channel) * element_size(self);
}

static gsize packed_size(const AttentionStep *self)
{
    return vdt_packed_size(self->plan->kernels, self->width, self->depth, 1);
}

void vdt_row_to_floats(const VdtKernels *kernels, gsize channels, const void *row, float *y)
{
    memset(y, 0, VDT_ALIGN_LANES(channels) * sizeof *y);
    kernels->sum_rows(1, channels, row, 0, y);
}

void vdt_sum_outer(const VdtKernels *kernels, gsize n, const float *const *a, gsize a_channels,
                   const float *const *b, gsize b_channels, float *y, gsize pitch, gboolean add)
{
    for (gsize row = 0; row < a_channels; row += kernels->mr)
        for (gsize column = 0; column < b_channels; column += kernels->nr) {
            const VdtOuterTile tile = {
                .rows = MIN(kernels->mr, a_channels - row),
                .cols = MIN(kernels->nr, b_channels - column),
                .depth = n,
                .a = a,
                .a_offset = row,
                .b = b,
                .b_offset = column,
                .y = y + row * pitch + column,
                .y_pitch = pitch,
                .add = add,
            };

            kernels->outer_tile(&tile);
        }
}

/* Addresses of @n rows as floats, behind @room if they are no floats. */
static void find_rows(const AttentionStep *self, const char *first, gsize pitch, gsize channels,
                      gsize n, float *room, const float **rows)
{
    const VdtKernels *kernels = self->plan->kernels;

    for (gsize i = 0; i < n; i++) {
        rows[i] = (const float *)(first + i * pitch * element_size(self));
        if (kernels->precision == VDT_PRECISION_F32)
            continue;
        vdt_row_to_floats(kernels, channels, rows[i], room + i * channels);
        rows[i] = room + i * channels;
    }
}

/* S for some of the keys' channels, into the rows of the packed matrix that they are. */
static void pack_part(const AttentionStep *self, const float *s, gsize first, gsize count,
                      char *packed)
{
    const VdtKernels *kernels = self->plan->kernels;

    for (gsize column = 0; column < self->width; column += kernels->nr) {
        const gsize n = MIN(kernels->nr, self->width - column);

        vdt_pack_gemm_strided(kernels, s + column, n, 1, count, self->width, 1, 0,
                              packed +
                                  vdt_packed_block(kernels, column / kernels->nr, self->depth, 1) +
                                  first * VDT_ALIGN_LANES(n) * element_size(self));
    }
}

/* An item is some channels of the keys of a head of an image. */
static void run_keys(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const AttentionStep *self = (const AttentionStep *)step;
    const gsize pair = item / self->parts.n_parts, part = item % self->parts.n_parts;
    const gsize image = pair / self->p.heads, head = pair % self->p.heads;
    const gsize first = part * self->parts.per_part;
    const gsize count = vdt_rows_end(&self->parts, part) - first;
    const gsize tokens = self->p.k.h * self->p.k.w, channel = head * self->depth + first;
    float *s = (float *)scratch, *room = s + count * self->width;
    float *sum = (float *)vdt_place_address(self->plan, &self->sums, arena) + pair * self->depth;

    if (!vdt_map_has_live(self->plan, &self->p.y, arena, image))
        return;
    memset(sum + first, 0, count * sizeof *sum);
    self->plan->kernels->sum_rows(tokens, count,
                                  head_at(self, &self->p.k, arena, image, 0, channel),
                                  self->p.k.pitch, sum + first);
    for (gsize at = 0; at < tokens; at += TOKENS) {
        const gsize n = MIN(TOKENS, tokens - at);
        const float *keys[TOKENS], *values[TOKENS];

        find_rows(self, head_at(self, &self->p.k, arena, image, at, channel), self->p.k.pitch,
                  count, n, room, keys);
        find_rows(self, head_at(self, &self->p.v, arena, image, at, head * self->width),
                  self->p.v.pitch, self->width, n, room + TOKENS * count, values);
        vdt_sum_outer(self->plan->kernels_f32, n, keys, count, values, self->width, s, self->width,
                      at > 0);
    }
    pack_part(self, s, first, count,
              vdt_place_address(self->plan, &self->packed, arena) + pair * packed_size(self));
}

/* An item is some of an image's queries, with all their heads. */
static void run_queries(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const AttentionStep *self = (const AttentionStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    const gsize image = item / self->rows.n_parts, part = item % self->rows.n_parts;
    const gsize first = part * self->rows.per_part;
    const gsize count = vdt_rows_end(&self->rows, part) - first;
    const float *sums = (const float *)vdt_place_address(self->plan, &self->sums, arena);

    if (!vdt_map_has_live(self->plan, &self->p.y, arena, image))
        return;
    for (guint head = 0; head < self->p.heads; head++) {
        const gsize pair = image * self->p.heads + head;
        const VdtMatrices product = {
            .rows = count,
            .columns = self->width,
            .depth = self->depth,
            .a = scratch,
            .a_pitch = self->depth,
            .packed =
                vdt_place_address(self->plan, &self->packed, arena) + pair * packed_size(self),
            .zeros = (const float *)vdt_place_address(self->plan, &self->p.zeros, arena),
            .y = head_at(self, &self->p.y, arena, image, first, head * self->width),
            .y_pitch = self->p.y.pitch,
        };

        kernels->share_rows(
            count, self->depth, head_at(self, &self->p.q, arena, image, first, head * self->depth),
            self->p.q.pitch, sums + pair * self->depth, self->p.eps, scratch, self->depth);
        vdt_multiply(kernels, &product);
    }
}

static AttentionStep *new_step(const AttentionStep *state, const char *label, VdtStep step)
{
    AttentionStep *self = g_memdup2(state, sizeof *state);

    step.label = g_strdup(label);
    self->step = step;
    return self;
}

void vdt_plan_add_linear_attention(VdtPlan *plan, const VdtLinearAttention *attention,
                                   const char *label, guint64 macs)
{
    const gsize heads = attention->heads, n = attention->y.n;
    const gsize queries = attention->y.h * attention->y.w;
    AttentionStep state = {.plan = plan, .p = *attention}, *keys, *attend;

    state.depth = attention->k.c / heads;
    state.width = attention->v.c / heads;
    state.parts = vdt_rows_split(state.depth, VDT_LANES, n * heads < 8 ? 2 : 1);
    state.rows = vdt_rows_split(queries, 1, MAX((queries + TOKENS - 1) / TOKENS, 8));
    state.packed = vdt_plan_add_buffer(plan, n * heads * packed_size(&state));
    state.sums = vdt_plan_add_buffer(plan, n * heads * state.depth * sizeof(float));

    keys = new_step(&state, label, (VdtStep){.kernel = "linear_keys", .run = run_keys});
    keys->step.macs = macs / 2;
    keys->step.n_items = n * heads * state.parts.n_parts;
    keys->step.scratch =
        (state.parts.per_part * state.width + TOKENS * (state.parts.per_part + state.width)) *
        sizeof(float);
    vdt_step_reads(&keys->step, attention->k.place, attention->v.place, attention->y.live);
    vdt_step_writes(&keys->step, state.packed, state.sums);
    vdt_plan_add_step(plan, &keys->step);

    attend = new_step(&state, label, (VdtStep){.kernel = "linear_attend", .run = run_queries});
    attend->step.macs = macs - macs / 2;
    attend->step.n_items = n * state.rows.n_parts;
    attend->step.scratch = state.rows.per_part * state.depth * sizeof(float);
    vdt_step_reads(&attend->step, attention->q.place, state.packed, state.sums, attention->zeros,
                   attention->y.live);
    vdt_step_writes(&attend->step, attention->y.place);
    vdt_plan_add_step(plan, &attend->step);
}
