/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few fields of a TIFF directory that matter here; EXIF is such a directory.
 */
#pragma once

#include <glib.h>

typedef struct {
    guint32 width, height; /* 0 if it does not say */
    guint orientation;     /* 1 to 8: what the stored picture's first row and column are shown as */
} ExifTags;

/* Reads the first directory of @size bytes that begin with a TIFF header; what cannot be read is as
 * if it were not there. */
ExifTags exif_read(const guint8 *data, gsize size);
