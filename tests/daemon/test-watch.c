/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoded pictures of a pipeline are looked at, and what is found comes over the bus. */
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>
#include <string.h>

#include "build/parts.h"
#include "events/view.h"
#include "serve/watch.h"

#define WIDTH  130 /* with a stride of 132 */
#define HEIGHT 72
#define GAP    5000 /* us */

static const VdtViewTimes times = {100000, 50000, 50000, G_USEC_PER_SEC};

typedef struct {
    GstElement *pipeline, *source;
    VdtWatch *watch;
    GstBus *bus;
} Part;

static Part part_new(VdtWatch *watch, const char *format)
{
    g_autofree char *text =
        g_strdup_printf("appsrc name=source is-live=true format=time caps=video/x-raw,format=%s,"
                        "width=%d,height=%d,framerate=0/1 ! fakesink name=" VDT_PART_WATCH
                        " sync=false async=false",
                        format, WIDTH, HEIGHT);
    g_autoptr(GError) error = NULL;
    Part part = {.watch = watch};
    part.pipeline = gst_parse_launch(text, &error);
    g_assert_no_error(error);
    part.source = gst_bin_get_by_name(GST_BIN(part.pipeline), "source");
    part.bus = gst_element_get_bus(part.pipeline);
    vdt_watch_attach(watch, part.pipeline);
    gst_element_set_state(part.pipeline, GST_STATE_PLAYING);
    return part;
}

static void part_clear(Part *part)
{
    gst_element_set_state(part->pipeline, GST_STATE_NULL);
    gst_object_unref(part->bus);
    gst_object_unref(part->source);
    gst_object_unref(part->pipeline);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Part, part_clear)

/* Squares, or nothing. */
static void push(Part *part, const char *format, gboolean covered)
{
    GstVideoInfo info;
    gst_video_info_set_format(&info, gst_video_format_from_string(format), WIDTH, HEIGHT);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    GstVideoFrame frame;
    g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_WRITE));
    guint8 *luma = GST_VIDEO_FRAME_COMP_DATA(&frame, 0);
    gsize stride = (gsize)GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0);
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++)
            luma[y * stride + x * (gsize)GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0)] =
                covered ? 20 : (x / 10 * 7 + y / 9 * 5) % 3 * 90;
    gst_video_frame_unmap(&frame);
    g_assert_cmpint(gst_app_src_push_buffer(GST_APP_SRC(part->source), buffer), ==, GST_FLOW_OK);
}

/* Pushes pictures until something is said, for @most of them; -1 if nothing is. */
static int push_until_said(Part *part, const char *format, gboolean covered, guint most)
{
    for (guint i = 0; i < most; i++) {
        push(part, format, covered);
        g_usleep(1000);
        GstMessage *message;
        while ((message = gst_bus_pop_filtered(part->bus, GST_MESSAGE_ELEMENT)) != NULL) {
            guint flags;
            gboolean is_ours = vdt_watch_read(message, &flags);
            gst_message_unref(message);
            if (is_ours)
                return (int)flags;
        }
    }
    return -1;
}

/* It is known what it looked like, whichever pipeline shows it; it is said once, when it begins and
 * when it is over. */
static void test_covered(void)
{
    static const char *const formats[] = {"I420", "NV12", "GRAY8"};
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        VdtWatch *watch = vdt_watch_new(&times, GAP);
        {
            g_auto(Part) first = part_new(watch, formats[i]);
            g_assert_cmpint(push_until_said(&first, formats[i], FALSE, 300), ==, -1);
        }
        g_auto(Part) next = part_new(watch, formats[i]);
        g_assert_cmpint(push_until_said(&next, formats[i], TRUE, 3000), ==, VDT_VIEW_COVERED);
        g_assert_cmpint(push_until_said(&next, formats[i], TRUE, 100), ==, -1);
        g_assert_cmpint(push_until_said(&next, formats[i], FALSE, 5000), ==, 0);
        vdt_watch_unref(watch);
    }
}

/* What has no luma of a byte each is passed over. */
static void test_formats(void)
{
    static const char *const formats[] = {"BGRx", "YUY2", "I420_10LE", "GRAY16_LE"};
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        VdtWatch *watch = vdt_watch_new(&times, GAP);
        g_auto(Part) part = part_new(watch, formats[i]);
        vdt_watch_unref(watch);
        g_assert_cmpint(push_until_said(&part, formats[i], FALSE, 200), ==, -1);
        g_assert_cmpint(push_until_said(&part, formats[i], TRUE, 200), ==, -1);
    }
}

/* What others post, and what only looks like it. */
static void test_read(void)
{
    guint flags = 7;
    g_autoptr(GstMessage) other =
        gst_message_new_element(NULL, gst_structure_new_empty("vedette-result"));
    g_autoptr(GstMessage) odd = gst_message_new_element(
        NULL, gst_structure_new("vedette-view", "flags", G_TYPE_STRING, "x", NULL));
    g_autoptr(GstMessage) application = gst_message_new_application(
        NULL, gst_structure_new("vedette-view", "flags", G_TYPE_UINT, 1, NULL));
    g_assert_false(vdt_watch_read(other, &flags));
    g_assert_false(vdt_watch_read(odd, &flags));
    g_assert_false(vdt_watch_read(application, &flags));
    g_assert_cmpuint(flags, ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/watch/covered", test_covered);
    g_test_add_func("/watch/formats", test_formats);
    g_test_add_func("/watch/read", test_read);
    return g_test_run();
}
