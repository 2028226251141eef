/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette-scenesrc: what it shows is what the street says, whenever and however it is asked. */
#include <gst/controller/controller.h>
#include <string.h>

#include "enums.h"
#include "scenes.h"
#include "street/truthmeta.h"

#define FRAME (40 * GST_MSECOND)

typedef void (*Draw)(VdtStreetPainter *painter, gint64 time, guint8 *to, gsize stride);

static void check_pixels(GstBuffer *buffer, VdtStreet *street, gint64 time, guint width,
                         guint height, Draw draw)
{
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
    const gsize row = draw == vdt_street_painter_classes ? GST_ROUND_UP_4(width) : 4 * width;
    const gsize used = draw == vdt_street_painter_classes ? width : row;
    g_autofree guint8 *expected = g_malloc0(row * height);
    GstMapInfo map;

    draw(painter, time, expected, row);
    g_assert_true(gst_buffer_map(buffer, &map, GST_MAP_READ));
    g_assert_cmpuint(map.size, ==, row * height);
    for (guint y = 0; y < height; y++)
        g_assert_cmpmem(map.data + y * row, used, expected + y * row, used);
    gst_buffer_unmap(buffer, &map);
}

static void check_frame(GstBuffer *buffer, VdtStreet *street, GstClockTime pts)
{
    g_assert_cmpuint(GST_BUFFER_PTS(buffer), ==, pts);
    check_pixels(buffer, street, (gint64)pts, WIDTH, HEIGHT, vdt_street_painter_draw);
}

typedef struct {
    GstElement *pipeline, *source, *filter, *sink;
} Player;

/* A pipeline that gives frames when it is asked to. */
static void player_init(Player *player, GstElement *source, const char *caps)
{
    g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);

    player->source = source;
    player->filter = gst_element_factory_make_full("capsfilter", "caps", parsed, NULL);
    player->sink = gst_element_factory_make_full("appsink", "sync", FALSE, "max-buffers", 1, NULL);
    player->pipeline = gst_pipeline_new(NULL);
    gst_bin_add_many(GST_BIN(player->pipeline), player->source, player->filter, player->sink, NULL);
    g_assert_true(gst_element_link_many(player->source, player->filter, player->sink, NULL));
}

static GstBuffer *player_pull(Player *player)
{
    g_autoptr(GstSample) sample = NULL;

    g_signal_emit_by_name(player->sink, "try-pull-sample", 20 * GST_SECOND, &sample);
    return sample ? gst_buffer_ref(gst_sample_get_buffer(sample)) : NULL;
}

static void player_clear(Player *player)
{
    gst_element_set_state(player->pipeline, GST_STATE_NULL);
    gst_object_unref(player->pipeline);
}

static void player_start(Player *player)
{
    gst_element_set_state(player->pipeline, GST_STATE_PLAYING);
    g_assert_cmpint(gst_element_get_state(player->pipeline, NULL, NULL, 20 * GST_SECOND), ==,
                    GST_STATE_CHANGE_SUCCESS);
}

static void player_seek(Player *player, double rate, GstClockTime start, GstClockTime stop)
{
    g_assert_true(gst_element_seek(player->pipeline, rate, GST_FORMAT_TIME,
                                   GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, GST_SEEK_TYPE_SET,
                                   (gint64)start, GST_SEEK_TYPE_SET, (gint64)stop));
}

/* Tests. */

static void test_inspect(void)
{
    static const char *const conditions[] = {"night", "rain",  "snow", "haze",
                                             "noise", "shake", "blur"};
    g_autoptr(GEnumClass) actions = g_type_class_ref(VDT_TYPE_SCENE_ACTION);
    GstElement *element = gst_element_factory_make("vedette-scenesrc", NULL);
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);

    g_assert_cmpstr(gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS), ==,
                    "Source/Video");
    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++) {
        const GParamSpec *spec = g_object_class_find_property(klass, conditions[i]);
        double value = -1;

        g_assert_cmpint(spec->flags & GST_PARAM_CONTROLLABLE, !=, 0);
        g_assert_cmpint(spec->flags & GST_PARAM_MUTABLE_PLAYING, !=, 0);
        g_object_set(element, conditions[i], 0.25, NULL);
        g_object_get(element, conditions[i], &value, NULL);
        g_assert_cmpfloat(value, ==, 0.25);
    }
    g_assert_cmpuint(actions->n_values, ==, VDT_STREET_N_ACTIONS + 1);
    for (int i = 0; i < VDT_STREET_N_ACTIONS; i++)
        g_assert_cmpstr(g_enum_get_value(actions, i)->value_nick, ==,
                        vdt_street_action_name((VdtStreetAction)i));
    gst_object_unref(element);
}

static void check_caps(const char *wanted, const char *expected)
{
    g_autoptr(GstCaps) is = NULL, should_be = gst_caps_from_string(expected);
    GstHarness *h = play(source_new("num-buffers", 1), wanted);
    g_autoptr(GstBuffer) buffer = gst_harness_pull(h);
    GstVideoInfo info;

    g_assert_nonnull(buffer);
    is = gst_pad_get_current_caps(h->sinkpad);
    g_assert_true(gst_caps_is_subset(is, should_be));
    g_assert_true(gst_video_info_from_caps(&info, is));
    g_assert_cmpuint(gst_buffer_get_size(buffer), ==, info.size);
    fixture_harness_free(h);
}

static void test_caps(void)
{
    check_caps("video/x-raw", "video/x-raw, format=BGRx, width=640, height=360, framerate=25/1, "
                              "pixel-aspect-ratio=1/1, colorimetry=sRGB");
    check_caps("video/x-raw, format={I420, BGRx, NV12}, width=[20, 100], framerate=[30/1, 60/1]",
               "video/x-raw, format=BGRx, width=100, height=360, framerate=30/1");
    check_caps("video/x-raw, width=16, height=16, framerate=1/1", "video/x-raw, format=BGRx");
    check_caps("video/x-raw, width=17, height=33, framerate=30000/1001", "video/x-raw, width=17");
    check_caps("video/x-raw, width=8192, height=16, framerate=240/1", "video/x-raw, width=8192");
}

static void check_refused(VdtSceneOutput output, const char *caps)
{
    GstHarness *h = play(source_new("num-buffers", 1, "output", output), caps);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(fixture_bus(h), 20 * GST_SECOND, GST_MESSAGE_ERROR);

    g_assert_nonnull(message);
    g_assert_null(gst_harness_try_pull(h));
    fixture_harness_free(h);
}

static void test_caps_refused(void)
{
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, format=I420");
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, format=GRAY8");
    check_refused(VDT_SCENE_CLASSES, "video/x-raw, format=BGRx");
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, width=8");
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, height=8193");
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, framerate=241/1");
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, framerate=0/1");
    check_refused(VDT_SCENE_PICTURE, "video/x-raw, pixel-aspect-ratio=2/1");
}

/* Frames are the street's, at the times that they carry, of the offset where there is one. */
static void test_frames(void)
{
    static const struct {
        guint width, height, fps_n, fps_d;
        guint64 offset;
    } cases[] = {
        {64, 36, 25, 1, 0},
        {64, 36, 30, 1, 3600 * GST_SECOND},
        {33, 17, 30000, 1001, 1},
        {160, 90, 1, 1, 12345678901},
    };
    const VdtStreetConditions conditions = {.night = 0.5, .rain = 0.5, .noise = 0.25};
    g_autoptr(VdtStreet) street = street_new(&conditions);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *caps =
            g_strdup_printf("video/x-raw, width=%u, height=%u, framerate=%u/%u", cases[i].width,
                            cases[i].height, cases[i].fps_n, cases[i].fps_d);
        GstHarness *h = play(source_new("num-buffers", 5, "scene-offset", cases[i].offset, "night",
                                        0.5, "rain", 0.5, "noise", 0.25),
                             caps);
        GstClockTime next = 0;

        for (guint n = 0; n < 5; n++) {
            g_autoptr(GstBuffer) buffer = gst_harness_pull(h);
            const GstClockTime pts =
                gst_util_uint64_scale(n, cases[i].fps_d * GST_SECOND, cases[i].fps_n);

            g_assert_nonnull(buffer);
            g_assert_cmpuint(GST_BUFFER_PTS(buffer), ==, pts);
            g_assert_cmpuint(pts, ==, next);
            g_assert_cmpuint(GST_BUFFER_OFFSET(buffer), ==, n);
            next = pts + GST_BUFFER_DURATION(buffer);
            check_pixels(buffer, street, (gint64)(pts + cases[i].offset), cases[i].width,
                         cases[i].height, vdt_street_painter_draw);
        }
        g_assert_true(wait_eos(h));
        fixture_harness_free(h);
    }
}

/* Picture, clean picture and classes are of one moment. */
static void test_outputs(void)
{
    static const Draw draws[] = {vdt_street_painter_draw, vdt_street_painter_draw_clean,
                                 vdt_street_painter_classes};
    const VdtStreetConditions conditions = {.snow = 1, .shake = 1};
    g_autoptr(VdtStreet) street = street_new(&conditions);

    for (int output = VDT_SCENE_PICTURE; output <= VDT_SCENE_CLASSES; output++) {
        GstHarness *h =
            play(source_new("num-buffers", 3, "output", output, "snow", 1.0, "shake", 1.0),
                 "video/x-raw, width=65, height=36, framerate=2/1");

        for (guint n = 0; n < 3; n++) {
            g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

            check_pixels(buffer, street, n * 500 * GST_MSECOND, 65, 36, draws[output]);
        }
        fixture_harness_free(h);
    }
}

/* One action: clips of following seeds, each from its start. */
static void test_clips(void)
{
    GstHarness *h = play(source_new("num-buffers", 24, "action", VDT_STREET_FALL, "clip-duration",
                                    3 * GST_SECOND, "attach-truth", TRUE),
                         "video/x-raw, width=64, height=36, framerate=4/1");
    guint64 actors[2] = {0, 0}, ids[2] = {0, 0};

    for (guint n = 0; n < 24; n++) {
        const guint k = n / 12;
        const gint64 time = n % 12 * 250 * GST_MSECOND;
        g_autoptr(VdtStreet) street =
            vdt_street_new_clip(&(VdtStreetClip){SEED + k, VDT_STREET_FALL, {0}, 3 * GST_SECOND});
        g_autoptr(GArray) events = vdt_street_get_events(street, time, time + 1);
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);
        const GstStructure *s =
            gst_custom_meta_get_structure(gst_buffer_get_custom_meta(buffer, VDT_TRUTH_META_NAME));
        const GValue *array = gst_structure_get_value(s, "events");

        check_pixels(buffer, street, time, WIDTH, HEIGHT, vdt_street_painter_draw);
        g_assert_cmpuint(gst_value_array_get_size(array), ==, events->len);
        if (events->len > 0) {
            const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, 0);
            guint64 start, end;

            s = gst_value_get_structure(gst_value_array_get_value(array, 0));
            gst_structure_get(s, "id", G_TYPE_UINT64, &ids[k], "actor", G_TYPE_UINT64, &actors[k],
                              "start", G_TYPE_UINT64, &start, "end", G_TYPE_UINT64, &end, NULL);
            g_assert_cmpstr(gst_structure_get_string(s, "label"), ==, "fall");
            g_assert_cmpuint(start, ==, (guint64)event->start + k * 3 * GST_SECOND);
            g_assert_cmpuint(end, ==, (guint64)event->end + k * 3 * GST_SECOND);
        }
    }
    /* who falls in one clip is not who falls in the other */
    g_assert_cmpuint(actors[0], !=, 0);
    g_assert_cmpuint(actors[1], !=, 0);
    g_assert_cmpuint(actors[0], !=, actors[1]);
    g_assert_cmpuint(ids[0], !=, ids[1]);
    fixture_harness_free(h);
}

static void test_seek(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    Player player;

    player_init(&player, source_new("scene-offset", (guint64)0),
                "video/x-raw, width=64, height=36, framerate=30/1");
    player_start(&player);
    /* To the very time of a frame: that one, however its time was rounded. */
    for (guint n = 100; n > 10; n -= 31) {
        const GstClockTime pts = gst_util_uint64_scale(n, GST_SECOND, 30);
        g_autoptr(GstBuffer) buffer = NULL, next = NULL;

        player_seek(&player, 1, pts, GST_CLOCK_TIME_NONE);
        buffer = player_pull(&player);
        check_frame(buffer, street, pts);
        g_assert_cmpuint(GST_BUFFER_OFFSET(buffer), ==, n);
        g_assert_true(GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT));
        next = player_pull(&player);
        check_frame(next, street, gst_util_uint64_scale(n + 1, GST_SECOND, 30));
        g_assert_false(GST_BUFFER_FLAG_IS_SET(next, GST_BUFFER_FLAG_DISCONT));
    }
    /* Between two: the one that is there. Days away is as near. */
    for (guint day = 0; day < 3; day++) {
        const GstClockTime pts = day * 86400 * GST_SECOND + GST_SECOND;
        g_autoptr(GstBuffer) buffer = NULL;

        player_seek(&player, 1, pts + GST_MSECOND, GST_CLOCK_TIME_NONE);
        buffer = player_pull(&player);
        check_frame(buffer, street, pts);
    }
    player_clear(&player);
}

static void test_segment(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    Player player;
    guint n = 0;

    player_init(&player, source_new("scene-offset", (guint64)0), CAPS);
    player_start(&player);
    player_seek(&player, 1, GST_SECOND, 2 * GST_SECOND);
    for (;; n++) {
        g_autoptr(GstBuffer) buffer = player_pull(&player);

        if (!buffer)
            break;
        check_frame(buffer, street, GST_SECOND + n * FRAME);
    }
    g_assert_cmpuint(n, ==, 25);

    /* backwards */
    player_seek(&player, -1, GST_SECOND, 2 * GST_SECOND);
    for (n = 0;; n++) {
        g_autoptr(GstBuffer) buffer = player_pull(&player);

        if (!buffer)
            break;
        check_frame(buffer, street, 2 * GST_SECOND - (n + 1) * FRAME);
    }
    g_assert_cmpuint(n, ==, 25);
    player_clear(&player);
}

/* A seek before there is a frame rate. */
static void test_early_seek(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    g_autoptr(GstBuffer) buffer = NULL;
    Player player;

    player_init(&player, source_new("scene-offset", (guint64)0), CAPS);
    gst_element_set_state(player.pipeline, GST_STATE_READY);
    g_assert_true(gst_element_seek_simple(player.source, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                          2 * GST_SECOND + 1));
    player_start(&player);
    buffer = player_pull(&player);
    check_frame(buffer, street, 2 * GST_SECOND);
    player_clear(&player);
}

static void test_queries(void)
{
    Player player;
    gint64 duration = 0;
    g_autoptr(GstQuery) seeking = gst_query_new_seeking(GST_FORMAT_TIME);
    gboolean seekable = FALSE;

    player_init(&player, source_new("num-buffers", 50), CAPS);
    player_start(&player);
    g_assert_true(gst_element_query_duration(player.source, GST_FORMAT_TIME, &duration));
    g_assert_cmpint(duration, ==, 2 * GST_SECOND);
    g_assert_true(gst_element_query(player.source, seeking));
    gst_query_parse_seeking(seeking, NULL, &seekable, NULL, NULL);
    g_assert_true(seekable);
    player_clear(&player);

    player_init(&player, source_new("is-live", FALSE), CAPS);
    player_start(&player);
    duration = -1;
    g_assert_false(gst_element_query_duration(player.source, GST_FORMAT_TIME, &duration) &&
                   duration >= 0);
    player_clear(&player);
}

/* A live source gives each frame at its time, and says that it is one frame late. */
static void test_live(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    GstHarness *h = fixture_harness(source_new("is-live", TRUE));

    gst_harness_use_testclock(h);
    gst_harness_set_sink_caps_str(h, CAPS);
    gst_harness_play(h);
    for (guint n = 0; n < 4; n++) {
        g_autoptr(GstBuffer) buffer = NULL;

        g_assert_true(gst_harness_crank_single_clock_wait(h));
        buffer = gst_harness_pull(h);
        check_frame(buffer, street, n * FRAME);
        g_assert_cmpuint(gst_clock_get_time(GST_ELEMENT_CLOCK(h->element)), ==, n * FRAME);
        g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 0);
    }
    g_assert_cmpuint(gst_harness_query_latency(h), ==, FRAME);
    g_assert_false(gst_harness_push_upstream_event(
        h, gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                              GST_SEEK_TYPE_NONE, 0)));
    fixture_harness_free(h);
}

/* One that was held up goes on with what is now. */
static void test_live_late(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    GstHarness *h = fixture_harness(source_new("is-live", TRUE));
    GstClockTime last = 0;

    gst_harness_use_testclock(h);
    gst_harness_set_sink_caps_str(h, CAPS);
    gst_harness_play(h);
    for (guint n = 0; n < 4; n++) {
        g_autoptr(GstBuffer) buffer = NULL;

        g_assert_true(gst_harness_wait_for_clock_id_waits(h, 1, 20));
        if (n == 1)
            gst_harness_set_time(h, 10 * GST_SECOND);
        g_assert_true(gst_harness_crank_single_clock_wait(h));
        buffer = gst_harness_pull(h);
        check_frame(buffer, street, GST_BUFFER_PTS(buffer));
        /* the one that waited, then the one of now */
        g_assert_cmpuint(GST_BUFFER_PTS(buffer), ==,
                         n < 2 ? n * FRAME : 10 * GST_SECOND + (n - 2) * FRAME);
        g_assert_cmpint(GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT), ==,
                        n == 0 || n == 2);
        last = GST_BUFFER_PTS(buffer);
    }
    g_assert_cmpuint(last, ==, 10 * GST_SECOND + FRAME);
    fixture_harness_free(h);
}

/* Conditions may change at any time; what happens on the street does not. */
static void test_change(void)
{
    const VdtStreetConditions conditions = {.night = 1};
    g_autoptr(VdtStreet) day = street_new(NULL);
    g_autoptr(VdtStreet) night = street_new(&conditions);
    GstElement *source = source_new("is-live", FALSE);
    GstHarness *h = fixture_harness(source);

    gst_harness_set_sink_caps_str(h, CAPS);
    gst_harness_set_blocking_push_mode(h);
    gst_harness_play(h);
    for (guint n = 0; n < 12; n++) {
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

        if (n == 3)
            g_object_set(source, "night", 1.0, NULL);
        /* one or two were on their way */
        if (n <= 3 || n > 6)
            check_frame(buffer, n > 6 ? night : day, n * FRAME);
    }
    fixture_harness_free(h);
}

/* A controller sets conditions for each frame by its time. */
static void test_control(void)
{
    GstElement *source = source_new("num-buffers", 5);
    GstControlSource *control = gst_interpolation_control_source_new();
    GstHarness *h;

    g_object_set(control, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(control), 0, 0);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(control), 4 * GST_SECOND, 1);
    gst_object_add_control_binding(
        GST_OBJECT(source), gst_direct_control_binding_new(GST_OBJECT(source), "haze", control));
    gst_object_unref(control);
    h = play(source, "video/x-raw, width=64, height=36, framerate=1/1");
    for (guint n = 0; n < 5; n++) {
        const VdtStreetConditions conditions = {.haze = n / 4.0};
        g_autoptr(VdtStreet) street = street_new(&conditions);
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

        check_frame(buffer, street, n * GST_SECOND);
    }
    fixture_harness_free(h);
}

/* Another size, then another rate, in the middle of the stream. */
static void test_renegotiate(void)
{
    static const struct {
        const char *caps;
        guint width, height;
        GstClockTime frame;
    } steps[] = {
        {CAPS, 64, 36, FRAME},
        {"video/x-raw, width=48, height=32, framerate=25/1", 48, 32, FRAME},
        {"video/x-raw, width=48, height=32, framerate=10/1", 48, 32, 100 * GST_MSECOND},
        {"video/x-raw, width=32, height=48, framerate=50/1", 32, 48, 20 * GST_MSECOND},
    };
    g_autoptr(VdtStreet) street = street_new(NULL);
    GstClockTime next = 0;
    guint64 n = 0;
    Player player;

    player_init(&player, source_new("scene-offset", (guint64)0), CAPS);
    player_start(&player);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GstCaps) caps = gst_caps_from_string(steps[i].caps);
        guint right = 0;

        g_object_set(player.filter, "caps", caps, NULL);
        for (guint k = 0; k < 20 && right < 3; k++) {
            g_autoptr(GstBuffer) buffer = player_pull(&player);

            g_assert_nonnull(buffer);
            g_assert_cmpuint(GST_BUFFER_PTS(buffer), ==, next);
            g_assert_cmpuint(GST_BUFFER_OFFSET(buffer), ==, n++);
            next += GST_BUFFER_DURATION(buffer);
            if (GST_BUFFER_DURATION(buffer) != steps[i].frame ||
                gst_buffer_get_size(buffer) != (gsize)4 * steps[i].width * steps[i].height)
                continue;
            right++;
            if (right > 1) /* sizes 48 x 32 and 32 x 48 are as many bytes */
                check_pixels(buffer, street, (gint64)GST_BUFFER_PTS(buffer), steps[i].width,
                             steps[i].height, vdt_street_painter_draw);
        }
        g_assert_cmpuint(right, ==, 3);
    }
    player_clear(&player);
}

/* What is left of a hundred sources is nothing; the tracer says so if not. */
static void test_cycles(void)
{
    for (guint i = 0; i < 100; i++) {
        GstHarness *h = play(source_new("num-buffers", 2 + i % 2, "is-live", i % 4 == 3,
                                        "attach-truth", TRUE, "post-messages", TRUE),
                             CAPS);
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

        g_assert_nonnull(buffer);
        fixture_harness_free(h);
    }
}

/* Stopped and started again, it begins anew. */
static void test_restart(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    Player player;

    player_init(&player, source_new("scene-offset", (guint64)0), CAPS);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) buffer = NULL;

        player_start(&player);
        buffer = player_pull(&player);
        check_frame(buffer, street, 0);
        gst_element_set_state(player.pipeline, GST_STATE_NULL);
    }
    player_clear(&player);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/scenesrc/inspect", test_inspect);
    g_test_add_func("/scenesrc/caps", test_caps);
    g_test_add_func("/scenesrc/caps-refused", test_caps_refused);
    g_test_add_func("/scenesrc/frames", test_frames);
    g_test_add_func("/scenesrc/outputs", test_outputs);
    g_test_add_func("/scenesrc/clips", test_clips);
    g_test_add_func("/scenesrc/seek", test_seek);
    g_test_add_func("/scenesrc/segment", test_segment);
    g_test_add_func("/scenesrc/early-seek", test_early_seek);
    g_test_add_func("/scenesrc/queries", test_queries);
    g_test_add_func("/scenesrc/live", test_live);
    g_test_add_func("/scenesrc/live-late", test_live_late);
    g_test_add_func("/scenesrc/change", test_change);
    g_test_add_func("/scenesrc/control", test_control);
    g_test_add_func("/scenesrc/renegotiate", test_renegotiate);
    g_test_add_func("/scenesrc/restart", test_restart);
    g_test_add_func("/scenesrc/cycles", test_cycles);
    return fixture_run();
}
