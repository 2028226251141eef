/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jsontext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What fits here stays on one line. */
#define COLUMNS 96

static void append_node(GString *to, JsonNode *node, int indent);

/* The shortest decimal that reads as the same number. */
static void append_double(GString *to, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(value)) {
        g_string_append(to, "null");
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, sizeof text, format, value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append(to, text);
}

static void append_string(GString *to, const char *text)
{
    g_string_append_c(to, '"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c(to, '\\');
        if ((guchar)*at < 0x20)
            g_string_append_printf(to, "\\u%04x", *at);
        else
            g_string_append_c(to, *at);
    }
    g_string_append_c(to, '"');
}

/* Members of an object, elements of an array: what stands between the brackets. */
static void append_inside(GString *to, JsonNode *node, int indent)
{
    gboolean is_object = JSON_NODE_HOLDS_OBJECT(node);
    g_autoptr(GList) parts = is_object ? json_object_get_members(json_node_get_object(node))
                                       : json_array_get_elements(json_node_get_array(node));
    for (GList *l = parts; l != NULL; l = l->next) {
        if (indent >= 0)
            g_string_append_printf(to, "\n%*s", indent, "");
        JsonNode *value = l->data;
        if (is_object) {
            append_string(to, l->data);
            g_string_append(to, ": ");
            value = json_object_get_member(json_node_get_object(node), l->data);
        }
        append_node(to, value, indent);
        if (l->next != NULL)
            g_string_append(to, indent >= 0 ? "," : ", ");
    }
}

/* @indent is that of the lines inside; negative: no lines. */
static void append_container(GString *to, JsonNode *node, int indent)
{
    gboolean is_object = JSON_NODE_HOLDS_OBJECT(node);
    g_autoptr(GString) line = g_string_new(NULL);
    append_inside(line, node, -1);
    g_string_append_c(to, is_object ? '{' : '[');
    if (indent < 0 || (indent > 0 && indent + line->len <= COLUMNS)) {
        g_string_append_len(to, line->str, line->len);
    } else {
        append_inside(to, node, indent + 2);
        g_string_append_printf(to, "\n%*s", indent, "");
    }
    g_string_append_c(to, is_object ? '}' : ']');
}

static void append_node(GString *to, JsonNode *node, int indent)
{
    if (JSON_NODE_HOLDS_NULL(node))
        g_string_append(to, "null");
    else if (!JSON_NODE_HOLDS_VALUE(node))
        append_container(to, node, indent);
    else if (json_node_get_value_type(node) == G_TYPE_STRING)
        append_string(to, json_node_get_string(node));
    else if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        g_string_append(to, json_node_get_boolean(node) ? "true" : "false");
    else if (json_node_get_value_type(node) == G_TYPE_DOUBLE)
        append_double(to, json_node_get_double(node));
    else
        g_string_append_printf(to, "%" G_GINT64_FORMAT, json_node_get_int(node));
}

char *json_text(JsonObject *object, gboolean pretty)
{
    GString *text = g_string_new(NULL);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    append_node(text, node, pretty ? 0 : -1);
    return g_string_free(text, FALSE);
}

char *json_unique(JsonObject *object, const char *name, guint number)
{
    return json_object_has_member(object, name) ? g_strdup_printf("%s (%u)", name, number)
                                                : g_strdup(name);
}
