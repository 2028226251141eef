/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch.h"

#include <string.h>
#include <vedette/error.h>

#include "http.h"
#include "sink.h"
#include "text.h"

#define MOST_REDIRECTIONS 8
#define BLOCK             (64 << 10)
#define MB                1000000

static gboolean fail(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean fail(GError **error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(VDT_ERROR, code, format, args);
    va_end(args);
    return FALSE;
}

gboolean fetch_is_url(const char *text)
{
    const char *end = strstr(text, "://");
    if (end == NULL || end == text)
        return FALSE;
    for (; text < end; text++)
        if (!g_ascii_isalnum(*text) && strchr("+-.", *text) == NULL)
            return FALSE;
    return TRUE;
}

char *fetch_shown(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);
    if (uri == NULL)
        return g_strdup("an address that is none");
    g_autofree char *plain =
        g_uri_to_string_partial(uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
    return printable(plain);
}

static gboolean check_uri(GUri *uri, GError **error)
{
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri);
    if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        return fail(error, VDT_ERROR_UNSUPPORTED,
                    "an address of %s: only http and https are fetched", scheme);
    if (host == NULL || *host == '\0')
        return fail(error, VDT_ERROR_FORMAT, "an address without a host");
    if (g_uri_get_userinfo(uri) != NULL)
        return fail(error, VDT_ERROR_UNSUPPORTED,
                    "an address with user or password, which are not sent");
    return TRUE;
}

/* GLib's own messages repeat the text. */
static GUri *parse(const char *url, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);
    if (uri == NULL)
        fail(error, VDT_ERROR_FORMAT, "an address that is none");
    return uri != NULL && check_uri(uri, error) ? g_steal_pointer(&uri) : NULL;
}

gboolean fetch_check_url(const char *url, GError **error)
{
    g_autoptr(GUri) uri = parse(url, error);
    return uri != NULL;
}

/* The length that the answer states; -1 if it states none. */
static goffset stated_length(SoupMessage *message)
{
    SoupMessageHeaders *headers = soup_message_get_response_headers(message);
    if (soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CONTENT_LENGTH)
        return -1;
    return soup_message_headers_get_content_length(headers);
}

static gboolean take_body(GInputStream *body, goffset length, Sink *sink, guint patience,
                          Progress *progress, GCancellable *cancellable, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);
    gint64 since = g_get_monotonic_time();
    guint64 had = 0;
    for (;;) {
        gssize n = http_read(body, block, BLOCK, patience, cancellable, error);
        if (n < 0 || (n > 0 && !sink_write(sink, block, n, error)))
            return FALSE;
        if (n == 0)
            break;
        if (length >= 0)
            progress_update(progress, sink->bytes / MB, NULL);
        gint64 now = g_get_monotonic_time();
        if (now - since < patience * G_TIME_SPAN_SECOND)
            continue;
        if (sink->bytes - had < patience * 1024)
            return fail(error, VDT_ERROR_FAILED, "the server sends less than a KiB in a second");
        since = now;
        had = sink->bytes;
    }
    if (length >= 0 && sink->bytes != (guint64)length)
        return fail(error, VDT_ERROR_FORMAT,
                    "there are %" G_GUINT64_FORMAT
                    " bytes, but the server stated %" G_GINT64_FORMAT,
                    sink->bytes, (gint64)length);
    return TRUE;
}

GUri *fetch_follow(GUri *from, const char *location, GError **error)
{
    g_autoptr(GUri) uri =
        location != NULL ? g_uri_parse_relative(from, location, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
    if (uri == NULL) {
        fail(error, VDT_ERROR_FORMAT, "the server leads on to an address that is none");
        return NULL;
    }
    if (!check_uri(uri, error)) {
        g_prefix_error(error, "the server leads on to ");
        return NULL;
    }
    if (strcmp(g_uri_get_scheme(from), "https") == 0 &&
        strcmp(g_uri_get_scheme(uri), "https") != 0) {
        fail(error, VDT_ERROR_UNSUPPORTED, "the server leads on from https to http");
        return NULL;
    }
    return g_steal_pointer(&uri);
}

static gboolean fetch(SoupSession *session, const char *url, Sink *sink, const FetchLimits *limits,
                      Progress *progress, GCancellable *cancellable, GError **error)
{
    g_autoptr(GUri) uri = parse(url, error);
    for (int hops = 0; uri != NULL; hops++) {
        g_autoptr(SoupMessage) message = soup_message_new_from_uri("GET", uri);
        soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
        g_autoptr(GInputStream) body =
            http_send(session, message, limits->patience, cancellable, error);
        if (body == NULL)
            return FALSE;
        guint status = soup_message_get_status(message);
        if (SOUP_STATUS_IS_REDIRECTION(status)) {
            if (hops == MOST_REDIRECTIONS)
                return fail(error, VDT_ERROR_FORMAT, "the server leads on more than %d times",
                            MOST_REDIRECTIONS);
            SoupMessageHeaders *headers = soup_message_get_response_headers(message);
            GUri *next =
                fetch_follow(uri, soup_message_headers_get_one(headers, "Location"), error);
            g_uri_unref(uri);
            uri = next;
            continue;
        }
        if (status != SOUP_STATUS_OK)
            return fail(error, VDT_ERROR_FAILED, "the server answers with status %u", status);
        goffset length = stated_length(message);
        if (length > 0 && (guint64)length > limits->most)
            return fail(error, VDT_ERROR_FORMAT,
                        "it has %" G_GINT64_FORMAT " bytes, the limit is %" G_GUINT64_FORMAT,
                        (gint64)length, limits->most);
        if (length >= 0)
            progress_begin(progress, "download", "MB", 0, length / MB);
        gboolean ok = take_body(body, length, sink, limits->patience, progress, cancellable, error);
        if (length >= 0)
            progress_end(progress);
        return ok;
    }
    return FALSE;
}

char *fetch_url(const char *url, const char *to, const FetchLimits *limits, Progress *progress,
                GCancellable *cancellable, GError **error)
{
    g_auto(Sink) sink = {NULL};
    if (!sink_open(&sink, to, limits->most, error))
        return NULL;
    g_autoptr(SoupSession) session = http_session();
    gboolean ok = fetch(session, url, &sink, limits, progress, cancellable, error);
    soup_session_abort(session);
    if (ok)
        return sink_finish(&sink, error);
    g_autofree char *shown = fetch_shown(url);
    g_prefix_error(error, "%s: ", shown);
    return NULL;
}
