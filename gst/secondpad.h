/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What second source pads have in common, requested by name, of elements derived from
 * GstBaseTransform that have them in a field under their object lock. Nothing that becomes of such
 * a pad is anything to the main stream.
 */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

/* A pad that answers queries as the main one does: how late it is, where it is and what can be
 * sought is so of this one, too. What a sink behind it cannot keep up with is not told upstream. */
GstPad *vdt_second_pad_new(GstPadTemplate *templ);
/* Takes @pad, adds it to the element, which has it in *@second then, and returns it; NULL if there
 * is one already. Release is for that pad. */
GstPad *vdt_second_pad_add(GstElement *element, GstPad **second, GstPad *pad);
void vdt_second_pad_release(GstElement *element, GstPad **second, GstPad *pad);
/* The pad, the caller's; NULL if there is none. Any thread, without the object lock. */
GstPad *vdt_second_pad_get(GstElement *element, GstPad **second);
/* Starts its stream, called @name, of the group of @main, the main stream's start, if there is one.
 */
void vdt_second_pad_start(GstPad *pad, GstElement *element, const char *name, GstStreamFlags flags,
                          GstEvent *main);

G_END_DECLS
