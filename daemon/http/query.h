/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands behind the ? of a target, and in the body of a form: NAME=VALUE&NAME=VALUE.
 */
#pragma once

#include <gio/gio.h>

#define VDT_QUERY_MOST 32 /* parameters */

/* name to value, both decoded to UTF-8; @text may be NULL. NULL and a sentence if it is not that,
 * or a name is there twice. */
GHashTable *vdt_query_parse(const char *text, GError **error);
/* One segment of a path, or one word of a query, without percent signs; NULL unless that is UTF-8
 * without control characters. Caller frees. */
char *vdt_query_decode(const char *text, gssize n, gboolean plus_is_blank);

/* The number that @name has, within limits, or @unset if it is not there. */
gboolean vdt_query_get_number(GHashTable *query, const char *name, gint64 min, gint64 max,
                              gint64 unset, gint64 *number, GError **error);
/* A time as RFC 3339 has it, or as seconds since 1970, in us; 0 if it is not there. */
gboolean vdt_query_get_time(GHashTable *query, const char *name, gint64 *us, GError **error);
/* Whether there is no parameter but these. */
gboolean vdt_query_check(GHashTable *query, const char *const *known, GError **error);
