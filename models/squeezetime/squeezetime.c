/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The paper's picture: a clip of T frames is viewed as one picture of 3 T channels, and an ordinary
 * residual network runs over it, in which the spatial convolution of each block is replaced by
 * channel-time learning (CTL). Scopes are the attribute names of the authors' PyTorch modules.
 */
#include "squeezetime.h"

#include <string.h>
#include <vedette/ops.h>

#include "../fields.h"
#include "../measure.h"

#define N_STAGES        4
#define MAX_BLOCKS      64
/* Channels inside the global branch of a CTL. The paper calls it the number of frames; in the
 * published networks it stays 16 whatever that number is. */
#define GLOBAL_CHANNELS 16
/* Temporal length as which detection heads view the features, fixed likewise. */
#define FEATURE_FRAMES  16

typedef struct {
    gboolean bottleneck;
    gint64 layers[N_STAGES];
    gint64 planes[N_STAGES]; /* widened */
    gint64 pos_dim[N_STAGES];
    gint64 stride[N_STAGES];
    int expansion;
    int frames;
    int num_classes; /* 0: no head, the output is the features */
    double dropout;  /* in training, before the classifier */
    const char *prefix;
} Config;

/* Depths that the authors give a meaning to. */
static const struct {
    int depth;
    gboolean bottleneck;
    gint64 layers[N_STAGES];
} depths[] = {
    {10, FALSE, {1, 1, 1, 1}},   {18, FALSE, {2, 2, 2, 2}},  {34, FALSE, {3, 4, 6, 3}},
    {50, TRUE, {3, 4, 6, 3}},    {101, TRUE, {3, 4, 23, 3}}, {152, TRUE, {3, 8, 36, 3}},
    {200, TRUE, {3, 24, 36, 3}},
};

/* Sets block type and number of blocks from "depth". */
static void read_depth(VdtFields *fields, Config *c)
{
    gint64 depth = vdt_fields_int(fields, "depth", 50, 0, 1000);
    for (guint i = 0; i < G_N_ELEMENTS(depths); i++) {
        if (depths[i].depth == depth) {
            c->bottleneck = depths[i].bottleneck;
            memcpy(c->layers, depths[i].layers, sizeof c->layers);
            return;
        }
    }
    if (vdt_fields_has(fields, "layers") && vdt_fields_has(fields, "block"))
        return;
    vdt_fields_fail(fields,
                    "\"depth\" is %" G_GINT64_FORMAT ", but must be 10, 18, 34, 50, 101, 152 or "
                    "200, or \"block\" and \"layers\" given",
                    depth);
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "squeezetime configuration", &mistake};

    *c =
        (Config){.planes = {64, 128, 256, 512}, .pos_dim = {56, 28, 14, 7}, .stride = {1, 2, 2, 2}};
    read_depth(&fields, c);
    c->bottleneck = vdt_fields_choice(&fields, "block", c->bottleneck,
                                      (const char *const[]){"basic", "bottleneck", NULL});
    vdt_fields_ints(&fields, "layers", c->layers, N_STAGES, 1, MAX_BLOCKS);
    vdt_fields_ints(&fields, "planes", c->planes, N_STAGES, 1, 4096);
    vdt_fields_ints(&fields, "pos_dim", c->pos_dim, N_STAGES, 1, 1024);
    vdt_fields_ints(&fields, "spatial_stride", c->stride, N_STAGES, 1, 2);
    c->expansion = vdt_fields_int(&fields, "expansion", c->bottleneck ? 4 : 1, 1, 8);
    c->frames = vdt_fields_int(&fields, "frames", 16, 1, 256);
    c->dropout = vdt_fields_double(&fields, "dropout", 0.5, 0, 0.95);
    c->prefix = vdt_fields_string(&fields, "prefix", "backbone.net");

    if (!c->bottleneck && c->expansion != 1)
        vdt_fields_fail(&fields, "\"expansion\" is %d, but must be 1 for basic blocks",
                        c->expansion);
    gint64 channels = vdt_fields_int(&fields, "input_channels", 3 * c->frames, 1, 3 * 256);
    if (channels != 3 * c->frames)
        vdt_fields_fail(&fields,
                        "\"input_channels\" is %" G_GINT64_FORMAT
                        ", but %d \"frames\" of 3 colours make %d",
                        channels, c->frames, 3 * c->frames);
    double widen = vdt_fields_double(&fields, "widen_factor", 1, 0.01, 16);
    for (int i = 0; i < N_STAGES; i++) {
        c->planes[i] = (gint64)(c->planes[i] * widen);
        if (c->planes[i] < 1)
            vdt_fields_fail(&fields, "\"widen_factor\" %g leaves stage %d no channels", widen,
                            i + 1);
    }
    if (strlen(c->prefix) > 64)
        vdt_fields_fail(&fields, "\"prefix\" is longer than 64 bytes");

    /* "head": null states that there is none; a class count of 0 means the same. */
    gboolean headless =
        json_object_has_member(object, "head") && json_object_get_null_member(object, "head");
    c->num_classes = vdt_fields_int(&fields, "num_classes", 0, 0, 100000);
    if (headless)
        c->num_classes = 0;
    gint64 features = c->planes[N_STAGES - 1] * c->expansion;
    if (c->num_classes == 0 && features % FEATURE_FRAMES != 0)
        vdt_fields_fail(&fields,
                        "%" G_GINT64_FORMAT " output channels cannot be viewed as %d frames",
                        features, FEATURE_FRAMES);
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

static VdtValue *conv_bn(VdtScope s, const char *conv, const char *bn, VdtValue *x, int out)
{
    x = vdt_conv2d(vdt_in(s, "%s", conv), x, .out = out, .kernel = 1);
    return vdt_batch_norm(vdt_in(s, "%s", bn), x);
}

/* Inter-temporal object interaction: what x shows nearby, gated by where things are in the whole
 * picture and clip. The position code is learned for one size and stretched to others. */
static VdtValue *interaction(VdtScope s, VdtValue *x, VdtValue *weighted, int out, int pos_dim)
{
    VdtScope glo = vdt_in(s, "glo_conv");
    VdtValue *g = vdt_conv2d(vdt_in(glo, "0"), weighted, .out = GLOBAL_CHANNELS, .kernel = 3,
                             .pad = 1, .bias = TRUE);
    g = vdt_relu(vdt_batch_norm(vdt_in(glo, "1"), g));

    VdtShape size = vdt_shape(1, GLOBAL_CHANNELS, pos_dim, pos_dim);
    VdtValue *pos = vdt_param(s, "pos_embed", &size);
    gint64 height = vdt_value_dim(g, 2), width = vdt_value_dim(g, 3);
    if (height != pos_dim || width != pos_dim)
        pos = vdt_resize_bilinear(pos, height, width, TRUE);
    g = vdt_add(g, pos);

    g = vdt_conv2d(vdt_in(glo, "3"), g, .out = GLOBAL_CHANNELS, .kernel = 7, .pad = 3,
                   .bias = TRUE);
    g = vdt_relu(vdt_batch_norm(vdt_in(glo, "4"), g));
    g = vdt_conv2d(vdt_in(glo, "6"), g, .out = out, .kernel = 3, .pad = 1, .bias = TRUE);

    VdtValue *near =
        vdt_conv2d(vdt_in(s, "short_conv"), x, .out = out, .kernel = 3, .pad = 1, .bias = TRUE);
    return vdt_mul(near, vdt_sigmoid(g));
}

/* Channel-time learning: weigh the channels, which are moments as much as features, by their own
 * mean; then mix them over time (1x1) and let objects interact. @count numbers the taps. */
static VdtValue *ctl(VdtScope s, VdtValue *x, int out, int pos_dim, guint *count)
{
    int in = vdt_value_dim(x, 1);
    guint index = (*count)++;
    VdtScope param = vdt_in(s, "param_conv");
    VdtValue *p = vdt_relu(conv_bn(param, "1", "2", vdt_global_avg_pool(x), in));
    p = vdt_sigmoid(vdt_conv2d(vdt_in(param, "4"), p, .out = in, .kernel = 1));
    vdt_tap(p, "block%u.param", index);

    VdtValue *weighted = vdt_mul(x, p);
    VdtValue *time = vdt_conv2d(vdt_in(s, "temporal_conv"), weighted, .out = out, .kernel = 1);
    VdtValue *space = interaction(vdt_in(s, "spatial_conv"), x, weighted, out, pos_dim);
    vdt_tap(space, "block%u.spatial", index);
    return vdt_tap(vdt_add(time, space), "block%u.ctl", index);
}

/* 1x1, CTL, 1x1. */
static VdtValue *bottleneck(VdtScope s, VdtValue *x, int planes, int out, int pos_dim, guint *count)
{
    VdtValue *y = vdt_relu(conv_bn(s, "conv1", "bn1", x, planes));
    y = ctl(vdt_in(s, "conv2"), y, planes, pos_dim, count);
    y = vdt_relu(vdt_batch_norm(vdt_in(s, "bn2"), y));
    return conv_bn(s, "conv3", "bn3", y, out);
}

/* Two CTLs. The authors' code gives the first one a position code of 7x7 at every stage. */
static VdtValue *basic(VdtScope s, VdtValue *x, int planes, int pos_dim, guint *count)
{
    VdtValue *y = ctl(vdt_in(s, "conv1"), x, planes, 7, count);
    y = vdt_relu(vdt_batch_norm(vdt_in(s, "bn1"), y));
    y = ctl(vdt_in(s, "conv2"), y, planes, pos_dim, count);
    return vdt_batch_norm(vdt_in(s, "bn2"), y);
}

/* Halves the picture by a convolution of each channel with itself. */
static VdtValue *downsample(VdtScope s, VdtValue *x)
{
    int channels = vdt_value_dim(x, 1);
    x = vdt_conv2d(vdt_in(s, "0"), x, .out = channels, .kernel = 2, .stride = 2, .groups = channels,
                   .bias = TRUE);
    return vdt_batch_norm(vdt_in(s, "1"), x);
}

static VdtValue *stage(const Config *c, VdtScope net, VdtValue *x, int i, guint *count)
{
    VdtScope s = vdt_in(net, "layer%d", i + 1);
    int planes = c->planes[i], out = planes * c->expansion;
    for (int j = 0; j < c->layers[i]; j++) {
        VdtScope b = vdt_in(s, "%d", j);
        if (j == 0 && c->stride[i] != 1)
            x = downsample(vdt_in(b, "downsample"), x);
        /* The shortcut begins after the downsampling. */
        VdtValue *shortcut = x;
        if (vdt_value_dim(x, 1) != out)
            shortcut = conv_bn(vdt_in(b, "shortcut_conv"), "0", "1", x, out);
        x = c->bottleneck ? bottleneck(b, x, planes, out, c->pos_dim[i], count)
                          : basic(b, x, planes, c->pos_dim[i], count);
        x = vdt_relu(vdt_add(x, shortcut));
    }
    return vdt_tap(x, "layer%d", i + 1);
}

static VdtValue *stem(const Config *c, VdtScope net, VdtValue *clip)
{
    VdtShape clips = vdt_value_shape(clip);
    VdtShape picture = vdt_shape(clips.dims[0], -1, clips.dims[3], clips.dims[4]);
    VdtValue *x = vdt_reshape(clip, &picture);
    x = vdt_conv2d(vdt_in(net, "conv1"), x, .out = c->planes[0], .kernel = 5, .stride = 2,
                   .pad = 2);
    x = vdt_relu(vdt_batch_norm(vdt_in(net, "bn1"), x));
    x = vdt_max_pool2d(x, .kernel = 3, .stride = 2, .pad = 1);
    return vdt_tap(x, "stem");
}

static VdtValue *head(const Config *c, VdtScope s, VdtValue *x)
{
    VdtShape flat = vdt_shape(vdt_value_dim(x, 0), -1);
    x = vdt_dropout(vdt_reshape(vdt_global_avg_pool(x), &flat), c->dropout);
    return vdt_linear(vdt_in(s, "fc_cls"), x, .out = c->num_classes);
}

/* Detection heads take the channels apart into features and time again. */
static VdtValue *features(VdtValue *x)
{
    VdtShape s = vdt_value_shape(x);
    VdtShape view = vdt_shape(s.dims[0], -1, FEATURE_FRAMES, s.dims[2], s.dims[3]);
    return vdt_reshape(x, &view);
}

static gboolean build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    const VdtShape *input = &asked->inputs[0];
    Config c;
    if (!vdt_build_check_plain(&vdt_squeezetime, asked, error) || !read_config(config, &c, error))
        return FALSE;
    if (input->n_dims != 5 || input->dims[1] != 3 || input->dims[2] != c.frames) {
        g_autofree char *text = vdt_shape_to_string(input);
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "input has shape %s, but this network takes clips [N,3,%d,H,W]", text,
                    c.frames);
        return FALSE;
    }
    VdtScope net = vdt_scope(graph, c.prefix);
    VdtValue *x = stem(&c, net, vdt_input(graph, "video", input));
    guint count = 0;
    for (int i = 0; i < N_STAGES; i++)
        x = stage(&c, net, x, i, &count);
    if (c.num_classes > 0)
        vdt_output(graph, "logits", head(&c, vdt_scope(graph, "cls_head"), x));
    else
        vdt_output(graph, "features", features(x));
    return TRUE;
}

static VdtShape input_shape(JsonObject *config, guint batch, guint width, guint height)
{
    Config c;
    int frames = read_config(config, &c, NULL) ? c.frames : 0;
    return vdt_shape(batch, 3, frames, height, width);
}

static JsonArray *numbers(const gint64 *values)
{
    JsonArray *array = json_array_new();
    for (int i = 0; i < N_STAGES; i++)
        json_array_add_int_element(array, values[i]);
    return array;
}

/* Fills @c with the configuration whose tensors have the names and shapes of these. */
static gboolean measure(const VdtWeights *w, const char *prefix, Config *c)
{
    int channels = vdt_measure(w, prefix, 4, 1, "conv1.weight");
    if (channels == 0 || channels % 3 != 0)
        return FALSE;
    *c = (Config){.prefix = prefix, .frames = channels / 3};
    c->bottleneck = vdt_measure(w, prefix, 4, 0, "layer1.0.conv3.weight") > 0;
    for (int i = 0; i < N_STAGES; i++) {
        c->planes[i] = vdt_measure(w, prefix, 1, 0, "layer%d.0.bn1.weight", i + 1);
        c->pos_dim[i] =
            vdt_measure(w, prefix, 4, 2, "layer%d.0.conv2.spatial_conv.pos_embed", i + 1);
        c->stride[i] =
            vdt_measure(w, prefix, 4, 0, "layer%d.0.downsample.0.weight", i + 1) > 0 ? 2 : 1;
        while (c->layers[i] < MAX_BLOCKS &&
               vdt_measure(w, prefix, 1, 0, "layer%d.%d.bn1.weight", i + 1, (int)c->layers[i]) > 0)
            c->layers[i]++;
        if (c->planes[i] == 0 || c->pos_dim[i] == 0)
            return FALSE;
    }
    c->expansion = 1;
    if (c->bottleneck)
        c->expansion =
            vdt_measured_ratio(vdt_measure(w, prefix, 4, 0, "layer1.0.conv3.weight"), c->planes[0]);
    c->num_classes = vdt_measure(w, "", 2, 0, "cls_head.fc_cls.weight");
    return c->expansion > 0;
}

static JsonObject *to_json(const Config *c)
{
    JsonObject *object = json_object_new();
    for (guint i = 0; i < G_N_ELEMENTS(depths); i++)
        if (depths[i].bottleneck == c->bottleneck &&
            memcmp(depths[i].layers, c->layers, sizeof c->layers) == 0)
            json_object_set_int_member(object, "depth", depths[i].depth);
    json_object_set_string_member(object, "block", c->bottleneck ? "bottleneck" : "basic");
    json_object_set_array_member(object, "layers", numbers(c->layers));
    json_object_set_array_member(object, "planes", numbers(c->planes));
    json_object_set_int_member(object, "expansion", c->expansion);
    json_object_set_int_member(object, "frames", c->frames);
    json_object_set_array_member(object, "pos_dim", numbers(c->pos_dim));
    json_object_set_array_member(object, "spatial_stride", numbers(c->stride));
    json_object_set_int_member(object, "num_classes", c->num_classes);
    json_object_set_string_member(object, "prefix", c->prefix);
    return object;
}

/* The published networks, which share everything but the head, the last stage's stride and, where
 * the authors load the backbone by itself, the names' prefix. */
#define R50 "{\"depth\": 50, \"frames\": 16, "
static const VdtVariant variants[] = {
    {.name = "r50-k400",
     .config = R50 "\"num_classes\": 400}",
     .labels = "kinetics400",
     .size = 224,
     .frames = 16,
     .frame_interval = 4,
     .vision = {.test_clips = 10, .test_crops = 3, .test_size = 224},
     .framing = VDT_FRAMING_CROP,
     .bench_width = 224,
     .bench_height = 224},
    {.name = "r50-k600",
     .config = R50 "\"num_classes\": 600}",
     .labels = "kinetics600",
     .size = 224,
     .frames = 16,
     .frame_interval = 4,
     .vision = {.test_clips = 10, .test_crops = 3, .test_size = 224},
     .framing = VDT_FRAMING_CROP,
     .bench_width = 224,
     .bench_height = 224},
    {.name = "r50-hmdb51",
     .config = R50 "\"num_classes\": 51}",
     .labels = "hmdb51",
     .size = 224,
     .frames = 16,
     .frame_interval = 4,
     .vision = {.test_clips = 2, .test_crops = 3, .test_size = 286},
     .framing = VDT_FRAMING_CROP,
     .bench_width = 224,
     .bench_height = 224},
    {.name = "r50-ava",
     .config = R50 "\"head\": null, \"spatial_stride\": [1, 2, 2, 1]}",
     .labels = "ava",
     .size = 256,
     .frames = 16,
     .frame_interval = 4,
     .vision = {.test_clips = 1, .test_crops = 1, .test_size = 256},
     .framing = VDT_FRAMING_STRETCH,
     .bench_width = 96,
     .bench_height = 128},
    {.name = "r50-in1k",
     .config = R50 "\"head\": null, \"prefix\": \"\"}",
     .size = 224,
     .frames = 16,
     .frame_interval = 4,
     .vision = {.test_clips = 1, .test_crops = 1, .test_size = 224},
     .framing = VDT_FRAMING_CROP,
     .bench_width = 224,
     .bench_height = 224},
    /* What `vedette train` makes of the synthetic street; small enough for any camera. */
    {.name = "small",
     .config = "{\"block\": \"bottleneck\", \"layers\": [1, 2, 2, 1], "
               "\"planes\": [16, 32, 64, 96], \"pos_dim\": [24, 12, 6, 3], \"frames\": 16, "
               "\"num_classes\": 12}",
     .size = 112,
     .frames = 16,
     .frame_interval = 4,
     .vision = {.test_clips = 1, .test_crops = 1, .test_size = 112},
     .framing = VDT_FRAMING_STRETCH,
     .bench_width = 192,
     .bench_height = 112},
};
#undef R50

static void set_classes(JsonObject *config, guint n_classes)
{
    json_object_remove_member(config, "head");
    json_object_set_int_member(config, "num_classes", n_classes);
}

/* A backbone by itself is the one that training on pictures left, however many frames its stem was
 * given and whatever size its pictures had. */
static gboolean same(const Config *a, const Config *b)
{
    gboolean bare = *a->prefix == '\0' && a->num_classes == 0;
    return a->bottleneck == b->bottleneck && a->expansion == b->expansion &&
           a->num_classes == b->num_classes && strcmp(a->prefix, b->prefix) == 0 &&
           memcmp(a->layers, b->layers, sizeof a->layers) == 0 &&
           memcmp(a->planes, b->planes, sizeof a->planes) == 0 &&
           memcmp(a->stride, b->stride, sizeof a->stride) == 0 &&
           (bare ||
            (a->frames == b->frames && memcmp(a->pos_dim, b->pos_dim, sizeof a->pos_dim) == 0));
}

static JsonObject *recognise(const VdtWeights *weights, const char **variant)
{
    Config found;
    if (!measure(weights, "backbone.net", &found) && !measure(weights, "net", &found) &&
        !measure(weights, "", &found))
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
    "depth",       "layers", "block",   "planes", "pos_dim",        "spatial_stride",
    "expansion",   "frames", "dropout", "prefix", "input_channels", "widen_factor",
    "num_classes", "head",   "output",  NULL};

const VdtModel vdt_squeezetime = {
    .name = "squeezetime",
    .variants = variants,
    .n_variants = G_N_ELEMENTS(variants),
    .task = VDT_TASK_RECOGNITION,
    .vision = {.mean = {123.675f, 116.28f, 103.53f}, .std = {58.395f, 57.12f, 57.375f}},
    .head = "cls_head.",
    .keys = keys,
    .set_classes = set_classes,
    .input_shape = input_shape,
    .build = build,
    .recognise = recognise,
};
