/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture is cut into small patches, each a token; four stages attend within windows of their
 * map, moved by half a window in every other block, and between stages four tokens become one. The
 * mean of the last map's tokens is classified. Scopes are the names that the authors, and timm,
 * give to their parameters.
 */
#include "swin.h"

#include "../fields.h"
#include "../measure.h"

#define MOST_WINDOW 256
#define MOST_PLACES 64 /* on a side of windows whose tokens attend by softmax */

typedef struct {
    VdtPyramid p;
    int window;         /* of stages that attend linearly */
    int softmax_window; /* of the others */
} Config;

static const Config defaults = {
    .p = {.patch = 4,
          .size = 224,
          .dims = {96, 192, 384, 768},
          .depths = {2, 2, 6, 2},
          .heads = {3, 6, 12, 24},
          .mlp_ratios = {4, 4, 4, 4},
          .kernel = 5,
          .qkv_bias = TRUE,
          .norm = VDT_NORM_LAYER,
          .eps = 1e-5,
          .num_classes = 1000},
    .window = 7,
};

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "swin configuration", &mistake};
    const char *window = vdt_fields_has(&fields, "window_size") ? "window_size" : "window";
    int usual;
    *c = defaults;
    vdt_fields_choice(&fields, "arch", 0, (const char *const[]){"swin", NULL});
    vdt_pyramid_read(&fields, &c->p);
    c->window = vdt_fields_int(&fields, window, c->window, 1, MOST_WINDOW);
    /* The authors' networks with linear attention have one window for that, and this beside it. */
    usual = c->window <= 16 ? c->window : c->window <= 56 ? 7 : 12;
    c->softmax_window = vdt_fields_int(&fields, "softmax_window", usual, 1, MOST_PLACES);
    for (guint i = 1; i < VDT_STAGES; i++)
        if (c->p.dims[i] != 2 * c->p.dims[i - 1])
            vdt_fields_fail(&fields,
                            "tokens of stage %u are %d wide, but must be twice as wide as those "
                            "before, %d",
                            i, c->p.dims[i], c->p.dims[i - 1]);
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

/* Windows of the stage on maps of such sides: the whole map where that is no larger. */
static gint64 window_of(const Config *c, int stage, gint64 height, gint64 width)
{
    return MIN(c->p.linear[stage] ? c->window : c->softmax_window, MIN(height, width));
}

/* The same on the maps of the training, which positions are stored for. */
static gint64 stored_window(const Config *c, int stage)
{
    gint64 side = MAX(c->p.size / c->p.patch >> stage, 1);
    return window_of(c, stage, side, side);
}

static VdtWindows windows_of(const Config *c, const Map *map, int block)
{
    int window = (int)window_of(c, map->stage, map->height, map->width);
    gboolean whole = MIN(map->height, map->width) == window;
    return (VdtWindows){.height = (int)map->height,
                        .width = (int)map->width,
                        .window = window,
                        .shift = block % 2 == 1 && !whole ? window / 2 : 0};
}

/* The bias of a stage's windows, by a table for those of the training. */
static VdtValue *bias_of(const Config *c, VdtScope s, const Map *map, VdtWindows windows)
{
    gint64 stored = 2 * stored_window(c, map->stage) - 1, wide = 2 * windows.window - 1;
    gint64 heads = c->p.heads[map->stage];
    VdtShape shape = vdt_shape(stored * stored, heads), one = vdt_shape(1, stored * stored, heads);
    VdtShape rows = vdt_shape(wide * wide, heads);
    VdtValue *table = vdt_param(s, "relative_position_bias_table", &shape);
    if (wide != stored)
        table = vdt_reshape(vdt_pyramid_resize(vdt_reshape(table, &one), stored, wide, wide, TRUE),
                            &rows);
    return vdt_window_bias_with(table, windows);
}

static VdtValue *attention(const Config *c, VdtScope s, VdtValue *x, const Map *map,
                           VdtWindows windows)
{
    int heads = c->p.heads[map->stage];
    VdtValue *part[3];
    vdt_pyramid_linear(vdt_in(s, "qkv"), x, c->p.qkv_bias, c->p.linear[map->stage],
                       c->p.dims[map->stage], 3, part);
    if (c->p.linear[map->stage])
        return vdt_pyramid_attend_linearly(c->p.kernel, s, part, heads,
                                           stored_window(c, map->stage), windows.window,
                                           windows.window);
    return vdt_pyramid_attend(part, heads, bias_of(c, s, map, windows));
}

/* The norm comes first where there is padding, which has to stay zero; otherwise it stands before
 * a linear layer, into which it folds. The projection comes last, before the sum. */
static VdtValue *attend(const Config *c, VdtScope s, VdtValue *x, const Map *map, int block)
{
    VdtWindows windows = windows_of(c, map, block);
    VdtScope inner = vdt_in(s, "attn");
    gboolean whole = map->height == windows.window && map->width == windows.window;
    gboolean padded = map->height % windows.window != 0 || map->width % windows.window != 0;
    if (padded)
        x = vdt_norm(c->p.norm, vdt_in(s, "norm1"), x, c->p.eps);
    if (!whole)
        x = vdt_windows_with(x, windows);
    if (!padded)
        x = vdt_norm(c->p.norm, vdt_in(s, "norm1"), x, c->p.eps);
    x = attention(c, inner, x, map, windows);
    if (!whole)
        x = vdt_windows_back_with(x, windows);
    return vdt_linear(vdt_in(inner, "proj"), x, .out = c->p.dims[map->stage]);
}

static VdtValue *block(const Config *c, VdtScope s, VdtValue *x, const Map *map, int j)
{
    x = vdt_add(x, vdt_tap(attend(c, s, x, map, j), "layers.%d.blocks.%d.attn", map->stage, j));
    VdtValue *y = vdt_norm(c->p.norm, vdt_in(s, "norm2"), x, c->p.eps);
    x = vdt_add(x, vdt_pyramid_mlp(vdt_in(s, "mlp"), y, c->p.mlp_ratios[map->stage]));
    return vdt_tap(x, "layers.%d.blocks.%d", map->stage, j);
}

/* Four tokens become one, twice as wide. */
static VdtValue *merge(const Config *c, VdtScope s, VdtValue *x, Map *map)
{
    x = vdt_windows_joined(x, .height = (int)map->height, .width = (int)map->width, .window = 2);
    x = vdt_norm(c->p.norm, vdt_in(s, "norm"), x, c->p.eps);
    map->height = (map->height + 1) / 2;
    map->width = (map->width + 1) / 2;
    return vdt_linear(vdt_in(s, "reduction"), x, .out = 2 * c->p.dims[map->stage],
                      .no_bias = c->p.norm != VDT_NORM_NONE);
}

static VdtValue *patches(const Config *c, VdtScope s, VdtValue *picture, Map *map)
{
    VdtValue *x = vdt_conv2d(vdt_in(s, "proj"), picture, .out = c->p.dims[0], .kernel = c->p.patch,
                             .stride = c->p.patch, .bias = TRUE);
    *map = (Map){0, vdt_value_dim(x, 2), vdt_value_dim(x, 3)};
    x = vdt_norm(c->p.norm, vdt_in(s, "norm"), vdt_pyramid_tokens(x), c->p.eps);
    return vdt_tap(x, "patch_embed");
}

gboolean vdt_swin_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    Config c;
    Map map;
    if (!read_config(config, &c, error) || !vdt_pyramid_check_input(&c.p, &asked->inputs[0], error))
        return FALSE;
    VdtScope net = vdt_scope(graph, "");
    VdtValue *x = vdt_input(graph, "image", &asked->inputs[0]);
    x = patches(&c, vdt_in(net, "patch_embed"), x, &map);
    if (x == NULL)
        return TRUE; /* too large: the graph says so */
    for (; map.stage < VDT_STAGES; map.stage++) {
        VdtScope s = vdt_in(net, "layers.%d", map.stage);
        for (int j = 0; j < c.p.depths[map.stage]; j++)
            x = block(&c, vdt_in(s, "blocks.%d", j), x, &map, j);
        if (map.stage + 1 < VDT_STAGES)
            x = merge(&c, vdt_in(s, "downsample"), x, &map);
        x = vdt_tap(x, "layers.%d", map.stage);
    }
    x = vdt_tap(vdt_norm(c.p.norm, vdt_in(net, "norm"), x, c.p.eps), "norm");
    vdt_output(graph, "logits", vdt_pyramid_head(&c.p, vdt_in(net, "head"), x));
    return TRUE;
}

static gboolean measure_stage(const VdtWeights *w, Config *c, int i)
{
    VdtPyramid *p = &c->p;
    int dim = p->dims[i], side;
    g_autofree char *attention = g_strdup_printf("layers.%d.blocks.0.attn", i);
    p->depths[i] = 0;
    while (p->depths[i] < VDT_PYRAMID_DEPTH &&
           vdt_measure(w, "", 2, 1, "layers.%d.blocks.%d.attn.qkv.weight", i, p->depths[i]) == dim)
        p->depths[i]++;
    p->mlp_ratios[i] =
        vdt_measured_ratio(vdt_measure(w, "", 2, 0, "layers.%d.blocks.0.mlp.fc1.weight", i), dim);
    p->linear[i] = vdt_measure(w, attention, 4, 0, "dwc.weight") > 0;
    if (p->linear[i]) {
        side = vdt_pyramid_side(vdt_measure(w, attention, 3, 1, "positional_encoding"));
        p->heads[i] = vdt_measured_ratio(dim, vdt_measure(w, attention, 4, 0, "dwc.weight"));
        p->kernel = vdt_measure(w, attention, 4, 2, "dwc.weight");
        c->window = MAX(c->window, side);
    } else {
        side = (vdt_pyramid_side(vdt_measure(w, attention, 2, 0, "relative_position_bias_table")) +
                1) /
               2;
        p->heads[i] = vdt_measure(w, attention, 2, 1, "relative_position_bias_table");
        c->softmax_window = MAX(c->softmax_window, side);
    }
    /* Pictures were at least as large as a window of each stage. */
    p->size = MAX(p->size, p->patch * side << i);
    return p->depths[i] > 0 && p->mlp_ratios[i] > 0 && p->heads[i] > 0 && side > 0 &&
           side <= (p->linear[i] ? MOST_WINDOW : MOST_PLACES) && p->size <= VDT_PYRAMID_SIDE;
}

/* Of the training's pictures, the mask of a shifted block tells how many windows they had. */
static void measure_masks(const VdtWeights *w, Config *c)
{
    for (int i = VDT_STAGES; i-- > 0;) {
        int side = vdt_pyramid_side(vdt_measure(w, "", 3, 0, "layers.%d.blocks.1.attn_mask", i));
        gint64 size = (gint64)c->p.patch * side * c->softmax_window << i;
        if (size >= c->p.size && size <= VDT_PYRAMID_SIDE)
            c->p.size = (int)size;
    }
}

static gboolean measure(const VdtWeights *w, Config *c)
{
    *c = defaults;
    c->window = c->softmax_window = c->p.size = 0;
    c->p.patch = vdt_measure(w, "", 4, 2, "patch_embed.proj.weight");
    c->p.dims[0] = vdt_measure(w, "", 4, 0, "patch_embed.proj.weight");
    c->p.num_classes = vdt_measure(w, "", 2, 0, "head.weight");
    c->p.qkv_bias = vdt_measure(w, "", 1, 0, "layers.0.blocks.0.attn.qkv.bias") > 0;
    if (c->p.patch < 1 || c->p.patch > 64 || c->p.dims[0] < 1 || c->p.dims[0] > 1024 ||
        c->p.num_classes < 1)
        return FALSE;
    for (int i = 0; i < VDT_STAGES; i++) {
        c->p.dims[i] = c->p.dims[0] << i;
        if (!measure_stage(w, c, i))
            return FALSE;
    }
    if (c->softmax_window == 0)
        c->softmax_window = MIN(c->window, 7);
    if (c->window == 0)
        c->window = c->softmax_window;
    measure_masks(w, c);
    c->p.norm = vdt_norm_measure(w, "layers.0.blocks.0.norm1", c->p.dims[0]);
    return TRUE;
}

JsonObject *vdt_swin_recognise(const VdtWeights *weights)
{
    Config found;
    if (!measure(weights, &found))
        return NULL;
    JsonObject *object = vdt_pyramid_to_json("swin", &found.p);
    json_object_set_int_member(object, "window", found.window);
    json_object_set_int_member(object, "softmax_window", found.softmax_window);
    return object;
}

gboolean vdt_swin_same(JsonObject *a, JsonObject *b)
{
    Config x, y;
    return read_config(a, &x, NULL) && read_config(b, &y, NULL) && vdt_pyramid_same(&x.p, &y.p) &&
           x.window == y.window && x.softmax_window == y.softmax_window;
}
