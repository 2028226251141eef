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

#define MAX_BLOCKS 64
#define MAX_PATCH  256
#define MAX_SIZE   4096
#define HEAD_WIDTH 64 /* of all published networks; the number of heads is in no tensor's shape */

typedef struct {
    int patch, size; /* pictures are size x size */
    int dim, depth, heads, mlp_ratio;
    gboolean qkv_bias;
    double eps; /* of layer norms */
    int num_classes;
} Config;

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
    /* Golden cases name what merges tokens and what makes up for it; none is what there is here. */
    vdt_fields_int(&fields, "r_tgt", 0, 0, 0);
    vdt_fields_int(&fields, "r_src", 0, 0, 0);
    if (vdt_fields_has(&fields, "tocom"))
        vdt_fields_fail(&fields, "\"tocom\" names adapters, but this network has none: it must be "
                                 "null");

    if (c->size % c->patch != 0)
        vdt_fields_fail(&fields, "\"img_size\" is %d, but must be a multiple of \"patch\", %d",
                        c->size, c->patch);
    if (c->dim % c->heads != 0)
        vdt_fields_fail(&fields, "\"dim\" is %d, but must be a multiple of \"heads\", %d", c->dim,
                        c->heads);
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

static VdtValue *attention(const Config *c, VdtScope s, VdtValue *x)
{
    VdtValue *qkv = vdt_linear(vdt_in(s, "qkv"), x, .out = 3 * c->dim, .no_bias = !c->qkv_bias);
    VdtValue *part[3];
    for (int i = 0; i < 3; i++)
        part[i] = vdt_split_heads(vdt_slice(qkv, 2, (gint64)i * c->dim, c->dim), c->heads);
    VdtValue *a = vdt_matmul(part[0], part[1], .transpose_b = TRUE,
                             .scale = 1 / sqrt((double)c->dim / c->heads));
    x = vdt_join_heads(vdt_matmul(vdt_softmax(a), part[2]));
    return vdt_linear(vdt_in(s, "proj"), x, .out = c->dim);
}

static VdtValue *mlp(const Config *c, VdtScope s, VdtValue *x)
{
    x = vdt_gelu(vdt_linear(vdt_in(s, "fc1"), x, .out = c->dim * c->mlp_ratio));
    return vdt_linear(vdt_in(s, "fc2"), x, .out = c->dim);
}

static VdtValue *block(const Config *c, VdtScope s, VdtValue *x)
{
    x = vdt_add(x, attention(c, vdt_in(s, "attn"), norm(c, vdt_in(s, "norm1"), x)));
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
    Config c;
    if (!read_config(config, &c, error) || !vdt_build_check_plain(&vdt_vit, asked, error))
        return FALSE;
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
    for (int i = 0; i < c.depth; i++)
        x = vdt_tap(block(&c, vdt_in(net, "blocks.%d", i), x), "blocks.%d", i);
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

static const char *const keys[] = {"arch",      "patch",     "img_size", "dim",    "depth",
                                   "heads",     "mlp_ratio", "qkv_bias", "ln_eps", "num_classes",
                                   "prop_attn", "r_tgt",     "r_src",    "tocom",  NULL};

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
