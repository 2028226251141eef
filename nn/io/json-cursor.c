/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking strings, numbers and punctuation from a JSON text. */
#include "json-cursor.h"

#include <string.h>

static void skip_blanks(VdtJsonCursor *cursor)
{
    while (cursor->at < cursor->end && memchr(" \t\r\n", *cursor->at, 4) != NULL)
        cursor->at++;
}

gboolean vdt_json_take(VdtJsonCursor *cursor, char wanted)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return FALSE;
    cursor->at++;
    return TRUE;
}

static gboolean take_hex4(VdtJsonCursor *cursor, gunichar *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = cursor->at < cursor->end ? g_ascii_xdigit_value(*cursor->at++) : -1;

        if (digit < 0)
            return FALSE;
        *unit = *unit << 4 | (gunichar)digit;
    }
    return TRUE;
}

/* After "\u"; characters beyond the first plane come as two escapes. */
static gboolean take_unicode_escape(VdtJsonCursor *cursor, GString *text)
{
    gunichar c, low;

    if (!take_hex4(cursor, &c))
        return FALSE;
    if (c >= 0xd800 && c < 0xdc00) {
        if (cursor->end - cursor->at < 2 || cursor->at[0] != '\\' || cursor->at[1] != 'u')
            return FALSE;
        cursor->at += 2;
        if (!take_hex4(cursor, &low) || low < 0xdc00 || low >= 0xe000)
            return FALSE;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (c == 0 || !g_unichar_validate(c))
        return FALSE;
    g_string_append_unichar(text, c);
    return TRUE;
}

static gboolean take_escape(VdtJsonCursor *cursor, GString *text)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (cursor->at == cursor->end)
        return FALSE;
    if (*cursor->at == 'u') {
        cursor->at++;
        return take_unicode_escape(cursor, text);
    }
    found = memchr(letters, *cursor->at++, strlen(letters));
    if (found == NULL)
        return FALSE;
    g_string_append_c(text, meanings[found - letters]);
    return TRUE;
}

gboolean vdt_json_take_string(VdtJsonCursor *cursor, GString *text)
{
    g_string_truncate(text, 0);
    if (!vdt_json_take(cursor, '"'))
        return FALSE;
    while (cursor->at < cursor->end) {
        char c = *cursor->at++;

        if (c == '"')
            return g_utf8_validate(text->str, (gssize)text->len, NULL);
        if ((guchar)c < 0x20)
            return FALSE;
        if (c != '\\')
            g_string_append_c(text, c);
        else if (!take_escape(cursor, text))
            return FALSE;
    }
    return FALSE;
}

gboolean vdt_json_take_number(VdtJsonCursor *cursor, gint64 *number)
{
    const char *first;

    skip_blanks(cursor);
    first = cursor->at;
    *number = 0;
    while (cursor->at < cursor->end && g_ascii_isdigit(*cursor->at)) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, *cursor->at - '0', number))
            return FALSE;
        cursor->at++;
    }
    return cursor->at > first && (*first != '0' || cursor->at == first + 1);
}

gboolean vdt_json_at_end(VdtJsonCursor *cursor)
{
    skip_blanks(cursor);
    return cursor->at == cursor->end;
}
