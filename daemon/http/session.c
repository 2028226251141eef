/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions of browsers. */
#include <string.h>

#include "files.h"
#include "query.h"
#include "routes.h"

void vdt_handle_login_page(VdtRequest *request)
{
    g_autoptr(GBytes) page = vdt_http_file("login.html");
    gsize n;
    const char *text = g_bytes_get_data(page, &n);
    vdt_answer_text(request, 200, "text/html; charset=utf-8", text, n);
}

static void set_cookie(VdtRequest *request, const char *value, guint age)
{
    g_autofree char *cookie =
        g_strdup_printf(VDT_AUTH_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%u%s",
                        value, age, request->arrival->peer.tls ? "; Secure" : "");
    vdt_answer_header(request, "Set-Cookie", cookie);
}

void vdt_handle_login(VdtRequest *request)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const VdtArrival *arrival = request->arrival;
    const char *type = vdt_head_get(arrival->head, "content-type");
    gsize n;
    const char *bytes = g_bytes_get_data(arrival->body, &n);
    g_autofree char *text = g_strndup(bytes, n);
    g_autoptr(GError) error = NULL;
    VdtVerdict verdict;
    if (type == NULL || g_ascii_strncasecmp(type, form, strlen(form)) != 0) {
        vdt_answer_problem(request, 415, "expected a form with the field token");
        return;
    }
    g_autoptr(GHashTable) fields = vdt_query_parse(text, &error);
    const char *token = fields != NULL ? g_hash_table_lookup(fields, "token") : NULL;
    if (token == NULL) {
        vdt_answer_problem(request, 400, "expected a form with the field token");
        return;
    }
    g_autofree char *cookie = vdt_auth_login(request->shared->auth, token, &arrival->peer,
                                             g_get_monotonic_time(), &verdict);
    explicit_bzero(text, n);
    if (cookie == NULL) {
        if (verdict.retry > 0)
            vdt_answer_header(request, "Retry-After", "6");
        vdt_answer_problem(request, verdict.status, "%s", verdict.why);
        return;
    }
    set_cookie(request, cookie, VDT_AUTH_AGE);
    vdt_answer_header(request, "Location", "/");
    vdt_answer_empty(request, 303);
}

void vdt_handle_logout(VdtRequest *request)
{
    vdt_auth_logout(request->shared->auth, request->arrival->head);
    set_cookie(request, "", 0);
    vdt_answer_empty(request, 204);
}

void vdt_handle_session(VdtRequest *request)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "role", vdt_role_name(request->role));
    if (request->name != NULL)
        json_object_set_string_member(object, "name", request->name);
    if (request->csrf != NULL)
        json_object_set_string_member(object, "csrf", request->csrf);
    vdt_answer_json(request, 200, object);
}
