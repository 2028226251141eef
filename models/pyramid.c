/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pyramid.h"

#include <math.h>
#include <string.h>

#define MOST_HEADS 256
#define MOST_DIM   8192

/* The first of @keys that is there, with its value, or NULL. */
static JsonNode *find(const VdtFields *fields, const char *const *keys, const char **key)
{
    for (; *keys != NULL; keys++) {
        if (!vdt_fields_has(fields, *keys))
            continue;
        *key = *keys;
        return json_object_get_member(fields->object, *keys);
    }
    return NULL;
}

static gboolean take(JsonNode *node, int min, int max, int *value)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) == G_TYPE_STRING)
        return FALSE;
    double number = json_node_get_double(node);
    if (!(number >= min && number <= max) || number != floor(number))
        return FALSE;
    *value = (int)number;
    return TRUE;
}

/* "8421", or "56-28-14-7". */
static gboolean take_text(const char *text, int min, int max, int *values)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", VDT_STAGES + 1);
    const gboolean digits = strlen(text) == VDT_STAGES;
    if (!digits && g_strv_length(parts) != VDT_STAGES)
        return FALSE;
    for (guint i = 0; i < VDT_STAGES; i++) {
        const char one[] = {text[i], '\0'};
        gint64 number;
        if (!g_ascii_string_to_signed(digits ? one : parts[i], 10, min, max, &number, NULL))
            return FALSE;
        values[i] = (int)number;
    }
    return TRUE;
}

/* TRUE if one number was given for all. */
static gboolean read_list(VdtFields *fields, const char *const *keys, int *values, int min, int max)
{
    const char *key;
    JsonNode *node = find(fields, keys, &key);
    gboolean ok = FALSE, one = FALSE;
    int found[VDT_STAGES];
    if (node == NULL)
        return FALSE;
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);
        ok = json_array_get_length(array) == VDT_STAGES;
        for (guint i = 0; ok && i < VDT_STAGES; i++)
            ok = take(json_array_get_element(array, i), min, max, &found[i]);
    } else if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
        ok = take_text(json_node_get_string(node), min, max, found);
    } else {
        ok = one = take(node, min, max, &found[0]);
        for (guint i = 1; ok && i < VDT_STAGES; i++)
            found[i] = found[0];
    }
    if (ok)
        memcpy(values, found, sizeof found);
    else
        vdt_fields_fail(fields,
                        "\"%s\" must be a whole number from %d to %d, or an array of %d of these",
                        key, min, max, VDT_STAGES);
    return one;
}

void vdt_pyramid_read_list(VdtFields *fields, const char *const *keys, int *values, int min,
                           int max)
{
    read_list(fields, keys, values, min, max);
}

/* One letter for each stage, or one word for all. */
static void read_attention(VdtFields *fields, gboolean *linear)
{
    static const char *const words[] = {"softmax", "linear", NULL};
    const char *letters = vdt_fields_string(fields, "attn_type", NULL);
    if (letters != NULL) {
        if (strlen(letters) != VDT_STAGES || strspn(letters, "LS") != VDT_STAGES)
            vdt_fields_fail(fields,
                            "\"attn_type\" is \"%s\", but must be a letter for each of %d stages, "
                            "L (linear) or S (softmax)",
                            letters, VDT_STAGES);
        for (guint i = 0; i < VDT_STAGES && *fields->error == NULL; i++)
            linear[i] = letters[i] == 'L';
    } else if (vdt_fields_has(fields, "attention")) {
        guint word = vdt_fields_choice(fields, "attention", 0, words);
        for (guint i = 0; i < VDT_STAGES; i++)
            linear[i] = word == 1;
    }
}

static void read_dims(VdtFields *fields, int *dims)
{
    static const char *const keys[] = {"dims", "dim", "embed_dims", "embed_dim", NULL};
    if (!read_list(fields, keys, dims, 1, MOST_DIM))
        return;
    for (guint i = 1; i < VDT_STAGES; i++)
        dims[i] = 2 * dims[i - 1];
    if (dims[VDT_STAGES - 1] > MOST_DIM)
        vdt_fields_fail(fields,
                        "tokens of the last stage are %d wide, twice as wide in each as in the "
                        "one before; the limit is %d",
                        dims[VDT_STAGES - 1], MOST_DIM);
}

static const char *first_of(const VdtFields *fields, const char *a, const char *b)
{
    return vdt_fields_has(fields, a) ? a : b;
}

void vdt_pyramid_read(VdtFields *fields, VdtPyramid *p)
{
    static const char *const depths[] = {"depths", "depth", NULL};
    static const char *const heads[] = {"heads", "num_heads", NULL};
    static const char *const ratios[] = {"mlp_ratios", "mlp_ratio", NULL};
    p->patch = vdt_fields_int(fields, first_of(fields, "patch_size", "patch"), p->patch, 1, 64);
    p->size = vdt_fields_int(fields, "img_size", p->size, 1, VDT_PYRAMID_SIDE);
    read_dims(fields, p->dims);
    read_list(fields, depths, p->depths, 1, VDT_PYRAMID_DEPTH);
    read_list(fields, heads, p->heads, 1, MOST_HEADS);
    read_list(fields, ratios, p->mlp_ratios, 1, 16);
    read_attention(fields, p->linear);
    p->kernel = vdt_fields_int(fields, "kernel_size", p->kernel, 1, 63);
    p->qkv_bias = vdt_fields_bool(fields, "qkv_bias", p->qkv_bias);
    p->norm = vdt_norm_read(fields, p->norm);
    p->eps = vdt_fields_double(fields, "ln_eps", p->eps, 1e-12, 1);
    p->num_classes = vdt_fields_int(fields, "num_classes", p->num_classes, 1, VDT_PYRAMID_CLASSES);
    if (p->kernel % 2 == 0)
        vdt_fields_fail(fields, "\"kernel_size\" is %d, but must be odd", p->kernel);
    if (p->size < 8 * p->patch)
        vdt_fields_fail(fields, "\"img_size\" is %d, but must be at least 8 times \"patch\", %d",
                        p->size, p->patch);
    for (guint i = 0; i < VDT_STAGES; i++)
        if (p->dims[i] % p->heads[i] != 0)
            vdt_fields_fail(fields,
                            "stage %u has tokens %d wide, but must have a multiple of its "
                            "heads, %d",
                            i, p->dims[i], p->heads[i]);
}

void vdt_pyramid_list_to_json(JsonObject *object, const char *key, const int *values)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < VDT_STAGES; i++)
        json_array_add_int_element(array, values[i]);
    json_object_set_array_member(object, key, array);
}

JsonObject *vdt_pyramid_to_json(const char *arch, const VdtPyramid *p)
{
    JsonObject *object = json_object_new();
    char letters[VDT_STAGES + 1] = {0};
    for (guint i = 0; i < VDT_STAGES; i++)
        letters[i] = p->linear[i] ? 'L' : 'S';
    json_object_set_string_member(object, "arch", arch);
    json_object_set_int_member(object, "patch", p->patch);
    json_object_set_int_member(object, "img_size", p->size);
    vdt_pyramid_list_to_json(object, "dims", p->dims);
    vdt_pyramid_list_to_json(object, "depths", p->depths);
    vdt_pyramid_list_to_json(object, "heads", p->heads);
    vdt_pyramid_list_to_json(object, "mlp_ratios", p->mlp_ratios);
    json_object_set_string_member(object, "attn_type", letters);
    json_object_set_int_member(object, "kernel_size", p->kernel);
    json_object_set_boolean_member(object, "qkv_bias", p->qkv_bias);
    json_object_set_string_member(object, "norm", vdt_norm_names[p->norm]);
    json_object_set_double_member(object, "ln_eps", p->eps);
    json_object_set_int_member(object, "num_classes", p->num_classes);
    return object;
}

gboolean vdt_pyramid_same(const VdtPyramid *a, const VdtPyramid *b)
{
    for (guint i = 0; i < VDT_STAGES; i++)
        if (a->dims[i] != b->dims[i] || a->depths[i] != b->depths[i] ||
            a->heads[i] != b->heads[i] || a->mlp_ratios[i] != b->mlp_ratios[i] ||
            a->linear[i] != b->linear[i])
            return FALSE;
    return a->patch == b->patch && a->size == b->size && a->kernel == b->kernel &&
           a->qkv_bias == b->qkv_bias && a->norm == b->norm && a->num_classes == b->num_classes;
}

int vdt_pyramid_side(int places)
{
    int side = (int)lround(sqrt(places));
    return side * side == places ? side : 0;
}

gboolean vdt_pyramid_check_input(const VdtPyramid *p, const VdtShape *input, GError **error)
{
    if (input->n_dims == 4 && input->dims[0] > 0 && input->dims[1] == 3 &&
        input->dims[2] % p->patch == 0 && input->dims[3] % p->patch == 0 && input->dims[2] > 0 &&
        input->dims[3] > 0 && MAX(input->dims[2], input->dims[3]) <= VDT_PYRAMID_SIDE)
        return TRUE;
    g_autofree char *text = vdt_shape_to_string(input);
    g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                "input has shape %s, but this network takes pictures [N,3,H,W] of sides up to %d "
                "that are multiples of %d",
                text, VDT_PYRAMID_SIDE, p->patch);
    return FALSE;
}

VdtValue *vdt_pyramid_map(VdtValue *tokens, gint64 height, gint64 width)
{
    VdtShape shape = vdt_shape(vdt_value_dim(tokens, 0), vdt_value_dim(tokens, 2), height, width);
    return vdt_reshape(vdt_permute(tokens, (const guint[]){0, 2, 1}), &shape);
}

VdtValue *vdt_pyramid_tokens(VdtValue *map)
{
    VdtShape sequence = vdt_shape(vdt_value_dim(map, 0), vdt_value_dim(map, 1), -1);
    return vdt_permute(vdt_reshape(map, &sequence), (const guint[]){0, 2, 1});
}

VdtValue *vdt_pyramid_resize(VdtValue *places, gint64 from, gint64 height, gint64 width,
                             gboolean bicubic)
{
    if (height == from && width == from)
        return places;
    VdtValue *map = vdt_pyramid_map(places, from, from);
    map = bicubic ? vdt_resize_bicubic(map, (int)height, (int)width)
                  : vdt_resize_bilinear(map, (int)height, (int)width, FALSE);
    return vdt_pyramid_tokens(map);
}

VdtValue *vdt_pyramid_mlp(VdtScope s, VdtValue *x, int ratio)
{
    int dim = (int)vdt_value_dim(x, 2);
    x = vdt_gelu(vdt_linear(vdt_in(s, "fc1"), x, .out = dim * ratio));
    return vdt_linear(vdt_in(s, "fc2"), x, .out = dim);
}

void vdt_pyramid_linear(VdtScope s, VdtValue *x, gboolean bias, gboolean apart, gint64 width,
                        guint n, VdtValue **parts)
{
    const VdtShape weights = vdt_shape(n * width, vdt_value_dim(x, 2));
    const VdtShape biases = vdt_shape(n * width);
    VdtValue *together = NULL, *weight = NULL, *shift = NULL;
    if (!apart)
        together = vdt_linear(s, x, .out = (int)(n * width), .no_bias = !bias);
    else
        weight = vdt_param_with(s, "weight", &weights, (VdtStart){.deviation = 0.01});
    if (apart && bias)
        shift = vdt_param_with(s, "bias", &biases, (VdtStart){0});
    for (guint i = 0; i < n; i++)
        parts[i] = apart ? vdt_linear_by(x, vdt_slice(weight, 0, i * width, width),
                                         bias ? vdt_slice(shift, 0, i * width, width) : NULL)
                         : vdt_slice(together, 2, i * width, width);
}

/* A bias of several windows, [1, windows heads, queries, keys], goes to those of each map. */
static VdtValue *add_bias(VdtValue *scores, VdtValue *bias)
{
    VdtShape each = vdt_value_shape(scores);
    gint64 heads = vdt_value_dim(bias, 1);
    VdtShape together = vdt_shape(-1, heads, each.dims[2], each.dims[3]);
    if (heads == each.dims[1])
        return vdt_add(scores, bias);
    return vdt_reshape(vdt_add(vdt_reshape(scores, &together), bias), &each);
}

VdtValue *vdt_pyramid_attend(VdtValue *const qkv[3], int heads, VdtValue *bias)
{
    double width = (double)vdt_value_dim(qkv[0], 2) / heads;
    VdtValue *part[3];
    for (int i = 0; i < 3; i++)
        part[i] = vdt_split_heads(qkv[i], heads);
    VdtValue *scores = vdt_matmul(part[0], part[1], .transpose_b = TRUE, .scale = 1 / sqrt(width));
    if (scores != NULL && bias != NULL)
        scores = add_bias(scores, bias);
    return vdt_join_heads(vdt_matmul(vdt_softmax(scores), part[2]));
}

/* The same parameter for each of the heads, whose channels stand one behind the other. */
static VdtValue *for_each_head(VdtValue *one, int heads)
{
    VdtShape stored = vdt_value_shape(one), apart = {.n_dims = stored.n_dims + 1}, each,
             all = stored;
    apart.dims[0] = 1;
    for (guint i = 0; i < stored.n_dims; i++)
        apart.dims[i + 1] = stored.dims[i];
    each = apart;
    each.dims[0] = heads;
    all.dims[0] *= heads;
    return vdt_reshape(vdt_expand(vdt_reshape(one, &apart), &each), &all);
}

VdtValue *vdt_pyramid_attend_linearly(int kernel, VdtScope s, VdtValue *const qkv[3], int heads,
                                      gint64 from, gint64 height, gint64 width)
{
    gint64 dim = vdt_value_dim(qkv[1], 2), head = dim / heads;
    VdtShape places = vdt_shape(1, from * from, dim), one = vdt_shape(head);
    VdtShape around = vdt_shape(head, 1, kernel, kernel);
    VdtScope dwc = vdt_in(s, "dwc");
    VdtValue *at = vdt_param(s, "positional_encoding", &places);
    VdtValue *k = vdt_add(qkv[1], vdt_pyramid_resize(at, from, height, width, TRUE));
    VdtValue *x = vdt_linear_attention(vdt_relu(qkv[0]), vdt_relu(k), qkv[2], heads);
    VdtValue *near = vdt_conv2d_by(vdt_pyramid_map(qkv[2], height, width),
                                   for_each_head(vdt_param(dwc, "weight", &around), heads),
                                   for_each_head(vdt_param(dwc, "bias", &one), heads),
                                   .pad = kernel / 2, .groups = (int)dim);
    /* Beside the convolution, which takes the sum in. */
    return vdt_pyramid_tokens(vdt_add(near, vdt_pyramid_map(x, height, width)));
}

VdtValue *vdt_pyramid_head(const VdtPyramid *p, VdtScope s, VdtValue *x)
{
    VdtShape rows = vdt_shape(vdt_value_dim(x, 0), vdt_value_dim(x, 2));
    x = vdt_global_avg_pool(vdt_pyramid_map(x, 1, vdt_value_dim(x, 1)));
    return vdt_linear(s, vdt_reshape(x, &rows), .out = p->num_classes);
}
