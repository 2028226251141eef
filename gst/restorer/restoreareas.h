/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a frame is restored: a part of it, or what others found in it. */
#pragma once

#include <gst/video/video.h>

#include "enums.h"
#include "frame/framing.h"
#include "restorework.h"

G_BEGIN_DECLS

#define VDT_RESTORE_MOST_BOXES 500

/* What is wanted. */
typedef struct {
    VdtRestoreWhat what;
    VdtFrameRegion region; /* of what is visible; boxes end there, too */
    guint max_boxes;
} VdtRestoreWanted;

/* All in pixels of the frame. */
typedef struct {
    GstVideoRectangle part; /* what is to be read: what is altered, and what lies around it */
    GArray *inside;         /* of GstVideoRectangle: what is altered, no pixel twice */
    guint boxes, left_out;  /* that are restored; that are not, since there are more than wanted */

    GArray *found;   /* of GstVideoRectangle: the boxes, which may overlap */
    GArray *squares; /* of VdtRestorePatch, of the frame: what covers these */
    gboolean many;   /* so many that all of the part is to be looked at, instead */
} VdtRestoreAreas;

void vdt_restore_areas_init(VdtRestoreAreas *areas);
void vdt_restore_areas_clear(VdtRestoreAreas *areas);

/* Finds what is wanted of @buffer. With @all, since the whole frame is to be read. FALSE if that is
 * nothing. */
gboolean vdt_restore_areas_find(VdtRestoreAreas *areas, const VdtRestoreWanted *wanted,
                                const GstVideoInfo *info, GstBuffer *buffer, gboolean all);

/* Has @work, which began with the size of the part, restore just that. */
void vdt_restore_areas_ask(const VdtRestoreAreas *areas, VdtRestoreWork *work);

G_END_DECLS
