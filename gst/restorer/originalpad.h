/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A second source pad (secondpad.h) that gives frames as they came: the same times, no copy.
 *
 * Its events are those of the sink pad, under a stream of its own; what the pad remembers of them
 * is all the state there is, so it may be requested, linked, unlinked and released at any time.
 * All but flushes is pushed by the streaming thread, which waits for what is behind: as after a
 * tee, there has to be a queue.
 */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

/* Gives @buffer. */
void vdt_original_pad_push(GstPad *pad, GstElement *element, GstBuffer *buffer);
/* Tells of an event that comes to the sink pad; flushing starts before it is handled there, all
 * else after. */
void vdt_original_pad_tell(GstPad *pad, GstElement *element, GstEvent *event);

G_END_DECLS
