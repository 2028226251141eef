/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "originalpad.h"

#include "secondpad.h"

#define NAME "original"

static gboolean has_begun(GstPad *pad)
{
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_STREAM_START, 0);

    return event != NULL;
}

static gboolean tell(GstPad *sink, GstEvent **event, gpointer pad)
{
    GstElement *element = GST_ELEMENT_CAST(GST_OBJECT_PARENT(sink));

    if (GST_EVENT_TYPE(*event) == GST_EVENT_STREAM_START)
        vdt_second_pad_start(pad, element, NAME, 0, *event);
    else if (GST_EVENT_TYPE(*event) != GST_EVENT_EOS)
        gst_pad_push_event(pad, gst_event_ref(*event));
    return TRUE;
}

/* Whatever is to be known before anything comes. */
static void begin(GstPad *pad, GstElement *element)
{
    if (!has_begun(pad))
        gst_pad_sticky_events_foreach(GST_BASE_TRANSFORM_SINK_PAD(element), tell, pad);
}

void vdt_original_pad_push(GstPad *pad, GstElement *element, GstBuffer *buffer)
{
    if (!gst_pad_is_linked(pad))
        return;
    begin(pad, element);
    gst_pad_push(pad, gst_buffer_ref(buffer)); /* whatever comes of it */
}

void vdt_original_pad_tell(GstPad *pad, GstElement *element, GstEvent *event)
{
    const GstEventType type = GST_EVENT_TYPE(event);

    if (type == GST_EVENT_STREAM_START) {
        vdt_second_pad_start(pad, element, NAME, 0, event);
        return;
    }
    /* what is sticky comes along when it begins */
    if (!has_begun(pad) && GST_EVENT_IS_STICKY(event) && type != GST_EVENT_EOS)
        return;
    if (GST_EVENT_IS_SERIALIZED(event) && type != GST_EVENT_FLUSH_STOP)
        begin(pad, element);
    gst_pad_push_event(pad, gst_event_ref(event));
}
