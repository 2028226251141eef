/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps of classes as PNG files: a byte for each pixel, grey or the number of a palette's colour.
 */
#pragma once

#include <vedette/error.h>

typedef struct {
    guint width, height;
    guint8 *classes; /* height rows of width */
} LabelPng;

void label_png_clear(LabelPng *map);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LabelPng, label_png_clear)

/* Reads what numbers the file holds, turned as its EXIF says; colours do not matter. Refuses colour
 * pictures, 16 bits, what is not whole, and sizes past the limits of pictures/pixels.h. */
gboolean label_png_load(const char *path, LabelPng *map, GError **error);
/* Writes them with a palette of @n colours, 0xRRGGBB, up to 256. */
gboolean label_png_save(const char *path, const LabelPng *map, const guint32 *colours, guint n,
                        GError **error);
