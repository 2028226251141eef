/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A second source pad, requested by name, that gives maps of classes as GRAY8 pictures.
 *
 * It is its own stream, whose events are made here as they are needed: what the pad remembers of
 * them is all the state there is, so it may be requested, linked, unlinked and released at any
 * time. Nothing that becomes of it is anything to the main stream. What a frame or an event
 * brings is told by the streaming thread, flushing events apart.
 */
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

#define VDT_MASK_CAPS                                                                              \
    "video/x-raw, format = (string) GRAY8, width = (int) [ 1, max ], height = (int) [ 1, max ], "  \
    "framerate = (fraction) 0/1"

/* Adds a pad to an element derived from GstBaseTransform, which has it in *@mask, under its object
 * lock; NULL if it has one already. Release is for that pad. */
GstPad *vdt_mask_pad_request(GstElement *element, GstPad **mask, GstPadTemplate *templ);
void vdt_mask_pad_release(GstElement *element, GstPad **mask, GstPad *pad);
/* The pad, the caller's; NULL if there is none. Any thread, without the object lock. */
GstPad *vdt_mask_pad_get(GstElement *element, GstPad **mask);

/* A frame of @info passes for which there is no mask, while one of @width x @height is made: lets
 * sinks know that the stream has begun, once. */
void vdt_mask_pad_begin(GstPad *pad, GstBaseTransform *element, const GstVideoInfo *info,
                        guint width, guint height, GstClockTime pts);
/* Gives @map, rows of @width bytes without padding, of a frame of @info, under its time. */
void vdt_mask_pad_push(GstPad *pad, GstBaseTransform *element, const GstVideoInfo *info,
                       GstBuffer *map, guint width, guint height, GstClockTime pts);
/* To be called with what comes to the sink pad: flush-start before it is handled, others after. */
void vdt_mask_pad_event(GstPad *pad, GstBaseTransform *element, GstEventType type,
                        gboolean reset_time);

G_END_DECLS
