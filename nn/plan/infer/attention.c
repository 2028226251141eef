/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attention of several heads as two steps. For each head
 *     y = softmax(q k' + bias) v
 * with a bias that is constant, or one for each key of each sample; where, if there are talking
 * heads, the scores of all heads are mixed before and after the softmax (a constant before it would
 * change nothing). Keys and values are packed as the right sides of products; then, block of
 * queries by block, scores, softmax and values, with nothing but a block's scores in memory between
 * them. Scores are float32 until the softmax has made shares of them; their scale has gone into q.
 *
 * Networks write it in two ways: over maps [N,C,H,W], whose reshapes [N,heads,D,H W] have a pixel
 * in each column, and over tokens [N,L,C], whose heads [N,heads,L,D] have one in each row. Either
 * way a head's channels of a pixel lie side by side in the map.
 */
#include "attention.h"

#include <string.h>

#include "ops/table.h"

/* Scores of a block: they are to stay in the second cache. */
#define BLOCK_FLOATS 32768

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap q, k, v, y;
    guint heads, together;                             /* talking heads are in one item */
    gsize queries, keys, key_channels, value_channels; /* channels of a head */
    gsize pitch;                                       /* of a row of scores */
    gsize block, n_blocks;                             /* queries */
    VdtPlace packed_k, packed_v, zeros;
    VdtPlace bias;            /* rows of elements; or no place */
    guint biases;             /* which images have in turn */
    VdtMap key_bias;          /* a row for each image; or no place */
    VdtPlace before;          /* [heads][heads]; or no place */
    VdtPlace after, ones;     /* [heads][heads + 1]: with the bias behind; or no places */
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

    if (!vdt_map_has_live(self->plan, &self->k, arena, image))
        return;
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

/* Rows of elements, the same one again and again if the pitch is 0. */
typedef struct {
    const char *rows; /* or NULL */
    gsize pitch;
} Added;

/* What is added to the scores of query @first and those behind it. */
static Added find_bias(const AttentionStep *self, char *arena, gsize image, guint head, gsize first)
{
    gsize row;

    if (vdt_place_exists(&self->key_bias.place))
        return (Added){vdt_place_address(self->plan, &self->key_bias.place, arena) +
                           image * self->key_bias.pitch * element_size(self),
                       0};
    if (!vdt_place_exists(&self->bias))
        return (Added){0};
    row = (image % self->biases * self->heads + head) * self->queries + first;
    return (Added){vdt_place_address(self->plan, &self->bias, arena) +
                       row * self->pitch * element_size(self),
                   self->pitch};
}

static void make_scores(const AttentionStep *self, char *arena, gsize image, guint head,
                        gsize first, gsize rows, float *scores)
{
    const Added bias = find_bias(self, arena, image, head, first);
    const VdtMatrices product = {
        .rows = rows,
        .columns = self->keys,
        .depth = self->key_channels,
        .a = head_at(self, &self->q, arena, image, first, head, self->key_channels),
        .a_pitch = self->q.pitch,
        .packed = vdt_place_address(self->plan, &self->packed_k, arena) +
                  (image * self->heads + head) * packed_k_size(self),
        .add = bias.rows,
        .add_pitch = bias.pitch,
        .zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
        .y = scores,
        .y_pitch = self->pitch,
        .y_f32 = TRUE,
    };

    vdt_multiply(self->plan->kernels, &product);
}

/* What each query makes of the values; @shares are elements. */
static void gather_values(const AttentionStep *self, char *arena, gsize image, guint head,
                          gsize first, gsize rows, const char *shares)
{
    VdtEpilogue behind = vdt_epilogue_at(self->plan, &self->epilogue, arena, image, first,
                                         head * self->value_channels);
    const VdtMatrices product = {
        .rows = rows,
        .columns = self->value_channels,
        .depth = self->keys,
        .a = shares,
        .a_pitch = self->pitch,
        .packed = vdt_place_address(self->plan, &self->packed_v, arena) +
                  (image * self->heads + head) * packed_v_size(self),
        .add = behind.add,
        .add_pitch = behind.add_pitch,
        .zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
        .y = head_at(self, &self->y, arena, image, first, head, self->value_channels),
        .y_pitch = self->y.pitch,
    };

    vdt_multiply(self->plan->kernels, &product);
}

/* An item is a block of queries of an image, for one head or, if they talk, for all. */
static void run_attend(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const AttentionStep *self = (const AttentionStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    gsize first = item % self->n_blocks * self->block, pair = item / self->n_blocks;
    guint groups = self->heads / self->together, head = pair % groups * self->together;
    gsize image = pair / groups, size = self->block * self->pitch;
    gsize rows = MIN(self->block, self->queries - first);
    float *scores = (float *)scratch, *other = scores + self->together * size;

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (guint h = 0; h < self->together; h++)
        make_scores(self, arena, image, head + h, first, rows, scores + h * size);
    if (vdt_place_exists(&self->before)) {
        talk(self, (const float *)vdt_place_address(self->plan, &self->before, arena), NULL, scores,
             other, rows);
        scores = other;
        other = (float *)scratch;
    }
    for (guint h = 0; h < self->together; h++)
        for (gsize row = 0; row < rows; row++)
            kernels->softmax_row(self->keys, scores + h * size + row * self->pitch);
    if (vdt_place_exists(&self->after)) {
        float *from = scores;

        talk(self, (const float *)vdt_place_address(self->plan, &self->after, arena),
             (const float *)vdt_place_address(self->plan, &self->ones, arena), scores, other, rows);
        scores = other;
        other = from;
    }
    if (kernels->precision != VDT_PRECISION_F32) {
        for (guint h = 0; h < self->together; h++)
            kernels->store_scaled(rows * self->pitch, scores + h * size, 1,
                                  (char *)other + h * size * element_size(self));
        scores = other;
    }
    for (guint h = 0; h < self->together; h++)
        gather_values(self, arena, image, head + h, first, rows,
                      (const char *)scores + h * size * element_size(self));
    if (self->act) {
        VdtEpilogue behind = {
            .bias = (const float *)vdt_place_address(self->plan, &self->zeros, arena),
            .act0 = self->act,
        };
        char *y = head_at(self, &self->y, arena, image, first, head, self->value_channels);

        kernels->map_rows(rows, self->together * self->value_channels, y, self->y.pitch, &behind, y,
                          self->y.pitch);
    }
}

/* Weights of talking heads, with a column for the bias if @with_bias; there may be none all the
 * same. */
static VdtPlace talk_weights(VdtInfer *l, const VdtNode *talk, guint heads, gboolean with_bias)
{
    const VdtNode *bias = talk->n_inputs > 2 ? talk->inputs[2] : NULL;
    const VdtFused *weights = &l->fused[talk->inputs[1]->index];
    g_autoptr(VdtTensor) floats = NULL;
    guint columns = heads + (with_bias ? 1 : 0);
    const VdtIdentity of[] = {weights->identity,
                              with_bias && bias ? l->fused[bias->index].identity : 0};
    VdtIdentity identity = vdt_identity_of(l->plan->shared, "talk", NULL, 0, of, 2);
    gboolean fresh;
    float *data =
        vdt_plan_get_blob(l->plan, "talk", identity, heads * columns * sizeof *data, &fresh);

    if (fresh)
        floats = vdt_infer_floats(l, weights);
    for (guint h = 0; h < heads && floats; h++) {
        memcpy(data + h * columns, (const float *)floats->data + h * heads, heads * sizeof *data);
        if (with_bias)
            data[h * columns + heads] =
                bias ? ((const float *)l->fused[bias->index].constant->data)[h] : 0;
    }
    return (VdtPlace){.constant = data};
}

/* The bias as elements, with rows of whole vectors. */
static VdtPlace make_bias(VdtInfer *l, const VdtFused *bias, const AttentionStep *self)
{
    gsize rows = self->biases * self->heads * self->queries,
          row_size = self->pitch * element_size(self);
    g_autofree float *row = g_new0(float, self->pitch);
    g_autoptr(VdtTensor) floats = NULL;
    gboolean fresh;
    char *data =
        vdt_plan_get_blob(l->plan, "attention bias", bias->identity, rows * row_size, &fresh);

    if (fresh)
        floats = vdt_infer_floats(l, bias);
    for (gsize i = 0; i < rows && floats; i++) {
        memcpy(row, (const float *)floats->data + i * self->keys, self->keys * sizeof *row);
        l->plan->kernels->store_scaled(self->keys, row, 1, data + i * row_size);
    }
    return (VdtPlace){.constant = data};
}

static VdtPlace make_ones(VdtInfer *l, gsize n)
{
    gboolean fresh;
    float *ones = vdt_plan_get_blob(l->plan, "ones", 0, n * sizeof *ones, &fresh);

    for (gsize i = 0; i < n && fresh; i++)
        ones[i] = 1;
    return (VdtPlace){.constant = ones};
}

static void lower(VdtInfer *l, VdtFused *f, gconstpointer match)
{
    const VdtAttention *a = match;
    const VdtKernels *kernels = l->plan->kernels;
    AttentionStep state = {.plan = l->plan, .zeros = l->zeros}, *pack, *attend;
    gsize pairs, blocks;

    state.q = *vdt_infer_get_map(l, a->q, a->axis);
    state.k = *vdt_infer_get_map(l, a->k, a->axis);
    state.v = *vdt_infer_get_map(l, a->v, a->axis);
    if (a->key_bias)
        state.key_bias = *vdt_infer_get_map(l, a->key_bias, 3);
    if (f->add)
        state.epilogue = vdt_infer_sum(l, f->add->node, a->axis);
    state.epilogue.bias = l->zeros;
    state.act = f->add ? f->act1 : f->act0;
    state.heads = a->heads;
    state.together = a->before || a->after ? a->heads : 1;
    state.queries = state.q.h * state.q.w;
    state.keys = state.k.h * state.k.w;
    state.key_channels = state.q.c / a->heads;
    state.value_channels = state.v.c / a->heads;
    state.pitch = VDT_ALIGN_LANES(state.keys);
    blocks = state.queries * state.together * state.pitch / BLOCK_FLOATS + 1;
    state.block = (state.queries + blocks - 1) / blocks;
    state.block = (state.block + kernels->mr - 1) / kernels->mr * kernels->mr;
    state.n_blocks = (state.queries + state.block - 1) / state.block;
    state.biases = a->biases;
    if (a->bias)
        state.bias = make_bias(l, &l->fused[a->bias->index], &state);
    if (a->before)
        state.before = talk_weights(l, a->before, a->heads, FALSE);
    if (a->after) {
        state.after = talk_weights(l, a->after, a->heads, TRUE);
        state.ones = make_ones(l, state.pitch);
    }
    pairs = state.q.n * a->heads;

    pack = vdt_infer_copy_step(l, f, &state, .kernel = "pack_heads", .run = run_pack);
    pack->packed_k = vdt_plan_add_buffer(l->plan, pairs * packed_k_size(pack));
    pack->packed_v = vdt_plan_add_buffer(l->plan, pairs * packed_v_size(pack));
    pack->step.n_items = 2 * pairs;
    vdt_step_reads(&pack->step, state.k.place, state.v.place, state.k.live);
    vdt_step_writes(&pack->step, pack->packed_k, pack->packed_v);
    state.packed_k = pack->packed_k;
    state.packed_v = pack->packed_v;
    vdt_plan_add_step(l->plan, &pack->step);

    attend = vdt_infer_copy_step(l, f, &state, .kernel = "attend", .run = run_attend);
    attend->y = vdt_infer_new_map(l, f, a->axis, FALSE);
    attend->step.n_items = pairs / state.together * state.n_blocks;
    attend->step.scratch = 2 * state.together * state.block * state.pitch * sizeof(float);
    attend->step.macs = state.q.n * state.queries * state.keys *
                        (state.q.c + state.v.c + (a->before ? a->heads * a->heads : 0) +
                         (a->after ? a->heads * a->heads : 0));
    vdt_step_reads(&attend->step, state.q.place, state.packed_k, state.packed_v,
                   state.key_bias.place, attend->y.live);
    vdt_step_reads_epilogue(&attend->step, &state.epilogue);
    vdt_step_writes(&attend->step, attend->y.place);
    vdt_plan_add_step(l->plan, &attend->step);
}

VDT_PATTERN(attention) = {
    .name = "attention",
    .op = &vdt_op_reshape,
    .takes_epilogue = TRUE,
    .match_size = sizeof(VdtAttention),
    .match = vdt_attention_match,
    .lower = lower,
};
