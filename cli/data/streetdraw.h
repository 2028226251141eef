/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What street sets have in common: how they are drawn, and what their pixels depend on.
 */
#pragma once

#include <glib.h>
#include <street.h>

#include "preprocess.h"

/* Seed of what is held out: nothing may be trained on it. */
#define STREET_HELD_OUT_SEED 9000
#define STREET_CODED_RATE    25   /* frames per second */
#define STREET_BITRATE       1000 /* kbit/s */

/* A number that walks through all residues for each action and each condition: actions change with
 * the index, conditions every N_ACTIONS clips. */
guint64 street_diagonal(guint64 index);
/* Whether clip or picture @index is a coded one, if one in @coded (0: none) is. */
gboolean street_clip_is_coded(guint64 index, guint coded);

/* Draws a frame as packed RGB; @pixels have room for 4 bytes each. */
void street_draw_rgb(VdtStreetPainter *painter, gint64 time, guint width, guint height,
                     guint8 *pixels);
/* The same without weather and faults of the camera. */
void street_draw_clean_rgb(VdtStreetPainter *painter, gint64 time, guint width, guint height,
                           guint8 *pixels);

/* Sends a picture with even sides through H.264 and back, in place, as one that stands still. */
gboolean street_send_picture(const VdtPicture *picture, GError **error);

/* What H.264 is made by, "none" if nothing is coded; VDT_ERROR_UNSUPPORTED if there is no encoder.
 */
const char *street_find_encoder(guint coded, GError **error);

/* The lines of a set's key that say how streets look and which of them are drawn. */
void street_describe(guint64 seed, guint64 first, guint coded, const char *encoder, gint64 duration,
                     GString *key);
