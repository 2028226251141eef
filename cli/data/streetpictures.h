/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures of the synthetic street with a class for each pixel, as a set of clips of one frame.
 */
#pragma once

#include "clipset.h"

/* A street picture's own size, that it is drawn, coded and labelled in. */
#define STREET_PICTURE_WIDTH  640
#define STREET_PICTURE_HEIGHT 360
/* What is smaller is ignored when answers are judged: it can hardly be seen. */
#define STREET_LEAST_PIXELS   40

/*
 * Pictures @first to @first + @n of those that belong to @seed: some moment of the clip of that
 * number in the world's list, or, one in @endless (0: none), of an endless street under the same
 * conditions. One in @coded (0: none) goes through H.264 at 1 Mbit/s. @format is mapped.
 */
ClipSet *street_pictures_new(guint64 seed, guint64 first, guint n, guint coded, guint endless,
                             const ClipFormat *format, GError **error);
/* From now on people, vehicles, bags and lamps of which less than @least pixels stand together in
 * the street's own picture have no class. */
void street_pictures_ignore(ClipSet *set, guint least);
