/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "part.h"

#include <gio/gio.h>

/* To take a pipeline down. */
#define UNMAKE_LIMIT (2 * (gint64)GST_SECOND)

enum { RUNNING, DONE, LEFT };

/* What one thread does; shared by it and the part. What it holds when it ends is the part's if it
 * is DONE, and the thread's if it was LEFT. */
typedef struct {
    gint state;       /* atomic */
    VdtPartMake make; /* NULL: takes @pipeline down */
    gpointer data;
    GDestroyNotify free;
    gint64 limit, drain;
    GstElement *pipeline;
    GError *error;
    GMainContext *context; /* outlives the part for as long as a thread may wake it */
    GSource *wake;
    gint *hanging;
} Job;

struct _VdtPart {
    char *what;
    GMainContext *context;
    VdtPartCallbacks callbacks;
    gpointer user_data;
    GstElement *pipeline; /* that plays */
    GSource *watch;       /* of its bus */
    Job *job;             /* that runs */
    Job *next;            /* to be run after it */
    gboolean unwanted;    /* what the job makes */
    gint *hanging;        /* atomic, shared with threads that are left */
};

static Job *job_new(VdtPart *part)
{
    Job *job = g_atomic_rc_box_new0(Job);

    job->context = g_main_context_ref(part->context);
    job->hanging = g_atomic_rc_box_acquire(part->hanging);
    return job;
}

static void job_clear(gpointer data)
{
    Job *job = data;

    if (job->free)
        job->free(job->data);
    if (job->wake)
        g_source_unref(job->wake);
    g_clear_error(&job->error);
    g_main_context_unref(job->context);
    g_atomic_rc_box_release(job->hanging);
}

static void job_unref(Job *job)
{
    g_atomic_rc_box_release_full(job, job_clear);
}

/* --- in the job's thread --- */

static void drain(GstElement *pipeline, gint64 limit)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    GstMessage *message;

    message =
        gst_bus_timed_pop_filtered(bus, (GstClockTime)limit, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (message)
        gst_message_unref(message);
}

static void take_down(GstElement *pipeline, gint64 drain_limit)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);

    if (drain_limit > 0)
        drain(pipeline, drain_limit);
    gst_bus_set_flushing(bus, TRUE);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

static gint n_threads; /* atomic */

static gpointer run(gpointer data)
{
    Job *job = data;

    if (job->make)
        job->pipeline = job->make(job->data, &job->error);
    else
        take_down(g_steal_pointer(&job->pipeline), job->drain);
    if (g_atomic_int_compare_and_exchange(&job->state, RUNNING, DONE)) {
        g_source_set_ready_time(job->wake, 0);
    } else {
        if (job->pipeline)
            take_down(g_steal_pointer(&job->pipeline), 0);
        g_atomic_int_add(job->hanging, -1);
    }
    job_unref(job);
    g_atomic_int_add(&n_threads, -1);
    return NULL;
}

/* --- in the context's thread --- */

static gboolean on_wake(gpointer data);

static gboolean dispatch(GSource *source, GSourceFunc function, gpointer data)
{
    return function(data);
}

static GSourceFuncs wake_funcs = {.dispatch = dispatch};

static void start(VdtPart *part, Job *job)
{
    g_autoptr(GError) error = NULL;
    GThread *thread;

    part->job = job;
    part->unwanted = FALSE;
    job->wake = g_source_new(&wake_funcs, sizeof(GSource));
    g_source_set_callback(job->wake, on_wake, part, NULL);
    g_source_set_ready_time(job->wake, g_get_monotonic_time() + job->limit / 1000);
    g_source_attach(job->wake, part->context);
    g_atomic_int_inc(&n_threads);
    thread = g_thread_try_new(part->what, run, g_atomic_rc_box_acquire(job), &error);
    if (thread) {
        g_thread_unref(thread);
        return;
    }
    /* No threads to be had: a make has failed, and what was to be taken down stays. */
    g_atomic_int_add(&n_threads, -1);
    job_unref(job);
    job->error = g_steal_pointer(&error);
    job->state = DONE;
    g_source_set_ready_time(job->wake, 0);
}

static void unmake_now(VdtPart *part, GstElement *pipeline, gint64 drain_limit)
{
    Job *job = job_new(part);

    job->pipeline = pipeline;
    job->drain = drain_limit;
    job->limit = UNMAKE_LIMIT + drain_limit;
    start(part, job);
}

static void fail(VdtPart *part, const GError *error)
{
    part->callbacks.failed(error, part->user_data);
}

static void start_next(VdtPart *part)
{
    g_autoptr(GError) error = NULL;
    Job *job;

    if (part->job || part->pipeline || !part->next)
        return;
    job = g_steal_pointer(&part->next);
    if (vdt_part_get_hanging(part) < VDT_PART_MOST_HANGING) {
        start(part, job);
        return;
    }
    job_unref(job);
    g_set_error(&error, G_IO_ERROR, G_IO_ERROR_BUSY, "%d of its threads hang",
                VDT_PART_MOST_HANGING);
    fail(part, error);
}

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    VdtPart *part = data;

    part->callbacks.message(message, part->user_data);
    return G_SOURCE_CONTINUE;
}

static void have(VdtPart *part, GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);

    part->pipeline = pipeline;
    part->watch = gst_bus_create_watch(bus);
    g_source_set_callback(part->watch, G_SOURCE_FUNC(on_message), part, NULL);
    g_source_attach(part->watch, part->context);
    if (part->callbacks.made)
        part->callbacks.made(pipeline, part->user_data);
}

/* Whether the job is done. If not, it is left to its thread. */
static gboolean end(Job *job)
{
    g_source_destroy(job->wake);
    g_atomic_int_inc(job->hanging);
    if (g_atomic_int_compare_and_exchange(&job->state, RUNNING, LEFT))
        return FALSE;
    g_atomic_int_add(job->hanging, -1);
    return TRUE;
}

/* The job is done, or out of time. */
static gboolean on_wake(gpointer data)
{
    VdtPart *part = data;
    Job *job = part->job;
    const gboolean makes = job->make != NULL, unwanted = part->unwanted;
    g_autoptr(GError) error = NULL;
    GstElement *made = NULL;

    part->job = NULL;
    if (end(job)) {
        made = makes ? g_steal_pointer(&job->pipeline) : NULL;
        error = g_steal_pointer(&job->error);
    } else {
        error = g_error_new(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "it was not there after %.0f s",
                            (double)job->limit / GST_SECOND);
    }
    job_unref(job);
    if (made && unwanted)
        unmake_now(part, made, 0);
    else if (made)
        have(part, made);
    else if (makes && !unwanted)
        fail(part, error);
    start_next(part);
    if (vdt_part_is_gone(part))
        part->callbacks.gone(part->user_data);
    return G_SOURCE_REMOVE;
}

static void lose(VdtPart *part)
{
    g_source_destroy(part->watch);
    g_clear_pointer(&part->watch, g_source_unref);
    part->pipeline = NULL;
}

VdtPart *vdt_part_new(const char *what, GMainContext *context, const VdtPartCallbacks *callbacks,
                      gpointer user_data)
{
    VdtPart *part = g_new0(VdtPart, 1);

    part->what = g_strdup(what);
    part->context = g_main_context_ref(context);
    part->callbacks = *callbacks;
    part->user_data = user_data;
    part->hanging = g_atomic_rc_box_new0(gint);
    return part;
}

guint vdt_part_free(VdtPart *part)
{
    guint hanging;

    if (part->job) {
        GstElement *made = NULL;

        if (end(part->job))
            made = g_steal_pointer(&part->job->pipeline);
        g_clear_pointer(&part->job, job_unref);
        if (made)
            unmake_now(part, made, 0);
    } else if (part->pipeline) {
        GstElement *pipeline = part->pipeline;

        lose(part);
        unmake_now(part, pipeline, 0);
    }
    if (part->job) {
        end(part->job);
        job_unref(part->job);
    }
    g_clear_pointer(&part->next, job_unref);
    hanging = vdt_part_get_hanging(part);
    g_atomic_rc_box_release(part->hanging);
    g_main_context_unref(part->context);
    g_free(part->what);
    g_free(part);
    return hanging;
}

void vdt_part_make(VdtPart *part, VdtPartMake make, gpointer data, GDestroyNotify free,
                   gint64 limit)
{
    Job *job = job_new(part);

    g_return_if_fail(!vdt_part_is_wanted(part));
    job->make = make;
    job->data = data;
    job->free = free;
    job->limit = limit;
    part->next = job;
    start_next(part);
}

void vdt_part_unmake(VdtPart *part, gint64 drain_limit)
{
    g_clear_pointer(&part->next, job_unref);
    if (part->job && part->job->make)
        part->unwanted = TRUE;
    if (part->pipeline) {
        GstElement *pipeline = part->pipeline;

        lose(part);
        unmake_now(part, pipeline, drain_limit);
    }
}

GstElement *vdt_part_get(VdtPart *part)
{
    return part->pipeline;
}

gboolean vdt_part_is_wanted(VdtPart *part)
{
    return part->pipeline || part->next || (part->job && part->job->make && !part->unwanted);
}

gboolean vdt_part_is_gone(VdtPart *part)
{
    return !part->pipeline && !part->next && !part->job;
}

guint vdt_part_get_hanging(VdtPart *part)
{
    return (guint)g_atomic_int_get(part->hanging);
}

guint vdt_part_count_threads(void)
{
    return (guint)g_atomic_int_get(&n_threads);
}
