/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "originalpad.h"

/* How late the main stream is, for which each of these has to wait that comes after, where it is
 * and what can be sought is so of this one, too. */
static gboolean query(GstPad *pad, GstObject *parent, GstQuery *q)
{
    switch (GST_QUERY_TYPE(q)) {
    case GST_QUERY_LATENCY:
    case GST_QUERY_POSITION:
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
        return parent && gst_pad_query(GST_BASE_TRANSFORM_SRC_PAD(parent), q);
    default:
        return gst_pad_query_default(pad, parent, q);
    }
}

/* What a sink of these cannot keep up with is nothing to the camera. */
static gboolean upstream_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) != GST_EVENT_QOS && GST_EVENT_TYPE(event) != GST_EVENT_RECONFIGURE)
        return gst_pad_event_default(pad, parent, event);
    gst_event_unref(event);
    return TRUE;
}

GstPad *vdt_original_pad_request(GstElement *element, GstPad **original, GstPadTemplate *templ)
{
    GstPad *pad = gst_pad_new_from_template(templ, GST_PAD_TEMPLATE_NAME_TEMPLATE(templ));
    gboolean taken;

    gst_object_ref_sink(pad);
    gst_pad_set_query_function(pad, query);
    gst_pad_set_event_function(pad, upstream_event);
    GST_OBJECT_LOCK(element);
    taken = *original != NULL;
    if (!taken)
        *original = gst_object_ref(pad);
    GST_OBJECT_UNLOCK(element);
    if (taken) {
        GST_WARNING_OBJECT(element, "there is one pad for originals, requested before");
        gst_object_unref(pad);
        return NULL;
    }
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(element, pad);
    gst_object_unref(pad);
    return pad;
}

void vdt_original_pad_release(GstElement *element, GstPad **original, GstPad *pad)
{
    GST_OBJECT_LOCK(element);
    *original = NULL;
    GST_OBJECT_UNLOCK(element);
    gst_pad_set_active(pad, FALSE);
    gst_element_remove_pad(element, pad);
    gst_object_unref(pad);
}

GstPad *vdt_original_pad_get(GstElement *element, GstPad **original)
{
    GstPad *pad;

    GST_OBJECT_LOCK(element);
    pad = *original ? gst_object_ref(*original) : NULL;
    GST_OBJECT_UNLOCK(element);
    return pad;
}

static gboolean has_begun(GstPad *pad)
{
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_STREAM_START, 0);

    return event != NULL;
}

static void start_stream(GstPad *pad, GstElement *element, GstEvent *main)
{
    g_autofree char *id = gst_pad_create_stream_id(pad, element, "original");
    GstEvent *event = gst_event_new_stream_start(id);
    guint group;

    if (gst_event_parse_group_id(main, &group))
        gst_event_set_group_id(event, group);
    gst_pad_push_event(pad, event);
}

static gboolean tell(GstPad *sink, GstEvent **event, gpointer pad)
{
    GstElement *element = GST_ELEMENT_CAST(GST_OBJECT_PARENT(sink));

    if (GST_EVENT_TYPE(*event) == GST_EVENT_STREAM_START)
        start_stream(pad, element, *event);
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
        start_stream(pad, element, event);
        return;
    }
    /* what is sticky comes along when it begins */
    if (!has_begun(pad) && GST_EVENT_IS_STICKY(event) && type != GST_EVENT_EOS)
        return;
    if (GST_EVENT_IS_SERIALIZED(event) && type != GST_EVENT_FLUSH_STOP)
        begin(pad, element);
    gst_pad_push_event(pad, gst_event_ref(event));
}
