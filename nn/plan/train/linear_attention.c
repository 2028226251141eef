/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linear attention forward, by the steps of plan/step/, and backward. With S and s the sums over
 * the keys and d the gradient by the result y, p[i] = d[i] / (q[i] . s + eps),  e[i] = -(p[i] .
 * y[i]) dS = sum of q[i]' p[i],  ds = sum of q[i] e[i] dq[i] = p[i] S' + e[i] s,  dk[j] = v[j] dS'
 * + ds,  dv[j] = k[j] dS s and e are a column more of S and p, and a 1 is one of v. Sums are made
 * anew: they are as cheap as to keep.
 */
#include "plan/step/linear_attention.h"

#include <string.h>

#include "account.h"
#include "ops/table.h"

#define TOKENS 64 /* at a time */

enum { Q, K, V, N_INPUTS };

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtLinearAttention p; /* y is the value */
    VdtMap dy, dx[N_INPUTS];
    gboolean has[N_INPUTS], add[N_INPUTS];
    gsize depth, width; /* channels of a head: of keys, of values */
    gsize wide;         /* those of values and one more, in whole vectors */
} BackStep;

/* What an item works on; the matrices are [depth][wide], and packed for products. */
typedef struct {
    gsize image, head;
    float *sums, *dsums;
    char *packed;
    float *rows; /* [TOKENS][wide], twice */
} Work;

static gsize count_floats(const BackStep *self)
{
    const gsize n = self->depth * self->wide, across = VDT_ALIGN_LANES(self->depth) * self->wide;

    return 2 * n + across + 2 * TOKENS * MAX(self->wide, self->depth);
}

static float *token(const BackStep *self, const VdtMap *map, char *arena, const Work *w, gsize at,
                    gsize channels)
{
    return (float *)vdt_place_address(self->plan, &map->place, arena) +
           (w->image * map->h * map->w + at) * map->pitch + w->head * channels;
}

/* A token's values, a 1 behind them. */
static void copy_with(const float *from, gsize n, float last, gsize wide, float *to)
{
    memcpy(to, from, n * sizeof *to);
    memset(to + n, 0, (wide - n) * sizeof *to);
    to[n] = last;
}

static void sum_keys(const BackStep *self, char *arena, const Work *w)
{
    const gsize tokens = self->p.k.h * self->p.k.w;

    for (gsize at = 0; at < tokens; at += TOKENS) {
        const gsize n = MIN(TOKENS, tokens - at);
        const float *keys[TOKENS], *values[TOKENS];

        for (gsize i = 0; i < n; i++) {
            float *row = w->rows + i * self->wide;

            keys[i] = token(self, &self->p.k, arena, w, at + i, self->depth);
            copy_with(token(self, &self->p.v, arena, w, at + i, self->width), self->width, 1,
                      self->wide, row);
            values[i] = row;
        }
        vdt_sum_outer(self->plan->kernels_f32, n, keys, self->depth, values, self->wide, w->sums,
                      self->wide, at > 0);
    }
}

/* p[i] and e[i], into @row. */
static void divide(const BackStep *self, const Work *w, const float *q, const float *y,
                   const float *dy, float *row)
{
    float by = self->p.eps, along = 0;

    for (gsize c = 0; c < self->depth; c++)
        by += q[c] * w->sums[c * self->wide + self->width];
    for (gsize c = 0; c < self->width; c++) {
        row[c] = dy[c] / by;
        along -= row[c] * y[c];
    }
    memset(row + self->width, 0, (self->wide - self->width) * sizeof *row);
    row[self->width] = along;
}

/* @y (+)= @rows times the packed matrix, for @n tokens of one of the gradients. */
static void multiply(const BackStep *self, char *arena, const Work *w, const float *rows,
                     gsize pitch, gsize depth, gsize n, guint which, gsize at, gsize columns)
{
    const VdtMap *to = &self->dx[which];
    float *y = token(self, to, arena, w, at, columns);
    const VdtMatrices product = {
        .rows = n,
        .columns = columns,
        .depth = depth,
        .a = rows,
        .a_pitch = pitch,
        .packed = w->packed,
        .add = self->add[which] ? y : NULL,
        .add_pitch = to->pitch,
        .zeros = (const float *)vdt_place_address(self->plan, &self->p.zeros, arena),
        .y = y,
        .y_pitch = to->pitch,
    };

    vdt_multiply(self->plan->kernels_f32, &product);
}

/* Packs the transposed of @matrix, whose columns are then its rows. */
static void pack_across(const BackStep *self, const Work *w, const float *matrix)
{
    vdt_pack_gemm_strided(self->plan->kernels_f32, matrix, self->depth, self->wide, self->width + 1,
                          1, 1, 0, w->packed);
}

static void run_queries(const BackStep *self, char *arena, const Work *w)
{
    const gsize queries = self->p.q.h * self->p.q.w;

    pack_across(self, w, w->sums);
    for (gsize at = 0; at < queries; at += TOKENS) {
        const gsize n = MIN(TOKENS, queries - at);
        const float *q[TOKENS], *rows[TOKENS];

        for (gsize i = 0; i < n; i++) {
            float *row = w->rows + i * self->wide;

            q[i] = token(self, &self->p.q, arena, w, at + i, self->depth);
            divide(self, w, q[i], token(self, &self->p.y, arena, w, at + i, self->width),
                   token(self, &self->dy, arena, w, at + i, self->width), row);
            rows[i] = row;
        }
        vdt_sum_outer(self->plan->kernels_f32, n, q, self->depth, rows, self->wide, w->dsums,
                      self->wide, at > 0);
        if (self->has[Q])
            multiply(self, arena, w, w->rows, self->wide, self->width + 1, n, Q, at, self->depth);
    }
}

static void run_keys(const BackStep *self, char *arena, const Work *w)
{
    const gsize keys = self->p.k.h * self->p.k.w;

    pack_across(self, w, w->dsums);
    for (gsize at = 0; at < keys && self->has[K]; at += TOKENS) {
        const gsize n = MIN(TOKENS, keys - at);

        for (gsize i = 0; i < n; i++)
            copy_with(token(self, &self->p.v, arena, w, at + i, self->width), self->width, 1,
                      self->wide, w->rows + i * self->wide);
        multiply(self, arena, w, w->rows, self->wide, self->width + 1, n, K, at, self->depth);
    }
    if (!self->has[V])
        return;
    vdt_pack_gemm_strided(self->plan->kernels_f32, w->dsums, self->width, 1, self->depth,
                          self->wide, 1, 0, w->packed);
    for (gsize at = 0; at < keys; at += TOKENS)
        multiply(self, arena, w, token(self, &self->p.k, arena, w, at, self->depth),
                 self->p.k.pitch, self->depth, MIN(TOKENS, keys - at), V, at, self->width);
}

/* An item is a head of an image. */
static void run_back(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const BackStep *self = (const BackStep *)step;
    const gsize n = self->depth * self->wide;
    Work w = {.image = item / self->p.heads,
              .head = item % self->p.heads,
              .sums = (float *)scratch,
              .dsums = (float *)scratch + n,
              .packed = (char *)((float *)scratch + 2 * n)};

    w.rows = (float *)scratch + 2 * n + VDT_ALIGN_LANES(self->depth) * self->wide;
    sum_keys(self, arena, &w);
    run_queries(self, arena, &w);
    if (self->has[K] || self->has[V])
        run_keys(self, arena, &w);
}

static gboolean forward_linear_attention(VdtTrain *t, const VdtNode *node)
{
    const guint heads = node->p.linear_attention.heads;
    BackStep *self;

    if (!vdt_heads_are_vectors(node->inputs[Q]->shape.dims[2], heads) ||
        !vdt_heads_are_vectors(node->shape.dims[2], heads))
        return FALSE;
    self = g_new0(BackStep, 1);
    self->plan = t->plan;
    self->p.heads = heads;
    self->p.eps = node->p.linear_attention.eps;
    self->p.zeros = t->zeros;
    self->p.q = *vdt_train_channels_last(t, node->inputs[Q]);
    self->p.k = *vdt_train_channels_last(t, node->inputs[K]);
    self->p.v = *vdt_train_channels_last(t, node->inputs[V]);
    self->depth = self->p.k.c / heads;
    self->width = self->p.v.c / heads;
    self->wide = VDT_ALIGN_LANES(self->width + 1);
    self->p.y = vdt_train_new_map(t, node);
    vdt_plan_add_linear_attention(t->plan, &self->p, node->op->name, node->op->macs(node));
    t->kept[node->index] = self;
    return TRUE;
}

static void backward_linear_attention(VdtTrain *t, const VdtNode *node)
{
    BackStep *self = g_memdup2(t->kept[node->index], sizeof *self);

    self->dy = *vdt_train_dy(t, node);
    for (guint i = 0; i < N_INPUTS; i++) {
        self->has[i] = vdt_train_wants(t, node->inputs[i]);
        if (self->has[i])
            self->dx[i] = vdt_train_dx(t, node->inputs[i], &self->add[i]);
    }
    vdt_train_init_step(t, node, self,
                        (VdtStep){.kernel = "linear_attention_gradient",
                                  .n_items = self->p.q.n * self->p.heads,
                                  .scratch = count_floats(self) * sizeof(float),
                                  .macs = 3 * node->op->macs(node),
                                  .run = run_back});
    vdt_step_reads(&self->step, self->p.q.place, self->p.k.place, self->p.v.place, self->p.y.place,
                   self->dy.place, self->p.zeros);
    vdt_step_writes(&self->step, self->dx[Q].place, self->dx[K].place, self->dx[V].place);
    vdt_plan_add_step(t->plan, &self->step);
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_linear_attention, forward_linear_attention, backward_linear_attention, FALSE},
};
VDT_TRAIN_LOWERINGS(linear_attention);
