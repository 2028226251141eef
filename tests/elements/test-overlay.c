/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette-overlay: what it draws and where, what it costs, and what it takes from outside. */
#include <gst/controller/controller.h>
#include <math.h>
#include <string.h>

#include "analyzer/resultmeta.h"
#include "enums.h"
#include "fixture.h"
#include "overlay/show.h"
#include "overlay/text.h"

#define COMPOSITION "meta:GstVideoOverlayComposition"

static const char *const formats[] = {"NV12", "I420", "RGB",  "BGR",  "RGBx", "BGRx",
                                      "xRGB", "xBGR", "RGBA", "BGRA", "ARGB", "ABGR"};

/* Streams. */

#define overlay_new(...)                                                                           \
    fixture_harness(gst_element_factory_make_full("vedette-overlay", __VA_ARGS__))

static char *caps_of(const char *format, guint width, guint height)
{
    return g_strdup_printf("video/x-raw, format=%s, width=%u, height=%u, framerate=25/1", format,
                           width, height);
}

/* Downstream draws compositions itself. */
static void take_compositions(GstHarness *h)
{
    gst_harness_add_propose_allocation_meta(h, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
}

/* A player of compositions: what it gets can be looked at. */
static GstHarness *composer_new(const char *caps)
{
    GstHarness *h = overlay_new(NULL, NULL);

    take_compositions(h);
    gst_harness_set_src_caps_str(h, caps);
    return h;
}

static GstBuffer *pass(GstHarness *h, GstBuffer *buffer)
{
    GstBuffer *out;

    g_assert_cmpint(gst_harness_push(h, buffer), ==, GST_FLOW_OK);
    out = gst_harness_pull(h);
    g_assert_nonnull(out);
    return out;
}

static gboolean src_has_composition(GstHarness *h)
{
    g_autoptr(GstPad) pad = gst_element_get_static_pad(h->element, "src");
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);

    return gst_caps_features_contains(gst_caps_get_features(caps, 0), COMPOSITION);
}

/* Metas. */

static void add_result_of(GstBuffer *buffer, const char *element, const char *kind,
                          GstClockTime age, double score, guint n)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    g_autoptr(VdtResult) result = NULL;

    for (guint i = 0; i < n; i++) {
        g_autofree char *label = g_strdup_printf("label %u", i);

        g_ptr_array_add(found, gst_structure_new("result", "label", G_TYPE_STRING, label,
                                                 "class-id", G_TYPE_INT, (int)i, "score",
                                                 G_TYPE_DOUBLE, score / (i + 1), NULL));
    }
    result = vdt_result_new(found, 0);
    vdt_result_attach(result, buffer, age, element, kind);
}

static void add_result(GstBuffer *buffer, double score)
{
    add_result_of(buffer, "recognizer0", "action", 0, score, 3);
}

static void add_region(GstBuffer *buffer, const char *type, guint x, guint y, guint width,
                       guint height)
{
    gst_buffer_add_video_region_of_interest_meta(buffer, type, x, y, width, height);
}

static GstBuffer *frame_with_result(const char *caps, double score)
{
    GstBuffer *buffer = fixture_frame(caps, 0);

    add_result(buffer, score);
    return buffer;
}

/* Drawings. */

typedef struct {
    int x, y;
    guint width, height, seqnum;
} Place;

static GstVideoOverlayComposition *get_composition(GstBuffer *buffer)
{
    const GstVideoOverlayCompositionMeta *meta =
        gst_buffer_get_video_overlay_composition_meta(buffer);

    return meta ? meta->overlay : NULL;
}

/* Where rectangle @i stands, counted from the last if it is negative: panels come last. */
static Place get_place(GstBuffer *buffer, int i)
{
    GstVideoOverlayComposition *composition = get_composition(buffer);
    GstVideoOverlayRectangle *rectangle;
    Place place;

    g_assert_nonnull(composition);
    if (i < 0)
        i += (int)gst_video_overlay_composition_n_rectangles(composition);
    rectangle = gst_video_overlay_composition_get_rectangle(composition, (guint)i);
    g_assert_nonnull(rectangle);
    gst_video_overlay_rectangle_get_render_rectangle(rectangle, &place.x, &place.y, &place.width,
                                                     &place.height);
    place.seqnum = gst_video_overlay_rectangle_get_seqnum(rectangle);
    return place;
}

/* All that is drawn lies inside the frame; gives how many rectangles there are. */
static guint check_inside(GstBuffer *buffer, guint width, guint height)
{
    GstVideoOverlayComposition *composition = get_composition(buffer);
    const guint n = composition ? gst_video_overlay_composition_n_rectangles(composition) : 0;

    for (guint i = 0; i < n; i++) {
        const Place place = get_place(buffer, (int)i);

        g_assert_cmpint(place.x, >=, 0);
        g_assert_cmpint(place.y, >=, 0);
        g_assert_cmpuint(place.width, >, 0);
        g_assert_cmpuint(place.height, >, 0);
        g_assert_cmpuint((guint)place.x + place.width, <=, width);
        g_assert_cmpuint((guint)place.y + place.height, <=, height);
    }
    return n;
}

/* Pushes one frame with a result and says where its panel stands. */
static Place show_panel(GstHarness *h, const char *caps, double score)
{
    g_autoptr(GstBuffer) out = pass(h, frame_with_result(caps, score));

    return get_place(out, -1);
}

/* Samples of @frame that are not the gray of fixture_frame(), inside @place and out of it. */
static void count_drawn(GstVideoFrame *frame, const Place *place, guint *inside, guint *outside)
{
    const GstVideoFormatInfo *format = frame->info.finfo;

    *inside = *outside = 0;
    for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(frame); c++) {
        const guint8 *data = GST_VIDEO_FRAME_COMP_DATA(frame, c);
        const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, c);
        const int wsub = GST_VIDEO_FORMAT_INFO_W_SUB(format, c);
        const int hsub = GST_VIDEO_FORMAT_INFO_H_SUB(format, c);

        for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, c); y++)
            for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(frame, c); x++) {
                const gboolean in = x << wsub >= place->x && y << hsub >= place->y &&
                                    x << wsub < place->x + (int)place->width &&
                                    y << hsub < place->y + (int)place->height;

                if (data[y * GST_VIDEO_FRAME_COMP_STRIDE(frame, c) + x * step] == 0x80)
                    continue;
                if (in)
                    ++*inside;
                else
                    ++*outside;
            }
    }
}

static void count_drawn_on(GstBuffer *buffer, const char *caps, const Place *place, guint *inside,
                           guint *outside)
{
    g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);
    GstVideoFrame frame;
    GstVideoInfo info;

    g_assert_true(gst_video_info_from_caps(&info, parsed));
    g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
    count_drawn(&frame, place, inside, outside);
    gst_video_frame_unmap(&frame);
}

static gboolean is_drawn_on(GstBuffer *buffer, const char *caps)
{
    guint inside, outside;

    count_drawn_on(buffer, caps, &(Place){0}, &inside, &outside);
    return outside > 0;
}

static gpointer memory_of(GstBuffer *buffer)
{
    g_assert_cmpuint(gst_buffer_n_memory(buffer), ==, 1);
    return gst_buffer_peek_memory(buffer, 0);
}

/* Tests. */

static void test_inspect(void)
{
    static const char *const live[] = {"position",   "opacity",    "map-opacity",
                                       "font-scale", "top-k",      "max-age",
                                       "show-boxes", "show-zones", "show-objects"};
    GstElement *element = gst_element_factory_make("vedette-overlay", NULL);
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);
    double opacity, scale, age;
    gboolean boxes;
    guint top_k;
    int position;

    g_assert_cmpstr(gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS), ==,
                    "Filter/Editor/Video");
    for (guint i = 0; i < G_N_ELEMENTS(live); i++) {
        const GParamSpec *spec = g_object_class_find_property(klass, live[i]);

        g_assert_nonnull(spec);
        g_assert_true(spec->flags & GST_PARAM_MUTABLE_PLAYING);
    }
    g_object_get(element, "position", &position, "opacity", &opacity, "font-scale", &scale, "top-k",
                 &top_k, "max-age", &age, "show-boxes", &boxes, NULL);
    g_assert_cmpint(position, ==, VDT_OVERLAY_TOP_LEFT);
    g_assert_cmpfloat(opacity, ==, 0.7);
    g_assert_cmpfloat(scale, ==, 1);
    g_assert_cmpuint(top_k, ==, 3);
    g_assert_cmpfloat(age, ==, 0);
    g_assert_true(boxes);
    gst_object_unref(element);
}

/* Pixels change inside the panel, nearly all of them, and nowhere else. */
static void check_blended(const char *format, guint width, guint height)
{
    g_autofree char *caps = caps_of(format, width, height);
    GstHarness *h = composer_new(caps), *blended = overlay_new(NULL, NULL);
    const Place place = show_panel(h, caps, 0.8);
    g_autoptr(GstBuffer) out = NULL;
    guint inside, outside;

    fixture_harness_free(h);
    gst_harness_set_src_caps_str(blended, caps);
    out = pass(blended, frame_with_result(caps, 0.8));
    g_assert_false(src_has_composition(blended));
    g_assert_null(get_composition(out));
    count_drawn_on(out, caps, &place, &inside, &outside);
    g_assert_cmpuint(inside, >, place.width * place.height * 9 / 10);
    g_assert_cmpuint(outside, ==, 0);
    fixture_harness_free(blended);
}

static void test_blend(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        check_blended(formats[i], 320, 180);
        check_blended(formats[i], 321, 181);
    }
}

/* A frame with a bit of everything, and pixels that differ from each other. */
static GstBuffer *busy_frame(const char *caps, guint width, guint height)
{
    GstBuffer *buffer = fixture_frame(caps, 0);
    guint32 state = 1;
    GstMapInfo map;

    g_assert_true(gst_buffer_map(buffer, &map, GST_MAP_WRITE));
    for (gsize i = 0; i < map.size; i++) {
        state = state * 1664525 + 1013904223;
        map.data[i] = (guint8)(16 + (state >> 24) % 200);
    }
    gst_buffer_unmap(buffer, &map);
    add_result_of(buffer, "recognizer0", "action", 0, 0.7, 3);
    add_result_of(buffer, "recognizer1", "action", 9 * GST_SECOND, 0.7, 1);
    add_region(buffer, "person", 41, 33, 77, 101);
    add_region(buffer, "vehicle", width - 31, height - 43, 31, 43);
    add_region(buffer, "bag", 0, 0, width, height);
    return buffer;
}

/* The drawing that is blended is the one that is attached elsewhere, as GStreamer blends it. */
static void test_blend_exact(void)
{
    static const guint sizes[][2] = {{320, 180}, {321, 181}};

    for (guint i = 0; i < 2 * G_N_ELEMENTS(formats); i++) {
        const guint width = sizes[i % 2][0], height = sizes[i % 2][1];
        g_autofree char *caps = caps_of(formats[i / 2], width, height);
        g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);
        GstHarness *h = composer_new(caps), *blended = overlay_new("position", i % 4, NULL);
        g_autoptr(GstBuffer) expected = NULL, out = NULL;
        GstVideoFrame frame;
        GstVideoInfo info;
        GstMapInfo a, b;

        g_object_set(h->element, "position", i % 4, NULL);
        expected = pass(h, busy_frame(caps, width, height));
        g_assert_cmpuint(check_inside(expected, width, height), >, 10);
        g_assert_true(gst_video_info_from_caps(&info, parsed));
        g_assert_true(gst_video_frame_map(&frame, &info, expected, GST_MAP_READWRITE));
        g_assert_true(gst_video_overlay_composition_blend(get_composition(expected), &frame));
        gst_video_frame_unmap(&frame);

        gst_harness_set_src_caps_str(blended, caps);
        out = pass(blended, busy_frame(caps, width, height));
        gst_buffer_map(expected, &a, GST_MAP_READ);
        gst_buffer_map(out, &b, GST_MAP_READ);
        g_assert_cmpmem(b.data, b.size, a.data, a.size);
        gst_buffer_unmap(expected, &a);
        gst_buffer_unmap(out, &b);
        fixture_harness_free(h);
        fixture_harness_free(blended);
    }
}

static void test_blend_corners(void)
{
    g_autofree char *caps = caps_of("NV12", 321, 181);
    GstHarness *h = composer_new(caps), *blended = overlay_new(NULL, NULL);

    gst_harness_set_src_caps_str(blended, caps);
    for (int position = VDT_OVERLAY_TOP_LEFT; position <= VDT_OVERLAY_BOTTOM_RIGHT; position++) {
        g_autoptr(GstBuffer) out = NULL;
        guint inside, outside;
        Place place;

        g_object_set(h->element, "position", position, NULL);
        g_object_set(blended->element, "position", position, NULL);
        place = show_panel(h, caps, 0.8);
        out = pass(blended, frame_with_result(caps, 0.8));
        count_drawn_on(out, caps, &place, &inside, &outside);
        g_assert_cmpuint(inside, >, 0);
        g_assert_cmpuint(outside, ==, 0);
        /* chroma samples are whole */
        g_assert_cmpint(place.x % 2, ==, 0);
        g_assert_cmpint(place.y % 2, ==, 0);
    }
    fixture_harness_free(h);
    fixture_harness_free(blended);
}

/* A decoder's frame: planes lie apart, rows are padded. */
static void test_strides(void)
{
    g_autofree char *caps = caps_of("I420", 320, 180);
    GstHarness *h = overlay_new(NULL, NULL);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 100000, NULL);
    g_autoptr(GstBuffer) out = NULL;
    gsize offsets[GST_VIDEO_MAX_PLANES] = {64, 68000, 84000};
    int strides[GST_VIDEO_MAX_PLANES] = {352, 176, 176};
    guint inside, outside;

    gst_buffer_memset(buffer, 0, 0x80, 100000);
    gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, 320,
                                   180, 3, offsets, strides);
    add_result(buffer, 0.8);
    gst_harness_set_src_caps_str(h, caps);
    out = pass(h, buffer);
    count_drawn_on(out, caps, &(Place){0, 0, 320, 180, 0}, &inside, &outside);
    g_assert_cmpuint(inside, >, 1000);
    /* what is not the picture's is as it was */
    for (guint y = 0; y < 180; y++) {
        guint8 padding[32], gray[32];

        memset(gray, 0x80, sizeof gray);
        gst_buffer_extract(out, 64 + 352 * y + 320, padding, sizeof padding);
        g_assert_cmpmem(padding, sizeof padding, gray, sizeof gray);
    }
    fixture_harness_free(h);
}

static void test_composition(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = caps_of(formats[i], 640, 360);
        GstHarness *h = composer_new(caps);
        GstBuffer *in = frame_with_result(caps, 0.8);
        gpointer memory = memory_of(in);
        g_autoptr(GstBuffer) out = pass(h, in);

        g_assert_true(src_has_composition(h));
        g_assert_true(memory_of(out) == memory);
        g_assert_false(is_drawn_on(out, caps));
        g_assert_cmpuint(check_inside(out, 640, 360), ==, 1);
        fixture_harness_free(h);
    }
}

/* A shared buffer gets its own metas, and keeps its memory. */
static void test_composition_shared(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    g_autoptr(GstBuffer) in = frame_with_result(caps, 0.8), out = NULL;

    out = pass(h, gst_buffer_ref(in));
    g_assert_true(out != in);
    g_assert_true(memory_of(out) == memory_of(in));
    g_assert_null(get_composition(in));
    g_assert_nonnull(get_composition(out));
    fixture_harness_free(h);
}

/* What was attached before stays, and below. */
static void test_composition_merged(void)
{
    g_autofree char *caps = g_strdup("video/x-raw(" COMPOSITION
                                     "), format=I420, width=640, height=360, framerate=25/1");
    GstHarness *first = composer_new("video/x-raw, format=I420, width=640, height=360, "
                                     "framerate=25/1");
    GstHarness *h = overlay_new(NULL, NULL);
    GstBuffer *in = pass(first, frame_with_result(caps, 0.5));
    const Place before = get_place(in, 0);
    g_autoptr(GstBuffer) held = gst_buffer_ref(in), out = NULL;

    /* without being asked to: upstream does so already */
    gst_harness_set_src_caps_str(h, caps);
    out = pass(h, in);
    g_assert_true(src_has_composition(h));
    g_assert_cmpuint(check_inside(out, 640, 360), ==, 2);
    g_assert_cmpuint(get_place(out, 0).seqnum, ==, before.seqnum);
    g_assert_cmpuint(check_inside(held, 640, 360), ==, 1);
    g_assert_false(is_drawn_on(out, caps));
    fixture_harness_free(first);
    fixture_harness_free(h);
}

/* Who takes any caps, but does not ask for compositions, would not draw them. */
static void test_negotiation(void)
{
    g_autofree char *caps = caps_of("I420", 320, 180);
    GstHarness *h = overlay_new(NULL, NULL);
    GstBuffer *out;

    gst_harness_set_src_caps_str(h, caps);
    out = pass(h, frame_with_result(caps, 0.8));
    g_assert_null(get_composition(out));
    g_assert_true(is_drawn_on(out, caps));
    gst_buffer_unref(out);

    /* it begins to ask */
    take_compositions(h);
    g_assert_true(gst_harness_push_upstream_event(h, gst_event_new_reconfigure()));
    out = pass(h, frame_with_result(caps, 0.8));
    g_assert_true(src_has_composition(h));
    g_assert_nonnull(get_composition(out));
    g_assert_false(is_drawn_on(out, caps));
    gst_buffer_unref(out);
    fixture_harness_free(h);
}

/* Downstream's caps leave no choice. */
static void test_negotiation_forced(void)
{
    static const struct {
        const char *features;
        gboolean asks, composition;
    } cases[] = {
        {"(" COMPOSITION ")", FALSE, TRUE},
        {"(memory:SystemMemory, " COMPOSITION ")", FALSE, TRUE},
        {"(memory:SystemMemory, " COMPOSITION ")", TRUE, TRUE},
        {"", TRUE, FALSE},
    };
    g_autofree char *caps = caps_of("I420", 320, 180);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *sink = g_strdup_printf("video/x-raw%s", cases[i].features);
        GstHarness *h = overlay_new(NULL, NULL);
        g_autoptr(GstBuffer) out = NULL;

        if (cases[i].asks)
            take_compositions(h);
        gst_harness_set_caps(h, gst_caps_from_string(caps), gst_caps_from_string(sink));
        out = pass(h, frame_with_result(caps, 0.8));
        g_assert_true(src_has_composition(h) == cases[i].composition);
        g_assert_true(is_drawn_on(out, caps) != cases[i].composition);
        fixture_harness_free(h);
    }
}

/* Upstream is told what downstream can do with its buffers. */
static void test_allocation(void)
{
    g_autofree char *caps = caps_of("I420", 320, 180);
    g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);
    GstHarness *h = overlay_new(NULL, NULL);
    GstQuery *query = gst_query_new_allocation(parsed, TRUE);

    gst_harness_add_propose_allocation_meta(h, GST_VIDEO_META_API_TYPE, NULL);
    gst_harness_add_propose_allocation_meta(h, GST_VIDEO_CROP_META_API_TYPE, NULL);
    gst_harness_set_src_caps_str(h, caps);
    gst_buffer_unref(pass(h, fixture_frame(caps, 0)));
    g_assert_true(gst_pad_peer_query(h->srcpad, query));
    g_assert_true(gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL));
    g_assert_false(gst_query_find_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, NULL));
    gst_query_unref(query);
    fixture_harness_free(h);
}

/* The very buffer goes out, though others hold it. */
static void check_untouched(GstHarness *h, GstBuffer *in, const char *caps)
{
    g_autoptr(GstBuffer) out = pass(h, gst_buffer_ref(in));

    g_assert_true(out == in);
    g_assert_null(get_composition(out));
    g_assert_false(is_drawn_on(out, caps));
    gst_buffer_unref(in);
}

static void test_nothing(void)
{
    g_autofree char *caps = caps_of("NV12", 640, 360);

    for (guint i = 0; i < 2; i++) {
        GstHarness *h = i ? composer_new(caps) : overlay_new(NULL, NULL);
        GstBuffer *in;

        gst_harness_set_src_caps_str(h, caps);
        check_untouched(h, fixture_frame(caps, 0), caps);
        /* an unknown kind */
        in = fixture_frame(caps, 0);
        add_result_of(in, "new0", "telepathy", 0, 1, 3);
        check_untouched(h, in, caps);
        /* no results in it */
        in = fixture_frame(caps, 0);
        add_result_of(in, "recognizer0", "action", 0, 1, 0);
        check_untouched(h, in, caps);
        /* too old */
        g_object_set(h->element, "max-age", 2.0, NULL);
        in = fixture_frame(caps, 0);
        add_result_of(in, "recognizer0", "action", 2 * GST_SECOND + 1, 1, 3);
        check_untouched(h, in, caps);
        /* not wanted */
        g_object_set(h->element, "show-boxes", FALSE, NULL);
        in = fixture_frame(caps, 0);
        add_region(in, "person", 10, 10, 100, 100);
        check_untouched(h, in, caps);
        fixture_harness_free(h);
    }
}

/* Buffers of a pool that has no more come and go. */
static void test_nothing_of_pool(void)
{
    g_autofree char *caps = caps_of("I420", 320, 180);
    g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);
    g_autoptr(GstBufferPool) pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool);
    GstHarness *h = overlay_new(NULL, NULL);
    gpointer memory = NULL;

    gst_buffer_pool_config_set_params(config, parsed, 320 * 180 * 3 / 2, 1, 1);
    g_assert_true(gst_buffer_pool_set_config(pool, config));
    g_assert_true(gst_buffer_pool_set_active(pool, TRUE));
    gst_harness_set_src_caps_str(h, caps);
    for (guint i = 0; i < 10; i++) {
        GstBuffer *in = NULL;

        g_assert_cmpint(gst_buffer_pool_acquire_buffer(pool, &in, NULL), ==, GST_FLOW_OK);
        g_assert_true(!memory || memory_of(in) == memory);
        memory = memory_of(in);
        gst_buffer_memset(in, 0, 0x80, gst_buffer_get_size(in));
        /* drawn on in place, too: nobody else holds it */
        if (i % 2)
            add_result(in, 0.5);
        in = pass(h, in);
        g_assert_true(memory_of(in) == memory);
        g_assert_true(is_drawn_on(in, caps) == (i % 2 == 1));
        gst_buffer_unref(in);
    }
    gst_buffer_pool_set_active(pool, FALSE);
    fixture_harness_free(h);
}

/* What somebody else holds is not drawn on. */
static void test_shared(void)
{
    g_autofree char *caps = caps_of("I420", 320, 180);
    GstHarness *h = overlay_new(NULL, NULL);

    gst_harness_set_src_caps_str(h, caps);
    for (guint with_meta = 0; with_meta < 2; with_meta++) {
        g_autoptr(GstBuffer) in = frame_with_result(caps, 0.8), out = NULL;

        if (with_meta)
            gst_buffer_add_video_meta(in, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, 320,
                                      180);
        out = pass(h, gst_buffer_ref(in));
        g_assert_true(is_drawn_on(out, caps));
        g_assert_false(is_drawn_on(in, caps));
        g_assert_cmpuint(GST_BUFFER_PTS(out), ==, GST_BUFFER_PTS(in));
    }
    fixture_harness_free(h);
}

/* A result of a segmenter: a map of two columns, class 1 and, if @other is a class, that. */
static void add_map(GstBuffer *buffer, guint8 other)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    g_autoptr(VdtResult) result = NULL;
    const guint8 classes[2] = {1, other};
    g_autoptr(GstBuffer) map = gst_buffer_new_memdup(classes, sizeof classes);

    g_ptr_array_add(found,
                    gst_structure_new("result", "label", G_TYPE_STRING, "road", "class-id",
                                      G_TYPE_INT, 1, "share", G_TYPE_DOUBLE, 0.5, "score",
                                      G_TYPE_DOUBLE, 0.9, "rgb", G_TYPE_UINT, 0xff0000u, NULL));
    g_ptr_array_add(found, gst_structure_new("result", "label", G_TYPE_STRING, "sky", "class-id",
                                             G_TYPE_INT, 2, "share", G_TYPE_DOUBLE, 0.5, "rgb",
                                             G_TYPE_UINT, 0x00ff00u, NULL));
    result = vdt_result_new(found, 0);
    result->fields = gst_structure_new("fields", "map", GST_TYPE_BUFFER, map, "map-width",
                                       G_TYPE_INT, 2, "map-height", G_TYPE_INT, 1, NULL);
    vdt_result_attach(result, buffer, 0, "segmenter0", "segmentation");
}

/* RGB of a pixel. */
static guint32 pixel(GstBuffer *buffer, guint width, guint x, guint y)
{
    guint8 rgb[3];

    gst_buffer_extract(buffer, (gsize)y * GST_ROUND_UP_4(width * 3) + x * 3, rgb, 3);
    return (guint32)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
}

static void assert_near(guint32 a, guint32 b)
{
    gboolean near = TRUE;

    for (guint shift = 0; shift < 24; shift += 8)
        near &= ABS((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff)) <= 2;
    if (!near)
        g_assert_cmphex(a, ==, b);
}

/* Colours cover the frame, as opaque as they are told to be; what is nothing stays as it is. */
static void test_map(void)
{
    static const guint sizes[][2] = {{320, 180}, {321, 181}, {1920, 1080}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint w = sizes[i][0], h = sizes[i][1];
        g_autofree char *caps = caps_of("RGB", w, h);
        GstHarness *blended = overlay_new(NULL, NULL);

        gst_harness_set_src_caps_str(blended, caps);
        for (guint k = 0; k < 4; k++) {
            static const double opacities[] = {0.5, 1, 0, 0.25};
            static const guint32 left[] = {0xbf4040, 0xff0000, 0x808080, 0xa06060};
            static const guint32 right[] = {0x40bf40, 0x00ff00, 0x808080, 0x60a060};
            GstBuffer *in = fixture_frame(caps, 0);
            g_autoptr(GstBuffer) out = NULL;

            if (k > 0)
                g_object_set(blended->element, "map-opacity", opacities[k], NULL);
            add_map(in, k == 3 ? 255 : 2);
            out = pass(blended, in);
            assert_near(pixel(out, w, 1, h - 2), left[k]);
            assert_near(pixel(out, w, w - 1, 0), k == 3 ? 0x808080 : right[k]);
            assert_near(pixel(out, w, w - 1, h - 1), k == 3 ? 0x808080 : right[k]);
        }
        fixture_harness_free(blended);
    }
}

/* The legend has a patch in the colour of each class, and is as wide as it needs to be. */
static void test_legend(void)
{
    g_autofree char *caps = caps_of("RGB", 640, 360);
    GstHarness *h = composer_new(caps), *blended = overlay_new("map-opacity", 0.0, NULL);
    GstBuffer *in = fixture_frame(caps, 0);
    g_autoptr(GstBuffer) out = NULL;
    guint red = 0, green = 0;
    Place place;

    add_map(in, 255);
    out = pass(h, in);
    g_assert_cmpuint(check_inside(out, 640, 360), ==, 2);
    place = get_place(out, 0);
    g_assert_cmpuint(place.width, ==, 640);
    g_assert_cmpuint(place.height, ==, 360);
    place = get_place(out, 1);
    gst_buffer_unref(g_steal_pointer(&out));
    in = fixture_frame(caps, 0);
    add_map(in, 255);
    gst_harness_set_src_caps_str(blended, caps);
    out = pass(blended, in);
    for (guint y = 0; y < 360; y++)
        for (guint x = 0; x < 640; x++) {
            const guint32 rgb = pixel(out, 640, x, y);
            const gboolean is_red = rgb == 0xff0000, is_green = rgb == 0x00ff00;

            red += is_red;
            green += is_green;
            if (is_red || is_green)
                g_assert_true((int)x >= place.x && (int)y >= place.y &&
                              x < (guint)place.x + place.width &&
                              y < (guint)place.y + place.height);
        }
    g_assert_cmpuint(red, >, 20);
    g_assert_cmpuint(green, >, 20);
    fixture_harness_free(h);
    fixture_harness_free(blended);
}

/* A map is painted once, for as long as it is shown. */
static void test_map_kept(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    g_autoptr(GstBuffer) frame = fixture_frame(caps, 0);
    guint first = 0;

    add_map(frame, 2);
    for (guint i = 0; i < 4; i++) {
        GstBuffer *in = gst_buffer_copy(frame);
        g_autoptr(GstBuffer) out = NULL;

        if (i == 3) {
            gst_buffer_unref(in);
            in = fixture_frame(caps, 0);
            add_map(in, 2);
        }
        out = pass(h, in);
        if (i == 0)
            first = get_place(out, 0).seqnum;
        else
            g_assert_true((get_place(out, 0).seqnum == first) == (i < 3));
    }
    fixture_harness_free(h);
}

/* Maps that are none are not painted. */
static void test_bad_maps(void)
{
    static const int sizes[][2] = {{0, 0}, {1, 1}, {3, 1}, {-1, -2}, {G_MAXINT, G_MAXINT}};
    g_autofree char *caps = caps_of("I420", 64, 48);
    GstHarness *h = composer_new(caps);

    for (guint i = 0; i < G_N_ELEMENTS(sizes) + 3; i++) {
        GstBuffer *in = fixture_frame(caps, 0);
        g_autoptr(GstBuffer) out = NULL;
        GstStructure *s;
        gpointer state = NULL;

        add_map(in, 2);
        s = gst_custom_meta_get_structure((GstCustomMeta *)gst_buffer_iterate_meta_filtered(
            in, &state, vdt_result_meta_get_info()->api));
        if (i < G_N_ELEMENTS(sizes))
            gst_structure_set(s, "map-width", G_TYPE_INT, sizes[i][0], "map-height", G_TYPE_INT,
                              sizes[i][1], NULL);
        else if (i == G_N_ELEMENTS(sizes))
            gst_structure_set(s, "map", GST_TYPE_BUFFER, NULL, NULL);
        else if (i == G_N_ELEMENTS(sizes) + 1)
            gst_structure_set(s, "map", G_TYPE_STRING, "no map", NULL);
        else
            gst_structure_remove_field(s, "map");
        out = pass(h, in);
        g_assert_cmpuint(check_inside(out, 64, 48), <=, 1);
        g_assert_true(!get_composition(out) || get_place(out, 0).width < 64);
    }
    fixture_harness_free(h);
}

static void test_caps_change(void)
{
    static const guint sizes[][2] = {{640, 360}, {1920, 1080}, {320, 240}, {640, 360}};
    guint seqnums[G_N_ELEMENTS(sizes)];
    GstHarness *h = composer_new(CAPS_SMALL), *blended = overlay_new(NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *caps = caps_of(i % 2 ? "NV12" : "RGB", sizes[i][0], sizes[i][1]);
        g_autoptr(GstBuffer) out = NULL;
        guint inside, outside;
        Place place;

        gst_harness_set_src_caps_str(h, caps);
        gst_harness_set_src_caps_str(blended, caps);
        place = show_panel(h, caps, 0.8);
        out = pass(blended, frame_with_result(caps, 0.8));
        count_drawn_on(out, caps, &place, &inside, &outside);
        g_assert_cmpuint(inside, >, place.width * place.height * 9 / 10);
        g_assert_cmpuint(outside, ==, 0);
        seqnums[i] = place.seqnum;
        for (guint k = 0; k < i; k++)
            g_assert_cmpuint(seqnums[k], !=, place.seqnum);
    }
    fixture_harness_free(h);
    fixture_harness_free(blended);
}

/* Readable on small frames, and of the same share on large ones; as many lines as there is
 * room for. */
static void test_sizes(void)
{
    static const struct {
        guint width, height, least, most;
    } sizes[] = {{640, 52, 20, 36},
                 {320, 180, 62, 90},
                 {640, 360, 62, 90},
                 {1920, 1080, 130, 220},
                 {3840, 2160, 260, 440}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *caps = caps_of("I420", sizes[i].width, sizes[i].height);
        GstHarness *h = composer_new(caps);
        const Place place = show_panel(h, caps, 0.8);

        g_assert_cmpuint(place.height, >=, sizes[i].least);
        g_assert_cmpuint(place.height, <=, sizes[i].most);
        g_assert_cmpuint(place.width, >, place.height);
        g_assert_cmpuint(place.width, <=, sizes[i].width * 6 / 10);
        fixture_harness_free(h);
    }
}

/* Frames that are too small for anything. */
static void test_tiny(void)
{
    static const guint sizes[][2] = {{1, 1},   {2, 2},   {3, 5},     {16, 16},
                                     {64, 48}, {400, 8}, {8, 20000}, {20000, 8}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint width = sizes[i][0], height = sizes[i][1];
        g_autofree char *caps = caps_of("RGB", width, height);

        for (guint k = 0; k < 2; k++) {
            GstHarness *h = k ? composer_new(caps) : overlay_new("font-scale", 8.0, NULL);
            GstBuffer *in = frame_with_result(caps, 0.8);
            g_autoptr(GstBuffer) out = NULL;

            add_region(in, "person", 0, 0, width, height);
            gst_harness_set_src_caps_str(h, caps);
            out = pass(h, in);
            if (k)
                check_inside(out, width, height);
            fixture_harness_free(h);
        }
    }
}

/* Pixels that are twice as wide as high: half of them are as long. */
static void test_aspect(void)
{
    static const char plain[] = "video/x-raw, format=I420, width=1280, height=720, framerate=25/1";
    static const char wide[] = "video/x-raw, format=I420, width=640, height=720, framerate=25/1, "
                               "pixel-aspect-ratio=2/1";
    GstHarness *h = composer_new(plain);
    const Place a = show_panel(h, plain, 0.8);
    Place b;

    gst_harness_set_src_caps_str(h, wide);
    b = show_panel(h, wide, 0.8);
    g_assert_cmpuint(b.height, ==, a.height);
    g_assert_cmpint(ABS((int)b.width * 2 - (int)a.width), <=, 4);
    g_assert_cmpint(ABS(b.x * 2 - a.x), <=, 4);
    fixture_harness_free(h);
}

/* Nothing is drawn anew while what is shown stays the same. */
static void test_cache(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    g_autoptr(GstBuffer) first = pass(h, frame_with_result(caps, 0.801));
    g_autoptr(GstBuffer) same = pass(h, frame_with_result(caps, 0.804));
    g_autoptr(GstBuffer) other = NULL, nothing = NULL, moved = NULL, older = NULL, two = NULL;
    GstBuffer *in;

    g_assert_true(get_composition(first) == get_composition(same));

    /* frames without anything in between do not matter */
    nothing = pass(h, fixture_frame(caps, 0));
    g_assert_null(get_composition(nothing));
    g_assert_cmpuint(show_panel(h, caps, 0.8).seqnum, ==, get_place(first, 0).seqnum);

    /* what moves is placed anew, the panel is not */
    for (guint i = 0; i < 3; i++) {
        gst_clear_buffer(&moved);
        in = frame_with_result(caps, 0.8);
        add_region(in, "person", 100 + 10 * i, 100, 50, 80);
        moved = pass(h, in);
        g_assert_cmpuint(check_inside(moved, 640, 360), ==, 6);
        g_assert_cmpuint(get_place(moved, -1).seqnum, ==, get_place(first, 0).seqnum);
    }

    /* another score, another age, a second result */
    other = pass(h, frame_with_result(caps, 0.82));
    g_assert_cmpuint(get_place(other, 0).seqnum, !=, get_place(first, 0).seqnum);
    in = fixture_frame(caps, 0);
    add_result_of(in, "recognizer0", "action", 6 * GST_SECOND, 0.82, 3);
    older = pass(h, in);
    g_assert_cmpuint(get_place(older, 0).seqnum, !=, get_place(other, 0).seqnum);
    in = frame_with_result(caps, 0.82);
    add_result_of(in, "recognizer1", "action", 0, 0.5, 2);
    two = pass(h, in);
    g_assert_cmpuint(check_inside(two, 640, 360), ==, 2);
    g_assert_cmpint(get_place(two, 1).y, >=, get_place(two, 0).y + (int)get_place(two, 0).height);
    /* with names, now that there are two */
    g_assert_cmpuint(get_place(two, 0).height, >, get_place(other, 0).height);
    fixture_harness_free(h);
}

static void test_boxes(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    GstBuffer *in = fixture_frame(caps, 0);
    g_autoptr(GstBuffer) out = NULL;
    Place place;

    add_region(in, "person", 101, 101, 50, 80);
    out = pass(h, in);
    g_assert_cmpuint(check_inside(out, 640, 360), ==, 5);
    place = get_place(out, 0); /* the line above */
    g_assert_cmpint(place.x, ==, 100);
    g_assert_cmpint(place.y, ==, 100);
    g_assert_cmpuint(place.width, ==, 52);
    place = get_place(out, 1); /* below */
    g_assert_cmpint(place.y + (int)place.height, ==, 182);
    place = get_place(out, 3); /* on the right */
    g_assert_cmpint(place.x + (int)place.width, ==, 152);
    place = get_place(out, 4); /* the tag */
    g_assert_cmpint(place.x, ==, 100);
    g_assert_cmpint(place.y + (int)place.height, ==, 100);
    fixture_harness_free(h);
}

/* Regions that are not of this frame, in the blended frame too, where writing would go astray. */
static void test_boxes_outside(void)
{
    static const struct {
        guint x, y, width, height;
        guint line; /* how long the upper one is; 0: there is no box */
    } regions[] = {
        {0, 0, 640, 360, 640},     {0, 0, 1, 1, 6},
        {639, 359, 1, 1, 6},       {600, 300, 1000, 1000, 40},
        {640, 0, 10, 10, 0},       {0, 360, 10, 10, 0},
        {10, 10, 0, 5, 0},         {G_MAXUINT, G_MAXUINT, G_MAXUINT, G_MAXUINT, 0},
        {1, 1, G_MAXUINT, 3, 640}, {5, 5, 3, G_MAXUINT, 6},
        {620, 2, 15, 10, 16},      {0, 0, G_MAXUINT, G_MAXUINT, 640},
        {637, 100, 3, 200, 6},
    };
    g_autofree char *caps = caps_of("RGB", 640, 360);

    for (guint k = 0; k < 2; k++) {
        GstHarness *h = k ? composer_new(caps) : overlay_new(NULL, NULL);

        gst_harness_set_src_caps_str(h, caps);
        for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
            GstBuffer *in = fixture_frame(caps, 0);
            g_autoptr(GstBuffer) out = NULL;

            add_region(in, "vehicle", regions[i].x, regions[i].y, regions[i].width,
                       regions[i].height);
            out = pass(h, in);
            if (k && check_inside(out, 640, 360) > 0)
                g_assert_cmpuint(get_place(out, 0).width, ==, regions[i].line);
            else if (k)
                g_assert_cmpuint(regions[i].line, ==, 0);
        }
        fixture_harness_free(h);
    }
}

/* What detectors say of a region is on its tag: a longer text is a wider tag. */
static void test_tags(void)
{
    g_autofree char *caps = caps_of("I420", 1280, 720);
    GstHarness *h = composer_new(caps);
    guint width = 0;

    for (guint i = 0; i < 3; i++) {
        GstBuffer *in = fixture_frame(caps, 0);
        GstVideoRegionOfInterestMeta *region =
            gst_buffer_add_video_region_of_interest_meta(in, "person", 200, 200, 100, 100);
        g_autoptr(GstBuffer) out = NULL;

        if (i > 0)
            gst_video_region_of_interest_meta_add_param(
                region, gst_structure_new("detection", "confidence", G_TYPE_FLOAT, 0.5f, NULL));
        if (i > 1)
            gst_video_region_of_interest_meta_add_param(
                region, gst_structure_new("tracker", "label", G_TYPE_STRING, "known", NULL));
        out = pass(h, in);
        g_assert_cmpuint(get_place(out, 4).width, >, width);
        width = get_place(out, 4).width;
    }
    fixture_harness_free(h);
}

/* Structures that setters would not take: a value is changed behind their back. */
static void set_label(GstBuffer *buffer, const char *label)
{
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, VDT_RESULT_META_NAME);
    GstStructure *s = gst_custom_meta_get_structure(meta);
    const GValue *results = gst_structure_get_value(s, "results");
    const GValue *first = gst_value_array_get_value(results, 0);
    const GstStructure *result = gst_value_get_structure(first);

    g_value_set_string((GValue *)gst_structure_get_value(result, "label"), label);
}

static void test_hostile_text(void)
{
    static const char *const labels[] = {
        "",
        "\xff\xfe\x80",
        "cut \xe2\x82",
        "<b>not bold</b> &amp; <span",
        "a\nb\tc\rd\x01\x7f",
        "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae reversed",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80",
        "Z\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a",
    };
    g_autofree char *caps = caps_of("I420", 640, 360);
    g_autofree char *longest = g_strnfill(10000, 'W');
    g_autofree char *bytes = g_strnfill(10000, '\xf0');
    GstHarness *h = composer_new(caps);
    Place place = show_panel(h, caps, 0.5);
    const guint height = place.height;

    for (guint i = 0; i < G_N_ELEMENTS(labels) + 2; i++) {
        const char *label = i < G_N_ELEMENTS(labels)    ? labels[i]
                            : i == G_N_ELEMENTS(labels) ? longest
                                                        : bytes;
        GstBuffer *in = frame_with_result(caps, 0.5);
        g_autoptr(GstBuffer) out = NULL;

        set_label(in, label);
        add_region(in, *label ? label : "x", 300, 200, 100, 50);
        out = pass(h, in);
        check_inside(out, 640, 360);
        place = get_place(out, -1);
        /* one line each, though scripts differ in height */
        g_assert_cmpuint(place.height, <=, height * 3 / 2);
        g_assert_cmpuint(place.width, <=, 640 * 6 / 10);
    }
    fixture_harness_free(h);
}

static GstStructure *result_meta(GstBuffer *buffer)
{
    return gst_custom_meta_get_structure(gst_buffer_add_custom_meta(buffer, VDT_RESULT_META_NAME));
}

static void append_result(GValue *array, GstStructure *s)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, s);
    gst_value_array_append_and_take_value(array, &value);
}

/* A result whose structures are what @text says, one a line. */
static void add_odd_result(GstBuffer *buffer, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GstStructure *s = result_meta(buffer);
    GValue array = G_VALUE_INIT;

    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; lines[i]; i++)
        append_result(&array, *lines[i] ? gst_structure_new_from_string(lines[i]) : NULL);
    gst_structure_set(s, "kind", G_TYPE_STRING, "action", NULL);
    gst_structure_take_value(s, "results", &array);
}

static void test_hostile_fields(void)
{
    static const struct {
        const char *results;
        gboolean shown;
    } cases[] = {
        {"", FALSE},
        {"r", FALSE},
        {"r, score=(double)0.5", FALSE},
        {"r, label=(int)3", FALSE},
        {"r, label=(string)\"\"", FALSE},
        {"r, class-id=(string)three", FALSE},
        {"r, class-id=(int)-7", TRUE},
        {"r, label=(string)no-score", TRUE},
        {"r, label=(string)odd, score=(string)high", TRUE},
        {"r, label=(string)odd, score=(int)-2147483648", TRUE},
        {"r, label=(string)odd, score=(fraction)1/3", TRUE},
        {"r, label=(string)odd, score=(double)1e300", TRUE},
        {"r, label=(string)odd, score=(float)-1", TRUE},
        {"\n\nr, label=(string)third", TRUE},
    };
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstBuffer *in = fixture_frame(caps, 0);
        g_autoptr(GstBuffer) out = NULL;

        add_odd_result(in, cases[i].results);
        out = pass(h, in);
        g_assert_cmpuint(check_inside(out, 640, 360), ==, cases[i].shown ? 1 : 0);
    }
    fixture_harness_free(h);
}

static void test_hostile_scores(void)
{
    static const struct {
        double score;
        int percent;
    } cases[] = {{NAN, -1}, {INFINITY, 100}, {-INFINITY, 0}, {-0.0, 0}, {1e300, 100}, {0.005, 1}};
    g_autofree char *caps = caps_of("I420", 640, 360);
    g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);
    GstHarness *h = composer_new(caps);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GstBuffer) out = pass(h, frame_with_result(caps, cases[i].score));

        g_assert_cmpuint(check_inside(out, 640, 360), ==, 1);
        g_assert_true(vdt_overlay_show_gather(show, out, &(VdtOverlayLimits){1, 0, FALSE, FALSE}));
        g_assert_cmpint(show->panels[0].lines[0].percent, ==, cases[i].percent);
    }
    fixture_harness_free(h);
}

static void test_hostile_metas(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    GstBuffer *in = fixture_frame(caps, 0);
    GstBuffer *out;

    /* without any fields; with fields of other types */
    result_meta(in);
    gst_structure_set(result_meta(in), "kind", G_TYPE_STRING, "action", NULL);
    gst_structure_set(result_meta(in), "kind", G_TYPE_INT, 4, "results", G_TYPE_INT, 7, NULL);
    gst_structure_set(result_meta(in), "kind", G_TYPE_STRING, "action", "results", G_TYPE_STRING,
                      "none", "age", G_TYPE_STRING, "old", "element", G_TYPE_INT, 1, NULL);
    out = pass(h, in);
    g_assert_null(get_composition(out));
    gst_buffer_unref(out);

    /* thousands of results, in one meta and in as many metas; thousands of regions */
    in = fixture_frame(caps, 0);
    add_result_of(in, "recognizer0", "action", 0, 0.9, 5000);
    for (guint i = 0; i < 3000; i++) {
        add_result_of(in, "recognizer0", "action", 0, 0.9, 2);
        add_region(in, "person", i % 640, i % 360, 20, 20);
    }
    out = pass(h, in);
    g_assert_cmpuint(check_inside(out, 640, 360), >, 64);
    g_assert_cmpuint(check_inside(out, 640, 360), <=, 64 * 5 + 8);
    gst_buffer_unref(out);

    /* the last of thousands is the one that can be shown */
    in = fixture_frame(caps, 0);
    for (guint i = 0; i < 3000; i++)
        add_result_of(in, "new0", "telepathy", 0, 0.9, 2);
    add_result(in, 0.5);
    out = pass(h, in);
    g_assert_cmpuint(check_inside(out, 640, 360), ==, 1);
    gst_buffer_unref(out);
    fixture_harness_free(h);
}

/* Every kind that the meta knows is drawn by its labels. */
static void test_kinds(void)
{
    static const char *const kinds[] = {"action", "answer", "classification", "restoration",
                                        "segmentation"};
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        GstBuffer *in = fixture_frame(caps, 0);
        g_autoptr(GstBuffer) out = NULL;

        add_result_of(in, "element0", kinds[i], 0, 0.5, 2);
        out = pass(h, in);
        g_assert_cmpuint(check_inside(out, 640, 360), ==, 1);
    }
    fixture_harness_free(h);
}

static void test_properties(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    const Place first = show_panel(h, caps, 0.5);
    Place place;

    g_assert_cmpint(first.x, <, 20);
    g_assert_cmpint(first.y, <, 20);

    /* the other corners, with the same picture */
    for (int position = VDT_OVERLAY_TOP_LEFT; position <= VDT_OVERLAY_BOTTOM_RIGHT; position++) {
        const gboolean right = position & 1, bottom = position & 2;

        g_object_set(h->element, "position", position, NULL);
        place = show_panel(h, caps, 0.5);
        g_assert_cmpuint(place.width, ==, first.width);
        g_assert_cmpuint(place.height, ==, first.height);
        g_assert_cmpint(right ? 640 - place.x - (int)place.width : place.x, <, 20);
        g_assert_cmpint(bottom ? 360 - place.y - (int)place.height : place.y, <, 20);
    }

    g_object_set(h->element, "position", VDT_OVERLAY_TOP_LEFT, "opacity", 0.9, NULL);
    place = show_panel(h, caps, 0.5);
    g_assert_cmpuint(place.seqnum, !=, first.seqnum);
    g_assert_cmpuint(place.width, ==, first.width);

    g_object_set(h->element, "top-k", 1, NULL);
    place = show_panel(h, caps, 0.5);
    g_assert_cmpuint(place.height, <, first.height);

    g_object_set(h->element, "top-k", 3, "font-scale", 2.0, NULL);
    place = show_panel(h, caps, 0.5);
    g_assert_cmpuint(place.height, >, first.height * 3 / 2);
    fixture_harness_free(h);
}

/* By a controller, in stream time. */
static void test_controlled(void)
{
    g_autofree char *caps = caps_of("I420", 640, 360);
    GstHarness *h = composer_new(caps);
    GstControlSource *source = gst_interpolation_control_source_new();
    guint heights[2];

    g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
    g_assert_true(gst_object_add_control_binding(
        GST_OBJECT(h->element),
        gst_direct_control_binding_new_absolute(GST_OBJECT(h->element), "font-scale", source)));
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source), 0, 1);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source), GST_SECOND, 2);
    for (guint i = 0; i < 2; i++) {
        GstBuffer *in = frame_with_result(caps, 0.5);
        g_autoptr(GstBuffer) out = NULL;

        GST_BUFFER_PTS(in) = i * GST_SECOND;
        out = pass(h, in);
        heights[i] = get_place(out, 0).height;
    }
    g_assert_cmpuint(heights[1], >, heights[0] * 3 / 2);
    gst_object_unref(source);
    fixture_harness_free(h);
}

static void test_events(void)
{
    g_autofree char *caps = caps_of("I420", 320, 180);
    GstHarness *h = composer_new(caps);
    gboolean stopped = FALSE;
    GstSegment segment;
    GstEvent *event;

    gst_buffer_unref(pass(h, frame_with_result(caps, 0.5)));
    g_assert_true(gst_harness_push_event(h, gst_event_new_flush_start()));
    g_assert_true(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    g_assert_true(gst_harness_push_event(h, gst_event_new_segment(&segment)));
    gst_buffer_unref(pass(h, frame_with_result(caps, 0.5)));
    g_assert_true(gst_harness_push_event(h, gst_event_new_eos()));
    do {
        event = gst_harness_pull_event(h);
        g_assert_nonnull(event);
        stopped |= GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP;
        if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
            break;
        gst_event_unref(event);
    } while (TRUE);
    gst_event_unref(event);
    g_assert_true(stopped);

    fixture_harness_free(h);
}

/* Played twice; a warning, of caps for instance, ends the test. */
static void play_twice(const char *description)
{
    GstElement *pipeline = gst_parse_launch(description, NULL);

    for (guint i = 0; i < 2; i++) {
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        fixture_wait_eos(pipeline);
        gst_element_set_state(pipeline, GST_STATE_NULL);
    }
    gst_object_unref(pipeline);
}

static void test_pipelines(void)
{
    /* one after another */
    play_twice("vedette-scenesrc num-buffers=5 attach-truth=true ! "
               "video/x-raw,width=320,height=180 ! vedette-overlay ! videoconvert ! "
               "video/x-raw,format=I420 ! vedette-overlay ! fakesink");
    /* caps in an order of preference */
    play_twice("vedette-scenesrc num-buffers=3 attach-truth=true ! vedette-overlay ! videoscale ! "
               "video/x-raw,width=160 ! fakesink");
}

static void check_text(const char *before, gsize size, const char *from, const char *expected)
{
    char text[64];

    memset(text, '?', sizeof text);
    g_strlcpy(text, before, sizeof text);
    vdt_overlay_text_append(text, size, from);
    g_assert_cmpstr(text, ==, expected);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (gsize i = size; i < sizeof text; i++)
        g_assert_cmpint(text[i], ==, '?');
}

static void test_text(void)
{
    check_text("", 32, NULL, "");
    check_text("a", 32, "", "a");
    check_text("a", 32, "bc", "abc");
    check_text("", 32, "a\nb\x02", "a b ");
    check_text("", 32,
               "a\xff"
               "b",
               "a\xef\xbf\xbd"
               "b");
    check_text("", 32, "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
    check_text("", 9, "12345678", "12345678");
    check_text("", 9, "123456789", "12345\xe2\x80\xa6");
    /* never half a character */
    check_text("", 9, "1234\xc3\xa4\xc3\xa4\xc3\xa4", "1234\xe2\x80\xa6");
    check_text("1234567", 9, "89", "12345678");
    check_text("", 2, "\xc3\xa4", "");
}

/* What is compared has no bytes that were not set. */
static void test_show(void)
{
    g_autofree VdtOverlayShow *a = g_malloc(sizeof *a), *b = g_malloc(sizeof *b);
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    const VdtOverlayLimits limits = {3, 0, TRUE, TRUE, TRUE};

    memset(a, 0x55, sizeof *a);
    memset(b, 0xaa, sizeof *b);
    g_assert_false(vdt_overlay_show_gather(a, buffer, &limits));
    add_result(buffer, 0.51);
    add_region(buffer, "bag", 1, 2, 3, 4);
    g_assert_true(vdt_overlay_show_gather(a, buffer, &limits));
    g_assert_false(vdt_overlay_show_equal(a, b));
    g_assert_true(vdt_overlay_show_gather(b, buffer, &limits));
    g_assert_true(vdt_overlay_show_equal(a, b));
    g_assert_cmpuint(a->n_panels, ==, 1);
    g_assert_cmpuint(a->panels[0].n_lines, ==, 3);
    g_assert_cmpstr(a->panels[0].title, ==, "");
    g_assert_cmpstr(a->panels[0].lines[0].text, ==, "label 0");
    g_assert_cmpint(a->panels[0].lines[0].percent, ==, 51);
    g_assert_cmpint(a->panels[0].lines[1].percent, ==, 26);
    g_assert_false(a->panels[0].old);
    g_assert_cmpuint(a->n_boxes, ==, 1);
    g_assert_cmpstr(a->boxes[0].tag.text, ==, "bag");
    add_result_of(buffer, "recognizer7", "action", 6 * GST_SECOND, 0.5, 1);
    g_assert_true(vdt_overlay_show_gather(a, buffer, &limits));
    g_assert_false(vdt_overlay_show_equal(a, b));
    g_assert_cmpstr(a->panels[0].title, ==, "recognizer0");
    g_assert_cmpstr(a->panels[1].title, ==, "recognizer7");
    g_assert_true(a->panels[1].old);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/overlay/inspect", test_inspect);
    g_test_add_func("/overlay/text", test_text);
    g_test_add_func("/overlay/show", test_show);
    g_test_add_func("/overlay/blend", test_blend);
    g_test_add_func("/overlay/blend/exact", test_blend_exact);
    g_test_add_func("/overlay/blend/corners", test_blend_corners);
    g_test_add_func("/overlay/blend/strides", test_strides);
    g_test_add_func("/overlay/blend/shared", test_shared);
    g_test_add_func("/overlay/composition", test_composition);
    g_test_add_func("/overlay/composition/shared", test_composition_shared);
    g_test_add_func("/overlay/composition/merged", test_composition_merged);
    g_test_add_func("/overlay/negotiation", test_negotiation);
    g_test_add_func("/overlay/negotiation/forced", test_negotiation_forced);
    g_test_add_func("/overlay/negotiation/allocation", test_allocation);
    g_test_add_func("/overlay/nothing", test_nothing);
    g_test_add_func("/overlay/nothing/pool", test_nothing_of_pool);
    g_test_add_func("/overlay/map", test_map);
    g_test_add_func("/overlay/legend", test_legend);
    g_test_add_func("/overlay/map-kept", test_map_kept);
    g_test_add_func("/overlay/bad-maps", test_bad_maps);
    g_test_add_func("/overlay/caps-change", test_caps_change);
    g_test_add_func("/overlay/sizes", test_sizes);
    g_test_add_func("/overlay/sizes/tiny", test_tiny);
    g_test_add_func("/overlay/sizes/aspect", test_aspect);
    g_test_add_func("/overlay/cache", test_cache);
    g_test_add_func("/overlay/boxes", test_boxes);
    g_test_add_func("/overlay/boxes/outside", test_boxes_outside);
    g_test_add_func("/overlay/boxes/tags", test_tags);
    g_test_add_func("/overlay/hostile/text", test_hostile_text);
    g_test_add_func("/overlay/hostile/fields", test_hostile_fields);
    g_test_add_func("/overlay/hostile/scores", test_hostile_scores);
    g_test_add_func("/overlay/hostile/metas", test_hostile_metas);
    g_test_add_func("/overlay/kinds", test_kinds);
    g_test_add_func("/overlay/properties", test_properties);
    g_test_add_func("/overlay/controlled", test_controlled);
    g_test_add_func("/overlay/events", test_events);
    g_test_add_func("/overlay/pipelines", test_pipelines);
    return fixture_run();
}
