/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures and videos for commands, decoded by GStreamer.
 */
#pragma once

#include <gio/gio.h>

#include "preprocess.h"

/* Called for each picture in turn; @picture is valid during the call. Returns FALSE to stop, with
 * @error set if that is a failure. @pts_ns is -1 if the file has no times. */
typedef gboolean (*MediaFunc)(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts_ns,
                              GError **error);

/* Decodes @input, a file's path or a URI. Live sources are refused: they have no end. */
gboolean media_decode(const char *input, MediaFunc func, gpointer data, GError **error);
