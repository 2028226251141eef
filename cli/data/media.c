/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media.h"

#include <fcntl.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long to wait for a picture before looking for errors. */
#define POLL_TIME   (100 * GST_MSECOND)
/* A file that gives nothing for so long is stuck. */
#define MAX_SILENCE (60 * GST_SECOND)
/* Of a PNG picture. */
#define MAX_PIXELS  (1 << 28)

static char *to_uri(const char *input, GError **error)
{
    if (gst_uri_is_valid(input))
        return g_strdup(input);
    if (!g_file_test(input, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s: there is no such file", input);
        return NULL;
    }
    return gst_filename_to_uri(input, error);
}

static void fail(const char *input, const char *text, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: %s", input, text);
}

/* Decoders make room for what a header claims, before they see that nothing comes. */
static gboolean check_png(const char *input, GError **error)
{
    guint8 head[24] = {0};
    int fd = open(input, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat s;
    /* What is read from a pipe is gone. */
    gboolean whole = fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
    ssize_t n = whole ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    if (n != sizeof head || memcmp(head, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) != 0)
        return TRUE;
    guint64 width = GST_READ_UINT32_BE(head + 16), height = GST_READ_UINT32_BE(head + 20);
    if (width <= MAX_PIXELS && height <= MAX_PIXELS && width * height <= MAX_PIXELS)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: is a picture of %" G_GUINT64_FORMAT "x%" G_GUINT64_FORMAT
                " pixels, the limit is %d",
                input, width, height, MAX_PIXELS);
    return FALSE;
}

/* Takes an error off the bus, if there is one; TRUE then. */
static gboolean look_for_error(GstBus *bus, const char *input, GError **error)
{
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    if (message == NULL)
        return FALSE;
    g_autoptr(GError) cause = NULL;
    gst_message_parse_error(message, &cause, NULL);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: no pictures can be had from it: %s", input,
                cause->message);
    return TRUE;
}

static gboolean hand_over(GstSample *sample, gint64 index, MediaFunc func, gpointer data,
                          const char *input, GError **error)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) {
        fail(input, "a decoded picture cannot be read", error);
        return FALSE;
    }
    VdtPicture picture = {GST_VIDEO_FRAME_PLANE_DATA(&frame, 0), info.width, info.height,
                          GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)};
    gint64 pts = -1;
    if (GST_BUFFER_PTS_IS_VALID(buffer))
        pts = gst_segment_to_stream_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                         GST_BUFFER_PTS(buffer));
    gboolean more = func(data, index, &picture, pts, error);
    gst_video_frame_unmap(&frame);
    return more;
}

/* Hands over pictures until the end, an error, or until func has enough. */
static gboolean pull_all(GstAppSink *sink, GstBus *bus, const char *input, MediaFunc func,
                         gpointer data, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    GstClockTime silence = 0;
    for (gint64 index = 0;;) {
        g_autoptr(GstSample) sample = gst_app_sink_try_pull_sample(sink, POLL_TIME);
        if (sample != NULL) {
            silence = 0;
            if (!hand_over(sample, index++, func, data, input, &mistake))
                break;
        } else if (look_for_error(bus, input, &mistake)) {
            break;
        } else if (gst_app_sink_is_eos(sink)) {
            if (index == 0)
                fail(input, "there is no picture in it", &mistake);
            break;
        } else if ((silence += POLL_TIME) >= MAX_SILENCE) {
            fail(input, "no picture came for a minute", &mistake);
            break;
        }
    }
    if (mistake == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&mistake));
    return FALSE;
}

gboolean media_decode(const char *input, MediaFunc func, gpointer data, GError **error)
{
    if (!gst_init_check(NULL, NULL, error) || !check_png(input, error))
        return FALSE;
    g_autofree char *uri = to_uri(input, error);
    if (uri == NULL)
        return FALSE;
    g_autoptr(GstElement) pipeline =
        gst_parse_launch("uridecodebin name=source caps=\"video/x-raw(ANY)\" "
                         "expose-all-streams=false ! videoconvert ! "
                         "video/x-raw,format=RGB ! appsink name=sink sync=false max-buffers=4",
                         error);
    if (pipeline == NULL)
        return FALSE;
    g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_object_set(source, "uri", uri, NULL);

    gboolean ok = FALSE;
    GstStateChangeReturn change = gst_element_set_state(pipeline, GST_STATE_PLAYING);
    if (change == GST_STATE_CHANGE_ASYNC)
        change = gst_element_get_state(pipeline, NULL, NULL, 5 * GST_SECOND);
    if (change == GST_STATE_CHANGE_NO_PREROLL)
        fail(input, "this is a live source; use the GStreamer element for those", error);
    else if (!look_for_error(bus, input, error))
        ok = pull_all(GST_APP_SINK(sink), bus, input, func, data, error);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return ok;
}
