/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streamfile.h"

#include <gio/gio.h>
#include <string.h>

#include "values/mask.h"

#define MOST_NAME 128

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_DATA, format, args));
    va_end(args);
    return FALSE;
}

/* Nothing that a line of a file could end, or begin another group or key, with. */
static gboolean is_plain(const char *text, const char *not_these)
{
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)) || strchr(not_these, *p) != NULL)
            return FALSE;
    return TRUE;
}

/* A number as people write it; text as it is. NULL if it is neither. */
static char *value_text(JsonNode *node)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    if (!JSON_NODE_HOLDS_VALUE(node))
        return NULL;
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        return g_strdup(json_node_get_string(node));
    case G_TYPE_INT64:
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    case G_TYPE_DOUBLE:
        return g_strdup(
            g_ascii_formatd(buffer, sizeof buffer, "%.10g", json_node_get_double(node)));
    case G_TYPE_BOOLEAN:
        return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
    default:
        return NULL;
    }
}

static gboolean add_group(GString *out, const char *name, JsonObject *group, GError **error)
{
    g_autoptr(GList) keys = json_object_get_members(group);
    if (*name == '\0' || strlen(name) > MOST_NAME || !is_plain(name, "[]"))
        return fail(error, "expected names of groups without control characters, [ and ]");
    g_string_append_printf(out, "[%s]\n", name);
    for (GList *at = keys; at != NULL; at = at->next) {
        const char *key = at->data;
        g_autofree char *value = value_text(json_object_get_member(group, key));
        if (*key == '\0' || strlen(key) > MOST_NAME ||
            key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] !=
                '\0')
            return fail(error, "expected keys of letters, digits, - and _");
        if (value == NULL)
            return fail(error, "%s: expected text, a number, true or false", key);
        if (!is_plain(value, "\\") || strlen(value) > VDT_OPTION_MOST_BYTES)
            return fail(error,
                        "%s: expected no control character, no backslash, and at most 32768 "
                        "bytes",
                        key);
        g_string_append_printf(out, "%s=%s\n", key, value);
    }
    return TRUE;
}

char *vdt_stream_file_from_json(JsonObject *groups, GError **error)
{
    g_autoptr(GString) out = g_string_new("# written by the interface of the service\n");
    g_autoptr(GList) names = json_object_get_members(groups);
    for (GList *at = names; at != NULL; at = at->next) {
        JsonNode *node = json_object_get_member(groups, at->data);
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            fail(error, "expected an object of keys for each group");
            return NULL;
        }
        if (!add_group(out, at->data, json_node_get_object(node), error))
            return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static JsonObject *group_json(const VdtKey *keys, guint n, const VdtOption *values)
{
    JsonObject *object = json_object_new();
    for (guint i = 0; i < n; i++) {
        if (values[i].file == NULL || values[i].text == NULL)
            continue;
        gboolean is_path = keys[i].spec.type == VDT_OPTION_PATH;
        g_autofree char *shown = vdt_is_secret_name(keys[i].name) && !is_path
                                     ? g_strdup(VDT_MASKED)
                                     : vdt_mask_value(values[i].text);
        json_object_set_string_member(object, keys[i].name, shown);
    }
    return object;
}

JsonObject *vdt_stream_file_to_json(const VdtStreamConfig *config)
{
    JsonObject *object = json_object_new();
    json_object_set_object_member(
        object, vdt_stream_group.name,
        group_json(vdt_stream_group.keys, vdt_stream_group.n_keys, config->values));
    JsonObject *record = group_json(vdt_record_group.keys, vdt_record_group.n_keys, config->record);
    if (json_object_get_size(record) > 0)
        json_object_set_object_member(object, vdt_record_group.name, record);
    else
        json_object_unref(record);
    if (config->n_parameters > 0)
        json_object_set_object_member(
            object, VDT_PARAMETERS_GROUP,
            group_json(config->parameter_keys, config->n_parameters, config->parameters));
    for (guint i = 0; i < config->analysers->len; i++) {
        const VdtAnalyserConfig *analyser = config->analysers->pdata[i];
        json_object_set_object_member(
            object, analyser->label,
            group_json(analyser->group->keys, analyser->group->n_keys, analyser->values));
    }
    return object;
}
