/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reader takes from the journal: in order, at least once, and what is said to be repeated.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "publish/spool.h"
#include "told.h"

static const VdtToldFilter all = {VDT_TO_MQTT, NULL, VDT_TOLD_ALL},
                           starts = {VDT_TO_MQTT, NULL, VDT_TOLD_START};

/* The label of what comes next, with a + if it is repeated; NULL if there is nothing. */
static char *take(VdtSpool *spool, guint64 *seq)
{
    VdtTold next;
    VdtSpoolTake taken;
    g_autoptr(GError) error = NULL;
    while ((taken = vdt_spool_take(spool, &next, &error)) == VDT_SPOOL_MORE)
        continue;
    g_assert_no_error(error);
    if (taken == VDT_SPOOL_EMPTY)
        return NULL;
    if (seq != NULL)
        *seq = next.seq;
    return g_strconcat(next.event->label, next.repeated ? "+" : "", NULL);
}

static void expect(VdtSpool *spool, const char *label, guint64 *seq)
{
    g_autofree char *next = take(spool, seq);
    g_assert_cmpstr(next, ==, label);
}

static VdtSpool *open_spool(VdtStore *store, const VdtToldFilter *filter)
{
    return vdt_spool_new(store, "mqtt", filter);
}

static void put(VdtStore *store, guint from, guint to)
{
    for (guint i = from; i < to; i++)
        told_put(store, "a", i);
    g_assert_true(vdt_store_flush(store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
}

static void test_order(void)
{
    guint64 seqs[3];
    fixture_files(NULL, NULL);
    VdtStore *store = told_open();
    put(store, 100, 110); /* before anybody was there to read */
    VdtSpool *spool = open_spool(store, &all);
    expect(spool, NULL, NULL);
    put(store, 0, 3);
    g_assert_cmpuint(vdt_spool_get_pending(spool), ==, 3);
    expect(spool, "0", &seqs[0]);
    expect(spool, "1", &seqs[1]);
    expect(spool, "2", &seqs[2]);
    expect(spool, NULL, NULL);
    /* The mark waits for the first. */
    vdt_spool_done(spool, seqs[1]);
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, seqs[0] - 1);
    vdt_spool_done(spool, seqs[0]);
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, seqs[1]);
    g_assert_cmpuint(vdt_spool_get_pending(spool), ==, 1);
    /* What did not arrive comes again, and says so; what is new does not. */
    put(store, 3, 4);
    vdt_spool_rewind(spool);
    expect(spool, "2+", &seqs[2]);
    expect(spool, "3", NULL);
    vdt_spool_rewind(spool);
    expect(spool, "2+", NULL);
    expect(spool, "3+", NULL);
    vdt_spool_free(spool);
    vdt_store_close(store);
}

/* Over restarts: what is known to have arrived does not come again, what was never sent is not
 * repeated. */
static void test_restart(void)
{
    guint64 seq;
    fixture_files(NULL, NULL);
    VdtStore *store = told_open();
    VdtSpool *spool = open_spool(store, &all);
    put(store, 0, 4);
    expect(spool, "0", &seq);
    vdt_spool_done(spool, seq);
    expect(spool, "1", NULL);
    vdt_spool_free(spool);
    vdt_store_close(store);

    store = told_open();
    spool = open_spool(store, &all);
    expect(spool, "1+", NULL);
    expect(spool, "2", NULL);
    vdt_spool_free(spool);
    vdt_store_close(store);
}

/* Of a process that is killed nobody knows what it had sent. */
static void test_killed(void)
{
    fixture_files(NULL, NULL);
    if (g_test_subprocess()) {
        guint64 seq;
        g_autofree char *folder = g_strdup(g_getenv("TOLD_FOLDER"));
        VdtStore *store = vdt_store_open(folder, NULL, NULL);
        VdtSpool *spool = open_spool(store, &all);
        put(store, 0, 4);
        expect(spool, "0", &seq);
        vdt_spool_done(spool, seq);
        g_assert_true(vdt_store_flush(store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
        expect(spool, "1", NULL);
        raise(SIGKILL);
    }
    VdtStore *store = told_open();
    vdt_store_close(store);
    g_setenv("TOLD_FOLDER", fixture_path("store"), TRUE);
    g_test_trap_subprocess("/spool/killed", 0, G_TEST_SUBPROCESS_DEFAULT);
    g_assert_false(g_test_trap_has_passed());
    store = told_open();
    /* The store ends what was going on, which was not sent. */
    VdtSpool *spool = open_spool(store, &starts);
    g_autoptr(GString) seen = g_string_new(NULL);
    for (char *next; (next = take(spool, NULL)) != NULL; g_free(next))
        g_string_append_printf(seen, "%s ", next);
    g_assert_cmpstr(seen->str, ==, "1+ 2+ 3+ ");
    vdt_spool_free(spool);
    vdt_store_close(store);
}

static void test_filter(void)
{
    static const char *const types[] = {"zone", NULL};
    const struct {
        VdtToldFilter filter;
        const char *seen;
    } rows[] = {
        {{VDT_TO_MQTT, NULL, VDT_TOLD_ALL}, "1 2 3 4 "},
        {{VDT_TO_WEBHOOK, NULL, VDT_TOLD_ALL}, "1 2 3 5 "},
        {{VDT_TO_MQTT, types, VDT_TOLD_ALL}, "4 "},
        {{VDT_TO_MQTT, NULL, VDT_TOLD_START}, "1 4 "},
        {{VDT_TO_MQTT, NULL, VDT_TOLD_START_END}, "1 3 4 "},
    };
    fixture_files(NULL, NULL);
    VdtStore *store = told_open();
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, 0);
    told_put_full(store, "a", "action", "start", 0, 0); /* muted */
    told_put_full(store, "a", "action", "start", 1, VDT_TO_ALL);
    told_put_full(store, "a", "action", "update", 2, VDT_TO_ALL);
    told_put_full(store, "a", "action", "end", 3, VDT_TO_ALL);
    told_put_full(store, "a", "zone", "start", 4, VDT_TO_MQTT);
    told_put_full(store, "a", "zone", "start", 5, VDT_TO_WEBHOOK);
    for (guint i = 0; i < 500; i++)
        told_put_full(store, "a", "action", "start", 6, 0);
    g_assert_true(vdt_store_flush(store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *reader = g_strdup_printf("reader%u", i);
        g_autofree char *sent = g_strconcat(reader, "-sent", NULL);
        g_autoptr(GString) seen = g_string_new(NULL);
        vdt_store_set_mark(store, reader, 0);
        vdt_store_set_mark(store, sent, 0);
        VdtSpool *spool = vdt_spool_new(store, reader, &rows[i].filter);
        for (guint64 seq = 0;;) {
            g_autofree char *next = take(spool, &seq);
            if (next == NULL)
                break;
            g_string_append_printf(seen, "%s ", next);
            vdt_spool_done(spool, seq);
        }
        g_assert_cmpstr(seen->str, ==, rows[i].seen);
        /* What is not for it does not wait. */
        g_assert_cmpuint(vdt_spool_get_pending(spool), ==, 0);
        vdt_spool_free(spool);
    }
    vdt_store_close(store);
}

/* The journal has an end: what falls off it is lost, and counted. */
static void test_lost(void)
{
    VdtStoreOptions options = {.limits = vdt_store_limits_default};
    guint64 seq;
    fixture_files("store/x", "", NULL);
    options.limits.journal_lines = 100;
    g_autofree char *folder = g_strdup(fixture_path("store"));
    VdtStore *store = vdt_store_open(folder, &options, NULL);
    VdtSpool *spool = open_spool(store, &all);
    put(store, 0, 300);
    vdt_store_set_limits(store, &options.limits);
    WAIT(vdt_spool_get_lost(spool) == 200, 3);
    g_assert_cmpuint(vdt_spool_get_pending(spool), ==, 100);
    expect(spool, "200", &seq);
    vdt_spool_done(spool, seq);
    expect(spool, "201", NULL);
    g_assert_cmpuint(vdt_spool_get_lost(spool), ==, 200);
    vdt_spool_free(spool);
    vdt_store_close(store);
}

static void test_json(void)
{
    VdtEventLine line = vdt_event_line_now();
    line.type = "action";
    line.event = "start";
    line.id = "x-1";
    line.label = "a \"b\" }";
    g_autoptr(VdtEvent) event = vdt_event_new(&line);
    for (guint repeated = 0; repeated < 2; repeated++) {
        VdtTold row = {12345678901, event, repeated};
        g_autofree char *text = vdt_told_to_json(&row);
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(text, &error);
        g_assert_no_error(error);
        JsonObject *object = json_node_get_object(node);
        g_assert_cmpint(json_object_get_int_member(object, "seq"), ==, 12345678901);
        g_assert_cmpstr(json_object_get_string_member(object, "label"), ==, line.label);
        g_assert_cmpint(json_object_has_member(object, "repeated"), ==, repeated);
        g_assert_null(strchr(text, '\n'));
    }
}

/* docs/events.schema.json knows every member, and those that are always there. */
static void test_schema(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    VdtEventLine full = vdt_event_line_now(), least = full;
    least.type = full.type = "object";
    least.event = full.event = "end";
    least.id = full.id = "x-1";
    full.stream = full.element = full.label = full.what = full.zone = full.line = full.reason = "x";
    full.direction = "in";
    full.score = 0.5;
    full.pts = full.object = full.count = full.since = 1;
    json_parser_load_from_file(parser, g_getenv("VEDETTE_SCHEMA"), &error);
    g_assert_no_error(error);
    JsonObject *schema = json_node_get_object(json_parser_get_root(parser));
    JsonObject *properties = json_object_get_object_member(schema, "properties");
    JsonArray *required = json_object_get_array_member(schema, "required");
    g_autoptr(VdtEvent) most = vdt_event_new(&full), few = vdt_event_new(&least);
    const VdtTold rows[] = {{1, most, TRUE}, {1, few, FALSE}};
    for (guint i = 0; i < 2; i++) {
        g_autofree char *text = vdt_told_to_json(&rows[i]);
        g_autoptr(JsonNode) node = json_from_string(text, &error);
        g_assert_no_error(error);
        JsonObject *object = json_node_get_object(node);
        g_autoptr(GList) members = json_object_get_members(object);
        for (GList *l = members; l != NULL; l = l->next)
            g_assert_true(json_object_has_member(properties, l->data));
        for (guint k = 0; k < json_array_get_length(required); k++)
            g_assert_true(
                json_object_has_member(object, json_array_get_string_element(required, k)));
        /* The first has all, the second no more than what is required. */
        g_assert_cmpuint(json_object_get_size(object), ==,
                         i == 0 ? json_object_get_size(properties)
                                : json_array_get_length(required));
    }
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/spool/order", test_order);
    g_test_add_func("/spool/restart", test_restart);
    g_test_add_func("/spool/killed", test_killed);
    g_test_add_func("/spool/filter", test_filter);
    g_test_add_func("/spool/lost", test_lost);
    g_test_add_func("/spool/json", test_json);
    g_test_add_func("/spool/schema", test_schema);
    return fixture_close();
}
