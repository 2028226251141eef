/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is open, what ends it, and who is told. */
#include <math.h>
#include <string.h>

#include "fixture.h"

static void put(Heard *heard, const char *phase, const char *id)
{
    vdt_hub_put(heard->hub, fixture_event(phase, id));
}

static void put_of(Heard *heard, const char *id, const char *stream, const char *type)
{
    VdtEventLine line = vdt_event_line_now();
    line.type = type;
    line.event = "start";
    line.id = id;
    line.stream = stream;
    vdt_hub_put(heard->hub, vdt_event_new(&line));
}

static void test_passes(void)
{
    Heard heard;
    heard_open(&heard);
    put(&heard, "start", "a");
    put(&heard, "update", "a");
    put(&heard, "update", "never-started");
    g_assert_cmpuint(vdt_hub_count_open(heard.hub), ==, 1);
    put(&heard, "end", "a");
    g_assert_cmpuint(vdt_hub_count_open(heard.hub), ==, 0);
    put(&heard, "end", "never-started");
    vdt_hub_put(heard.hub, NULL);
    heard_expect(&heard, "start a; update a; end a; end never-started");
    heard_close(&heard);
}

static void test_stream_goes(void)
{
    Heard heard;
    heard_open(&heard);
    put(&heard, "start", "a");
    put_of(&heard, "b", "yard", "action");
    put_of(&heard, "c", "front", VDT_EVENT_SYSTEM);
    put_of(&heard, "d", NULL, "action");
    vdt_hub_end_stream(heard.hub, "front", "stopped");
    heard_expect(&heard, "start a; start b; start c; start d; end a:stopped");
    /* its analyser's own is late */
    put(&heard, "update", "a");
    put(&heard, "end", "a");
    heard_expect(&heard, "");
    vdt_hub_end_stream(heard.hub, "front", "stopped");
    heard_expect(&heard, "");
    put(&heard, "start", "a");
    put(&heard, "end", "a");
    heard_expect(&heard, "start a; end a");
    vdt_hub_free(g_steal_pointer(&heard.hub));
    g_assert_cmpuint(heard.events->len, ==, 3);
    heard_close(&heard);
}

/* It ends when it is told to, and not before it started, with what it was last. */
static void test_end(void)
{
    Heard heard;
    VdtEventLine line = vdt_event_line_now();
    heard_open(&heard);
    line.type = "action";
    line.event = "start";
    line.id = "a";
    line.stream = "front";
    line.zone = "door";
    line.score = 0.25;
    line.time = g_get_real_time() +
                G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC; /* the clock is set back meanwhile */
    vdt_hub_put(heard.hub, vdt_event_new(&line));
    line.event = "update";
    line.score = 0.75;
    vdt_hub_put(heard.hub, vdt_event_new(&line));
    vdt_hub_end_stream(heard.hub, "front", "rebuilt");
    const VdtEvent *end = heard.events->pdata[2];
    g_assert_cmpint(end->phase, ==, VDT_PHASE_END);
    g_assert_cmpint(end->time, ==, line.time);
    g_assert_cmpstr(end->zone, ==, "door");
    g_assert_cmpfloat(end->score, ==, 0.75);
    g_assert_nonnull(strstr(end->json, "\"zone\":\"door\""));
    g_assert_nonnull(strstr(end->json, "\"event\":\"end\""));
    heard_close(&heard);
}

/* What has no phase, type or id is no event. */
static void test_incomplete(void)
{
    VdtEventLine line = vdt_event_line_now();
    g_assert_null(vdt_event_new(&line));
    line.type = "x";
    line.id = "x";
    g_assert_null(vdt_event_new(&line));
    line.event = "stop";
    g_assert_null(vdt_event_new(&line));
    line.event = "end";
    g_autoptr(VdtEvent) event = vdt_event_new(&line);
    g_assert_nonnull(event);
    g_assert_true(isnan(event->score));
}

static guint answer;
static guint judge(const VdtEvent *event, gpointer data)
{
    (*(guint *)data)++;
    return answer;
}

static void test_judged(void)
{
    Heard heard;
    guint n = 0;
    heard_open(&heard);
    vdt_hub_set_judge(heard.hub, judge, &n, NULL);
    answer = VDT_TO_MQTT;
    put(&heard, "start", "a");
    answer = 0;
    put(&heard, "update", "a"); /* whoever was told stays in */
    put(&heard, "start", "b");
    answer = VDT_TO_PAGE;
    put(&heard, "update", "b"); /* from here on */
    answer = VDT_TO_ALL;
    put(&heard, "end", "a"); /* an end is for those who know it */
    put(&heard, "end", "b");
    heard_expect(&heard, "start a=1; update a=1; start b=0; update b=8; end a=1; end b=8");
    answer = 0;
    put(&heard, "start", "c");
    vdt_hub_end_stream(heard.hub, "front", "stopped");
    heard_expect(&heard, "start c=0; end c=0:stopped");
    g_assert_cmpuint(n, ==, 5);
    vdt_hub_set_judge(heard.hub, NULL, NULL, NULL);
    put(&heard, "start", "d");
    heard_expect(&heard, "start d");
    heard_close(&heard);
}

/* An event that somebody else holds, too, is not changed under them. */
static void test_shared(void)
{
    Heard heard;
    guint n = 0;
    heard_open(&heard);
    answer = VDT_TO_FILE;
    vdt_hub_set_judge(heard.hub, judge, &n, NULL);
    g_autoptr(VdtEvent) mine = fixture_event("start", "a");
    vdt_hub_put(heard.hub, vdt_event_ref(mine));
    g_assert_cmpuint(mine->audience, ==, VDT_TO_ALL);
    heard_expect(&heard, "start a=4");
    heard_close(&heard);
}

static void test_memory(void)
{
    Heard heard;
    heard_open(&heard);
    for (guint i = 0; i < 10500; i++) {
        g_autofree char *id = g_strdup_printf("%u", i);
        put(&heard, "start", id);
    }
    g_assert_cmpuint(vdt_hub_count_open(heard.hub), ==, 10000);
    vdt_hub_end_stream(heard.hub, "front", "stopped");
    g_assert_cmpuint(heard.events->len, ==, 20500);
    g_ptr_array_set_size(heard.events, 0);
    put(&heard, "end", "10400"); /* passed on, since the hub did not end it */
    heard_expect(&heard, "end 10400");
    heard_close(&heard);
}

static gpointer put_many(gpointer data)
{
    Heard *heard = data;
    for (guint i = 0; i < 500; i++) {
        g_autofree char *id = g_strdup_printf("%p-%u", (void *)g_thread_self(), i);
        put(heard, "start", id);
        put(heard, "end", id);
        if (i % 50 == 0)
            vdt_hub_end_stream(heard->hub, "front", "stopped");
    }
    return NULL;
}

/* Every start has one end. */
static void test_threads(void)
{
    Heard heard;
    GThread *threads[4];
    g_autoptr(GHashTable) open = g_hash_table_new(g_str_hash, g_str_equal);
    heard_open(&heard);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("putter", put_many, &heard);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(heard.events->len, ==, 4 * 500 * 2);
    for (guint i = 0; i < heard.events->len; i++) {
        const VdtEvent *event = heard.events->pdata[i];
        if (event->phase == VDT_PHASE_START)
            g_assert_true(g_hash_table_add(open, event->id));
        else
            g_assert_true(g_hash_table_remove(open, event->id));
    }
    g_assert_cmpuint(g_hash_table_size(open), ==, 0);
    heard_close(&heard);
}

static void count_freed(gpointer data)
{
    (*(guint *)data)++;
}

static void ignore(VdtEvent *event, gpointer data) {}

static void test_sinks(void)
{
    Heard heard;
    guint freed = 0;
    heard_open(&heard);
    vdt_hub_add_sink(heard.hub, ignore, &freed, count_freed);
    vdt_hub_add_sink(heard.hub, ignore, &freed, count_freed);
    g_assert_cmpuint(freed, ==, 0);
    put(&heard, "start", "a");
    vdt_hub_free(g_steal_pointer(&heard.hub));
    g_assert_cmpuint(freed, ==, 2);
    heard_expect(&heard, "start a; end a:stopped");
    heard_close(&heard);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hub/passes", test_passes);
    g_test_add_func("/hub/stream-goes", test_stream_goes);
    g_test_add_func("/hub/end", test_end);
    g_test_add_func("/hub/incomplete", test_incomplete);
    g_test_add_func("/hub/judged", test_judged);
    g_test_add_func("/hub/shared", test_shared);
    g_test_add_func("/hub/memory", test_memory);
    g_test_add_func("/hub/threads", test_threads);
    g_test_add_func("/hub/sinks", test_sinks);
    return g_test_run();
}
