/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions of the task's own, the head, make features of a tile; a transformer that all tasks
 * share runs over patches of these, its decoder asked by the task's own query; what it gives is
 * added to the features, and the task's tail makes a picture of them. Scopes are the attribute
 * names of the authors' PyTorch modules, and only the asked task's are declared.
 */
#include "ipt.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>

#include "../fields.h"
#include "../measure.h"
#include "live.h"

#define MAX_TASKS  64
#define MAX_LAYERS 64
#define MAX_TILE   512
#define HEAD_WIDTH 48 /* of the published networks; the number of heads is in no tensor's shape */

typedef struct {
    int features, tile, patch; /* channels of the head; sides of what it takes, and of a token */
    int heads, layers;         /* of attention; of the encoder, and as many of the decoder */
    int n_queries, n_tasks, task;
    gint64 scale[MAX_TASKS]; /* by task: how many times as large the result is, in each direction */
    gboolean norm, mlp;      /* as published; experiments of the authors have none */
    gboolean pos, pos_every; /* codes of positions; in each layer of the encoder, too */
    double dropout;
} Config;

static int token_dim(const Config *c)
{
    return c->features * c->patch * c->patch;
}

static int along(const Config *c)
{
    return c->tile / c->patch;
}

/* One scale for each task. */
static void read_scales(VdtFields *fields, Config *c)
{
    JsonNode *node = json_object_get_member(fields->object, "scale");
    guint n = node != NULL && JSON_NODE_HOLDS_ARRAY(node)
                  ? json_array_get_length(json_node_get_array(node))
                  : 1;
    if (n < 1 || n > MAX_TASKS) {
        vdt_fields_fail(fields, "\"scale\" has %u numbers, but must have 1 to %d", n, MAX_TASKS);
        return;
    }
    c->n_tasks = (int)n;
    c->scale[0] = 1;
    vdt_fields_ints(fields, "scale", c->scale, n, 1, 4);
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "ipt configuration", &mistake};

    *c = (Config){0};
    read_scales(&fields, c);
    c->features = vdt_fields_int(&fields, "n_feats", 64, 1, 1024);
    c->tile = vdt_fields_int(&fields, "patch_size", 48, 1, MAX_TILE);
    c->patch = vdt_fields_int(&fields, "patch_dim", 3, 1, MAX_TILE);
    c->heads = vdt_fields_int(&fields, "num_heads", 12, 1, 256);
    c->layers = vdt_fields_int(&fields, "num_layers", 12, 1, MAX_LAYERS);
    c->n_queries = vdt_fields_int(&fields, "num_queries", MAX(1, c->n_tasks), 1, MAX_TASKS);
    c->task = vdt_fields_int(&fields, "scale_idx", 0, 0, MAX(1, c->n_tasks) - 1);
    c->norm = !vdt_fields_bool(&fields, "no_norm", FALSE);
    c->mlp = !vdt_fields_bool(&fields, "no_mlp", FALSE);
    c->pos = !vdt_fields_bool(&fields, "no_pos", FALSE);
    c->pos_every = vdt_fields_bool(&fields, "pos_every", FALSE);
    c->dropout = vdt_fields_double(&fields, "dropout_rate", 0, 0, 0.95);
    vdt_fields_int(&fields, "n_colors", 3, 3, 3);
    vdt_fields_double(&fields, "rgb_range", 255, 255, 255);

    if (c->tile % c->patch != 0)
        vdt_fields_fail(&fields,
                        "\"patch_size\" is %d, but must be a multiple of \"patch_dim\", %d",
                        c->tile, c->patch);
    if (token_dim(c) % c->heads != 0)
        vdt_fields_fail(&fields,
                        "\"n_feats\" times the square of \"patch_dim\" is %d, but must be a "
                        "multiple of \"num_heads\", %d",
                        token_dim(c), c->heads);
    if (c->mlp && c->task >= c->n_queries)
        vdt_fields_fail(&fields, "\"scale_idx\" is %d, but there are %d \"num_queries\"", c->task,
                        c->n_queries);
    if (c->pos_every && !c->pos)
        vdt_fields_fail(&fields, "\"pos_every\" and \"no_pos\" are both true");
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

/* Adds (or takes away) the mean colour of the pictures that it was trained on, which is in the
 * weights; a convolution by the identity, as the authors have it. */
static VdtValue *mean_shift(VdtScope s, VdtValue *x)
{
    return vdt_conv2d(s, x, .out = 3, .kernel = 1, .bias = TRUE);
}

static VdtValue *conv(VdtScope s, VdtValue *x, int out, int kernel)
{
    return vdt_conv2d(s, x, .out = out, .kernel = kernel, .pad = kernel / 2, .bias = TRUE);
}

static VdtValue *head(const Config *c, VdtScope s, VdtValue *x)
{
    x = conv(vdt_in(s, "0"), x, c->features, 3);
    for (int i = 1; i <= 2; i++) {
        VdtScope body = vdt_in(s, "%d.body", i);
        VdtValue *y = vdt_relu(conv(vdt_in(body, "0"), x, c->features, 5));
        x = vdt_add(conv(vdt_in(body, "2"), y, c->features, 5), x);
    }
    return x;
}

static VdtValue *tail(const Config *c, VdtScope s, VdtValue *x)
{
    int scale = (int)c->scale[c->task], step = scale == 3 ? 3 : 2;
    for (int i = 0; scale > 1; i += 2, scale /= step)
        x = vdt_pixel_shuffle(conv(vdt_in(s, "0.%d", i), x, c->features * step * step, 3), step);
    return conv(vdt_in(s, "1"), x, 3, 3);
}

/* [N,C,H,W] to [N,tokens,C patch patch]: patches row by row, in each channel by channel. */
static VdtValue *to_tokens(const Config *c, VdtValue *x)
{
    gint64 n = vdt_value_dim(x, 0), l = along(c), p = c->patch;
    VdtShape grid = vdt_shape(n, c->features, l, p, l, p);
    VdtShape tokens = vdt_shape(n, l * l, token_dim(c));
    x = vdt_permute(vdt_reshape(x, &grid), (const guint[]){0, 2, 4, 1, 3, 5});
    return vdt_reshape(x, &tokens);
}

static VdtValue *from_tokens(const Config *c, VdtValue *x)
{
    gint64 n = vdt_value_dim(x, 0), l = along(c), p = c->patch;
    VdtShape grid = vdt_shape(n, l, l, c->features, p, p);
    VdtShape map = vdt_shape(n, c->features, c->tile, c->tile);
    x = vdt_permute(vdt_reshape(x, &grid), (const guint[]){0, 3, 1, 4, 2, 5});
    return vdt_reshape(x, &map);
}

static VdtValue *norm(const Config *c, VdtScope s, VdtValue *x)
{
    VdtShape channels = vdt_shape(token_dim(c));
    return c->norm ? vdt_layer_norm(s, x, &channels) : x;
}

static VdtValue *plus(VdtValue *x, VdtValue *code)
{
    return code != NULL ? vdt_add(x, code) : x;
}

/* torch.nn.MultiheadAttention without biases. @in are what queries, keys and values are made of;
 * what is made of the same is one product, as its weights are neighbours. */
static VdtValue *attention(const Config *c, VdtScope s, VdtValue *const in[3])
{
    gint64 dim = token_dim(c);
    VdtShape shape = vdt_shape(3 * dim, dim);
    VdtValue *weight = vdt_param(s, "in_proj_weight", &shape), *part[3];
    for (int i = 0, end; i < 3; i = end) {
        for (end = i + 1; end < 3 && in[end] == in[i]; end++)
            ;
        VdtValue *rows = end - i == 3 ? weight : vdt_slice(weight, 0, i * dim, (end - i) * dim);
        VdtValue *all = vdt_linear_by(in[i], rows, NULL);
        for (int k = i; k < end; k++)
            part[k] = vdt_split_heads(end - i == 1 ? all : vdt_slice(all, 2, (k - i) * dim, dim),
                                      c->heads);
    }
    VdtValue *a = vdt_matmul(part[0], part[1], .transpose_b = TRUE,
                             .scale = 1 / sqrt((double)dim / c->heads));
    VdtValue *y = vdt_join_heads(vdt_matmul(vdt_softmax(a), part[2]));
    return vdt_linear(vdt_in(s, "out_proj"), y, .out = (int)dim, .no_bias = TRUE);
}

/* Two linear layers with a ReLU between, under the names that their place has. */
static VdtValue *mlp(const Config *c, VdtScope first, VdtScope second, VdtValue *x)
{
    x = vdt_relu(vdt_linear(first, x, .out = 4 * token_dim(c)));
    return vdt_linear(second, vdt_dropout(x, c->dropout), .out = token_dim(c));
}

/* What a layer has found out about x, added to it. */
static VdtValue *residual(const Config *c, VdtValue *x, VdtValue *y)
{
    return vdt_add(x, vdt_dropout(y, c->dropout));
}

static VdtValue *encoder_layer(const Config *c, VdtScope s, VdtValue *x, VdtValue *pos)
{
    VdtValue *y = norm(c, vdt_in(s, "norm1"), x), *q = plus(y, pos);
    x = residual(c, x, attention(c, vdt_in(s, "self_attn"), (VdtValue *[]){q, q, y}));
    y = norm(c, vdt_in(s, "norm2"), x);
    return residual(c, x, mlp(c, vdt_in(s, "linear1"), vdt_in(s, "linear2"), y));
}

static VdtValue *decoder_layer(const Config *c, VdtScope s, VdtValue *x, VdtValue *memory,
                               VdtValue *query, VdtValue *pos)
{
    VdtValue *y = norm(c, vdt_in(s, "norm1"), x), *q = plus(y, query);
    x = residual(c, x, attention(c, vdt_in(s, "self_attn"), (VdtValue *[]){q, q, y}));
    q = plus(norm(c, vdt_in(s, "norm2"), x), query);
    y = attention(c, vdt_in(s, "multihead_attn"), (VdtValue *[]){q, plus(memory, pos), memory});
    x = residual(c, x, y);
    y = norm(c, vdt_in(s, "norm3"), x);
    return residual(c, x, mlp(c, vdt_in(s, "linear1"), vdt_in(s, "linear2"), y));
}

/* Tokens as the authors have them, [tokens,N,C], to be compared with theirs. */
static void tap_tokens(VdtValue *x, const char *name)
{
    vdt_tap(vdt_permute(x, (const guint[]){1, 0, 2}), "%s", name);
}

/* A code for each token, the same for all samples: a table of one row for each of them. */
static VdtValue *codes(const Config *c, VdtValue *table)
{
    VdtShape shape = vdt_shape(1, along(c) * along(c), token_dim(c));
    return vdt_reshape(table, &shape);
}

static VdtValue *body(const Config *c, VdtScope s, VdtValue *features)
{
    VdtValue *x = to_tokens(c, features), *query = NULL, *pos = NULL;
    gint64 tokens = along(c) * along(c), dim = token_dim(c);
    if (c->mlp) {
        x = residual(c, x, vdt_linear(vdt_in(s, "linear_encoding"), x, .out = (int)dim));
        VdtShape table = vdt_shape(c->n_queries, tokens * dim);
        VdtValue *all = vdt_param(vdt_in(s, "query_embed"), "weight", &table);
        query = codes(c, vdt_slice(all, 0, c->task, 1));
    }
    if (c->pos) {
        VdtShape table = vdt_shape(tokens, dim);
        pos = codes(c, vdt_param(vdt_in(s, "position_encoding.pe"), "weight", &table));
    }
    if (pos != NULL && !c->pos_every) {
        x = vdt_add(x, pos);
        pos = NULL;
    }
    for (int i = 0; i < c->layers; i++) {
        x = encoder_layer(c, vdt_in(s, "encoder.layers.%d", i), x, pos);
        if (i == 0)
            tap_tokens(x, "enc0");
    }
    tap_tokens(x, "encoder");
    VdtValue *memory = x;
    for (int i = 0; i < c->layers; i++) {
        x = decoder_layer(c, vdt_in(s, "decoder.layers.%d", i), x, memory, query, pos);
        if (i == 0)
            tap_tokens(x, "dec0");
    }
    tap_tokens(x, "decoder");
    if (c->mlp)
        x = residual(c, x, mlp(c, vdt_in(s, "mlp_head.0"), vdt_in(s, "mlp_head.3"), x));
    return vdt_tap(from_tokens(c, x), "body");
}

/* How many of its tasks can be asked for: each has its query. */
static int count_restorations(const Config *c)
{
    return c->mlp ? MIN(c->n_tasks, c->n_queries) : c->n_tasks;
}

static guint restorations(JsonObject *config, guint *usual)
{
    Config c;
    if (vdt_live_is(config))
        return vdt_live_restorations(config, usual);
    if (!read_config(config, &c, NULL))
        return 0;
    *usual = c.task;
    return count_restorations(&c);
}

static gboolean choose(Config *c, int restoration, GError **error)
{
    if (restoration < 0)
        return TRUE;
    if (restoration >= count_restorations(c)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "this ipt has no restoration %d, but those from 0 to %d", restoration,
                    count_restorations(c) - 1);
        return FALSE;
    }
    c->task = restoration;
    return TRUE;
}

static gboolean build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    const VdtShape *input = &asked->inputs[0];
    Config c;
    if (vdt_live_is(config))
        return vdt_live_build(config, graph, asked, error);
    if (!read_config(config, &c, error) || !vdt_build_check_plain(&vdt_ipt, asked, error) ||
        !choose(&c, asked->restoration, error))
        return FALSE;
    if (input->n_dims != 4 || input->dims[1] != 3 || input->dims[2] != c.tile ||
        input->dims[3] != c.tile) {
        g_autofree char *text = vdt_shape_to_string(input);
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "input has shape %s, but this network takes tiles [N,3,%d,%d]", text, c.tile,
                    c.tile);
        return FALSE;
    }
    VdtScope net = vdt_scope(graph, "");
    VdtValue *x = mean_shift(vdt_in(net, "sub_mean"), vdt_input(graph, "image", input));
    x = vdt_tap(head(&c, vdt_in(net, "head.%d", c.task), x), "head");
    x = vdt_add(body(&c, vdt_in(net, "body"), x), x);
    x = mean_shift(vdt_in(net, "add_mean"), tail(&c, vdt_in(net, "tail.%d", c.task), x));
    vdt_output(graph, "image", x);
    return TRUE;
}

/* Tiles, whatever the picture's size: tasks/tiles.h cuts and joins. */
static VdtShape input_shape(JsonObject *config, guint batch, guint width, guint height)
{
    if (vdt_live_is(config))
        return vdt_shape(batch, 3, height, width);
    gint64 tile = json_object_get_int_member_with_default(config, "patch_size", 48);
    return vdt_shape(batch, 3, tile, tile);
}

/* How many times as large the result of a tail is; 0 if it is no tail. */
static int measure_scale(const VdtWeights *w, int features, int task)
{
    if (vdt_measure(w, "", 4, 1, "tail.%d.1.weight", task) != features)
        return 0;
    int out = vdt_measure(w, "", 4, 0, "tail.%d.0.0.weight", task);
    if (out == 0)
        return 1;
    if (out == 9 * features)
        return 3;
    if (out != 4 * features)
        return 0;
    return vdt_measure(w, "", 4, 0, "tail.%d.0.2.weight", task) == out ? 4 : 2;
}

/* The square root of @square if that is a whole number, 0 otherwise. */
static int root(gint64 square)
{
    gint64 side = square > 0 ? llround(sqrt((double)square)) : 0;
    return side * side == square ? (int)side : 0;
}

/* Fills @c with the configuration whose tensors have the names and shapes of these. */
static gboolean measure(const VdtWeights *w, Config *c)
{
    static const char *const layer = "body.encoder.layers.%d.self_attn.in_proj_weight";
    gint64 dim = vdt_measure(w, "", 2, 1, layer, 0);
    *c = (Config){.features = vdt_measure(w, "", 4, 0, "head.0.0.weight")};
    if (dim == 0 || vdt_measure(w, "", 2, 0, layer, 0) != 3 * dim || c->features == 0 ||
        vdt_measure(w, "", 4, 1, "head.0.0.weight") != 3)
        return FALSE;
    c->patch = root(vdt_measured_ratio(dim, c->features));
    while (c->layers < MAX_LAYERS && vdt_measure(w, "", 2, 1, layer, c->layers) == dim)
        c->layers++;
    while (c->n_tasks < MAX_TASKS &&
           vdt_measure(w, "", 4, 0, "head.%d.0.weight", c->n_tasks) == c->features) {
        c->scale[c->n_tasks] = measure_scale(w, c->features, c->n_tasks);
        if (c->scale[c->n_tasks++] == 0)
            return FALSE;
    }
    c->n_queries = vdt_measure(w, "", 2, 0, "body.query_embed.weight");
    c->mlp = c->n_queries > 0;
    c->pos = vdt_measure(w, "", 2, 1, "body.position_encoding.pe.weight") == dim;
    c->norm = vdt_measure(w, "", 1, 0, "body.encoder.layers.0.norm1.weight") == dim;
    gint64 tokens =
        c->pos   ? vdt_measure(w, "", 2, 0, "body.position_encoding.pe.weight")
        : c->mlp ? vdt_measured_ratio(vdt_measure(w, "", 2, 1, "body.query_embed.weight"), dim)
                 : 256;
    c->tile = root(tokens) <= MAX_TILE && c->patch <= MAX_TILE ? root(tokens) * c->patch : 0;
    c->heads = dim % HEAD_WIDTH == 0 ? (int)dim / HEAD_WIDTH : 1;
    return c->patch > 0 && c->tile > 0 && c->tile <= MAX_TILE && c->layers > 0;
}

static JsonObject *to_json(const Config *c)
{
    JsonObject *object = json_object_new();
    JsonArray *scale = json_array_new();
    for (int i = 0; i < c->n_tasks; i++)
        json_array_add_int_element(scale, c->scale[i]);
    json_object_set_array_member(object, "scale", scale);
    json_object_set_int_member(object, "n_feats", c->features);
    json_object_set_int_member(object, "patch_size", c->tile);
    json_object_set_int_member(object, "patch_dim", c->patch);
    json_object_set_int_member(object, "num_heads", c->heads);
    json_object_set_int_member(object, "num_layers", c->layers);
    json_object_set_int_member(object, "num_queries", MAX(1, c->n_queries));
    json_object_set_boolean_member(object, "no_norm", !c->norm);
    json_object_set_boolean_member(object, "no_mlp", !c->mlp);
    json_object_set_boolean_member(object, "no_pos", !c->pos);
    return object;
}

#define VARIANT(title, text)                                                                       \
    .name = title, .config = text, .size = 48, .frames = 1, .frame_interval = 1,                   \
    .vision = {.test_clips = 1, .test_crops = 1, .test_size = 48}, .bench_width = 48,              \
    .bench_height = 48
static const char *const base_restorations[] = {"x2",      "x3",      "x4", "rain",
                                                "noise30", "noise50", NULL};
static const char *const live_restorations[] = {"noise", "blur", "rain", "haze",
                                                "snow",  "dark", NULL};
/* The network that was trained for all tasks, and those that were tuned for one. */
static const VdtVariant variants[] = {
    {VARIANT("ipt-base", "{\"scale\": [2, 3, 4, 1, 1, 1]}"), .restorations = base_restorations},
    {VARIANT("ipt-x1", "{\"scale\": [1]}")},
    {VARIANT("ipt-x2", "{\"scale\": [2]}")},
    {VARIANT("ipt-x3", "{\"scale\": [3]}")},
    {VARIANT("ipt-x4", "{\"scale\": [4]}")},
    {.name = "small",
     .config = "{\"arch\": \"live\", \"tasks\": 6, \"rank\": 32}",
     .size = 128,
     .frames = 1,
     .frame_interval = 1,
     .vision = {.test_clips = 1, .test_crops = 1, .test_size = 128},
     .bench_width = 640,
     .bench_height = 360,
     .restorations = live_restorations},
};
#undef VARIANT

static gboolean same(const Config *a, const Config *b)
{
    return a->features == b->features && a->tile == b->tile && a->patch == b->patch &&
           a->heads == b->heads && a->layers == b->layers && a->n_queries == b->n_queries &&
           a->n_tasks == b->n_tasks && a->norm == b->norm && a->mlp == b->mlp && a->pos == b->pos &&
           memcmp(a->scale, b->scale, a->n_tasks * sizeof a->scale[0]) == 0;
}

static JsonObject *recognise(const VdtWeights *weights, const char **variant)
{
    Config found;
    JsonObject *live = vdt_live_recognise(weights);
    *variant = "custom";
    for (guint i = 0; live != NULL && i < G_N_ELEMENTS(variants); i++) {
        g_autoptr(JsonObject) object = vdt_variant_config(&variants[i]);
        if (vdt_live_is(object) && vdt_live_same(live, object))
            *variant = variants[i].name;
    }
    if (live != NULL || !measure(weights, &found))
        return live;
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autoptr(JsonObject) object = vdt_variant_config(&variants[i]);
        Config published;
        if (!vdt_live_is(object) && read_config(object, &published, NULL) &&
            same(&found, &published))
            *variant = variants[i].name;
    }
    return to_json(&found);
}

static const char *const keys[] = {
    "n_feats",     "patch_size", "patch_dim", "num_heads",    "num_layers",
    "num_queries", "scale",      "rgb_range", "n_colors",     "no_norm",
    "no_mlp",      "pos_every",  "no_pos",    "dropout_rate", "scale_idx",
    "chop",        "arch",       "dims",      "heads",        "depths",
    "window",      "mlp_ratio",  "tasks",     "rank",         "modulated",
    NULL};

const VdtModel vdt_ipt = {
    .name = "ipt",
    .variants = variants,
    .n_variants = G_N_ELEMENTS(variants),
    .task = VDT_TASK_RESTORATION,
    .vision = {.mean = {0, 0, 0}, .std = {1, 1, 1}},
    .keys = keys,
    .input_shape = input_shape,
    .restorations = restorations,
    .build = build,
    .recognise = recognise,
};
