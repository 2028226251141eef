/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON that a peer sent. Its depth and the number of its values are bounded before json-glib, which
 * calls itself for each level, sees it.
 */
#pragma once

#include <json-glib/json-glib.h>

#define VDT_JSON_MOST_DEPTH  8
#define VDT_JSON_MOST_VALUES 10000

/* An object, or NULL and a sentence that repeats nothing of it. Caller unrefs. */
JsonObject *vdt_json_body_parse(const char *text, gsize n, GError **error);
