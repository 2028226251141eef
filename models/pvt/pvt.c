/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each of four stages cuts the map before it, the first one the picture, into patches, adds a
 * learned place to each and attends over the whole map. Scopes are the authors' names.
 */
#include "pvt.h"

#include <string.h>

#include "../fields.h"
#include "../measure.h"

#define HEAD_WIDTH 64 /* of all published networks, where no tensor tells */
#define MOST_RATIO 64
#define PATCH      2 /* of all stages but the first */

typedef struct {
    VdtPyramid p;
    int reduction[VDT_STAGES]; /* how much smaller the map of keys and values is on a side */
} Config;

static const Config defaults = {
    .p = {.patch = 4,
          .size = 224,
          .dims = {64, 128, 320, 512},
          .depths = {2, 2, 2, 2},
          .heads = {1, 2, 5, 8},
          .mlp_ratios = {8, 8, 4, 4},
          .kernel = 5,
          .qkv_bias = TRUE,
          .norm = VDT_NORM_LINEAR,
          .eps = 1e-6,
          .num_classes = 1000},
    .reduction = {8, 4, 2, 1},
};

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    static const char *const ratios[] = {"sr_ratios", "sr_ratio", NULL};
    static const char *const linear_ratios[] = {"la_sr_ratios", NULL};
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "pvt configuration", &mistake};
    int linear[VDT_STAGES] = {1, 1, 1, 1};
    *c = defaults;
    vdt_fields_choice(&fields, "arch", 0, (const char *const[]){"pvt", NULL});
    vdt_pyramid_read(&fields, &c->p);
    vdt_pyramid_read_list(&fields, ratios, c->reduction, 1, MOST_RATIO);
    vdt_pyramid_read_list(&fields, linear_ratios, linear, 1, MOST_RATIO);
    for (guint i = 0; i < VDT_STAGES; i++) {
        if (c->p.linear[i])
            c->reduction[i] = 1;
        if (c->p.linear[i] && linear[i] != 1)
            vdt_fields_fail(&fields,
                            "\"la_sr_ratios\" has %d for stage %u, but linear attention takes the "
                            "whole map, 1",
                            linear[i], i);
    }
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

/* The side of a stage's map in the training. */
static gint64 stored_side(const Config *c, int stage)
{
    return c->p.size / c->p.patch >> stage;
}

/* Keys and values, of a smaller map if the stage has one. */
static void keys_and_values(const Config *c, VdtScope s, VdtValue *x, int i, gint64 height,
                            gint64 width, VdtValue *kv[2])
{
    int dim = c->p.dims[i], ratio = c->reduction[i];
    if (ratio > 1) {
        x = vdt_conv2d(vdt_in(s, "sr"), vdt_pyramid_map(x, height, width), .out = dim,
                       .kernel = ratio, .stride = ratio, .bias = TRUE);
        x = vdt_norm(c->p.norm, vdt_in(s, "norm"), vdt_pyramid_tokens(x), c->p.eps);
    }
    vdt_pyramid_linear(vdt_in(s, "kv"), x, c->p.qkv_bias, c->p.linear[i], dim, 2, kv);
}

static VdtValue *attention(const Config *c, VdtScope s, VdtValue *x, int i, gint64 height,
                           gint64 width)
{
    int dim = c->p.dims[i], heads = c->p.heads[i];
    VdtValue *part[3] = {vdt_linear(vdt_in(s, "q"), x, .out = dim, .no_bias = !c->p.qkv_bias)};
    keys_and_values(c, s, x, i, height, width, part + 1);
    if (c->p.linear[i])
        x = vdt_pyramid_attend_linearly(c->p.kernel, s, part, heads, stored_side(c, i), height,
                                        width);
    else
        x = vdt_pyramid_attend(part, heads, NULL);
    return vdt_linear(vdt_in(s, "proj"), x, .out = dim);
}

static VdtValue *block(const Config *c, VdtScope s, VdtValue *x, int i, gint64 height, gint64 width)
{
    VdtValue *y = vdt_norm(c->p.norm, vdt_in(s, "norm1"), x, c->p.eps);
    x = vdt_add(x,
                vdt_tap(attention(c, vdt_in(s, "attn"), y, i, height, width), "%s.attn", s.prefix));
    y = vdt_norm(c->p.norm, vdt_in(s, "norm2"), x, c->p.eps);
    x = vdt_add(x, vdt_pyramid_mlp(vdt_in(s, "mlp"), y, c->p.mlp_ratios[i]));
    return vdt_tap(x, "%s", s.prefix);
}

static VdtValue *stage(const Config *c, VdtScope net, VdtValue *map, int i)
{
    int patch = i == 0 ? c->p.patch : PATCH;
    gint64 side = stored_side(c, i);
    VdtScope s = vdt_in(net, "patch_embed%d", i + 1);
    VdtShape places = vdt_shape(1, side * side, c->p.dims[i]);
    map = vdt_conv2d(vdt_in(s, "proj"), map, .out = c->p.dims[i], .kernel = patch, .stride = patch,
                     .bias = TRUE);
    gint64 height = vdt_value_dim(map, 2), width = vdt_value_dim(map, 3);
    VdtValue *x = vdt_norm(c->p.norm, vdt_in(s, "norm"), vdt_pyramid_tokens(map), c->p.eps);
    vdt_tap(x, "patch_embed%d", i + 1);
    VdtValue *at = vdt_param(vdt_in(net, "pos_embed%d", i + 1), NULL, &places);
    x = vdt_add(x, vdt_pyramid_resize(at, side, height, width, FALSE));
    for (int j = 0; j < c->p.depths[i]; j++)
        x = block(c, vdt_in(net, "block%d.%d", i + 1, j), x, i, height, width);
    return i + 1 < VDT_STAGES ? vdt_pyramid_map(x, height, width) : x;
}

/* The patches that the stages cut have to fit in. */
static gboolean check_input(const Config *c, const VdtShape *input, GError **error)
{
    int least = c->p.patch;
    for (int i = 0, side = c->p.patch; i < VDT_STAGES; i++, side *= PATCH)
        least = MAX(least, side * c->reduction[i]);
    if (!vdt_pyramid_check_input(&c->p, input, error))
        return FALSE;
    least = MAX(least, c->p.patch * PATCH * PATCH * PATCH);
    if (MIN(input->dims[2], input->dims[3]) >= least)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                "pictures are %" G_GINT64_FORMAT " wide and %" G_GINT64_FORMAT
                " high, but this network takes sides of %d and more",
                input->dims[3], input->dims[2], least);
    return FALSE;
}

gboolean vdt_pvt_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    Config c;
    if (!read_config(config, &c, error) || !check_input(&c, &asked->inputs[0], error))
        return FALSE;
    VdtScope net = vdt_scope(graph, "");
    VdtValue *x = vdt_input(graph, "image", &asked->inputs[0]);
    for (int i = 0; i < VDT_STAGES; i++)
        x = stage(&c, net, x, i);
    vdt_output(graph, "logits", vdt_pyramid_head(&c.p, vdt_in(net, "head"), x));
    return TRUE;
}

static gboolean measure_stage(const VdtWeights *w, Config *c, int i)
{
    VdtPyramid *p = &c->p;
    int width, n = i + 1, dim = vdt_measure(w, "", 4, 0, "patch_embed%d.proj.weight", n);
    p->dims[i] = dim;
    p->depths[i] = 0;
    while (p->depths[i] < VDT_PYRAMID_DEPTH && dim > 0 &&
           vdt_measure(w, "", 2, 1, "block%d.%d.attn.kv.weight", n, p->depths[i]) == dim)
        p->depths[i]++;
    p->mlp_ratios[i] =
        vdt_measured_ratio(vdt_measure(w, "", 2, 0, "block%d.0.mlp.fc1.weight", n), dim);
    width = vdt_measure(w, "", 4, 0, "block%d.0.attn.dwc.weight", n);
    p->linear[i] = width > 0;
    if (width > 0)
        p->kernel = vdt_measure(w, "", 4, 2, "block%d.0.attn.dwc.weight", n);
    else
        width = dim % HEAD_WIDTH == 0 ? HEAD_WIDTH : dim;
    p->heads[i] = vdt_measured_ratio(dim, width);
    c->reduction[i] = MAX(1, vdt_measure(w, "", 4, 2, "block%d.0.attn.sr.weight", n));
    return p->depths[i] > 0 && p->mlp_ratios[i] > 0 && p->heads[i] > 0 &&
           (i == 0 || vdt_measure(w, "", 4, 2, "patch_embed%d.proj.weight", n) == PATCH);
}

static gboolean measure(const VdtWeights *w, Config *c)
{
    int side = vdt_pyramid_side(vdt_measure(w, "", 3, 1, "pos_embed1"));
    *c = defaults;
    c->p.patch = vdt_measure(w, "", 4, 2, "patch_embed1.proj.weight");
    c->p.num_classes = vdt_measure(w, "", 2, 0, "head.weight");
    c->p.qkv_bias = vdt_measure(w, "", 1, 0, "block1.0.attn.q.bias") > 0;
    if (c->p.patch < 1 || c->p.patch > 64 || c->p.num_classes < 1 || side < 8 ||
        side > VDT_PYRAMID_SIDE / c->p.patch)
        return FALSE;
    c->p.size = side * c->p.patch;
    for (int i = 0; i < VDT_STAGES; i++)
        if (!measure_stage(w, c, i))
            return FALSE;
    c->p.norm = vdt_norm_measure(w, "block1.0.norm1", c->p.dims[0]);
    return TRUE;
}

JsonObject *vdt_pvt_recognise(const VdtWeights *weights)
{
    Config found;
    if (!measure(weights, &found))
        return NULL;
    JsonObject *object = vdt_pyramid_to_json("pvt", &found.p);
    vdt_pyramid_list_to_json(object, "sr_ratios", found.reduction);
    return object;
}

gboolean vdt_pvt_same(JsonObject *a, JsonObject *b)
{
    Config x, y;
    return read_config(a, &x, NULL) && read_config(b, &y, NULL) && vdt_pyramid_same(&x.p, &y.p) &&
           memcmp(x.reduction, y.reduction, sizeof x.reduction) == 0;
}
