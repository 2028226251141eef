/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mask.h"

#include <string.h>

#define ENDS " \t\r\n\"'<>`"

gboolean vdt_is_secret_name(const char *name)
{
    static const char *const parts[] = {"pass",       "pwd",  "secret",   "token",
                                        "credential", "auth", "signature"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (strstr(lower, parts[i]) != NULL)
            return TRUE;
    return g_str_has_suffix(lower, "key") || g_str_has_suffix(lower, "pw") ||
           strcmp(lower, "psw") == 0;
}

/* The value of a secret in a query: from *@from on, before *@to. Searches from @at to @end. */
static gboolean find_query(const char *at, const char *end, const char **from, const char **to)
{
    for (const char *p = at; p < end; p++) {
        if (*p != '=')
            continue;
        const char *name = p;
        while (name > at && strchr("?&;/,", name[-1]) == NULL)
            name--;
        g_autofree char *text = g_strndup(name, p - name);
        const char *stop = p + 1;
        while (stop < end && strchr("&;#,", *stop) == NULL)
            stop++;
        if (vdt_is_secret_name(text) && stop > p + 1) {
            *from = p + 1;
            *to = stop;
            return TRUE;
        }
    }
    return FALSE;
}

static void mask_run(GString *out, const char *start, const char *end)
{
    const char *last_at = memrchr(start, '@', end - start);
    const char *scheme = g_strstr_len(start, end - start, "://");
    const char *colon = memchr(start, ':', end - start);
    if (last_at != NULL && colon != NULL && colon < last_at) {
        if (scheme != NULL && scheme < last_at)
            g_string_append_len(out, start, scheme + 3 - start);
        g_string_append(out, VDT_MASKED);
        start = last_at;
    }
    const char *from, *to;
    while (find_query(start, end, &from, &to)) {
        g_string_append_len(out, start, from - start);
        g_string_append(out, VDT_MASKED);
        start = to;
    }
    g_string_append_len(out, start, end - start);
}

char *vdt_mask_value(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    mask_run(out, text, text + strlen(text));
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *vdt_mask(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    while (*text != '\0') {
        gsize n = strcspn(text, ENDS);
        mask_run(out, text, text + n);
        text += n;
        n = strspn(text, ENDS);
        g_string_append_len(out, text, n);
        text += n;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

gboolean vdt_has_secret_query(const char *uri)
{
    const char *from, *to;
    return find_query(uri, uri + strlen(uri), &from, &to);
}
