/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A second source pad, requested by name, that gives frames as they came: the same times, no copy.
 *
 * Its events are those of the sink pad, under a stream of its own; what the pad remembers of them
 * is all the state there is, so it may be requested, linked, unlinked and released at any time.
 * All but flushes is pushed by the streaming thread. Nothing that becomes of it is anything to the
 * main stream, but that it waits for what is behind: as after a tee, there has to be a queue.
 */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

/* Adds a pad to an element derived from GstBaseTransform, which has it in *@original, under its
 * object lock; NULL if it has one already. Release is for that pad. */
GstPad *vdt_original_pad_request(GstElement *element, GstPad **original, GstPadTemplate *templ);
void vdt_original_pad_release(GstElement *element, GstPad **original, GstPad *pad);
/* The pad, the caller's; NULL if there is none. Any thread, without the object lock. */
GstPad *vdt_original_pad_get(GstElement *element, GstPad **original);

/* Gives @buffer. */
void vdt_original_pad_push(GstPad *pad, GstElement *element, GstBuffer *buffer);
/* Tells of an event that comes to the sink pad; flushing starts before it is handled there, all
 * else after. */
void vdt_original_pad_tell(GstPad *pad, GstElement *element, GstEvent *event);

G_END_DECLS
