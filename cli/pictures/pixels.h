/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pixels of one picture in memory of their own, and the limits to how many there may be.
 */
#pragma once

#include <vedette/error.h>

/* Of any picture. Whoever reads one holds its size against these before asking for memory. */
#define PIXELS_MOST_SIDE 32767
#define PIXELS_MOST      (1u << 28)

typedef struct {
    guint8 *data; /* height rows of width * channels bytes */
    guint width, height, channels;
} Pixels;

void pixels_clear(Pixels *pixels);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pixels, pixels_clear)

/* FALSE, with the file, the size and the limit in @error, if a side is 0 or the picture too large.
 */
gboolean pixels_check_size(const char *name, guint32 width, guint32 height, GError **error);
/* Memory, not filled; FALSE if the size is refused or there is none. @pixels is empty before. */
gboolean pixels_allocate(const char *name, Pixels *pixels, guint width, guint height,
                         guint channels, GError **error);
/* Turns a picture as EXIF's @orientation says that it is to be shown; 1 leaves it as it is. FALSE
 * if there is no memory for that. */
gboolean pixels_turn(const char *name, Pixels *pixels, guint orientation, GError **error);
/* Whether that exchanges the sides. */
gboolean orientation_is_sideways(guint orientation);
