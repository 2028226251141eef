/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small files from outside, with limits on their size.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/error.h>

/* A regular file of at most @limit bytes; *text gets a closing NUL, and is the caller's. */
gboolean vdt_file_load(const char *path, gsize limit, char **text, gsize *size, GError **error);

/* The lines of a text file as people and other systems' programs write them: UTF-8, or UTF-16 with
 * a byte-order mark, which goes; lines that end in "\n", "\r\n" or, in a file without the former,
 * "\r". Blanks at the end of the file do not count. At most @most lines, NULL behind them; all is
 * one block, to be freed with g_free(). */
char **vdt_lines_load(const char *path, gsize limit, guint most, GError **error);

/* A JSON file that holds an object. Nesting is limited too, since parsers recurse. */
JsonObject *vdt_json_load(const char *path, gsize limit, GError **error);
