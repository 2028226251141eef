/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "samefile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <vedette/error.h>

gboolean same_file(const char *a, const char *b)
{
    GStatBuf x, y;
    if (g_stat(a, &x) == 0 && g_stat(b, &y) == 0)
        return x.st_dev == y.st_dev && x.st_ino == y.st_ino &&
               (S_ISREG(x.st_mode) || S_ISDIR(x.st_mode));
    g_autofree char *first = g_canonicalize_filename(a, NULL);
    g_autofree char *second = g_canonicalize_filename(b, NULL);
    return strcmp(first, second) == 0;
}

gboolean check_output(const char *option, const char *output, const char *input, GError **error)
{
    if (output == NULL || input == NULL)
        return TRUE;
    g_autofree char *path = g_filename_from_uri(input, NULL, NULL);
    if (!same_file(output, path != NULL ? path : input))
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: is the input; %s would replace it", output,
                option);
    return FALSE;
}
