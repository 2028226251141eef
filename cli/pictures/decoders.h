/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What decodes pictures here, without GStreamer. All know the size, and check it, before they ask
 * for memory; all refuse a picture that is not whole.
 */
#pragma once

#include <stdio.h>

#include "pixels.h"

/* A file that can be sought in, from its beginning; @name is for messages. */
typedef struct {
    const char *name;
    FILE *file;
    guint64 size;
} PictureSource;

/* RGB, as it is stored; *@orientation is EXIF's. Transparency is left out, 16 bits are rounded. */
gboolean jpeg_decode(const PictureSource *source, Pixels *pixels, guint *orientation,
                     GError **error);
gboolean png_decode(const PictureSource *source, Pixels *pixels, guint *orientation,
                    GError **error);
/* The numbers, one channel, of a PNG that is grey or has a palette, of 8 bits or less. */
gboolean png_decode_numbers(const PictureSource *source, Pixels *pixels, guint *orientation,
                            GError **error);
