/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing pictures as a film, H.264 in MP4 or Matroska, by GStreamer.
 */
#pragma once

#include "preprocess.h"

typedef struct _Film Film;

/* A film, if @path ends in .mp4 or .mkv, of pictures of that size; an odd side gets one more row or
 * column, as its neighbour. A pixel is shown @aspect[0] wide and @aspect[1] high. */
Film *film_new(const char *path, guint width, guint height, const int aspect[2], GError **error);
/* Adds a picture that is seen from @pts on, which rises from one picture to the next. */
gboolean film_add(Film *film, const VdtPicture *picture, gint64 pts, GError **error);
/* Ends the film; it is one that can be played only after that. */
gboolean film_finish(Film *film, GError **error);
/* Leaves what was there before if the film was not finished. */
void film_free(Film *film);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Film, film_free)
