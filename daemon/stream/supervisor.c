/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervisor.h"

#include <gio/gio.h>

#include "clock.h"
#include "gate.h"
#include "host.h"

/* For everything to stop; the rest of the 3 s is for what comes after. */
#define STOP_LIMIT (VDT_SECOND * 28 / 10)
#define BEAT       1000 /* ms */

const VdtSupervisorOptions vdt_supervisor_options_default = {
    .width = VDT_STREAM_WIDTH,
    .hold = VDT_STREAM_HOLD,
};

struct _VdtSupervisor {
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    VdtStreamHost host;
    _Atomic gint64 beat;

    /* of its thread */
    VdtGate *gate;
    GSource *timer;     /* of the gate */
    GPtrArray *streams; /* VdtStream */
    GPtrArray *leaving; /* of these, those that are to go */
    gboolean stopping;
    guint hanging;
};

/* --- in its thread --- */

static void pump(VdtSupervisor *supervisor)
{
    VdtStream *stream;
    gint64 deadline;

    while ((stream = vdt_gate_next(supervisor->gate, vdt_clock_now())))
        vdt_stream_turn(stream);
    deadline = vdt_gate_get_deadline(supervisor->gate);
    g_source_set_ready_time(supervisor->timer, deadline == G_MAXINT64 ? -1 : deadline / 1000 + 1);
}

static gboolean on_timer(gpointer data)
{
    pump(data);
    return G_SOURCE_CONTINUE;
}

/* Turns are given from the loop, not from inside of what asks. */
static void on_ask(VdtStream *stream, gpointer data)
{
    VdtSupervisor *supervisor = data;

    vdt_gate_ask(supervisor->gate, stream);
    g_source_set_ready_time(supervisor->timer, 0);
}

static void on_leave(VdtStream *stream, gpointer data)
{
    VdtSupervisor *supervisor = data;

    vdt_gate_leave(supervisor->gate, stream);
    g_source_set_ready_time(supervisor->timer, 0);
}

static void let_go(VdtSupervisor *supervisor, VdtStream *stream)
{
    vdt_gate_leave(supervisor->gate, stream);
    supervisor->hanging += vdt_stream_close(stream);
    g_ptr_array_remove(supervisor->leaving, stream);
    g_ptr_array_remove(supervisor->streams, stream);
    if (supervisor->stopping && supervisor->streams->len == 0)
        g_main_loop_quit(supervisor->loop);
}

static void on_gone(VdtStream *stream, gpointer data)
{
    VdtSupervisor *supervisor = data;

    if (g_ptr_array_find(supervisor->leaving, stream, NULL))
        let_go(supervisor, stream);
}

static void leave(VdtSupervisor *supervisor, VdtStream *stream)
{
    if (!g_ptr_array_find(supervisor->streams, stream, NULL) ||
        g_ptr_array_find(supervisor->leaving, stream, NULL))
        return;
    g_ptr_array_add(supervisor->leaving, stream);
    vdt_stream_halt(stream);
    if (vdt_stream_is_gone(stream))
        let_go(supervisor, stream);
}

static gboolean beat(gpointer data)
{
    ((VdtSupervisor *)data)->beat = vdt_clock_now();
    return G_SOURCE_CONTINUE;
}

static gboolean give_up(gpointer data)
{
    g_main_loop_quit(((VdtSupervisor *)data)->loop);
    return G_SOURCE_REMOVE;
}

static void add_source(VdtSupervisor *supervisor, GSource *source, GSourceFunc function,
                       gpointer data, GDestroyNotify free)
{
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, function, data, free);
    g_source_attach(source, supervisor->context);
    g_source_unref(source);
}

static gboolean stop_all(gpointer data)
{
    VdtSupervisor *supervisor = data;

    supervisor->stopping = TRUE;
    for (guint i = supervisor->streams->len; i > 0; i--)
        leave(supervisor, supervisor->streams->pdata[i - 1]);
    if (supervisor->streams->len == 0)
        g_main_loop_quit(supervisor->loop);
    add_source(supervisor, g_timeout_source_new(STOP_LIMIT / 1000000), give_up, supervisor, NULL);
    return G_SOURCE_REMOVE;
}

static gpointer run(gpointer data)
{
    VdtSupervisor *supervisor = data;

    g_main_context_push_thread_default(supervisor->context);
    g_main_loop_run(supervisor->loop);
    while (supervisor->streams->len > 0)
        let_go(supervisor, supervisor->streams->pdata[0]);
    g_main_context_pop_thread_default(supervisor->context);
    return NULL;
}

/* --- from any thread --- */

typedef struct {
    VdtSupervisor *supervisor;
    VdtStream *stream; /* or NULL */
    guint width;
} Order;

static void order_free(gpointer data)
{
    Order *order = data;

    g_clear_pointer(&order->stream, vdt_stream_unref);
    g_free(order);
}

static gboolean on_add(gpointer data)
{
    const Order *order = data;

    g_ptr_array_add(order->supervisor->streams, vdt_stream_ref(order->stream));
    return G_SOURCE_REMOVE;
}

static gboolean on_remove(gpointer data)
{
    const Order *order = data;

    leave(order->supervisor, order->stream);
    return G_SOURCE_REMOVE;
}

static void give(VdtSupervisor *supervisor, GSourceFunc function, VdtStream *stream)
{
    Order *order = g_new(Order, 1);

    *order = (Order){supervisor, vdt_stream_ref(stream), 0};
    add_source(supervisor, g_idle_source_new(), function, order, order_free);
}

static gboolean dispatch(GSource *source, GSourceFunc function, gpointer data)
{
    g_source_set_ready_time(source, -1);
    return function(data);
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch};

VdtSupervisor *vdt_supervisor_new(const VdtSupervisorOptions *options)
{
    VdtSupervisor *supervisor = g_new0(VdtSupervisor, 1);

    supervisor->context = g_main_context_new();
    supervisor->loop = g_main_loop_new(supervisor->context, FALSE);
    supervisor->host = (VdtStreamHost){.context = supervisor->context,
                                       .seed = options->seed,
                                       .ask = on_ask,
                                       .leave = on_leave,
                                       .gone = on_gone,
                                       .data = supervisor};
    supervisor->gate = vdt_gate_new(MAX(options->width, 1), options->hold);
    supervisor->streams = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_stream_unref);
    supervisor->leaving = g_ptr_array_new();
    supervisor->timer = g_source_new(&timer_funcs, sizeof(GSource));
    g_source_set_callback(supervisor->timer, on_timer, supervisor, NULL);
    g_source_attach(supervisor->timer, supervisor->context);
    supervisor->beat = vdt_clock_now();
    add_source(supervisor, g_timeout_source_new(BEAT), beat, supervisor, NULL);
    supervisor->thread = g_thread_new("vdt-streams", run, supervisor);
    return supervisor;
}

guint vdt_supervisor_free(VdtSupervisor *supervisor)
{
    guint hanging;

    add_source(supervisor, g_idle_source_new(), stop_all, supervisor, NULL);
    g_thread_join(supervisor->thread);
    hanging = supervisor->hanging;
    g_source_destroy(supervisor->timer);
    g_source_unref(supervisor->timer);
    vdt_gate_free(supervisor->gate);
    g_ptr_array_unref(supervisor->leaving);
    g_ptr_array_unref(supervisor->streams);
    g_main_loop_unref(supervisor->loop);
    g_main_context_unref(supervisor->context);
    g_free(supervisor);
    return hanging;
}

VdtStream *vdt_supervisor_add(VdtSupervisor *supervisor, const VdtStreamSpec *spec, GError **error)
{
    VdtStream *stream;

    if (!vdt_source_check(&spec->source, error))
        return NULL;
    stream = vdt_stream_new(spec, &supervisor->host);
    give(supervisor, on_add, stream);
    return stream;
}

void vdt_supervisor_remove(VdtSupervisor *supervisor, VdtStream *stream)
{
    give(supervisor, on_remove, stream);
}

static gboolean on_width(gpointer data)
{
    const Order *order = data;

    vdt_gate_set_width(order->supervisor->gate, order->width);
    pump(order->supervisor);
    return G_SOURCE_REMOVE;
}

void vdt_supervisor_set_width(VdtSupervisor *supervisor, guint width)
{
    Order *order = g_new(Order, 1);

    *order = (Order){supervisor, NULL, MAX(width, 1)};
    add_source(supervisor, g_idle_source_new(), on_width, order, order_free);
}

gint64 vdt_supervisor_get_beat(VdtSupervisor *supervisor)
{
    return supervisor->beat;
}
