/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures that nothing has spoiled, of which pairs are made (pairs.h): sets of one frame without
 * labels. Of three in a row one is of the street, by day or night, drawn as large as cameras see it
 * and cut out; one a texture (textures.h); one of dead leaves (leaves.h).
 */
#pragma once

#include "clipset.h"

/* What they usually are: large enough for windows of 160 pixels. */
#define CLEAN_PICTURES_WIDTH  288
#define CLEAN_PICTURES_HEIGHT 192

/* Pictures @first to @first + @n of those that belong to @seed. Sides are 64 to 1024 pixels. */
ClipSet *clean_pictures_new(guint64 seed, guint64 first, guint n, guint width, guint height);
/* Whether picture @index of a seed is of the street. */
gboolean clean_picture_is_street(guint64 index);
