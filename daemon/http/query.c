/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "query.h"

#include <math.h>
#include <string.h>

#define MOST_SECONDS 4e9 /* the year 2096 */

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_propagate_error(error,
                      g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, args));
    va_end(args);
    return FALSE;
}

char *vdt_query_decode(const char *text, gssize n, gboolean plus_is_blank)
{
    gsize size = n < 0 ? strlen(text) : (gsize)n;
    g_autoptr(GString) out = g_string_sized_new(size);
    for (gsize i = 0; i < size; i++) {
        guchar c = (guchar)text[i];
        if (c == '%') {
            if (i + 2 >= size || !g_ascii_isxdigit(text[i + 1]) || !g_ascii_isxdigit(text[i + 2]))
                return NULL;
            c = (guchar)(g_ascii_xdigit_value(text[i + 1]) * 16 +
                         g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (g_ascii_iscntrl(c))
            return NULL;
        g_string_append_c(out, (char)c);
    }
    if (!g_utf8_validate(out->str, (gssize)out->len, NULL))
        return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

GHashTable *vdt_query_parse(const char *text, GError **error)
{
    g_autoptr(GHashTable) query = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (const char *at = text; at != NULL && *at != '\0';) {
        gsize n = strcspn(at, "&"), name_end = strcspn(at, "=&");
        g_autofree char *name = vdt_query_decode(at, (gssize)name_end, TRUE);
        g_autofree char *value =
            name_end < n ? vdt_query_decode(at + name_end + 1, (gssize)(n - name_end - 1), TRUE)
                         : g_strdup("");
        at += n + (at[n] == '&');
        if (n == 0)
            continue;
        if (name == NULL || value == NULL || *name == '\0') {
            fail(error, "expected NAME=VALUE of UTF-8 in the query, without control characters");
            return NULL;
        }
        if (g_hash_table_size(query) >= VDT_QUERY_MOST) {
            fail(error, "expected at most %d parameters in the query", VDT_QUERY_MOST);
            return NULL;
        }
        if (g_hash_table_contains(query, name)) {
            fail(error, "expected each parameter of the query once");
            return NULL;
        }
        g_hash_table_insert(query, g_steal_pointer(&name), g_steal_pointer(&value));
    }
    return g_steal_pointer(&query);
}

gboolean vdt_query_get_number(GHashTable *query, const char *name, gint64 min, gint64 max,
                              gint64 unset, gint64 *number, GError **error)
{
    const char *text = g_hash_table_lookup(query, name);
    *number = unset;
    if (text == NULL)
        return TRUE;
    return g_ascii_string_to_signed(text, 10, min, max, number, NULL) ||
           fail(error, "%s: expected a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                name, min, max);
}

gboolean vdt_query_get_time(GHashTable *query, const char *name, gint64 *us, GError **error)
{
    const char *text = g_hash_table_lookup(query, name);
    char *end = NULL;
    *us = 0;
    if (text == NULL)
        return TRUE;
    double seconds = g_ascii_isdigit(*text) ? g_ascii_strtod(text, &end) : NAN;
    if (end != NULL && *end == '\0' && seconds >= 0 && seconds <= MOST_SECONDS) {
        *us = (gint64)llround(seconds * 1e6);
        return TRUE;
    }
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);
    if (time == NULL || g_date_time_to_unix(time) < 0 || g_date_time_to_unix(time) > MOST_SECONDS)
        return fail(error, "%s: expected a time as 2026-11-30T14:56:42Z, or seconds since 1970",
                    name);
    *us = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
    return TRUE;
}

gboolean vdt_query_check(GHashTable *query, const char *const *known, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, query);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!g_strv_contains(known, name)) {
            g_autofree char *all = g_strjoinv(", ", (char **)known);
            return fail(error, "there is no such parameter here; there %s%s",
                        *known != NULL ? "are: " : "are none", all);
        }
    return TRUE;
}
