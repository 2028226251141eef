/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small files from outside, with limits on their size.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/error.h>

/* A regular file of at most @limit bytes; *text gets a closing NUL, and is the caller's. */
gboolean vdt_file_load(const char *path, gsize limit, char **text, gsize *size, GError **error);

/* A JSON file that holds an object. Nesting is limited too, since parsers recurse. */
JsonObject *vdt_json_load(const char *path, gsize limit, GError **error);
