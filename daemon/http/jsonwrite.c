/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jsonwrite.h"

static void write_node(GString *out, JsonNode *node);

static void write_double(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (guint digits = 3; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%ug", digits);
        g_ascii_formatd(text, sizeof text, format, value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append(out, text);
}

static void write_name(GString *out, const char *name)
{
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), name);
    write_node(out, node);
    g_string_append_c(out, ':');
}

static void write_object(GString *out, JsonObject *object)
{
    g_autoptr(GList) names = json_object_get_members(object);
    g_string_append_c(out, '{');
    for (GList *at = names; at != NULL; at = at->next) {
        if (at != names)
            g_string_append_c(out, ',');
        write_name(out, at->data);
        write_node(out, json_object_get_member(object, at->data));
    }
    g_string_append_c(out, '}');
}

static void write_array(GString *out, JsonArray *array)
{
    g_string_append_c(out, '[');
    for (guint i = 0; i < json_array_get_length(array); i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        write_node(out, json_array_get_element(array, i));
    }
    g_string_append_c(out, ']');
}

static void write_node(GString *out, JsonNode *node)
{
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        write_object(out, json_node_get_object(node));
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        write_array(out, json_node_get_array(node));
    } else if (json_node_get_value_type(node) == G_TYPE_DOUBLE) {
        write_double(out, json_node_get_double(node));
    } else {
        g_autofree char *text = json_to_string(node, FALSE);
        g_string_append(out, text);
    }
}

char *vdt_json_write(JsonObject *object)
{
    GString *out = g_string_new(NULL);
    write_object(out, object);
    return g_string_free(out, FALSE);
}
