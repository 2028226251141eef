/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoded frames into a file that is whole or not there, by elements of GStreamer. For one thread,
 * which may wait for the disk.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _VdtMuxer VdtMuxer;

typedef struct {
    const char *path, *media_type; /* the muxer's */
    guint frames;
    guint64 bytes;
    gint64 last, duration; /* us: time of the last frame; when it is over */
} VdtMuxerFile;

/* Begins STEM with the suffix of what holds @caps; frames' times are counted from @first, a PTS.
 * Errors are sentences, G_IO_ERROR, that name the file. */
VdtMuxer *vdt_muxer_new(const char *stem, GstCaps *caps, GstClockTime first, GError **error);
/* A frame's time in the file, us; below 0 for one that is shown before the first. */
gint64 vdt_muxer_get_time(const VdtMuxer *muxer, const GstBuffer *buffer);
/* Leaves out a frame that is shown before the first, and needs frames before it. */
gboolean vdt_muxer_push(VdtMuxer *muxer, GstBuffer *buffer, GError **error);
/* FALSE if it failed since. */
gboolean vdt_muxer_check(VdtMuxer *muxer, GError **error);
/* Whether parameters of the codec changed, so that it takes nothing more. */
gboolean vdt_muxer_has_changed(VdtMuxer *muxer);
gboolean vdt_muxer_finish(VdtMuxer *muxer, VdtMuxerFile *file, GError **error);
/* What is not finished is removed. */
void vdt_muxer_free(VdtMuxer *muxer);

G_END_DECLS
