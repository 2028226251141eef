/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a peer of the interface sends: a head, the query in it, and a body, which are looked at as
 * JSON and as a form. */
#include <string.h>

#include "fuzz.h"
#include "http/guard.h"
#include "http/jsonbody.h"
#include "http/media.h"
#include "http/query.h"
#include "http/routes.h"
#include "http/streamfile.h"
#include "touch.h"
#include "values/ini.h"

/* A file that was made of JSON is one: with the groups and keys of the JSON, and no others. */
static void check_file(JsonObject *groups)
{
    g_autofree char *text = vdt_stream_file_from_json(groups, NULL);
    if (text == NULL || json_object_get_size(groups) > VDT_INI_MOST_GROUPS)
        return;
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    VdtIni *ini = vdt_ini_parse("x", 1, text, strlen(text), problems);
    g_assert_nonnull(ini);
    for (guint i = 0; i < ini->groups->len; i++) {
        const VdtIniGroup *group = ini->groups->pdata[i];
        g_assert_true(json_object_has_member(groups, group->name));
        JsonObject *keys = json_object_get_object_member(groups, group->name);
        for (guint k = 0; k < group->entries->len; k++)
            g_assert_true(
                json_object_has_member(keys, ((VdtIniEntry *)group->entries->pdata[k])->key));
    }
    vdt_ini_free(ini);
}

static void look_at_body(const char *bytes, gsize n)
{
    g_autoptr(GError) error = NULL, wrong = NULL;
    g_autofree char *text = g_strndup(bytes, n);
    g_autoptr(JsonObject) object = vdt_json_body_parse(bytes, n, &error);
    g_assert_true((object == NULL) == (error != NULL));
    if (object != NULL)
        check_file(object);
    g_autoptr(GHashTable) form = vdt_query_parse(text, &wrong);
    g_assert_true((form == NULL) == (wrong != NULL));
}

static void look_at_head(const VdtHead *head)
{
    guint64 first = 0, last = 0;
    gint64 number, us;
    g_autoptr(GHashTable) query = vdt_query_parse(head->query, NULL);
    char *args[2] = {NULL};
    g_autofree char *allowed = NULL;
    if (query != NULL) {
        vdt_query_get_number(query, "limit", 1, 1000, 100, &number, NULL);
        vdt_query_get_time(query, "from", &us, NULL);
    }
    if (vdt_media_range(vdt_head_get(head, "range"), 1000, &first, &last) == VDT_RANGE_PART)
        g_assert_true(first <= last && last < 1000);
    vdt_routes_find(head->method, head->path, args, &allowed);
    for (guint i = 0; i < G_N_ELEMENTS(args); i++)
        g_free(args[i]);
    g_assert_cmpuint(head->body, <=, VDT_GUARD_MOST_BODY);
    const char *host = vdt_head_get(head, "host");
    g_assert_true(host != NULL || head->minor == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) block = fuzz_block(data, size);
    gsize n, end = 0;
    const char *bytes = g_bytes_get_data(block, &n);
    VdtRefusal refusal = {0};
    if (n == 0)
        return 0;
    switch (vdt_guard_scan(bytes, n, &end, &refusal)) {
    case VDT_GUARD_MORE:
        break;
    case VDT_GUARD_BAD:
        g_assert_cmpuint(refusal.status, >=, 400);
        break;
    case VDT_GUARD_WHOLE: {
        g_assert_cmpuint(end, <=, n);
        g_autoptr(VdtHead) head = vdt_guard_parse(bytes, end, &refusal);
        g_assert_true((head == NULL) == (refusal.status >= 400));
        if (head != NULL)
            look_at_head(head);
        look_at_body(bytes + end, n - end);
        break;
    }
    }
    return 0;
}
