/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <string.h>

#include "feed.h"
#include "query.h"
#include "routes.h"

#define TICK 1000 /* ms, between two samples of the rates */

struct _VdtHttp {
    VdtHttpOptions options;
    VdtHttpShared shared;
    GPtrArray *settings; /* of VdtHttpSettings: what is listened by, then what counts besides */
    GMainLoop *loop;
    GThread *thread;
    SoupServer *soup;
    GSocketAddress *nowhere; /* libsoup wants one; nobody asks it for it */
    GHashTable *requests;    /* number to VdtRequest that libsoup reads */
};

static const struct {
    const char *name, *value;
} headers_of_all[] = {
    {"Connection", "close"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "same-origin"}, /* or forms of the page itself come from nowhere */
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Content-Security-Policy",
     "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob:; media-src 'self' "
     "blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
};

static void on_finished(SoupServerMessage *message, gpointer data)
{
    VdtRequest *request = data;
    if (request->message == message)
        g_clear_object(&request->message);
}

static void drop_request(gpointer data, GClosure *closure)
{
    vdt_request_unref(data);
}

static gboolean may(VdtRequest *request, const VdtRoute *route)
{
    const VdtArrival *arrival = request->arrival;
    VdtVerdict verdict = vdt_auth_judge(request->shared->auth, arrival->head, &arrival->peer,
                                        route->role, g_get_monotonic_time());
    request->role = verdict.role;
    request->name = g_strdup(verdict.name);
    request->csrf = g_strdup(verdict.csrf);
    if (verdict.status == 0)
        return TRUE;
    if (verdict.retry > 0) {
        g_autofree char *seconds = g_strdup_printf("%u", verdict.retry);
        vdt_answer_header(request, "Retry-After", seconds);
    }
    vdt_answer_problem(request, verdict.status, "%s", verdict.why);
    return FALSE;
}

static gboolean read_query(VdtRequest *request, const VdtRoute *route)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) known = g_strsplit(route->query != NULL ? route->query : "", " ", -1);
    request->query = vdt_query_parse(request->arrival->head->query, &error);
    if (request->query != NULL &&
        vdt_query_check(request->query, (const char *const *)known, &error))
        return TRUE;
    vdt_answer_problem(request, 400, "%s", error->message);
    return FALSE;
}

static void dispatch(VdtRequest *request)
{
    const VdtHead *head = request->arrival->head;
    g_autofree char *allowed = NULL;
    /* Who may not ask is not told what there is. */
    static const VdtRoute unknown = {.role = VDT_ROLE_METRICS};
    const VdtRoute *route = vdt_routes_find(head->method, head->path, request->args, &allowed);
    if (!may(request, route != NULL ? route : &unknown))
        return;
    if (route == NULL && allowed != NULL) {
        vdt_answer_header(request, "Allow", allowed);
        vdt_answer_problem(request, 405, "expected one of %s here", allowed);
    } else if (route == NULL) {
        vdt_answer_problem(request, 404,
                           "there is nothing here; /api/v1/openapi.json says what is");
    } else if (read_query(request, route)) {
        route->handle(request);
    }
}

/* libsoup has read what was written for it. */
static void on_message(SoupServer *soup, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    VdtHttp *http = data;
    const char *number = soup_message_headers_get_one(
        soup_server_message_get_request_headers(message), "Vedette-Visit");
    guint64 id = number != NULL ? g_ascii_strtoull(number, NULL, 10) : 0;
    VdtRequest *request = NULL;
    guint64 *key = NULL;
    if (!g_hash_table_steal_extended(http->requests, &id, (gpointer *)&key, (gpointer *)&request)) {
        soup_server_message_set_status(message, 500, NULL);
        return;
    }
    request->message = g_object_ref(message);
    g_signal_connect_data(message, "finished", G_CALLBACK(on_finished), request, drop_request, 0);
    for (guint i = 0; i < G_N_ELEMENTS(headers_of_all); i++)
        vdt_answer_header(request, headers_of_all[i].name, headers_of_all[i].value);
    dispatch(request);
}

static void on_arrival(VdtArrival *arrival, gpointer data)
{
    VdtHttp *http = data;
    VdtRequest *request = g_new0(VdtRequest, 1);
    *request = (VdtRequest){.ref_count = 1, .shared = &http->shared, .arrival = arrival};
    g_autoptr(GIOStream) stream = g_steal_pointer(&arrival->stream);
    g_hash_table_insert(http->requests, &arrival->id, request);
    if (!soup_server_accept_iostream(http->soup, stream, http->nowhere, http->nowhere, NULL)) {
        g_hash_table_remove(http->requests, &arrival->id);
        g_io_stream_close(stream, NULL, NULL);
    }
}

static void on_say(const char *sentence, gpointer data)
{
    VdtHttp *http = data;
    http->options.say(sentence, http->options.say_data);
}

static void sample(VdtRates *rates, const char *what, const char *name, guint64 count, gint64 now)
{
    g_autofree char *track = g_strconcat(what, " ", name, NULL);
    vdt_rates_add(rates, track, count, now);
}

static gboolean on_tick(gpointer data)
{
    VdtHttp *http = data;
    VdtRates *rates = http->shared.rates;
    gint64 now = g_get_monotonic_time();
    g_autoptr(GPtrArray) streams = http->options.service.list(http->options.service.data);
    for (guint i = 0; i < streams->len; i++) {
        const VdtServedStream *stream = streams->pdata[i];
        const char *name = stream->config->name;
        if (stream->info != NULL) {
            sample(rates, "camera", name, stream->info->counts.frames, now);
            sample(rates, "process", name, stream->info->counts.passed, now);
        }
        for (guint k = 0; k < stream->analysers->len; k++) {
            const VdtServedAnalyser *analyser = stream->analysers->pdata[k];
            g_autofree char *path = g_strconcat(name, "/", analyser->name, NULL);
            sample(rates, "results", path, analyser->results, now);
        }
    }
    vdt_rates_prune(rates, now - (gint64)VDT_RATES_SPAN * G_USEC_PER_SEC);
    return G_SOURCE_CONTINUE;
}

static gpointer run(gpointer data)
{
    VdtHttp *http = data;
    g_main_context_push_thread_default(http->shared.context);
    http->soup = soup_server_new(NULL, NULL);
    http->nowhere = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    soup_server_add_handler(http->soup, NULL, on_message, http, NULL);
    http->shared.feeds = vdt_feeds_new(http->options.store, http->shared.context);
    http->shared.door = vdt_door_new(http->settings->pdata[0], on_arrival, on_say, http);
    g_autoptr(GSource) tick = g_timeout_source_new(TICK);
    g_source_set_callback(tick, on_tick, http, NULL);
    g_source_attach(tick, http->shared.context);
    on_tick(http);
    g_main_loop_run(http->loop);
    g_source_destroy(tick);
    vdt_feeds_free(http->shared.feeds);
    http->shared.feeds = NULL;
    soup_server_disconnect(http->soup);
    vdt_door_free(http->shared.door);
    g_hash_table_remove_all(http->requests);
    g_object_unref(http->soup);
    g_object_unref(http->nowhere);
    g_main_context_pop_thread_default(http->shared.context);
    return NULL;
}

VdtHttp *vdt_http_new(VdtHttpSettings *settings, const VdtHttpOptions *options)
{
    VdtHttp *http = g_new0(VdtHttp, 1);
    http->options = *options;
    http->settings = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_http_settings_free);
    g_ptr_array_add(http->settings, settings);
    http->requests =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)vdt_request_unref);
    http->shared.service = &http->options.service;
    http->shared.store = options->store;
    http->shared.auth = vdt_auth_new();
    http->shared.rates = vdt_rates_new();
    http->shared.context = g_main_context_new();
    http->loop = g_main_loop_new(http->shared.context, FALSE);
    vdt_auth_set(http->shared.auth, settings);
    http->thread = g_thread_new("vdt-http", run, http);
    return http;
}

typedef struct {
    VdtHttp *http;
    VdtHttpSettings *settings;
} Change;

static gboolean on_change(gpointer data)
{
    Change *change = data;
    VdtHttp *http = change->http;
    vdt_auth_set(http->shared.auth, change->settings);
    if (http->settings->len > 1)
        g_ptr_array_remove_index(http->settings, 1);
    g_ptr_array_add(http->settings, change->settings);
    g_free(change);
    return G_SOURCE_REMOVE;
}

void vdt_http_set(VdtHttp *http, VdtHttpSettings *settings)
{
    Change *change = g_new(Change, 1);
    *change = (Change){http, settings};
    g_main_context_invoke(http->shared.context, on_change, change);
}

void vdt_http_free(VdtHttp *http)
{
    g_main_loop_quit(http->loop);
    g_thread_join(http->thread);
    g_main_loop_unref(http->loop);
    g_main_context_unref(http->shared.context);
    g_ptr_array_unref(http->settings);
    g_hash_table_unref(http->requests);
    vdt_auth_free(http->shared.auth);
    vdt_rates_free(http->shared.rates);
    g_free(http);
}
