/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The paper's picture: rectangular self-calibration (RCA) finds where an object's rows and columns
 * are and weighs the map by that; blocks made of it (RCM) work on a pyramid of the backbone's maps
 * pooled together, then on each map on the way back from coarse to fine; a dynamic prototype (DPG)
 * weighs the channels by what the classes of this picture look like, before the classifier decides.
 * Scopes are the attribute names of the authors' PyTorch modules.
 */
#include "cgrseg.h"

#include <string.h>
#include <vedette/ops.h>

#include "../fields.h"
#include "../measure.h"
#include "efficientformer.h"

#define PUBLISHED_MAPS      3 /* at 1/8, 1/16 and 1/32 */
#define MAX_BIAS_RESOLUTION 4096

typedef struct {
    EfficientFormer backbone;
    int maps;      /* the head's: the backbone's last ones */
    int channels;  /* of the head */
    int dw_size;   /* length of the strips on the way back */
    int neck_size; /* and in the pyramid */
    int next_repeat;
    int mlp_ratio;
    int num_classes;
    double dropout; /* in training, before the classifier */
} Config;

static void read_backbone(VdtFields *fields, EfficientFormer *e)
{
    const char *name = vdt_fields_string(fields, "name", "S1");
    const EfficientFormer *published = vdt_efficientformer_find(name);
    if (published == NULL) { /* as the authors' configurations call it */
        g_autofree char *short_name = NULL;
        if (g_str_has_prefix(name, "efficientformerv2_") && g_str_has_suffix(name, "_feat"))
            short_name = g_ascii_strup(name + strlen("efficientformerv2_"),
                                       strlen(name) - strlen("efficientformerv2__feat"));
        published = short_name != NULL ? vdt_efficientformer_find(short_name) : NULL;
    }
    if (published == NULL) {
        vdt_fields_fail(fields, "\"name\" is \"%s\", but must be S1, S2 or L", name);
        return;
    }
    *e = *published;
    e->stages = vdt_fields_int(fields, "stages", e->stages, PUBLISHED_MAPS, EFFICIENTFORMER_STAGES);
    vdt_fields_ints(fields, "depths", e->depths, e->stages, 1, EFFICIENTFORMER_MAX_BLOCKS);
    vdt_fields_ints(fields, "widths", e->widths, e->stages, 2, 4096);
    e->vit_num = vdt_fields_int(fields, "vit_num", e->vit_num, 0, EFFICIENTFORMER_MAX_BLOCKS);
    e->bias_resolution =
        vdt_fields_int(fields, "bias_resolution", e->bias_resolution, 32, MAX_BIAS_RESOLUTION);
    if (e->bias_resolution % 32 != 0)
        vdt_fields_fail(fields,
                        "\"bias_resolution\" is %" G_GINT64_FORMAT ", but must be a multiple of 32",
                        e->bias_resolution);
    vdt_fields_int_rows(fields, "expansion", e->expansion[0], EFFICIENTFORMER_MAX_BLOCKS, e->depths,
                        e->stages, 1, 16);
    /* Blocks that the named network has not, and those that this one has not. */
    for (int i = 0; i < EFFICIENTFORMER_STAGES; i++) {
        if (i >= e->stages)
            e->depths[i] = e->widths[i] = 0;
        for (int j = 0; j < EFFICIENTFORMER_MAX_BLOCKS; j++) {
            gint64 given = e->expansion[i][j] > 0 ? e->expansion[i][j] : 4;
            e->expansion[i][j] = j < e->depths[i] ? given : 0;
        }
    }
    if (!vdt_efficientformer_attends(e))
        e->bias_resolution = 0;
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "cgrseg configuration", &mistake};

    *c = (Config){.channels = 128};
    VdtFields backbone = vdt_fields_object(&fields, "backbone", "cgrseg backbone");
    VdtFields head = vdt_fields_object(&fields, "head", "cgrseg head");
    read_backbone(&backbone, &c->backbone);
    c->maps = vdt_fields_int(&head, "maps", PUBLISHED_MAPS, 1, c->backbone.stages + 1);
    c->channels = vdt_fields_int(&head, "channels", 128, 1, 4096);
    c->dw_size = vdt_fields_int(&head, "dw_size", 11, 1, 63);
    c->neck_size = vdt_fields_int(&head, "neck_size", 11, 1, 63);
    c->next_repeat = vdt_fields_int(&head, "next_repeat", 5, 1, 64);
    c->num_classes = vdt_fields_int(&head, "num_classes", 150, 1, 100000);
    c->mlp_ratio = vdt_fields_int(&fields, "mlp_ratio", 2, 1, 16);
    c->dropout = vdt_fields_double(&fields, "dropout", 0, 0, 0.95);
    if (c->dw_size % 2 == 0 || c->neck_size % 2 == 0)
        vdt_fields_fail(&head, "\"dw_size\" %d and \"neck_size\" %d must be odd", c->dw_size,
                        c->neck_size);
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

/* Which rows and which columns matter: their means, spread over the map again and looked at along
 * strips, gate what a small convolution sees. */
static VdtValue *rca(VdtScope s, VdtValue *x, int strip)
{
    int channels = vdt_value_dim(x, 1);
    VdtScope excite = vdt_in(s, "excite");
    VdtValue *rows = vdt_adaptive_avg_pool2d(x, vdt_value_dim(x, 2), 1);
    VdtValue *columns = vdt_adaptive_avg_pool2d(x, 1, vdt_value_dim(x, 3));
    VdtConv2d across = {.out = channels,
                        .kernel = 1,
                        .kernel_w = strip,
                        .pad_w = strip / 2,
                        .groups = channels,
                        .bias = TRUE};
    VdtConv2d down = {.out = channels,
                      .kernel = strip,
                      .kernel_w = 1,
                      .pad = strip / 2,
                      .groups = channels,
                      .bias = TRUE};
    VdtConv2d around = {.out = channels, .kernel = 3, .pad = 1, .groups = channels, .bias = TRUE};
    VdtValue *gate = vdt_conv2d_with(vdt_in(excite, "0"), vdt_add(rows, columns), across);
    gate = vdt_relu(vdt_batch_norm(vdt_in(excite, "1"), gate));
    gate = vdt_sigmoid(vdt_conv2d_with(vdt_in(excite, "3"), gate, down));
    return vdt_mul(gate, vdt_conv2d_with(vdt_in(s, "dwconv_hw"), x, around));
}

/* x + gamma . MLP(BN(RCA(x))). */
static VdtValue *rcm(const Config *c, VdtScope s, VdtValue *x, int strip, const char *tap)
{
    int channels = vdt_value_dim(x, 1);
    VdtShape stored = vdt_shape(channels), shape = vdt_shape(1, channels, 1, 1);
    VdtValue *gamma = vdt_reshape(vdt_param(s, "gamma", &stored), &shape);
    VdtValue *y = rca(vdt_in(s, "token_mixer"), x, strip);
    if (tap != NULL)
        vdt_tap(y, "%s", tap);
    y = vdt_batch_norm(vdt_in(s, "norm"), y);
    y = vdt_gelu(vdt_conv2d(vdt_in(s, "mlp.fc1"), y, .out = channels * c->mlp_ratio, .kernel = 1,
                            .bias = TRUE));
    y = vdt_conv2d(vdt_in(s, "mlp.fc2"), y, .out = channels, .kernel = 1, .bias = TRUE);
    return vdt_add(x, vdt_mul(y, gamma));
}

/* The pyramid's context: all maps at half of the coarsest's size, through a few blocks; @contexts
 * becomes each map's share. */
static void pyramid(const Config *c, VdtScope s, VdtValue *const *maps, VdtValue **contexts)
{
    int height = (vdt_value_dim(maps[c->maps - 1], 2) - 1) / 2 + 1;
    int width = (vdt_value_dim(maps[c->maps - 1], 3) - 1) / 2 + 1;
    VdtValue *pooled[EFFICIENTFORMER_MAPS];
    for (int i = 0; i < c->maps; i++)
        pooled[i] = vdt_adaptive_avg_pool2d(maps[i], height, width);
    VdtValue *x = vdt_tap(vdt_concat(pooled, c->maps, 1), "ppa");
    for (int i = 0; i < c->next_repeat; i++)
        x = rcm(c, vdt_in(s, "trans.transformer_blocks.%d", i), x, c->neck_size,
                i == 0 ? "trans0.rca" : NULL);
    vdt_tap(x, "trans");
    gint64 begin = 0;
    for (int i = 0; i < c->maps; i++) {
        contexts[i] = vdt_slice(x, 1, begin, vdt_value_dim(maps[i], 1));
        begin += vdt_value_dim(maps[i], 1);
    }
}

/* mmcv's ConvModule without an activation. */
static VdtValue *conv_module(VdtScope s, VdtValue *x, VdtConv2d options)
{
    return vdt_batch_norm(vdt_in(s, "bn"), vdt_conv2d_with(vdt_in(s, "conv"), x, options));
}

/* What the map shows, gated by its context. */
static VdtValue *fuse(const Config *c, VdtScope s, VdtValue *x, VdtValue *context)
{
    VdtConv2d mix = {.out = c->channels, .kernel = 1};
    VdtValue *gate = vdt_hard_sigmoid(conv_module(vdt_in(s, "fuse2"), context, mix));
    gate = vdt_resize_bilinear(gate, vdt_value_dim(x, 2), vdt_value_dim(x, 3), FALSE);
    return vdt_mul(conv_module(vdt_in(s, "fuse1"), x, mix), gate);
}

/* From the coarsest map to the finest, each with what the one before gave. */
static VdtValue *way_back(const Config *c, VdtScope s, VdtValue *const *maps,
                          VdtValue *const *contexts)
{
    VdtValue *result = NULL;
    for (int i = c->maps - 1; i >= 0; i--) {
        VdtValue *x = maps[i];
        if (i < c->maps - 1) {
            result = vdt_resize_bilinear(result, vdt_value_dim(x, 2), vdt_value_dim(x, 3), FALSE);
            result = vdt_conv2d(vdt_in(s, "conv.%d", i), result, .out = vdt_value_dim(x, 1),
                                .kernel = 1, .bias = TRUE);
            x = vdt_add(x, result);
        }
        x = rcm(c, vdt_in(s, "meta.%d", i), x, c->dw_size, NULL);
        result = vdt_tap(fuse(c, vdt_in(s, "SIM.%d", i), x, contexts[i]), "sim%d", i);
    }
    return result;
}

/* A gate for each channel of @x, from the classes' centres [N, C, classes]: one vector of them by
 * a learned share of each class, then two layers. */
static VdtValue *prototype_gate(VdtScope s, VdtValue *centres)
{
    VdtShape flat = vdt_shape(vdt_value_dim(centres, 0), 1, vdt_value_dim(centres, 2));
    VdtShape map = vdt_shape(vdt_value_dim(centres, 0), vdt_value_dim(centres, 1), 1, 1);
    VdtShape channels = vdt_shape(vdt_value_dim(centres, 1), 1, 1);
    VdtScope mul = vdt_in(s, "channel_mul_conv");
    VdtValue *mask =
        vdt_conv2d(vdt_in(s, "conv_mask"), centres, .out = 1, .kernel = 1, .bias = TRUE);
    VdtShape rows = vdt_shape(map.dims[0], map.dims[1], flat.dims[2]);
    mask = vdt_softmax(vdt_reshape(mask, &flat));
    VdtValue *x = vdt_matmul(vdt_reshape(centres, &rows), mask, .transpose_b = TRUE);
    x = vdt_conv2d(vdt_in(mul, "0"), vdt_reshape(x, &map), .out = map.dims[1], .kernel = 1,
                   .bias = TRUE);
    x = vdt_relu(vdt_layer_norm(vdt_in(mul, "1"), x, &channels));
    return vdt_sigmoid(
        vdt_conv2d(vdt_in(mul, "3"), x, .out = map.dims[1], .kernel = 1, .bias = TRUE));
}

static VdtValue *dropped(const Config *c, VdtValue *x)
{
    return c->dropout > 0 ? vdt_dropout(x, c->dropout) : x;
}

/* Rough logits say where each class is, so what it looks like here; that weighs the channels, and
 * the same classifier decides again. */
static VdtValue *classify(const Config *c, VdtScope s, VdtValue *x)
{
    VdtShape map = vdt_value_shape(x);
    VdtShape classes = vdt_shape(map.dims[0], c->num_classes, -1);
    VdtShape features = vdt_shape(map.dims[0], map.dims[1], -1);
    VdtShape centres = vdt_shape(map.dims[0], map.dims[1], c->num_classes, 1);
    VdtConv2d each = {.out = c->channels, .kernel = 1, .groups = c->channels};
    VdtValue *fused = vdt_relu(conv_module(vdt_in(s, "linear_fuse"), x, each));
    VdtValue *rough = vdt_conv2d(vdt_in(s, "conv_seg"), dropped(c, fused), .out = c->num_classes,
                                 .kernel = 1, .bias = TRUE);
    VdtValue *where = vdt_softmax(vdt_reshape(rough, &classes));
    VdtValue *context = vdt_matmul(vdt_reshape(x, &features), where, .transpose_b = TRUE);
    context = vdt_tap(vdt_reshape(context, &centres), "context");
    VdtValue *gated = vdt_mul(x, prototype_gate(vdt_in(s, "lgc"), context));
    x = vdt_add(vdt_tap(gated, "lgc"), x);
    return vdt_apply_again(rough, dropped(c, x));
}

/* The backbone's map that the way back ends at. */
static int finest_map(const Config *c)
{
    return 1 + c->backbone.stages - c->maps;
}

/* Half of a side, as the stem and the embeddings leave it. */
static gint64 halved(gint64 side, int times)
{
    for (; times > 0; times--)
        side = (side + 1) / 2;
    return side;
}

static gboolean check_size(const Config *c, const VdtShape *input, GError **error)
{
    gboolean picture = input->n_dims == 4 && input->dims[1] == 3;
    gboolean attends = vdt_efficientformer_attends(&c->backbone);
    if (picture &&
        (!attends || (halved(input->dims[2], 4) % 2 == 0 && halved(input->dims[3], 4) % 2 == 0)))
        return TRUE;
    g_autofree char *text = vdt_shape_to_string(input);
    g_set_error(
        error, VDT_ERROR, VDT_ERROR_SHAPE,
        "input has shape %s, but this network takes pictures [N,3,H,W]%s", text,
        attends ? " whose sides, divided by 16 and rounded up, are even; multiples of 32 are" : "");
    return FALSE;
}

static gboolean build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    const VdtShape *input = &asked->inputs[0];
    Config c;
    VdtValue *maps[EFFICIENTFORMER_MAPS], *contexts[EFFICIENTFORMER_MAPS];
    if (!vdt_build_check_plain(&vdt_cgrseg, asked, error) || !read_config(config, &c, error) ||
        !check_size(&c, input, error))
        return FALSE;
    VdtScope head = vdt_scope(graph, "decode_head");
    vdt_efficientformer_build(&c.backbone, vdt_scope(graph, "backbone"),
                              vdt_input(graph, "image", input), maps);
    VdtValue **last = maps + finest_map(&c);
    pyramid(&c, head, last, contexts);
    VdtValue *x = way_back(&c, head, last, contexts);
    vdt_output(graph, "logits", classify(&c, head, x));
    return TRUE;
}

static VdtShape input_shape(JsonObject *config, guint batch, guint width, guint height)
{
    return vdt_shape(batch, 3, height, width);
}

/* Fills @e with the backbone whose tensors have the names and shapes of these. */
static gboolean measure_backbone(const VdtWeights *w, const char *prefix, EfficientFormer *e)
{
    *e = (EfficientFormer){0};
    for (int i = 0; i < EFFICIENTFORMER_STAGES; i++) {
        int hidden;
        e->widths[i] = vdt_measure(w, prefix, 4, 0, "network.%d.0.mlp.fc2.weight", 2 * i);
        while (e->depths[i] < EFFICIENTFORMER_MAX_BLOCKS && e->widths[i] > 0 &&
               (hidden = vdt_measure(w, prefix, 4, 0, "network.%d.%d.mlp.fc1.weight", 2 * i,
                                     (int)e->depths[i])) > 0)
            e->expansion[i][e->depths[i]++] = vdt_measured_ratio(hidden, e->widths[i]);
        if (e->depths[i] == 0 && i < PUBLISHED_MAPS)
            return FALSE;
        e->stages += e->depths[i] > 0;
    }
    for (int j = 0; j < e->depths[e->stages - 1]; j++)
        e->vit_num += vdt_measure(w, prefix, 3, 0, "network.%d.%d.layer_scale_1",
                                  2 * (int)e->stages - 2, j) > 0;
    if (!vdt_efficientformer_attends(e))
        return TRUE;
    int last = e->stages - 1;
    gint64 distances =
        vdt_measure(w, prefix, 2, 1, "network.%d.%d.token_mixer.attention_biases_seg", 2 * last,
                    (int)e->depths[last] - 1);
    if (distances == 0) /* no blocks with attention: only what halves the map has biases */
        distances =
            vdt_measure(w, prefix, 2, 1, "network.%d.attn.attention_biases_seg", 2 * last - 1) / 4;
    while (e->bias_resolution < MAX_BIAS_RESOLUTION &&
           (e->bias_resolution / 32) * (e->bias_resolution / 32) < distances)
        e->bias_resolution += 32;
    return e->bias_resolution > 0;
}

static gboolean measure(const VdtWeights *w, Config *c)
{
    *c = (Config){0};
    if (!measure_backbone(w, "backbone", &c->backbone))
        return FALSE;
    c->channels = vdt_measure(w, "decode_head", 4, 1, "conv_seg.weight");
    c->num_classes = vdt_measure(w, "decode_head", 4, 0, "conv_seg.weight");
    c->dw_size = vdt_measure(w, "decode_head", 4, 3, "meta.0.token_mixer.excite.0.weight");
    c->neck_size = vdt_measure(w, "decode_head", 4, 3,
                               "trans.transformer_blocks.0.token_mixer.excite.0.weight");
    while (c->next_repeat < 64 &&
           vdt_measure(w, "decode_head", 1, 0, "trans.transformer_blocks.%d.gamma",
                       c->next_repeat) > 0)
        c->next_repeat++;
    while (c->maps <= c->backbone.stages &&
           vdt_measure(w, "decode_head", 1, 0, "meta.%d.gamma", c->maps) > 0)
        c->maps++;
    if (c->maps > 0)
        c->mlp_ratio =
            vdt_measured_ratio(vdt_measure(w, "decode_head", 4, 0, "meta.0.mlp.fc1.weight"),
                               vdt_efficientformer_map_channels(&c->backbone, finest_map(c)));
    return c->channels > 0 && c->dw_size > 0 && c->neck_size > 0 && c->next_repeat > 0 &&
           c->mlp_ratio > 0;
}

static JsonArray *numbers(const gint64 *values, guint n)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < n; i++)
        json_array_add_int_element(array, values[i]);
    return array;
}

static JsonObject *to_json(const Config *c)
{
    const EfficientFormer *e = &c->backbone;
    JsonObject *object = json_object_new(), *backbone = json_object_new();
    JsonObject *head = json_object_new();
    JsonArray *expansion = json_array_new();
    json_object_set_int_member(backbone, "stages", e->stages);
    json_object_set_array_member(backbone, "depths", numbers(e->depths, e->stages));
    json_object_set_array_member(backbone, "widths", numbers(e->widths, e->stages));
    for (int i = 0; i < e->stages; i++)
        json_array_add_array_element(expansion, numbers(e->expansion[i], e->depths[i]));
    json_object_set_array_member(backbone, "expansion", expansion);
    json_object_set_int_member(backbone, "vit_num", e->vit_num);
    if (vdt_efficientformer_attends(e))
        json_object_set_int_member(backbone, "bias_resolution", e->bias_resolution);
    if (c->maps != PUBLISHED_MAPS)
        json_object_set_int_member(head, "maps", c->maps);
    json_object_set_int_member(head, "channels", c->channels);
    json_object_set_int_member(head, "dw_size", c->dw_size);
    json_object_set_int_member(head, "neck_size", c->neck_size);
    json_object_set_int_member(head, "next_repeat", c->next_repeat);
    json_object_set_int_member(head, "num_classes", c->num_classes);
    json_object_set_object_member(object, "backbone", backbone);
    json_object_set_object_member(object, "head", head);
    json_object_set_int_member(object, "mlp_ratio", c->mlp_ratio);
    return object;
}

/* Backbone and head of each published network, and the classes of each data set. */
#define T_HEAD "{\"name\": \"S1\"}, \"head\": {\"channels\": 128, \"next_repeat\": 5, "
#define B_HEAD "{\"name\": \"S2\"}, \"head\": {\"channels\": 256, \"next_repeat\": 6, "
#define L_HEAD                                                                                     \
    "{\"name\": \"L\"}, \"head\": {\"channels\": 256, \"next_repeat\": 5, "                        \
    "\"dw_size\": 9, \"neck_size\": 9, "
#define VARIANT(letter, data, classes)                                                             \
    .name = #letter "-" data, .labels = data,                                                      \
    .config = "{\"backbone\": " letter##_HEAD "\"num_classes\": " #classes "}}", .size = 512,      \
    .frames = 1, .frame_interval = 1,                                                              \
    .vision = {.test_clips = 1, .test_crops = 1, .test_size = 512},                                \
    .framing = VDT_FRAMING_STRETCH, .bench_width = 512, .bench_height = 512
static const VdtVariant variants[] = {
    {VARIANT(T, "ade20k", 150)},
    {VARIANT(B, "ade20k", 150)},
    {VARIANT(L, "ade20k", 150)},
    {VARIANT(T, "coco-stuff", 171)},
    {VARIANT(B, "coco-stuff", 171)},
    {VARIANT(L, "coco-stuff", 171)},
    {VARIANT(T, "pascal-context", 60)},
    {VARIANT(B, "pascal-context", 60)},
    {VARIANT(L, "pascal-context", 60)},
    {VARIANT(T, "pascal-context59", 59)},
    {VARIANT(B, "pascal-context59", 59)},
    {VARIANT(L, "pascal-context59", 59)},
    /* What `vedette train` makes of the synthetic street: two scales finer, since limbs, poles and
     * bags are thin, and without attention, so that windows and whole pictures look alike to it. */
    {.name = "small",
     .labels = "street",
     .config = "{\"backbone\": {\"stages\": 3, \"depths\": [1, 2, 6], "
               "\"widths\": [32, 64, 128], "
               "\"expansion\": [[3], [3, 3], [3, 3, 3, 3, 3, 3]], \"vit_num\": 0}, "
               "\"head\": {\"maps\": 4, \"channels\": 32, \"next_repeat\": 3, \"num_classes\": 9}}",
     .size = 288,
     .frames = 1,
     .frame_interval = 1,
     .vision = {.test_clips = 1, .test_crops = 1, .test_size = 288},
     .framing = VDT_FRAMING_STRETCH,
     .bench_width = 512,
     .bench_height = 288},
};

static void set_classes(JsonObject *config, guint n_classes)
{
    if (!json_object_has_member(config, "head"))
        json_object_set_object_member(config, "head", json_object_new());
    json_object_set_int_member(json_object_get_object_member(config, "head"), "num_classes",
                               n_classes);
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
        if (read_config(object, &published, NULL) && memcmp(&found, &published, sizeof found) == 0)
            *variant = variants[i].name;
    }
    return to_json(&found);
}

static const char *const keys[] = {"backbone.name",
                                   "backbone.stages",
                                   "backbone.depths",
                                   "backbone.widths",
                                   "backbone.expansion",
                                   "backbone.vit_num",
                                   "backbone.bias_resolution",
                                   "head.maps",
                                   "head.channels",
                                   "head.dw_size",
                                   "head.neck_size",
                                   "head.next_repeat",
                                   "head.num_classes",
                                   "head.in_channels",
                                   "head.in_index",
                                   "head.is_dw",
                                   "head.square_kernel_size",
                                   "head.ratio",
                                   "head.module",
                                   "head.align_corners",
                                   "mlp_ratio",
                                   "dropout",
                                   NULL};

const VdtModel vdt_cgrseg = {
    .name = "cgrseg",
    .variants = variants,
    .n_variants = G_N_ELEMENTS(variants),
    .task = VDT_TASK_SEGMENTATION,
    .vision = {.mean = {123.675f, 116.28f, 103.53f}, .std = {58.395f, 57.12f, 57.375f}},
    .head = "decode_head.conv_seg.",
    .backbone = "backbone.",
    .keys = keys,
    .set_classes = set_classes,
    .input_shape = input_shape,
    .build = build,
    .recognise = recognise,
};
