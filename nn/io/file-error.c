/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors about the contents of a file. */
#include "file-error.h"

static void set_error(GError **error, VdtError code, const char *origin, const char *format,
                      va_list args) G_GNUC_PRINTF(4, 0);

static void set_error(GError **error, VdtError code, const char *origin, const char *format,
                      va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    g_set_error(error, VDT_ERROR, (gint)code, "%s: %s", origin, text);
}

gboolean vdt_bad_file(GError **error, const char *origin, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(error, VDT_ERROR_FORMAT, origin, format, args);
    va_end(args);
    return FALSE;
}

gboolean vdt_unsupported_file(GError **error, const char *origin, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(error, VDT_ERROR_UNSUPPORTED, origin, format, args);
    va_end(args);
    return FALSE;
}
