/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A U of three levels, of a half, a quarter and an eighth of the picture's sides. The first has
 * blocks of convolutions, the others attend within windows; on the way up a level's tokens become
 * four, to which what it had on the way down is added. What comes out is the difference to the
 * picture. Full size is never computed at: there, few channels wait for memory.
 */
#include "live.h"

#include <string.h>

#include "../measure.h"
#include "../pyramid.h"
#include "ipt.h"
#include "modulate.h"

#define LEVELS     3
#define PLACES     5 /* down, down, bottom, up, up */
#define MOST_SIDE  8192
#define MOST_DEPTH 64

typedef struct {
    gint64 dims[LEVELS], heads[LEVELS], depths[PLACES];
    int window, mlp_ratio;
    VdtModulation m;
} Config;

gboolean vdt_live_is(JsonObject *config)
{
    JsonNode *node = json_object_get_member(config, "arch");
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_STRING &&
           strcmp(json_node_get_string(node), "live") == 0;
}

static gboolean read_config(JsonObject *object, Config *c, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtFields fields = {object, "ipt configuration", &mistake};
    *c = (Config){.dims = {32, 64, 128}, .heads = {1, 2, 4}, .depths = {0, 1, 1, 0, 1}};
    vdt_fields_choice(&fields, "arch", 0, (const char *const[]){"live", NULL});
    vdt_fields_ints(&fields, "dims", c->dims, LEVELS, 1, 1024);
    vdt_fields_ints(&fields, "heads", c->heads, LEVELS, 1, 64);
    vdt_fields_ints(&fields, "depths", c->depths, PLACES, 0, MOST_DEPTH);
    c->window = vdt_fields_int(&fields, "window", 8, 1, 64);
    c->mlp_ratio = vdt_fields_int(&fields, "mlp_ratio", 2, 1, 16);
    c->m.restorations = vdt_fields_int(&fields, "tasks", 1, 1, 64);
    c->m.restoration = vdt_fields_int(&fields, "scale_idx", 0, 0, MAX(1, c->m.restorations) - 1);
    vdt_modulation_read(&fields, &c->m);
    for (guint i = 1; i < LEVELS; i++)
        if (c->heads[i] == 0 || c->dims[i] % c->heads[i] != 0)
            vdt_fields_fail(&fields,
                            "level %u is %d wide, but must have a multiple of its \"heads\", %d", i,
                            (int)c->dims[i], (int)c->heads[i]);
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    return TRUE;
}

static VdtValue *conv(const Config *c, VdtModulatedKind kind, VdtScope s, VdtValue *x, gint64 out,
                      int kernel)
{
    return vdt_modulated_conv(&c->m, kind, s, x,
                              (VdtConv2d){.out = (int)out, .kernel = kernel, .pad = kernel / 2});
}

static VdtValue *conv_block(const Config *c, VdtScope s, VdtValue *x)
{
    gint64 dim = vdt_value_dim(x, 1);
    VdtValue *y = vdt_relu(conv(c, VDT_MODULATED_CONV, vdt_in(s, "conv1"), x, dim, 3));
    return vdt_add(x, conv(c, VDT_MODULATED_CONV, vdt_in(s, "conv2"), y, dim, 3));
}

/* Of a map, to tokens. */
static VdtValue *layer_norm(VdtScope s, VdtValue *map)
{
    VdtShape channels = vdt_shape(vdt_value_dim(map, 1));
    return vdt_layer_norm(s, vdt_pyramid_tokens(map), &channels);
}

/* Attention within windows, of the tokens of a map; to the map. */
static VdtValue *attend(const Config *c, VdtScope s, VdtValue *x, VdtWindows windows, int level)
{
    gint64 dim = c->dims[level], wide = 2 * c->window - 1, heads = c->heads[level];
    const VdtShape table = vdt_shape(wide * wide, heads);
    VdtValue *part[3];
    x = vdt_windows_with(x, windows);
    x = vdt_modulated_linear(&c->m, VDT_MODULATED_ATTENTION, vdt_in(s, "qkv"), x, 3 * dim);
    for (int i = 0; i < 3; i++)
        part[i] = vdt_slice(x, 2, i * dim, dim);
    VdtValue *bias =
        vdt_window_bias_with(vdt_param(s, "relative_position_bias_table", &table), windows);
    x = vdt_windows_back_with(vdt_pyramid_attend(part, (int)heads, bias), windows);
    x = vdt_pyramid_map(x, windows.height, windows.width);
    return conv(c, VDT_MODULATED_ATTENTION, vdt_in(s, "proj"), x, dim, 1);
}

static VdtValue *mlp(const Config *c, VdtScope s, VdtValue *x, gint64 dim)
{
    int wide = (int)dim * c->mlp_ratio;
    x = vdt_relu(conv(c, VDT_MODULATED_MLP, vdt_in(s, "fc1"), x, wide, 1));
    x = vdt_relu(vdt_conv2d(vdt_in(s, "dwc"), x, .out = wide, .kernel = 3, .pad = 1, .groups = wide,
                            .bias = TRUE));
    return conv(c, VDT_MODULATED_MLP, vdt_in(s, "fc2"), x, dim, 1);
}

static VdtValue *token_block(const Config *c, VdtScope s, VdtValue *x, int level)
{
    gint64 height = vdt_value_dim(x, 2), width = vdt_value_dim(x, 3);
    VdtWindows windows = {.height = (int)height, .width = (int)width, .window = c->window};
    VdtValue *y = layer_norm(vdt_in(s, "norm1"), x);
    x = vdt_add(x, attend(c, vdt_in(s, "attn"), y, windows, level));
    y = vdt_pyramid_map(layer_norm(vdt_in(s, "norm2"), x), height, width);
    return vdt_add(x, mlp(c, vdt_in(s, "mlp"), y, c->dims[level]));
}

static VdtValue *blocks(const Config *c, VdtScope s, VdtValue *x, int place)
{
    int level = place < LEVELS ? place : PLACES - 1 - place;
    for (int i = 0; i < c->depths[place]; i++) {
        VdtScope block = vdt_in(s, "%d.%d", place, i);
        x = level == 0 ? conv_block(c, block, x) : token_block(c, block, x, level);
    }
    return s.again ? x : vdt_tap(x, "blocks.%d", place);
}

/* Each token becomes four. */
static VdtValue *enlarge(const Config *c, VdtScope s, VdtValue *map, gint64 dim)
{
    gint64 n = vdt_value_dim(map, 0), h = vdt_value_dim(map, 2), w = vdt_value_dim(map, 3);
    const VdtShape four = vdt_shape(n * h * w, 4, dim);
    VdtValue *x = vdt_pyramid_tokens(conv(c, VDT_MODULATED_HEAD, s, map, 4 * dim, 1));
    x = vdt_windows_back(vdt_reshape(x, &four), .height = (int)h * 2, .width = (int)w * 2,
                         .window = 2);
    return vdt_pyramid_map(x, 2 * h, 2 * w);
}

/* From steps of colour, 0 to 255, to what the network computes with, and back. These factors are
 * with the weights, and stay as they are. */
static VdtValue *pixels(VdtScope s, const char *name, gint64 channels, double value)
{
    const VdtShape shape = vdt_shape(1, channels, 1, 1);
    return vdt_param_with(vdt_in(s, "pixels"), name, &shape, (VdtStart){.value = value});
}

static VdtValue *head(const Config *c, VdtScope net, VdtValue *picture)
{
    VdtModulation m = c->m;
    m.factor = pixels(net, "in", 3, 1 / 255.0);
    return vdt_modulated_conv(
        &m, VDT_MODULATED_HEAD, vdt_in(net, "head"), picture,
        (VdtConv2d){.out = (int)c->dims[0], .kernel = 4, .stride = 2, .pad = 1});
}

static VdtValue *tail(const Config *c, VdtScope net, VdtValue *x)
{
    VdtModulation m = c->m;
    m.silent = TRUE; /* at first, pictures are left as they are */
    x = vdt_modulated_conv(&m, VDT_MODULATED_TAIL, vdt_in(net, "tail"), x,
                           (VdtConv2d){.out = 12, .kernel = 3, .pad = 1});
    return vdt_pixel_shuffle(vdt_mul(x, pixels(net, "out", 12, 255)), 2);
}

static VdtValue *network(const Config *c, VdtScope net, VdtValue *picture)
{
    VdtValue *level[LEVELS], *x = head(c, net, picture);
    for (int i = 0; i < LEVELS; i++) {
        if (i > 0)
            x = vdt_modulated_conv(&c->m, VDT_MODULATED_HEAD, vdt_in(net, "down.%d", i), x,
                                   (VdtConv2d){.out = (int)c->dims[i], .kernel = 2, .stride = 2});
        level[i] = x = blocks(c, vdt_in(net, "blocks"), x, i);
    }
    for (int i = LEVELS - 2; i >= 0; i--) {
        x = vdt_add(enlarge(c, vdt_in(net, "up.%d", i), x, c->dims[i]), level[i]);
        x = blocks(c, vdt_in(net, "blocks"), x, PLACES - 1 - i);
    }
    return vdt_add(tail(c, net, x), picture);
}

/* A batch for a training, divided evenly among the restorations in their order: the same network
 * once for each, over its part of the batch. */
static VdtValue *for_each(const Config *c, VdtScope net, VdtValue *pictures)
{
    const gint64 part = vdt_value_dim(pictures, 0) / c->m.restorations;
    VdtValue *all = NULL;
    for (int i = 0; i < c->m.restorations; i++) {
        Config own = *c;
        own.m.restoration = i;
        VdtValue *x = vdt_slice(pictures, 0, i * part, part);
        x = network(&own, i == 0 ? net : vdt_again(net), x);
        all = i == 0 ? x : vdt_concat((VdtValue *[]){all, x}, 2, 0);
    }
    return all;
}

static gboolean choose(Config *c, const VdtBuild *asked, GError **error)
{
    VdtBuild plain = *asked;
    if (asked->restoration == VDT_RESTORATION_EACH)
        plain.restoration = VDT_RESTORATION_CONFIGURED;
    if (!vdt_build_check_plain(&vdt_ipt, &plain, error))
        return FALSE;
    if (asked->restoration >= c->m.restorations) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "this ipt has no restoration %d, but those from 0 to %d", asked->restoration,
                    c->m.restorations - 1);
        return FALSE;
    }
    if (asked->restoration == VDT_RESTORATION_EACH &&
        asked->inputs[0].dims[0] % c->m.restorations != 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "a batch of %d cannot be divided among %d restorations",
                    (int)asked->inputs[0].dims[0], c->m.restorations);
        return FALSE;
    }
    if (asked->restoration >= 0)
        c->m.restoration = asked->restoration;
    return TRUE;
}

gboolean vdt_live_build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    const VdtShape *input = &asked->inputs[0];
    Config c;
    if (!read_config(config, &c, error))
        return FALSE;
    if (input->n_dims != 4 || input->dims[1] != 3 || input->dims[2] % VDT_LIVE_STEP != 0 ||
        input->dims[3] % VDT_LIVE_STEP != 0 || MIN(input->dims[2], input->dims[3]) < 1 ||
        MAX(input->dims[2], input->dims[3]) > MOST_SIDE) {
        g_autofree char *text = vdt_shape_to_string(input);
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "input has shape %s, but this network takes pictures [N,3,H,W] of sides up to "
                    "%d that are multiples of %d",
                    text, MOST_SIDE, VDT_LIVE_STEP);
        return FALSE;
    }
    if (!choose(&c, asked, error))
        return FALSE;
    VdtScope net = vdt_scope(graph, "");
    VdtValue *picture = vdt_input(graph, "image", input);
    gboolean each = asked->restoration == VDT_RESTORATION_EACH && c.m.rank > 0;
    vdt_output(graph, "image", each ? for_each(&c, net, picture) : network(&c, net, picture));
    vdt_graph_freeze(graph, "pixels.");
    return TRUE;
}

guint vdt_live_restorations(JsonObject *config, guint *usual)
{
    Config c;
    if (!read_config(config, &c, NULL))
        return 0;
    *usual = c.m.restoration;
    return c.m.restorations;
}

/* A layer of each kind that blocks may have: of those at @place. */
static char *layer_of(VdtModulatedKind kind, int place)
{
    static const char *const names[] = {[VDT_MODULATED_HEAD] = "head",
                                        [VDT_MODULATED_CONV] = "blocks.%d.0.conv1",
                                        [VDT_MODULATED_ATTENTION] = "blocks.%d.0.attn.qkv",
                                        [VDT_MODULATED_MLP] = "blocks.%d.0.mlp.fc1",
                                        [VDT_MODULATED_TAIL] = "tail"};
    g_auto(GStrv) parts = g_strsplit(names[kind], "%d", 2);
    return parts[1] != NULL ? g_strdup_printf("%s%d%s", parts[0], place, parts[1])
                            : g_strdup(names[kind]);
}

static void measure_modulation(const VdtWeights *w, VdtModulation *m)
{
    m->restorations = 1;
    for (int kind = 0; kind < VDT_MODULATED_KINDS; kind++)
        for (int place = 0; place < PLACES; place++) {
            g_autofree char *layer = layer_of(kind, place);
            int rank = vdt_measure(w, layer, 3, 2, "lora_u");
            if (rank == 0)
                continue;
            m->rank = rank;
            m->kinds |= 1u << kind;
            m->restorations = vdt_measure(w, layer, 3, 1, "lora_u");
        }
}

/* Fills @c with the configuration whose tensors have the names and shapes of these. */
static gboolean measure(const VdtWeights *w, Config *c)
{
    *c = (Config){.heads = {1, 1, 1}, .window = 8, .mlp_ratio = 2};
    c->dims[0] = vdt_measure(w, "", 4, 0, "head.weight");
    for (int i = 1; i < LEVELS; i++)
        c->dims[i] = vdt_measure(w, "", 4, 0, "down.%d.weight", i);
    for (int place = 0; place < PLACES; place++) {
        int level = place < LEVELS ? place : PLACES - 1 - place;
        g_autofree char *first = g_strdup_printf("blocks.%d.0", place);
        while (c->depths[place] < MOST_DEPTH &&
               (level == 0 ? vdt_measure(w, "", 4, 0, "blocks.%d.%d.conv1.weight", place,
                                         (int)c->depths[place])
                           : vdt_measure(w, "", 4, 0, "blocks.%d.%d.mlp.fc1.weight", place,
                                         (int)c->depths[place])) > 0)
            c->depths[place]++;
        if (level == 0 || c->depths[place] == 0)
            continue;
        const char *table = "attn.relative_position_bias_table";
        int side = vdt_pyramid_side(vdt_measure(w, first, 2, 0, "%s", table));
        c->window = (side + 1) / 2;
        c->heads[level] = vdt_measure(w, first, 2, 1, "%s", table);
        c->mlp_ratio =
            vdt_measured_ratio(vdt_measure(w, first, 4, 0, "mlp.fc1.weight"), c->dims[level]);
        if (side % 2 == 0 || c->heads[level] == 0 || c->mlp_ratio == 0)
            return FALSE;
    }
    measure_modulation(w, &c->m);
    return c->dims[0] > 0 && c->dims[1] > 0 && c->dims[2] > 0 &&
           vdt_measure(w, "", 4, 0, "tail.weight") == 12 && c->m.restorations > 0;
}

static void add_list(JsonObject *object, const char *key, const gint64 *values, guint n)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < n; i++)
        json_array_add_int_element(array, values[i]);
    json_object_set_array_member(object, key, array);
}

JsonObject *vdt_live_recognise(const VdtWeights *weights)
{
    Config c;
    if (!measure(weights, &c))
        return NULL;
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "arch", "live");
    add_list(object, "dims", c.dims, LEVELS);
    add_list(object, "heads", c.heads, LEVELS);
    add_list(object, "depths", c.depths, PLACES);
    json_object_set_int_member(object, "window", c.window);
    json_object_set_int_member(object, "mlp_ratio", c.mlp_ratio);
    json_object_set_int_member(object, "tasks", c.m.restorations);
    vdt_modulation_to_json(&c.m, object);
    return object;
}

gboolean vdt_live_same(JsonObject *a, JsonObject *b)
{
    Config x, y;
    if (!read_config(a, &x, NULL) || !read_config(b, &y, NULL))
        return FALSE;
    for (int i = 1; i < LEVELS; i++)
        if (x.heads[i] != y.heads[i])
            return FALSE;
    return memcmp(x.dims, y.dims, sizeof x.dims) == 0 &&
           memcmp(x.depths, y.depths, sizeof x.depths) == 0 && x.window == y.window &&
           x.mlp_ratio == y.mlp_ratio && x.m.restorations == y.m.restorations &&
           x.m.rank == y.m.rank && x.m.kinds == y.m.kinds;
}
