/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON on one line, whose numbers have no more digits than it takes to tell them apart. */
#pragma once

#include <json-glib/json-glib.h>

/* Caller frees. */
char *vdt_json_write(JsonObject *object);
