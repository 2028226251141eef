/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What vedette-overlay costs the streaming thread, blending: bench-overlay [--frames N]
 *
 * I420 frames of three sizes, with nothing to draw; with a result that stays the same; with one
 * whose score changes with every frame, so that its panel is drawn anew; with a map that has a
 * class for every pixel, and its legend. One JSON line each.
 */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdio.h>

#include "analyzer/resultmeta.h"
#include "measure.h"
#include "overlay/overlay.h"

#define MAP_WIDTH  320
#define MAP_HEIGHT 192

typedef enum { NOTHING, SAME, CHANGING, MAP, N_CASES } Case;

/* Plain memory only: what takes compositions would be left the work. */
static GstStaticPadTemplate plain = GST_STATIC_PAD_TEMPLATE(
    "out", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE("I420")));

static GstFlowReturn swallow(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

static void add_result(GstBuffer *buffer, double score)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    g_autoptr(VdtResult) result = NULL;

    for (int i = 0; i < 3; i++)
        g_ptr_array_add(found, gst_structure_new("result", "label", G_TYPE_STRING, "leave-bag",
                                                 "class-id", G_TYPE_INT, i, "score", G_TYPE_DOUBLE,
                                                 score / (i + 1), NULL));
    result = vdt_result_new(found, 0);
    vdt_result_attach(result, buffer, 0, "recognizer", "action");
}

/* A map as a segmenter's network finds it, in patches; 8 classes. */
static void add_map(GstBuffer *buffer)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    g_autoptr(GstBuffer) map = gst_buffer_new_allocate(NULL, MAP_WIDTH * MAP_HEIGHT, NULL);
    g_autoptr(VdtResult) result = NULL;
    GstMapInfo to;

    for (int i = 0; i < 8; i++)
        g_ptr_array_add(found,
                        gst_structure_new("result", "label", G_TYPE_STRING, "pavement", "class-id",
                                          G_TYPE_INT, i, "share", G_TYPE_DOUBLE, 0.125, NULL));
    gst_buffer_map(map, &to, GST_MAP_WRITE);
    for (guint i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++)
        to.data[i] = (guint8)((i % MAP_WIDTH / 24 + i / MAP_WIDTH / 16 * 3) % 8);
    gst_buffer_unmap(map, &to);
    result = vdt_result_new(found, 0);
    result->fields =
        gst_structure_new("fields", "map", GST_TYPE_BUFFER, map, "map-width", G_TYPE_INT, MAP_WIDTH,
                          "map-height", G_TYPE_INT, MAP_HEIGHT, NULL);
    vdt_result_attach(result, buffer, 0, "segmenter", "segmentation");
}

static double measure(GstPad *in, gsize size, Case what, guint n)
{
    g_autofree double *cost = g_new0(double, n);

    for (guint i = 0; i < n; i++) {
        GstBuffer *frame = gst_buffer_new_allocate(NULL, size, NULL);
        double begin;

        gst_buffer_memset(frame, 0, 0x60, size);
        GST_BUFFER_PTS(frame) = i * GST_SECOND / 25;
        if (what == MAP)
            add_map(frame);
        else if (what != NOTHING)
            add_result(frame, what == SAME ? 0.9 : 0.5 + i % 50 / 100.0);
        begin = measure_ms(CLOCK_THREAD_CPUTIME_ID);
        gst_pad_push(in, frame);
        cost[i] = measure_ms(CLOCK_THREAD_CPUTIME_ID) - begin;
    }
    measure_sort(cost, n);
    return cost[n / 2];
}

static void bench(int width, int height, guint n)
{
    static const char *const names[N_CASES] = {"nothing", "same", "changing", "map"};
    g_autofree char *text = g_strdup_printf(
        "video/x-raw, format=I420, width=%d, height=%d, framerate=25/1", width, height);
    g_autoptr(GstCaps) caps = gst_caps_from_string(text);
    GstElement *overlay = gst_object_ref_sink(gst_element_factory_make("vedette-overlay", NULL));
    GstPad *in = gst_pad_new("in", GST_PAD_SRC),
           *out = gst_pad_new_from_static_template(&plain, "out");
    g_autoptr(GstPad) sink = gst_element_get_static_pad(overlay, "sink");
    g_autoptr(GstPad) src = gst_element_get_static_pad(overlay, "src");
    GstSegment segment;
    GstVideoInfo info;

    gst_pad_set_chain_function(out, swallow);
    gst_pad_link(in, sink);
    gst_pad_link(src, out);
    gst_pad_set_active(out, TRUE);
    gst_pad_set_active(in, TRUE);
    gst_element_set_state(overlay, GST_STATE_PLAYING);
    gst_pad_push_event(in, gst_event_new_stream_start("bench"));
    gst_pad_push_event(in, gst_event_new_caps(caps));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(in, gst_event_new_segment(&segment));
    gst_video_info_from_caps(&info, caps);
    printf("{\"bench\":\"overlay\",\"width\":%d,\"height\":%d", width, height);
    for (Case what = NOTHING; what < N_CASES; what++)
        printf(",\"%s_ms\":%.3f", names[what], measure(in, info.size, what, n));
    printf("}\n");
    gst_pad_set_active(in, FALSE);
    gst_element_set_state(overlay, GST_STATE_NULL);
    gst_pad_set_active(out, FALSE);
    gst_object_unref(overlay);
    gst_object_unref(in);
    gst_object_unref(out);
}

int main(int argc, char **argv)
{
    static const int sizes[][2] = {{640, 360}, {1920, 1080}, {3840, 2160}};
    int n = 200;
    const GOptionEntry entries[] = {
        {"frames", 0, 0, G_OPTION_ARG_INT, &n, "Frames of each kind (200)", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || n < 1) {
        g_printerr("bench-overlay: %s\n", error ? error->message : "wrong usage; see --help");
        return 2;
    }
    gst_init(NULL, NULL);
    GST_ELEMENT_REGISTER(vedette_overlay, NULL);
    vdt_result_meta_get_info();
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        bench(sizes[i][0], sizes[i][1], (guint)n);
    return 0;
}
