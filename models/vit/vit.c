/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture is cut into patches, each becomes a token, a token for the class is put in front, and
 * blocks of attention and MLP run over them; what the class token has become is classified. Or
 * there is none, and the mean of all tokens is: "SLAB" attends linearly and without. Scopes are the
 * names that timm's VisionTransformer, and the authors of SLAB, give to their parameters.
 */
#include "vit.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>

#include "../fields.h"
#include "../measure.h"
#include "../norm.h"
#include "../pyramid.h"
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
    gboolean linear;      /* attention */
    gboolean class_token; /* which is classified; otherwise the mean is */
    int kernel;           /* of the convolution beside linear attention */
    VdtNormKind norm;
    double eps; /* of layer norms */
    int num_classes;
    int trained, level;    /* tokens that a block merges: in the training, and to run with */
    gboolean weighs_sizes; /* of merged keys */
    VdtCompensator compensator;
} Config;

/* Of a picture of that size. */
static int count_tokens(const Config *c, int size)
{
    int along = size / c->patch;
    return along * along + (c->class_token ? 1 : 0);
}

static int most_merged(const Config *c, int size)
{
    int most = vdt_tokens_most(count_tokens(c, size));
    return c->compensator.width > 0 ? MIN(most, VDT_COMPENSATOR_LEVELS) : most;
}

/* A class token has no place in a map, which linear attention has its tokens in. */
static void read_tokens(VdtFields *fields, Config *c)
{
    static const char *const attentions[] = {"softmax", "linear", NULL};
    static const char *const pools[] = {"mean", "class token", NULL};
    c->linear = vdt_fields_choice(fields, "attention", 0, attentions) == 1;
    c->class_token = vdt_fields_bool(fields, "class_token", !c->linear);
    c->kernel = vdt_fields_int(fields, "kernel_size", 5, 1, 63);
    if (vdt_fields_choice(fields, "pool", c->class_token, pools) != (guint)c->class_token)
        vdt_fields_fail(fields, "\"pool\" must be \"%s\", as \"class_token\" is %s",
                        pools[c->class_token], c->class_token ? "true" : "false");
    if (c->linear && c->class_token)
        vdt_fields_fail(fields, "\"class_token\" is true, but linear attention takes a square of "
                                "tokens and none beside it");
    if (c->kernel % 2 == 0)
        vdt_fields_fail(fields, "\"kernel_size\" is %d, but must be odd", c->kernel);
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "deit configuration", &mistake};

    *c = (Config){0};
    vdt_fields_choice(&fields, "arch", 0, (const char *const[]){"deit", NULL});
    c->patch = vdt_fields_int(&fields, "patch", 16, 1, MAX_PATCH);
    c->size = vdt_fields_int(&fields, "img_size", 224, 1, MAX_SIZE);
    c->dim = vdt_fields_int(&fields, "dim", 768, 1, 8192);
    c->depth = vdt_fields_int(&fields, "depth", 12, 1, MAX_BLOCKS);
    c->heads = vdt_fields_int(&fields, "heads", MAX(1, c->dim / HEAD_WIDTH), 1, 256);
    c->mlp_ratio = vdt_fields_int(&fields, "mlp_ratio", 4, 1, 16);
    c->qkv_bias = vdt_fields_bool(&fields, "qkv_bias", TRUE);
    c->norm = vdt_norm_read(&fields, VDT_NORM_LAYER);
    read_tokens(&fields, c);
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
    if (!c->class_token && (c->level > 0 || c->trained > 0 || c->compensator.width > 0))
        vdt_fields_fail(&fields, "tokens merge beside a class token only, and there is none");
    if (mistake == NULL && MAX(c->level, c->trained) > most_merged(c, c->size))
        vdt_fields_fail(&fields, "\"%s\" is %d, but a block can merge %d tokens at most%s",
                        c->level > c->trained ? "r_tgt" : "r_src", MAX(c->level, c->trained),
                        most_merged(c, c->size),
                        c->compensator.width > 0 ? ", for which adapters have levels" : "");
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

static VdtValue *norm(const Config *c, VdtScope s, VdtValue *x)
{
    return vdt_tap(vdt_norm(c->norm, s, x, c->eps), "%s", s.prefix);
}

/* [N,3,H,W] to [N,dim,H/patch,W/patch]. */
static VdtValue *patches(const Config *c, VdtScope s, VdtValue *picture)
{
    VdtValue *x = vdt_conv2d(vdt_in(s, "proj"), picture, .out = c->dim, .kernel = c->patch,
                             .stride = c->patch, .bias = TRUE);
    vdt_tap(vdt_pyramid_tokens(x), "patch_embed");
    return x;
}

/* Where each token is, on a map of @along a side; the class token's place is not on it. */
static VdtValue *places(const Config *c, VdtScope net, gint64 along)
{
    gint64 stored = c->size / c->patch, first = c->class_token ? 1 : 0;
    VdtShape all = vdt_shape(1, stored * stored + first, c->dim);
    VdtValue *at = vdt_param(net, "pos_embed", &all);
    if (along == stored)
        return at;
    VdtValue *map =
        vdt_pyramid_resize(vdt_slice(at, 1, first, stored * stored), stored, along, along, TRUE);
    if (!c->class_token)
        return map;
    return vdt_concat((VdtValue *[]){vdt_slice(at, 1, 0, 1), map}, 2, 1);
}

/* Tokens [N,L,dim], row by row of the map of patches, the class token in front of each sample's;
 * and where each of them is. */
static VdtValue *embed(const Config *c, VdtScope net, VdtValue *map, gint64 along)
{
    VdtShape one = vdt_shape(1, 1, c->dim), each = vdt_shape(vdt_value_dim(map, 0), 1, c->dim);
    if (!c->class_token) /* a sum that the convolution takes in */
        return vdt_pyramid_tokens(
            vdt_add(map, vdt_pyramid_map(places(c, net, along), along, along)));
    VdtValue *token = vdt_expand(vdt_param(net, "cls_token", &one), &each);
    VdtValue *x = vdt_concat((VdtValue *[]){token, vdt_pyramid_tokens(map)}, 2, 1);
    return vdt_add(x, places(c, net, along));
}

/* Queries, keys and values [N,L,dim]. Those that adapters change have weights of their own, so that
 * the keys', and their packed copy, are the same at each level. */
static void project(const Config *c, VdtScope s, VdtValue *x, int level, VdtValue **part)
{
    VdtScope qkv = vdt_in(s, "qkv");
    if (c->compensator.width == 0) {
        vdt_pyramid_linear(qkv, x, c->qkv_bias, c->linear, c->dim, 3, part);
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
    if (c->linear) {
        gint64 along = llround(sqrt((double)vdt_value_dim(x, 1)));
        x = vdt_pyramid_attend_linearly(c->kernel, s, part, c->heads, c->size / c->patch, along,
                                        along);
        return vdt_linear(vdt_in(s, "proj"), x, .out = c->dim);
    }
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
    VdtValue *keys,
        *y = attention(c, vdt_in(s, "attn"), norm(c, vdt_in(s, "norm1"), x), tokens, &keys);
    x = vdt_add(x, vdt_tap(y, "%s.attn", s.prefix));
    x = vdt_tokens_merge(tokens, x, keys, number);
    return vdt_add(x, mlp(c, vdt_in(s, "mlp"), norm(c, vdt_in(s, "norm2"), x)));
}

static VdtValue *head(const Config *c, VdtScope s, VdtValue *x)
{
    VdtShape rows = vdt_shape(vdt_value_dim(x, 0), c->dim);
    x = c->class_token ? vdt_slice(x, 1, 0, 1)
                       : vdt_global_avg_pool(vdt_pyramid_map(x, vdt_value_dim(x, 1), 1));
    return vdt_linear(s, vdt_reshape(x, &rows), .out = c->num_classes);
}

/* Pictures of any size whose patches are a square, as those are that positions are stored for. */
static gboolean check_input(const Config *c, const VdtShape *input, GError **error)
{
    if (input->n_dims == 4 && input->dims[1] == 3 && input->dims[2] == input->dims[3] &&
        input->dims[2] % c->patch == 0 && input->dims[2] > 0 && input->dims[2] <= MAX_SIZE)
        return TRUE;
    g_autofree char *text = vdt_shape_to_string(input);
    g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                "input has shape %s, but this network takes pictures [N,3,S,S] whose side S is a "
                "multiple of %d, up to %d, so that there is a square of tokens",
                text, c->patch, MAX_SIZE);
    return FALSE;
}

gboolean vdt_vit_build(const VdtModel *model, JsonObject *config, VdtGraph *graph,
                       const VdtBuild *asked, GError **error)
{
    const VdtShape *input = &asked->inputs[0];
    VdtBuild plain = *asked;
    Config c;
    if (!read_config(config, &c, error))
        return FALSE;
    if (c.class_token)
        plain.merge = 0;
    if (!vdt_build_check_plain(model, &plain, error) || !check_input(&c, input, error))
        return FALSE;
    const int size = (int)input->dims[2];
    if (asked->merge != VDT_MERGE_CONFIGURED)
        c.level = asked->merge;
    if (c.level < 0 || c.level > most_merged(&c, size)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%d of %d tokens cannot merge in each block, but %d at most%s", c.level,
                    count_tokens(&c, size), most_merged(&c, size),
                    c.compensator.width > 0 ? ", for which the compensator has levels" : "");
        return FALSE;
    }
    VdtScope net = vdt_scope(graph, "");
    VdtValue *x = patches(&c, vdt_in(net, "patch_embed"), vdt_input(graph, "image", input));
    x = embed(&c, net, x, size / c.patch);
    VdtTokens tokens = {.level = c.level, .heads = c.heads, .weighs = c.weighs_sizes};
    for (int i = 0; i < c.depth; i++)
        x = vdt_tap(block(&c, vdt_in(net, "blocks.%d", i), x, &tokens, i), "blocks.%d", i);
    x = norm(&c, vdt_in(net, "norm"), x);
    vdt_output(graph, "logits", head(&c, vdt_in(net, "head"), x));
    return TRUE;
}

/* Fills @c with the configuration whose tensors have the names and shapes of these. */
static gboolean measure(const VdtWeights *w, Config *c)
{
    gint64 tokens = vdt_measure(w, "", 3, 1, "pos_embed");
    gint64 along = (gint64)sqrt((double)tokens), beside = tokens - along * along;
    int head = vdt_measure(w, "", 4, 0, "blocks.0.attn.dwc.weight");
    *c = (Config){
        .patch = vdt_measure(w, "", 4, 2, "patch_embed.proj.weight"),
        .dim = vdt_measure(w, "", 4, 0, "patch_embed.proj.weight"),
        .eps = 1e-6,
        .linear = head > 0,
        .class_token = beside == 1,
        .kernel = head > 0 ? vdt_measure(w, "", 4, 2, "blocks.0.attn.dwc.weight") : 5,
        .num_classes = vdt_measure(w, "", 2, 0, "head.weight"),
    };
    if (c->dim == 0 || c->num_classes == 0 || c->patch == 0 || c->patch > MAX_PATCH || along == 0 ||
        along > MAX_SIZE / c->patch || beside > (c->linear ? 0 : 1) || c->kernel % 2 == 0 ||
        (c->class_token && vdt_measure(w, "", 3, 2, "cls_token") != c->dim))
        return FALSE;
    c->size = (int)along * c->patch;
    while (c->depth < MAX_BLOCKS &&
           vdt_measure(w, "", 2, 1, "blocks.%d.attn.qkv.weight", c->depth) == c->dim)
        c->depth++;
    c->mlp_ratio = vdt_measured_ratio(vdt_measure(w, "", 2, 0, "blocks.0.mlp.fc1.weight"), c->dim);
    c->qkv_bias = vdt_measure(w, "", 1, 0, "blocks.0.attn.qkv.bias") > 0;
    c->heads = vdt_measured_ratio(c->dim, c->linear ? head : HEAD_WIDTH);
    c->heads = MAX(c->heads, 1);
    c->norm = vdt_norm_measure(w, "blocks.0.norm1", c->dim);
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
    json_object_set_string_member(object, "attention", c->linear ? "linear" : "softmax");
    json_object_set_boolean_member(object, "class_token", c->class_token);
    json_object_set_int_member(object, "kernel_size", c->kernel);
    json_object_set_string_member(object, "norm", vdt_norm_names[c->norm]);
    json_object_set_double_member(object, "ln_eps", c->eps);
    json_object_set_int_member(object, "num_classes", c->num_classes);
    vdt_compensator_write(&c->compensator, object);
    return object;
}

/* Norms of one network are of any kind but layer norm before, in, and after its training. */
static gboolean same(const Config *a, const Config *b)
{
    return a->patch == b->patch && a->size == b->size && a->dim == b->dim && a->depth == b->depth &&
           a->heads == b->heads && a->mlp_ratio == b->mlp_ratio && a->qkv_bias == b->qkv_bias &&
           a->linear == b->linear && a->class_token == b->class_token && a->kernel == b->kernel &&
           (a->norm == VDT_NORM_LAYER) == (b->norm == VDT_NORM_LAYER) &&
           a->num_classes == b->num_classes;
}

gboolean vdt_vit_same(JsonObject *a, JsonObject *b)
{
    Config x, y;
    return read_config(a, &x, NULL) && read_config(b, &y, NULL) && same(&x, &y);
}

JsonObject *vdt_vit_recognise(const VdtWeights *weights, gboolean plain)
{
    Config found;
    if (!measure(weights, &found) ||
        (found.class_token && !found.linear && found.norm == VDT_NORM_LAYER) != plain)
        return NULL;
    return to_json(&found);
}

/* The row of plain ones. */
#define VARIANT(letter, width, n_heads)                                                            \
    .name = "deit_" letter, .labels = "imagenet1k",                                                \
    .config = "{\"dim\": " #width ", \"heads\": " #n_heads "}", .size = 224, .frames = 1,          \
    .frame_interval = 1, .vision = {.test_clips = 1, .test_crops = 1, .test_size = 224},           \
    .framing = VDT_FRAMING_CROP, .bench_width = 224, .bench_height = 224
static const VdtVariant variants[] = {
    {VARIANT("t", 192, 3)}, {VARIANT("s", 384, 6)}, {VARIANT("b", 768, 12)}};
#undef VARIANT

static gboolean build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    return vdt_vit_build(&vdt_vit, config, graph, asked, error);
}

static VdtShape input_shape(JsonObject *config, guint batch, guint width, guint height)
{
    return vdt_shape(batch, 3, height, width);
}

static void set_classes(JsonObject *config, guint n_classes)
{
    json_object_set_int_member(config, "num_classes", n_classes);
}

static JsonObject *recognise(const VdtWeights *weights, const char **variant)
{
    JsonObject *found = vdt_vit_recognise(weights, TRUE);
    *variant = "custom";
    for (guint i = 0; i < G_N_ELEMENTS(variants) && found != NULL; i++) {
        g_autoptr(JsonObject) published = vdt_variant_config(&variants[i]);
        if (vdt_vit_same(found, published))
            *variant = variants[i].name;
    }
    return found;
}

static gboolean get_levels(JsonObject *config, VdtEngineLevels *levels)
{
    Config c;
    if (!read_config(config, &c, NULL))
        return FALSE;
    *levels = (VdtEngineLevels){.usual = (guint)c.level,
                                .most = (guint)most_merged(&c, c.size),
                                .compensated = c.compensator.width > 0};
    return TRUE;
}

static double get_kept(JsonObject *config, guint level)
{
    Config c;
    return read_config(config, &c, NULL)
               ? vdt_tokens_kept(count_tokens(&c, c.size), c.depth, (int)MIN(level, MAX_LEVEL))
               : 1;
}

static void set_trained(JsonObject *config, guint level)
{
    json_object_set_int_member(config, "r_src", level);
}

static gboolean compensate(JsonObject *config, const VdtWeights *adapters, double scale,
                           GError **error)
{
    Config c;
    if (!read_config(config, &c, error))
        return FALSE;
    c.compensator.width = vdt_compensator_measure(adapters, c.dim, error);
    c.compensator.scale = scale;
    vdt_compensator_write(&c.compensator, config);
    return c.compensator.width > 0;
}

static const VdtMerging merging = {
    .levels = get_levels, .kept = get_kept, .set_trained = set_trained, .compensate = compensate};

static const char *const keys[] = {VDT_VIT_KEYS, NULL};

const VdtModel vdt_vit = {
    .name = "tocom",
    .variants = variants,
    .n_variants = G_N_ELEMENTS(variants),
    .task = VDT_TASK_CLASSIFICATION,
    .vision = {.mean = {123.675f, 116.28f, 103.53f}, .std = {58.395f, 57.12f, 57.375f}},
    .head = "head.",
    .keys = keys,
    .merging = &merging,
    .set_classes = set_classes,
    .input_shape = input_shape,
    .build = build,
    .recognise = recognise,
};
