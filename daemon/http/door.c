/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "door.h"

#include <string.h>

#include "listen.h"
#include "replay.h"

#define MOST_UNIX       64 /* connections of the Unix socket, beside those of TCP */
/* Each takes a thread of GLib's ten, which others need, too. */
#define MOST_HANDSHAKES 6
#define LINGER          2 /* s, for a peer that still sends */
#define LINGER_BYTES    (1024 * 1024)
#define LAST_WAIT       G_USEC_PER_SEC
#define CHUNK           16384

/* What a connection is doing. */
typedef enum { HANDSHAKE, HEAD, BODY, REFUSAL, ANSWER, CLOSING } Stage;

typedef struct {
    VdtDoor *door;
    gint ref_count;
    guint64 id;
    Stage stage;
    gboolean gone, shakes;
    GSocketConnection *base;
    GIOStream *stream; /* of base, or TLS on it */
    GCancellable *cancellable;
    GSource *deadline;
    VdtPeer peer;
    GByteArray *read;
    VdtHead *head;
    gsize end; /* of the head */
    gsize drained;
    char *refusal;
    char chunk[CHUNK];
} Visit;

struct _VdtDoor {
    const VdtHttpSettings *settings;
    void (*func)(VdtArrival *, gpointer);
    void (*say)(const char *, gpointer);
    gpointer data;
    GHashTable *visits;    /* id to Visit, which are there until they are closed */
    GHashTable *addresses; /* address to how many */
    GPtrArray *listeners;  /* of VdtListener */
    GQueue waiting;        /* of Visit, for their turn with TLS; each with a reference */
    guint shaking, alive;
    guint64 next_id;
    VdtDoorCounts counts;
};

static void visit_unref(gpointer data)
{
    Visit *visit = data;
    if (--visit->ref_count > 0)
        return;
    g_object_unref(visit->stream);
    g_object_unref(visit->base);
    g_object_unref(visit->cancellable);
    g_byte_array_unref(visit->read);
    vdt_peer_clear(&visit->peer);
    vdt_head_free(visit->head);
    g_free(visit->refusal);
    visit->door->alive--;
    g_free(visit);
}

static Visit *visit_ref(Visit *visit)
{
    visit->ref_count++;
    return visit;
}

static void set_deadline(Visit *visit, guint seconds, GSourceFunc func)
{
    if (visit->deadline != NULL) {
        g_source_destroy(visit->deadline);
        g_clear_pointer(&visit->deadline, g_source_unref);
    }
    if (seconds == 0)
        return;
    visit->deadline = g_timeout_source_new_seconds(seconds);
    g_source_set_callback(visit->deadline, func, visit, NULL);
    g_source_attach(visit->deadline, g_main_context_get_thread_default());
}

static void count_address(VdtDoor *door, const Visit *visit, int step)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(door->addresses, visit->peer.address));
    *(visit->peer.is_unix ? &door->counts.open_unix : &door->counts.open) += (guint)step;
    n += (guint)step;
    if (n == 0)
        g_hash_table_remove(door->addresses, visit->peer.address);
    else
        g_hash_table_insert(door->addresses, g_strdup(visit->peer.address), GUINT_TO_POINTER(n));
}

static void begin_handshakes(VdtDoor *door);

static void end_handshake(Visit *visit)
{
    if (!visit->shakes)
        return;
    visit->shakes = FALSE;
    visit->door->shaking--;
    begin_handshakes(visit->door);
}

/* No more of it, at once. Who still writes finds out. */
static void visit_end(Visit *visit)
{
    if (visit->gone)
        return;
    visit->gone = TRUE;
    set_deadline(visit, 0, NULL);
    g_cancellable_cancel(visit->cancellable);
    g_socket_shutdown(g_socket_connection_get_socket(visit->base), TRUE, TRUE, NULL);
    count_address(visit->door, visit, -1);
    g_hash_table_remove(visit->door->visits, &visit->id);
}

static gboolean on_linger_over(gpointer data)
{
    visit_end(data);
    return G_SOURCE_REMOVE;
}

static void on_drained(GObject *source, GAsyncResult *result, gpointer data)
{
    Visit *visit = data;
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
    visit->drained += n > 0 ? (gsize)n : 0;
    if (!visit->gone && n > 0 && visit->drained < LINGER_BYTES) {
        g_input_stream_read_async(G_INPUT_STREAM(source), visit->chunk, CHUNK, G_PRIORITY_DEFAULT,
                                  visit->cancellable, on_drained, visit);
        return;
    }
    visit_end(visit);
    visit_unref(visit);
}

static void on_tls_closed(GObject *source, GAsyncResult *result, gpointer data)
{
    g_io_stream_close_finish(G_IO_STREAM(source), result, NULL);
    visit_end(data);
    visit_unref(data);
}

/* Says that nothing more comes, and waits for the peer to see it: a socket closed on what was not
 * read takes the answer with it. */
static void visit_close(Visit *visit)
{
    if (visit->gone || visit->stage == CLOSING)
        return;
    visit->stage = CLOSING;
    set_deadline(visit, LINGER, on_linger_over);
    if (visit->peer.tls) {
        g_io_stream_close_async(visit->stream, G_PRIORITY_DEFAULT, visit->cancellable,
                                on_tls_closed, visit_ref(visit));
        return;
    }
    g_socket_shutdown(g_socket_connection_get_socket(visit->base), FALSE, TRUE, NULL);
    g_input_stream_read_async(g_io_stream_get_input_stream(visit->stream), visit->chunk, CHUNK,
                              G_PRIORITY_DEFAULT, visit->cancellable, on_drained, visit_ref(visit));
}

/* --- refused --- */

static const struct {
    guint status;
    const char *phrase;
} phrases[] = {{400, "Bad Request"},
               {408, "Request Timeout"},
               {411, "Length Required"},
               {413, "Content Too Large"},
               {417, "Expectation Failed"},
               {431, "Request Header Fields Too Large"},
               {501, "Not Implemented"},
               {503, "Service Unavailable"},
               {505, "HTTP Version Not Supported"}};

char *vdt_door_refusal(const VdtRefusal *refusal)
{
    guint i = 0;
    while (i + 1 < G_N_ELEMENTS(phrases) && phrases[i].status != refusal->status)
        i++;
    g_autofree char *body = g_strdup_printf(
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\"}\n",
        phrases[i].phrase, refusal->status, refusal->why);
    return g_strdup_printf("HTTP/1.1 %u %s\r\nContent-Type: application/problem+json\r\n"
                           "Content-Length: %zu\r\nCache-Control: no-store\r\n%s"
                           "Connection: close\r\n\r\n%s",
                           refusal->status, phrases[i].phrase, strlen(body),
                           refusal->status == 503 ? "Retry-After: 5\r\n" : "", body);
}

static void on_refused(GObject *source, GAsyncResult *result, gpointer data)
{
    Visit *visit = data;
    g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
    visit_close(visit);
    visit_unref(visit);
}

static void visit_refuse(Visit *visit, const VdtRefusal *refusal)
{
    visit->stage = REFUSAL;
    visit->refusal = vdt_door_refusal(refusal);
    set_deadline(visit, LINGER, on_linger_over);
    g_output_stream_write_all_async(g_io_stream_get_output_stream(visit->stream), visit->refusal,
                                    strlen(visit->refusal), G_PRIORITY_DEFAULT, visit->cancellable,
                                    on_refused, visit_ref(visit));
}

static gboolean on_late(gpointer data)
{
    Visit *visit = data;
    visit->door->counts.timeouts++;
    if (visit->stage != HEAD && visit->stage != BODY) {
        visit_end(visit);
        return G_SOURCE_REMOVE;
    }
    g_autoptr(GCancellable) reading = visit->cancellable;
    visit->cancellable = g_cancellable_new();
    Stage stage = visit->stage;
    visit->stage = REFUSAL; /* before the read ends */
    g_cancellable_cancel(reading);
    visit_refuse(visit, &(VdtRefusal){408, stage == HEAD ? "the head took longer than 5 s"
                                                         : "the body took longer than 10 s"});
    return G_SOURCE_REMOVE;
}

/* --- read --- */

static void read_on(Visit *visit);

static void on_replay_closed(gpointer data)
{
    visit_close(data);
    visit_unref(data);
}

static gboolean on_answer_late(gpointer data)
{
    visit_end(data);
    return G_SOURCE_REMOVE;
}

/* What libsoup reads is made here, of what the guard found. The request itself is known by its
 * number. */
static GBytes *write_anew(const Visit *visit)
{
    const char *host = vdt_head_get(visit->head, "host");
    char *text = g_strdup_printf("%s / HTTP/1.%u\r\nHost: %s\r\nVedette-Visit: %" G_GUINT64_FORMAT
                                 "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                 visit->head->method, visit->head->minor,
                                 host != NULL ? host : "localhost", visit->id);
    return g_bytes_new_take(text, strlen(text));
}

static void visit_enter(Visit *visit)
{
    VdtArrival *arrival = g_new(VdtArrival, 1);
    g_autoptr(GBytes) anew = write_anew(visit);
    visit->stage = ANSWER;
    visit->door->counts.served++;
    set_deadline(visit, VDT_DOOR_ANSWER_LIMIT, on_answer_late);
    *arrival = (VdtArrival){
        .id = visit->id,
        .head = g_steal_pointer(&visit->head),
        .body = g_bytes_new(visit->read->data + visit->end, visit->read->len - visit->end),
        .peer = visit->peer,
        .stream = vdt_replay_new(anew, g_io_stream_get_output_stream(visit->stream),
                                 on_replay_closed, visit_ref(visit))};
    arrival->peer.address = g_strdup(visit->peer.address);
    visit->door->func(arrival, visit->door->data);
}

static void on_continued(GObject *source, GAsyncResult *result, gpointer data)
{
    Visit *visit = data;
    if (g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL) &&
        visit->stage == BODY && !visit->gone)
        read_on(visit);
    else if (!visit->gone && visit->stage == BODY)
        visit_end(visit);
    visit_unref(visit);
}

static void go_on(Visit *visit)
{
    static const char go_ahead[] = "HTTP/1.1 100 Continue\r\n\r\n";
    VdtRefusal refusal;
    if (visit->stage == HEAD) {
        const char *bytes = (const char *)visit->read->data;
        VdtGuardFound found = vdt_guard_scan(bytes, visit->read->len, &visit->end, &refusal);
        if (found == VDT_GUARD_MORE) {
            read_on(visit);
            return;
        }
        if (found == VDT_GUARD_WHOLE)
            visit->head = vdt_guard_parse(bytes, visit->end, &refusal);
        if (visit->head == NULL) {
            visit->door->counts.refused++;
            visit_refuse(visit, &refusal);
            return;
        }
        visit->stage = BODY;
        set_deadline(visit, VDT_DOOR_BODY_LIMIT, on_late);
        if (visit->head->expects && visit->read->len == visit->end) {
            g_output_stream_write_all_async(g_io_stream_get_output_stream(visit->stream), go_ahead,
                                            strlen(go_ahead), G_PRIORITY_DEFAULT,
                                            visit->cancellable, on_continued, visit_ref(visit));
            return;
        }
    }
    if (visit->read->len < visit->end + visit->head->body) {
        read_on(visit);
        return;
    }
    g_byte_array_set_size(visit->read, (guint)(visit->end + visit->head->body));
    visit_enter(visit);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    Visit *visit = data;
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
    if (!visit->gone && (visit->stage == HEAD || visit->stage == BODY)) {
        if (n <= 0) {
            visit_end(visit);
        } else {
            g_byte_array_append(visit->read, (const guint8 *)visit->chunk, (guint)n);
            go_on(visit);
        }
    }
    visit_unref(visit);
}

static void read_on(Visit *visit)
{
    g_input_stream_read_async(g_io_stream_get_input_stream(visit->stream), visit->chunk, CHUNK,
                              G_PRIORITY_DEFAULT, visit->cancellable, on_read, visit_ref(visit));
}

/* --- TLS --- */

static void on_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
    Visit *visit = data;
    gboolean ok = g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, NULL);
    end_handshake(visit);
    if (!visit->gone && ok) {
        visit->stage = HEAD;
        set_deadline(visit, VDT_DOOR_HEAD_LIMIT, on_late);
        read_on(visit);
    } else {
        visit_end(visit);
    }
    visit_unref(visit);
}

static void begin_handshakes(VdtDoor *door)
{
    while (door->shaking < MOST_HANDSHAKES && !g_queue_is_empty(&door->waiting)) {
        /* the newest: who waits for long was sent to make others wait */
        Visit *visit = g_queue_pop_tail(&door->waiting);
        if (visit->gone) {
            visit_unref(visit);
            continue;
        }
        door->shaking++;
        visit->shakes = TRUE;
        set_deadline(visit, VDT_DOOR_TLS_LIMIT, on_late);
        g_tls_connection_handshake_async(G_TLS_CONNECTION(visit->stream), G_PRIORITY_DEFAULT,
                                         visit->cancellable, on_shaken, visit);
    }
}

static gboolean on_first_byte(GSocket *socket, GIOCondition condition, gpointer data)
{
    Visit *visit = data;
    if (!visit->gone) {
        g_queue_push_tail(&visit->door->waiting, visit_ref(visit));
        begin_handshakes(visit->door);
    }
    return G_SOURCE_REMOVE;
}

static gboolean begin_tls(Visit *visit)
{
    static const char *const protocols[] = {"http/1.1", NULL};
    g_autoptr(GIOStream) tls = g_tls_server_connection_new(
        G_IO_STREAM(visit->base), visit->door->settings->certificate, NULL);
    if (tls == NULL)
        return FALSE;
    g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(tls), protocols);
    g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(tls), FALSE);
    g_set_object(&visit->stream, tls);
    visit->stage = HANDSHAKE;
    visit->peer.tls = TRUE;
    /* nobody has a thread who has said nothing */
    g_autoptr(GSource) source = g_socket_create_source(g_socket_connection_get_socket(visit->base),
                                                       G_IO_IN, visit->cancellable);
    g_source_set_callback(source, G_SOURCE_FUNC(on_first_byte), visit_ref(visit), visit_unref);
    g_source_attach(source, g_main_context_get_thread_default());
    return TRUE;
}

/* --- accepted --- */

static gboolean has_room(const VdtDoor *door, const VdtPeer *peer)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(door->addresses, peer->address));
    if (peer->is_unix)
        return door->counts.open_unix < MOST_UNIX;
    return door->counts.open < door->settings->most &&
           (peer->loopback || n < MAX(door->settings->most / 4, 1));
}

static void on_connection(GSocket *socket, gpointer data)
{
    VdtDoor *door = data;
    g_autoptr(GSocketConnection) base = g_socket_connection_factory_create_connection(socket);
    VdtPeer peer;
    if (!vdt_peer_of(base, door->settings->group, &peer, NULL))
        return;
    g_socket_set_timeout(socket, VDT_DOOR_STALL_LIMIT);
    Visit *visit = g_new0(Visit, 1);
    *visit = (Visit){.door = door,
                     .ref_count = 1,
                     .id = ++door->next_id,
                     .stage = HEAD,
                     .base = g_object_ref(base),
                     .stream = G_IO_STREAM(g_object_ref(base)),
                     .cancellable = g_cancellable_new(),
                     .peer = peer,
                     .read = g_byte_array_new()};
    gboolean fits = has_room(door, &peer);
    door->alive++;
    door->counts.accepted++;
    count_address(door, visit, 1);
    g_hash_table_insert(door->visits, &visit->id, visit);
    if (!fits) {
        static const VdtRefusal full = {503, "there are too many connections"};
        g_autofree char *refusal = vdt_door_refusal(&full);
        door->counts.crowded++;
        if (peer.is_unix || door->settings->certificate == NULL)
            g_socket_send(socket, refusal, strlen(refusal), NULL, NULL);
        visit_end(visit);
        return;
    }
    set_deadline(visit, VDT_DOOR_HEAD_LIMIT, on_late);
    if (peer.is_unix || door->settings->certificate == NULL)
        read_on(visit);
    else if (!begin_tls(visit))
        visit_end(visit);
}

static void on_say(const char *sentence, gpointer data)
{
    VdtDoor *door = data;
    door->say(sentence, door->data);
}

VdtDoor *vdt_door_new(const VdtHttpSettings *settings, void (*func)(VdtArrival *, gpointer),
                      void (*say)(const char *sentence, gpointer), gpointer data)
{
    VdtDoor *door = g_new0(VdtDoor, 1);
    *door =
        (VdtDoor){.settings = settings,
                  .func = func,
                  .say = say,
                  .data = data,
                  .visits = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, visit_unref),
                  .addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                  .listeners = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_listener_free)};
    g_queue_init(&door->waiting);
    for (guint i = 0; i < settings->addresses->len; i++)
        g_ptr_array_add(door->listeners, vdt_listener_new(settings->addresses->pdata[i], NULL, -1,
                                                          on_connection, on_say, door));
    if (settings->socket != NULL)
        g_ptr_array_add(door->listeners, vdt_listener_new(NULL, settings->socket, settings->group,
                                                          on_connection, on_say, door));
    return door;
}

void vdt_door_free(VdtDoor *door)
{
    GHashTableIter iter;
    gpointer visit;
    g_ptr_array_unref(door->listeners);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_hash_table_iter_init(&iter, door->visits);
    while (g_hash_table_iter_next(&iter, NULL, &visit))
        g_ptr_array_add(all, visit);
    for (guint i = 0; i < all->len; i++)
        visit_end(all->pdata[i]);
    g_queue_clear_full(&door->waiting, visit_unref);
    /* What was begun ends in the main context, some of it in threads, and looks at the door. */
    gint64 end = g_get_monotonic_time() + LAST_WAIT;
    while (door->alive > 0 && g_get_monotonic_time() < end)
        if (!g_main_context_iteration(g_main_context_get_thread_default(), FALSE))
            g_usleep(1000);
    if (door->alive > 0)
        return; /* the process ends soon */
    g_hash_table_unref(door->visits);
    g_hash_table_unref(door->addresses);
    g_free(door);
}

VdtDoorCounts vdt_door_get_counts(const VdtDoor *door)
{
    return door->counts;
}

void vdt_door_let_stay(VdtDoor *door, guint64 id)
{
    Visit *visit = g_hash_table_lookup(door->visits, &id);
    if (visit != NULL && visit->stage == ANSWER)
        set_deadline(visit, 0, NULL);
}

void vdt_arrival_free(VdtArrival *arrival)
{
    g_clear_object(&arrival->stream);
    vdt_head_free(arrival->head);
    g_bytes_unref(arrival->body);
    vdt_peer_clear(&arrival->peer);
    g_free(arrival);
}
