/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text with its secrets blotted out. Whatever may hold a URI of a camera passes one of these before
 * anybody sees it: user and password of URIs, and the values of queries such as ?password=, become
 * three stars. What is doubtful is blotted out, too.
 */
#pragma once

#include <glib.h>

#define VDT_MASKED "***"

/* A message, which may hold URIs among its words. Caller frees. */
char *vdt_mask(const char *text);
/* A value, which may be a URI written wrongly: blanks do not end it. Caller frees. */
char *vdt_mask_value(const char *text);
/* Whether a thing of this name is a secret: password, api-token. */
gboolean vdt_is_secret_name(const char *name);
/* Whether a query of @uri holds a secret. */
gboolean vdt_has_secret_query(const char *uri);
