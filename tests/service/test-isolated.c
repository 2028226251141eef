/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream in a process of its own is seen, told and recorded as all others are, whichever of both
 * processes ends. */
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "service.h"

#define NOT_RUNNING "its process does not run: systemctl start vedette@yard"
#define YARD        "/api/v1/streams/yard"
/* Some events are short, those of the whole picture go on for as long as it runs. */
#define OWN                                                                                        \
    "[segmenter]\nzones=left: 0,0.1 0.1,0.1 0.1,0.5 0,0.5; all: 0,0 1,0 1,1 0,1\n"                 \
    "[stream]\nisolated=yes\n"

typedef struct {
    Service s;
    Broker broker;
    Listener *listener; /* NULL without a broker */
    GSubprocess *yard;
} Both;

static void yard_kill(Both *both, int signal)
{
    g_subprocess_send_signal(both->yard, signal);
    g_assert_true(g_subprocess_wait(both->yard, NULL, NULL));
    g_clear_object(&both->yard);
}

static gboolean is_told(const Both *both, const char *state)
{
    if (both->listener == NULL)
        return TRUE;
    g_autofree char *last = listener_last(both->listener, "vedette/yard/status");
    return last != NULL && strstr(last, state) != NULL;
}

/* On the interface, in the metrics and at the broker. */
static gboolean is(const Both *both, const char *state)
{
    g_autofree char *metric =
        g_strdup_printf("vedette_stream_state{stream=\"yard\",state=\"%s\"}", state);
    return service_is(&both->s, "yard", state) && service_metric(&both->s, metric) == 1 &&
           is_told(both, state);
}

static gboolean is_away(const Both *both)
{
    g_autoptr(JsonObject) stream = service_stream(&both->s, "yard");
    return is(both, "failed") &&
           strcmp(json_object_get_string_member(stream, "reason"), NOT_RUNNING) == 0;
}

static JsonObject *ask_events(const Both *both, const char *query)
{
    g_autofree char *target = g_strconcat("/api/v1/events?stream=yard&limit=1000", query, NULL),
                    *answer = service_get(&both->s, target);
    g_assert_cmpuint(status_of(answer), ==, 200);
    return object_of(answer);
}

/* Ids of what is on the interface. */
static GHashTable *list_events(const Both *both, const char *query)
{
    g_autoptr(JsonObject) answer = ask_events(both, query);
    JsonArray *events = json_object_get_array_member(answer, "events");
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < json_array_get_length(events); i++)
        g_hash_table_add(ids, g_strdup(json_object_get_string_member(
                                  json_array_get_object_element(events, i), "id")));
    return ids;
}

static guint count_events(const Both *both, const char *query)
{
    g_autoptr(GHashTable) ids = list_events(both, query);
    return g_hash_table_size(ids);
}

/* A file of some event of it, as it is served. */
static gboolean has_file(const Both *both, const char *name, const char *begin, gsize at)
{
    g_autoptr(JsonObject) answer = ask_events(both, "");
    JsonArray *events = json_object_get_array_member(answer, "events");
    for (guint i = 0; i < json_array_get_length(events); i++) {
        JsonObject *event = json_array_get_object_element(events, i);
        if (!json_object_has_member(event, name))
            continue;
        g_autofree char *file = service_get(&both->s, json_object_get_string_member(event, name));
        g_assert_cmpuint(status_of(file), ==, 200);
        g_assert_cmpint(memcmp(body_of(file) + at, begin, strlen(begin)), ==, 0);
        return TRUE;
    }
    return FALSE;
}

static void check_live(const Both *both)
{
    static const char request[] = "GET " YARD "/live HTTP/1.0\r\n\r\n";
    g_autoptr(GSocket) peer = peer_connect_unix(&both->s.peers);
    peer_send(peer, request, strlen(request));
    g_autofree char *text = peer_read(peer, "image/jpeg");
    g_assert_nonnull(strstr(text, "image/jpeg"));
}

/* All that the process printed is on the interface, and at the broker. */
static gboolean is_complete(const Both *both)
{
    g_autoptr(GHashTable) ids = list_events(both, "");
    g_autoptr(GPtrArray) printed = lines_read(fixture_path("out-yard"));
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) heard = both->listener != NULL ? lines_heard(both->listener) : NULL;
    guint n = 0;
    for (guint i = 0; heard != NULL && i < heard->len; i++) {
        const Line *line = heard->pdata[i];
        if (!g_hash_table_add(known, line->key))
            g_assert_true(line->repeated);
    }
    for (guint i = 0; i < printed->len; i++) {
        const Line *line = printed->pdata[i];
        if (g_strcmp0(line->stream, "yard") != 0)
            continue;
        n++;
        if (!g_hash_table_contains(ids, line->id) ||
            (heard != NULL && !g_hash_table_contains(known, line->key)))
            return FALSE;
    }
    g_assert_cmpuint(n, >, 10);
    return TRUE;
}

static void begin(Both *both)
{
    Service *s = &both->s;
    service_init(s, "");
    if (broker_is_installed()) {
        broker_start(&both->broker, NULL, FALSE);
        both->listener = listener_new(both->broker.port, "#", NULL, NULL);
        g_autofree char *http = read_whole(fixture_path("vedette.conf")),
                        *conf = g_strdup_printf("%s[mqtt]\nhost=127.0.0.1\nport=%u\n", http,
                                                both->broker.port);
        fixture_add("vedette.conf", conf);
    }
    add_bars("front", "[record]\nkeep=nothing\n");
    s->with_state = TRUE;
    service_start(s);
    service_wait_ready(s);
    /* a reload brings it to all who are told, too */
    add_bars("yard", "[record]\nkeep=clips\nbefore=1s\nafter=1s\nmost=2s\n");
    fixture_add("streams.d/yard.conf.d/own.conf", OWN);
    service_act(s, "POST", "/api/v1/reload", NULL, 200);
}

static void end(Both *both)
{
    service_stop(&both->s);
    service_clear(&both->s);
    if (both->listener != NULL) {
        listener_free(both->listener);
        broker_clear(&both->broker);
    }
}

static void test_isolated(void)
{
    Both both = {.listener = NULL};
    Service *s = &both.s;
    begin(&both);
    EXPECT(s, is(&both, "connecting"), 4);
    EXPECT(s, is_away(&both), 20);
    service_act(s, "POST", YARD "/restart", NULL, 409);
    EXPECT(s, service_is(s, "front", "live"), 20);

    both.yard = service_start_alone(s, "yard");
    EXPECT(s, is(&both, "live"), 30);
    g_autoptr(JsonObject) yard = service_stream(s, "yard");
    g_autoptr(JsonObject) front = service_stream(s, "front");
    g_assert_true(json_object_get_boolean_member(yard, "isolated"));
    g_assert_false(json_object_get_boolean_member(front, "isolated"));
    EXPECT(s, service_metric(s, "vedette_frames_total{stream=\"yard\"}") > 10, 20);
    EXPECT(s, service_metric(s, "vedette_camera_fps{stream=\"yard\"}") > 5, 20);
    EXPECT(s, count_events(&both, "") > 5, 20);
    EXPECT(s, has_file(&both, "snapshot", "\xff\xd8\xff", 0), 20);
    EXPECT(s, has_file(&both, "clip", "ftyp", 4), 60);
    check_live(&both);
    service_act(s, "POST", YARD "/restart", NULL, 202);
    EXPECT(s, service_metric(s, "vedette_pipeline_builds_total{stream=\"yard\"}") == 2, 20);

    /* both read their files anew */
    fixture_add("streams.d/yard.conf.d/own.conf", OWN "stall-timeout=7s\n");
    g_autofree char *reloaded = ask_unix(&s->peers, "POST", "/api/v1/reload", NULL);
    g_assert_cmpuint(status_of(reloaded), ==, 200);
    g_assert_nonnull(strstr(reloaded, "\"stream\":\"yard\",\"change\":\"changed\""));
    EXPECT(s, count_in(fixture_path("err-yard"), "yard: changed: stream.stall-timeout") == 1, 20);

    /* what happens while the service is not there it learns afterwards */
    service_stop(s);
    g_usleep(2 * SECOND);
    service_start(s);
    service_wait_ready(s);
    EXPECT(s, is(&both, "live"), 20);
    g_usleep(SECOND);
    for (guint i = 0; i < 4; i++) { /* nor does it learn anything twice */
        service_kill(s, SIGKILL);
        service_start(s);
        service_wait_ready(s);
        g_usleep((gulong)g_test_rand_int_range(1, 15) * SECOND / 10);
    }
    yard_kill(&both, SIGTERM);
    EXPECT(s, is_complete(&both), 20);

    both.yard = service_start_alone(s, "yard");
    EXPECT(s, is(&both, "live"), 30);
    EXPECT(s, count_events(&both, "&element=segmenter&open=1") > 0, 20);
    yard_kill(&both, SIGKILL);
    EXPECT(s, is_away(&both), 20);
    EXPECT(s, count_events(&both, "&element=segmenter&open=1") == 0, 5);
    EXPECT(s, count_in(s->err, "yard: failed (" NOT_RUNNING ")") == 1, 5);

    /* it may come back into the service's */
    g_assert_cmpint(g_unlink(fixture_path("streams.d/yard.conf.d/own.conf")), ==, 0);
    service_act(s, "POST", "/api/v1/reload", NULL, 200);
    EXPECT(s, is(&both, "live"), 20);
    g_autoptr(JsonObject) back = service_stream(s, "yard");
    g_assert_false(json_object_get_boolean_member(back, "isolated"));
    end(&both);
}

#define DRIPS        "\"and more\":"
#define DRIP_SECONDS 600

/* What stands in for the process of yard answers with these bytes, whatever it is asked; what ends
 * with DRIPS goes on byte by byte. */
typedef struct {
    GSocketListener *listener;
    GCancellable *cancellable;
    GThread *thread;
    GMutex lock;
    char *answer; /* guarded */
} StandIn;

static gpointer answer_all(gpointer data)
{
    StandIn *self = data;
    GSocketConnection *connection;
    while ((connection = g_socket_listener_accept(self->listener, NULL, self->cancellable, NULL)) !=
           NULL) {
        GIOStream *stream = G_IO_STREAM(connection);
        char asked[1024];
        g_mutex_lock(&self->lock);
        g_autofree char *answer = g_strdup(self->answer);
        g_mutex_unlock(&self->lock);
        g_input_stream_read(g_io_stream_get_input_stream(stream), asked, sizeof asked, NULL, NULL);
        GOutputStream *output = g_io_stream_get_output_stream(stream);
        g_output_stream_write_all(output, answer, strlen(answer), NULL, NULL, NULL);
        for (guint i = 0; g_str_has_suffix(answer, DRIPS) && i < 100 * DRIP_SECONDS; i++) {
            g_usleep(10000);
            if (!g_output_stream_write_all(output, " ", 1, NULL, NULL, NULL))
                break;
        }
        g_object_unref(connection);
    }
    return NULL;
}

static void stand_in_say(StandIn *self, const char *answer)
{
    g_mutex_lock(&self->lock);
    g_free(self->answer);
    self->answer = g_strdup(answer);
    g_mutex_unlock(&self->lock);
}

/* Where the process of yard would be. */
static void stand_in_start(StandIn *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_build_filename(fixture_path("state"), "isolated", "yard", NULL),
                    *path = g_build_filename(folder, "api.sock", NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    self->listener = g_socket_listener_new();
    self->cancellable = g_cancellable_new();
    g_socket_listener_add_address(self->listener, address, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
    g_assert_no_error(error);
    self->thread = g_thread_new("stand-in", answer_all, self);
}

static void stand_in_clear(StandIn *self)
{
    g_cancellable_cancel(self->cancellable);
    g_thread_join(self->thread);
    g_object_unref(self->listener);
    g_object_unref(self->cancellable);
    g_free(self->answer);
    g_mutex_clear(&self->lock);
}

#define OK   "HTTP/1.0 200 OK\r\n\r\n"
#define DEEP "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["

/* Whatever such a process answers, the service says that it fails, and is well itself. */
static void test_broken_answers(void)
{
    static const struct {
        const char *answer, *state;
        guint restarted; /* the status; 0: not tried, it would take its time */
    } cases[] = {
        {OK "{\"state\":\"live\"}", "live", 200},
        {"", "failed", 409},
        {OK "{\"state\":\"live\"}", "live", 200}, /* it may come to its senses */
        {"HTTP/1.\r\n\r\n{\"state\":\"live\"}", "failed", 409},
        {OK "{\"state\":5,\"reason\":[],\"analysers\":7}", "failed", 200},
        {OK "{\"state\":\"live\",\"analysers\":[5,null,{},{\"name\":\"x\"},"
            "{\"name\":3,\"model\":\"m\"},{\"name\":\"n\",\"model\":\"m\","
            "\"lag_s\":1e999,\"average_s\":-3,\"frames\":-1,\"results\":\"many\"}],"
            "\"frame_age_s\":1e999,\"retry_in_s\":{},\"frames\":1e40,\"codec\":{}}",
         "live", 200},
        {OK "{\"state\":" DEEP DEEP DEEP DEEP "}", "failed", 409},
        {OK "{\"state\":\"live\"}", "live", 200},
        {OK "{\"state\":\"\xff\xfe\"}", "failed", 409},
        {OK "{\"state\":\"live\"}", "live", 200},
        {OK "{\"state\":\"live\"," DRIPS, "failed", 0},
        {OK "{\"state\":\"live\"}", "live", 200},
        {"HTTP/1.0 99999 What\r\n\r\n{\"state\":\"live\",\"detail\":5}", "failed", 502},
    };
    Service service = {0}, *s = &service;
    StandIn yard = {.answer = g_strdup("")};
    service_init(s, "");
    s->with_state = TRUE;
    add_bars("yard", "");
    fixture_add("streams.d/yard.conf.d/own.conf", "[stream]\nisolated=yes\n");
    g_mutex_init(&yard.lock);
    service_start(s);
    service_wait_ready(s);
    stand_in_start(&yard);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("answer %u", i);
        stand_in_say(&yard, cases[i].answer);
        EXPECT(s, service_is(s, "yard", cases[i].state), 20);
        g_autofree char *metrics = service_get(s, "/metrics");
        g_assert_cmpuint(status_of(metrics), ==, 200);
        g_assert_null(strstr(metrics, "inf\n"));
        if (cases[i].restarted > 0)
            service_act(s, "POST", YARD "/restart", NULL, cases[i].restarted);
    }
    service_stop(s);
    stand_in_clear(&yard);
    service_clear(s);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/isolated/both", test_isolated);
    g_test_add_func("/isolated/broken-answers", test_broken_answers);
    return fixture_close();
}
