/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jsonbody.h"

#include <gio/gio.h>
#include <string.h>

static gboolean fail(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
    return FALSE;
}

/* Counts what is not within a string. */
static gboolean check_size(const char *text, gsize n, GError **error)
{
    guint depth = 0, values = 0;
    gboolean quoted = FALSE;
    for (gsize i = 0; i < n; i++) {
        char c = text[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
            continue;
        }
        quoted = c == '"';
        depth += c == '{' || c == '[';
        depth -= depth > 0 && (c == '}' || c == ']');
        values += c == ',' || c == ':' || c == '{' || c == '[';
        if (c == '/' || c == '\'')
            return fail(error, "the body has comments or single quotes, which JSON has not");
        if (depth > VDT_JSON_MOST_DEPTH)
            return fail(error, "the body is nested deeper than 8 levels");
        if (values > VDT_JSON_MOST_VALUES)
            return fail(error, "the body has more than 10000 values");
    }
    return TRUE;
}

JsonObject *vdt_json_body_parse(const char *text, gsize n, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (n == 0 || memchr(text, '\0', n) != NULL || !g_utf8_validate(text, (gssize)n, NULL)) {
        fail(error, "expected a JSON object of UTF-8 as the body");
        return NULL;
    }
    if (!check_size(text, n, error))
        return NULL;
    if (!json_parser_load_from_data(parser, text, (gssize)n, NULL)) {
        fail(error, "the body is no JSON");
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        fail(error, "expected a JSON object as the body");
        return NULL;
    }
    return json_node_dup_object(root);
}
