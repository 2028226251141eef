/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON as people would write it: numbers with no more digits than they need, short lists and
 * objects on one line.
 */
#pragma once

#include <json-glib/json-glib.h>

/* With line breaks, or all on one line. Caller frees. */
char *json_text(JsonObject *object, gboolean pretty);
/* A name that @object has no member of: @name or, for one that is there, with @number. Caller
 * frees.
 */
char *json_unique(JsonObject *object, const char *name, guint number);
