/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pad of cgrseg-segmenter that gives masks. */
#include <string.h>

#include "enums.h"
#include "fixture.h"

#define FRAME (40 * GST_MSECOND)
/* Three frames of four have the result of one before. */
#define EVERY (4 * FRAME)

static GstElement *segmenter_new(void)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json");
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);

    g_object_set(element, "model", card, "interval", (double)EVERY / GST_SECOND, "mode",
                 VDT_ANALYZER_EXACT, NULL);
    return element;
}

static void push_from(GstHarness *h, guint from, guint n)
{
    fixture_push(h, CAPS_SMALL, from * FRAME, FRAME, n);
}

static GstEventType next_event(GstHarness *h)
{
    g_autoptr(GstEvent) event = gst_harness_try_pull_event(h);

    return event ? GST_EVENT_TYPE(event) : GST_EVENT_UNKNOWN;
}

/* Each map once, under the time of its picture, in the bytes that metas have. */
static void test_masks(void)
{
    static const char *const resolutions[] = {"64x64", "81x47"};

    for (guint i = 0; i < G_N_ELEMENTS(resolutions); i++) {
        GstElement *element = segmenter_new();
        GstHarness *h = fixture_harness(element);
        GstHarness *mask = gst_harness_new_with_element(element, NULL, "mask");

        g_object_set(element, "resolution", resolutions[i], NULL);
        gst_element_set_state(element, GST_STATE_READY); /* so that it counts from the beginning */
        gst_element_set_state(element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS_SMALL);
        for (guint k = 0; k < 9; k++) {
            g_autoptr(GstBuffer) out = NULL, got = NULL, map = NULL;
            int width, height;
            GstMapInfo a, b;

            gst_harness_push(h, fixture_frame(CAPS_SMALL, k * FRAME));
            out = gst_harness_pull(h);
            got = gst_harness_try_pull(mask);
            g_assert_true((got != NULL) == (k % 4 == 0));
            if (!got)
                continue;
            g_assert_cmpuint(GST_BUFFER_PTS(got), ==, k * FRAME);
            gst_structure_get(fixture_meta(out, NULL), "map", GST_TYPE_BUFFER, &map, "map-width",
                              G_TYPE_INT, &width, "map-height", G_TYPE_INT, &height, NULL);
            gst_buffer_map(got, &a, GST_MAP_READ);
            gst_buffer_map(map, &b, GST_MAP_READ);
            g_assert_cmpuint(a.size, ==, GST_ROUND_UP_4(width) * height);
            for (int y = 0; y < height; y++)
                g_assert_cmpmem(a.data + y * GST_ROUND_UP_4(width), width, b.data + y * width,
                                width);
            gst_buffer_unmap(got, &a);
            gst_buffer_unmap(map, &b);
        }
        gst_harness_teardown(mask);
        fixture_harness_free(h);
    }
}

/* Gaps in the events that have come, and nothing else; *@end: of the last one. */
static guint count_gaps(GstHarness *h, GstClockTime *end)
{
    GstEvent *event;
    guint n = 0;

    while ((event = gst_harness_try_pull_event(h))) {
        GstClockTime from, duration;

        g_assert_cmpint(GST_EVENT_TYPE(event), ==, GST_EVENT_GAP);
        gst_event_parse_gap(event, &from, &duration);
        *end = from + duration;
        gst_event_unref(event);
        n++;
    }
    return n;
}

static void test_events(void)
{
    GstElement *element = segmenter_new();
    GstHarness *h = fixture_harness(element);
    GstHarness *mask = gst_harness_new_with_element(element, NULL, "mask");
    g_autoptr(GstCaps) caps = NULL;
    GstClockTime end = 0;
    GstSegment segment;
    GstVideoInfo info;

    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    push_from(h, 0, 1);
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_STREAM_START);
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_CAPS);
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_SEGMENT);
    caps = gst_pad_get_current_caps(mask->sinkpad);
    g_assert_true(gst_video_info_from_caps(&info, caps));
    g_assert_cmpint(GST_VIDEO_INFO_FORMAT(&info), ==, GST_VIDEO_FORMAT_GRAY8);
    g_assert_cmpint(info.width, ==, 64);
    g_assert_cmpint(info.height, ==, 64);
    /* it is as wide as the frame, which is 64 x 48 */
    g_assert_cmpint(info.par_n, ==, 4);
    g_assert_cmpint(info.par_d, ==, 3);
    /* a gap for each frame that brings none */
    push_from(h, 1, 8);
    g_assert_cmpuint(count_gaps(mask, &end), ==, 6);
    g_assert_cmpuint(end, ==, 7 * FRAME + GST_SECOND / 30);

    gst_harness_push_event(h, gst_event_new_flush_start());
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_FLUSH_START);
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_FLUSH_STOP);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = 20 * FRAME;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    push_from(h, 20, 1);
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_SEGMENT);
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_UNKNOWN);

    gst_harness_push_event(h, gst_event_new_eos());
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_EOS);
    /* another stream */
    gst_harness_push_event(h, gst_event_new_stream_start("another"));
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    g_assert_cmpint(next_event(mask), ==, GST_EVENT_STREAM_START);
    while (gst_harness_buffers_in_queue(mask) > 0)
        gst_buffer_unref(gst_harness_pull(mask));
    push_from(h, 40, 1);
    g_assert_cmpuint(gst_harness_buffers_in_queue(mask), ==, 1);
    gst_harness_teardown(mask);
    fixture_harness_free(h);
}

/* Nothing has to be there behind the pad, nor to stay. */
static void test_links(void)
{
    GstElement *element = segmenter_new();
    GstHarness *h = fixture_harness(element), *late;
    GstPad *pad = gst_element_request_pad_simple(element, "mask");
    g_autoptr(GstPad) peer = NULL;

    g_assert_nonnull(pad);
    /* there is but one */
    g_assert_null(gst_element_request_pad(element, gst_element_get_pad_template(element, "mask"),
                                          NULL, NULL));
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    push_from(h, 0, 9);
    late = gst_harness_new_with_padnames("identity", "sink", "src");
    peer = gst_element_get_static_pad(late->element, "sink");
    gst_pad_unlink(late->srcpad, peer);
    g_assert_cmpint(gst_pad_link(pad, peer), ==, GST_PAD_LINK_OK);
    push_from(h, 9, 8);
    g_assert_cmpuint(gst_harness_buffers_in_queue(late), ==, 2);
    gst_pad_unlink(pad, peer);
    push_from(h, 17, 8);
    g_assert_cmpuint(gst_harness_buffers_in_queue(late), ==, 2);
    gst_element_release_request_pad(element, pad);
    gst_object_unref(pad);
    push_from(h, 25, 8);
    /* again */
    pad = gst_element_request_pad_simple(element, "mask");
    g_assert_nonnull(pad);
    push_from(h, 33, 8);
    gst_object_unref(pad);
    gst_harness_push_event(h, gst_event_new_eos());
    g_assert_cmpuint(fixture_stat(element, "results"), ==, 11);
    gst_harness_teardown(late);
    fixture_harness_free(h);
}

static GstFlowReturn fail(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
}

/* What becomes of masks is nothing to the stream. */
static void test_failing(void)
{
    GstElement *element = segmenter_new();
    GstHarness *h = fixture_harness(element);
    GstPad *pad = gst_element_request_pad_simple(element, "mask");
    GstPad *sink = gst_pad_new("sink", GST_PAD_SINK);

    gst_pad_set_chain_function(sink, fail);
    gst_pad_set_active(sink, TRUE);
    g_assert_cmpint(gst_pad_link(pad, sink), ==, GST_PAD_LINK_OK);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    push_from(h, 0, 9);
    gst_pad_set_active(sink, FALSE);
    push_from(h, 9, 9);
    gst_pad_unlink(pad, sink);
    gst_object_unref(sink);
    gst_object_unref(pad);
    fixture_harness_free(h);
}

static GstPadProbeReturn count(GstPad *pad, GstPadProbeInfo *info, gpointer n)
{
    g_atomic_int_inc((gint *)n);
    return GST_PAD_PROBE_OK;
}

static gboolean note(GstPad *pad, GstObject *parent, GstEvent *event)
{
    GstClockTime *end = gst_pad_get_element_private(pad), from, duration;

    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
        gst_event_parse_gap(event, &from, &duration);
        g_assert_cmpuint(from, >=, *end);
        *end = from + duration;
    }
    gst_event_unref(event);
    return TRUE;
}

static GstFlowReturn note_mask(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    GstClockTime *end = gst_pad_get_element_private(pad);

    g_assert_cmpuint(GST_BUFFER_PTS(buffer), >=, *end);
    *end = GST_BUFFER_PTS(buffer);
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

/* A gap never says that there is no mask of a picture that is still looked at, however late that
 * is. */
static void test_gaps_live(void)
{
    GstElement *element = segmenter_new();
    GstHarness *h = fixture_harness(element);
    GstPad *pad = gst_element_request_pad_simple(element, "mask");
    GstPad *sink = gst_pad_new("sink", GST_PAD_SINK);
    GstClockTime end = 0;

    g_object_set(element, "mode", VDT_ANALYZER_LIVE, "resolution", "320x320", NULL);
    gst_pad_set_element_private(sink, &end);
    gst_pad_set_event_function(sink, note);
    gst_pad_set_chain_function(sink, note_mask);
    gst_pad_set_active(sink, TRUE);
    g_assert_cmpint(gst_pad_link(pad, sink), ==, GST_PAD_LINK_OK);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    for (guint i = 0; i < 300; i++) {
        push_from(h, i, 1);
        g_usleep(1000);
    }
    gst_harness_push_event(h, gst_event_new_eos());
    g_assert_cmpuint(fixture_stat(element, "results"), >=, 3);
    g_assert_cmpuint(end, >=, 290 * FRAME);
    gst_pad_set_active(sink, FALSE);
    gst_pad_unlink(pad, sink);
    gst_object_unref(sink);
    gst_object_unref(pad);
    fixture_harness_free(h);
}

/* Masks into a mixer beside the frames, with queues as they are by default and without any, and
 * alone. */
static void test_mixer(void)
{
    static const char *const rest[] = {
        "mode=live compositor name=c ! fakesink name=k s.src ! queue ! c. "
        "s.mask ! queue ! videoconvert ! c.",
        "mode=exact compositor name=c ! fakesink name=k s.src ! queue ! c. "
        "s.mask ! queue ! videoconvert ! c.",
        "mode=aligned interval=0.2 compositor name=c ! fakesink name=k s.src ! queue ! c. "
        "s.mask ! queue ! videoconvert ! c.",
        "mode=live interval=0.1 compositor name=c ! fakesink name=k s.src ! c. "
        "s.mask ! videoconvert ! c.",
        "mode=exact interval=0.1 compositor name=c ! fakesink name=k s.src ! c. "
        "s.mask ! videoconvert ! c.",
        "mode=aligned interval=0.1 compositor name=c ! fakesink name=k s.src ! c. "
        "s.mask ! videoconvert ! c.",
        "mode=live interval=0 compositor name=c ! fakesink name=k s.src ! c. "
        "s.mask ! queue ! videoconvert ! c.",
        "mode=live s.mask ! queue ! fakesink name=k",
        "mode=exact s.mask ! fakesink name=k",
        "mode=aligned interval=0.2 s.mask ! fakesink name=k",
    };
    g_autofree char *card = fixture_model("tiny-maps/card.json");

    for (guint i = 0; i < G_N_ELEMENTS(rest); i++) {
        g_autofree char *launch = g_strdup_printf(
            "videotestsrc num-buffers=100 ! video/x-raw,width=320,height=180,framerate=25/1 ! "
            "cgrseg-segmenter name=s model=\"%s\" resolution=320x320 %s",
            card, rest[i]);
        g_autoptr(GError) error = NULL;
        GstElement *pipeline = gst_parse_launch(launch, &error);
        gint out = 0;

        if (!pipeline) {
            g_test_skip("there is no compositor");
            return;
        }
        fixture_add_probe(pipeline, "k", "sink", count, &out);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        fixture_wait_eos(pipeline);
        if (strstr(rest[i], "compositor"))
            g_assert_cmpint(out, ==, 100);
        else
            g_assert_cmpint(out, >=, 1);
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
    }
}

/* As a pipeline: both branches begin, though in live mode no mask is there for the first frame;
 * sizes change on the way; and both end. */
static void test_pipeline(void)
{
    static const char *const modes[] = {"live", "exact", "aligned"};
    g_autofree char *card = fixture_model("tiny-maps/card.json");

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *launch = g_strdup_printf(
            "concat name=c ! cgrseg-segmenter name=s model=\"%s\" mode=%s interval=0.1 "
            "map-size=frame "
            "s.src ! queue ! fakesink name=frames sync=true "
            "s.mask ! queue ! videoconvert ! video/x-raw,format=RGB ! fakesink name=masks "
            "videotestsrc num-buffers=10 ! video/x-raw,width=640,height=360,framerate=25/1 ! c. "
            "videotestsrc num-buffers=10 ! video/x-raw,width=1920,height=1080,framerate=25/1 ! c. "
            "videotestsrc num-buffers=10 ! video/x-raw,width=320,height=240,framerate=25/1 ! c.",
            card, modes[i]);
        g_autoptr(GError) error = NULL;
        GstElement *pipeline = gst_parse_launch(launch, &error);
        gint frames = 0, masks = 0;

        g_assert_no_error(error);
        fixture_add_probe(pipeline, "frames", "sink", count, &frames);
        fixture_add_probe(pipeline, "masks", "sink", count, &masks);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        fixture_wait_eos(pipeline);
        g_assert_cmpint(frames, ==, 30);
        /* how many there are live is up to the machine */
        if (i == 1)
            g_assert_cmpint(masks, >=, 9);
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/mask/masks", test_masks);
    g_test_add_func("/mask/events", test_events);
    g_test_add_func("/mask/links", test_links);
    g_test_add_func("/mask/failing", test_failing);
    g_test_add_func("/mask/gaps-live", test_gaps_live);
    g_test_add_func("/mask/mixer", test_mixer);
    g_test_add_func("/mask/pipeline", test_pipeline);
    return fixture_run();
}
