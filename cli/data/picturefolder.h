/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures and maps of their classes in a folder, as the ADE20K benchmark has them:
 *
 *     images/SPLIT/NAME.jpg or .png      annotations/SPLIT/NAME.png
 */
#pragma once

#include "labelpng.h"

/* Of a pixel without a class; what label maps have for that, too. */
#define PICTURE_NOTHING 255

typedef struct {
    const char *folder, *split;
    guint n_classes;
    gboolean zero_is_other; /* in the maps: 0 is no class, and the network's are counted from 1 */
    gint warned;            /* that a number is no class's; told once */
} PictureFolder;

/* Whether a file of that name is a picture. Hidden ones are none: what a Macintosh leaves beside
 * a.jpg, ._a.jpg, holds no pixels. */
gboolean picture_name_matches(const char *name);
/* Names of the pictures in a folder, sorted; there is one at least. */
GPtrArray *picture_names(const char *path, GError **error);
GPtrArray *picture_folder_list(const PictureFolder *folder, GError **error);
/* Paths; caller frees. */
char *picture_folder_get_picture(const PictureFolder *folder, const char *name);
char *picture_folder_get_map(const PictureFolder *folder, const char *name);
/* The classes of a picture's pixels. A number that is no class does not count; of the first one
 * that is not 255 it is said on stderr. May be called by several threads at once. */
gboolean picture_folder_load_map(PictureFolder *folder, const char *name, LabelPng *map,
                                 GError **error);
/* VDT_ERROR_FORMAT for a picture that has not its map's size. */
gboolean picture_folder_check_size(const char *picture, guint width, guint height,
                                   const LabelPng *map, GError **error);
/* Whether maps of that label set, NULL for none in particular, count classes from 1. */
gboolean picture_folder_counts_from_one(const char *labels);
