/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream's file, from the JSON of a request, and back without secrets. */
#pragma once

#include <json-glib/json-glib.h>

#include "config/config.h"

/* {"stream":{"source":"rtsp://..."},"recognizer door":{"threshold":0.5}} as a file. NULL and a
 * sentence that repeats no value. Whether it means anything is not looked at. Caller frees. */
char *vdt_stream_file_from_json(JsonObject *groups, GError **error);
/* What @config says itself: keys that are as they are anyway are left out. Caller unrefs. */
JsonObject *vdt_stream_file_to_json(const VdtStreamConfig *config);
