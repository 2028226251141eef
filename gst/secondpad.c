/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secondpad.h"

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

static gboolean upstream_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) != GST_EVENT_QOS && GST_EVENT_TYPE(event) != GST_EVENT_RECONFIGURE)
        return gst_pad_event_default(pad, parent, event);
    gst_event_unref(event);
    return TRUE;
}

GstPad *vdt_second_pad_new(GstPadTemplate *templ)
{
    GstPad *pad = gst_pad_new_from_template(templ, GST_PAD_TEMPLATE_NAME_TEMPLATE(templ));

    gst_pad_set_query_function(pad, query);
    gst_pad_set_event_function(pad, upstream_event);
    return pad;
}

GstPad *vdt_second_pad_add(GstElement *element, GstPad **second, GstPad *pad)
{
    gboolean taken;

    gst_object_ref_sink(pad);
    GST_OBJECT_LOCK(element);
    taken = *second != NULL;
    if (!taken)
        *second = gst_object_ref(pad);
    GST_OBJECT_UNLOCK(element);
    if (taken) {
        GST_WARNING_OBJECT(element, "there is one pad \"%s\", and it was requested before",
                           GST_PAD_NAME(pad));
        gst_object_unref(pad);
        return NULL;
    }
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(element, pad);
    gst_object_unref(pad);
    return pad;
}

void vdt_second_pad_release(GstElement *element, GstPad **second, GstPad *pad)
{
    GST_OBJECT_LOCK(element);
    *second = NULL;
    GST_OBJECT_UNLOCK(element);
    gst_pad_set_active(pad, FALSE);
    gst_element_remove_pad(element, pad);
    gst_object_unref(pad);
}

GstPad *vdt_second_pad_get(GstElement *element, GstPad **second)
{
    GstPad *pad;

    GST_OBJECT_LOCK(element);
    pad = *second ? gst_object_ref(*second) : NULL;
    GST_OBJECT_UNLOCK(element);
    return pad;
}

void vdt_second_pad_start(GstPad *pad, GstElement *element, const char *name, GstStreamFlags flags,
                          GstEvent *main)
{
    g_autofree char *id = gst_pad_create_stream_id(pad, element, name);
    GstEvent *event = gst_event_new_stream_start(id);
    guint group;

    if (main && gst_event_parse_group_id(main, &group))
        gst_event_set_group_id(event, group);
    if (flags)
        gst_event_set_stream_flags(event, flags);
    gst_pad_push_event(pad, event);
}
