/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoded frame as a JPEG: its colours as JPEG has them, its pixels square. Any thread. */
#pragma once

#include <gio/gio.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

typedef struct {
    guint longest; /* pixels of its longer side at most: larger ones are scaled down; 0 for 65500 */
    guint quality; /* from 1 to 100 */
} VdtJpegOptions;

extern const VdtJpegOptions vdt_jpeg_options_default;

/* @buffer holds raw video as @info says; its strides and its crop are honoured. NULL with a
 * sentence, G_IO_ERROR. *@width and *@height are set to the picture's; caller unrefs. */
GBytes *vdt_jpeg_encode(GstBuffer *buffer, const GstVideoInfo *info, const VdtJpegOptions *options,
                        guint *width, guint *height, GError **error);

G_END_DECLS
