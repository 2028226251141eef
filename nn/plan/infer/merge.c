/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merging tokens: which ones are alike, a product and the maxima of its rows; moving rows and
 * putting some together; and what goes with that. Samples do not see each other.
 */
#include "lowering.h"

#include <math.h>
#include <string.h>

#include "ops/merge.h"
#include "ops/table.h"

/* Partial sums, which fill a vector. */
#define SUMS 16

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtKernels *kernels; /* of x */
    VdtMap x;
    VdtPlace likeness, source, target, zeros;
    gsize samples, tokens, n, heads, width; /* channels of a head */
    gboolean protect;
} MatchStep;

static gsize n_even(const MatchStep *self)
{
    return (gsize)vdt_even_tokens((gint64)self->tokens);
}

/* Where in the scratch of a sample's item is what, and behind it the packed odd tokens. */
typedef struct {
    gsize metric; /* floats [tokens][width] */
    gsize scores; /* floats [even][pitch] */
    gsize packed, size, pitch;
} Scratch;

static Scratch scratch_of(const MatchStep *self)
{
    const gsize odd = self->tokens / 2;
    Scratch s = {.pitch = VDT_ALIGN_LANES(odd)};

    s.scores = self->tokens * self->width * sizeof(float);
    s.packed = s.scores + n_even(self) * s.pitch * sizeof(float);
    s.size = s.packed + vdt_packed_size(self->plan->kernels_f32, odd, self->width, 1);
    return s;
}

/* The sum of a token's heads, at length 1. */
static void measure(const MatchStep *self, const char *token, float *metric)
{
    float squares[SUMS] = {0}, square = 0;

    memset(metric, 0, self->width * sizeof *metric);
    self->kernels->sum_rows(self->heads, self->width, token, self->width, metric);
    for (gsize i = 0; i < self->width; i += SUMS)
        for (gsize j = 0; j < SUMS; j++)
            squares[j] += metric[i + j] * metric[i + j];
    for (gsize j = 0; j < SUMS; j++)
        square += squares[j];
    for (gsize i = 0; i < self->width && square > 0; i++)
        metric[i] /= sqrtf(square);
}

static void offer_best(const float *scores, gsize n, gsize even, VdtMergeList *list)
{
    float best = -INFINITY;
    gsize target = 0;

    for (gsize i = 0; i < n; i++)
        if (scores[i] > best) {
            best = scores[i];
            target = i;
        }
    vdt_merge_offer(list, best, (gint64)even, (gint64)target);
}

/* An item is a sample. */
static void run_match(const VdtStep *step, char *arena, char *scratch, guint sample)
{
    const MatchStep *self = (const MatchStep *)step;
    const Scratch at = scratch_of(self);
    float *metric = (float *)(scratch + at.metric), *scores = (float *)(scratch + at.scores);
    const gsize row = self->x.pitch * vdt_element_size(self->kernels->precision);
    const char *x =
        vdt_place_address(self->plan, &self->x.place, arena) + sample * self->tokens * row;
    VdtMergeList list = {
        .most = (gint64)self->n,
        .likeness =
            (float *)vdt_place_address(self->plan, &self->likeness, arena) + sample * self->n,
        .source = (gint32 *)vdt_place_address(self->plan, &self->source, arena) + sample * self->n,
        .target = (gint32 *)vdt_place_address(self->plan, &self->target, arena) + sample * self->n,
    };
    const VdtMatrices product = {
        .rows = n_even(self),
        .columns = self->tokens / 2,
        .depth = self->width,
        .a = metric,
        .a_pitch = 2 * self->width,
        .packed = scratch + at.packed,
        .zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
        .y = scores,
        .y_pitch = at.pitch,
        .y_f32 = TRUE,
    };

    for (gsize i = 0; i < self->tokens; i++)
        measure(self, x + i * row, metric + i * self->width);
    vdt_pack_gemm_strided(self->plan->kernels_f32, metric + self->width, product.columns,
                          2 * (ptrdiff_t)self->width, self->width, 1, 1, 1, scratch + at.packed);
    vdt_multiply(self->plan->kernels_f32, &product);
    for (gsize i = self->protect ? 1 : 0; i < product.rows; i++)
        offer_best(scores + i * at.pitch, product.columns, i, &list);
    vdt_merge_sort(&list);
}

/* Of all samples, live or not: where rows go has to be in range. */
static gboolean lower_match(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node, *x = node->inputs[0];
    const gsize width = (gsize)(x->shape.dims[2] / node->p.match_tokens.heads);
    MatchStep *self;
    VdtPlace y;
    VdtMap map;

    if (width % VDT_LANES != 0)
        return FALSE;
    /* Floats, if there are any: which tokens are the most alike is not to depend on rounding. */
    if (vdt_infer_forms(l, x)->has_planar) {
        map = *vdt_infer_get_planar(l, x);
        map.pitch = (gsize)x->shape.dims[2];
    } else {
        map = *vdt_infer_get_map(l, x, 2);
    }
    self = vdt_infer_step(MatchStep, l, f, .kernel = "match_tokens", .macs = node->op->macs(node),
                          .run = run_match);
    self->plan = l->plan;
    self->kernels = map.f32 ? l->plan->kernels_f32 : l->plan->kernels;
    self->x = map;
    self->zeros = l->zeros;
    self->samples = (gsize)x->shape.dims[0];
    self->tokens = (gsize)x->shape.dims[1];
    self->n = (gsize)node->p.match_tokens.n;
    self->heads = (gsize)node->p.match_tokens.heads;
    self->width = width;
    self->protect = node->p.match_tokens.protect;
    y = vdt_infer_new_planar(l, f).place;
    self->likeness = self->source = self->target = y;
    self->source.offset += (gsize)node->op->result(node, 1).begin * sizeof(float);
    self->target.offset += (gsize)node->op->result(node, 2).begin * sizeof(float);
    self->step.n_items = (guint)self->samples;
    self->step.scratch = scratch_of(self).size;
    vdt_step_reads(&self->step, map.place);
    vdt_step_writes(&self->step, y);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    VdtPlace source, target, sizes; /* sizes: or no place */
    gsize tokens, n;
    VdtRows rows; /* of a sample of y */
} MergeStep;

static VdtMergeWalk walk_of(const MergeStep *self, char *arena, gsize sample)
{
    return vdt_merge_walk((gint64)self->tokens, (gint64)self->n, (gint64)sample,
                          (const gint32 *)vdt_place_address(self->plan, &self->source, arena),
                          (const gint32 *)vdt_place_address(self->plan, &self->target, arena));
}

static const float *sizes_of(const MergeStep *self, char *arena, gsize sample)
{
    if (!vdt_place_exists(&self->sizes))
        return NULL;
    return (const float *)vdt_place_address(self->plan, &self->sizes, arena) +
           sample * self->tokens;
}

/* The mean of token number @token, an odd one, and those that moved into it; @scratch has room for
 * as many addresses and weights. */
static void put_together(const MergeStep *self, const VdtMergeWalk *walk, const char *x, gsize row,
                         const float *sizes, gsize token, char *y, char *scratch)
{
    const void **a = (const void **)scratch;
    float *weights = (float *)(a + self->n + 1), total = sizes ? sizes[token] : 1;
    gsize taps = 1;

    a[0] = x + token * row;
    weights[0] = total;
    for (gsize i = 0; i < self->n; i++) {
        const gsize from = 2 * (gsize)walk->source[i];

        if ((gsize)walk->target[i] != token / 2)
            continue;
        a[taps] = x + from * row;
        weights[taps] = sizes ? sizes[from] : 1;
        total += weights[taps++];
    }
    if (taps == 1) {
        memcpy(y, a[0],
               VDT_ALIGN_LANES(self->x.c) * vdt_element_size(self->plan->kernels->precision));
        return;
    }
    for (gsize i = 0; i < taps; i++)
        weights[i] /= total;
    self->plan->kernels->blend_rows(1, taps, self->x.c, a, weights, y, self->y.pitch);
}

/* An item is some rows of a sample. */
static void run_merge(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MergeStep *self = (const MergeStep *)step;
    const gsize sample = item / self->rows.n_parts, size = VDT_ALIGN_LANES(self->x.c);
    const guint part = item % self->rows.n_parts;
    const gsize element = vdt_element_size(self->plan->kernels->precision);
    const gsize row = self->x.pitch * element;
    const char *x =
        vdt_place_address(self->plan, &self->x.place, arena) + sample * self->tokens * row;
    char *y = vdt_place_address(self->plan, &self->y.place, arena) +
              sample * self->rows.rows * self->y.pitch * element;
    const float *sizes = sizes_of(self, arena, sample);
    VdtMergeWalk walk = walk_of(self, arena, sample);

    if (!vdt_map_has_live(self->plan, &self->y, arena, sample))
        return;
    for (gsize i = 0; i < self->tokens; i++) {
        const gsize to = (gsize)vdt_merge_step(&walk, (gint64)i);
        char *at = y + to * self->y.pitch * element;

        if (to < part * self->rows.per_part || to >= vdt_rows_end(&self->rows, part))
            continue;
        if (i % 2 == 1)
            put_together(self, &walk, x, row, sizes, i, at, scratch);
        else if (to < (gsize)walk.kept)
            memcpy(at, x + i * row, size * element);
    }
}

/* Base, and what both steps read. */
static MergeStep *new_step(VdtInfer *l, VdtFused *f, guint source, gsize tokens, const char *kernel,
                           void (*run)(const VdtStep *, char *, char *, guint))
{
    const VdtNode *node = f->node;
    MergeStep state = {
        .plan = l->plan, .tokens = tokens, .n = (gsize)node->inputs[source]->shape.dims[1]};

    state.source = vdt_infer_get_planar(l, node->inputs[source])->place;
    state.target = vdt_infer_get_planar(l, node->inputs[source + 1])->place;
    if (node->n_inputs > source + 2)
        state.sizes = vdt_infer_get_planar(l, node->inputs[source + 2])->place;
    return vdt_infer_copy_step(l, f, &state, .kernel = kernel, .run = run);
}

static void add_step(VdtInfer *l, MergeStep *self, guint n_items)
{
    self->step.n_items = n_items;
    vdt_step_reads(&self->step, self->x.place, self->source, self->target, self->sizes,
                   self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
}

static gboolean lower_merge_tokens(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtMap x = *vdt_infer_get_map(l, node->inputs[0], 2);
    MergeStep *self =
        new_step(l, f, 1, (gsize)node->inputs[0]->shape.dims[1], "merge_tokens", run_merge);

    self->x = x;
    self->y = vdt_infer_new_map(l, f, 2, FALSE);
    self->rows = vdt_rows_split((gsize)node->shape.dims[1], 1,
                                vdt_infer_parts((gsize)node->shape.dims[1] * self->y.pitch));
    self->step.scratch = (self->n + 1) * (sizeof(void *) + sizeof(float));
    add_step(l, self, (guint)node->shape.dims[0] * self->rows.n_parts);
    return TRUE;
}

/* An item is a sample. */
static void run_sizes(const VdtStep *step, char *arena, char *scratch, guint sample)
{
    const MergeStep *self = (const MergeStep *)step;
    const float *sizes = sizes_of(self, arena, sample);
    VdtMergeWalk walk = walk_of(self, arena, sample);
    const gsize left = self->tokens - self->n;
    float *y = (float *)vdt_place_address(self->plan, &self->y.place, arena) + sample * left;

    memset(y, 0, left * sizeof *y);
    for (gsize i = 0; i < self->tokens; i++)
        y[vdt_merge_step(&walk, (gint64)i)] += sizes ? sizes[i] : 1;
}

static gboolean lower_merge_sizes(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    MergeStep *self =
        new_step(l, f, 0, (gsize)node->p.merge_sizes.tokens, "merge_sizes", run_sizes);

    self->y = vdt_infer_new_planar(l, f);
    add_step(l, self, (guint)node->shape.dims[0]);
    return TRUE;
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace x;
    VdtMap y;
} LogStep;

/* An item is a row. */
static void run_log(const VdtStep *step, char *arena, char *scratch, guint row)
{
    const LogStep *self = (const LogStep *)step;
    const float *x =
        (const float *)vdt_place_address(self->plan, &self->x, arena) + row * self->y.c;
    const gsize size = self->y.pitch * vdt_element_size(self->plan->kernels->precision);
    float *logs = (float *)scratch;

    if (!vdt_map_has_live(self->plan, &self->y, arena, row))
        return;
    for (gsize i = 0; i < self->y.c; i++)
        logs[i] = logf(x[i]);
    memset(logs + self->y.c, 0, (VDT_ALIGN_LANES(self->y.c) - self->y.c) * sizeof *logs);
    self->plan->kernels->store_scaled(
        self->y.c, logs, 1, vdt_place_address(self->plan, &self->y.place, arena) + row * size);
}

/* What is made of sizes, few numbers: others are left to the reference. */
static gboolean lower_log(VdtInfer *l, VdtFused *f)
{
    VdtPlace x;
    LogStep *self;

    if (f->node->shape.n_dims != 2)
        return FALSE;
    x = vdt_infer_get_planar(l, f->node->inputs[0])->place;
    self = vdt_infer_step(LogStep, l, f, .kernel = "log", .run = run_log);
    self->plan = l->plan;
    self->x = x;
    self->y = vdt_infer_new_map(l, f, 1, FALSE);
    self->step.n_items = (guint)self->y.n;
    self->step.scratch = VDT_ALIGN_LANES(self->y.c) * sizeof(float);
    vdt_step_reads(&self->step, x, self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_match_tokens, lower_match},
    {&vdt_op_merge_tokens, lower_merge_tokens},
    {&vdt_op_merge_sizes, lower_merge_sizes},
    {&vdt_op_log, lower_log},
};
VDT_LOWERINGS(merge);
