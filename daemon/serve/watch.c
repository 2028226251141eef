/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"

#include <gst/video/video.h>

#include "build/parts.h"

#define MESSAGE "vedette-view"

struct _VdtWatch {
    GMutex lock; /* guards what follows */
    VdtView *view;
    gint64 gap, next;
    guint flags;
};

VdtWatch *vdt_watch_new(const VdtViewTimes *times, gint64 gap)
{
    VdtWatch *watch = g_atomic_rc_box_new0(VdtWatch);
    g_mutex_init(&watch->lock);
    watch->view = vdt_view_new(times);
    watch->gap = gap;
    return watch;
}

static void watch_clear(gpointer data)
{
    VdtWatch *watch = data;
    vdt_view_free(watch->view);
    g_mutex_clear(&watch->lock);
}

void vdt_watch_unref(VdtWatch *watch)
{
    g_atomic_rc_box_release_full(watch, watch_clear);
}

static void drop(gpointer watch)
{
    vdt_watch_unref(watch);
}

static gboolean has_luma(const GstVideoInfo *info)
{
    return (GST_VIDEO_INFO_IS_YUV(info) || GST_VIDEO_INFO_IS_GRAY(info)) &&
           GST_VIDEO_INFO_COMP_DEPTH(info, 0) == 8 && GST_VIDEO_INFO_COMP_PSTRIDE(info, 0) == 1;
}

/* The lock is held. */
static guint look(VdtWatch *watch, GstPad *pad, GstBuffer *buffer, gint64 now)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    GstVideoInfo info;
    GstVideoFrame frame;
    if (caps == NULL || !gst_video_info_from_caps(&info, caps) || !has_luma(&info) ||
        !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
        return watch->flags;
    guint flags = vdt_view_look(watch->view, GST_VIDEO_FRAME_COMP_DATA(&frame, 0),
                                (gsize)GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0),
                                (guint)GST_VIDEO_FRAME_WIDTH(&frame),
                                (guint)GST_VIDEO_FRAME_HEIGHT(&frame), now);
    gst_video_frame_unmap(&frame);
    return flags;
}

static void post(GstPad *pad, guint flags)
{
    g_autoptr(GstElement) sink = gst_pad_get_parent_element(pad);
    if (sink != NULL)
        gst_element_post_message(
            sink,
            gst_message_new_element(GST_OBJECT(sink),
                                    gst_structure_new(MESSAGE, "flags", G_TYPE_UINT, flags, NULL)));
}

static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    VdtWatch *watch = data;
    gint64 now = g_get_monotonic_time();
    g_mutex_lock(&watch->lock);
    guint before = watch->flags;
    if (now >= watch->next) {
        watch->flags = look(watch, pad, GST_PAD_PROBE_INFO_BUFFER(info), now);
        watch->next = now + watch->gap;
    }
    guint flags = watch->flags;
    g_mutex_unlock(&watch->lock);
    if (flags != before)
        post(pad, flags);
    return GST_PAD_PROBE_OK;
}

void vdt_watch_attach(VdtWatch *watch, GstElement *analysis)
{
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(analysis), VDT_PART_WATCH);
    g_autoptr(GstPad) pad = sink != NULL ? gst_element_get_static_pad(sink, "sink") : NULL;
    if (pad != NULL)
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, g_atomic_rc_box_acquire(watch),
                          drop);
}

gboolean vdt_watch_read(GstMessage *message, guint *flags)
{
    return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT &&
           gst_message_has_name(message, MESSAGE) &&
           gst_structure_get_uint(gst_message_get_structure(message), "flags", flags);
}
