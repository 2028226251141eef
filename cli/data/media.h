/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures and videos for commands: PNG and JPEG by their own libraries, everything else by
 * GStreamer. Pictures come as they are to be shown: turned as EXIF or a film's display matrix says.
 *
 * The limits to a picture's size are those of pictures/pixels.h; of what GStreamer decodes, a side
 * may have MEDIA_MOST_SIDE.
 */
#pragma once

#include <gio/gio.h>

#include "preprocess.h"

/* Square, this is the limit to all pixels of a picture. */
#define MEDIA_MOST_SIDE 16384

/* Called for each picture in turn; @picture is valid during the call. Returns FALSE to stop, with
 * @error set if that is a failure. @pts_ns is -1 if the file has no times. */
typedef gboolean (*MediaFunc)(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts_ns,
                              GError **error);

typedef struct _Media Media;

/* Opens @input, a file's path or a URI. What comes through a pipe is kept in an unnamed temporary
 * file, so that it can be read again; devices and folders are refused. */
Media *media_open(const char *input, GError **error);
void media_free(Media *media);
/* Decodes it from its beginning, as often as it is called. Live sources are refused: they have no
 * end. That a film is truncated is said on stderr, once; such a picture is refused. */
gboolean media_play(Media *media, MediaFunc func, gpointer data, GError **error);
/* How wide a pixel is by its height, as it is shown; 1/1 until the first picture came. */
void media_get_pixel_aspect(const Media *media, int *width, int *height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Media, media_free)

/* The three in one, for what is read once. */
gboolean media_decode(const char *input, MediaFunc func, gpointer data, GError **error);
