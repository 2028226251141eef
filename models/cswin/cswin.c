/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four stages of blocks, with a convolution between them that halves the map. In a block the heads
 * share out: some attend within stripes as high as the map, the others within stripes as wide; all
 * within the whole map where a stripe would be as large, and in the last stage. A 3x3 convolution
 * of the values, within each stripe, says where they are. Scopes are the authors' names.
 */
#include "cswin.h"

#include <string.h>

#include "../fields.h"
#include "../measure.h"

#define HEAD_WIDTH 32 /* of all published networks, where no tensor tells */
#define MOST_SPLIT 1024

typedef struct {
    VdtPyramid p;
    int split[VDT_STAGES]; /* width of stripes */
} Config;

static const Config defaults = {
    .p = {.patch = 4,
          .size = 224,
          .dims = {64, 128, 256, 512},
          .depths = {2, 4, 18, 1},
          .heads = {2, 4, 8, 16},
          .mlp_ratios = {4, 4, 4, 4},
          .kernel = 5,
          .qkv_bias = TRUE,
          .norm = VDT_NORM_LINEAR,
          .eps = 1e-5,
          .num_classes = 1000},
    .split = {1, 2, 7, 7},
};

/* The side of a stage's map in the training. */
static int stored_side(const Config *c, int stage)
{
    return MAX(c->p.size / c->p.patch >> stage, 1);
}

/* Whether all heads attend within the whole map. */
static gboolean is_whole(const Config *c, int stage)
{
    return stage + 1 == VDT_STAGES || c->split[stage] == stored_side(c, stage);
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    static const char *const splits[] = {"split_size", "split_sizes", NULL};
    static const char *const linear_splits[] = {"la_split_size", NULL};
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "cswin configuration", &mistake};
    int linear[VDT_STAGES];
    *c = defaults;
    vdt_fields_choice(&fields, "arch", 0, (const char *const[]){"cswin", NULL});
    vdt_pyramid_read(&fields, &c->p);
    for (int i = 0; i < VDT_STAGES; i++)
        linear[i] = stored_side(c, i);
    vdt_pyramid_read_list(&fields, splits, c->split, 1, MOST_SPLIT);
    vdt_pyramid_read_list(&fields, linear_splits, linear, 1, MOST_SPLIT);
    for (int i = 0; i < VDT_STAGES; i++) {
        if (c->p.linear[i])
            c->split[i] = linear[i];
        if (!is_whole(c, i) && c->p.heads[i] % 2 != 0)
            vdt_fields_fail(&fields,
                            "stage %d has %d heads, but shares them out to two kinds of "
                            "stripes",
                            i, c->p.heads[i]);
    }
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

/* A stage's map. */
typedef struct {
    int stage;
    gint64 height, width;
} Map;

/* Of some channels of q, k and v, within stripes. */
static VdtValue *branch(const Config *c, VdtScope s, VdtValue *const qkv[3], int heads,
                        const Map *map, VdtWindows stripes)
{
    gint64 dim = vdt_value_dim(qkv[0], 2), high = stripes.window, wide = stripes.window_w;
    gboolean whole = high == map->height && wide == map->width;
    VdtValue *part[3], *near, *x;
    for (int i = 0; i < 3; i++)
        part[i] = whole ? qkv[i] : vdt_windows_with(qkv[i], stripes);
    near = vdt_conv2d(vdt_in(s, "get_v"), vdt_pyramid_map(part[2], high, wide), .out = (int)dim,
                      .kernel = 3, .pad = 1, .groups = (int)dim, .bias = TRUE);
    if (c->p.linear[map->stage])
        x = vdt_pyramid_attend_linearly(c->p.kernel, s, part, heads, stored_side(c, map->stage),
                                        high, wide);
    else
        x = vdt_pyramid_attend(part, heads, NULL);
    /* Beside the convolution, which takes the sum in. */
    x = vdt_pyramid_tokens(vdt_add(near, vdt_pyramid_map(x, high, wide)));
    return whole ? x : vdt_windows_back_with(x, stripes);
}

static VdtValue *attention(const Config *c, VdtScope s, VdtValue *x, const Map *map)
{
    int dim = c->p.dims[map->stage], heads = c->p.heads[map->stage], split = c->split[map->stage];
    int n = is_whole(c, map->stage) ? 1 : 2, width = dim / n;
    VdtValue *qkv[6], *attended[2];
    vdt_pyramid_linear(vdt_in(s, "qkv"), x, c->p.qkv_bias, c->p.linear[map->stage] && n == 1, width,
                       3 * n, qkv);
    for (int k = 0; k < n; k++) {
        VdtWindows stripes = {.height = (int)map->height,
                              .width = (int)map->width,
                              .window = n == 1 || k == 0 ? (int)map->height : split,
                              .window_w = n == 1 || k == 1 ? (int)map->width : split};
        VdtValue *part[3];
        for (int i = 0; i < 3; i++)
            part[i] = qkv[i * n + k];
        attended[k] = branch(c, vdt_in(s, "attns.%d", k), part, heads / n, map, stripes);
    }
    x = n == 1 ? attended[0] : vdt_concat(attended, 2, 2);
    return vdt_linear(vdt_in(s, "proj"), x, .out = dim);
}

static VdtValue *block(const Config *c, VdtScope s, VdtValue *x, const Map *map)
{
    VdtValue *y = vdt_norm(c->p.norm, vdt_in(s, "norm1"), x, c->p.eps);
    x = vdt_add(x, attention(c, s, y, map));
    y = vdt_norm(c->p.norm, vdt_in(s, "norm2"), x, c->p.eps);
    x = vdt_add(x, vdt_pyramid_mlp(vdt_in(s, "mlp"), y, c->p.mlp_ratios[map->stage]));
    return vdt_tap(x, "%s", s.prefix);
}

/* A convolution, whose pixels are the next stage's tokens, and a norm of these. */
static VdtValue *embed(const Config *c, VdtScope conv, VdtScope norm, VdtValue *x, VdtConv2d o,
                       Map *map)
{
    x = vdt_conv2d_with(conv, x, o);
    map->height = vdt_value_dim(x, 2);
    map->width = vdt_value_dim(x, 3);
    return vdt_norm(c->p.norm, norm, vdt_pyramid_tokens(x), c->p.eps);
}

static gboolean check_map(const Config *c, const Map *map, GError **error)
{
    int split = c->split[map->stage];
    if (is_whole(c, map->stage) || (map->height % split == 0 && map->width % split == 0))
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                "for pictures of this size the map of stage %d is %" G_GINT64_FORMAT
                " wide and %" G_GINT64_FORMAT " high, which cannot be cut into stripes of %d",
                map->stage, map->width, map->height, split);
    return FALSE;
}

gboolean vdt_cswin_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    Config c;
    Map map = {0};
    if (!read_config(config, &c, error) || !vdt_pyramid_check_input(&c.p, &asked->inputs[0], error))
        return FALSE;
    VdtScope net = vdt_scope(graph, ""), s = vdt_in(net, "stage1_conv_embed");
    VdtValue *x = vdt_input(graph, "image", &asked->inputs[0]);
    VdtConv2d first = {.out = c.p.dims[0],
                       .kernel = 2 * c.p.patch - 1,
                       .stride = c.p.patch,
                       .pad = c.p.patch / 2,
                       .bias = TRUE};
    x = embed(&c, vdt_in(s, "0"), vdt_in(s, "2"), x, first, &map);
    vdt_tap(x, "stage1_conv_embed");
    for (; map.stage < VDT_STAGES; map.stage++) {
        if (map.stage > 0) {
            VdtConv2d half = {
                .out = c.p.dims[map.stage], .kernel = 3, .stride = 2, .pad = 1, .bias = TRUE};
            s = vdt_in(net, "merge%d", map.stage);
            x = vdt_pyramid_map(x, map.height, map.width);
            x = embed(&c, vdt_in(s, "conv"), vdt_in(s, "norm"), x, half, &map);
            vdt_tap(x, "merge%d", map.stage);
        }
        if (x != NULL && !check_map(&c, &map, error))
            return FALSE;
        for (int j = 0; j < c.p.depths[map.stage]; j++)
            x = block(&c, vdt_in(net, "stage%d.%d", map.stage + 1, j), x, &map);
    }
    x = vdt_tap(vdt_norm(c.p.norm, vdt_in(net, "norm"), x, c.p.eps), "norm");
    vdt_output(graph, "logits", vdt_pyramid_head(&c.p, vdt_in(net, "head"), x));
    return TRUE;
}

/* The width of stripes, and with linear attention what it says of the side of the map; where no
 * tensor tells, what the published networks have. */
static gboolean measure_attention(const VdtWeights *w, Config *c, int i)
{
    VdtPyramid *p = &c->p;
    int n = i + 1, width = vdt_measure(w, "", 4, 0, "stage%d.0.attns.0.dwc.weight", n);
    gboolean two = vdt_measure(w, "", 4, 0, "stage%d.0.attns.1.get_v.weight", n) > 0;
    int branches = two ? 2 : 1;
    p->linear[i] = width > 0;
    p->heads[i] = vdt_measured_ratio(p->dims[i] / branches, width > 0 ? width : HEAD_WIDTH);
    p->heads[i] = MAX(p->heads[i], 1) * branches;
    if (width > 0) {
        int places = vdt_measure(w, "", 3, 1, "stage%d.0.attns.0.positional_encoding", n);
        p->kernel = vdt_measure(w, "", 4, 2, "stage%d.0.attns.0.dwc.weight", n);
        int side = two ? stored_side(c, i) : vdt_pyramid_side(places);
        if (side == 0 || side > VDT_PYRAMID_SIDE / p->patch >> i)
            return FALSE;
        if (!two)
            p->size = side * p->patch << i;
        c->split[i] = two ? places / side : side;
    } else if (!two) {
        c->split[i] = stored_side(c, i);
    }
    return c->split[i] > 0;
}

static gboolean measure_stage(const VdtWeights *w, Config *c, int i)
{
    VdtPyramid *p = &c->p;
    int n = i + 1, dim = p->dims[i];
    p->depths[i] = 0;
    while (p->depths[i] < VDT_PYRAMID_DEPTH &&
           vdt_measure(w, "", 2, 1, "stage%d.%d.qkv.weight", n, p->depths[i]) == dim)
        p->depths[i]++;
    p->mlp_ratios[i] =
        vdt_measured_ratio(vdt_measure(w, "", 2, 0, "stage%d.0.mlp.fc1.weight", n), dim);
    return p->depths[i] > 0 && p->mlp_ratios[i] > 0 && measure_attention(w, c, i);
}

static gboolean measure(const VdtWeights *w, Config *c)
{
    VdtPyramid *p = &c->p;
    *c = defaults;
    p->dims[0] = vdt_measure(w, "", 4, 0, "stage1_conv_embed.0.weight");
    p->patch = (vdt_measure(w, "", 4, 2, "stage1_conv_embed.0.weight") + 1) / 2;
    p->num_classes = vdt_measure(w, "", 2, 0, "head.weight");
    p->qkv_bias = vdt_measure(w, "", 1, 0, "stage1.0.qkv.bias") > 0;
    if (p->dims[0] < 1 || p->dims[0] > 1024 || p->patch < 1 || p->patch > 64 || p->num_classes < 1)
        return FALSE;
    p->size = defaults.p.size / defaults.p.patch * p->patch;
    for (int i = 0; i < VDT_STAGES; i++) {
        p->dims[i] = vdt_measure(w, "", 2, 1, "stage%d.0.qkv.weight", i + 1);
        if (p->dims[i] < 1 || !measure_stage(w, c, i))
            return FALSE;
    }
    c->p.norm = vdt_norm_measure(w, "stage1.0.norm1", p->dims[0]);
    return TRUE;
}

JsonObject *vdt_cswin_recognise(const VdtWeights *weights)
{
    Config found;
    if (!measure(weights, &found))
        return NULL;
    JsonObject *object = vdt_pyramid_to_json("cswin", &found.p);
    vdt_pyramid_list_to_json(object, "split_size", found.split);
    vdt_pyramid_list_to_json(object, "la_split_size", found.split);
    return object;
}

gboolean vdt_cswin_same(JsonObject *a, JsonObject *b)
{
    Config x, y;
    return read_config(a, &x, NULL) && read_config(b, &y, NULL) && vdt_pyramid_same(&x.p, &y.p) &&
           memcmp(x.split, y.split, sizeof x.split) == 0;
}
