/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ipt-restorer: pixels in, pixels out. make-restorer.c says what its tasks do. */
#include <gst/video/video.h>
#include <string.h>

#include "enums.h"
#include "fixture.h"
#include "restore.h"

#define FRAME (40 * GST_MSECOND)
#define GREY  "video/x-raw, format=RGB, width=64, height=48, framerate=25/1"

static GstElement *restorer_new(const char *settings)
{
    g_autofree char *card = fixture_model("restorations/card.json");
    g_auto(GStrv) list = g_strsplit(settings, "|", -1);
    GstElement *element = gst_element_factory_make("ipt-restorer", NULL);

    g_object_set(element, "model", card, NULL);
    for (guint i = 0; list[i] && *list[i]; i++) {
        char *value = strchr(list[i], '=');

        *value++ = '\0';
        gst_util_set_object_arg(G_OBJECT(element), list[i], value);
    }
    return element;
}

/* One that gets frames of @caps. */
static GstHarness *harness_new(const char *settings, const char *caps)
{
    GstHarness *h = fixture_harness(restorer_new(settings));

    gst_harness_set_src_caps_str(h, caps);
    return h;
}

static GstBuffer *frame_new(const char *caps, GstClockTime pts, guint32 seed)
{
    GstBuffer *frame = fixture_frame(caps, pts);
    GRand *rand = g_rand_new_with_seed(seed);
    GstMapInfo map;

    gst_buffer_map(frame, &map, GST_MAP_WRITE);
    for (gsize i = 0; seed > 0 && i < map.size; i++)
        map.data[i] = (guint8)g_rand_int_range(rand, 0, 256);
    gst_buffer_unmap(frame, &map);
    g_rand_free(rand);
    return frame;
}

static GstBuffer *pass(GstHarness *h, GstBuffer *frame)
{
    GstBuffer *out;

    g_assert_cmpint(gst_harness_push(h, frame), ==, GST_FLOW_OK);
    out = gst_harness_pull(h);
    g_assert_nonnull(out);
    return out;
}

static void check_same(GstBuffer *a, GstBuffer *b, gboolean same)
{
    GstMapInfo m, n;

    gst_buffer_map(a, &m, GST_MAP_READ);
    gst_buffer_map(b, &n, GST_MAP_READ);
    g_assert_cmpuint(m.size, ==, n.size);
    g_assert_true((memcmp(m.data, n.data, m.size) == 0) == same);
    gst_buffer_unmap(a, &m);
    gst_buffer_unmap(b, &n);
}

/* The byte at @at; frames are contiguous. */
static guint byte_of(GstBuffer *frame, gsize at)
{
    guint8 byte = 0;

    g_assert_cmpuint(gst_buffer_extract(frame, at, &byte, 1), ==, 1);
    return byte;
}

/* What the meta says: "rain, dark", or why it was not restored. */
static void check_meta(GstBuffer *frame, const char *says)
{
    const GstStructure *s = fixture_meta(frame, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    const GValue *results;
    const char *why;
    gboolean altered;
    guint scale;

    g_assert_nonnull(s);
    g_assert_cmpstr(gst_structure_get_string(s, "kind"), ==, "restoration");
    g_assert_cmpstr(gst_structure_get_string(s, "model"), ==, "restorations");
    why = gst_structure_get_string(s, "why");
    results = gst_structure_get_value(s, "results");
    for (guint i = 0; i < gst_value_array_get_size(results); i++)
        g_string_append_printf(
            text, "%s%s", i ? ", " : "",
            gst_structure_get_string(gst_value_get_structure(gst_value_array_get_value(results, i)),
                                     "label"));
    if (why)
        g_string_append(text, why);
    g_assert_cmpstr(text->str, ==, says);
    g_assert_true(gst_structure_get(s, "altered", G_TYPE_BOOLEAN, &altered, "scale", G_TYPE_UINT,
                                    &scale, NULL));
    g_assert_true(altered == (!why || scale > 1));
}

/* A grey frame of 128 comes out as @level, and says so. */
static void check_grey(GstHarness *h, GstClockTime pts, guint level, const char *says)
{
    g_autoptr(GstBuffer) out = pass(h, fixture_frame(GREY, pts));

    g_assert_cmpuint(byte_of(out, 0), ==, level);
    g_assert_cmpuint(byte_of(out, gst_buffer_get_size(out) - 1), ==, level);
    g_assert_cmpuint(GST_BUFFER_PTS(out), ==, pts);
    check_meta(out, says);
}

/* --- Pixels --------------------------------------------------------------------------------- */

static const char *const formats[] = {"NV12", "NV21", "I420", "YV12", "RGB",
                                      "BGR",  "RGBx", "BGRx", "xRGB", "xBGR"};

/* Lighter by 20, of any size; tiles have 24. */
static void test_formats(void)
{
    static const int sizes[][2] = {{64, 48}, {63, 47}, {24, 24}, {23, 5}, {1, 1}, {2, 1}, {1, 7}};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        for (guint k = 0; k < G_N_ELEMENTS(sizes); k++) {
            g_autofree char *caps =
                g_strdup_printf("video/x-raw, format=%s, width=%d, height=%d, framerate=25/1",
                                formats[i], sizes[k][0], sizes[k][1]);
            GstHarness *h = harness_new("task=rain", caps);
            g_autoptr(GstBuffer) out = pass(h, fixture_frame(caps, 0));
            const gboolean yuv = i < 4;
            const guint x = strcmp(formats[i], "xRGB") == 0 || strcmp(formats[i], "xBGR") == 0;

            /* 20 of 255 levels are 17.2 of 219 */
            g_assert_cmpuint(byte_of(out, x), ==, yuv ? 128 + 17 : 148);
            if (yuv) /* chroma */
                g_assert_cmpuint(byte_of(out, gst_buffer_get_size(out) - 1), ==, 128);
            check_meta(out, "rain");
            fixture_harness_free(h);
        }
}

/* Where the network changes nothing, nothing changes. */
static void test_nothing_lost(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = g_strdup_printf(
            "video/x-raw, format=%s, width=50, height=34, framerate=25/1", formats[i]);
        GstHarness *h = harness_new("task=noise", caps);
        g_autoptr(GstBuffer) before = frame_new(caps, 0, 1 + i);
        g_autoptr(GstBuffer) out = pass(h, gst_buffer_copy_deep(before));

        check_same(before, out, TRUE);
        check_meta(out, "noise");
        fixture_harness_free(h);
    }
}

static void test_strength(void)
{
    GstHarness *h = harness_new("task=rain|strength=0.5", GREY);

    check_grey(h, 0, 138, "rain");
    g_object_set(h->element, "strength", 0.25, NULL);
    check_grey(h, FRAME, 133, "rain");
    g_object_set(h->element, "strength", 0.0, NULL);
    check_grey(h, 2 * FRAME, 128, "off");
    fixture_harness_free(h);
}

/* What passes is the same buffer, with the same memory. */
static void test_passing(void)
{
    GstHarness *h = harness_new("task=rain|mode=never", GREY);
    GstBuffer *in = frame_new(GREY, 0, 1), *out;
    g_autoptr(GstBuffer) before = gst_buffer_copy_deep(in);
    GstMemory *memory = gst_buffer_peek_memory(in, 0);

    out = pass(h, in);
    g_assert_true(out == in);
    g_assert_true(gst_buffer_peek_memory(out, 0) == memory);
    check_same(out, before, TRUE);
    check_meta(out, "off");
    gst_buffer_unref(out);
    /* somebody else has this one: he keeps it without the meta, and the memory is shared */
    in = frame_new(GREY, FRAME, 1);
    memory = gst_buffer_peek_memory(in, 0);
    out = pass(h, gst_buffer_ref(in));
    g_assert_true(gst_buffer_peek_memory(out, 0) == memory);
    g_assert_null(fixture_meta(in, NULL));
    gst_buffer_unref(out);
    gst_buffer_unref(in);
    g_assert_cmpuint(fixture_stat(h->element, "off"), ==, 2);
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 0);
    fixture_harness_free(h);
}

/* A frame that somebody else has is not altered for him. */
static void test_shared(void)
{
    GstHarness *h = harness_new("task=rain", GREY);
    g_autoptr(GstBuffer) in = fixture_frame(GREY, 0);
    g_autoptr(GstBuffer) out = pass(h, gst_buffer_ref(in));

    g_assert_cmpuint(byte_of(in, 0), ==, 128);
    g_assert_cmpuint(byte_of(out, 0), ==, 148);
    fixture_harness_free(h);
}

static void add_box(GstBuffer *frame, guint x, guint y, guint w, guint h)
{
    gst_buffer_add_video_region_of_interest_meta(frame, "thing", x, y, w, h);
}

/* What a network of any size makes of a picture, and no more than that. */
static void test_any_size(void)
{
    static const int sizes[][2] = {{64, 48}, {63, 47}, {8, 8}, {1, 1}, {3, 50}, {150, 90}};
    g_autofree char *card = fixture_model("live/card.json");
    g_autofree char *settings = g_strdup_printf("model=%s|task=rain", card);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = vdt_engine_get_shared(&(VdtEngineOptions){.model = card}, &error);
    g_autoptr(VdtRestorer) restorer = NULL;

    g_assert_no_error(error);
    restorer = vdt_restorer_new(engine, &(VdtRestorerOptions){0}, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint w = (guint)sizes[i][0], height = (guint)sizes[i][1], area = w * height;
        const gsize stride = GST_ROUND_UP_4(3 * w);
        const VdtRestoreRequest request = {.restoration = 1, .strength = 1};
        g_autofree char *caps = g_strdup_printf(
            "video/x-raw, format=RGB, width=%u, height=%u, framerate=25/1", w, height);
        GstHarness *h = harness_new(settings, caps);
        GstBuffer *in = frame_new(caps, 0, 1 + i);
        g_autofree float *picture = g_new(float, 3 * area), *result = g_new(float, 3 * area);
        g_autoptr(GstBuffer) out = NULL;
        guint changed = 0;

        for (guint p = 0; p < 3 * area; p++)
            picture[p] = (float)byte_of(in, p % area / w * stride + p % w * 3 + p / area);
        g_assert_true(vdt_restorer_run(restorer, &request, picture, w, height, result, NULL, NULL));
        out = pass(h, in);
        for (guint p = 0; p < 3 * area; p++) {
            const guint now = byte_of(out, p % area / w * stride + p % w * 3 + p / area);

            g_assert_cmpfloat_with_epsilon(now, CLAMP(result[p], 0, 255), 0.51);
            changed += now != (guint)picture[p];
        }
        g_assert_cmpuint(changed, >, 0);
        fixture_harness_free(h);
    }
}

/* A box of a frame is what it is in the whole, as far as the network sees. */
static void test_any_size_boxes(void)
{
    static const char *const caps =
        "video/x-raw, format=RGB, width=400, height=300, framerate=25/1";
    g_autofree char *card = fixture_model("live/card.json");
    g_autofree char *all = g_strdup_printf("model=%s|task=rain", card);
    g_autofree char *some = g_strconcat(all, "|restore=boxes", NULL);
    GstHarness *h = harness_new(all, caps), *boxes = harness_new(some, caps);
    g_autoptr(GstBuffer) before = frame_new(caps, 0, 5), whole = NULL, out = NULL;
    GstBuffer *in = gst_buffer_copy_deep(before);
    guint inside = 0;

    add_box(in, 160, 120, 48, 40);
    whole = pass(h, gst_buffer_copy_deep(before));
    out = pass(boxes, in);
    for (guint y = 0; y < 300; y++)
        for (guint x = 0; x < 400; x++) {
            const gboolean is_in = x >= 160 && x < 208 && y >= 120 && y < 160;
            const gsize at = (y * 400 + x) * 3;

            if (!is_in)
                g_assert_cmpuint(byte_of(out, at), ==, byte_of(before, at));
            else
                inside += abs((int)byte_of(out, at) - (int)byte_of(whole, at)) <= 2;
        }
    g_assert_cmpuint(inside, >=, 48 * 40 * 95 / 100);
    fixture_harness_free(h);
    fixture_harness_free(boxes);
}

/* --- What is done --------------------------------------------------------------------------- */

static void test_tasks(void)
{
    GstHarness *h = harness_new("", GREY);

    check_grey(h, 0, 128, "noise"); /* what it does by itself */
    g_object_set(h->element, "task", "dark", NULL);
    for (guint i = 1; i < 500 && fixture_stat(h->element, "restored") == i; i++) {
        g_autoptr(GstBuffer) out = pass(h, fixture_frame(GREY, i * FRAME));

        if (byte_of(out, 0) == 64)
            break;
        check_meta(out, "noise"); /* it goes on until the other one is there */
        g_usleep(1000);
    }
    check_grey(h, 1000 * FRAME, 64, "dark");
    /* one that there is not changes nothing, and is told */
    g_object_set(h->element, "task", "fog", NULL);
    {
        g_autofree char *text = fixture_wait_warning(fixture_bus(h));

        g_assert_nonnull(strstr(text, "no task \"fog\", but these: x2, noise, rain, dark, blur"));
    }
    check_grey(h, 1001 * FRAME, 64, "dark");
    fixture_harness_free(h);
}

static void check_no_start(const char *settings, const char *says)
{
    GstElement *element = gst_object_ref_sink(restorer_new(settings));
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autofree char *text = NULL;

    gst_element_set_bus(element, bus);
    g_assert_cmpint(gst_element_set_state(element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    text = fixture_error(bus, GST_MESSAGE_ERROR, NULL);
    g_assert_nonnull(text);
    if (!strstr(text, says))
        g_error("\"%s\" does not say \"%s\"", text, says);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(element);
}

static void test_no_start(void)
{
    g_autofree char *classes = fixture_model("classes/card.json");
    g_autofree char *other = g_strconcat("model=", classes, NULL);
    g_autofree char *estimator = g_strconcat("task=auto|estimator=", classes, NULL);

    check_no_start("task=fog", "no task \"fog\"");
    check_no_start("model=nosuch", "nosuch");
    check_no_start(other, "this element runs ipt");
    check_no_start("task=auto|estimator=nosuch", "nosuch");
    check_no_start("mode=auto|estimator=nosuch", "nosuch");
    check_no_start(estimator, "not asked \"restoration\"");
}

static void check_instruction(const char *instruction, guint level, const char *says)
{
    g_autofree char *settings = g_strconcat("instruction=", instruction, NULL);
    GstHarness *h = harness_new(settings, GREY);

    check_grey(h, 0, level, says);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    fixture_harness_free(h);
}

static void test_instructions(void)
{
    check_instruction("remove the rain", 148, "rain");
    /* the order matters: 128 + 20, halved; 128 halved, + 20 */
    check_instruction("remove the rain and brighten it", 74, "rain, dark");
    check_instruction("brighten it, then remove the rain", 84, "dark, rain");
}

/* Is told once, and changes nothing. */
static void test_no_instruction(void)
{
    static const char *const bad[] = {"how is the weather?",
                                      "remove the haze", /* which this model cannot do */
                                      "don't remove the rain",
                                      "quita la lluvia, por favor",
                                      "   ",
                                      "\001",
                                      ""};
    GstHarness *h = harness_new("instruction=how is the weather?", GREY);
    g_autofree char *text = fixture_wait_warning(fixture_bus(h));

    g_assert_nonnull(strstr(text, "\"how is the weather?\" changes nothing"));
    check_grey(h, 0, 128, "no-task");
    g_object_set(h->element, "precision", 0, NULL); /* another network */
    for (guint i = 0; i < 20; i++) {
        check_grey(h, (1 + i) * FRAME, 128, "no-task");
        g_usleep(2000);
    }
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    fixture_harness_free(h);

    /* the task holds, or what was done before */
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *warning = NULL;

        h = harness_new("task=rain", GREY);
        check_grey(h, 0, 148, "rain");
        g_object_set(h->element, "instruction", bad[i], NULL);
        if (*bad[i]) {
            warning = fixture_wait_warning(fixture_bus(h));
            g_assert_nonnull(strstr(warning, "changes nothing"));
        }
        check_grey(h, FRAME, 148, "rain");
        check_grey(h, 2 * FRAME, 148, "rain");
        fixture_harness_free(h);
    }
}

/* One that is very long. */
static void test_long_instruction(void)
{
    GstElement *element = restorer_new("task=rain");
    g_autofree char *text = g_strnfill(100000, 'a'), *warning = NULL;
    GstHarness *h;

    g_object_set(element, "instruction", text, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, GREY);
    warning = fixture_wait_warning(fixture_bus(h));
    g_assert_nonnull(strstr(warning, "4096"));
    g_assert_cmpuint(strlen(warning), <, 1000);
    check_grey(h, 0, 148, "rain");
    fixture_harness_free(h);
}

/* Weights that are damaged: frames pass, which is warned of, once, and counted. */
static void test_damaged(void)
{
    g_autofree char *dir = fixture_model("damaged-restorations"), *text = NULL, *bytes = NULL;
    g_autofree char *from = fixture_model("restorations/card.json");
    g_autofree char *weights = fixture_model("restorations/weights.safetensors");
    g_autofree char *card = g_build_filename(dir, "card.json", NULL);
    g_autofree char *to = g_build_filename(dir, "weights.safetensors", NULL), *warning = NULL;
    g_autofree char *settings = g_strdup_printf("model=%s|task=rain", card);
    GstHarness *h;
    gsize size;

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_assert_true(g_file_get_contents(from, &text, NULL, NULL));
    g_assert_true(g_file_set_contents(card, text, -1, NULL));
    g_assert_true(g_file_get_contents(weights, &bytes, &size, NULL));
    fixture_damage(bytes, size, "tail.2.1", "weight");
    fixture_damage(bytes, size, "head.2.0", "weight");
    g_assert_true(g_file_set_contents(to, bytes, (gssize)size, NULL));
    h = harness_new(settings, GREY);
    check_grey(h, 0, 128, "invalid");
    check_grey(h, FRAME, 128, "invalid");
    warning = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);
    g_assert_nonnull(strstr(warning, "no numbers"));
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    fixture_harness_free(h);
}

/* --- Which frames --------------------------------------------------------------------------- */

static void test_on_demand(void)
{
    GstHarness *h = harness_new("task=rain|mode=on-demand", GREY);
    GstMessage *message;
    const GstStructure *s;
    GstClockTime timestamp;

    check_grey(h, 0, 128, "not-asked");
    g_signal_emit_by_name(h->element, "restore-still");
    check_grey(h, FRAME, 148, "rain");
    check_grey(h, 2 * FRAME, 128, "not-asked");
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, &message), ==, 1);
    s = gst_message_get_structure(message);
    g_assert_true(gst_structure_has_name(s, "ipt-restorer"));
    g_assert_cmpstr(gst_structure_get_string(s, "event"), ==, "still");
    g_assert_true(gst_structure_get_uint64(s, "timestamp", &timestamp));
    g_assert_cmpuint(timestamp, ==, FRAME);
    gst_message_unref(message);
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 1);
    g_assert_cmpuint(fixture_stat(h->element, "not-asked"), ==, 2);
    fixture_harness_free(h);
}

/* A gap is of no interest. */
static void test_gap(void)
{
    GstHarness *h = harness_new("task=rain", GREY);
    GstBuffer *in = fixture_frame(GREY, 0);
    g_autoptr(GstBuffer) out = NULL;

    GST_BUFFER_FLAG_SET(in, GST_BUFFER_FLAG_GAP);
    out = pass(h, in);
    g_assert_cmpuint(byte_of(out, 0), ==, 128);
    check_meta(out, "gap");
    fixture_harness_free(h);
}

/* A frame of one strong colour, 0 to 2. */
static GstBuffer *coloured(guint colour, GstClockTime pts)
{
    GstBuffer *frame = fixture_frame(GREY, pts);
    GstMapInfo map;

    gst_buffer_map(frame, &map, GST_MAP_WRITE);
    for (gsize i = 0; i < map.size; i++)
        map.data[i] = i % 3 == colour ? 220 : 20;
    gst_buffer_unmap(frame, &map);
    return frame;
}

/* @n frames of a colour; what the last of them is said to be. */
static void play(GstHarness *h, guint colour, GstClockTime *now, guint n, const char *says)
{
    for (guint i = 0; i < n; i++, *now += FRAME) {
        GstBuffer *in = coloured(colour, *now);
        g_autoptr(GstBuffer) before = gst_buffer_copy_deep(in);
        g_autoptr(GstBuffer) out = pass(h, in);

        if (gst_structure_has_field(fixture_meta(out, NULL), "why"))
            check_same(before, out, TRUE); /* bit for bit */
        if (i + 1 == n)
            check_meta(out, says);
    }
}

static void test_auto(void)
{
    g_autofree char *card = fixture_estimator();
    g_autofree char *any = g_strconcat("interval=0.04|task=auto|estimator=", card, NULL);
    g_autofree char *one = g_strconcat("interval=0|task=dark|mode=auto|estimator=", card, NULL);
    GstHarness *h = harness_new(any, GREY);
    GstClockTime now = 0;

    play(h, 2, &now, 10, "clean");
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 0);
    play(h, 0, &now, 1, "clean"); /* one alone is nothing */
    play(h, 0, &now, 5, "rain");
    play(h, 1, &now, 10, "dark");
    play(h, 2, &now, 10, "clean");
    fixture_harness_free(h);

    h = harness_new(one, GREY);
    now = 0;
    play(h, 0, &now, 10, "clean"); /* it rains, but that is not the task */
    play(h, 1, &now, 10, "dark");
    play(h, 2, &now, 10, "clean");
    fixture_harness_free(h);
}

/* --- What of a frame ------------------------------------------------------------------------ */

/* Pixel @x, @y of a grey frame of 64 x 48. */
static guint pixel(GstBuffer *frame, guint x, guint y)
{
    return byte_of(frame, (y * 64 + x) * 3);
}

/* Which pixels were made lighter. */
static void check_pixels(GstBuffer *frame, gboolean (*inside)(guint x, guint y))
{
    for (guint y = 0; y < 48; y++)
        for (guint x = 0; x < 64; x++)
            g_assert_cmpuint(pixel(frame, x, y), ==, inside(x, y) ? 148 : 128);
}

static gboolean in_region(guint x, guint y)
{
    return x >= 16 && x < 48 && y >= 12 && y < 24;
}

static void test_region(void)
{
    GstHarness *h = harness_new("task=rain|region=<0.25, 0.25, 0.5, 0.25>", GREY);
    g_autoptr(GstBuffer) out = pass(h, fixture_frame(GREY, 0));
    const GValue *areas = gst_structure_get_value(fixture_meta(out, NULL), "areas");
    const GstStructure *area;
    g_autofree char *text = NULL;
    double x, width;

    check_pixels(out, in_region);
    g_assert_cmpuint(gst_value_array_get_size(areas), ==, 1);
    area = gst_value_get_structure(gst_value_array_get_value(areas, 0));
    g_assert_true(
        gst_structure_get(area, "x", G_TYPE_DOUBLE, &x, "width", G_TYPE_DOUBLE, &width, NULL));
    g_assert_cmpfloat(x, ==, 0.25);
    g_assert_cmpfloat(width, ==, 0.5);
    gst_util_set_object_arg(G_OBJECT(h->element), "region", "<0.5, 0.5, 0.6, 0.6>");
    text = fixture_wait_warning(fixture_bus(h));
    g_assert_nonnull(strstr(text, "region stays as it was"));
    fixture_harness_free(h);
}

static gboolean in_boxes(guint x, guint y)
{
    return (x >= 5 && x < 25 && y >= 5 && y < 25) || (x >= 15 && x < 35 && y >= 15 && y < 35) ||
           (x >= 60 && y >= 40);
}

/* Boxes may overlap, and reach beyond the frame. */
static void test_boxes(void)
{
    GstHarness *h = harness_new("task=rain|restore=boxes", GREY);
    GstBuffer *in = fixture_frame(GREY, 0);
    g_autoptr(GstBuffer) out = NULL, none = NULL;

    add_box(in, 5, 5, 20, 20);
    add_box(in, 15, 15, 20, 20);
    add_box(in, 60, 40, 100, G_MAXUINT);
    add_box(in, 10, 10, 5, 0);
    add_box(in, 1000, 10, 5, 5);
    out = pass(h, in);
    check_pixels(out, in_boxes);
    check_meta(out, "rain");
    g_assert_cmpuint(
        gst_value_array_get_size(gst_structure_get_value(fixture_meta(out, NULL), "areas")), ==, 3);
    g_assert_cmpuint(fixture_stat(h->element, "boxes"), ==, 3);
    none = pass(h, fixture_frame(GREY, FRAME));
    check_meta(none, "no-boxes");
    fixture_harness_free(h);
}

static gboolean in_first(guint x, guint y)
{
    return x >= 5 && x < 25 && y >= 5 && y < 25;
}

static void test_max_boxes(void)
{
    GstHarness *h = harness_new("task=rain|restore=boxes|max-boxes=1", GREY);
    GstBuffer *in = fixture_frame(GREY, 0);
    g_autoptr(GstBuffer) out = NULL;

    add_box(in, 5, 5, 20, 20);
    add_box(in, 15, 15, 20, 20);
    out = pass(h, in);
    check_pixels(out, in_first);
    g_assert_cmpuint(fixture_stat(h->element, "left-out"), ==, 1);
    fixture_harness_free(h);
}

/* Boxes of a frame that is large to them: squares, and what is between. */
static void test_large(void)
{
    static const char *const caps =
        "video/x-raw, format=NV12, width=1000, height=700, framerate=25/1";
    static const guint boxes[][4] = {{0, 0, 20, 20}, {300, 100, 200, 300}, {990, 690, 10, 10}};
    GstHarness *h = harness_new("task=rain|restore=boxes", caps);
    GstBuffer *in = fixture_frame(caps, 0);
    g_autoptr(GstBuffer) out = NULL;
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(boxes); i++)
        add_box(in, boxes[i][0], boxes[i][1], boxes[i][2], boxes[i][3]);
    out = pass(h, in);
    for (guint y = 0; y < 700; y++)
        for (guint x = 0; x < 1000; x++)
            n += byte_of(out, y * 1000 + x) == 145;
    for (guint i = 0; i < G_N_ELEMENTS(boxes); i++) {
        g_assert_cmpuint(byte_of(out, boxes[i][1] * 1000 + boxes[i][0]), ==, 145);
        n -= boxes[i][2] * boxes[i][3];
    }
    g_assert_cmpuint(n, ==, 0);
    fixture_harness_free(h);
}

/* So many boxes that the whole frame is looked at: what is between them stays all the same. */
static void test_many(void)
{
    static const char *const caps =
        "video/x-raw, format=NV12, width=320, height=240, framerate=25/1";
    GstHarness *h = harness_new("task=rain|restore=boxes|max-boxes=500", caps);
    GstBuffer *in = fixture_frame(caps, 0);
    g_autoptr(GstBuffer) out = NULL;

    for (guint i = 0; i < 100; i++)
        add_box(in, i % 10 * 32, i / 10 * 24, 20, 10);
    out = pass(h, in);
    for (guint y = 0; y < 240; y++)
        for (guint x = 0; x < 320; x++)
            g_assert_cmpuint(byte_of(out, y * 320 + x), ==, x % 32 < 20 && y % 24 < 10 ? 145 : 128);
    fixture_harness_free(h);
}

/* The same of frames that get larger: boxes are as the network makes them, pixel by pixel, the rest
 * lies between its pixels. */
static void test_larger_boxes(void)
{
    static const guint n_boxes[] = {1, 60};

    for (guint t = 0; t < G_N_ELEMENTS(n_boxes); t++) {
        GstHarness *h = harness_new("task=x2|restore=boxes", GREY);
        GstBuffer *in = fixture_frame(GREY, 0);
        g_autoptr(GstBuffer) out = NULL;

        gst_buffer_memset(in, (20 * 64 + 30) * 3, 228, 3); /* two pixels, one of them in a box */
        gst_buffer_memset(in, (20 * 64 + 50) * 3, 228, 3);
        for (guint i = 0; i < n_boxes[t]; i++)
            add_box(in, i % 40, 16, 1, 8);
        add_box(in, 24, 16, 8, 8);
        out = pass(h, in);
        g_assert_cmpuint(byte_of(out, (40 * 128 + 60) * 3), ==, 228);
        g_assert_cmpuint(byte_of(out, (40 * 128 + 59) * 3), ==, 128);
        g_assert_cmpuint(byte_of(out, (40 * 128 + 99) * 3), >, 128);
        check_meta(out, "x2");
        fixture_harness_free(h);
    }
}

/* Variance of the bytes of a frame of noise around 128. */
static double variance_of(GstBuffer *frame)
{
    GstMapInfo map;
    double sum = 0;

    gst_buffer_map(frame, &map, GST_MAP_READ);
    for (gsize i = 0; i < map.size; i++)
        sum += (map.data[i] - 128.0) * (map.data[i] - 128.0);
    gst_buffer_unmap(frame, &map);
    return sum / (double)gst_buffer_get_size(frame);
}

/* About Gaussian, of 10 levels. */
static GstBuffer *noise_new(guint32 seed, GstClockTime pts)
{
    GstBuffer *frame = fixture_frame(GREY, pts);
    GRand *rand = g_rand_new_with_seed(seed);
    GstMapInfo map;

    gst_buffer_map(frame, &map, GST_MAP_WRITE);
    for (gsize i = 0; i < map.size; i++) {
        int sum = 0;

        for (guint k = 0; k < 12; k++)
            sum += g_rand_int_range(rand, -5, 6);
        map.data[i] = (guint8)(128 + sum * 10 / 11);
    }
    gst_buffer_unmap(frame, &map);
    g_rand_free(rand);
    return frame;
}

/* Frames of a camera that stands still are made one, with less noise; a flush ends that. */
static void test_gather(void)
{
    GstHarness *h = harness_new("task=noise|gather=16", GREY);
    GstSegment segment;

    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < 12; i++) {
            GstBuffer *in = noise_new(100 * round + i + 1, i * FRAME);
            const double before = variance_of(in);
            g_autoptr(GstBuffer) out = pass(h, in);
            double gathered;

            g_assert_true(gst_structure_get_double(fixture_meta(out, NULL), "gathered", &gathered));
            if (i == 0) {
                g_assert_cmpfloat(gathered, ==, 0);
                g_assert_cmpfloat_with_epsilon(variance_of(out), before, 1e-3);
            }
            if (i == 11) {
                g_assert_cmpfloat(gathered, >, 0.7);
                g_assert_cmpfloat(variance_of(out), <, before / 3);
            }
        }
        gst_harness_push_event(h, gst_event_new_flush_start());
        gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_harness_push_event(h, gst_event_new_segment(&segment));
    }
    g_object_set(h->element, "gather", 0, NULL);
    {
        g_autoptr(GstBuffer) out = pass(h, noise_new(7, 0));

        g_assert_false(gst_structure_has_field(fixture_meta(out, NULL), "gathered"));
        g_assert_cmpfloat(variance_of(out), >, 50);
    }
    fixture_harness_free(h);
}

/* What cannot be seen of a frame stays as it is. */
static void test_crop(void)
{
    GstHarness *h = harness_new("task=rain", GREY);
    GstBuffer *in = fixture_frame(GREY, 0);
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(in);
    g_autoptr(GstBuffer) out = NULL;

    crop->x = 16;
    crop->y = 12;
    crop->width = 32;
    crop->height = 12;
    out = pass(h, in);
    check_pixels(out, in_region);
    fixture_harness_free(h);
}

/* --- Larger frames -------------------------------------------------------------------------- */

static void check_out_caps(GstHarness *h, int width, int height)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(h->sinkpad);
    GstVideoInfo info;

    g_assert_true(gst_video_info_from_caps(&info, caps));
    g_assert_cmpint(info.width, ==, width);
    g_assert_cmpint(info.height, ==, height);
}

static void test_larger(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = g_strdup_printf(
            "video/x-raw, format=%s, width=31, height=23, framerate=25/1", formats[i]);
        GstHarness *h = harness_new("task=x2", caps);
        GstBuffer *in = fixture_frame(caps, FRAME);
        GstVideoRegionOfInterestMeta *box;
        g_autoptr(GstBuffer) out = NULL;
        GstVideoInfo info;
        g_autoptr(GstCaps) got = NULL;

        GST_BUFFER_DURATION(in) = FRAME;
        add_box(in, 3, 4, 10, 12);
        out = pass(h, in);
        check_out_caps(h, 62, 46);
        got = gst_pad_get_current_caps(h->sinkpad);
        gst_video_info_from_caps(&info, got);
        g_assert_cmpuint(gst_buffer_get_size(out), ==, info.size);
        g_assert_cmpuint(GST_BUFFER_PTS(out), ==, FRAME);
        g_assert_cmpuint(GST_BUFFER_DURATION(out), ==, FRAME);
        g_assert_cmpuint(byte_of(out, 1), ==, 128);
        box = gst_buffer_get_video_region_of_interest_meta_id(out, 0);
        g_assert_nonnull(box);
        g_assert_cmpuint(box->x, ==, 6);
        g_assert_cmpuint(box->h, ==, 24);
        check_meta(out, "x2");
        fixture_harness_free(h);
    }
}

/* Each pixel becomes four. */
static void test_larger_pixels(void)
{
    GstHarness *h = harness_new("task=x2", GREY);
    GstBuffer *in = frame_new(GREY, 0, 7);
    g_autoptr(GstBuffer) before = gst_buffer_copy_deep(in), out = pass(h, in);

    for (guint y = 0; y < 96; y++)
        for (guint x = 0; x < 128; x++)
            g_assert_cmpuint(byte_of(out, (y * 128 + x) * 3), ==, pixel(before, x / 2, y / 2));
    fixture_harness_free(h);
}

/* Frames that are not restored get larger all the same, until mode=never says otherwise. */
static void test_larger_passing(void)
{
    GstHarness *h = harness_new("task=x2|mode=on-demand", GREY);
    g_autoptr(GstBuffer) first = pass(h, fixture_frame(GREY, 0)), second = NULL, third = NULL;

    check_out_caps(h, 128, 96);
    check_meta(first, "not-asked");
    g_assert_cmpuint(byte_of(first, 500), ==, 128);
    g_object_set(h->element, "mode", VDT_RESTORE_NEVER, NULL);
    second = pass(h, fixture_frame(GREY, FRAME));
    check_out_caps(h, 64, 48);
    check_meta(second, "off");
    g_object_set(h->element, "mode", VDT_RESTORE_ALWAYS, NULL);
    third = pass(h, fixture_frame(GREY, 2 * FRAME));
    check_out_caps(h, 128, 96);
    check_meta(third, "x2");
    fixture_harness_free(h);
}

/* Sets the other mode, once caps are known. */
static GstPadProbeReturn toggle(GstPad *pad, GstPadProbeInfo *info, gpointer element)
{
    int mode;

    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_CAPS)
        return GST_PAD_PROBE_OK;
    g_object_get(element, "mode", &mode, NULL);
    g_object_set(element, "mode",
                 mode == VDT_RESTORE_NEVER ? VDT_RESTORE_ALWAYS : VDT_RESTORE_NEVER, NULL);
    return GST_PAD_PROBE_OK;
}

/* A frame is as large as it was when its size was negotiated, whatever is set meanwhile. */
static void test_toggling(void)
{
    GstHarness *h = harness_new("task=x2", GREY);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(h->element, "src");

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, toggle, h->element, NULL);
    g_object_set(h->element, "mode", VDT_RESTORE_NEVER, NULL);
    for (guint i = 1; i < 7; i++) {
        g_autoptr(GstBuffer) out = pass(h, fixture_frame(GREY, i * FRAME));
        const gsize size = gst_buffer_get_size(out);

        g_assert_cmpuint(size, ==, (i % 2 ? 1 : 4) * 64 * 48 * 3);
        g_assert_cmpuint(byte_of(out, size / 2), ==, 128);
        check_meta(out, i % 2 ? "off" : "x2");
    }
    fixture_harness_free(h);
}

/* What is downstream can say how large frames are; what is upstream hears what fits. */
static void test_negotiation(void)
{
    GstElement *element = restorer_new("task=x2");
    GstHarness *h = fixture_harness(element);
    g_autoptr(GstCaps) caps = NULL, filter = gst_caps_from_string("video/x-raw, format=RGB");
    const GstStructure *s;
    int width;

    gst_harness_set_sink_caps_str(h, "video/x-raw, format=RGB, width=128, height=[ 1, 99 ]");
    caps = gst_pad_peer_query_caps(h->srcpad, filter);
    g_assert_cmpuint(gst_caps_get_size(caps), ==, 1);
    s = gst_caps_get_structure(caps, 0);
    g_assert_true(gst_structure_get_int(s, "width", &width));
    g_assert_cmpint(width, ==, 64);
    g_assert_cmpint(gst_value_get_int_range_max(gst_structure_get_value(s, "height")), ==, 49);
    gst_harness_set_sink_caps_str(h, "video/x-raw, format=RGB, width=127, height=96");
    gst_caps_unref(caps);
    caps = gst_pad_peer_query_caps(h->srcpad, filter);
    g_assert_true(gst_caps_is_empty(caps));
    fixture_harness_free(h);
}

/* Elements are linked before anybody knows what is done. */
static void test_linking(void)
{
    g_autofree char *card = fixture_model("restorations/card.json");
    g_autofree char *launch = g_strdup_printf(
        "vedette-scenesrc num-buffers=3 ! video/x-raw, width=64, height=36 ! videoconvert ! "
        "ipt-restorer model=%s task=x2 ! video/x-raw, width=128, height=72 ! fakesink",
        card);

    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        GstElement *pipeline = gst_parse_launch(launch, &error);

        g_assert_no_error(error);
        for (guint k = 0; k < 2; k++) {
            gst_element_set_state(pipeline, GST_STATE_PLAYING);
            fixture_wait_eos(pipeline);
            gst_element_set_state(pipeline, GST_STATE_NULL);
        }
        gst_object_unref(pipeline);
    }
}

/* --- The original --------------------------------------------------------------------------- */

static GstEventType next_event(GstHarness *h)
{
    g_autoptr(GstEvent) event = gst_harness_try_pull_event(h);

    return event ? GST_EVENT_TYPE(event) : GST_EVENT_UNKNOWN;
}

static void check_original(GstHarness *h, GstHarness *original, GstClockTime pts)
{
    GstBuffer *in = frame_new(GREY, pts, 9);
    GstMemory *memory = gst_buffer_peek_memory(in, 0);
    g_autoptr(GstBuffer) before = gst_buffer_copy_deep(in), out = pass(h, in), kept = NULL;

    kept = gst_harness_pull(original);
    g_assert_true(gst_buffer_peek_memory(kept, 0) == memory);
    check_same(kept, before, TRUE);
    check_same(out, before, FALSE);
    g_assert_cmpuint(GST_BUFFER_PTS(kept), ==, pts);
    g_assert_null(fixture_meta(kept, NULL));
}

static void test_original(void)
{
    GstHarness *h = harness_new("task=rain", GREY), *original;
    GstSegment segment;

    check_grey(h, 0, 148, "rain"); /* without anybody there */
    original = gst_harness_new_with_element(h->element, NULL, "original");
    check_original(h, original, FRAME);
    g_assert_cmpint(next_event(original), ==, GST_EVENT_STREAM_START);
    g_assert_cmpint(next_event(original), ==, GST_EVENT_CAPS);
    g_assert_cmpint(next_event(original), ==, GST_EVENT_SEGMENT);
    g_assert_cmpint(next_event(original), ==, GST_EVENT_UNKNOWN);
    /* there is one */
    g_assert_null(gst_element_request_pad(
        h->element, gst_element_get_pad_template(h->element, "original"), NULL, NULL));
    gst_harness_push_event(h, gst_event_new_flush_start());
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    g_assert_cmpint(next_event(original), ==, GST_EVENT_FLUSH_START);
    g_assert_cmpint(next_event(original), ==, GST_EVENT_FLUSH_STOP);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    check_original(h, original, 2 * FRAME);
    g_assert_cmpint(next_event(original), ==, GST_EVENT_SEGMENT);
    gst_harness_push_event(h, gst_event_new_eos());
    g_assert_cmpint(next_event(original), ==, GST_EVENT_EOS);
    gst_harness_teardown(original);
    fixture_harness_free(h);
}

/* --- The stream ----------------------------------------------------------------------------- */

/* Other sizes and formats, one after the other. */
static void test_renegotiation(void)
{
    GstHarness *h = harness_new("task=rain", GREY);

    for (guint i = 0; i < 8; i++) {
        g_autofree char *caps =
            g_strdup_printf("video/x-raw, format=%s, width=%u, height=%u, framerate=25/1",
                            formats[i], 20 + 17 * i, 90 - 11 * i);
        g_autoptr(GstBuffer) out = NULL;

        gst_harness_set_src_caps_str(h, caps);
        out = pass(h, fixture_frame(caps, i * FRAME));
        check_out_caps(h, (int)(20 + 17 * i), (int)(90 - 11 * i));
        g_assert_cmpuint(byte_of(out, 0), ==, i < 4 ? 145 : 148);
    }
    fixture_harness_free(h);
}

static void test_flush(void)
{
    GstHarness *h = harness_new("task=rain", GREY);
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    for (guint i = 0; i < 5; i++) {
        check_grey(h, i * FRAME, 148, "rain");
        gst_harness_push_event(h, gst_event_new_flush_start());
        gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
        gst_harness_push_event(h, gst_event_new_segment(&segment));
    }
    gst_harness_push_event(h, gst_event_new_eos());
    fixture_harness_free(h);
}

/* Frames without a time, in a segment without times, and played backwards. */
static void test_times(void)
{
    GstHarness *h = harness_new("task=rain|budget=1000|interval=0", GREY);
    GstSegment segment;

    check_grey(h, GST_CLOCK_TIME_NONE, 148, "rain");
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    check_grey(h, FRAME, 148, "rain");
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1;
    segment.stop = 10 * FRAME;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    check_grey(h, 3 * FRAME, 148, "rain");
    check_grey(h, 2 * FRAME, 148, "rain");
    fixture_harness_free(h);
}

static gpointer push_one(gpointer h)
{
    return GINT_TO_POINTER(gst_harness_push(h, fixture_frame(GREY, 0)));
}

/* Stopped or flushed while a frame is on its way, nothing hangs. */
static void test_interrupted(void)
{
    for (guint i = 0; i < 40; i++) {
        GstHarness *h = harness_new("task=rain", GREY);
        GThread *thread = g_thread_new("push", push_one, h);

        g_usleep(i * 100);
        if (i % 2)
            gst_harness_push_event(h, gst_event_new_flush_start());
        else
            gst_element_set_state(h->element, GST_STATE_READY);
        {
            const GstFlowReturn flow = GPOINTER_TO_INT(g_thread_join(thread));

            g_assert_true(flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING);
        }
        g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ERROR, NULL), ==, 0);
        if (i % 2)
            gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
        fixture_harness_free(h);
    }
}

/* Again and again from the beginning. */
static void test_states(void)
{
    GstHarness *h = harness_new("task=rain", GREY);

    for (guint i = 0; i < 3; i++) {
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, GREY);
        check_grey(h, 0, 148, "rain");
        g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 1);
        gst_element_set_state(h->element, GST_STATE_NULL);
    }
    fixture_harness_free(h);
}

/* What a property was set to is what it says. */
static void test_properties(void)
{
    GstElement *element = gst_object_ref_sink(restorer_new(""));
    g_autofree char *task = NULL, *instruction = NULL, *estimator = NULL;
    double strength, budget, interval;
    guint max_boxes, gather;
    int mode, what;

    g_object_set(element, "task", "a", "instruction", "b", "estimator", "c", "mode",
                 VDT_RESTORE_AUTO, "restore", VDT_RESTORE_BOXES, "max-boxes", 7, "strength", 0.5,
                 "budget", 12.5, "interval", 3.0, "gather", 5, NULL);
    g_object_get(element, "task", &task, "instruction", &instruction, "estimator", &estimator,
                 "mode", &mode, "restore", &what, "max-boxes", &max_boxes, "strength", &strength,
                 "budget", &budget, "interval", &interval, "gather", &gather, NULL);
    g_assert_cmpuint(gather, ==, 5);
    g_assert_cmpstr(task, ==, "a");
    g_assert_cmpstr(instruction, ==, "b");
    g_assert_cmpstr(estimator, ==, "c");
    g_assert_cmpint(mode, ==, VDT_RESTORE_AUTO);
    g_assert_cmpint(what, ==, VDT_RESTORE_BOXES);
    g_assert_cmpuint(max_boxes, ==, 7);
    g_assert_cmpfloat(strength, ==, 0.5);
    g_assert_cmpfloat(budget, ==, 12.5);
    g_assert_cmpfloat(interval, ==, 3);
    gst_object_unref(element);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/restorer/formats", test_formats);
    g_test_add_func("/restorer/nothing-lost", test_nothing_lost);
    g_test_add_func("/restorer/any-size", test_any_size);
    g_test_add_func("/restorer/any-size/boxes", test_any_size_boxes);
    g_test_add_func("/restorer/strength", test_strength);
    g_test_add_func("/restorer/passing", test_passing);
    g_test_add_func("/restorer/shared", test_shared);
    g_test_add_func("/restorer/tasks", test_tasks);
    g_test_add_func("/restorer/no-start", test_no_start);
    g_test_add_func("/restorer/instructions", test_instructions);
    g_test_add_func("/restorer/no-instruction", test_no_instruction);
    g_test_add_func("/restorer/long-instruction", test_long_instruction);
    g_test_add_func("/restorer/damaged", test_damaged);
    g_test_add_func("/restorer/on-demand", test_on_demand);
    g_test_add_func("/restorer/gap", test_gap);
    g_test_add_func("/restorer/auto", test_auto);
    g_test_add_func("/restorer/region", test_region);
    g_test_add_func("/restorer/boxes", test_boxes);
    g_test_add_func("/restorer/max-boxes", test_max_boxes);
    g_test_add_func("/restorer/large", test_large);
    g_test_add_func("/restorer/many", test_many);
    g_test_add_func("/restorer/larger-boxes", test_larger_boxes);
    g_test_add_func("/restorer/gather", test_gather);
    g_test_add_func("/restorer/crop", test_crop);
    g_test_add_func("/restorer/larger", test_larger);
    g_test_add_func("/restorer/larger-pixels", test_larger_pixels);
    g_test_add_func("/restorer/larger-passing", test_larger_passing);
    g_test_add_func("/restorer/toggling", test_toggling);
    g_test_add_func("/restorer/negotiation", test_negotiation);
    g_test_add_func("/restorer/linking", test_linking);
    g_test_add_func("/restorer/original", test_original);
    g_test_add_func("/restorer/renegotiation", test_renegotiation);
    g_test_add_func("/restorer/times", test_times);
    g_test_add_func("/restorer/flush", test_flush);
    g_test_add_func("/restorer/interrupted", test_interrupted);
    g_test_add_func("/restorer/states", test_states);
    g_test_add_func("/restorer/properties", test_properties);
    return fixture_run();
}
