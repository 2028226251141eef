/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openapi.json: the table of routes, and schemas out of data/schemas.json. */
#include <string.h>

#include "files.h"
#include "routes.h"
#include "version.h"

static const struct {
    const char *name, *type, *what;
} parameters[] = {
    {"stream", "string", "Only of this stream"},
    {"type", "string", "Only of this type: action, object, system"},
    {"what", "string", "Only this"},
    {"element", "string", "Only of this analyser"},
    {"label", "string", "Only of this label"},
    {"zone", "string", "Only in this zone"},
    {"line", "string", "Only over this line"},
    {"text", "string", "Only where this stands in one of the texts, in any case"},
    {"from", "string", "Only what went on then or later: RFC 3339, or seconds since 1970"},
    {"to", "string", "Only what went on before: RFC 3339, or seconds since 1970"},
    {"open", "integer", "1: only what goes on"},
    {"before", "integer", "The member next of the page before"},
    {"limit", "integer", "Of a page, from 1 to 1000; 100 if it is not there"},
    {"after", "integer", "Begins behind this number; as Last-Event-ID, which goes before it"},
    {"all", "integer", "1: what a profile mutes, too"},
};

static const struct {
    guint status;
    const char *what;
} statuses[] = {
    {200, "All is well"},
    {201, "It was added"},
    {202, "It was begun"},
    {204, "It was done"},
    {206, "The range that was asked for"},
    {303, "A session was begun; Location is the page"},
    {304, "It did not change"},
    {400, "The request is malformed"},
    {401, "There is no token, or none that is known"},
    {403, "The token's role does not allow it, or it comes from a foreign page"},
    {404, "There is no such thing"},
    {409, "It is there already, or its files cannot be changed"},
    {415, "The body is of another type"},
    {416, "There is no such range"},
    {422, "The configuration is wrong: problems says all that is"},
    {429, "Too many"},
    {503, "Not now"},
};

static const char *what_of(guint status)
{
    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].what;
    g_assert_not_reached();
}

static JsonObject *reference(const char *schema)
{
    g_autofree char *path = g_strconcat("#/components/schemas/", schema, NULL);
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "$ref", path);
    return object;
}

static JsonObject *content(const char *type, const char *schema)
{
    g_autofree char *plain = g_strndup(type, strcspn(type, ";"));
    JsonObject *object = json_object_new(), *media = json_object_new();
    if (schema != NULL)
        json_object_set_object_member(media, "schema", reference(schema));
    json_object_set_object_member(object, plain, media);
    return object;
}

static void add_parameter(JsonArray *array, const char *name, const char *in, const char *type,
                          const char *what)
{
    JsonObject *object = json_object_new(), *schema = json_object_new();
    json_object_set_string_member(object, "name", name);
    json_object_set_string_member(object, "in", in);
    json_object_set_boolean_member(object, "required", strcmp(in, "path") == 0);
    json_object_set_string_member(object, "description", what);
    json_object_set_string_member(schema, "type", type);
    json_object_set_object_member(object, "schema", schema);
    json_array_add_object_element(array, object);
}

static JsonArray *parameters_of(const VdtRoute *route)
{
    JsonArray *array = json_array_new();
    g_auto(GStrv) names = g_strsplit(route->query != NULL ? route->query : "", " ", -1);
    if (strstr(route->path, "{name}") != NULL)
        add_parameter(array, "name", "path", "string", "A stream's name");
    if (strstr(route->path, "{id}") != NULL)
        add_parameter(array, "id", "path", "string", "An event's id");
    for (guint i = 0; names[i] != NULL && route->query != NULL; i++) {
        guint k = 0;
        while (k < G_N_ELEMENTS(parameters) && strcmp(parameters[k].name, names[i]) != 0)
            k++;
        g_assert(k < G_N_ELEMENTS(parameters));
        add_parameter(array, names[i], "query", parameters[k].type, parameters[k].what);
    }
    return array;
}

static void add_response(JsonObject *responses, guint status, const char *type, const char *schema)
{
    g_autofree char *name = g_strdup_printf("%u", status);
    JsonObject *response = json_object_new();
    json_object_set_string_member(response, "description", what_of(status));
    if (type != NULL)
        json_object_set_object_member(response, "content", content(type, schema));
    json_object_set_object_member(responses, name, response);
}

static JsonObject *operation_of(const VdtRoute *route)
{
    JsonObject *operation = json_object_new(), *responses = json_object_new();
    JsonArray *query = parameters_of(route);
    json_object_set_string_member(operation, "operationId", route->operation);
    json_object_set_string_member(operation, "summary", route->summary);
    json_object_set_string_member(operation, "x-role", vdt_role_name(route->role));
    if (route->role == VDT_ROLE_NONE)
        json_object_set_array_member(operation, "security", json_array_new());
    if (json_array_get_length(query) > 0)
        json_object_set_array_member(operation, "parameters", query);
    else
        json_array_unref(query);
    if (route->body != NULL) {
        gboolean form = strcmp(route->body, "Login") == 0;
        JsonObject *body = json_object_new();
        json_object_set_object_member(
            body, "content",
            content(form ? "application/x-www-form-urlencoded" : "application/json", route->body));
        json_object_set_object_member(operation, "requestBody", body);
    }
    add_response(responses, route->status, route->type, route->schema);
    g_auto(GStrv) others = g_strsplit(route->statuses, " ", -1);
    for (guint i = 0; others[i] != NULL; i++) {
        guint64 status = g_ascii_strtoull(others[i], NULL, 10);
        if (status >= 400)
            add_response(responses, (guint)status, "application/problem+json", "Problem");
        else if (status > 0)
            add_response(responses, (guint)status, status == 206 ? route->type : NULL, NULL);
    }
    json_object_set_object_member(operation, "responses", responses);
    return operation;
}

static JsonObject *components(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GBytes) file = vdt_http_file("schemas.json");
    gsize n;
    const char *text = g_bytes_get_data(file, &n);
    gboolean ok = json_parser_load_from_data(parser, text, (gssize)n, NULL);
    g_assert(ok);
    return json_node_dup_object(json_parser_get_root(parser));
}

JsonObject *vdt_routes_to_openapi(void)
{
    JsonObject *api = json_object_new(), *info = json_object_new(), *paths = json_object_new(),
               *token = json_object_new();
    JsonArray *security = json_array_new();
    json_object_set_string_member(api, "openapi", "3.1.0");
    json_object_set_string_member(info, "title", "Vedette");
    json_object_set_string_member(info, "version", VEDETTE_VERSION);
    json_object_set_object_member(api, "info", info);
    json_object_set_array_member(token, "token", json_array_new());
    json_array_add_object_element(security, token);
    json_object_set_array_member(api, "security", security);
    for (guint i = 0; i < vdt_n_routes; i++) {
        const VdtRoute *route = &vdt_routes[i];
        g_autofree char *method = g_ascii_strdown(route->method, -1);
        if (!json_object_has_member(paths, route->path))
            json_object_set_object_member(paths, route->path, json_object_new());
        json_object_set_object_member(json_object_get_object_member(paths, route->path), method,
                                      operation_of(route));
    }
    json_object_set_object_member(api, "paths", paths);
    json_object_set_object_member(api, "components", components());
    return api;
}

void vdt_handle_openapi(VdtRequest *request)
{
    vdt_answer_json(request, 200, vdt_routes_to_openapi());
}
