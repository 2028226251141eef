/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events that were, out of the store. Its threads read the disk; ours does not wait for it. */
#include <math.h>
#include <string.h>

#include "media.h"
#include "query.h"
#include "routes.h"
#include "when.h"

#define MOST_EVENTS 1000 /* of a page */

/* A question to the store, on its way. */
typedef struct {
    VdtRequest *request;
    VdtStoreQuery query; /* its texts are those of the request */
    void (*answer)(VdtRequest *request, GPtrArray *events);
} Question;

static void set_text(JsonObject *object, const char *name, const char *text)
{
    if (text == NULL)
        return;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_object_set_string_member(object, name, valid);
}

static void set_media(JsonObject *object, const VdtStoredEvent *event, const char *name,
                      const char *path)
{
    if (path == NULL)
        return;
    g_autofree char *id = g_uri_escape_string(event->id, NULL, FALSE);
    g_autofree char *url = g_strdup_printf("/api/v1/events/%s/%s", id, name);
    json_object_set_string_member(object, name, url);
}

static JsonObject *event_json(const VdtStoredEvent *event)
{
    JsonObject *object = json_object_new();
    const struct {
        const char *name, *text;
    } texts[] = {{"id", event->id},     {"stream", event->stream},   {"type", event->type},
                 {"what", event->what}, {"element", event->element}, {"label", event->label},
                 {"zone", event->zone}, {"line", event->line}};
    json_object_set_int_member(object, "number", (gint64)event->number);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        set_text(object, texts[i].name, texts[i].text);
    if (!isnan(event->score))
        json_object_set_double_member(object, "score", event->score);
    vdt_when_set(object, "start", event->start);
    vdt_when_set(object, "end", event->end);
    vdt_when_set(object, "last", event->last);
    json_object_set_boolean_member(object, "muted", (event->audience & VDT_TO_PAGE) == 0);
    set_media(object, event, "snapshot", event->snapshot);
    set_media(object, event, "clip", event->clip);
    return object;
}

static void ask(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Question *question = data;
    GError *error = NULL;
    GPtrArray *events = vdt_store_query(question->request->shared->store, &question->query, &error);
    if (events == NULL)
        g_task_return_error(task, error);
    else
        g_task_return_pointer(task, events, (GDestroyNotify)g_ptr_array_unref);
}

static void on_answered(GObject *source, GAsyncResult *result, gpointer data)
{
    Question *question = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) events = g_task_propagate_pointer(G_TASK(result), &error);
    if (events == NULL)
        vdt_answer_problem(question->request, 503, "the events cannot be read: %s", error->message);
    else
        question->answer(question->request, events);
    vdt_request_unref(question->request);
    g_free(question);
}

static void begin(VdtRequest *request, const VdtStoreQuery *query,
                  void (*answer)(VdtRequest *, GPtrArray *))
{
    if (request->shared->store == NULL) {
        vdt_answer_problem(request, 503, "this service keeps no events");
        return;
    }
    Question *question = g_new(Question, 1);
    *question = (Question){vdt_request_ref(request), *query, answer};
    vdt_request_hold(request);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_answered, question);
    g_task_set_task_data(task, question, NULL);
    g_task_run_in_thread(task, ask);
}

/* --- many --- */

/* One more was asked for than a page has: whether there is another page. */
static void answer_page(VdtRequest *request, GPtrArray *events)
{
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();
    gint64 limit = 0;
    vdt_query_get_number(request->query, "limit", 1, MOST_EVENTS, 100, &limit, NULL);
    for (guint i = 0; i < MIN(events->len, (guint)limit); i++)
        json_array_add_object_element(array, event_json(events->pdata[i]));
    json_object_set_array_member(object, "events", array);
    if (events->len > (guint)limit) {
        const VdtStoredEvent *last = events->pdata[limit - 1];
        json_object_set_int_member(object, "next", (gint64)last->number);
    }
    vdt_answer_json(request, 200, object);
}

void vdt_handle_events(VdtRequest *request)
{
    g_autoptr(GError) error = NULL;
    GHashTable *given = request->query;
    gint64 open, before, limit;
    VdtStoreQuery query = {.stream = g_hash_table_lookup(given, "stream"),
                           .type = g_hash_table_lookup(given, "type"),
                           .what = g_hash_table_lookup(given, "what"),
                           .element = g_hash_table_lookup(given, "element"),
                           .label = g_hash_table_lookup(given, "label"),
                           .zone = g_hash_table_lookup(given, "zone"),
                           .line = g_hash_table_lookup(given, "line"),
                           .text = g_hash_table_lookup(given, "text")};
    if (!vdt_query_get_time(given, "from", &query.from, &error) ||
        !vdt_query_get_time(given, "to", &query.to, &error) ||
        !vdt_query_get_number(given, "open", 0, 1, 0, &open, &error) ||
        !vdt_query_get_number(given, "before", 1, G_MAXINT64, 0, &before, &error) ||
        !vdt_query_get_number(given, "limit", 1, MOST_EVENTS, 100, &limit, &error)) {
        vdt_answer_problem(request, 400, "%s", error->message);
        return;
    }
    query.open = open == 1;
    query.before = (guint64)before;
    query.most = (guint)limit + 1;
    begin(request, &query, answer_page);
}

/* --- one --- */

static const VdtStoredEvent *only(VdtRequest *request, GPtrArray *events)
{
    if (events->len > 0)
        return events->pdata[0];
    vdt_answer_problem(request, 404, "there is no such event, or not any more");
    return NULL;
}

static void answer_event(VdtRequest *request, GPtrArray *events)
{
    const VdtStoredEvent *event = only(request, events);
    if (event != NULL)
        vdt_answer_json(request, 200, event_json(event));
}

static void answer_snapshot(VdtRequest *request, GPtrArray *events)
{
    const VdtStoredEvent *event = only(request, events);
    if (event != NULL)
        vdt_media_answer(request, event->snapshot);
}

static void answer_clip(VdtRequest *request, GPtrArray *events)
{
    const VdtStoredEvent *event = only(request, events);
    if (event != NULL)
        vdt_media_answer(request, event->clip);
}

static void begin_one(VdtRequest *request, void (*answer)(VdtRequest *, GPtrArray *))
{
    VdtStoreQuery query = {.id = request->args[0], .most = 1};
    begin(request, &query, answer);
}

void vdt_handle_event(VdtRequest *request)
{
    begin_one(request, answer_event);
}

void vdt_handle_snapshot(VdtRequest *request)
{
    begin_one(request, answer_snapshot);
}

void vdt_handle_clip(VdtRequest *request)
{
    begin_one(request, answer_clip);
}
