/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams: how they are, and what may be done with them, and with the service. */
#include <string.h>

#include "config/json.h"
#include "events/profile.h"
#include "jsonbody.h"
#include "routes.h"
#include "stream/clock.h"
#include "streamfile.h"

static void set_seconds(JsonObject *object, const char *name, gint64 ns)
{
    if (ns >= 0)
        json_object_set_double_member(object, name, (double)(ns / 1000000) / 1000);
}

static void set_rate(JsonObject *object, const char *name, const VdtHttpShared *shared,
                     const char *stream, const char *what)
{
    g_autofree char *track = g_strconcat(what, " ", stream, NULL);
    double rate = vdt_rates_get(shared->rates, track);
    json_object_set_double_member(object, name, (double)(gint64)(rate * 100 + 0.5) / 100);
}

static JsonArray *analysers_json(const VdtHttpShared *shared, const VdtServedStream *stream)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < stream->analysers->len; i++) {
        const VdtServedAnalyser *one = stream->analysers->pdata[i];
        g_autofree char *path = g_strconcat(stream->config->name, "/", one->name, NULL);
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", one->name);
        json_object_set_string_member(object, "model", one->model);
        json_object_set_int_member(object, "frames", (gint64)one->frames);
        json_object_set_int_member(object, "results", (gint64)one->results);
        json_object_set_int_member(object, "skipped", (gint64)one->skipped);
        json_object_set_int_member(object, "broken", (gint64)one->broken);
        if (one->results > 0) {
            json_object_set_double_member(object, "average_s", one->busy / (double)one->results);
            json_object_set_double_member(object, "last_s", one->last);
            json_object_set_double_member(object, "lag_s", one->lag);
        }
        set_rate(object, "fps", shared, path, "results");
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *stream_json(const VdtHttpShared *shared, const VdtServedStream *stream,
                               gboolean with_config)
{
    const VdtStreamInfo *info = stream->info;
    const char *name = stream->config->name;
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "name", name);
    json_object_set_boolean_member(object, "isolated",
                                   stream->config->values[VDT_KEY_STREAM_ISOLATED].whole != 0);
    json_object_set_string_member(
        object, "state", vdt_stream_state_name(info != NULL ? info->state : VDT_STREAM_FAILED));
    if (info == NULL) {
        json_object_set_string_member(object, "reason", "it could not be made");
    } else {
        gint64 now = vdt_clock_now();
        json_object_set_string_member(object, "reason", info->reason);
        set_seconds(object, "in_state_s", MAX(now - info->since, 0));
        if (info->retry >= 0)
            set_seconds(object, "retry_in_s", MAX(info->retry - now, 0));
        set_seconds(object, "frame_age_s", info->frame_age);
        if (info->codec != NULL)
            json_object_set_string_member(object, "codec", info->codec);
        set_rate(object, "camera_fps", shared, name, "camera");
        set_rate(object, "process_fps", shared, name, "process");
        json_object_set_int_member(object, "frames", (gint64)info->counts.frames);
        json_object_set_int_member(object, "bytes", (gint64)info->counts.bytes);
        json_object_set_int_member(object, "passed", (gint64)info->counts.passed);
        json_object_set_int_member(object, "skipped", (gint64)info->counts.dropped);
        json_object_set_int_member(object, "connects", (gint64)info->connects);
        json_object_set_int_member(object, "reconnects", (gint64)info->reconnects);
        json_object_set_int_member(object, "stalls", (gint64)info->stalls);
        json_object_set_int_member(object, "builds", (gint64)info->builds);
        json_object_set_int_member(object, "hanging", info->hanging);
    }
    json_object_set_array_member(object, "analysers", analysers_json(shared, stream));
    if (with_config)
        json_object_set_object_member(object, "config", vdt_stream_file_to_json(stream->config));
    return object;
}

void vdt_handle_streams(VdtRequest *request)
{
    const VdtHttpService *service = request->shared->service;
    g_autoptr(GPtrArray) streams = service->list(service->data);
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();
    for (guint i = 0; i < streams->len; i++)
        json_array_add_object_element(array,
                                      stream_json(request->shared, streams->pdata[i], FALSE));
    json_object_set_array_member(object, "streams", array);
    vdt_answer_json(request, 200, object);
}

void vdt_handle_stream(VdtRequest *request)
{
    const VdtHttpService *service = request->shared->service;
    g_autoptr(GPtrArray) streams = service->list(service->data);
    for (guint i = 0; i < streams->len; i++) {
        const VdtServedStream *stream = streams->pdata[i];
        if (strcmp(stream->config->name, request->args[0]) == 0) {
            vdt_answer_json(request, 200, stream_json(request->shared, stream, TRUE));
            return;
        }
    }
    vdt_answer_problem(request, 404, "there is no such stream");
}

/* --- what changes something --- */

/* An outcome on its way from the service's thread to ours. */
typedef struct {
    VdtRequest *request;
    guint status;
    char *detail;
    JsonObject *object;
    char *location;
} Answer;

static gboolean on_outcome(gpointer data)
{
    Answer *answer = data;
    if (answer->location != NULL && answer->status == 201)
        vdt_answer_header(answer->request, "Location", answer->location);
    if (answer->status >= 400)
        vdt_answer_problem_object(answer->request, answer->status, answer->detail, answer->object);
    else
        vdt_answer_json(answer->request, answer->status, answer->object);
    vdt_request_unref(answer->request);
    g_free(answer->location);
    g_free(answer->detail);
    g_free(answer);
    return G_SOURCE_REMOVE;
}

static void hand_over(const VdtOutcome *outcome, gpointer data)
{
    Answer *answer = data;
    answer->status = outcome->status;
    answer->detail = g_strdup(outcome->detail);
    answer->object = json_object_new();
    if (outcome->status < 400)
        json_object_set_boolean_member(answer->object, "ok",
                                       outcome->problems == NULL ||
                                           vdt_problems_count(outcome->problems) == 0);
    if (outcome->problems != NULL && vdt_problems_count(outcome->problems) > 0)
        json_object_set_array_member(answer->object, "problems",
                                     vdt_problems_to_json(outcome->problems));
    if (outcome->differences != NULL)
        json_object_set_array_member(answer->object, "changes",
                                     vdt_differences_to_json(outcome->differences));
    GMainContext *context = answer->request->shared->context;
    g_main_context_invoke(context, on_outcome, answer);
}

static void act(VdtRequest *request, VdtAct what, const char *name, const char *text)
{
    const VdtHttpService *service = request->shared->service;
    Answer *answer = g_new0(Answer, 1);
    answer->request = vdt_request_ref(request);
    if (what == VDT_ACT_ADD)
        answer->location = g_strconcat("/api/v1/streams/", name, NULL);
    vdt_request_hold(request);
    service->act(service->data, what, name, text, hand_over, answer);
}

/* NULL after answering. Caller unrefs. */
static JsonObject *parse_body(VdtRequest *request)
{
    g_autoptr(GError) error = NULL;
    gsize n;
    const char *text = g_bytes_get_data(request->arrival->body, &n);
    const char *type = vdt_head_get(request->arrival->head, "content-type");
    if (type == NULL || g_ascii_strncasecmp(type, "application/json", 16) != 0) {
        vdt_answer_problem(request, 415, "expected a body of application/json");
        return NULL;
    }
    JsonObject *body = vdt_json_body_parse(text, n, &error);
    if (body == NULL)
        vdt_answer_problem(request, 400, "%s", error->message);
    return body;
}

/* {"name": ..., "config": {...}}, of which there is no name where the path has it. NULL after
 * answering. */
static char *read_body(VdtRequest *request, gboolean wants_name, char **name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) body = parse_body(request);
    if (body == NULL)
        return NULL;
    JsonNode *config = json_object_get_member(body, "config"),
             *given = json_object_get_member(body, "name");
    guint known = (config != NULL) + (given != NULL);
    if (config == NULL || !JSON_NODE_HOLDS_OBJECT(config) || (given != NULL) != wants_name ||
        (given != NULL && json_node_get_value_type(given) != G_TYPE_STRING) ||
        json_object_get_size(body) != known) {
        vdt_answer_problem(request, 400, "expected %sthe member config, an object, and no other",
                           wants_name ? "the member name, a string, and " : "");
        return NULL;
    }
    if (wants_name && !vdt_is_name(json_node_get_string(given))) {
        vdt_answer_problem(request, 400,
                           "name: expected a letter or digit, then letters, digits, -, _ or ., 64 "
                           "at most");
        return NULL;
    }
    char *file = vdt_stream_file_from_json(json_node_get_object(config), &error);
    if (file == NULL)
        vdt_answer_problem(request, 400, "%s", error->message);
    else if (wants_name)
        *name = g_strdup(json_node_get_string(given));
    return file;
}

void vdt_handle_stream_add(VdtRequest *request)
{
    g_autofree char *name = NULL, *text = read_body(request, TRUE, &name);
    if (text != NULL)
        act(request, VDT_ACT_ADD, name, text);
}

void vdt_handle_stream_change(VdtRequest *request)
{
    g_autofree char *text = read_body(request, FALSE, NULL);
    if (text != NULL)
        act(request, VDT_ACT_CHANGE, request->args[0], text);
}

void vdt_handle_stream_remove(VdtRequest *request)
{
    act(request, VDT_ACT_REMOVE, request->args[0], NULL);
}

void vdt_handle_stream_restart(VdtRequest *request)
{
    act(request, VDT_ACT_RESTART, request->args[0], NULL);
}

void vdt_handle_reload(VdtRequest *request)
{
    act(request, VDT_ACT_RELOAD, NULL, NULL);
}

void vdt_handle_validate(VdtRequest *request)
{
    g_autofree char *name = NULL, *text = NULL;
    if (g_bytes_get_size(request->arrival->body) == 0) {
        act(request, VDT_ACT_VALIDATE, NULL, NULL);
        return;
    }
    text = read_body(request, TRUE, &name);
    if (text != NULL)
        act(request, VDT_ACT_VALIDATE, name, text);
}

void vdt_handle_arm(VdtRequest *request)
{
    const VdtHttpService *service = request->shared->service;
    VdtServedStatus status;
    JsonObject *object = json_object_new();
    service->get_status(service->data, &status);
    json_object_set_string_member(object, "arm", status.arm);
    vdt_answer_json(request, 200, object);
}

void vdt_handle_arm_change(VdtRequest *request)
{
    g_autoptr(JsonObject) body = parse_body(request);
    VdtArm arm;
    if (body == NULL)
        return;
    JsonNode *node = json_object_get_member(body, "arm");
    const char *name = node != NULL && json_node_get_value_type(node) == G_TYPE_STRING
                           ? json_node_get_string(node)
                           : "";
    if (json_object_get_size(body) == 1 && vdt_arm_from_name(name, &arm))
        act(request, VDT_ACT_ARM, NULL, vdt_arm_name(arm));
    else
        vdt_answer_problem(request, 400,
                           "expected the member arm, auto, armed or disarmed, and no other");
}
