/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mqtt.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <mosquitto.h>
#include <poll.h>
#include <string.h>

#include "discovery.h"

#define SECOND     ((gint64)G_USEC_PER_SEC)
#define WINDOW     16   /* messages that the broker has not acknowledged */
#define MOST_STALE 1024 /* old topics that are cleared after one connection */
#define TIDY       (5 * SECOND)

typedef struct {
    int mid;
    guint64 seq; /* 0 if it is no event */
    gboolean repeated;
    gint64 since;
} Flight;

typedef struct {
    char *host, *ca_file, *user, *password, *id, *prefix;
    char *discovery_prefix; /* NULL unless it is wanted */
    char *any_discovery_prefix;
    int port, qos, keepalive;
    gboolean tls;
    gint64 stats_interval;
    VdtBoard *board;
    char *(*stats)(gpointer data);
    gpointer stats_data;
    guint attempt; /* since it was there */
    gboolean both; /* the host has addresses of both families */

    /* Of one connection: */
    VdtSink *sink;
    struct mosquitto *client;
    gboolean connected, begun, ended;
    int refusal; /* what the broker answered to CONNECT, if not 0 */
    int error;   /* errno of what ended it */
    char *said;  /* the library's first message about an error */
    Flight flights[WINDOW + VDT_DISCOVERY_ENTITIES + 1];
    guint n_flights;
    guint64 noticed;
    const char *armed; /* as it was told */
    gint64 next_stats, tidy_until;
    GQueue stale;          /* of topics */
    GHashTable *expected;  /* topics for discovery, of the streams that there were */
    GHashTable *announced; /* streams, to Home Assistant */
} Mqtt;

/* --- what libmosquitto calls, in loops of our own --- */

static void on_connect(struct mosquitto *client, void *data, int refusal)
{
    Mqtt *self = data;
    self->refusal = refusal;
    self->connected = refusal == 0;
}

static void on_disconnect(struct mosquitto *client, void *data, int reason)
{
    Mqtt *self = data;
    self->error = errno;
    self->connected = FALSE;
    self->ended = TRUE;
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    Mqtt *self = data;
    for (guint i = 0; i < self->n_flights; i++)
        if (self->flights[i].mid == mid) {
            Flight flight = self->flights[i];
            self->flights[i] = self->flights[--self->n_flights];
            if (flight.seq > 0)
                vdt_sink_arrived(self->sink, flight.seq, flight.repeated);
            return;
        }
}

static void on_log(struct mosquitto *client, void *data, int level, const char *text)
{
    Mqtt *self = data;
    if (level == MOSQ_LOG_ERR && self->said == NULL)
        self->said = g_utf8_make_valid(text, -1);
}

/* Of a stream that is no more? */
static gboolean is_stale(Mqtt *self, const char *topic)
{
    gsize n = strlen(self->prefix);
    if (g_hash_table_contains(self->expected, topic))
        return FALSE;
    if (strncmp(topic, self->prefix, n) != 0 || topic[n] != '/' ||
        !g_str_has_suffix(topic, "/status"))
        return TRUE;
    const char *name = topic + n + 1;
    g_autofree char *stream = g_strndup(name, strcspn(name, "/"));
    return !vdt_board_has(self->board, stream);
}

/* What the broker kept from before. */
static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *m)
{
    Mqtt *self = data;
    if (m->retain && m->payloadlen > 0 && self->stale.length < MOST_STALE &&
        is_stale(self, m->topic))
        g_queue_push_tail(&self->stale, g_strdup(m->topic));
}

/* --- publishing --- */

static gboolean has_room(const Mqtt *self)
{
    return self->connected && !self->ended && self->n_flights < WINDOW;
}

/* FALSE if it is not connected any more. */
static gboolean publish(Mqtt *self, const char *topic, const char *payload, gboolean retain,
                        guint64 seq, gboolean repeated)
{
    int mid, rc = mosquitto_publish(self->client, &mid, topic, (int)strlen(payload), payload,
                                    self->qos, retain);
    g_assert(self->n_flights < G_N_ELEMENTS(self->flights));
    if (rc != MOSQ_ERR_SUCCESS) {
        self->error = errno;
        self->ended = TRUE;
        return FALSE;
    }
    self->flights[self->n_flights++] = (Flight){mid, seq, repeated, g_get_monotonic_time()};
    return TRUE;
}

static gboolean publish_at(Mqtt *self, const char *name, const char *payload, gboolean retain,
                           guint64 seq, gboolean repeated)
{
    g_autofree char *topic = g_strdup_printf("%s/%s", self->prefix, name);
    return publish(self, topic, payload, retain, seq, repeated);
}

static void add(JsonBuilder *json, const char *key, const char *value)
{
    json_builder_set_member_name(json, key);
    if (value != NULL)
        json_builder_add_string_value(json, value);
    else
        json_builder_add_null_value(json);
}

static char *show_notice(const VdtNotice *notice)
{
    if (notice->removed)
        return g_strdup("");
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(notice->time / G_USEC_PER_SEC);
    g_autoptr(GDateTime) time = g_date_time_add(seconds, notice->time % G_USEC_PER_SEC);
    g_autofree char *text = g_date_time_format_iso8601(time);
    json_builder_begin_object(json);
    add(json, "stream", notice->stream);
    add(json, "state", notice->state);
    add(json, "reason", notice->reason);
    add(json, "time", text);
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}

/* That is new, or gone: to Home Assistant. */
static gboolean announce(Mqtt *self, const VdtNotice *notice)
{
    VdtDiscovery discovery = {self->discovery_prefix, self->prefix};
    gboolean ok = TRUE;
    if (self->discovery_prefix == NULL ||
        (!notice->removed && !g_hash_table_add(self->announced, g_strdup(notice->stream))))
        return TRUE;
    if (notice->removed)
        g_hash_table_remove(self->announced, notice->stream);
    for (guint i = 0; i < VDT_DISCOVERY_ENTITIES && ok; i++) {
        g_autofree char *topic = vdt_discovery_topic(&discovery, notice->stream, i);
        g_autofree char *payload =
            notice->removed ? g_strdup("") : vdt_discovery_payload(&discovery, notice->stream, i);
        ok = publish(self, topic, payload, TRUE, 0, FALSE);
    }
    return ok;
}

static void publish_notice(Mqtt *self, const VdtNotice *notice)
{
    g_autofree char *payload = show_notice(notice);
    g_autofree char *name = g_strdup_printf("%s/status", notice->stream);
    if (publish_at(self, name, payload, TRUE, 0, FALSE))
        announce(self, notice);
}

static void publish_stats(Mqtt *self)
{
    gint64 now = g_get_monotonic_time();
    if (self->stats_interval == 0 || now < self->next_stats || !has_room(self))
        return;
    g_autofree char *payload = self->stats(self->stats_data);
    publish_at(self, "stats", payload, FALSE, 0, FALSE);
    self->next_stats = now + self->stats_interval;
}

static void tidy(Mqtt *self)
{
    while (has_room(self) && self->stale.length > 0) {
        g_autofree char *topic = g_queue_pop_head(&self->stale);
        if (is_stale(self, topic))
            publish(self, topic, "", TRUE, 0, FALSE);
    }
    if (self->tidy_until > 0 && g_get_monotonic_time() >= self->tidy_until) {
        g_autofree char *status = g_strdup_printf("%s/+/status", self->prefix);
        VdtDiscovery discovery = {self->any_discovery_prefix, self->prefix};
        g_autofree char *filter = vdt_discovery_filter(&discovery);
        mosquitto_unsubscribe(self->client, NULL, status);
        mosquitto_unsubscribe(self->client, NULL, filter);
        self->tidy_until = 0;
    }
}

static void publish_arm(Mqtt *self)
{
    const char *arm = vdt_board_get_arm(self->board);
    if (g_strcmp0(arm, self->armed) != 0 && has_room(self) &&
        publish_at(self, "arm", arm, TRUE, 0, FALSE))
        self->armed = arm;
}

/* All that there is room for. */
static void pump(Mqtt *self)
{
    VdtTold told;
    VdtNotice *next;
    publish_arm(self);
    while (has_room(self) && (next = vdt_board_next(self->board, self->noticed)) != NULL) {
        g_autoptr(VdtNotice) notice = next;
        self->noticed = notice->change;
        publish_notice(self, notice);
    }
    tidy(self);
    publish_stats(self);
    while (has_room(self) && vdt_sink_take(self->sink, &told)) {
        g_autofree char *line = vdt_told_to_json(&told);
        publish_at(self, "events", line, FALSE, told.seq, told.repeated);
    }
}

/* --- one connection --- */

static void expect_topics(Mqtt *self)
{
    VdtDiscovery discovery = {self->discovery_prefix, self->prefix};
    g_auto(GStrv) streams = vdt_board_list(self->board);
    g_hash_table_remove_all(self->announced);
    g_hash_table_remove_all(self->expected);
    for (guint s = 0; self->discovery_prefix != NULL && streams[s] != NULL; s++)
        for (guint i = 0; i < VDT_DISCOVERY_ENTITIES; i++)
            g_hash_table_add(self->expected, vdt_discovery_topic(&discovery, streams[s], i));
}

static void begin(Mqtt *self)
{
    g_autofree char *status = g_strdup_printf("%s/+/status", self->prefix);
    VdtDiscovery discovery = {self->any_discovery_prefix, self->prefix};
    g_autofree char *filter = vdt_discovery_filter(&discovery);
    publish_at(self, "available", "online", TRUE, 0, FALSE);
    mosquitto_subscribe(self->client, NULL, status, 1);
    mosquitto_subscribe(self->client, NULL, filter, 1);
    self->tidy_until = g_get_monotonic_time() + TIDY;
}

/* An address of the family that the attempt is for; those of a host are tried in turns. NULL for
 * any, or with @error. */
static const char *choose_family(Mqtt *self, GError **error)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    GList *found = g_resolver_lookup_by_name(resolver, self->host,
                                             vdt_sink_get_cancellable(self->sink), error);
    guint counts[2] = {0};
    for (GList *l = found; l != NULL; l = l->next)
        counts[g_inet_address_get_family(l->data) == G_SOCKET_FAMILY_IPV6]++;
    self->both = counts[0] > 0 && counts[1] > 0;
    gboolean first =
        found != NULL && g_inet_address_get_family(found->data) == G_SOCKET_FAMILY_IPV6;
    g_resolver_free_addresses(found);
    if (!self->both)
        return NULL;
    return ((self->attempt % 2 == 0) == first) ? "::" : "0.0.0.0";
}

static struct mosquitto *make_client(Mqtt *self)
{
    g_autofree char *id =
        self->id != NULL ? g_strdup(self->id) : g_strdup_printf("vedette-%08x", g_random_int());
    g_autofree char *will = g_strdup_printf("%s/available", self->prefix);
    struct mosquitto *client = mosquitto_new(id, true, self);
    if (client == NULL)
        g_error("out of memory");
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_log_callback_set(client, on_log);
    mosquitto_max_inflight_messages_set(client, G_N_ELEMENTS(self->flights));
    mosquitto_will_set(client, will, (int)strlen("offline"), "offline", 1, true);
    if (self->user != NULL)
        mosquitto_username_pw_set(client, self->user, self->password);
    return client;
}

static int set_tls(Mqtt *self)
{
    if (!self->tls)
        return MOSQ_ERR_SUCCESS;
    if (self->ca_file != NULL)
        return mosquitto_tls_set(self->client, self->ca_file, NULL, NULL, NULL, NULL);
    return mosquitto_int_option(self->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
}

/* "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed" */
static char *show_tls(const char *said)
{
    const char *last = g_strrstr(said, "::");
    if (last != NULL)
        said = last + strlen("::");
    else if (g_str_has_prefix(said, "Error: "))
        said += strlen("Error: ");
    gsize n = strlen(said);
    return g_strdup_printf("TLS: %.*s", (int)(n > 0 && said[n - 1] == '.' ? n - 1 : n), said);
}

static char *explain(const Mqtt *self, int rc)
{
    if (self->said != NULL && self->tls)
        return show_tls(self->said);
    if (rc == MOSQ_ERR_CONN_LOST || rc == MOSQ_ERR_NO_CONN)
        return g_strdup("the connection was lost");
    if (rc == MOSQ_ERR_KEEPALIVE)
        return g_strdup("the broker does not answer");
    return g_strdup(rc == MOSQ_ERR_ERRNO && self->error != 0 ? g_strerror(self->error)
                                                             : mosquitto_strerror(rc));
}

/* Why it is not to be had; NULL if it is under way. Caller frees. */
static char *connect_to(Mqtt *self)
{
    g_autoptr(GError) error = NULL;
    const char *family = choose_family(self, &error);
    if (error != NULL)
        return g_strdup(error->message);
    if (set_tls(self) != MOSQ_ERR_SUCCESS)
        return g_strdup_printf("the certificates in %s cannot be read",
                               self->ca_file != NULL ? self->ca_file : "this machine");
    int rc =
        mosquitto_connect_bind_async(self->client, self->host, self->port, self->keepalive, family);
    if (rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_CONN_PENDING)
        return NULL;
    self->error = errno;
    return explain(self, rc);
}

static gint64 oldest_flight(const Mqtt *self)
{
    gint64 oldest = G_MAXINT64;
    for (guint i = 0; i < self->n_flights; i++)
        oldest = MIN(oldest, self->flights[i].since);
    return oldest;
}

/* Waits, reads and writes. The library's code for what ended the connection, or 0. */
static int turn(Mqtt *self, gint64 until)
{
    int fd = mosquitto_socket(self->client), rc = MOSQ_ERR_SUCCESS;
    if (fd < 0 || self->ended)
        return MOSQ_ERR_NO_CONN;
    int events = POLLIN | (mosquitto_want_write(self->client) ? POLLOUT : 0);
    int found = vdt_sink_wait(self->sink, fd, events, until);
    errno = 0;
    if ((found & (POLLIN | POLLHUP | POLLERR)) != 0)
        rc = mosquitto_loop_read(self->client, 1);
    if (rc == MOSQ_ERR_SUCCESS && (found & POLLOUT) != 0)
        rc = mosquitto_loop_write(self->client, 1);
    return rc == MOSQ_ERR_SUCCESS ? mosquitto_loop_misc(self->client) : rc;
}

/* Says that the service goes, and waits a little for what is on its way. */
static void leave(Mqtt *self)
{
    gint64 until = g_get_monotonic_time() + vdt_sink_get_times(self->sink)->stop / 2;
    int rc = MOSQ_ERR_SUCCESS;
    if (!self->connected || self->ended)
        return;
    publish_at(self, "available", "offline", TRUE, 0, FALSE);
    while (rc == MOSQ_ERR_SUCCESS && self->n_flights > 0 && g_get_monotonic_time() < until)
        rc = turn(self, until);
    mosquitto_disconnect(self->client);
    while (rc == MOSQ_ERR_SUCCESS && !self->ended && g_get_monotonic_time() < until)
        rc = turn(self, until);
}

/* User or password, or what they may, rather than the broker. */
static gboolean is_refusal(int code)
{
    return code == 4 || code == 5;
}

/* Until it ends, and why, NULL for the service's own wish. Caller frees. */
static char *talk(Mqtt *self)
{
    const VdtSinkTimes *times = vdt_sink_get_times(self->sink);
    gint64 started = g_get_monotonic_time();
    while (!vdt_sink_is_stopping(self->sink)) {
        if (self->connected && !self->begun) {
            self->begun = TRUE;
            self->attempt = 0;
            vdt_sink_up(self->sink);
            begin(self);
        }
        if (self->begun)
            pump(self);
        gint64 now = g_get_monotonic_time();
        int rc = turn(self, now + SECOND);
        if (is_refusal(self->refusal))
            return g_strdup("user or password are wrong, or may not connect");
        if (self->refusal != 0)
            return g_strdup(mosquitto_connack_string(self->refusal));
        if (rc != MOSQ_ERR_SUCCESS || self->ended)
            return explain(self, rc);
        if (!self->begun && now - started > times->connect)
            return g_strdup_printf("no answer within %.0f s", (double)times->connect / SECOND);
        if (now - oldest_flight(self) > times->answer)
            return g_strdup_printf("it acknowledges nothing within %.0f s",
                                   (double)times->answer / SECOND);
    }
    leave(self);
    return NULL;
}

static void run(VdtSink *sink, gpointer data)
{
    Mqtt *self = data;
    self->sink = sink;
    while (!vdt_sink_is_stopping(sink)) {
        self->connected = self->begun = self->ended = FALSE;
        self->refusal = self->error = 0;
        self->n_flights = 0;
        self->noticed = 0;
        self->armed = NULL;
        self->next_stats = self->tidy_until = 0;
        g_clear_pointer(&self->said, g_free);
        expect_topics(self);
        self->client = make_client(self);
        g_autofree char *error = connect_to(self);
        if (error == NULL)
            error = talk(self);
        mosquitto_destroy(g_steal_pointer(&self->client));
        g_queue_clear_full(&self->stale, g_free);
        self->attempt++;
        if (self->both && self->attempt % 2 == 1 && self->refusal == 0 && !self->begun)
            continue; /* at once, by the other family */
        if (error != NULL && !vdt_sink_is_stopping(sink))
            vdt_sink_failed(sink, is_refusal(self->refusal) ? VDT_SINK_REFUSED : VDT_SINK_AWAY, 0,
                            "%s", error);
    }
}

static void mqtt_free(gpointer data)
{
    Mqtt *self = data;
    vdt_board_unref(self->board);
    g_hash_table_unref(self->expected);
    g_hash_table_unref(self->announced);
    g_free(self->said);
    g_free(self->host);
    g_free(self->ca_file);
    g_free(self->user);
    g_free(self->password);
    g_free(self->id);
    g_free(self->prefix);
    g_free(self->discovery_prefix);
    g_free(self->any_discovery_prefix);
    g_free(self);
}

static const VdtSinkKind kind = {"mqtt", VDT_TO_MQTT, run, mqtt_free};

/* Once, and for good: streams that are told of are not the only users it may have. */
static void start_library(void)
{
    static gsize started;
    if (g_once_init_enter(&started)) {
        mosquitto_lib_init();
        g_once_init_leave(&started, 1);
    }
}

VdtSink *vdt_mqtt_new(const VdtConfig *config, const VdtSinkOptions *options,
                      const VdtMqttSources *sources)
{
    const VdtOption *keys = config->settings[VDT_GROUP_MQTT];
    const VdtSecret *secret = &config->secrets[VDT_GROUP_MQTT];
    if (keys[VDT_KEY_MQTT_HOST].text == NULL || secret->unread)
        return NULL;
    start_library();
    Mqtt *self = g_new0(Mqtt, 1);
    *self = (Mqtt){
        .host = g_strdup(keys[VDT_KEY_MQTT_HOST].text),
        .ca_file = g_strdup(keys[VDT_KEY_MQTT_CA_FILE].text),
        .user = g_strdup(secret->user),
        .password = g_strdup(secret->password),
        .id = g_strdup(keys[VDT_KEY_MQTT_CLIENT_ID].text),
        .prefix = g_strdup(keys[VDT_KEY_MQTT_PREFIX].text),
        .any_discovery_prefix = g_strdup(keys[VDT_KEY_MQTT_DISCOVERY_PREFIX].text),
        .port = (int)keys[VDT_KEY_MQTT_PORT].whole,
        .qos = (int)keys[VDT_KEY_MQTT_QOS].whole,
        .keepalive = (int)(keys[VDT_KEY_MQTT_KEEPALIVE].whole / SECOND),
        .tls = keys[VDT_KEY_MQTT_TLS].whole != 0,
        .stats_interval = keys[VDT_KEY_MQTT_STATS_INTERVAL].whole,
        .board = vdt_board_ref(sources->board),
        .stats = sources->stats,
        .stats_data = sources->data,
        .expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .announced = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    if (keys[VDT_KEY_MQTT_DISCOVERY].whole != 0)
        self->discovery_prefix = g_strdup(self->any_discovery_prefix);
    if (self->port == 0)
        self->port = self->tls ? 8883 : 1883;
    g_queue_init(&self->stale);
    g_autofree char *peer = g_strdup_printf("%s:%d", self->host, self->port);
    return vdt_sink_new(&kind, self, peer, options);
}
