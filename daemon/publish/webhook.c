/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webhook.h"

#include <libsoup/soup.h>
#include <string.h>

#define MOST_ANSWER (64 * 1024)
#define TOO_MANY    429
#define MOST_WAIT   (600 * (gint64)G_USEC_PER_SEC) /* that a server may ask for */

typedef struct {
    GUri *url;
    char *secret, *ca_file;
    gint64 timeout; /* us */
    GMainContext *context;
    SoupSession *session;
} Webhook;

/* An attempt. */
typedef struct {
    GCancellable *cancellable;
    GAsyncResult *result; /* of what was waited for */
    gboolean late;
} Attempt;

typedef struct {
    guint status; /* 0 if there is no answer */
    gint64 wait;  /* us, that it asks for */
    char *error;
} Answer;

static gboolean on_deadline(gpointer data)
{
    Attempt *attempt = data;
    attempt->late = TRUE;
    g_cancellable_cancel(attempt->cancellable);
    return G_SOURCE_CONTINUE;
}

static void on_stop(GCancellable *stop, gpointer data)
{
    g_cancellable_cancel(data);
}

static void on_result(GObject *object, GAsyncResult *result, gpointer data)
{
    Attempt *attempt = data;
    attempt->result = g_object_ref(result);
}

static GAsyncResult *wait_for(Webhook *self, Attempt *attempt)
{
    while (attempt->result == NULL)
        g_main_context_iteration(self->context, TRUE);
    return g_steal_pointer(&attempt->result);
}

/* What the answer says does not matter, but a connection whose answers were read is used again. */
static void read_answer(Webhook *self, Attempt *attempt, GInputStream *stream)
{
    gsize got = 0;
    gssize n = 1;
    while (n > 0 && got < MOST_ANSWER) {
        g_input_stream_read_bytes_async(stream, MOST_ANSWER - got, G_PRIORITY_DEFAULT,
                                        attempt->cancellable, on_result, attempt);
        g_autoptr(GAsyncResult) result = wait_for(self, attempt);
        g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(stream, result, NULL);
        n = bytes != NULL ? (gssize)g_bytes_get_size(bytes) : -1;
        got += n > 0 ? (gsize)n : 0;
    }
    if (n != 0)
        g_cancellable_cancel(attempt->cancellable);
    g_input_stream_close(stream, attempt->cancellable, NULL);
}

static gint64 get_wait(SoupMessage *message)
{
    const char *text =
        soup_message_headers_get_one(soup_message_get_response_headers(message), "Retry-After");
    guint64 seconds;
    gint64 wait = 0;
    if (text == NULL)
        return 0;
    if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &seconds, NULL)) {
        wait = (gint64)seconds * G_USEC_PER_SEC;
    } else {
        g_autoptr(GDateTime) time = soup_date_time_new_from_http_string(text);
        if (time != NULL)
            wait = g_date_time_to_unix(time) * G_USEC_PER_SEC - g_get_real_time();
    }
    return CLAMP(wait, 0, MOST_WAIT);
}

static void sign(const Webhook *self, SoupMessageHeaders *headers, const char *body)
{
    g_autofree char *time =
        g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
    soup_message_headers_replace(headers, "X-Vedette-Timestamp", time);
    if (self->secret == NULL)
        return;
    g_autofree char *text = g_strconcat(time, ".", body, NULL);
    g_autofree char *hmac =
        g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)self->secret,
                                  strlen(self->secret), text, (gssize)strlen(text));
    g_autofree char *value = g_strconcat("sha256=", hmac, NULL);
    soup_message_headers_replace(headers, "X-Vedette-Signature", value);
}

static SoupMessage *make_message(const Webhook *self, const VdtTold *told)
{
    SoupMessage *message = soup_message_new_from_uri(SOUP_METHOD_POST, self->url);
    SoupMessageHeaders *headers = soup_message_get_request_headers(message);
    g_autofree char *body = vdt_told_to_json(told);
    g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));
    g_autofree char *id = g_uri_escape_string(told->event->id, NULL, FALSE);
    g_autofree char *delivery = g_strdup_printf("%s-%" G_GUINT64_FORMAT, id, told->seq);
    soup_message_set_request_body_from_bytes(message, "application/json", bytes);
    soup_message_headers_replace(headers, "X-Vedette-Delivery", delivery);
    sign(self, headers, body);
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    return message;
}

static char *explain(const Attempt *attempt, const Webhook *self, const GError *error)
{
    if (attempt->late)
        return g_strdup_printf("no answer within %.0f s", (double)self->timeout / G_USEC_PER_SEC);
    return g_strdup(error->message);
}

static Answer post(VdtSink *sink, Webhook *self, const VdtTold *told)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Attempt attempt = {.cancellable = cancellable};
    g_autoptr(SoupMessage) message = make_message(self, told);
    g_autoptr(GSource) deadline = g_timeout_source_new((guint)(self->timeout / 1000));
    g_autoptr(GError) error = NULL;
    GCancellable *stop = vdt_sink_get_cancellable(sink);
    Answer answer = {0};
    g_source_set_callback(deadline, on_deadline, &attempt, NULL);
    g_source_attach(deadline, self->context);
    gulong handler = g_cancellable_connect(stop, G_CALLBACK(on_stop), cancellable, NULL);
    soup_session_send_async(self->session, message, G_PRIORITY_DEFAULT, cancellable, on_result,
                            &attempt);
    g_autoptr(GAsyncResult) result = wait_for(self, &attempt);
    g_autoptr(GInputStream) stream = soup_session_send_finish(self->session, result, &error);
    if (stream != NULL) {
        answer.status = soup_message_get_status(message);
        answer.wait = get_wait(message);
        read_answer(self, &attempt, stream);
    } else {
        answer.error = explain(&attempt, self, error);
    }
    g_cancellable_disconnect(stop, handler);
    g_source_destroy(deadline);
    return answer;
}

static gboolean is_unwanted(guint status)
{
    return status >= 400 && status < 500 && status != SOUP_STATUS_REQUEST_TIMEOUT &&
           status != TOO_MANY;
}

static void deliver(VdtSink *sink, Webhook *self, const VdtTold *told)
{
    Answer answer = post(sink, self, told);
    g_autofree char *error = answer.error;
    if (vdt_sink_is_stopping(sink) && answer.status == 0)
        return;
    if (answer.status == 0) {
        vdt_sink_failed(sink, VDT_SINK_AWAY, 0, "%s", error);
    } else if (answer.status >= 200 && answer.status < 300) {
        vdt_sink_up(sink);
        vdt_sink_arrived(sink, told->seq, told->repeated);
    } else if (is_unwanted(answer.status)) {
        g_autofree char *text =
            g_strdup_printf("it answers %u, so that events are left out", answer.status);
        vdt_sink_unwanted(sink, told->seq, text);
    } else if (answer.status >= 300 && answer.status < 400) {
        vdt_sink_failed(sink, VDT_SINK_AWAY, answer.wait,
                        "it answers %u, a redirect, which is not followed", answer.status);
    } else {
        vdt_sink_failed(sink, VDT_SINK_AWAY, answer.wait, "it answers %u", answer.status);
    }
}

/* FALSE if certificates cannot be read. */
static gboolean open_session(VdtSink *sink, Webhook *self)
{
    g_autoptr(GTlsDatabase) database = NULL;
    g_autoptr(GError) error = NULL;
    if (self->ca_file != NULL) {
        database = g_tls_file_database_new(self->ca_file, &error);
        if (database == NULL) {
            vdt_sink_failed(sink, VDT_SINK_AWAY, 0, "%s", error->message);
            return FALSE;
        }
    }
    /* The library looks after the deadline of the whole, which this is not shorter than. */
    self->session = soup_session_new_with_options("max-conns", 1, "idle-timeout", 30, "timeout",
                                                  (guint)(self->timeout / G_USEC_PER_SEC) + 1,
                                                  "user-agent", "Vedette/" VDT_VERSION, NULL);
    soup_session_set_proxy_resolver(self->session, NULL); /* it goes where it is sent */
    if (database != NULL)
        soup_session_set_tls_database(self->session, database);
    return TRUE;
}

static void run(VdtSink *sink, gpointer data)
{
    Webhook *self = data;
    VdtTold told;
    self->context = g_main_context_new();
    g_main_context_push_thread_default(self->context);
    while (!vdt_sink_is_stopping(sink) && !open_session(sink, self))
        continue;
    while (!vdt_sink_is_stopping(sink)) {
        if (vdt_sink_take(sink, &told))
            deliver(sink, self, &told);
        else
            vdt_sink_wait(sink, -1, 0, G_MAXINT64);
    }
    if (self->session != NULL)
        soup_session_abort(self->session);
    g_clear_object(&self->session);
    while (g_main_context_iteration(self->context, FALSE))
        continue;
    g_main_context_pop_thread_default(self->context);
    g_main_context_unref(self->context);
}

static void webhook_free(gpointer data)
{
    Webhook *self = data;
    g_uri_unref(self->url);
    g_free(self->secret);
    g_free(self->ca_file);
    g_free(self);
}

static const VdtSinkKind kind = {"webhook", VDT_TO_WEBHOOK, run, webhook_free};

VdtSink *vdt_webhook_new(const VdtConfig *config, const VdtSinkOptions *options)
{
    const char *text = vdt_config_get(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_URL)->text;
    const VdtSecret *secret = &config->secrets[VDT_GROUP_WEBHOOK];
    GUri *url =
        text != NULL && !secret->unread ? g_uri_parse(text, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
    if (url == NULL)
        return NULL;
    Webhook *self = g_new0(Webhook, 1);
    *self = (Webhook){
        .url = url,
        .secret = g_strdup(secret->password),
        .ca_file =
            g_strdup(vdt_config_get(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_CA_FILE)->text),
        .timeout = vdt_config_get(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_TIMEOUT)->whole,
    };
    /* The rest of the address may be a secret. */
    g_autofree char *peer = g_uri_join(G_URI_FLAGS_NONE, g_uri_get_scheme(url), NULL,
                                       g_uri_get_host(url), g_uri_get_port(url), "", NULL, NULL);
    return vdt_sink_new(&kind, self, peer, options);
}
