/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fields.h"

#include <math.h>
#include <string.h>

#define MAX_STRING 4096

gboolean vdt_fields_fail(VdtFields *fields, const char *format, ...)
{
    if (*fields->error == NULL) {
        va_list args;
        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_set_error(fields->error, VDT_ERROR, VDT_ERROR_MODEL, "%s: %s", fields->where, text);
    }
    return FALSE;
}

/* The value of @key, or NULL if it is absent, null, or an earlier mistake stops the reading. */
static JsonNode *find(const VdtFields *fields, const char *key)
{
    if (*fields->error != NULL || fields->object == NULL)
        return NULL;
    JsonNode *node = json_object_get_member(fields->object, key);
    return node == NULL || JSON_NODE_HOLDS_NULL(node) ? NULL : node;
}

gboolean vdt_fields_has(const VdtFields *fields, const char *key)
{
    return find(fields, key) != NULL;
}

void vdt_fields_require(VdtFields *fields, const char *key)
{
    if (*fields->error == NULL && find(fields, key) == NULL)
        vdt_fields_fail(fields, "\"%s\" is missing", key);
}

static gboolean holds(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/* A short rendering of a value for messages. */
static char *show(JsonNode *node)
{
    g_autofree char *text = json_to_string(node, FALSE);
    if (strlen(text) > 60) {
        text[57] = '\0';
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        return g_strconcat(valid, "...", NULL);
    }
    return g_steal_pointer(&text);
}

static gboolean take_int(VdtFields *fields, const char *key, JsonNode *node, gint64 min, gint64 max,
                         gint64 *value)
{
    if (holds(node, G_TYPE_INT64)) {
        gint64 v = json_node_get_int(node);
        if (v >= min && v <= max) {
            *value = v;
            return TRUE;
        }
    }
    g_autofree char *text = show(node);
    return vdt_fields_fail(fields,
                           "\"%s\" holds %s, but takes whole numbers from %" G_GINT64_FORMAT
                           " to %" G_GINT64_FORMAT,
                           key, text, min, max);
}

static gboolean take_double(VdtFields *fields, const char *key, JsonNode *node, double min,
                            double max, double *value)
{
    if (holds(node, G_TYPE_INT64) || holds(node, G_TYPE_DOUBLE)) {
        double v = json_node_get_double(node);
        if (isfinite(v) && v >= min && v <= max) {
            *value = v;
            return TRUE;
        }
    }
    g_autofree char *text = show(node);
    return vdt_fields_fail(fields, "\"%s\" holds %s, but takes numbers from %g to %g", key, text,
                           min, max);
}

gint64 vdt_fields_int(VdtFields *fields, const char *key, gint64 fallback, gint64 min, gint64 max)
{
    JsonNode *node = find(fields, key);
    gint64 value = fallback;
    if (node != NULL)
        take_int(fields, key, node, min, max, &value);
    return value;
}

double vdt_fields_double(VdtFields *fields, const char *key, double fallback, double min,
                         double max)
{
    JsonNode *node = find(fields, key);
    double value = fallback;
    if (node != NULL)
        take_double(fields, key, node, min, max, &value);
    return value;
}

/* The node's text, or NULL with the mistake kept. */
static const char *take_string(VdtFields *fields, const char *key, JsonNode *node)
{
    if (!holds(node, G_TYPE_STRING)) {
        g_autofree char *text = show(node);
        vdt_fields_fail(fields, "\"%s\" is %s, but must be a string", key, text);
        return NULL;
    }
    const char *value = json_node_get_string(node);
    gsize length = strlen(value);
    if (length > MAX_STRING) {
        vdt_fields_fail(fields, "\"%s\" has %" G_GSIZE_FORMAT " bytes, the limit is %d", key,
                        length, MAX_STRING);
        return NULL;
    }
    gboolean plain = g_utf8_validate(value, -1, NULL);
    for (gsize i = 0; plain && i < length; i++)
        plain = !g_ascii_iscntrl(value[i]);
    if (!plain) {
        vdt_fields_fail(fields, "\"%s\" has control characters or is not UTF-8", key);
        return NULL;
    }
    return value;
}

const char *vdt_fields_string(VdtFields *fields, const char *key, const char *fallback)
{
    JsonNode *node = find(fields, key);
    const char *value = node != NULL ? take_string(fields, key, node) : NULL;
    return value != NULL ? value : fallback;
}

char **vdt_fields_strings(VdtFields *fields, const char *key)
{
    JsonNode *node = find(fields, key);
    if (node == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        g_autofree char *text = show(node);
        vdt_fields_fail(fields, "\"%s\" is %s, but must be an array of strings", key, text);
        return NULL;
    }
    JsonArray *array = json_node_get_array(node);
    guint n = json_array_get_length(array);
    char **values = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++) {
        const char *value = take_string(fields, key, json_array_get_element(array, i));
        if (value == NULL) {
            g_strfreev(values);
            return NULL;
        }
        values[i] = g_strdup(value);
    }
    return values;
}

gboolean vdt_fields_bool(VdtFields *fields, const char *key, gboolean fallback)
{
    JsonNode *node = find(fields, key);
    if (node == NULL)
        return fallback;
    if (holds(node, G_TYPE_BOOLEAN))
        return json_node_get_boolean(node);
    g_autofree char *text = show(node);
    vdt_fields_fail(fields, "\"%s\" is %s, but must be true or false", key, text);
    return fallback;
}

guint vdt_fields_choice(VdtFields *fields, const char *key, guint fallback,
                        const char *const *names)
{
    const char *value = vdt_fields_string(fields, key, NULL);
    if (value == NULL)
        return fallback;
    for (guint i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], value) == 0)
            return i;
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    vdt_fields_fail(fields, "\"%s\" is \"%s\", but must be one of: %s", key, value, all);
    return fallback;
}

/* The array under @key if it has @n elements. */
static JsonArray *array(VdtFields *fields, const char *key, guint n)
{
    JsonNode *node = find(fields, key);
    if (node == NULL)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node) && json_array_get_length(json_node_get_array(node)) == n)
        return json_node_get_array(node);
    g_autofree char *text = show(node);
    vdt_fields_fail(fields, "\"%s\" is %s, but must be an array of %u numbers", key, text, n);
    return NULL;
}

void vdt_fields_ints(VdtFields *fields, const char *key, gint64 *values, guint n, gint64 min,
                     gint64 max)
{
    JsonArray *from = array(fields, key, n);
    for (guint i = 0; from != NULL && i < n; i++)
        if (!take_int(fields, key, json_array_get_element(from, i), min, max, &values[i]))
            return;
}

void vdt_fields_doubles(VdtFields *fields, const char *key, double *values, guint n, double min,
                        double max)
{
    JsonArray *from = array(fields, key, n);
    for (guint i = 0; from != NULL && i < n; i++)
        if (!take_double(fields, key, json_array_get_element(from, i), min, max, &values[i]))
            return;
}

void vdt_fields_int_rows(VdtFields *fields, const char *key, gint64 *values, guint stride,
                         const gint64 *n, guint n_rows, gint64 min, gint64 max)
{
    JsonArray *rows = array(fields, key, n_rows);
    for (guint i = 0; rows != NULL && i < n_rows; i++) {
        JsonNode *node = json_array_get_element(rows, i);
        JsonArray *row = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
        if (row == NULL || json_array_get_length(row) != n[i]) {
            g_autofree char *text = show(node);
            vdt_fields_fail(fields,
                            "\"%s\" holds %s, but row %u must be an array of %" G_GINT64_FORMAT
                            " numbers",
                            key, text, i, n[i]);
            return;
        }
        for (guint j = 0; j < n[i]; j++)
            if (!take_int(fields, key, json_array_get_element(row, j), min, max,
                          &values[i * stride + j]))
                return;
    }
}

VdtFields vdt_fields_object(VdtFields *fields, const char *key, const char *where)
{
    VdtFields inner = {.where = where, .error = fields->error};
    JsonNode *node = find(fields, key);
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        inner.object = json_node_get_object(node);
    else if (node != NULL)
        vdt_fields_fail(fields, "\"%s\" must be an object", key);
    return inner;
}

guint vdt_fields_n_objects(VdtFields *fields, const char *key, guint max)
{
    JsonNode *node = find(fields, key);
    if (node == NULL)
        return 0;
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = array != NULL ? json_array_get_length(array) : 0;
    gboolean objects = n > 0;
    for (guint i = 0; i < n; i++)
        objects = objects && JSON_NODE_HOLDS_OBJECT(json_array_get_element(array, i));
    if (objects && n <= max)
        return n;
    vdt_fields_fail(fields, "\"%s\" must be an array of 1 to %u objects", key, max);
    return 0;
}

VdtFields vdt_fields_object_at(VdtFields *fields, const char *key, guint i, const char *where)
{
    JsonArray *array = json_object_get_array_member(fields->object, key);
    return (VdtFields){json_array_get_object_element(array, i), where, fields->error};
}

static void add_unknown(JsonObject *object, const char *path, const char *const *known,
                        GString *list)
{
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *l = names; l != NULL; l = l->next) {
        JsonNode *node = json_object_get_member(object, l->data);
        g_autofree char *name = g_strconcat(path, l->data, NULL);
        if (g_strv_contains(known, name))
            continue;
        g_autofree char *below = g_strconcat(name, ".", NULL);
        gboolean inside = FALSE;
        for (guint i = 0; known[i] != NULL; i++)
            inside = inside || g_str_has_prefix(known[i], below);
        if (inside && JSON_NODE_HOLDS_OBJECT(node))
            add_unknown(json_node_get_object(node), below, known, list);
        else if (!inside)
            g_string_append_printf(list, "%s\"%s\"", list->len > 0 ? ", " : "", name);
    }
}

char *vdt_fields_unknown(JsonObject *object, const char *const *known)
{
    g_autoptr(GString) list = g_string_new(NULL);
    add_unknown(object, "", known, list);
    return list->len > 0 ? g_string_free(g_steal_pointer(&list), FALSE) : NULL;
}
