/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

#include "http/jsonbody.h"

#define MOST_HEAD    (64 * 1024)
#define MOST_ANSWER  (4 * 1024 * 1024)
#define MOST_PICTURE (16 * 1024 * 1024)
#define LIVE_SECONDS 10 /* between two pictures */

typedef struct {
    GSocketConnection *connection;
    GDataInputStream *input;
    GCancellable *cancellable;
    gint64 end; /* by the monotonic clock, of the whole answer, however it drips; 0: none */
    guint status;
} Answer;

static void answer_clear(Answer *answer)
{
    g_clear_object(&answer->input);
    g_clear_object(&answer->connection);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static gboolean in_time(const Answer *answer, GError **error)
{
    if (answer->end == 0 || g_get_monotonic_time() < answer->end)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "its answer takes too long");
    return FALSE;
}

/* Without its end, and of no more than *@room bytes, which it takes off; NULL with an error. */
static char *read_line(Answer *answer, gsize *room, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (; *room > 0; (*room)--) {
        g_autoptr(GError) why = NULL;
        if (!in_time(answer, error))
            return NULL;
        guchar byte = g_data_input_stream_read_byte(answer->input, answer->cancellable, &why);
        if (why != NULL) {
            g_propagate_error(error, g_steal_pointer(&why));
            return NULL;
        }
        if (byte == '\n')
            return g_strchomp(g_string_free(g_steal_pointer(&line), FALSE));
        g_string_append_c(line, (char)byte);
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                "the head of its answer is longer than %d bytes", MOST_HEAD);
    return NULL;
}

/* Up to an empty line; what stands behind "content-length:", or 0. */
static gboolean read_head(Answer *answer, gsize *length, GError **error)
{
    static const char field[] = "content-length:", version[] = "HTTP/1.";
    gsize room = MOST_HEAD;
    *length = 0;
    for (;;) {
        g_autofree char *line = read_line(answer, &room, error);
        if (line == NULL)
            return FALSE;
        if (*line == '\0')
            return TRUE;
        if (g_str_has_prefix(line, version) && strlen(line) > strlen("HTTP/1.x "))
            answer->status = (guint)g_ascii_strtoull(line + strlen("HTTP/1.x "), NULL, 10);
        else if (g_ascii_strncasecmp(line, field, strlen(field)) == 0)
            *length = (gsize)g_ascii_strtoull(line + strlen(field), NULL, 10);
    }
}

/* A connection has one request, and its answer ends with it. */
static gboolean begin(Answer *answer, const char *socket, const char *method, const char *target,
                      guint seconds, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(socket);
    g_autofree char *request =
        g_strdup_printf("%s %s HTTP/1.0\r\n%s\r\n", method, target,
                        strcmp(method, "GET") == 0 ? "" : "Content-Length: 0\r\n");
    gsize length;
    g_socket_client_set_timeout(client, seconds);
    g_socket_client_set_enable_proxy(client, FALSE);
    answer->connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), answer->cancellable, error);
    if (answer->connection == NULL)
        return FALSE;
    GIOStream *stream = G_IO_STREAM(answer->connection);
    answer->input = g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream), request,
                                     strlen(request), NULL, answer->cancellable, error) &&
           read_head(answer, &length, error);
}

static GString *read_rest(Answer *answer, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    char part[16384];
    gssize n;
    while ((n = g_input_stream_read(G_INPUT_STREAM(answer->input), part, sizeof part,
                                    answer->cancellable, error)) > 0) {
        g_string_append_len(all, part, n);
        if (all->len > MOST_ANSWER) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "its answer has no end");
            return NULL;
        }
        if (!in_time(answer, error))
            return NULL;
    }
    return n < 0 ? NULL : g_steal_pointer(&all);
}

JsonObject *vdt_ask(const char *socket, const char *method, const char *target, guint seconds,
                    guint *status, GCancellable *cancellable, GError **error)
{
    g_auto(Answer) answer = {.cancellable = cancellable,
                             .end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC};
    *status = 0;
    if (!begin(&answer, socket, method, target, seconds, error))
        return NULL;
    g_autoptr(GString) text = read_rest(&answer, error);
    if (text == NULL)
        return NULL;
    JsonObject *object = vdt_json_body_parse(text->str, text->len, NULL);
    if (object == NULL || answer.status == 0) {
        g_clear_pointer(&object, json_object_unref);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "its answer is none of Vedette's");
        return NULL;
    }
    *status = answer.status;
    return object;
}

void vdt_ask_pictures(const char *socket, const char *target, GCancellable *cancellable,
                      void (*picture)(GBytes *jpeg, gpointer data), gpointer data)
{
    g_auto(Answer) answer = {.cancellable = cancellable};
    gsize length, n;
    if (!begin(&answer, socket, "GET", target, LIVE_SECONDS, NULL) || answer.status != 200)
        return;
    while (read_head(&answer, &length, NULL) && length <= MOST_PICTURE) {
        if (length == 0) /* the end of the part before */
            continue;
        g_autofree char *bytes = g_malloc(length);
        if (!g_input_stream_read_all(G_INPUT_STREAM(answer.input), bytes, length, &n, cancellable,
                                     NULL) ||
            n < length)
            return;
        g_autoptr(GBytes) jpeg = g_bytes_new_take(g_steal_pointer(&bytes), length);
        picture(jpeg, data);
    }
}
