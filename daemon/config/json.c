/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json.h"

#include <string.h>

/* Names of files need not be UTF-8: other bytes become "\xe9". */
static char *show_file(const char *name)
{
    GString *valid = g_string_new(NULL);
    for (const char *at = name, *end; *at != '\0'; at = end + 1) {
        gboolean whole = g_utf8_validate(at, -1, &end);
        g_string_append_len(valid, at, end - at);
        if (whole)
            break;
        g_string_append_printf(valid, "\\x%02x", (guchar)*end);
    }
    return g_string_free(valid, FALSE);
}

static JsonObject *problem_to_json(const VdtProblem *problem)
{
    JsonObject *object = json_object_new();
    const struct {
        const char *name, *text;
    } members[] = {{"group", problem->group},
                   {"key", problem->key},
                   {"value", problem->value},
                   {"message", problem->message}};
    if (problem->file != NULL) {
        g_autofree char *file = show_file(problem->file);
        json_object_set_string_member(object, "file", file);
    }
    if (problem->line > 0)
        json_object_set_int_member(object, "line", problem->line);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        if (members[i].text != NULL) {
            g_autofree char *valid = g_utf8_make_valid(members[i].text, -1);
            json_object_set_string_member(object, members[i].name, valid);
        }
    return object;
}

JsonArray *vdt_problems_to_json(const VdtProblems *problems)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < problems->list->len; i++)
        json_array_add_object_element(array, problem_to_json(problems->list->pdata[i]));
    return array;
}

JsonArray *vdt_differences_to_json(const GPtrArray *differences)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < differences->len; i++) {
        const VdtDifference *d = differences->pdata[i];
        JsonObject *one = json_object_new();
        if (d->stream != NULL)
            json_object_set_string_member(one, "stream", d->stream);
        json_object_set_string_member(one, "change", vdt_change_name(d->change));
        if (d->change == VDT_CHANGE_CHANGED) {
            JsonArray *keys = json_array_new();
            for (guint k = 0; d->keys[k] != NULL; k++)
                json_array_add_string_element(keys, d->keys[k]);
            json_object_set_string_member(one, "takes", vdt_reload_name(d->reload));
            json_object_set_array_member(one, "keys", keys);
        }
        json_array_add_object_element(array, one);
    }
    return array;
}
