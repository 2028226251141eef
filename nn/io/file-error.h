/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Short forms of g_set_error() for readers of files: the message begins with the file's name.
 */
#pragma once

#include <vedette/error.h>

/** Sets VDT_ERROR_FORMAT: damaged, truncated or hostile. Always returns FALSE. */
gboolean vdt_bad_file(GError **error, const char *origin, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/** Sets VDT_ERROR_UNSUPPORTED: well formed, but not something we read. Always returns FALSE. */
gboolean vdt_unsupported_file(GError **error, const char *origin, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
