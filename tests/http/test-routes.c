/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every route: who may ask, what is answered; events out of a store, files, and the feed. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "../daemon/fixture.h"
#include "fixture.h"
#include "metrics.h"
#include "routes.h"

#define READ    BEARER READ_TOKEN
#define CONTROL BEARER CONTROL_TOKEN
#define JSON    "\r\nContent-Type: application/json"

static Server *server;
static GSocket *left; /* a peer that still looks when the server ends */

static char *target_of(const VdtRoute *route)
{
    GString *target = g_string_new(route->path);
    g_string_replace(target, "{name}", "front", 0);
    g_string_replace(target, "{id}", "no-such-event", 0);
    g_string_replace(target, "{file}", "main.js", 0);
    return g_string_free(target, FALSE);
}

static const char *body_for(const VdtRoute *route)
{
    if (route->body == NULL)
        return strcmp(route->method, "POST") == 0 ? "" : NULL;
    if (strcmp(route->body, "Login") == 0)
        return "token=" READ_TOKEN;
    if (strcmp(route->body, "Arm") == 0)
        return "{\"arm\":\"armed\"}";
    return strcmp(route->body, "NewStream") == 0
               ? "{\"name\":\"new\",\"config\":{\"stream\":{\"source\":\"street:///\"}}}"
               : "{\"config\":{\"stream\":{\"source\":\"street:///\"}}}";
}

/* With each token: allowed exactly where the table says so, and then answered as it says. */
static void test_every_route(void)
{
    static const struct {
        VdtRole role;
        const char *header;
    } who[] = {{VDT_ROLE_METRICS, "X: y"},
               {VDT_ROLE_METRICS, BEARER METRICS_TOKEN},
               {VDT_ROLE_READ, READ},
               {VDT_ROLE_CONTROL, CONTROL}};
    for (guint i = 0; i < vdt_n_routes; i++) {
        const VdtRoute *route = &vdt_routes[i];
        g_autofree char *target = target_of(route);
        if (route->handle == vdt_handle_feed || route->handle == vdt_handle_live)
            continue; /* they do not end */
        for (guint k = 0; k < G_N_ELEMENTS(who); k++) {
            gboolean form = route->body != NULL && strcmp(route->body, "Login") == 0;
            g_autofree char *headers =
                g_strconcat(who[k].header, "\r\nContent-Type: ",
                            form ? "application/x-www-form-urlencoded" : "application/json", NULL);
            g_autofree char *answer = ask(server, route->method, target, headers, body_for(route));
            guint status = status_of(answer);
            g_autofree char *number = g_strdup_printf("%u", status);
            g_auto(GStrv) others = g_strsplit(route->statuses, " ", -1);
            if (who[k].role < route->role)
                g_assert_true(status == (k == 0 ? 401 : 403));
            else if (status != route->status && status != 200 &&
                     !g_strv_contains((const char *const *)others, number))
                g_error("%s %s: %u is not what the table says", route->method, target, status);
            if (status >= 400) {
                g_autofree char *type = header_of(answer, "Content-Type");
                g_assert_cmpstr(type, ==, "application/problem+json");
                g_autoptr(JsonObject) problem = object_of(answer);
                g_assert_cmpint(json_object_get_int_member(problem, "status"), ==, status);
                g_assert_true(json_object_has_member(problem, "title"));
            }
        }
        if (i % 4 == 3)
            g_usleep(G_USEC_PER_SEC / 5); /* not too many requests */
    }
}

static void test_openapi(void)
{
    g_autofree char *answer = ask(server, "GET", "/api/v1/openapi.json", NULL, NULL);
    g_autoptr(JsonObject) api = object_of(answer);
    JsonObject *paths = json_object_get_object_member(api, "paths"),
               *schemas = json_object_get_object_member(
                   json_object_get_object_member(api, "components"), "schemas");
    g_autoptr(GHashTable) operations = g_hash_table_new(g_str_hash, g_str_equal);
    guint n = 0;
    for (guint i = 0; i < vdt_n_routes; i++) {
        const VdtRoute *route = &vdt_routes[i];
        g_autofree char *method = g_ascii_strdown(route->method, -1);
        JsonObject *operation = json_object_get_object_member(
            json_object_get_object_member(paths, route->path), method);
        g_assert_cmpstr(json_object_get_string_member(operation, "operationId"), ==,
                        route->operation);
        g_assert_true(g_hash_table_add(operations, (gpointer)route->operation));
        g_assert_true(route->schema == NULL || json_object_has_member(schemas, route->schema));
        g_assert_true(route->body == NULL || json_object_has_member(schemas, route->body));
    }
    g_autoptr(GList) all = json_object_get_values(paths);
    for (GList *at = all; at != NULL; at = at->next)
        n += json_object_get_size(json_node_get_object(at->data));
    g_assert_cmpuint(n, ==, vdt_n_routes);
    /* every reference leads somewhere */
    for (const char *at = answer; (at = strstr(at, "#/components/schemas/")) != NULL;) {
        at += strlen("#/components/schemas/");
        g_autofree char *name = g_strndup(at, strcspn(at, "\""));
        g_assert_true(json_object_has_member(schemas, name));
    }
}

/* What is answered has no member that the schema has not, and all that it requires. */
static void check_schema(JsonObject *schemas, const char *name, JsonObject *object)
{
    JsonObject *schema = json_object_get_object_member(schemas, name),
               *properties = json_object_get_object_member(schema, "properties");
    g_autoptr(GList) members = json_object_get_members(object);
    for (GList *at = members; at != NULL; at = at->next)
        if (!json_object_has_member(properties, at->data))
            g_error("%s: %s is not in the schema", name, (const char *)at->data);
    JsonArray *required = json_object_has_member(schema, "required")
                              ? json_object_get_array_member(schema, "required")
                              : NULL;
    for (guint i = 0; required != NULL && i < json_array_get_length(required); i++)
        g_assert_true(json_object_has_member(object, json_array_get_string_element(required, i)));
}

static void test_schemas(void)
{
    g_autofree char *answer = ask(server, "GET", "/api/v1/openapi.json", NULL, NULL);
    g_autoptr(JsonObject) api = object_of(answer);
    JsonObject *schemas =
        json_object_get_object_member(json_object_get_object_member(api, "components"), "schemas");
    put_event(server, "schema-1", "start", "loiter", 5000000);
    for (guint i = 0; i < vdt_n_routes; i++) {
        const VdtRoute *route = &vdt_routes[i];
        if (route->schema == NULL || strcmp(route->method, "GET") != 0)
            continue;
        GString *target = g_string_new(route->path);
        g_string_replace(target, "{name}", "front", 0);
        g_string_replace(target, "{id}", "schema-1", 0);
        g_autofree char *text = ask(server, "GET", target->str, CONTROL, NULL);
        g_assert_cmpuint(status_of(text), ==, 200);
        g_autoptr(JsonObject) object = object_of(text);
        check_schema(schemas, route->schema, object);
        g_string_free(target, TRUE);
    }
}

static void test_streams(void)
{
    g_autofree char *all = ask(server, "GET", "/api/v1/streams", READ, NULL);
    g_autoptr(JsonObject) object = object_of(all);
    JsonArray *streams = json_object_get_array_member(object, "streams");
    g_assert_cmpuint(json_array_get_length(streams), ==, 2);
    g_autofree char *one = ask(server, "GET", "/api/v1/streams/front", READ, NULL);
    g_autoptr(JsonObject) front = object_of(one);
    JsonObject *config = json_object_get_object_member(front, "config");
    g_assert_cmpstr(json_object_get_string_member(front, "state"), ==, "live");
    g_assert_cmpint(json_object_get_int_member(front, "skipped"), ==, 7);
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(config, "recognizer"), "threshold"),
                    ==, "0.25");
    g_assert_nonnull(strstr(one, "\"frame_age_s\":0.02,"));
    g_assert_nonnull(strstr(one, "\"reason\":\"because \\\"of\\\" a \\\\ test\","));
    g_assert_null(strstr(one, "hunter"));
    g_assert_null(strstr(all, "hunter"));
    g_autofree char *none = ask(server, "GET", "/api/v1/streams/none", READ, NULL);
    g_assert_cmpuint(status_of(none), ==, 404);
}

static void expect_act(VdtAct what, const char *name, const char *text)
{
    g_mutex_lock(&server->lock);
    g_assert_cmpint(server->act, ==, what);
    g_assert_cmpstr(server->name, ==, name);
    if (text != NULL)
        g_assert_nonnull(strstr(server->text, text));
    g_mutex_unlock(&server->lock);
}

static void set_outcome(guint status)
{
    g_mutex_lock(&server->lock);
    server->outcome = status;
    g_mutex_unlock(&server->lock);
}

static void test_changes(void)
{
    set_outcome(201);
    g_autofree char *added =
        ask(server, "POST", "/api/v1/streams", CONTROL JSON,
            "{\"name\":\"new\",\"config\":{\"stream\":{\"source\":\"street:///\"},\"recognizer "
            "door\":{\"threshold\":0.25,\"top-k\":3,\"region\":\"0,0,1,1\"}}}");
    g_assert_cmpuint(status_of(added), ==, 201);
    g_autofree char *location = header_of(added, "Location");
    g_assert_cmpstr(location, ==, "/api/v1/streams/new");
    expect_act(VDT_ACT_ADD, "new",
               "[stream]\nsource=street:///\n[recognizer door]\nthreshold=0.25\ntop-k=3\n");
    set_outcome(422);
    g_autofree char *wrong = ask(server, "PUT", "/api/v1/streams/front", CONTROL JSON,
                                 "{\"config\":{\"stream\":{\"source\":\"x\"}}}");
    g_assert_cmpuint(status_of(wrong), ==, 422);
    g_autoptr(JsonObject) problem = object_of(wrong);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(problem, "problems")), ==,
                     1);
    expect_act(VDT_ACT_CHANGE, "front", "[stream]");
    set_outcome(200);
    g_autofree char *removed = ask(server, "DELETE", "/api/v1/streams/a%2fb", CONTROL, NULL);
    g_assert_cmpuint(status_of(removed), ==, 200);
    expect_act(VDT_ACT_REMOVE, "a/b", NULL);
    g_autofree char *reloaded = ask_unix(server, "POST", "/api/v1/reload", NULL);
    g_assert_cmpuint(status_of(reloaded), ==, 200);
    expect_act(VDT_ACT_RELOAD, NULL, NULL);
}

static void test_arm(void)
{
    static const char *const wrong[] = {"{}", "{\"arm\":1}", "{\"arm\":\"x\"}",
                                        "{\"arm\":\"auto\",\"more\":1}"};
    g_autofree char *now = ask(server, "GET", "/api/v1/arm", READ, NULL);
    g_assert_cmpstr(body_of(now), ==, "{\"arm\":\"auto\"}\n");
    g_autofree char *metrics = ask(server, "GET", "/metrics", READ, NULL);
    g_assert_nonnull(strstr(metrics, "\nvedette_arm{arm=\"auto\"} 1\n"));
    g_assert_nonnull(strstr(metrics, "\nvedette_arm{arm=\"disarmed\"} 0\n"));
    set_outcome(200);
    g_autofree char *set =
        ask(server, "PUT", "/api/v1/arm", CONTROL JSON, "{\"arm\":\"disarmed\"}");
    g_assert_cmpuint(status_of(set), ==, 200);
    expect_act(VDT_ACT_ARM, NULL, "disarmed");
    g_mutex_lock(&server->lock);
    server->act = VDT_ACT_RELOAD;
    g_mutex_unlock(&server->lock);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *answer = ask(server, "PUT", "/api/v1/arm", CONTROL JSON, wrong[i]);
        g_assert_cmpuint(status_of(answer), ==, 400);
    }
    expect_act(VDT_ACT_RELOAD, NULL, NULL);
}

/* Nothing of these gets as far as the service. */
static void test_bad_bodies(void)
{
    static const struct {
        guint status;
        const char *headers, *body;
    } rows[] = {
        {415, CONTROL, "{}"},
        {415, CONTROL "\r\nContent-Type: text/plain", "{\"name\":\"a\",\"config\":{}}"},
        {400, CONTROL JSON, ""},
        {400, CONTROL JSON, "{}"},
        {400, CONTROL JSON, "[]"},
        {400, CONTROL JSON, "{\"name\":\"a\"}"},
        {400, CONTROL JSON, "{\"name\":1,\"config\":{}}"},
        {400, CONTROL JSON, "{\"name\":\"../a\",\"config\":{}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{},\"more\":1}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"stream\":1}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"a]\\n[b\":{}}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"a\":{\"b=c\\nd\":\"e\"}}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"a\":{\"b\":\"c\\n[d]\"}}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"a\":{\"b\":\"\\\\n\"}}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"a\":{\"b\":null}}}"},
        {400, CONTROL JSON, "{\"name\":\"a\",\"config\":{\"a\":{\"b\":[1]}}}"},
    };
    g_mutex_lock(&server->lock);
    server->act = VDT_ACT_RELOAD;
    g_mutex_unlock(&server->lock);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *answer =
            ask(server, "POST", "/api/v1/streams", rows[i].headers, rows[i].body);
        if (status_of(answer) != rows[i].status)
            g_error("%u was expected for %s\nbut there is %s", rows[i].status, rows[i].body,
                    answer);
    }
    expect_act(VDT_ACT_RELOAD, NULL, NULL);
}

static void test_paths(void)
{
    static const struct {
        guint status;
        const char *method, *target;
    } rows[] = {{404, "GET", "/nothing"},
                {404, "GET", "//healthz"},
                {404, "GET", "/healthz/"},
                {404, "GET", "/api/v1/streams/front/more"},
                {404, "GET", "/api/v1/streams/"},
                {404, "GET", "/api/v1/streams/%0a"},
                {404, "GET", "/api/v1/../v1/status"},
                {405, "POST", "/healthz"},
                {405, "DELETE", "/api/v1/events/stream"},
                {405, "PUT", "/api/v1/streams"},
                {400, "GET", "/api/v1/events?limit=0"},
                {400, "GET", "/api/v1/events?limit=1001"},
                {400, "GET", "/api/v1/events?from=yesterday"},
                {400, "GET", "/api/v1/events?nonsense=1"},
                {400, "GET", "/api/v1/events?limit=1&limit=2"},
                {400, "GET", "/api/v1/events/stream?after=x"}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *answer = ask(server, rows[i].method, rows[i].target, CONTROL, NULL);
        if (status_of(answer) != rows[i].status)
            g_error("%u was expected for %s\nbut there is %s", rows[i].status, rows[i].target,
                    answer);
    }
    g_autofree char *allowed = ask(server, "POST", "/api/v1/status", CONTROL, NULL);
    g_autofree char *allow = header_of(allowed, "Allow");
    g_assert_cmpstr(allow, ==, "GET, HEAD");
    g_autofree char *head = ask(server, "HEAD", "/healthz", NULL, NULL);
    g_assert_cmpuint(status_of(head), ==, 200);
    g_assert_cmpstr(body_of(head), ==, "");
}

static void test_session(void)
{
    static const char form[] = "Content-Type: application/x-www-form-urlencoded";
    g_autofree char *login = ask(server, "POST", "/login", form, "token=" CONTROL_TOKEN);
    g_autofree char *cookie = header_of(login, "Set-Cookie");
    g_assert_cmpuint(status_of(login), ==, 303);
    g_assert_nonnull(strstr(cookie, "; HttpOnly; SameSite=Strict; "));
    g_autofree char *pair = g_strndup(cookie, strcspn(cookie, ";"));
    g_autofree char *header = g_strconcat("Cookie: ", pair, NULL);
    g_autofree char *session = ask(server, "GET", "/api/v1/session", header, NULL);
    g_autoptr(JsonObject) object = object_of(session);
    const char *csrf = json_object_get_string_member(object, "csrf");
    g_autofree char *without = ask(server, "POST", "/api/v1/reload", header, "");
    g_assert_cmpuint(status_of(without), ==, 403);
    g_autofree char *both = g_strconcat(header, "\r\nX-CSRF-Token: ", csrf, NULL);
    g_autofree char *with = ask(server, "POST", "/api/v1/reload", both, "");
    g_assert_cmpuint(status_of(with), ==, 200);
    g_autofree char *logout = ask(server, "POST", "/logout", both, "");
    g_assert_cmpuint(status_of(logout), ==, 204);
    g_autofree char *after = ask(server, "GET", "/api/v1/status", header, NULL);
    g_assert_cmpuint(status_of(after), ==, 401);
    g_autofree char *page = ask(server, "GET", "/login", NULL, NULL);
    g_assert_nonnull(strstr(page, "name=\"token\""));
}

static void test_metrics(void)
{
    g_autofree char *answer = ask(server, "GET", "/metrics", NULL, NULL);
    const char *text = body_of(answer);
    g_assert_nonnull(strstr(text, "vedette_stream_state{stream=\"front\",state=\"live\"} 1\n"));
    g_assert_nonnull(strstr(text, "vedette_stream_state{stream=\"yard\",state=\"live\"} 0\n"));
    g_assert_nonnull(strstr(text, "vedette_reconnects_total{stream=\"front\"} 3\n"));
    g_assert_nonnull(strstr(text, "vedette_inference_seconds_sum{stream=\"front\",analyser="
                                  "\"recognizer\",model=\"a\\\"b\\\\c\\nd\"} 2.5\n"));
    g_assert_nonnull(strstr(text, "vedette_result_lag_seconds{stream=\"front\",analyser="
                                  "\"recognizer\",model=\"a\\\"b\\\\c\\nd\"} 0.4\n"));
    g_assert_nonnull(strstr(text, "vedette_spool_depth{sink=\"mqtt\"} 7\n"));
    g_assert_nonnull(strstr(text, "\nvedette_store_free_bytes "));
    g_assert_nonnull(strstr(text, "process_resident_memory_bytes "));
    g_autofree char *promtool = g_find_program_in_path("promtool");
    if (promtool == NULL) {
        g_test_message("promtool is not there, so the format was not held against it");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GSubprocess) tool =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                             G_SUBPROCESS_FLAGS_STDERR_MERGE,
                         &error, promtool, "check", "metrics", NULL);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_communicate_utf8(tool, text, NULL, &out, &err, &error));
    g_assert_cmpstr(out, ==, "");
    g_assert_cmpint(g_subprocess_get_exit_status(tool), ==, 0);
}

/* --- events --- */

static JsonArray *page(const char *target, JsonObject **object)
{
    g_autofree char *answer = ask(server, "GET", target, READ, NULL);
    g_assert_cmpuint(status_of(answer), ==, 200);
    *object = object_of(answer);
    return json_object_get_array_member(*object, "events");
}

static void test_events(void)
{
    for (guint i = 0; i < 5; i++) {
        g_autofree char *id = g_strdup_printf("leaf/%u", i);
        put_event(server, id, "start", i % 2 ? "fall" : "page", 1000000000 + i * 1000000);
    }
    put_event(server, "leaf/0", "end", "page", 1000500000);
    g_autoptr(JsonObject) first = NULL, second = NULL, some = NULL;
    JsonArray *events = page("/api/v1/events?label=page&limit=2", &first);
    g_assert_cmpuint(json_array_get_length(events), ==, 2);
    JsonObject *newest = json_array_get_object_element(events, 0);
    g_assert_cmpstr(json_object_get_string_member(newest, "id"), ==, "leaf/4");
    g_assert_cmpstr(json_object_get_string_member(newest, "start"), ==,
                    "1970-01-01T00:16:44.000000Z");
    g_assert_false(json_object_has_member(newest, "end"));
    g_autofree char *next =
        g_strdup_printf("/api/v1/events?label=page&limit=2&before=%" G_GINT64_FORMAT,
                        json_object_get_int_member(first, "next"));
    events = page(next, &second);
    g_assert_cmpuint(json_array_get_length(events), ==, 1);
    g_assert_false(json_object_has_member(second, "next"));
    events = page("/api/v1/events?open=1&text=PAG&from=1970-01-01T00:16:42Z", &some);
    g_assert_cmpuint(json_array_get_length(events), ==, 2);
    g_autofree char *one = ask(server, "GET", "/api/v1/events/leaf%2f0", READ, NULL);
    g_autoptr(JsonObject) ended = object_of(one);
    g_assert_cmpstr(json_object_get_string_member(ended, "end"), ==, "1970-01-01T00:16:40.500000Z");
    g_autofree char *none = ask(server, "GET", "/api/v1/events/none", READ, NULL);
    g_assert_cmpuint(status_of(none), ==, 404);
}

/* --- files --- */

#define CLIP "/api/v1/events/film/clip"

static char *clip(const char *headers)
{
    g_autofree char *all =
        headers != NULL ? g_strconcat(READ "\r\n", headers, NULL) : g_strdup(READ);
    return ask(server, "GET", CLIP, all, NULL);
}

static void test_media(void)
{
    g_autofree char *path = g_build_filename(server->folder, "film.mp4", NULL);
    g_autoptr(GString) film = g_string_new(NULL);
    for (guint i = 0; film->len < 1000000; i++)
        g_string_append_printf(film, "%u,", i);
    g_assert_true(g_file_set_contents(path, film->str, (gssize)film->len, NULL));
    put_event(server, "film", "start", "film", 2000000);
    vdt_store_attach(server->store, "film", VDT_ATTACH_CLIP, path);
    g_assert_true(vdt_store_flush(server->store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    g_autofree char *whole = clip(NULL), *tag = header_of(whole, "ETag"),
                    *modified = header_of(whole, "Last-Modified"),
                    *type = header_of(whole, "Content-Type");
    g_assert_cmpuint(status_of(whole), ==, 200);
    g_assert_true(strcmp(body_of(whole), film->str) == 0);
    g_assert_cmpstr(type, ==, "video/mp4");
    g_autofree char *part = clip("Range: bytes=500000-500009"),
                    *content = header_of(part, "Content-Range"),
                    *expected = g_strndup(film->str + 500000, 10),
                    *range = g_strdup_printf("bytes 500000-500009/%zu", film->len);
    g_assert_cmpuint(status_of(part), ==, 206);
    g_assert_cmpstr(body_of(part), ==, expected);
    g_assert_cmpstr(content, ==, range);
    g_autofree char *end = clip("Range: bytes=-5"), *wrong = clip("Range: bytes=99999999-"),
                    *many = clip("Range: bytes=0-1,3-4");
    g_assert_cmpstr(body_of(end), ==, film->str + film->len - 5);
    g_assert_cmpuint(status_of(wrong), ==, 416);
    g_assert_cmpuint(status_of(many), ==, 200);
    g_autofree char *none_match = g_strconcat("If-None-Match: ", tag, NULL),
                    *since = g_strconcat("If-Modified-Since: ", modified, NULL),
                    *if_range = g_strconcat("Range: bytes=0-4\r\nIf-Range: ", tag, NULL);
    g_autofree char *same = clip(none_match), *same_time = clip(since), *still = clip(if_range),
                    *other = clip("Range: bytes=0-4\r\nIf-Range: \"other\"");
    g_assert_cmpuint(status_of(same), ==, 304);
    g_assert_cmpuint(status_of(same_time), ==, 304);
    g_assert_cmpuint(status_of(still), ==, 206);
    g_assert_cmpuint(status_of(other), ==, 200);
    g_autofree char *head = ask(server, "HEAD", CLIP, READ, NULL),
                    *length = header_of(head, "Content-Length"),
                    *size = g_strdup_printf("%zu", film->len);
    g_assert_cmpstr(length, ==, size);
    g_assert_cmpstr(body_of(head), ==, "");
    g_autofree char *without = ask(server, "GET", "/api/v1/events/film/snapshot", READ, NULL);
    g_assert_cmpuint(status_of(without), ==, 404);
    g_unlink(path);
    g_autofree char *gone = clip(NULL);
    g_assert_cmpuint(status_of(gone), ==, 404);
    g_assert_cmpint(symlink("/etc/passwd", path), ==, 0);
    g_autofree char *link = clip(NULL);
    g_assert_cmpuint(status_of(link), ==, 404);
    static const char *const kinds[][2] = {{"film.webm", "video/webm"},
                                           {"film.mkv", "video/x-matroska"},
                                           {"film.other", "application/octet-stream"}};
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *file = g_build_filename(server->folder, kinds[i][0], NULL);
        g_assert_true(g_file_set_contents(file, "x", 1, NULL));
        vdt_store_attach(server->store, "film", VDT_ATTACH_CLIP, file);
        g_assert_true(vdt_store_flush(server->store, 5 * G_USEC_PER_SEC));
        g_autofree char *answer = clip(NULL), *kind = header_of(answer, "Content-Type");
        g_assert_cmpstr(kind, ==, kinds[i][1]);
    }
}

/* --- as they happen --- */

static GSocket *follow(const char *target, const char *headers)
{
    GSocket *peer = peer_connect(server);
    g_autofree char *text =
        g_strdup_printf("GET %s HTTP/1.0\r\nHost: localhost\r\n" READ "\r\n%s\r\n", target,
                        headers != NULL ? headers : "");
    peer_send(peer, text, -1);
    return peer;
}

static guint64 last_id(const char *text)
{
    const char *id = NULL;
    for (const char *at = text; (at = strstr(at, "id: ")) != NULL; at += 4)
        id = at + 4;
    g_assert_nonnull(id);
    return g_ascii_strtoull(id, NULL, 10);
}

static void test_feed(void)
{
    g_autoptr(GSocket) peer = follow("/api/v1/events/stream", NULL);
    g_autofree char *head = peer_read(peer, "retry: 3000\n\n");
    g_assert_nonnull(strstr(head, "text/event-stream"));
    put_event(server, "feed-1", "start", "feed", 3000000);
    g_autofree char *first = peer_read(peer, "feed-1");
    g_assert_null(strstr(first, "leaf/"));
    guint64 id = last_id(first);
    g_socket_close(peer, NULL);
    /* what happened while nobody was there comes then */
    for (guint i = 2; i < 200; i++) {
        VdtEventLine line = vdt_event_line_now();
        g_autofree char *name = g_strdup_printf("feed-%u", i);
        line.type = i % 2 ? "object" : "action";
        line.event = "start";
        line.id = name;
        line.stream = "front";
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        vdt_store_put(server->store, event);
    }
    g_assert_true(vdt_store_flush(server->store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    g_autofree char *header = g_strdup_printf("Last-Event-ID: %" G_GUINT64_FORMAT "\r\n", id);
    g_autoptr(GSocket) again = follow("/api/v1/events/stream", header);
    g_autofree char *all = peer_read(again, "feed-199\"");
    g_assert_null(strstr(all, "\"feed-1\""));
    for (guint i = 2; i < 200; i++) {
        g_autofree char *name = g_strdup_printf("\"feed-%u\"", i);
        g_assert_nonnull(strstr(all, name));
    }
    g_autofree char *after =
        g_strdup_printf("/api/v1/events/stream?type=object&after=%" G_GUINT64_FORMAT, id);
    g_autoptr(GSocket) some = follow(after, NULL);
    g_autofree char *objects = peer_read(some, "feed-199\"");
    g_assert_null(strstr(objects, "\"feed-2\""));
    g_assert_nonnull(strstr(objects, "\"feed-3\""));
}

/* One that does not read holds up neither the others nor the store, and takes no memory. */
static void test_slow_follower(void)
{
    g_autoptr(GSocket) slow = follow("/api/v1/events/stream", NULL);
    g_autofree char *head = peer_read(slow, "retry: 3000\n\n");
    g_autofree char *label = g_strnfill(1000, 'x');
    for (guint i = 0; i < 5000; i++) {
        VdtEventLine line = vdt_event_line_now();
        g_autofree char *name = g_strdup_printf("slow-%u", i);
        line.type = "action";
        line.event = "start";
        line.id = name;
        line.stream = "front";
        line.label = label;
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        vdt_store_put(server->store, event);
    }
    g_assert_true(vdt_store_flush(server->store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    g_autoptr(GSocket) quick = follow("/api/v1/events/stream", NULL);
    g_autofree char *begun = peer_read(quick, "retry: 3000\n\n");
    put_event(server, "quick", "start", "quick", 4000000);
    g_autofree char *one = peer_read(quick, "\"quick\"");
    g_assert_nonnull(strstr(one, "\"quick\""));
    g_autofree char *rest = peer_read(slow, "\"quick\"");
    g_assert_nonnull(strstr(rest, "\"slow-4999\""));
}

static void test_most_followers(void)
{
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < 40; i++)
        g_ptr_array_add(peers, follow("/api/v1/events/stream", NULL));
    GSocket *last = peers->pdata[39];
    g_autofree char *refused = peer_read(last, NULL);
    g_assert_cmpuint(status_of(refused), ==, 503);
}

static guint count_watches(void)
{
    g_mutex_lock(&server->lock);
    guint n = server->watches;
    g_mutex_unlock(&server->lock);
    return n;
}

/* Pictures are made while somebody looks, once for all who do. */
static void test_live(void)
{
    static const char target[] = "/api/v1/streams/front/live";
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < 8; i++) {
        g_ptr_array_add(peers, follow(target, NULL));
        g_autofree char *text = peer_read(peers->pdata[i], "\r\npicture ");
        g_assert_nonnull(strstr(text, "multipart/x-mixed-replace; boundary=vedette"));
        g_assert_nonnull(strstr(text, "--vedette\r\nContent-Type: image/jpeg\r\n"));
    }
    g_assert_cmpuint(count_watches(), ==, 1);
    g_autofree char *full = ask(server, "GET", target, READ, NULL);
    g_assert_cmpuint(status_of(full), ==, 503);
    g_autofree char *none = ask(server, "GET", "/api/v1/streams/none/live", READ, NULL);
    g_assert_cmpuint(status_of(none), ==, 404);
    g_autofree char *nobody = ask(server, "GET", target, NULL, NULL);
    g_assert_cmpuint(status_of(nobody), ==, 401);
    g_ptr_array_set_size(peers, 0);
    for (guint i = 0; i < 100 && count_watches() > 0; i++)
        g_usleep(50000);
    g_assert_cmpuint(count_watches(), ==, 0);
    /* one is left there, for the server to end */
    left = follow(target, NULL);
    g_autofree char *again = peer_read(left, "picture ");
    g_assert_nonnull(strstr(again, "picture "));
}

static void test_no_store(void)
{
    ServerOptions options = {.no_store = TRUE};
    Server *other = server_new(&options);
    static const char *const targets[] = {"/api/v1/events", "/api/v1/events/x",
                                          "/api/v1/events/stream", "/api/v1/events/x/clip"};
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autofree char *answer = ask(other, "GET", targets[i], READ, NULL);
        g_assert_cmpuint(status_of(answer), ==, 503);
    }
    g_autofree char *metrics = ask(other, "GET", "/metrics", READ, NULL);
    g_assert_cmpuint(status_of(metrics), ==, 200);
    g_assert_null(strstr(metrics, "vedette_store"));
    g_autofree char *without = ask(other, "GET", "/metrics", NULL, NULL);
    g_assert_cmpuint(status_of(without), ==, 401);
    server_free(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    server = server_new(NULL);
    g_test_add_func("/routes/every", test_every_route);
    g_test_add_func("/routes/openapi", test_openapi);
    g_test_add_func("/routes/schemas", test_schemas);
    g_test_add_func("/routes/streams", test_streams);
    g_test_add_func("/routes/changes", test_changes);
    g_test_add_func("/routes/arm", test_arm);
    g_test_add_func("/routes/bad-bodies", test_bad_bodies);
    g_test_add_func("/routes/paths", test_paths);
    g_test_add_func("/routes/session", test_session);
    g_test_add_func("/routes/metrics", test_metrics);
    g_test_add_func("/routes/events", test_events);
    g_test_add_func("/routes/media", test_media);
    g_test_add_func("/routes/feed", test_feed);
    g_test_add_func("/routes/slow-follower", test_slow_follower);
    g_test_add_func("/routes/most-followers", test_most_followers);
    g_test_add_func("/routes/live", test_live);
    g_test_add_func("/routes/no-store", test_no_store);
    int status = g_test_run();
    server_free(server);
    g_clear_object(&left);
    return status;
}
