/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams whose frames lie on their side, and say so. */
#include <string.h>

#include "fixture.h"
#include "frame/orientation.h"

/* As large as the tiny networks' pictures, so that nothing is scaled. */
#define SIDE     64
#define CAPS     "video/x-raw, format=GRAY8, width=64, height=64, framerate=25/1"
#define FRAME    (GST_SECOND / 25)
#define N_FRAMES 40

static const char *const tags[] = {
    [GST_VIDEO_ORIENTATION_IDENTITY] = "rotate-0",
    [GST_VIDEO_ORIENTATION_90R] = "rotate-90",
    [GST_VIDEO_ORIENTATION_180] = "rotate-180",
    [GST_VIDEO_ORIENTATION_90L] = "rotate-270",
    [GST_VIDEO_ORIENTATION_HORIZ] = "flip-rotate-0",
    [GST_VIDEO_ORIENTATION_VERT] = "flip-rotate-180",
    [GST_VIDEO_ORIENTATION_UL_LR] = "flip-rotate-270",
    [GST_VIDEO_ORIENTATION_UR_LL] = "flip-rotate-90",
};

/* By hand: 0 1 2 over 3 4 5. */
static void test_turn(void)
{
    static const char *const turned[] = {"012345", "304152", "543210", "251403",
                                         "210543", "345012", "031425", "524130"};

    for (guint m = 0; m < G_N_ELEMENTS(turned); m++) {
        char to[7] = "", back[7] = "";
        const gboolean swaps = vdt_orientation_swaps(m);

        vdt_orientation_turn(m, "012345", 3, 2, 1, to);
        g_assert_cmpstr(to, ==, turned[m]);
        vdt_orientation_turn(vdt_orientation_inverse(m), to, swaps ? 2 : 3, swaps ? 3 : 2, 1, back);
        g_assert_cmpstr(back, ==, "012345");
    }
}

/* A picture with no symmetry, which goes on with @i. */
static void draw(guint8 pixels[SIDE * SIDE], guint i)
{
    for (guint y = 0; y < SIDE; y++)
        for (guint x = 0; x < SIDE; x++)
            pixels[y * SIDE + x] = (guint8)((x * x / 9 + 7 * (y / (5 + x / 8)) + 3 * i) * 5);
}

static GstHarness *start(const char *name, const char *model, const char *tag)
{
    g_autofree char *card = fixture_model(model);
    GstElement *element = gst_element_factory_make(name, NULL);
    GstHarness *h;

    g_object_set(element, "model", card, "interval", 0.0, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "exact");
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS);
    if (tag)
        gst_harness_push_event(
            h, gst_event_new_tag(gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, tag, NULL)));
    return h;
}

/* What comes out for picture @i, turned by @method before. */
static GstBuffer *pass(GstHarness *h, guint i, GstVideoOrientationMethod method)
{
    guint8 upright[SIDE * SIDE], lying[SIDE * SIDE];
    GstBuffer *frame = fixture_frame(CAPS, i * FRAME);

    draw(upright, i);
    vdt_orientation_turn(method, upright, SIDE, SIDE, 1, lying);
    gst_buffer_fill(frame, 0, lying, sizeof lying);
    gst_harness_push(h, frame);
    return gst_harness_pull(h);
}

static void get_map(GstBuffer *buffer, guint8 map[SIDE * SIDE])
{
    const GstStructure *s = fixture_meta(buffer, NULL);
    g_autoptr(GstBuffer) bytes = NULL;

    g_assert_true(s && gst_structure_get(s, "map", GST_TYPE_BUFFER, &bytes, NULL));
    g_assert_cmpuint(gst_buffer_extract(bytes, 0, map, SIDE * SIDE), ==, SIDE * SIDE);
}

/* The network sees the picture upright, and the map lies as the frame does. */
static void test_segmenter(void)
{
    guint8 upright[SIDE * SIDE];
    GstHarness *h = start("cgrseg-segmenter", "tiny-maps/card.json", NULL);
    GstBuffer *out = pass(h, 0, GST_VIDEO_ORIENTATION_IDENTITY);

    get_map(out, upright);
    gst_buffer_unref(out);
    fixture_harness_free(h);
    for (guint m = 0; m < G_N_ELEMENTS(tags); m++) {
        guint8 map[SIDE * SIDE], turned[SIDE * SIDE];
        guint n_other = 0;

        h = start("cgrseg-segmenter", "tiny-maps/card.json", tags[m]);
        out = pass(h, 0, vdt_orientation_inverse(m));
        get_map(out, map);
        vdt_orientation_turn(m, map, SIDE, SIDE, 1, turned);
        for (guint i = 0; i < SIDE * SIDE; i++)
            n_other += turned[i] != upright[i];
        g_assert_cmpuint(n_other, <, SIDE * SIDE / 100); /* where two classes are as likely */
        gst_buffer_unref(out);
        fixture_harness_free(h);
    }
}

/* The score of the best class once there is one. */
static double recognise(const char *tag, GstVideoOrientationMethod method)
{
    GstHarness *h = start("squeezetime-recognizer", "tiny/card.json", tag);
    const GstStructure *s = NULL;
    double score = 0;

    g_object_set(h->element, "window", 0.6, NULL);
    for (guint i = 0; i < N_FRAMES && score == 0; i++) {
        g_autoptr(GstBuffer) out = pass(h, i, method);

        s = fixture_meta(out, NULL);
        if (s)
            gst_structure_get_double(gst_value_get_structure(gst_value_array_get_value(
                                         gst_structure_get_value(s, "results"), 0)),
                                     "score", &score);
    }
    fixture_harness_free(h);
    return score;
}

static void test_recognizer(void)
{
    const double upright = recognise(NULL, GST_VIDEO_ORIENTATION_IDENTITY);

    g_assert_cmpfloat(upright, >, 0);
    for (guint m = 0; m < G_N_ELEMENTS(tags); m++)
        g_assert_cmpfloat_with_epsilon(recognise(tags[m], vdt_orientation_inverse(m)), upright,
                                       1e-4);
    /* or there would be nothing to be seen of it */
    g_assert_false(G_APPROX_VALUE(recognise(NULL, GST_VIDEO_ORIENTATION_90R), upright, 1e-4));
}

/* The tag is handed on, to masks too, and is another stream's no more. */
static void test_tags(void)
{
    GstHarness *h = start("cgrseg-segmenter", "tiny-maps/card.json", NULL);
    GstHarness *mask = gst_harness_new_with_element(h->element, NULL, "mask");
    GstHarness *both[] = {h, mask};
    guint8 before[SIDE * SIDE], after[SIDE * SIDE];
    GstBuffer *out;

    out = pass(h, 0, GST_VIDEO_ORIENTATION_IDENTITY);
    get_map(out, before);
    gst_buffer_unref(out);
    gst_harness_push_event(
        h, gst_event_new_tag(gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, "rotate-90", NULL)));
    gst_buffer_unref(pass(h, 1, GST_VIDEO_ORIENTATION_IDENTITY));
    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        g_autoptr(GstEvent) event = gst_pad_get_sticky_event(both[i]->sinkpad, GST_EVENT_TAG, 0);
        g_autofree char *how = NULL;
        GstTagList *list;

        g_assert_nonnull(event);
        gst_event_parse_tag(event, &list);
        g_assert_true(gst_tag_list_get_string(list, GST_TAG_IMAGE_ORIENTATION, &how));
        g_assert_cmpstr(how, ==, "rotate-90");
    }
    gst_harness_push_event(h, gst_event_new_stream_start("another"));
    gst_harness_set_src_caps_str(h, CAPS);
    out = pass(h, 0, GST_VIDEO_ORIENTATION_IDENTITY);
    get_map(out, after);
    g_assert_cmpmem(after, sizeof after, before, sizeof before);
    gst_buffer_unref(out);
    gst_harness_teardown(mask);
    fixture_harness_free(h);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/orientation/turn", test_turn);
    g_test_add_func("/orientation/segmenter", test_segmenter);
    g_test_add_func("/orientation/recognizer", test_recognizer);
    g_test_add_func("/orientation/tags", test_tags);
    return fixture_run();
}
