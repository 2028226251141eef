/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures sent through H.264 and back, as a camera's are.
 */
#pragma once

#include <gio/gio.h>

#include "preprocess.h"

typedef struct {
    guint width, height, rate; /* frames per second */
    guint bitrate;             /* kbit/s */
    guint n_frames;
    /* Draws frame @i: 4 bytes blue, green, red, unused. */
    void (*draw)(gpointer data, guint i, guint8 *bgrx, gsize stride);
    /* Takes frame @i as it arrives. */
    void (*take)(gpointer data, guint i, const VdtPicture *picture);
    gpointer data;
} H264Job;

/* Name of the encoder that is used here; VDT_ERROR_UNSUPPORTED, naming what to install, if there is
 * none or no decoder. */
const char *h264_find_encoder(GError **error);
/* All frames, in order, in the calling thread. */
gboolean h264_round_trip(const H264Job *job, GError **error);
