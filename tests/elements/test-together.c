/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several elements in one pipeline: what each found arrives, and is drawn where it belongs. */
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "street/truthmeta.h"

#define N_FRAMES 60
#define WIDTH    640
#define HEIGHT   360
/* Pixels: of a box on a frame of half the size. */
#define ROUNDING 4
/* A box of this size has lines, and the lines are not all of it. */
#define LARGE    24
/* Where a side may be. */
#define REACH    4

typedef struct {
    GMutex lock;
    GHashTable *plain; /* of PTS: the frame before the overlay */
    guint n_frames, n_boxes, n_both, n_other;
} Seen;

static GstPadProbeReturn keep(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    Seen *seen = data;

    g_mutex_lock(&seen->lock);
    g_hash_table_insert(seen->plain, GSIZE_TO_POINTER(GST_BUFFER_PTS(buffer)),
                        gst_buffer_copy_deep(buffer));
    g_mutex_unlock(&seen->lock);
    return GST_PAD_PROBE_OK;
}

/* Whether the truth has an object there. */
static gboolean is_true(GstBuffer *buffer, const GstVideoRegionOfInterestMeta *box)
{
    const GstCustomMeta *truth = gst_buffer_get_custom_meta(buffer, VDT_TRUTH_META_NAME);
    const GValue *objects;

    g_assert_nonnull(truth);
    objects =
        gst_structure_get_value(gst_custom_meta_get_structure((GstCustomMeta *)truth), "objects");
    for (guint i = 0; i < gst_value_array_get_size(objects); i++) {
        double x, y, width, height;

        gst_structure_get(gst_value_get_structure(gst_value_array_get_value(objects, i)), "x",
                          G_TYPE_DOUBLE, &x, "y", G_TYPE_DOUBLE, &y, "width", G_TYPE_DOUBLE, &width,
                          "height", G_TYPE_DOUBLE, &height, NULL);
        if (fabs(x * WIDTH - box->x) <= ROUNDING && fabs(y * HEIGHT - box->y) <= ROUNDING &&
            fabs(width * WIDTH - box->w) <= 2 * ROUNDING &&
            fabs(height * HEIGHT - box->h) <= 2 * ROUNDING)
            return TRUE;
    }
    return FALSE;
}

/* Whether something was drawn around pixel (x, y) of an I420 frame, in luma or in colour. */
static gboolean is_changed(const GstMapInfo *plain, const GstMapInfo *drawn, gsize x, gsize y)
{
    const gsize luma = y * WIDTH + x - REACH;
    const gsize chroma = WIDTH * HEIGHT + y / 2 * (WIDTH / 2) + (x - REACH) / 2;

    return memcmp(plain->data + luma, drawn->data + luma, 2 * REACH) != 0 ||
           memcmp(plain->data + chroma, drawn->data + chroma, REACH) != 0;
}

static void check_boxes(Seen *seen, GstBuffer *buffer, GstBuffer *before)
{
    gpointer state = NULL;
    GstMapInfo plain, drawn;
    GstMeta *meta;

    g_assert_true(gst_buffer_map(before, &plain, GST_MAP_READ));
    g_assert_true(gst_buffer_map(buffer, &drawn, GST_MAP_READ));
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        const GstVideoRegionOfInterestMeta *box = (GstVideoRegionOfInterestMeta *)meta;

        g_assert_true(is_true(buffer, box));
        if (box->w < LARGE || box->h < LARGE || box->x < REACH || box->x + box->w > WIDTH - REACH)
            continue;
        /* at its sides, half way down */
        g_assert_true(is_changed(&plain, &drawn, box->x, box->y + box->h / 2));
        g_assert_true(is_changed(&plain, &drawn, box->x + box->w, box->y + box->h / 2));
        seen->n_boxes++;
    }
    gst_buffer_unmap(buffer, &drawn);
    gst_buffer_unmap(before, &plain);
}

static GstPadProbeReturn check(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    Seen *seen = data;
    GstBuffer *before;

    g_mutex_lock(&seen->lock);
    before = g_hash_table_lookup(seen->plain, GSIZE_TO_POINTER(GST_BUFFER_PTS(buffer)));
    g_assert_nonnull(before);
    check_boxes(seen, buffer, before);
    seen->n_frames++;
    seen->n_both += fixture_meta(buffer, "whole") && fixture_meta(buffer, "half");
    g_assert_null(fixture_meta(buffer, "other"));
    g_mutex_unlock(&seen->lock);
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn check_other(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    Seen *seen = data;

    g_mutex_lock(&seen->lock);
    seen->n_other += fixture_meta(buffer, "other") != NULL;
    g_assert_null(fixture_meta(buffer, "whole"));
    g_assert_null(fixture_meta(buffer, "half"));
    g_mutex_unlock(&seen->lock);
    return GST_PAD_PROBE_OK;
}

/* Two analysers on one branch of a tee, one on the other; behind the two, the frame is scaled and
 * converted before it is drawn on. */
static void test_tee(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autofree char *launch = g_strdup_printf(
        "vedette-scenesrc num-buffers=%u seed=4 scene-offset=20000000000 attach-truth=true ! "
        "video/x-raw, width=320, height=180, framerate=25/1 ! tee name=t "
        "t. ! queue ! squeezetime-recognizer name=whole model=\"%s\" window=0.6 mode=exact ! "
        "squeezetime-recognizer name=half model=\"%s\" window=0.6 mode=exact "
        "region=\"<0.5, 0.0, 0.5, 1.0>\" ! videoscale ! videoconvert ! "
        "video/x-raw, format=I420, width=%u, height=%u ! vedette-overlay name=overlay ! "
        "fakesink name=drawn "
        "t. ! queue ! squeezetime-recognizer name=other model=\"%s\" window=0.6 mode=exact ! "
        "fakesink name=sink",
        N_FRAMES, card, card, WIDTH, HEIGHT, card);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);
    Seen seen = {.plain =
                     g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)gst_buffer_unref)};

    g_assert_no_error(error);
    g_mutex_init(&seen.lock);
    fixture_add_probe(pipeline, "overlay", "sink", keep, &seen);
    fixture_add_probe(pipeline, "drawn", "sink", check, &seen);
    fixture_add_probe(pipeline, "sink", "sink", check_other, &seen);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    fixture_wait_eos(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_assert_cmpuint(seen.n_frames, ==, N_FRAMES);
    g_assert_cmpuint(seen.n_boxes, >, N_FRAMES);
    g_assert_cmpuint(seen.n_both, >, N_FRAMES / 2);
    g_assert_cmpuint(seen.n_other, ==, seen.n_both);
    g_hash_table_unref(seen.plain);
    g_mutex_clear(&seen.lock);
    gst_object_unref(pipeline);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/together/tee", test_tee);
    return fixture_run();
}
