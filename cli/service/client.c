/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define MOST_BYTES (64 * 1024 * 1024) /* of an answer */
#define MOST_WAIT  90                 /* s: a change has the service look at all models */

typedef struct {
    GSocketConnection *connection;
    GDataInputStream *input;
    guint status;
} Answer;

static void answer_clear(Answer *answer)
{
    g_clear_object(&answer->input);
    g_clear_object(&answer->connection);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

/* A connection has one request, and its answer ends with it. */
static gboolean begin(const char *path, const char *method, const char *target, const char *body,
                      guint wait, GCancellable *cancellable, Answer *answer, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address =
        g_unix_socket_address_new(path != NULL ? path : CLIENT_SOCKET);
    g_autoptr(GString) request = g_string_new(NULL);
    g_string_printf(request, "%s %s HTTP/1.0\r\n", method, target);
    if (body != NULL)
        g_string_append_printf(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                               strlen(body));
    else if (strcmp(method, "POST") == 0)
        g_string_append(request, "Content-Length: 0\r\n");
    g_string_append_printf(request, "\r\n%s", body != NULL ? body : "");
    g_socket_client_set_timeout(client, wait);
    answer->connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), cancellable, error);
    if (answer->connection == NULL) {
        g_prefix_error(error, "%s: ", path != NULL ? path : CLIENT_SOCKET);
        return FALSE;
    }
    GIOStream *stream = G_IO_STREAM(answer->connection);
    answer->input = g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    g_data_input_stream_set_newline_type(answer->input, G_DATA_STREAM_NEWLINE_TYPE_LF);
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream), request->str,
                                     request->len, NULL, cancellable, error);
}

static gboolean read_head(Answer *answer, GCancellable *cancellable, GError **error)
{
    for (guint i = 0;; i++) {
        g_autofree char *line =
            g_data_input_stream_read_line(answer->input, NULL, cancellable, error);
        if (line == NULL) {
            if (error != NULL && *error == NULL)
                g_set_error(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                            "the service gave no answer");
            return FALSE;
        }
        if (i == 0 && g_str_has_prefix(line, "HTTP/1."))
            answer->status = (guint)g_ascii_strtoull(line + strlen("HTTP/1.x "), NULL, 10);
        if (strcmp(line, "\r") == 0 || *line == '\0')
            return TRUE;
    }
}

static JsonObject *read_object(Answer *answer, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autoptr(JsonParser) parser = json_parser_new();
    guint8 part[65536];
    gssize n;
    while ((n = g_input_stream_read(G_INPUT_STREAM(answer->input), part, sizeof part, NULL,
                                    error)) > 0) {
        g_byte_array_append(all, part, (guint)n);
        if (all->len > MOST_BYTES) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                        "the answer has more than 64 MiB");
            return NULL;
        }
    }
    if (n < 0 ||
        !json_parser_load_from_data(parser, (const char *)all->data, (gssize)all->len, error))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
        return json_node_dup_object(root);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the answer is no object of JSON");
    return NULL;
}

/* A sentence of a problem, and what is wrong with the configuration behind it. */
static void set_problem(JsonObject *problem, guint status, GError **error)
{
    const char *detail = json_object_get_string_member_with_default(problem, "detail", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    if (detail != NULL)
        g_string_append(text, detail);
    else
        g_string_printf(text, "the service answers with status %u", status);
    JsonNode *node = json_object_get_member(problem, "problems");
    JsonArray *list =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *each = json_array_get_element(list, i);
        if (!JSON_NODE_HOLDS_OBJECT(each))
            continue;
        JsonObject *one = json_node_get_object(each);
        g_autofree char *file = client_text(one, "file"), *line = client_text(one, "line"),
                        *group = client_text(one, "group"), *key = client_text(one, "key"),
                        *message = client_text(one, "message");
        g_string_append_printf(text, "\n  %s:%s: [%s] %s: %s", file, line, group, key, message);
    }
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, text->str);
}

JsonObject *client_ask(const char *socket, const char *method, const char *target, JsonObject *body,
                       GError **error)
{
    g_auto(Answer) answer = {NULL};
    g_autofree char *text = NULL;
    if (body != NULL) {
        g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), body);
        text = json_to_string(node, FALSE);
    }
    if (!begin(socket, method, target, text, MOST_WAIT, NULL, &answer, error) ||
        !read_head(&answer, NULL, error))
        return NULL;
    g_autoptr(JsonObject) object = read_object(&answer, error);
    if (object == NULL)
        return NULL;
    if (answer.status >= 200 && answer.status < 300)
        return g_steal_pointer(&object);
    set_problem(object, answer.status, error);
    return NULL;
}

gboolean client_follow(const char *socket, const char *target, GCancellable *cancellable,
                       gboolean (*line)(const char *text, gpointer data), gpointer data,
                       GError **error)
{
    g_auto(Answer) answer = {NULL};
    if (!begin(socket, "GET", target, NULL, 0, cancellable, &answer, error) ||
        !read_head(&answer, cancellable, error))
        return FALSE;
    if (answer.status != 200) {
        g_autoptr(JsonObject) problem = read_object(&answer, error);
        if (problem != NULL)
            set_problem(problem, answer.status, error);
        return FALSE;
    }
    for (;;) {
        g_autoptr(GError) why = NULL;
        g_autofree char *text =
            g_data_input_stream_read_line(answer.input, NULL, cancellable, &why);
        if (text == NULL && why == NULL)
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                        "the service ended the connection");
        else if (text == NULL)
            g_propagate_error(error, g_steal_pointer(&why));
        if (text == NULL)
            return FALSE;
        if (!line(text, data))
            return TRUE;
    }
}

void client_add_parameter(GString *target, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
    g_string_append_printf(target, "%c%s=%s", strchr(target->str, '?') != NULL ? '&' : '?', name,
                           escaped);
}

char *client_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return g_strdup("");
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        return printable(json_node_get_string(node));
    case G_TYPE_INT64:
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    case G_TYPE_DOUBLE:
        return g_strdup_printf("%.4g", json_node_get_double(node));
    default:
        return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
    }
}

void client_print_table(GPtrArray *rows)
{
    guint widths[16] = {0};
    for (guint i = 0; i < rows->len; i++) {
        char **row = rows->pdata[i];
        for (guint k = 0; row[k] != NULL && k < G_N_ELEMENTS(widths); k++)
            widths[k] = MAX(widths[k], text_width(row[k]));
    }
    for (guint i = 0; i < rows->len; i++) {
        char **row = rows->pdata[i];
        for (guint k = 0; row[k] != NULL && k < G_N_ELEMENTS(widths); k++) {
            g_autofree char *cell =
                row[k + 1] != NULL ? text_pad(row[k], widths[k]) : g_strdup(row[k]);
            g_print("%s%s", k > 0 ? "  " : "", cell);
        }
        g_print("\n");
    }
}
