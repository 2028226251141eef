/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What vedette-scenesrc tells about what it shows, in metas, in a file and in messages, is what the
 * street says. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "analyzer/eventjson.h"
#include "scenes.h"
#include "street/truthmeta.h"

static const GstStructure *truth_of(GstBuffer *buffer)
{
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, VDT_TRUTH_META_NAME);

    return meta ? gst_custom_meta_get_structure(meta) : NULL;
}

static void check_object(const GstStructure *s, const VdtStreetObject *object)
{
    double x, y, width, height;
    gboolean main_actor;
    guint64 id;

    g_assert_true(gst_structure_get(s, "id", G_TYPE_UINT64, &id, "main", G_TYPE_BOOLEAN,
                                    &main_actor, "x", G_TYPE_DOUBLE, &x, "y", G_TYPE_DOUBLE, &y,
                                    "width", G_TYPE_DOUBLE, &width, "height", G_TYPE_DOUBLE,
                                    &height, NULL));
    g_assert_cmpuint(id, ==, object->id);
    g_assert_cmpint(main_actor, ==, object->main);
    g_assert_cmpfloat(x, ==, object->x);
    g_assert_cmpfloat(y, ==, object->y);
    g_assert_cmpfloat(width, ==, object->width);
    g_assert_cmpfloat(height, ==, object->height);
    g_assert_cmpstr(gst_structure_get_string(s, "kind"), ==, vdt_street_class_name(object->kind));
    g_assert_cmpstr(gst_structure_get_string(s, "action"), ==,
                    vdt_street_action_name(object->action));
}

/* Region @n is object @n; rounding is of pixels of the frame that was drawn. */
static void check_region(GstVideoRegionOfInterestMeta *region, const GArray *objects, guint width,
                         guint height, guint n)
{
    const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, n);
    const GstStructure *s;
    guint64 id;

    g_assert_cmpuint(n, <, objects->len);
    g_assert_cmpint(region->id, ==, (int)(guint32)object->id);
    g_assert_cmpstr(g_quark_to_string(region->roi_type), ==, vdt_street_class_name(object->kind));
    g_assert_cmpfloat_with_epsilon(region->x, object->x * width, 1 + width / WIDTH);
    g_assert_cmpfloat_with_epsilon(region->y, object->y * height, 1 + height / HEIGHT);
    g_assert_cmpfloat_with_epsilon(region->w, object->width * width, 2 + 2 * width / WIDTH);
    g_assert_cmpfloat_with_epsilon(region->h, object->height * height, 2 + 2 * height / HEIGHT);
    if (width != WIDTH)
        return; /* scaled: GStreamer 1.22 loses params */
    s = gst_video_region_of_interest_meta_get_param(region, "vedette-truth");
    g_assert_true(gst_structure_get_uint64(s, "id", &id));
    g_assert_cmpuint(id, ==, object->id);
    g_assert_cmpstr(gst_structure_get_string(s, "action"), ==,
                    vdt_street_action_name(object->action));
}

/* The metas say what the street says, for a frame of this size. */
static void check_metas(GstBuffer *buffer, VdtStreet *street, gint64 time, guint width,
                        guint height)
{
    g_autoptr(GArray) events = vdt_street_get_events(street, time, time + 1);
    g_autoptr(GArray) objects = vdt_street_get_objects(street, time, (double)WIDTH / HEIGHT);
    const GstStructure *s = truth_of(buffer), *conditions;
    const GValue *array;
    guint64 scene_time;
    guint version, n = 0;
    gpointer state = NULL;
    GstMeta *meta;
    double night;

    g_assert_nonnull(s);
    gst_structure_get(s, "scene-time", G_TYPE_UINT64, &scene_time, "world-version", G_TYPE_UINT,
                      &version, NULL);
    g_assert_cmpuint(scene_time, ==, time);
    g_assert_cmpuint(version, ==, VDT_STREET_VERSION);
    conditions = gst_value_get_structure(gst_structure_get_value(s, "conditions"));
    g_assert_true(gst_structure_get_double(conditions, "night", &night));
    g_assert_cmpfloat(night, ==, 0.75);
    array = gst_structure_get_value(s, "events");
    g_assert_cmpuint(gst_value_array_get_size(array), ==, events->len);
    for (guint i = 0; i < events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, i);
        const GstStructure *e = gst_value_get_structure(gst_value_array_get_value(array, i));
        guint64 id, start, end;

        gst_structure_get(e, "id", G_TYPE_UINT64, &id, "start", G_TYPE_UINT64, &start, "end",
                          G_TYPE_UINT64, &end, NULL);
        g_assert_cmpuint(id, ==, event->id);
        g_assert_cmpuint(start, ==, event->start);
        g_assert_cmpuint(end, ==, event->end);
        g_assert_cmpstr(gst_structure_get_string(e, "label"), ==,
                        vdt_street_action_name(event->action));
    }
    array = gst_structure_get_value(s, "objects");
    g_assert_cmpuint(gst_value_array_get_size(array), ==, objects->len);
    for (guint i = 0; i < objects->len; i++)
        check_object(gst_value_get_structure(gst_value_array_get_value(array, i)),
                     &g_array_index(objects, VdtStreetObject, i));
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
        check_region((GstVideoRegionOfInterestMeta *)meta, objects, width, height, n++);
    g_assert_cmpuint(n, ==, objects->len);
}

static void test_metas(void)
{
    const VdtStreetConditions conditions = {.night = 0.75};
    g_autoptr(VdtStreet) street = street_new(&conditions);
    GstHarness *h = play(source_new("num-buffers", 20, "night", 0.75, "attach-truth", TRUE),
                         "video/x-raw, width=64, height=36, framerate=2/1");

    for (guint n = 0; n < 20; n++) {
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

        check_metas(buffer, street, n * 500 * GST_MSECOND, WIDTH, HEIGHT);
    }
    fixture_harness_free(h);

    h = play(source_new("num-buffers", 1), CAPS);
    {
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

        g_assert_null(truth_of(buffer));
    }
    fixture_harness_free(h);
}

/* Through a tee, another format and another size. */
static void test_metas_survive(void)
{
    const VdtStreetConditions conditions = {.night = 0.75};
    g_autoptr(VdtStreet) street = street_new(&conditions);
    GstHarness *h = gst_harness_new_parse(
        "vedette-scenesrc seed=7 num-buffers=8 night=0.75 attach-truth=true ! "
        "video/x-raw,width=64,height=36,framerate=1/1 ! tee name=t ! queue ! fakesink async=false "
        "t. ! queue ! videoconvert ! videoscale ! capsfilter "
        "caps=\"video/x-raw,format=I420,width=320,height=180\"");

    gst_harness_play(h);
    for (guint n = 0; n < 8; n++) {
        g_autoptr(GstBuffer) buffer = gst_harness_pull(h);

        check_metas(buffer, street, n * GST_SECOND, 320, 180);
    }
    gst_harness_teardown(h);
}

/* The lines of a file, the last of which is whole. */
static GPtrArray *read_lines(const char *path)
{
    GPtrArray *objects = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(g_str_has_suffix(text, "}\n"));
    lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(*line, &error);

        g_assert_no_error(error);
        g_ptr_array_add(objects, json_node_dup_object(node));
    }
    return objects;
}

static void check_json_frame(JsonObject *line, VdtStreet *street)
{
    const gint64 time = json_object_get_int_member(line, "time_ns");
    g_autoptr(GArray) objects = vdt_street_get_objects(street, time, (double)WIDTH / HEIGHT);
    JsonArray *array = json_object_get_array_member(line, "objects");

    g_assert_cmpuint(json_array_get_length(array), ==, objects->len);
    for (guint i = 0; i < objects->len; i++) {
        const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, i);
        JsonObject *o = json_array_get_object_element(array, i);
        JsonArray *box = json_object_get_array_member(o, "box");
        g_autofree char *id = g_strdup_printf("%" G_GUINT64_FORMAT, object->id);

        g_assert_cmpstr(json_object_get_string_member(o, "id"), ==, id);
        g_assert_cmpstr(json_object_get_string_member(o, "kind"), ==,
                        vdt_street_class_name(object->kind));
        g_assert_cmpstr(json_object_get_string_member(o, "action"), ==,
                        vdt_street_action_name(object->action));
        g_assert_cmpint(json_object_get_boolean_member(o, "main"), ==, object->main);
        g_assert_cmpfloat(json_array_get_double_element(box, 0), ==, object->x);
        g_assert_cmpfloat(json_array_get_double_element(box, 3), ==, object->height);
    }
}

static void test_file(void)
{
    g_autofree char *dir = g_dir_make_tmp("vedette-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "truth.jsonl", NULL);
    g_autoptr(VdtStreet) street = street_new(NULL);
    g_autoptr(GArray) events =
        vdt_street_get_events(street, 10 * GST_SECOND, 29 * GST_SECOND + 500 * GST_MSECOND + 1);
    g_autoptr(GPtrArray) lines = NULL;
    guint n_frames = 0, n_events = 0;
    GstHarness *h = play(source_new("num-buffers", 40, "truth-location", path, "truth-interval",
                                    GST_SECOND, "scene-offset", 10 * GST_SECOND),
                         "video/x-raw, width=64, height=36, framerate=2/1");

    g_assert_true(wait_eos(h));
    /* it is all there before the source is stopped */
    lines = read_lines(path);
    for (guint i = 0; i < lines->len; i++) {
        JsonObject *line = g_ptr_array_index(lines, i);
        const char *type = json_object_get_string_member(line, "type");

        if (i == 0) {
            g_assert_cmpstr(type, ==, "scene");
            g_assert_cmpstr(json_object_get_string_member(line, "seed"), ==, "7");
            g_assert_cmpint(json_object_get_int_member(line, "width"), ==, WIDTH);
            g_assert_cmpint(json_object_get_int_member(line, "world_version"), ==,
                            VDT_STREET_VERSION);
        } else if (strcmp(type, "frame") == 0) {
            g_assert_cmpint(json_object_get_int_member(line, "time_ns"), ==,
                            (10 + n_frames++) * GST_SECOND);
            check_json_frame(line, street);
        } else {
            const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, n_events++);

            g_assert_cmpstr(type, ==, "event");
            g_assert_cmpuint(n_events, <=, events->len);
            g_assert_cmpstr(json_object_get_string_member(line, "label"), ==,
                            vdt_street_action_name(event->action));
            g_assert_cmpint(json_object_get_int_member(line, "start_ns"), ==, event->start);
            g_assert_cmpint(json_object_get_int_member(line, "end_ns"), ==, event->end);
        }
    }
    g_assert_cmpuint(n_frames, ==, 20);
    g_assert_cmpuint(n_events, ==, events->len);
    g_assert_cmpuint(n_events, >, 1);
    fixture_harness_free(h);
    g_unlink(path);
    g_rmdir(dir);
}

/* A file that cannot be opened, then one that can, with the same element. */
static void test_file_errors(void)
{
    g_autofree char *dir = g_dir_make_tmp("vedette-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "truth.jsonl", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GstBus) bus = gst_bus_new();
    GstElement *source = source_new("num-buffers", 3, "truth-location", "/nonexistent/truth");
    int code;

    gst_object_ref_sink(source);
    gst_element_set_bus(source, bus);
    g_assert_cmpint(gst_element_set_state(source, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    text = fixture_error(bus, GST_MESSAGE_ERROR, &code);
    g_assert_cmpint(code, ==, GST_RESOURCE_ERROR_OPEN_WRITE);
    g_assert_nonnull(strstr(text, "/nonexistent/truth"));
    g_assert_cmpint(gst_element_set_state(source, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);

    g_object_set(source, "truth-location", path, NULL);
    g_assert_cmpint(gst_element_set_state(source, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
    g_assert_cmpint(gst_element_set_state(source, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    gst_element_set_bus(source, NULL);
    gst_object_unref(source);
    g_unlink(path);
    g_rmdir(dir);
}

/* The disk is full: the stream ends with an error that names the file. */
static void test_file_full(void)
{
    GstHarness *h = play(source_new("num-buffers", 3, "truth-location", "/dev/full"), CAPS);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(fixture_bus(h), 20 * GST_SECOND, GST_MESSAGE_ERROR);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(message);
    gst_message_parse_error(message, &error, NULL);
    g_assert_error(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
    g_assert_nonnull(strstr(error->message, "/dev/full"));
    g_assert_null(gst_harness_try_pull(h));
    fixture_harness_free(h);
}

/* Every event starts and ends on the bus, the last one with the stream. */
static void test_messages(void)
{
    g_autoptr(VdtStreet) street = street_new(NULL);
    g_autoptr(GArray) events = vdt_street_get_events(street, 0, 120 * GST_SECOND);
    const VdtStreetEvent *last = &g_array_index(events, VdtStreetEvent, 2);
    /* The last frame is in the middle of the third event; no event is shorter than a frame. */
    const GstClockTime frame = GST_SECOND / 4;
    const guint n = (guint)((last->start + last->end) / 2 / frame) + 1;
    g_autoptr(GHashTable) going = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GstHarness *h = play(source_new("num-buffers", n, "post-messages", TRUE),
                         "video/x-raw, width=64, height=36, framerate=4/1");
    GstMessage *message;
    guint n_starts = 0;

    g_assert_cmpuint(events->len, >=, 3);
    g_assert_cmpint(last->end, >, (n - 1) * frame);
    g_assert_true(wait_eos(h));
    while ((message = gst_bus_pop_filtered(fixture_bus(h), GST_MESSAGE_ELEMENT))) {
        const GstStructure *s = gst_message_get_structure(message);
        const char *id = gst_structure_get_string(s, "id");
        g_autofree char *json = vdt_event_to_json(message, "test", NULL);
        guint64 timestamp, stream_time, start, end;

        g_assert_true(gst_structure_has_name(s, "vedette-scenesrc"));
        g_assert_nonnull(strstr(json, "\"type\":\"action\""));
        g_assert_cmpint(gst_structure_get(s, "timestamp", G_TYPE_UINT64, &timestamp, "stream-time",
                                          G_TYPE_UINT64, &stream_time, "scene-start", G_TYPE_UINT64,
                                          &start, "scene-end", G_TYPE_UINT64, &end, NULL),
                        ==, TRUE);
        g_assert_cmpuint(timestamp, ==, stream_time);
        if (g_strcmp0(gst_structure_get_string(s, "event"), "start") == 0) {
            g_assert_true(g_hash_table_add(going, g_strdup(id)));
            g_assert_cmpuint(timestamp, >=, start);
            g_assert_cmpuint(timestamp, <, start + frame);
            n_starts++;
        } else {
            g_assert_cmpstr(gst_structure_get_string(s, "event"), ==, "end");
            g_assert_true(g_hash_table_remove(going, id));
            g_assert_true(timestamp >= end || timestamp == n * frame);
        }
        gst_message_unref(message);
    }
    g_assert_cmpuint(g_hash_table_size(going), ==, 0);
    g_assert_cmpuint(n_starts, ==, 3);
    fixture_harness_free(h);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/truth/metas", test_metas);
    g_test_add_func("/truth/metas-survive", test_metas_survive);
    g_test_add_func("/truth/file", test_file);
    g_test_add_func("/truth/file-errors", test_file_errors);
    g_test_add_func("/truth/file-full", test_file_full);
    g_test_add_func("/truth/messages", test_messages);
    return fixture_run();
}
