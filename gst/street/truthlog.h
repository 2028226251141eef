/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The truth in a file, as lines of JSON, written as the scene goes on. docs/elements/
 * vedette-scenesrc.md has the schema.
 */
#pragma once

#include <gst/video/video.h>

#include "scene.h"

G_BEGIN_DECLS

typedef struct _VdtTruthLog VdtTruthLog;

/* Replaces the file. NULL with a GFileError if it cannot be. */
VdtTruthLog *vdt_truth_log_new(const char *path, GError **error);
/* Writes what is still to be written. The log is freed, whatever comes of it. */
gboolean vdt_truth_log_close(VdtTruthLog *log, GError **error);
/* What the frames that follow are of. A line only if it differs from before. */
void vdt_truth_log_set_scene(VdtTruthLog *log, const VdtSceneOptions *options,
                             const GstVideoInfo *info);
/* A frame: a line for each event that was not going on in the frame before, and one for the
 * objects if another @interval (ns) of the scene has begun, or always if it is 0. */
gboolean vdt_truth_log_frame(VdtTruthLog *log, const VdtTruth *truth, gint64 interval,
                             GError **error);

G_END_DECLS
