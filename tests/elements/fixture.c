/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "analyzer/arrays.h"
#include "analyzer/resultmeta.h"
#include "classifier/slabclassifier.h"
#include "overlay/overlay.h"
#include "recognizer/squeezetimerecognizer.h"
#include "restorer/iptrestorer.h"
#include "segmenter/cgrsegsegmenter.h"
#include "street/scenesrc.h"

void fixture_init(int *argc, char ***argv)
{
    gst_init(argc, argv);
    g_test_init(argc, argv, NULL);
    g_assert_true(GST_ELEMENT_REGISTER(cgrseg_segmenter, NULL));
    g_assert_true(GST_ELEMENT_REGISTER(ipt_restorer, NULL));
    g_assert_true(GST_ELEMENT_REGISTER(slab_classifier, NULL));
    g_assert_true(GST_ELEMENT_REGISTER(squeezetime_recognizer, NULL));
    g_assert_true(GST_ELEMENT_REGISTER(vedette_overlay, NULL));
    g_assert_true(GST_ELEMENT_REGISTER(vedette_scenesrc, NULL));
}

int fixture_run(void)
{
    const int failed = g_test_run();

    gst_deinit();
    return failed;
}

gsize fixture_in_use(void)
{
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

gsize fixture_resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long size, pages = 0;

    malloc_trim(0);
    g_assert_nonnull(file);
    g_assert_cmpint(fscanf(file, "%lu %lu", &size, &pages), ==, 2);
    fclose(file);
    return pages * (gsize)sysconf(_SC_PAGESIZE);
}

char *fixture_model(const char *name)
{
    return g_build_filename(g_getenv("VEDETTE_TEST_MODELS"), name, NULL);
}

void fixture_damage(char *bytes, gsize size, const char *layer, const char *tensor)
{
    g_autofree char *name = g_strdup_printf("\"%s.%s\"", layer, tensor);
    const char *entry, *offsets;
    unsigned long begin, end;
    guint64 header;

    memcpy(&header, bytes, sizeof header);
    header = GUINT64_FROM_LE(header);
    entry = g_strstr_len(bytes + 8, (gssize)header, name);
    offsets = entry ? strstr(entry, "\"data_offsets\"") : NULL;
    g_assert_nonnull(offsets);
    g_assert_cmpint(sscanf(strchr(offsets, '['), "[%lu,%lu]", &begin, &end), ==, 2);
    g_assert_cmpuint(8 + header + end, <=, size);
    memset(bytes + 8 + header + begin, 0x7f, end - begin);
}

char *fixture_damaged_model(const char *model, const char *layer)
{
    static const char *const files[] = {"card.json", "labels.txt", "weights.safetensors"};
    g_autofree char *name = g_strconcat("damaged-", model, NULL), *dir = fixture_model(name);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *source = g_strconcat(model, "/", files[i], NULL);
        g_autofree char *from = fixture_model(source), *to = g_build_filename(dir, files[i], NULL);
        g_autofree char *bytes = NULL;
        gsize size;

        g_assert_true(g_file_get_contents(from, &bytes, &size, NULL));
        if (i == 2) {
            fixture_damage(bytes, size, layer, "weight");
            fixture_damage(bytes, size, layer, "bias");
        }
        g_assert_true(g_file_set_contents(to, bytes, (gssize)size, NULL));
    }
    return g_build_filename(dir, "card.json", NULL);
}

char *fixture_estimator(void)
{
    g_autofree char *dir = fixture_model("restoration-needs");
    g_autofree char *from = fixture_model("classes/card.json"), *card = NULL, *to = NULL;
    g_autofree char *labels = g_build_filename(dir, "labels.txt", NULL);
    g_autofree char *weights_from = fixture_model("classes/weights.safetensors"), *bytes = NULL;
    g_autofree char *weights = g_build_filename(dir, "weights.safetensors", NULL);
    gsize size;
    char *colour;

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_assert_true(g_file_get_contents(from, &card, NULL, NULL));
    colour = strstr(card, "\"colour\"");
    g_assert_nonnull(colour);
    to = g_strdup_printf("%.*s\"restoration\"%s", (int)(colour - card), card, colour + 8);
    g_assert_true(g_file_get_contents(weights_from, &bytes, &size, NULL));
    g_assert_true(g_file_set_contents(weights, bytes, (gssize)size, NULL));
    g_assert_true(g_file_set_contents(labels, "rain\ndark\nclean\nlight\nnight\n", -1, NULL));
    g_free(card);
    card = g_build_filename(dir, "card.json", NULL);
    g_assert_true(g_file_set_contents(card, to, -1, NULL));
    return g_steal_pointer(&card);
}

void fixture_check_no_numbers(GstHarness *h)
{
    g_autofree char *warning = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);

    g_assert_cmpuint(fixture_stat(h->element, "invalid"), >, 0);
    g_assert_cmpuint(fixture_stat(h->element, "invalid"), ==, fixture_stat(h->element, "results"));
    g_assert_nonnull(strstr(warning, "no numbers"));
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, NULL), ==, 0);
}

GstHarness *fixture_harness(GstElement *element)
{
    g_autoptr(GstBus) bus = gst_bus_new();
    GstHarness *h;

    gst_element_set_bus(element, bus);
    h = gst_harness_new_with_element(gst_object_ref_sink(element),
                                     element->numsinkpads > 0 ? "sink" : NULL, "src");
    gst_object_unref(element);
    return h;
}

GstBus *fixture_bus(GstHarness *h)
{
    return GST_ELEMENT_BUS(h->element);
}

void fixture_harness_free(GstHarness *h)
{
    gst_element_set_bus(h->element, NULL);
    gst_harness_teardown(h);
}

GstBuffer *fixture_frame(const char *caps, GstClockTime pts)
{
    g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);
    GstBuffer *buffer;
    GstVideoInfo info;

    g_assert_true(gst_video_info_from_caps(&info, parsed));
    buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    gst_buffer_memset(buffer, 0, 0x80, info.size);
    GST_BUFFER_PTS(buffer) = pts;
    return buffer;
}

void fixture_push(GstHarness *h, const char *caps, GstClockTime from, GstClockTime step, guint n)
{
    for (guint i = 0; i < n; i++) {
        GstBuffer *out;

        g_assert_cmpint(gst_harness_push(h, fixture_frame(caps, from + i * step)), ==, GST_FLOW_OK);
        out = gst_harness_pull(h);
        g_assert_nonnull(out);
        gst_buffer_unref(out);
    }
}

guint fixture_count(GstBus *bus, GstMessageType type, GstMessage **last)
{
    GstMessage *message;
    guint n = 0;

    if (last)
        *last = NULL;
    while ((message = gst_bus_pop_filtered(bus, type))) {
        n++;
        if (last) {
            gst_clear_message(last);
            *last = gst_message_ref(message);
        }
        gst_message_unref(message);
    }
    return n;
}

char *fixture_events(GstBus *bus)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GstMessage *message;

    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT))) {
        const GstStructure *s = gst_message_get_structure(message);

        g_string_append_printf(text, "%s%s %s", text->len ? ", " : "",
                               gst_structure_get_string(s, "event"),
                               gst_structure_get_string(s, "label"));
        gst_message_unref(message);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *fixture_error(GstBus *bus, GstMessageType type, int *code)
{
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, type);
    g_autoptr(GError) error = NULL;

    if (!message)
        return NULL;
    if (type == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, NULL);
    else
        gst_message_parse_warning(message, &error, NULL);
    if (code)
        *code = error->code;
    return g_strdup(error->message);
}

char *fixture_wait_warning(GstBus *bus)
{
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND, GST_MESSAGE_WARNING);
    g_autoptr(GError) error = NULL;

    if (!message)
        return NULL;
    gst_message_parse_warning(message, &error, NULL);
    return g_strdup(error->message);
}

const GstStructure *fixture_meta(GstBuffer *buffer, const char *element)
{
    const GType api = vdt_result_meta_get_info()->api;
    gpointer state = NULL;
    GstMeta *meta;

    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state, api))) {
        const GstStructure *s = gst_custom_meta_get_structure((GstCustomMeta *)meta);

        if (!element || g_strcmp0(gst_structure_get_string(s, "element"), element) == 0)
            return s;
    }
    return NULL;
}

guint64 fixture_stat(GstElement *element, const char *field)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 value = 0;

    g_object_get(element, "stats", &stats, NULL);
    g_assert_true(gst_structure_get_uint64(stats, field, &value));
    return value;
}

void fixture_wait_stat(GstElement *element, const char *field, guint64 value)
{
    for (guint i = 0; i < 10000 && fixture_stat(element, field) < value; i++)
        g_usleep(1000);
    g_assert_cmpuint(fixture_stat(element, field), >=, value);
}

void fixture_wait_eos(GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

    g_assert_nonnull(message);
    g_assert_cmpint(GST_MESSAGE_TYPE(message), ==, GST_MESSAGE_EOS);
}

void fixture_add_probe(GstElement *pipeline, const char *name, const char *pad_name,
                       GstPadProbeCallback probe, gpointer data)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(pipeline), name);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(element, pad_name);

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, probe, data, NULL);
}

void fixture_append(GValue *array, GstStructure *s)
{
    if (!G_IS_VALUE(array))
        g_value_init(array, GST_TYPE_ARRAY);
    vdt_array_take_structure(array, s);
}

GstStructure *fixture_object(guint id, double x, double y, double width, double height)
{
    const double foot[] = {x + width / 2, y + height};
    GstStructure *s = gst_structure_new(
        "object", "id", G_TYPE_UINT, id, "label", G_TYPE_STRING, "person", "class-id", G_TYPE_INT,
        11, "score", G_TYPE_DOUBLE, 0.75, "share", G_TYPE_DOUBLE, width * height / 2, "x",
        G_TYPE_DOUBLE, x, "y", G_TYPE_DOUBLE, y, "width", G_TYPE_DOUBLE, width, "height",
        G_TYPE_DOUBLE, height, "speed-x", G_TYPE_DOUBLE, 0.0, "speed-y", G_TYPE_DOUBLE, 0.0,
        "first-seen", G_TYPE_UINT64, (guint64)GST_SECOND, "state", G_TYPE_STRING, "seen", NULL);

    vdt_structure_set_doubles(s, "path", foot, G_N_ELEMENTS(foot));
    return s;
}
