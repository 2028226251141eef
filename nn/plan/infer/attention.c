/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attention as two steps: keys and values are packed as the right sides of products; then, block of
 * queries by block, scores of all heads, softmax and values, with nothing but a block's scores in
 * memory between them. Scores are float32 until the softmax has made shares of them.
 */
#include "lowering.h"

#include <string.h>

/* Queries of a block: their scores are to stay in the second cache. */
#define BLOCK_FLOATS 32768

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap q, k, v, y;
    guint heads;
    gsize queries, keys, key_channels, value_channels; /* channels of a head */
    gsize pitch;                                       /* of a row of scores */
    gsize block;                                       /* queries */
    VdtPlace packed_k, packed_v, bias, ones, zeros;
    VdtPlace before; /* [heads][heads]; or no place */
    VdtPlace after;  /* [heads][heads + 1]: with the bias behind; or no place */
    gboolean talks_before, talks_after;
    VdtLateEpilogue epilogue; /* the sum behind */
    VdtAct act;               /* and what follows that */
} AttentionStep;

static gsize packed_k_size(const AttentionStep *self)
{
    return vdt_packed_size(self->plan->kernels, self->keys, self->key_channels, 1);
}

static gsize packed_v_size(const AttentionStep *self)
{
    return vdt_packed_size(self->plan->kernels, self->value_channels, self->keys, 1);
}

static gsize element_size(const AttentionStep *self)
{
    return vdt_element_size(self->plan->kernels->precision);
}

/* Where head @head of pixel @pixel is in a map's image. */
static char *head_at(const AttentionStep *self, const VdtMap *map, char *arena, gsize image,
                     gsize pixel, guint head, gsize channels)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           ((image * map->h * map->w + pixel) * map->pitch + head * channels) * element_size(self);
}

/* An item is a head of an image, of keys or of values. */
static void run_pack(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const AttentionStep *self = (const AttentionStep *)step;
    gsize pair = item / 2, image = pair / self->heads;
    guint head = pair % self->heads;

    if (item % 2 == 0)
        vdt_pack_elements(
            self->plan->kernels, head_at(self, &self->k, arena, image, 0, head, self->key_channels),
            self->keys, self->k.pitch, self->key_channels, 1,
            vdt_place_address(self->plan, &self->packed_k, arena) + pair * packed_k_size(self));
    else
        vdt_pack_elements(self->plan->kernels,
                          head_at(self, &self->v, arena, image, 0, head, self->value_channels),
                          self->value_channels, 1, self->keys, self->v.pitch,
                          vdt_place_address(self->plan, &self->packed_v, arena) +
                              pair * packed_v_size(self));
}

/* Mixes the heads' rows of each query, and a row of ones if there are weights for it: from[h] to
 * to[h]. */
static void talk(const AttentionStep *self, const float *weights, const float *ones,
                 const float *from, float *to, gsize rows)
{
    gsize head = self->block * self->pitch;

    for (gsize row = 0; row < rows; row++) {
        const void *a[VDT_MOST_TAPS];

        for (guint h = 0; h < self->heads; h++)
            a[h] = from + h * head + row * self->pitch;
        a[self->heads] = ones;
        self->plan->kernels_f32->blend_rows(self->heads, self->heads + (ones ? 1 : 0), self->keys,
                                            a, weights, to + row * self->pitch, head);
    }
}

static void make_scores(const AttentionStep *self, char *arena, gsize image, gsize first,
                        gsize rows, float *scores)
{
    for (guint h = 0; h < self->heads; h++) {
        const VdtMatrices product = {
            .rows = rows,
            .columns = self->keys,
            .depth = self->key_channels,
            .a = head_at(self, &self->q, arena, image, first, h, self->key_channels),
            .a_pitch = self->q.pitch,
            .packed = vdt_place_address(self->plan, &self->packed_k, arena) +
                      (image * self->heads + h) * packed_k_size(self),
            .add = vdt_place_address(self->plan, &self->bias, arena) +
                   (h * self->queries + first) * self->pitch * element_size(self),
            .add_pitch = self->pitch,
            .zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
            .y = scores + h * self->block * self->pitch,
            .y_pitch = self->pitch,
            .y_f32 = TRUE,
        };

        vdt_multiply(self->plan->kernels, &product);
    }
}

/* What each query makes of the values; @shares are elements. */
static void gather_values(const AttentionStep *self, char *arena, gsize image, gsize first,
                          gsize rows, const char *shares)
{
    for (guint h = 0; h < self->heads; h++) {
        VdtEpilogue behind = vdt_epilogue_at(self->plan, &self->epilogue, arena, image, first,
                                             h * self->value_channels);
        const VdtMatrices product = {
            .rows = rows,
            .columns = self->value_channels,
            .depth = self->keys,
            .a = shares + h * self->block * self->pitch * element_size(self),
            .a_pitch = self->pitch,
            .packed = vdt_place_address(self->plan, &self->packed_v, arena) +
                      (image * self->heads + h) * packed_v_size(self),
            .add = behind.add,
            .add_pitch = behind.add_pitch,
            .zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
            .y = head_at(self, &self->y, arena, image, first, h, self->value_channels),
            .y_pitch = self->y.pitch,
        };

        vdt_multiply(self->plan->kernels, &product);
    }
}

/* An item is a block of queries of an image. */
static void run_attend(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const AttentionStep *self = (const AttentionStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    gsize blocks = (self->queries + self->block - 1) / self->block;
    gsize image = item / blocks, first = item % blocks * self->block;
    gsize rows = MIN(self->block, self->queries - first), head = self->block * self->pitch;
    float *scores = (float *)scratch, *other = scores + self->heads * head;
    const float *ones = (const float *)vdt_place_address(self->plan, &self->ones, arena);

    make_scores(self, arena, image, first, rows, scores);
    if (self->talks_before) {
        talk(self, (const float *)vdt_place_address(self->plan, &self->before, arena), NULL, scores,
             other, rows);
        scores = other;
        other = (float *)scratch;
    }
    for (guint h = 0; h < self->heads; h++)
        for (gsize row = 0; row < rows; row++)
            kernels->softmax_row(self->keys, scores + h * head + row * self->pitch);
    if (self->talks_after) {
        float *from = scores;

        talk(self, (const float *)vdt_place_address(self->plan, &self->after, arena), ones, scores,
             other, rows);
        scores = other;
        other = from;
    }
    if (kernels->precision != VDT_PRECISION_F32) {
        for (guint h = 0; h < self->heads; h++)
            kernels->store_scaled(rows * self->pitch, scores + h * head, 1,
                                  (char *)other + h * head * element_size(self));
        scores = other;
    }
    gather_values(self, arena, image, first, rows, (const char *)scores);
    if (self->act) {
        VdtEpilogue behind = {
            .bias = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
            .act0 = self->act,
        };
        char *y = head_at(self, &self->y, arena, image, first, 0, self->value_channels);

        kernels->map_rows(rows, self->y.c, y, self->y.pitch, &behind, y, self->y.pitch);
    }
}

/* Weights of talking heads, with a column for the bias if @with_bias; there may be none all the
 * same. */
static VdtPlace talk_weights(VdtInfer *l, const VdtFused *f, const char *what, const float *weights,
                             gboolean with_bias, const float *bias)
{
    guint heads = f->attention->heads, columns = heads + (with_bias ? 1 : 0);
    g_autofree char *key = g_strdup_printf("%s %u", what, f->node->index);
    gboolean fresh;
    float *data = vdt_plan_get_blob(l->plan, key, heads * columns * sizeof *data, &fresh);

    for (guint h = 0; h < heads && fresh; h++) {
        memcpy(data + h * columns, weights + h * heads, heads * sizeof *data);
        if (with_bias)
            data[h * columns + heads] = bias ? bias[h] : 0;
    }
    return (VdtPlace){.constant = data};
}

/* The bias as elements, with rows of whole vectors, and a row of ones. */
static void make_rows(VdtInfer *l, const VdtFused *f, AttentionStep *self)
{
    g_autofree char *key = g_strdup_printf("attention bias %u %" G_GSIZE_FORMAT, f->node->index,
                                           self->queries * self->keys);
    g_autofree char *ones_key = g_strdup_printf("ones %" G_GSIZE_FORMAT, self->pitch);
    gsize rows = self->heads * self->queries, row_size = self->pitch * element_size(self);
    const float *from = f->attention->bias->data;
    g_autofree float *row = g_new0(float, self->pitch);
    gboolean fresh;
    char *bias = vdt_plan_get_blob(l->plan, key, rows * row_size, &fresh);
    float *ones;

    for (gsize i = 0; i < rows && fresh; i++) {
        memcpy(row, from + i * self->keys, self->keys * sizeof *row);
        l->plan->kernels->store_scaled(self->keys, row, 1, bias + i * row_size);
    }
    self->bias.constant = bias;
    ones = vdt_plan_get_blob(l->plan, ones_key, self->pitch * sizeof *ones, &fresh);
    for (gsize i = 0; i < self->pitch && fresh; i++)
        ones[i] = 1;
    self->ones.constant = ones;
}

gboolean vdt_infer_attention(VdtInfer *l, VdtFused *f)
{
    const VdtAttention *a = f->attention;
    const VdtKernels *kernels = l->plan->kernels;
    AttentionStep state = {.plan = l->plan, .zeros = l->zeros}, *pack, *attend;
    gsize pairs;

    if (!a)
        return FALSE;
    state.q = *vdt_infer_get_channels_last(l, a->q);
    state.k = *vdt_infer_get_channels_last(l, a->k);
    state.v = *vdt_infer_get_channels_last(l, a->v);
    if (f->add) {
        const VdtMap *map = vdt_infer_get_channels_last(l, f->add->node);

        state.epilogue = (VdtLateEpilogue){.bias = l->zeros,
                                           .add = map->place,
                                           .add_pitch = map->pitch,
                                           .add_image = map->n > 1 ? map->h * map->w : 0};
    }
    state.epilogue.bias = l->zeros;
    state.act = f->add ? f->act1 : f->act0;
    state.heads = a->heads;
    state.queries = state.q.h * state.q.w;
    state.keys = state.k.h * state.k.w;
    state.key_channels = state.q.c / a->heads;
    state.value_channels = state.v.c / a->heads;
    state.pitch = VDT_ALIGN_LANES(state.keys);
    state.block = CLAMP(BLOCK_FLOATS / (a->heads * state.pitch), 1, state.queries);
    state.block = MAX(state.block / kernels->mr, 1) * kernels->mr;
    make_rows(l, f, &state);
    state.talks_before = a->before != NULL;
    state.talks_after = a->after != NULL;
    if (a->before)
        state.before = talk_weights(l, f, "talk before", a->before, FALSE, NULL);
    if (a->after)
        state.after = talk_weights(l, f, "talk after", a->after, TRUE, a->after_bias);
    pairs = state.q.n * a->heads;

    pack = vdt_infer_copy_step(l, f, &state, .kernel = "pack_heads", .run = run_pack);
    pack->packed_k = vdt_plan_add_buffer(l->plan, pairs * packed_k_size(pack));
    pack->packed_v = vdt_plan_add_buffer(l->plan, pairs * packed_v_size(pack));
    pack->step.n_items = 2 * pairs;
    vdt_step_reads(&pack->step, state.k.place, state.v.place);
    vdt_step_writes(&pack->step, pack->packed_k, pack->packed_v);
    state.packed_k = pack->packed_k;
    state.packed_v = pack->packed_v;
    vdt_plan_add_step(l->plan, &pack->step);

    attend = vdt_infer_copy_step(l, f, &state, .kernel = "attend", .run = run_attend);
    attend->y = vdt_infer_new_map(l, f, FALSE);
    attend->step.n_items = state.q.n * ((state.queries + state.block - 1) / state.block);
    attend->step.scratch = 2 * a->heads * state.block * state.pitch * sizeof(float);
    attend->step.macs = state.q.n * state.queries * state.keys *
                        (state.q.c + state.v.c + (a->before ? a->heads * a->heads : 0) +
                         (a->after ? a->heads * a->heads : 0));
    vdt_step_reads(&attend->step, state.q.place, state.packed_k, state.packed_v);
    vdt_step_reads_epilogue(&attend->step, &state.epilogue);
    vdt_step_writes(&attend->step, attend->y.place);
    vdt_plan_add_step(l->plan, &attend->step);
    return TRUE;
}
