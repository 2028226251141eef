/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "live.h"

#include <string.h>

#include "routes.h"

#define BOUNDARY "vedette"

/* A stream that somebody looks at. Also held by what is on its way to our thread. */
typedef struct {
    VdtLive *live; /* NULL once nobody looks; of our thread alone */
    char *name;
    gpointer watch;
    GPtrArray *viewers; /* of Viewer */
    GMainContext *context;
    GMutex lock;
    GBytes *newest; /* guarded: on its way */
} View;

typedef struct {
    View *view;
    VdtRequest *request;
    gboolean writing;
    gulong wrote, finished;
} Viewer;

struct _VdtLive {
    const VdtHttpService *service;
    GMainContext *context;
    GHashTable *views; /* name to View */
};

static void view_clear(gpointer data)
{
    View *view = data;
    g_free(view->name);
    g_main_context_unref(view->context);
    g_clear_pointer(&view->newest, g_bytes_unref);
    g_mutex_clear(&view->lock);
}

static void view_unref(gpointer view)
{
    g_atomic_rc_box_release_full(view, view_clear);
}

static void send_picture(Viewer *viewer, GBytes *jpeg)
{
    gsize n;
    const guint8 *bytes = g_bytes_get_data(jpeg, &n);
    g_autofree char *head = g_strdup_printf("--" BOUNDARY "\r\nContent-Type: image/jpeg\r\n"
                                            "Content-Length: %zu\r\n\r\n",
                                            n);
    GByteArray *part = g_byte_array_new();
    g_byte_array_append(part, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(part, bytes, (guint)n);
    g_byte_array_append(part, (const guint8 *)"\r\n", 2);
    g_autoptr(GBytes) whole = g_byte_array_free_to_bytes(part);
    viewer->writing = TRUE;
    soup_message_body_append_bytes(soup_server_message_get_response_body(viewer->request->message),
                                   whole);
    soup_server_message_unpause(viewer->request->message);
}

static gboolean on_newest(gpointer data)
{
    View *view = data;
    g_mutex_lock(&view->lock);
    g_autoptr(GBytes) jpeg = g_steal_pointer(&view->newest);
    g_mutex_unlock(&view->lock);
    for (guint i = 0; view->live != NULL && i < view->viewers->len; i++) {
        Viewer *viewer = view->viewers->pdata[i];
        if (!viewer->writing)
            send_picture(viewer, jpeg);
    }
    return G_SOURCE_REMOVE;
}

/* In any thread. */
static void on_picture(GBytes *jpeg, gpointer data)
{
    View *view = data;
    g_mutex_lock(&view->lock);
    gboolean is_first = view->newest == NULL;
    g_clear_pointer(&view->newest, g_bytes_unref);
    view->newest = g_bytes_ref(jpeg);
    g_mutex_unlock(&view->lock);
    if (!is_first)
        return;
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_newest, g_atomic_rc_box_acquire(view), view_unref);
    g_source_attach(source, view->context);
}

static void view_end(gpointer data)
{
    View *view = data;
    const VdtHttpService *service = view->live->service;
    view->live = NULL;
    service->unwatch(service->data, view->watch);
    g_ptr_array_unref(view->viewers);
    view_unref(view);
}

static void viewer_free(gpointer data)
{
    Viewer *viewer = data;
    if (viewer->request->message != NULL) {
        g_signal_handler_disconnect(viewer->request->message, viewer->wrote);
        g_signal_handler_disconnect(viewer->request->message, viewer->finished);
    }
    vdt_request_unref(viewer->request);
    g_free(viewer);
}

static void on_wrote(SoupServerMessage *message, gpointer data)
{
    Viewer *viewer = data;
    viewer->writing = FALSE;
}

static void on_finished(SoupServerMessage *message, gpointer data)
{
    Viewer *viewer = data;
    View *view = viewer->view;
    g_ptr_array_remove_fast(view->viewers, viewer);
    if (view->viewers->len == 0)
        g_hash_table_remove(view->live->views, view->name);
}

VdtLive *vdt_live_new(const VdtHttpService *service, GMainContext *context)
{
    VdtLive *live = g_new(VdtLive, 1);
    *live =
        (VdtLive){service, context, g_hash_table_new_full(g_str_hash, g_str_equal, NULL, view_end)};
    return live;
}

void vdt_live_free(VdtLive *live)
{
    g_hash_table_unref(live->views);
    g_free(live);
}

void vdt_live_check(VdtLive *live)
{
    GHashTableIter iter;
    gpointer view;
    g_hash_table_iter_init(&iter, live->views);
    while (g_hash_table_iter_next(&iter, NULL, &view))
        live->service->check_watch(live->service->data, ((View *)view)->watch);
}

guint vdt_live_count(const VdtLive *live)
{
    GHashTableIter iter;
    gpointer view;
    guint n = 0;
    g_hash_table_iter_init(&iter, live->views);
    while (g_hash_table_iter_next(&iter, NULL, &view))
        n += ((View *)view)->viewers->len;
    return n;
}

/* The view of the stream, which is begun if nobody looks yet; NULL after answering. */
static View *find_view(VdtRequest *request)
{
    VdtLive *live = request->shared->live;
    const char *name = request->args[0];
    View *view = g_hash_table_lookup(live->views, name);
    g_autoptr(GError) error = NULL;
    if (view != NULL && view->viewers->len >= VDT_LIVE_MOST) {
        vdt_answer_problem(request, 503, "%d peers look at this stream already", VDT_LIVE_MOST);
        return NULL;
    }
    if (view != NULL)
        return view;
    view = g_atomic_rc_box_new0(View);
    g_mutex_init(&view->lock);
    view->live = live;
    view->name = g_strdup(name);
    view->context = g_main_context_ref(live->context);
    view->watch = live->service->watch(live->service->data, name, on_picture, view, &error);
    if (view->watch == NULL) {
        gboolean is_unknown = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
        vdt_answer_problem(request, is_unknown ? 404 : 503, "%s", error->message);
        view_unref(view);
        return NULL;
    }
    view->viewers = g_ptr_array_new_with_free_func(viewer_free);
    g_hash_table_insert(live->views, view->name, view);
    return view;
}

void vdt_handle_live(VdtRequest *request)
{
    SoupServerMessage *message = request->message;
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    View *view = find_view(request);
    if (view == NULL)
        return;
    soup_message_headers_replace(headers, "Content-Type",
                                 "multipart/x-mixed-replace; boundary=" BOUNDARY);
    soup_message_headers_set_encoding(
        headers, request->arrival->head->minor == 1 ? SOUP_ENCODING_CHUNKED : SOUP_ENCODING_EOF);
    soup_server_message_set_status(message, 200, NULL);
    soup_message_body_set_accumulate(soup_server_message_get_response_body(message), FALSE);
    request->shared->answers[2]++;
    Viewer *viewer = g_new0(Viewer, 1);
    viewer->view = view;
    viewer->request = vdt_request_ref(request);
    viewer->wrote = g_signal_connect(message, "wrote-chunk", G_CALLBACK(on_wrote), viewer);
    viewer->finished = g_signal_connect(message, "finished", G_CALLBACK(on_finished), viewer);
    g_ptr_array_add(view->viewers, viewer);
    vdt_door_let_stay(request->shared->door, request->arrival->id);
    vdt_request_hold(request);
}
