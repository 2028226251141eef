/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones of cgrseg-segmenter: who comes and goes, when it is told, and what is no zone. */
#include <string.h>

#include "enums.h"
#include "fixture.h"
#include "segmenter/zonewatch.h"

#define FRAME (40 * GST_MSECOND)
/* A map of 10 x 10. */
#define SIDE  10

static const VdtZoneLimits limits = {0.2, 0.5};

typedef struct {
    GstElement *source;
    VdtZoneWatch *watch;
    VdtCard card;
    VdtSegNetwork network;
    VdtZones *zones;
    guint n;
} Street;

static void street_init(Street *street, const char *zones)
{
    static const char *labels[] = {"road", "person", "bag", NULL};
    static gboolean background[] = {TRUE, FALSE, FALSE};

    *street = (Street){.source = gst_element_factory_make("cgrseg-segmenter", NULL)};
    street->card = (VdtCard){.labels = (char **)labels, .n_labels = 3, .background = background};
    street->network = (VdtSegNetwork){.card = &street->card, .n_classes = 3};
    street->watch = vdt_zone_watch_new(street->source, "segmentation");
    street->zones = vdt_zones_parse(zones, NULL, NULL);
    g_assert_nonnull(street->zones);
}

static void street_clear(Street *street)
{
    vdt_zone_watch_free(street->watch);
    vdt_zones_unref(street->zones);
    gst_object_unref(street->source);
}

/* "start person door, end bag kerb"; the messages are taken. */
static char *text_of(GList *messages)
{
    GString *text = g_string_new(NULL);

    for (GList *l = messages; l; l = l->next) {
        const GstStructure *s = gst_message_get_structure(l->data);

        g_string_append_printf(
            text, "%s%s %s %s", text->len ? ", " : "", gst_structure_get_string(s, "event"),
            gst_structure_get_string(s, "label"), gst_structure_get_string(s, "zone"));
        gst_message_unref(l->data);
    }
    g_list_free(messages);
    return g_string_free(text, FALSE);
}

/* There are people in @people pixels of the left half, bags in @bags of the right one, row by row;
 * road elsewhere. */
static void measure(Street *street, guint people, guint bags)
{
    guint8 map[SIDE * SIDE] = {0};
    g_autofree VdtSegmentation *found = g_new0(VdtSegmentation, 1);

    for (guint i = 0; i < people; i++)
        map[i / 5 * SIDE + i % 5] = 1;
    for (guint i = 0; i < bags; i++)
        map[i / 5 * SIDE + 5 + i % 5] = 2;
    found->width = found->height = SIDE;
    found->map = map;
    found->n_classes = 3;
    vdt_zone_watch_measure(street->watch, street->zones, found, &street->network);
}

/* A second passes, with what is measured. What is told must be @expected. */
static void pass(Street *street, guint people, guint bags, GstClockTime least, const char *expected)
{
    const GstClockTime now = street->n++ * GST_SECOND;
    const VdtSpan span = {now, now, now, now};
    g_autofree char *text = NULL;

    measure(street, people, bags);
    text = text_of(vdt_zone_watch_tell(street->watch, &span, &limits, least));
    g_assert_cmpstr(text, ==, expected);
}

/* In from 10 of 50 pixels, out below 5. The road is always there, and no event. */
static void test_hysteresis(void)
{
    Street street;
    g_autofree char *end = NULL;

    street_init(&street, "left: 0,0 0.5,0 0.5,1 0,1; right: 0.5,0 1,0 1,1 0.5,1");
    pass(&street, 0, 0, 0, "");
    pass(&street, 9, 0, 0, "");
    pass(&street, 10, 0, 0, "start person left");
    pass(&street, 5, 50, 0, "start bag right");
    pass(&street, 9, 5, 0, "");
    pass(&street, 4, 5, 0, "end person left");
    pass(&street, 9, 5, 0, "");
    pass(&street, 10, 4, 0, "start person left, end bag right");
    end = text_of(vdt_zone_watch_end(street.watch));
    g_assert_cmpstr(end, ==, "end person left");
    g_free(end);
    end = text_of(vdt_zone_watch_end(street.watch));
    g_assert_cmpstr(end, ==, "");
    /* and again */
    pass(&street, 10, 0, 0, "start person left");
    street_clear(&street);
}

/* Nobody comes who does not stay, nor leaves who comes back. */
static void test_duration(void)
{
    const GstClockTime least = 2 * GST_SECOND;
    Street street;

    street_init(&street, "left: 0,0 0.5,0 0.5,1 0,1");
    pass(&street, 20, 0, least, "");
    pass(&street, 20, 0, least, "");
    pass(&street, 0, 0, least, "");
    pass(&street, 20, 0, least, "");
    pass(&street, 20, 0, least, "");
    pass(&street, 20, 0, least, "start person left");
    pass(&street, 0, 0, least, "");
    pass(&street, 20, 0, least, "");
    pass(&street, 0, 0, least, "");
    pass(&street, 0, 0, least, "end person left");
    street_clear(&street);
}

/* Other zones end what was in those before; zones may lie over each other, or nowhere. */
static void test_other_zones(void)
{
    Street street;

    street_init(&street, "left: 0,0 0.5,0 0.5,1 0,1");
    pass(&street, 50, 0, 0, "start person left");
    vdt_zones_unref(street.zones);
    street.zones = vdt_zones_parse("top: 0,0 1,0 1,0.3 0,0.3; away: 2,2 3,2 3,3", NULL, NULL);
    pass(&street, 50, 0, 0, "end person left, start person top");
    vdt_zones_unref(street.zones);
    street.zones = vdt_zones_parse("", NULL, NULL);
    pass(&street, 50, 0, 0, "end person top");
    pass(&street, 50, 0, 0, "");
    street_clear(&street);
}

static void test_message(void)
{
    Street street;
    guint8 map[SIDE * SIDE];
    g_autofree VdtSegmentation *found = g_new0(VdtSegmentation, 1);
    const VdtSpan span = {7, 7, 6, 5};
    GList *messages;
    const GstStructure *s;
    double share, score;
    guint64 pts;
    int class_id;

    street_init(&street, "all: 0,0 1,0 1,1 0,1");
    memset(map, 255, sizeof map);
    memset(map, 2, sizeof map / 4);
    found->width = found->height = SIDE;
    found->map = map;
    found->n_classes = 3;
    found->segments[2].score = 0.75;
    vdt_zone_watch_measure(street.watch, street.zones, found, &street.network);
    messages = vdt_zone_watch_tell(street.watch, &span, &limits, 0);
    g_assert_cmpuint(g_list_length(messages), ==, 1);
    s = gst_message_get_structure(messages->data);
    g_assert_cmpstr(gst_structure_get_name(s), ==, "cgrseg-segmenter");
    g_assert_true(gst_structure_get(s, "share", G_TYPE_DOUBLE, &share, "score", G_TYPE_DOUBLE,
                                    &score, "class-id", G_TYPE_INT, &class_id, "timestamp",
                                    G_TYPE_UINT64, &pts, NULL));
    g_assert_cmpfloat(share, ==, 0.25);
    g_assert_cmpfloat(score, ==, 0.75);
    g_assert_cmpint(class_id, ==, 2);
    g_assert_cmpuint(pts, ==, 7);
    g_assert_false(gst_structure_has_field(s, "results"));
    g_list_free_full(messages, (GDestroyNotify)gst_message_unref);
    street_clear(&street);
}

/* What metas say of a zone: "door" if it is empty, "door person 0.25" if it is not. */
static char *text_of_zone(const GValue *zones, guint i, guint n_points)
{
    const GstStructure *s = gst_value_get_structure(gst_value_array_get_value(zones, i));
    const GValue *points = gst_structure_get_value(s, "points");
    const char *name = gst_structure_get_string(s, "name");
    gboolean occupied;
    double share;

    g_assert_cmpuint(gst_value_array_get_size(points), ==, 2 * n_points);
    g_assert_true(gst_structure_get_boolean(s, "occupied", &occupied));
    if (!occupied) {
        g_assert_false(gst_structure_has_field(s, "label"));
        return g_strdup(name);
    }
    g_assert_true(gst_structure_get_double(s, "share", &share));
    return g_strdup_printf("%s %s %g", name, gst_structure_get_string(s, "label"), share);
}

/* As soon as events would start, and as long: 10 of 50 pixels, 5. */
static void test_describe(void)
{
    static const struct {
        guint people, bags;
        const char *left, *right;
    } steps[] = {
        {9, 0, "left", "right"},
        {10, 0, "left person 0.2", "right"},
        {5, 50, "left person 0.1", "right bag 1"},
        {4, 5, "left", "right bag 0.1"},
        {9, 4, "left", "right"},
    };
    GValue zones = G_VALUE_INIT;
    Street street;

    street_init(&street, "left: 0,0 0.5,0 0.5,1 0,1; right: 0.5,0 1,0 1,1");
    g_assert_false(vdt_zone_watch_describe(street.watch, &limits, NULL, &zones));
    vdt_zones_unref(street.zones);
    street.zones =
        vdt_zones_parse("left: 0,0 0.5,0 0.5,1 0,1; right: 0.5,0 1,0 1,1 0.5,1", NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *left = NULL, *right = NULL;

        measure(&street, steps[i].people, steps[i].bags);
        g_assert_true(vdt_zone_watch_describe(street.watch, &limits, NULL, &zones));
        g_assert_cmpuint(gst_value_array_get_size(&zones), ==, 2);
        left = text_of_zone(&zones, 0, 4);
        right = text_of_zone(&zones, 1, 4);
        g_assert_cmpstr(left, ==, steps[i].left);
        g_assert_cmpstr(right, ==, steps[i].right);
        g_value_unset(&zones);
    }
    street_clear(&street);
}

static GstElement *segmenter_new(const char *zones)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json");
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);

    g_object_set(element, "model", card, "interval", 0.0, "mode", VDT_ANALYZER_EXACT, "zones",
                 zones, NULL);
    return element;
}

static guint count_events(GstBus *bus, const char *event)
{
    GstMessage *message;
    guint n = 0;

    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT))) {
        const GstStructure *s = gst_message_get_structure(message);

        n += gst_structure_has_field(s, "zone") &&
             g_strcmp0(gst_structure_get_string(s, "event"), event) == 0;
        gst_message_unref(message);
    }
    return n;
}

/* Through the element: what has started ends with the stream, or with the zones. */
static void test_element(void)
{
    GstElement *element = segmenter_new("all: 0,0 1,0 1,1 0,1");
    GstHarness *h = fixture_harness(element);
    g_autoptr(GstBuffer) out = NULL;
    guint n;

    g_object_set(element, "zone-share", 0.001, NULL);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 3);
    gst_harness_push(h, fixture_frame(CAPS_SMALL, 3 * FRAME));
    out = gst_harness_pull(h);
    g_assert_true(gst_structure_has_field(fixture_meta(out, NULL), "zones"));
    n = count_events(fixture_bus(h), "start");
    g_assert_cmpuint(n, >=, 1);
    g_object_set(element, "zones", "", NULL);
    fixture_push(h, CAPS_SMALL, 4 * FRAME, FRAME, 1);
    g_assert_cmpuint(count_events(fixture_bus(h), "end"), ==, n);
    g_object_set(element, "zones", "here: 0,0 1,0 1,1 0,1", NULL);
    fixture_push(h, CAPS_SMALL, 5 * FRAME, FRAME, 2);
    g_assert_cmpuint(count_events(fixture_bus(h), "start"), ==, n);
    gst_harness_push_event(h, gst_event_new_eos());
    g_assert_cmpuint(count_events(fixture_bus(h), "end"), ==, n);
    fixture_harness_free(h);
}

/* Set before anybody listens, or while the stream plays: what is wrong with zones is said. */
static void test_warnings(void)
{
    static const struct {
        const char *zones, *says;
    } cases[] = {
        {"a: 0,0 1,0", "zone \"a\" has 2 points"},
        {"a: 0,0 1,1 1,0 0,1", "zone \"a\": its outline meets itself, after point 1"},
        {"a: 0,0 2,0 1,1", "zone \"a\": point 2 lies outside the frame"},
    };

    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const gboolean late = i >= G_N_ELEMENTS(cases);
        const char *zones = cases[i % G_N_ELEMENTS(cases)].zones;
        GstElement *element = segmenter_new(late ? "" : zones);
        GstHarness *h = fixture_harness(element);
        g_autofree char *warning = NULL, *text = NULL;

        gst_harness_set_src_caps_str(h, CAPS_SMALL);
        if (late) {
            fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
            g_object_set(element, "zones", zones, NULL);
        }
        fixture_push(h, CAPS_SMALL, 2 * FRAME, FRAME, 2);
        warning = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);
        g_assert_nonnull(warning);
        g_assert_nonnull(strstr(warning, cases[i % G_N_ELEMENTS(cases)].says));
        g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
        g_object_get(element, "zones", &text, NULL);
        g_assert_true((g_strcmp0(text, zones) == 0) == (i % 3 == 2));
        fixture_harness_free(h);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/zonewatch/hysteresis", test_hysteresis);
    g_test_add_func("/zonewatch/duration", test_duration);
    g_test_add_func("/zonewatch/other-zones", test_other_zones);
    g_test_add_func("/zonewatch/message", test_message);
    g_test_add_func("/zonewatch/describe", test_describe);
    g_test_add_func("/zonewatch/element", test_element);
    g_test_add_func("/zonewatch/warnings", test_warnings);
    return fixture_run();
}
