/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream as words for gst_parse_launch(): the source part and the frames part of its templates,
 * with its values. With @shown secrets are blotted out. Caller frees; errors name the template's
 * file and line.
 */
#pragma once

#include "config/config.h"

char *vdt_describe_source(const VdtStreamConfig *stream, gboolean shown, GError **error);
/* With a part of its own for each analyser. */
char *vdt_describe_frames(const VdtStreamConfig *stream, gboolean shown, GError **error);
