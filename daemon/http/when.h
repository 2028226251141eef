/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as answers have them. */
#pragma once

#include <json-glib/json-glib.h>

/* "2026-11-30T14:56:42.986140Z" for @us since 1970. Caller frees. */
char *vdt_when_show(gint64 us);
/* That as a member, unless @us is 0. */
void vdt_when_set(JsonObject *object, const char *name, gint64 us);
