/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <string.h>

#define REPLACEMENT  0xfffdu
#define ELLIPSIS     "\xe2\x80\xa6"
#define ELLIPSIS_LEN (sizeof ELLIPSIS - 1)

/* The next character of @from, and where the one after it begins. */
static gunichar next_char(const char **from)
{
    const gunichar c = g_utf8_get_char_validated(*from, -1);

    if (c == (gunichar)-1 || c == (gunichar)-2) {
        (*from)++;
        return REPLACEMENT;
    }
    *from = g_utf8_next_char(*from);
    return g_unichar_iscntrl(c) || g_unichar_type(c) == G_UNICODE_LINE_SEPARATOR ||
                   g_unichar_type(c) == G_UNICODE_PARAGRAPH_SEPARATOR
               ? ' '
               : c;
}

void vdt_overlay_text_append(char *to, gsize size, const char *from)
{
    const gsize most = size - 1;
    gsize used = strlen(to), whole = used;

    while (from && *from) {
        char bytes[6];
        const gsize n = (gsize)g_unichar_to_utf8(next_char(&from), bytes);

        if (used + n > most) {
            if (whole + ELLIPSIS_LEN <= most)
                memcpy(to + whole, ELLIPSIS, ELLIPSIS_LEN + 1);
            return;
        }
        memcpy(to + used, bytes, n);
        used += n;
        to[used] = '\0';
        /* as far as an ellipsis would still fit */
        if (used + ELLIPSIS_LEN <= most)
            whole = used;
    }
}
