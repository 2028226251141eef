/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clips of a video that a network is to see: chosen, cut out, sized, kept.
 */
#pragma once

#include <vedette/card.h>

#include "preprocess.h"

/* One view is what the network sees at once: a clip, cropped. */
typedef struct {
    guint size_w, size_h; /* of a view */
    guint n_clips, n_crops, n_views;
    gint64 n_frames;            /* in the video */
    gint64 first_pts, last_pts; /* of what is seen; -1 if not known */
    /*< private >*/
    const VdtCard *card;
    gboolean test, quiet;
    gboolean timed;       /* all pictures have times, which rise */
    GArray *times;        /* of pictures, gint64 */
    gint64 *indices;      /* n_clips x card->frames frame numbers */
    GHashTable *pictures; /* frame number to VdtPicture with memory of its own */
} Clips;

/* Reads the video (twice: it has to be counted first) and keeps the frames that are needed, already
 * resized. @test: the views of the authors' evaluation, whose frames are counted; otherwise one
 * clip from the middle, as many seconds long and framed as the card says. */
Clips *clips_load(const char *input, const VdtCard *card, gboolean test, GError **error);
/* @n clips spread evenly over the video, framed as the card says; reports no progress, since others
 * do the same at the same time. */
Clips *clips_load_spread(const char *input, const VdtCard *card, guint n, GError **error);
void clips_free(Clips *clips);
/* Writes view @i to the only clip of @to. */
void clips_fill(const Clips *clips, guint i, VdtTensor *to);
/* Picture @t of view @i; owned by @clips. */
VdtPicture clips_get_picture(const Clips *clips, guint i, guint t);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Clips, clips_free)
