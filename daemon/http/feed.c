/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feed.h"

#include <string.h>

#include "query.h"
#include "routes.h"

#define ROWS 64 /* read at once */

typedef struct {
    VdtFeeds *feeds;
    VdtRequest *request;
    guint64 after;
    gboolean reading, writing, again;
    gulong wrote, finished;
} Follower;

struct _VdtFeeds {
    VdtStore *store;
    GMainContext *context;
    GPtrArray *followers; /* of Follower */
    guint listener;
    GSource *beat;
    gint woken; /* atomic: on its way already */
};

static gboolean wants(GHashTable *query, const VdtEvent *event)
{
    const char *stream = g_hash_table_lookup(query, "stream"),
               *type = g_hash_table_lookup(query, "type");
    return (stream == NULL || g_strcmp0(stream, event->stream) == 0) &&
           (type == NULL || g_strcmp0(type, event->type) == 0) &&
           ((event->audience & VDT_TO_PAGE) != 0 ||
            g_strcmp0(g_hash_table_lookup(query, "all"), "1") == 0);
}

char *vdt_feed_write(GHashTable *query, GPtrArray *records, guint64 *after)
{
    GString *out = g_string_new(NULL);
    guint64 told = *after;
    for (guint i = 0; i < records->len; i++) {
        const VdtRecord *record = records->pdata[i];
        if (record->seq > *after + 1)
            g_string_append_printf(out, "event: lost\ndata: {\"lost\":%" G_GUINT64_FORMAT "}\n\n",
                                   record->seq - *after - 1);
        *after = record->seq;
        if (!wants(query, record->event))
            continue;
        told = record->seq;
        g_string_append_printf(out, "id: %" G_GUINT64_FORMAT "\ndata: %s\n\n", record->seq,
                               record->event->json);
    }
    /* who comes again need not go through what it did not want */
    if (told < *after)
        g_string_append_printf(out, "id: %" G_GUINT64_FORMAT "\n\n", *after);
    return g_string_free(out, FALSE);
}

static void follower_read(Follower *follower);

static void send_text(Follower *follower, const char *text)
{
    SoupServerMessage *message = follower->request->message;
    if (*text == '\0')
        return;
    follower->writing = TRUE;
    soup_message_body_append(soup_server_message_get_response_body(message), SOUP_MEMORY_COPY, text,
                             strlen(text));
    soup_server_message_unpause(message);
}

/* --- read --- */

typedef struct {
    VdtStore *store;
    guint64 after;
} Span;

static void read_rows(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Span *span = data;
    GError *error = NULL;
    GPtrArray *records = vdt_store_read(span->store, span->after, ROWS, &error);
    if (records == NULL)
        g_task_return_error(task, error);
    else
        g_task_return_pointer(task, records, (GDestroyNotify)g_ptr_array_unref);
}

static Follower *find(VdtRequest *request)
{
    VdtFeeds *feeds = request->shared->feeds;
    for (guint i = 0; feeds != NULL && i < feeds->followers->len; i++) {
        Follower *follower = feeds->followers->pdata[i];
        if (follower->request == request)
            return follower;
    }
    return NULL;
}

static void on_rows(GObject *source, GAsyncResult *result, gpointer data)
{
    VdtRequest *request = data;
    g_autoptr(GPtrArray) records = g_task_propagate_pointer(G_TASK(result), NULL);
    Follower *follower = find(request);
    if (follower != NULL) {
        follower->reading = FALSE;
        follower->again |= records != NULL && records->len == ROWS;
        if (records != NULL) {
            g_autofree char *text = vdt_feed_write(request->query, records, &follower->after);
            send_text(follower, text);
        }
        if (follower->again && !follower->writing)
            follower_read(follower);
    }
    vdt_request_unref(request);
}

static void follower_read(Follower *follower)
{
    follower->again = follower->reading || follower->writing;
    if (follower->again)
        return;
    Span *span = g_new(Span, 1);
    *span = (Span){follower->feeds->store, follower->after};
    follower->reading = TRUE;
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_rows, vdt_request_ref(follower->request));
    g_task_set_task_data(task, span, g_free);
    g_task_run_in_thread(task, read_rows);
}

static void on_wrote(SoupServerMessage *message, gpointer data)
{
    Follower *follower = data;
    follower->writing = FALSE;
    if (follower->again)
        follower_read(follower);
}

/* --- followers --- */

static void follower_free(gpointer data)
{
    Follower *follower = data;
    if (follower->request->message != NULL) {
        g_signal_handler_disconnect(follower->request->message, follower->wrote);
        g_signal_handler_disconnect(follower->request->message, follower->finished);
    }
    vdt_request_unref(follower->request);
    g_free(follower);
}

static void on_finished(SoupServerMessage *message, gpointer data)
{
    Follower *follower = data;
    g_ptr_array_remove_fast(follower->feeds->followers, follower);
}

static gboolean on_beat(gpointer data)
{
    VdtFeeds *feeds = data;
    for (guint i = 0; i < feeds->followers->len; i++) {
        Follower *follower = feeds->followers->pdata[i];
        if (!follower->writing)
            send_text(follower, ": still here\n\n");
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_woken(gpointer data)
{
    VdtFeeds *feeds = data;
    g_atomic_int_set(&feeds->woken, 0);
    for (guint i = 0; i < feeds->followers->len; i++)
        follower_read(feeds->followers->pdata[i]);
    return G_SOURCE_REMOVE;
}

/* In the store's thread. */
static void on_commit(guint64 last, gpointer data)
{
    VdtFeeds *feeds = data;
    if (!g_atomic_int_compare_and_exchange(&feeds->woken, 0, 1))
        return;
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_woken, feeds, NULL);
    g_source_attach(source, feeds->context);
}

VdtFeeds *vdt_feeds_new(VdtStore *store, GMainContext *context)
{
    VdtFeeds *feeds = g_new0(VdtFeeds, 1);
    *feeds = (VdtFeeds){.store = store,
                        .context = context,
                        .followers = g_ptr_array_new_with_free_func(follower_free)};
    feeds->beat = g_timeout_source_new_seconds(VDT_FEEDS_HEARTBEAT);
    g_source_set_callback(feeds->beat, on_beat, feeds, NULL);
    g_source_attach(feeds->beat, context);
    if (store != NULL)
        feeds->listener = vdt_store_listen(store, on_commit, feeds, NULL);
    return feeds;
}

void vdt_feeds_free(VdtFeeds *feeds)
{
    if (feeds->store != NULL)
        vdt_store_unlisten(feeds->store, feeds->listener);
    g_source_destroy(feeds->beat);
    g_source_unref(feeds->beat);
    GSource *woken = g_main_context_find_source_by_user_data(feeds->context, feeds);
    if (woken != NULL)
        g_source_destroy(woken);
    g_ptr_array_unref(feeds->followers);
    g_free(feeds);
}

guint vdt_feeds_count(const VdtFeeds *feeds)
{
    return feeds->followers->len;
}

/* The header says where a browser was when it lost its connection. */
static gboolean where_to_begin(VdtRequest *request, guint64 *after)
{
    const char *last = vdt_head_get(request->arrival->head, "last-event-id");
    g_autoptr(GError) error = NULL;
    guint64 newest = vdt_store_get_last(request->shared->store);
    gint64 number;
    if (!vdt_query_get_number(request->query, "after", 0, G_MAXINT64, (gint64)newest, &number,
                              &error)) {
        vdt_answer_problem(request, 400, "%s", error->message);
        return FALSE;
    }
    *after = (guint64)number;
    if (last != NULL && !g_ascii_string_to_unsigned(last, 10, 0, G_MAXINT64, after, NULL)) {
        vdt_answer_problem(request, 400, "Last-Event-ID: expected a number that this feed gave");
        return FALSE;
    }
    /* of another database */
    *after = MIN(*after, newest);
    return TRUE;
}

void vdt_handle_feed(VdtRequest *request)
{
    VdtFeeds *feeds = request->shared->feeds;
    guint64 after;
    if (feeds->store == NULL) {
        vdt_answer_problem(request, 503, "this service keeps no events");
        return;
    }
    if (feeds->followers->len >= VDT_FEEDS_MOST) {
        vdt_answer_problem(request, 503, "%d peers follow events already", VDT_FEEDS_MOST);
        return;
    }
    if (!where_to_begin(request, &after))
        return;
    SoupServerMessage *message = request->message;
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    soup_message_headers_replace(headers, "Content-Type", "text/event-stream");
    soup_server_message_set_status(message, 200, NULL);
    request->shared->answers[2]++;
    if (strcmp(request->arrival->head->method, "HEAD") == 0)
        return;
    soup_message_headers_set_encoding(
        headers, request->arrival->head->minor == 1 ? SOUP_ENCODING_CHUNKED : SOUP_ENCODING_EOF);
    soup_message_body_set_accumulate(soup_server_message_get_response_body(message), FALSE);
    Follower *follower = g_new0(Follower, 1);
    *follower = (Follower){.feeds = feeds, .request = vdt_request_ref(request), .after = after};
    follower->wrote = g_signal_connect(message, "wrote-chunk", G_CALLBACK(on_wrote), follower);
    follower->finished = g_signal_connect(message, "finished", G_CALLBACK(on_finished), follower);
    g_ptr_array_add(feeds->followers, follower);
    vdt_door_let_stay(request->shared->door, request->arrival->id);
    /* what comes behind it follows once it was written */
    static const char first[] = "retry: 3000\n\n";
    soup_message_body_append(soup_server_message_get_response_body(message), SOUP_MEMORY_STATIC,
                             first, strlen(first));
    follower->writing = follower->again = TRUE;
}
