/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstreason.h"

#include <string.h>

char *gst_reason(GstMessage *message)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *debug = NULL;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
        gst_message_parse_warning(message, &cause, &debug);
    else
        gst_message_parse_error(message, &cause, &debug);
    /* "FILE(LINE): FUNCTION (): PATH:" and then, on lines of its own, what there is to say. */
    char *more = debug != NULL ? strchr(debug, '\n') : NULL;
    g_autofree char *text = g_strdup(cause->message);
    g_strdelimit(g_strchomp(text), "\n", ' ');
    if (more != NULL)
        g_strdelimit(g_strstrip(more), "\n", ' ');
    const gsize n = strlen(text);
    if (n > 0 && text[n - 1] == '.')
        text[n - 1] = '\0';
    if (more == NULL || *more == '\0' || strstr(text, more) != NULL)
        return g_steal_pointer(&text);
    return g_strdup_printf("%s (%s)", text, more);
}
