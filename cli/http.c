/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http.h"

#include <vedette/error.h>

SoupSession *http_session(void)
{
    SoupSession *session =
        soup_session_new_with_options("user-agent", "vedette", "max-conns", 1, NULL);
    soup_session_remove_feature_by_type(session, SOUP_TYPE_CONTENT_DECODER);
    soup_session_remove_feature_by_type(session, SOUP_TYPE_AUTH_MANAGER);
    return session;
}

/* Something that is waited for, until the caller's patience ends or it is interrupted. */
typedef struct {
    GCancellable *cancellable, *outer;
    GAsyncResult *result;
    GSource *clock;
    gulong handler;
    gboolean late;
} Step;

static void cancel(GCancellable *outer, gpointer data)
{
    g_cancellable_cancel(data);
}

static gboolean on_late(gpointer data)
{
    Step *step = data;
    step->late = TRUE;
    g_cancellable_cancel(step->cancellable);
    return G_SOURCE_REMOVE;
}

static void on_done(GObject *object, GAsyncResult *result, gpointer data)
{
    ((Step *)data)->result = g_object_ref(result);
}

static void step_begin(Step *step, guint seconds, GCancellable *outer)
{
    *step = (Step){.cancellable = g_cancellable_new(), .outer = outer};
    step->clock = g_timeout_source_new_seconds(seconds);
    g_source_set_callback(step->clock, on_late, step, NULL);
    g_source_attach(step->clock, NULL);
    if (outer != NULL)
        step->handler = g_cancellable_connect(outer, G_CALLBACK(cancel), step->cancellable, NULL);
}

static GAsyncResult *step_wait(Step *step)
{
    while (step->result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return step->result;
}

/* What went wrong, said as it is. */
static void step_end(Step *step, GError **error)
{
    if (step->outer != NULL)
        g_cancellable_disconnect(step->outer, step->handler);
    g_source_destroy(step->clock);
    g_source_unref(step->clock);
    if (*error != NULL && g_cancellable_is_cancelled(step->outer)) {
        g_clear_error(error);
        g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "interrupted");
    } else if (*error != NULL && step->late) {
        g_clear_error(error);
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "the server does not answer");
    }
    g_object_unref(step->result);
    g_object_unref(step->cancellable);
}

GInputStream *http_send(SoupSession *session, SoupMessage *message, guint patience,
                        GCancellable *cancellable, GError **error)
{
    Step step;
    g_autoptr(GError) mistake = NULL;
    step_begin(&step, patience, cancellable);
    soup_session_send_async(session, message, G_PRIORITY_DEFAULT, step.cancellable, on_done, &step);
    GInputStream *body = soup_session_send_finish(session, step_wait(&step), &mistake);
    step_end(&step, &mistake);
    if (mistake != NULL)
        g_propagate_error(error, g_steal_pointer(&mistake));
    return body;
}

gssize http_read(GInputStream *body, void *to, gsize most, guint patience,
                 GCancellable *cancellable, GError **error)
{
    Step step;
    g_autoptr(GError) mistake = NULL;
    step_begin(&step, patience, cancellable);
    g_input_stream_read_async(body, to, most, G_PRIORITY_DEFAULT, step.cancellable, on_done, &step);
    gssize n = g_input_stream_read_finish(body, step_wait(&step), &mistake);
    step_end(&step, &mistake);
    if (mistake != NULL)
        g_propagate_error(error, g_steal_pointer(&mistake));
    return n;
}
