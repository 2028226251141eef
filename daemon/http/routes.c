/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "routes.h"

#include <string.h>

#include "query.h"

#define JSON   "application/json"
#define FILTER "stream type what element label zone line text from to"

const VdtRoute vdt_routes[] = {
    {"GET", "/healthz", VDT_ROLE_NONE, vdt_handle_health, "getHealth",
     "Whether the service does its work; if not, only a restart helps", NULL, NULL, 200, JSON,
     "Health", "503"},
    {"GET", "/live", VDT_ROLE_NONE, vdt_handle_health, "getLive", "The same as /healthz", NULL,
     NULL, 200, JSON, "Health", "503"},
    {"GET", "/readyz", VDT_ROLE_NONE, vdt_handle_ready, "getReadiness",
     "Whether all streams were asked to start, and it does not end yet", NULL, NULL, 200, JSON,
     "Health", "503"},
    {"GET", "/ready", VDT_ROLE_NONE, vdt_handle_ready, "getReady", "The same as /readyz", NULL,
     NULL, 200, JSON, "Health", "503"},
    {"GET", "/startup", VDT_ROLE_NONE, vdt_handle_ready, "getStartup", "The same as /readyz", NULL,
     NULL, 200, JSON, "Health", "503"},
    {"GET", "/metrics", VDT_ROLE_METRICS, vdt_handle_metrics, "getMetrics",
     "Figures, as Prometheus reads them", NULL, NULL, 200,
     "text/plain; version=0.0.4; charset=utf-8", NULL, "401 403"},
    {"GET", "/", VDT_ROLE_NONE, vdt_handle_page, "getPage", "The page", NULL, NULL, 200,
     "text/html; charset=utf-8", NULL, ""},
    {"GET", "/page/{file}", VDT_ROLE_NONE, vdt_handle_page_file, "getPageFile",
     "A file of the page", NULL, NULL, 200, "*/*", NULL, "404"},
    {"GET", "/login", VDT_ROLE_NONE, vdt_handle_login_page, "getLoginPage", "A form for a token",
     NULL, NULL, 200, "text/html; charset=utf-8", NULL, ""},
    {"POST", "/login", VDT_ROLE_NONE, vdt_handle_login, "login",
     "Begins a session, which a cookie keeps: a form with the field token", NULL, "Login", 303,
     NULL, NULL, "400 401 415 429"},
    {"POST", "/logout", VDT_ROLE_METRICS, vdt_handle_logout, "logout", "Ends the session", NULL,
     NULL, 204, NULL, NULL, "401 403"},
    {"GET", "/api/v1/session", VDT_ROLE_METRICS, vdt_handle_session, "getSession",
     "Who this is, and the session's X-CSRF-Token", NULL, NULL, 200, JSON, "Session", "401"},
    {"GET", "/api/v1/openapi.json", VDT_ROLE_NONE, vdt_handle_openapi, "getOpenApi", "This file",
     NULL, NULL, 200, JSON, NULL, ""},
    {"GET", "/api/v1/status", VDT_ROLE_READ, vdt_handle_status, "getStatus",
     "The service as a whole", NULL, NULL, 200, JSON, "Status", "401 403"},
    {"GET", "/api/v1/streams", VDT_ROLE_READ, vdt_handle_streams, "listStreams", "All streams",
     NULL, NULL, 200, JSON, "Streams", "401 403"},
    {"POST", "/api/v1/streams", VDT_ROLE_CONTROL, vdt_handle_stream_add, "addStream",
     "Adds a stream, if the whole configuration is right with it", NULL, "NewStream", 201, JSON,
     "Outcome", "400 401 403 409 415 422 503"},
    {"GET", "/api/v1/streams/{name}", VDT_ROLE_READ, vdt_handle_stream, "getStream",
     "One stream, with its configuration, but for secrets", NULL, NULL, 200, JSON, "Stream",
     "401 403 404"},
    {"GET", "/api/v1/streams/{name}/live", VDT_ROLE_READ, vdt_handle_live, "watchStream",
     "Pictures of a stream, up to five a second, with what its first analyser found drawn on them",
     NULL, NULL, 200, "multipart/x-mixed-replace", NULL, "401 403 404 503"},
    {"PUT", "/api/v1/streams/{name}", VDT_ROLE_CONTROL, vdt_handle_stream_change, "changeStream",
     "Gives a stream another configuration", NULL, "StreamConfig", 200, JSON, "Outcome",
     "400 401 403 404 409 415 422 503"},
    {"DELETE", "/api/v1/streams/{name}", VDT_ROLE_CONTROL, vdt_handle_stream_remove, "removeStream",
     "Ends a stream, and removes its file", NULL, NULL, 200, JSON, "Outcome",
     "401 403 404 409 422 503"},
    {"POST", "/api/v1/streams/{name}/restart", VDT_ROLE_CONTROL, vdt_handle_stream_restart,
     "restartStream", "Builds a stream's pipeline anew; one that waits tries now", NULL, NULL, 202,
     JSON, "Outcome", "401 403 404 503"},
    {"POST", "/api/v1/reload", VDT_ROLE_CONTROL, vdt_handle_reload, "reload",
     "Reads the configuration anew, as SIGHUP does", NULL, NULL, 200, JSON, "Outcome",
     "401 403 422 503"},
    {"POST", "/api/v1/config/validate", VDT_ROLE_CONTROL, vdt_handle_validate, "validate",
     "What is wrong with the files as they are or, with a body, as they would be with that stream",
     NULL, "NewStream", 200, JSON, "Outcome", "400 401 403 415 422 503"},
    {"GET", "/api/v1/arm", VDT_ROLE_READ, vdt_handle_arm, "getArm", "Whether profiles hold", NULL,
     NULL, 200, JSON, "Arm", "401 403"},
    {"PUT", "/api/v1/arm", VDT_ROLE_CONTROL, vdt_handle_arm_change, "setArm",
     "Arms or disarms the service, over restarts, until the configuration says something else",
     NULL, "Arm", 200, JSON, "Outcome", "400 401 403 415 503"},
    {"GET", "/api/v1/events", VDT_ROLE_READ, vdt_handle_events, "listEvents",
     "Events, the newest first", FILTER " open before limit", NULL, 200, JSON, "Events",
     "400 401 403 503"},
    {"GET", "/api/v1/events/stream", VDT_ROLE_READ, vdt_handle_feed, "followEvents",
     "Server-sent events: what happens from now on, or from Last-Event-ID on",
     "stream type after all", NULL, 200, "text/event-stream", NULL, "400 401 403 503"},
    {"GET", "/api/v1/events/{id}", VDT_ROLE_READ, vdt_handle_event, "getEvent", "One event", NULL,
     NULL, 200, JSON, "Event", "401 403 404 503"},
    {"GET", "/api/v1/events/{id}/snapshot", VDT_ROLE_READ, vdt_handle_snapshot, "getSnapshot",
     "The picture of an event", NULL, NULL, 200, "image/jpeg", NULL, "206 304 401 403 404 416 503"},
    {"GET", "/api/v1/events/{id}/clip", VDT_ROLE_READ, vdt_handle_clip, "getClip",
     "The film of an event, or a range of it", NULL, NULL, 200, "video/*", NULL,
     "206 304 401 403 404 416 503"},
};
const guint vdt_n_routes = G_N_ELEMENTS(vdt_routes);

/* Whether @path is one of @template. Plain segments are compared as they were sent. */
static gboolean matches(const char *template, const char *path, char *args[2])
{
    guint n = 0;
    while (*template != '\0' && *path != '\0') {
        gsize here = strcspn(template + 1, "/") + 1, there = strcspn(path + 1, "/") + 1;
        if (template[1] == '{' && there > 1 && n < 2) {
            args[n] = vdt_query_decode(path + 1, (gssize)there - 1, FALSE);
            if (args[n++] == NULL)
                return FALSE;
        } else if (here != there || strncmp(template, path, here) != 0) {
            return FALSE;
        }
        template += here;
        path += there;
    }
    return *template == '\0' && *path == '\0';
}

const VdtRoute *vdt_routes_find(const char *method, const char *path, char *args[2], char **allowed)
{
    g_autoptr(GString) methods = g_string_new(NULL);
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method, *taken = NULL;
    *allowed = NULL;
    for (guint i = 0; i < vdt_n_routes; i++) {
        const VdtRoute *route = &vdt_routes[i];
        char *found[2] = {NULL};
        /* a path with a name of its own is not one of {...}, too */
        if ((taken == NULL || strcmp(taken, route->path) == 0) &&
            matches(route->path, path, found)) {
            taken = route->path;
            if (strcmp(route->method, wanted) == 0) {
                memcpy(args, found, sizeof found);
                return route;
            }
            g_string_append_printf(methods, "%s%s", methods->len > 0 ? ", " : "",
                                   strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method);
        }
        for (guint k = 0; k < G_N_ELEMENTS(found); k++)
            g_free(found[k]);
    }
    if (methods->len > 0)
        *allowed = g_strdup(methods->str);
    return NULL;
}
