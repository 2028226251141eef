/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "request.h"

#include <string.h>

VdtRequest *vdt_request_ref(VdtRequest *request)
{
    request->ref_count++;
    return request;
}

void vdt_request_unref(VdtRequest *request)
{
    if (--request->ref_count > 0)
        return;
    vdt_arrival_free(request->arrival);
    g_clear_pointer(&request->query, g_hash_table_unref);
    g_clear_object(&request->message);
    for (guint i = 0; i < G_N_ELEMENTS(request->args); i++)
        g_free(request->args[i]);
    g_free(request->name);
    g_free(request->csrf);
    g_free(request);
}

void vdt_request_hold(VdtRequest *request)
{
    request->held = TRUE;
    if (request->message != NULL)
        soup_server_message_pause(request->message);
}

void vdt_request_release(VdtRequest *request)
{
    if (request->held && request->message != NULL)
        soup_server_message_unpause(request->message);
    request->held = FALSE;
}

/* libsoup does not know all of them. */
static const char *phrase(guint status)
{
    return status == 421   ? "Misdirected Request"
           : status == 429 ? "Too Many Requests"
                           : soup_status_get_phrase(status);
}

void vdt_answer_header(VdtRequest *request, const char *name, const char *value)
{
    if (request->message != NULL)
        soup_message_headers_replace(soup_server_message_get_response_headers(request->message),
                                     name, value);
}

void vdt_answer_text(VdtRequest *request, guint status, const char *type, const char *text,
                     gsize size)
{
    if (request->message == NULL)
        return;
    request->shared->answers[MIN(status / 100, 5)]++;
    soup_server_message_set_status(request->message, status, phrase(status));
    soup_server_message_set_response(request->message, type, SOUP_MEMORY_COPY, text, size);
    vdt_request_release(request);
}

void vdt_answer_empty(VdtRequest *request, guint status)
{
    if (request->message == NULL)
        return;
    request->shared->answers[MIN(status / 100, 5)]++;
    soup_server_message_set_status(request->message, status, phrase(status));
    vdt_request_release(request);
}

static void answer_object(VdtRequest *request, guint status, const char *type, JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    g_autofree char *text = json_to_string(node, FALSE);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    json_object_unref(object);
    vdt_answer_text(request, status, type, line, strlen(line));
}

void vdt_answer_json(VdtRequest *request, guint status, JsonObject *object)
{
    answer_object(request, status, "application/json", object);
}

void vdt_answer_problem_object(VdtRequest *request, guint status, const char *detail,
                               JsonObject *object)
{
    if (object == NULL)
        object = json_object_new();
    json_object_set_string_member(object, "type", "about:blank");
    json_object_set_string_member(object, "title", phrase(status));
    json_object_set_int_member(object, "status", status);
    if (detail != NULL) {
        g_autofree char *valid = g_utf8_make_valid(detail, -1);
        json_object_set_string_member(object, "detail", valid);
    }
    if (status == 401)
        vdt_answer_header(request, "WWW-Authenticate", "Bearer realm=\"vedette\"");
    answer_object(request, status, "application/problem+json", object);
}

void vdt_answer_problem(VdtRequest *request, guint status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *detail = g_strdup_vprintf(format, args);
    va_end(args);
    vdt_answer_problem_object(request, status, detail, NULL);
}
