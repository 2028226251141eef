/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture is cut into patches, each becomes a token, a token for the class is put in front, and
 * blocks of attention and MLP run over them; what the class token has become is classified. Scopes
 * are the names that timm's VisionTransformer gives to its parameters.
 */
#include "vit.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>

#include "../fields.h"
#include "../measure.h"
#include "compensator.h"
#include "merge.h"

#define MAX_BLOCKS 64
#define MAX_PATCH  256
#define MAX_SIZE   4096
#define MAX_LEVEL  65536
#define HEAD_WIDTH 64 /* of all published networks; the number of heads is in no tensor's shape */

typedef struct {
    int patch, size; /* pictures are size x size */
    int dim, depth, heads, mlp_ratio;
    gboolean qkv_bias;
    double eps; /* of layer norms */
    int num_classes;
    int trained, level;    /* tokens that a block merges: in the training, and to run with */
    gboolean weighs_sizes; /* of merged keys */
    VdtCompensator compensator;
} Config;

static int count_tokens(const Config *c)
{
    int along = c->size / c->patch;
    return along * along + 1;
}

static int most_merged(const Config *c)
{
    int most = vdt_tokens_most(count_tokens(c));
    return c->compensator.width > 0 ? MIN(most, VDT_COMPENSATOR_LEVELS) : most;
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "tocom configuration", &mistake};

    *c = (Config){0};
    vdt_fields_choice(&fields, "arch", 0, (const char *const[]){"deit", NULL});
    c->patch = vdt_fields_int(&fields, "patch", 16, 1, MAX_PATCH);
    c->size = vdt_fields_int(&fields, "img_size", 224, 1, MAX_SIZE);
    c->dim = vdt_fields_int(&fields, "dim", 768, 1, 8192);
    c->depth = vdt_fields_int(&fields, "depth", 12, 1, MAX_BLOCKS);
    c->heads = vdt_fields_int(&fields, "heads", MAX(1, c->dim / HEAD_WIDTH), 1, 256);
    c->mlp_ratio = vdt_fields_int(&fields, "mlp_ratio", 4, 1, 16);
    c->qkv_bias = vdt_fields_bool(&fields, "qkv_bias", TRUE);
    c->eps = vdt_fields_double(&fields, "ln_eps", 1e-6, 1e-12, 1);
    c->num_classes = vdt_fields_int(&fields, "num_classes", 1000, 1, 100000);
    c->trained = vdt_fields_int(&fields, "r_src", 0, 0, MAX_LEVEL);
    c->level = vdt_fields_int(&fields, "r_tgt", c->trained, 0, MAX_LEVEL);
    c->weighs_sizes = vdt_fields_bool(&fields, "prop_attn", TRUE);
    vdt_compensator_read(&fields, &c->compensator);

    if (c->size % c->patch != 0)
        vdt_fields_fail(&fields, "\"img_size\" is %d, but must be a multiple of \"patch\", %d",
                        c->size, c->patch);
    if (c->dim % c->heads != 0)
        vdt_fields_fail(&fields, "\"dim\" is %d, but must be a multiple of \"heads\", %d", c->dim,
                        c->heads);
    if (mistake == NULL && MAX(c->level, c->trained) > most_merged(c))
        vdt_fields_fail(&fields, "\"%s\" is %d, but a block can merge %d tokens at most%s",
                        c->level > c->trained ? "r_tgt" : "r_src", MAX(c->level, c->trained),
                        most_merged(c),
                        c->compensator.width > 0 ? ", for which adapters have levels" : "");
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

static VdtValue *norm(const Config *c, VdtScope s, VdtValue *x)
{
    VdtShape channels = vdt_shape(c->dim);
    return vdt_layer_norm(s, x, &channels, .eps = c->eps);
}

/* [N,3,H,W] to [N,patches,dim], row by row of the picture. */
static VdtValue *patches(const Config *c, VdtScope s, VdtValue *picture)
{
    VdtValue *x = vdt_conv2d(vdt_in(s, "proj"), picture, .out = c->dim, .kernel = c->patch,
                             .stride = c->patch, .bias = TRUE);
    VdtShape sequence = vdt_shape(vdt_value_dim(x, 0), c->dim, -1);
    x = vdt_permute(vdt_reshape(x, &sequence), (const guint[]){0, 2, 1});
    return vdt_tap(x, "patch_embed");
}

/* The class token in front of each sample's patches, and where each of them is. */
static VdtValue *embed(const Config *c, VdtScope net, VdtValue *x)
{
    gint64 batch = vdt_value_dim(x, 0), n = vdt_value_dim(x, 1);
    VdtShape one = vdt_shape(1, 1, c->dim), each = vdt_shape(batch, 1, c->dim);
    VdtShape all = vdt_shape(1, n + 1, c->dim);
    VdtValue *token = vdt_expand(vdt_param(net, "cls_token", &one), &each);
    x = vdt_concat((VdtValue *[]){token, x}, 2, 1);
    return vdt_add(x, vdt_param(net, "pos_embed", &all));
}

/* Queries, keys and values [N,L,dim]. Those that adapters change have weights of their own, so that
 * the keys', and their packed copy, are the same at each level. */
static void project(const Config *c, VdtScope s, VdtValue *x, int level, VdtValue **part)
{
    VdtScope qkv = vdt_in(s, "qkv");
    if (c->compensator.width == 0) {
        VdtValue *all = vdt_linear(qkv, x, .out = 3 * c->dim, .no_bias = !c->qkv_bias);
        for (int i = 0; i < 3; i++)
            part[i] = vdt_slice(all, 2, (gint64)i * c->dim, c->dim);
        return;
    }
    VdtShape weights = vdt_shape(3 * (gint64)c->dim, c->dim), biases = vdt_shape(weights.dims[0]);
    VdtValue *weight = vdt_param_with(qkv, "weight", &weights, (VdtStart){.deviation = 0.01});
    VdtValue *bias = c->qkv_bias ? vdt_param_with(qkv, "bias", &biases, (VdtStart){0}) : NULL;
    for (int i = 0; i < 3; i++) {
        gint64 begin = (gint64)i * c->dim;
        VdtValue *w = vdt_slice(weight, 0, begin, c->dim);
        VdtValue *b = bias != NULL ? vdt_slice(bias, 0, begin, c->dim) : NULL;
        if (i != 1)
            w = vdt_compensator_apply(&c->compensator, s, i == 0 ? "q" : "v", w, c->trained, level);
        part[i] = vdt_linear_by(x, w, b);
    }
}

/* *keys are those by which tokens are compared. */
static VdtValue *attention(const Config *c, VdtScope s, VdtValue *x, const VdtTokens *tokens,
                           VdtValue **keys)
{
    VdtValue *part[3];
    project(c, s, x, tokens->level, part);
    *keys = part[1];
    for (int i = 0; i < 3; i++)
        part[i] = vdt_split_heads(part[i], c->heads);
    VdtValue *a = vdt_matmul(part[0], part[1], .transpose_b = TRUE,
                             .scale = 1 / sqrt((double)c->dim / c->heads));
    a = vdt_softmax(vdt_tokens_weigh(tokens, a));
    x = vdt_join_heads(vdt_matmul(a, part[2]));
    return vdt_linear(vdt_in(s, "proj"), x, .out = c->dim);
}

static VdtValue *mlp(const Config *c, VdtScope s, VdtValue *x)
{
    x = vdt_gelu(vdt_linear(vdt_in(s, "fc1"), x, .out = c->dim * c->mlp_ratio));
    return vdt_linear(vdt_in(s, "fc2"), x, .out = c->dim);
}

static VdtValue *block(const Config *c, VdtScope s, VdtValue *x, VdtTokens *tokens, int number)
{
    VdtValue *keys;
    x = vdt_add(x, attention(c, vdt_in(s, "attn"), norm(c, vdt_in(s, "norm1"), x), tokens, &keys));
    x = vdt_tokens_merge(tokens, x, keys, number);
    return vdt_add(x, mlp(c, vdt_in(s, "mlp"), norm(c, vdt_in(s, "norm2"), x)));
}

static VdtValue *head(const Config *c, VdtScope s, VdtValue *x)
{
    VdtShape rows = vdt_shape(vdt_value_dim(x, 0), c->dim);
    return vdt_linear(s, vdt_reshape(vdt_slice(x, 1, 0, 1), &rows), .out = c->num_classes);
}

static gboolean build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    const VdtShape *input = &asked->inputs[0];
    VdtBuild plain = *asked;
    Config c;
    plain.merge = 0;
    if (!read_config(config, &c, error) || !vdt_build_check_plain(&vdt_vit, &plain, error))
        return FALSE;
    if (asked->merge != VDT_MERGE_CONFIGURED)
        c.level = asked->merge;
    if (c.level < 0 || c.level > most_merged(&c)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%d of %d tokens cannot merge in each block, but %d at most%s", c.level,
                    count_tokens(&c), most_merged(&c),
                    c.compensator.width > 0 ? ", for which the compensator has levels" : "");
        return FALSE;
    }
    if (input->n_dims != 4 || input->dims[1] != 3 || input->dims[2] != c.size ||
        input->dims[3] != c.size) {
        g_autofree char *text = vdt_shape_to_string(input);
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "input has shape %s, but this network takes pictures [N,3,%d,%d]", text, c.size,
                    c.size);
        return FALSE;
    }
    VdtScope net = vdt_scope(graph, "");
    VdtValue *x = patches(&c, vdt_in(net, "patch_embed"), vdt_input(graph, "image", input));
    x = embed(&c, net, x);
    VdtTokens tokens = {.level = c.level, .heads = c.heads, .weighs = c.weighs_sizes};
    for (int i = 0; i < c.depth; i++)
        x = vdt_tap(block(&c, vdt_in(net, "blocks.%d", i), x, &tokens, i), "blocks.%d", i);
    x = vdt_tap(norm(&c, vdt_in(net, "norm"), x), "norm");
    vdt_output(graph, "logits", head(&c, vdt_in(net, "head"), x));
    return TRUE;
}

static VdtShape input_shape(JsonObject *config, guint batch, guint width, guint height)
{
    return vdt_shape(batch, 3, height, width);
}

/* Fills @c with the configuration whose tensors have the names and shapes of these. */
static gboolean measure(const VdtWeights *w, Config *c)
{
    gint64 tokens = vdt_measure(w, "", 3, 1, "pos_embed");
    gint64 along = tokens > 1 ? llround(sqrt((double)tokens - 1)) : 0;
    *c = (Config){
        .patch = vdt_measure(w, "", 4, 2, "patch_embed.proj.weight"),
        .dim = vdt_measure(w, "", 4, 0, "patch_embed.proj.weight"),
        .eps = 1e-6,
        .num_classes = vdt_measure(w, "", 2, 0, "head.weight"),
    };
    if (c->dim == 0 || c->num_classes == 0 || c->patch == 0 ||
        vdt_measure(w, "", 3, 2, "cls_token") != c->dim || c->patch > MAX_PATCH || along == 0 ||
        along > MAX_SIZE / c->patch || tokens != along * along + 1)
        return FALSE;
    c->size = (int)along * c->patch;
    while (c->depth < MAX_BLOCKS &&
           vdt_measure(w, "", 2, 1, "blocks.%d.attn.qkv.weight", c->depth) == c->dim)
        c->depth++;
    c->mlp_ratio = vdt_measured_ratio(vdt_measure(w, "", 2, 0, "blocks.0.mlp.fc1.weight"), c->dim);
    c->qkv_bias = vdt_measure(w, "", 1, 0, "blocks.0.attn.qkv.bias") > 0;
    c->heads = c->dim % HEAD_WIDTH == 0 ? c->dim / HEAD_WIDTH : 1;
    /* That they fit is for the binder to say. */
    c->compensator = (VdtCompensator){.width = vdt_measure(w, "", 2, 0, VDT_COMPENSATOR_TENSOR),
                                      .scale = VDT_COMPENSATOR_SCALE};
    return c->depth > 0 && c->mlp_ratio > 0;
}

static JsonObject *to_json(const Config *c)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "arch", "deit");
    json_object_set_int_member(object, "patch", c->patch);
    json_object_set_int_member(object, "img_size", c->size);
    json_object_set_int_member(object, "dim", c->dim);
    json_object_set_int_member(object, "depth", c->depth);
    json_object_set_int_member(object, "heads", c->heads);
    json_object_set_int_member(object, "mlp_ratio", c->mlp_ratio);
    json_object_set_boolean_member(object, "qkv_bias", c->qkv_bias);
    json_object_set_double_member(object, "ln_eps", c->eps);
    json_object_set_int_member(object, "num_classes", c->num_classes);
    vdt_compensator_write(&c->compensator, object);
    return object;
}

#define VARIANT(letter, width, n_heads)                                                            \
    .name = "deit_" letter, .labels = "imagenet1k",                                                \
    .config = "{\"dim\": " #width ", \"heads\": " #n_heads "}", .size = 224, .frames = 1,          \
    .frame_interval = 1, .vision = {.test_clips = 1, .test_crops = 1, .test_size = 224},           \
    .framing = VDT_FRAMING_CROP, .bench_width = 224, .bench_height = 224
static const VdtVariant variants[] = {
    {VARIANT("t", 192, 3)}, {VARIANT("s", 384, 6)}, {VARIANT("b", 768, 12)}};
#undef VARIANT

static void set_classes(JsonObject *config, guint n_classes)
{
    json_object_set_int_member(config, "num_classes", n_classes);
}

static gboolean same(const Config *a, const Config *b)
{
    return a->patch == b->patch && a->size == b->size && a->dim == b->dim && a->depth == b->depth &&
           a->heads == b->heads && a->mlp_ratio == b->mlp_ratio && a->qkv_bias == b->qkv_bias &&
           a->num_classes == b->num_classes;
}

static JsonObject *recognise(const VdtWeights *weights, const char **variant)
{
    Config found;
    if (!measure(weights, &found))
        return NULL;
    *variant = "custom";
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autoptr(JsonObject) object = vdt_variant_config(&variants[i]);
        Config published;
        if (read_config(object, &published, NULL) && same(&found, &published))
            *variant = variants[i].name;
    }
    return to_json(&found);
}

static const char *const keys[] = {
    "arch",   "patch",       "img_size",  "dim",   "depth", "heads",     "mlp_ratio",   "qkv_bias",
    "ln_eps", "num_classes", "prop_attn", "r_tgt", "r_src", "tocom.dim", "tocom.scale", NULL};

const VdtModel vdt_vit = {
    .name = "tocom",
    .variants = variants,
    .n_variants = G_N_ELEMENTS(variants),
    .task = VDT_TASK_CLASSIFICATION,
    .vision = {.mean = {123.675f, 116.28f, 103.53f}, .std = {58.395f, 57.12f, 57.375f}},
    .head = "head.",
    .keys = keys,
    .set_classes = set_classes,
    .input_shape = input_shape,
    .build = build,
    .recognise = recognise,
};
