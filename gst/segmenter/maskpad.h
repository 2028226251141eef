/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A second source pad (secondpad.h) that gives maps of classes as GRAY8 pictures.
 *
 * It is its own stream, whose events are made here as they are needed: what the pad remembers of
 * them is all the state there is, so it may be requested, linked, unlinked and released at any
 * time. It is sparse: where there is no mask there are gaps, or a mixer would wait for one while
 * the frames beside it pile up. Nothing that becomes of it is anything to the main stream.
 *
 * Masks come from the worker's thread, as soon as they are there: the streaming thread may be held
 * up until they are. Gaps and events come from the streaming thread, flushing events apart. What
 * is pushed is pushed under the pad's own lock, the last to be taken. For gaps nobody waits for it,
 * since whoever has it may be in a mixer that waits for the frame beside: he tells them afterwards.
 */
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

#define VDT_MASK_CAPS                                                                              \
    "video/x-raw, format = (string) GRAY8, width = (int) [ 1, max ], height = (int) [ 1, max ], "  \
    "framerate = (fraction) 0/1"

/* For vdt_second_pad_add(). */
GstPad *vdt_mask_pad_new(GstPadTemplate *templ);

/* What a mask is of. */
typedef struct {
    const GstVideoInfo *info; /* of the frame */
    const GstSegment *segment;
    guint width, height; /* of the mask */
} VdtMaskOf;

/* How long a frame is to be seen; NONE if that is not known. */
GstClockTime vdt_mask_frame_duration(const GstVideoInfo *info, GstBuffer *frame);
/* A frame passes that is to be seen until @end. Of frames before @oldest no mask will come any
 * more; NONE: of no frame. */
void vdt_mask_pad_skip(GstPad *pad, GstElement *element, const VdtMaskOf *of, GstClockTime end,
                       GstClockTime oldest);
/* Gives @map, rows of so many bytes without padding, of the frame at @pts. */
void vdt_mask_pad_push(GstPad *pad, GstElement *element, const VdtMaskOf *of, GstBuffer *map,
                       GstClockTime pts, GstClockTime duration);
/* Has @handle handle what comes to the sink pad, and tells of it on @pad, which may be NULL.
 * @get_oldest is asked then: the time of the oldest picture under way, NONE if there is none. */
gboolean vdt_mask_pad_handle(GstPad *pad, GstBaseTransform *element, GstEvent *event,
                             gboolean (*handle)(GstBaseTransform *, GstEvent *),
                             GstClockTime (*get_oldest)(GstBaseTransform *));

G_END_DECLS
