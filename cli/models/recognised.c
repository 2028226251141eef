/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recognised.h"

#include <string.h>

#include "card.h"
#include "jsontext.h"
#include "paths.h"
#include "unwrap.h"

void recognised_clear(Recognised *r)
{
    g_clear_pointer(&r->config, json_object_unref);
    g_free(r->variant);
}

static gboolean find_network(Recognised *r, VdtWeights *weights, const char *architecture,
                             const char *variant, GError **error)
{
    const char *looks_like = NULL;
    g_autoptr(JsonObject) seen = NULL;
    const VdtModel *model = vdt_model_recognise(weights, &seen, &looks_like);
    r->model = architecture != NULL ? vdt_model_find(architecture, error) : model;
    if (architecture != NULL && r->model == NULL)
        return FALSE;
    if (variant != NULL && r->model != NULL) {
        const VdtVariant *named = vdt_model_find_variant(r->model, variant, error);
        if (named == NULL)
            return FALSE;
        r->config = vdt_variant_config(named);
    } else if (r->model != NULL && r->model == model) {
        r->config = g_steal_pointer(&seen);
        variant = looks_like;
    } else {
        g_autofree char *holds = vdt_weights_describe(weights);
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "the tensors are those of no %s; %s",
                    architecture != NULL ? architecture : "known architecture", holds);
        return FALSE;
    }
    r->variant = g_strdup(variant);
    r->published = vdt_model_find_variant(r->model, variant, NULL) != NULL;
    return TRUE;
}

/* Builds the network, which also tells whether it can be built for pictures of this size. */
static gboolean measure(Recognised *r, GError **error)
{
    VdtShape input = r->model->input_shape(r->config, 1, r->width, r->height);
    VdtBuild asked = vdt_model_ask(r->model, &input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    if (!r->model->build(r->config, graph, &asked, error) || !vdt_graph_check(graph, error))
        return FALSE;
    r->frames = input.n_dims == 5 ? input.dims[2] : 1;
    r->classes = vdt_value_dim(vdt_graph_find_output(graph, "logits"), 1);
    return TRUE;
}

gboolean recognised_from(Recognised *r, VdtWeights *weights, const char *architecture,
                         const char *variant, guint width, guint height, GError **error)
{
    *r = (Recognised){NULL};
    g_autoptr(VdtWeights) unwrapped = vdt_weights_unwrap(weights);
    if (!find_network(r, unwrapped, architecture, variant, error))
        return FALSE;
    g_autoptr(VdtCard) usual = vdt_card_new(r->model, r->variant);
    /* One that takes pictures of one size alone says which. */
    gint64 side = json_object_get_int_member_with_default(r->config, "img_size", 0);
    gboolean has_side = width == 0 && side > 0 && side <= 8192;
    r->width = width > 0 ? width : has_side ? (guint)side : usual->width;
    r->height = width > 0 ? height : has_side ? (guint)side : usual->height;
    return measure(r, error);
}

char *recognised_published_labels(const Recognised *r)
{
    const VdtVariant *variant = vdt_model_find_variant(r->model, r->variant, NULL);
    return variant != NULL && variant->labels != NULL ? vdt_find_labels(variant->labels) : NULL;
}

const char *recognised_metadata(const VdtWeights *weights, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        const char *text = vdt_weights_get_metadata(weights, *keys);
        if (text != NULL && *text != '\0')
            return text;
    }
    return NULL;
}

/* Whether it is one array without anything nested in it, which parsers recurse into, and without
 * what is not JSON. */
static gboolean is_flat(const char *text)
{
    gboolean in_string = FALSE;
    for (const char *at = text; *at != '\0'; at++) {
        if (in_string && *at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            in_string = !in_string;
        else if (!in_string && at > text && strchr("[{/#'", *at) != NULL)
            return FALSE;
    }
    return TRUE;
}

char *recognised_own_labels(const VdtWeights *weights)
{
    static const char *const keys[] = {"labels", "classes", NULL};
    const char *text = recognised_metadata(weights, keys);
    if (text == NULL || *text != '[')
        return g_strdup(text);
    g_autoptr(JsonNode) node = is_flat(text) ? json_from_string(text, NULL) : NULL;
    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    JsonArray *array = json_node_get_array(node);
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *each = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_VALUE(each) || json_node_get_value_type(each) != G_TYPE_STRING ||
            strchr(json_node_get_string(each), '\n') != NULL)
            return NULL;
        g_string_append_printf(lines, "%s\n", json_node_get_string(each));
    }
    return g_string_free(g_steal_pointer(&lines), FALSE);
}

static void add_preprocessing(JsonObject *object, const Recognised *r)
{
    g_autoptr(VdtCard) usual = vdt_card_new(r->model, r->variant);
    if (r->width == usual->width && r->height == usual->height && r->frames == usual->frames)
        return;
    JsonObject *inside = json_object_new();
    json_object_set_int_member(inside, "width", r->width);
    json_object_set_int_member(inside, "height", r->height);
    json_object_set_int_member(inside, "frames", r->frames);
    json_object_set_object_member(object, "preprocessing", inside);
}

char *recognised_card(const Recognised *r, const CardTexts *texts)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_int_member(object, "schema", 1);
    json_object_set_string_member(object, "name", texts->name);
    json_object_set_string_member(object, "architecture", r->model->name);
    json_object_set_string_member(object, "variant", r->variant);
    if (texts->title != NULL)
        json_object_set_string_member(object, "title", texts->title);
    json_object_set_string_member(object, "weights", texts->weights);
    json_object_set_string_member(object, "sha256", texts->sha256);
    if (texts->labels)
        json_object_set_string_member(object, "labels", "labels.txt");
    json_object_set_string_member(object, "licence", texts->licence);
    json_object_set_string_member(object, "origin", texts->origin);
    if (!r->published)
        json_object_set_object_member(object, "config", json_object_ref(r->config));
    add_preprocessing(object, r);
    g_autofree char *text = json_text(object, TRUE);
    return g_strconcat(text, "\n", NULL);
}
