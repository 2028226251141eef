/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <stdio.h>
#include <string.h>

char *printable(const char *text)
{
    GString *shown = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n' || g_unichar_isprint(c))
            g_string_append_unichar(shown, c);
        else
            g_string_append_printf(shown, "\\u%04x", c);
    }
    return g_string_free(shown, FALSE);
}

char *json_name(const char *name)
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

void print_json(const char *line)
{
    puts(line);
}

static guint char_width(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

guint text_width(const char *text)
{
    guint width = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        width += char_width(g_utf8_get_char(at));
    return width;
}

char *text_cut(const char *text, guint width)
{
    const char *at = text;
    for (guint taken = 0; *at != '\0'; at = g_utf8_next_char(at)) {
        taken += char_width(g_utf8_get_char(at));
        if (taken > width)
            break;
    }
    return g_strndup(text, at - text);
}

char *text_pad(const char *text, guint width)
{
    guint is = text_width(text);
    return g_strdup_printf("%s%*s", text, is < width ? (int)(width - is) : 0, "");
}
