/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files that `vedette infer` makes: of a picture's classes, and pictures. Colours are 0xRRGGBB,
 * by class.
 */
#pragma once

#include "preprocess.h"

/* The classes of @width x @height pixels as a PNG with a palette of @n colours, at most 256. */
gboolean map_file_save(const char *path, const guint16 *labels, guint width, guint height,
                       const guint32 *colours, guint n, GError **error);
/* Mixes each pixel of @picture with its class's colour, of which it gets @opacity. */
void map_draw_over(VdtPicture *picture, const guint16 *labels, const guint32 *colours,
                   double opacity);
/* As JPEG if the name ends in .jpg or .jpeg, as PNG otherwise. */
gboolean picture_file_save(const char *path, const VdtPicture *picture, GError **error);

/* Whether the name is that of a picture: it ends in .png, .jpg or .jpeg. */
gboolean picture_file_is_named(const char *path);
/* Whether the name is that of a film: it ends in .mp4 or .mkv. */
gboolean film_is_named(const char *path);
/* A folder, or a pattern like map-%04d.png: where the maps of a video's pictures go. */
gboolean map_pattern_check(const char *pattern, GError **error);
/* Makes the folder, if it is one and is not there. */
gboolean map_pattern_prepare(const char *pattern, GError **error);
/* The file for picture @i; caller frees. */
char *map_pattern_expand(const char *pattern, guint i);
