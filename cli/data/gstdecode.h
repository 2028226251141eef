/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures as GStreamer decodes them, for media.c.
 */
#pragma once

#include <stdio.h>

#include "media.h"

typedef struct {
    const char *input, *uri; /* what it is called, and where it is */
    const char *decoder;     /* an element to read the file with, if there is one; or NULL */
    guint orientation;       /* EXIF's, if no stream says another */
    gboolean elsewhere;      /* of what turns out to be a picture, nothing is decoded */
    MediaFunc func;
    gpointer data;
} GstDecodeRequest;

typedef struct {
    int aspect_width, aspect_height; /* of a pixel, as it is shown */
    gboolean still;  /* it was a picture elsewhere, to be fetched before anything else */
    gboolean warned; /* on stderr, of what is wrong with it but does not end it */
} GstDecoded;

#define GST_DECODED_INIT ((GstDecoded){1, 1, FALSE, FALSE})

gboolean gst_decode(const GstDecodeRequest *request, GstDecoded *decoded, GError **error);
/* Writes what is at @uri to @to. */
gboolean gst_fetch(const char *uri, const char *input, FILE *to, guint64 most, GError **error);
