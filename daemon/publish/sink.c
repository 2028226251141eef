/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sink.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SECOND  G_USEC_PER_SEC
#define SETTLED (10 * SECOND) /* a peer that was there for so long is tried soon again */

const VdtSinkTimes vdt_sink_times_default = {
    .away = {1000000000, 60000000000},
    .refused = {20000000000, 60000000000},
    .connect = 15 * SECOND,
    .answer = 20 * SECOND,
    .stop = SECOND,
};

struct _VdtSink {
    gint ref_count;  /* the owner's and the thread's */
    VdtStore *store; /* not once its owner let go of it */
    const VdtSinkKind *kind;
    gpointer self;
    VdtSinkTimes times;
    void (*changed)(const VdtSinkInfo *info, gpointer data);
    gpointer data;
    GThread *thread;
    GCancellable *cancellable;
    VdtBackoff backoff;
    int wake;
    guint listener;
    gint64 up_since;  /* 0 if it is not */
    gboolean arrived; /* something did, since it was up */
    GMutex store_lock;
    VdtSpool *spool; /* guarded by store_lock; NULL once the store may be gone */
    VdtEvent *taken; /* the last one; outlives the spool */
    GMutex lock;
    GCond cond;
    VdtSinkInfo info; /* guarded by lock, as is what follows */
    gboolean stopping, done;
};

const char *vdt_sink_state_name(VdtSinkState state)
{
    static const char *const names[VDT_N_SINK_STATES] = {"starting", "up", "away", "refused",
                                                         "stopped"};
    return names[state];
}

VdtSinkInfo *vdt_sink_info_copy(const VdtSinkInfo *info)
{
    VdtSinkInfo *copy = g_new(VdtSinkInfo, 1);
    *copy = *info;
    copy->name = g_strdup(info->name);
    copy->peer = g_strdup(info->peer);
    copy->error = g_strdup(info->error);
    return copy;
}

static void info_clear(VdtSinkInfo *info)
{
    g_free(info->name);
    g_free(info->peer);
    g_free(info->error);
}

void vdt_sink_info_free(VdtSinkInfo *info)
{
    if (info == NULL)
        return;
    info_clear(info);
    g_free(info);
}

static void sink_unref(VdtSink *sink)
{
    if (!g_atomic_int_dec_and_test(&sink->ref_count))
        return;
    info_clear(&sink->info);
    vdt_event_unref(sink->taken);
    g_object_unref(sink->cancellable);
    g_mutex_clear(&sink->store_lock);
    g_mutex_clear(&sink->lock);
    g_cond_clear(&sink->cond);
    close(sink->wake);
    g_free(sink);
}

/* --- how it is --- */

/* Takes @error. Figures that only the spool knows are asked for without the lock. */
static void set_state(VdtSink *sink, VdtSinkState state, char *error, gint64 retry)
{
    g_mutex_lock(&sink->lock);
    gboolean same = sink->info.state == state && g_strcmp0(sink->info.error, error) == 0;
    gboolean tells = sink->changed != NULL && !same && !sink->done;
    g_free(sink->info.error);
    sink->info.error = error;
    sink->info.state = state;
    sink->info.retry = retry;
    g_mutex_unlock(&sink->lock);
    if (!tells)
        return;
    g_autoptr(VdtSinkInfo) info = vdt_sink_get_info(sink);
    sink->changed(info, sink->data);
}

VdtSinkInfo *vdt_sink_get_info(VdtSink *sink)
{
    g_mutex_lock(&sink->lock);
    VdtSinkInfo *info = vdt_sink_info_copy(&sink->info);
    g_mutex_unlock(&sink->lock);
    return info;
}

/* With the store_lock. */
static void count(VdtSink *sink)
{
    guint64 pending = vdt_spool_get_pending(sink->spool), lost = vdt_spool_get_lost(sink->spool);
    g_mutex_lock(&sink->lock);
    sink->info.pending = pending;
    sink->info.lost = lost;
    g_mutex_unlock(&sink->lock);
}

static void count_locked(VdtSink *sink)
{
    g_mutex_lock(&sink->store_lock);
    if (sink->spool != NULL)
        count(sink);
    g_mutex_unlock(&sink->store_lock);
}

/* --- waiting --- */

void vdt_sink_wake(VdtSink *sink)
{
    guint64 one = 1;
    if (write(sink->wake, &one, sizeof one) < 0) {
        /* it is full, so that it wakes anyway */
    }
}

static void on_commit(guint64 last, gpointer data)
{
    vdt_sink_wake(data);
}

gboolean vdt_sink_is_stopping(VdtSink *sink)
{
    g_mutex_lock(&sink->lock);
    gboolean stopping = sink->stopping;
    g_mutex_unlock(&sink->lock);
    return stopping;
}

GCancellable *vdt_sink_get_cancellable(VdtSink *sink)
{
    return sink->cancellable;
}

const VdtSinkTimes *vdt_sink_get_times(VdtSink *sink)
{
    return &sink->times;
}

int vdt_sink_wait(VdtSink *sink, int fd, int events, gint64 until)
{
    struct pollfd fds[] = {{sink->wake, POLLIN, 0}, {fd, (short)events, 0}};
    gint64 left = MAX(until - g_get_monotonic_time(), 0);
    guint64 news;
    if (poll(fds, fd >= 0 ? 2 : 1, (int)MIN(left / 1000 + (left > 0), G_MAXINT)) <= 0)
        return 0;
    if (fds[0].revents != 0 && read(sink->wake, &news, sizeof news) < 0) {
        /* somebody else's news; nobody reads but this thread */
    }
    if (fds[0].revents != 0)
        count_locked(sink);
    return fd >= 0 ? fds[1].revents : 0;
}

/* News do not shorten a pause, only what vdt_sink_free() does. */
static void pause_until(VdtSink *sink, gint64 until)
{
    while (!vdt_sink_is_stopping(sink) && g_get_monotonic_time() < until)
        vdt_sink_wait(sink, -1, 0, until);
}

/* --- events --- */

gboolean vdt_sink_take(VdtSink *sink, VdtTold *told)
{
    g_autoptr(GError) error = NULL;
    VdtSpoolTake taken = VDT_SPOOL_MORE;
    while (taken == VDT_SPOOL_MORE && !vdt_sink_is_stopping(sink)) {
        g_mutex_lock(&sink->store_lock);
        taken = sink->spool != NULL ? vdt_spool_take(sink->spool, told, &error) : VDT_SPOOL_EMPTY;
        if (taken == VDT_SPOOL_TAKEN) {
            vdt_event_unref(sink->taken);
            told->event = sink->taken = vdt_event_ref((VdtEvent *)told->event);
        } else if (sink->spool != NULL) {
            count(sink);
        }
        g_mutex_unlock(&sink->store_lock);
    }
    if (taken == VDT_SPOOL_FAILED) {
        VdtSinkState state;
        g_mutex_lock(&sink->lock);
        state = sink->info.state;
        g_mutex_unlock(&sink->lock);
        set_state(sink, state, g_strdup_printf("the journal cannot be read: %s", error->message),
                  0);
    }
    return taken == VDT_SPOOL_TAKEN;
}

static void finish(VdtSink *sink, guint64 seq)
{
    g_mutex_lock(&sink->store_lock);
    if (sink->spool != NULL) {
        vdt_spool_done(sink->spool, seq);
        count(sink);
    }
    g_mutex_unlock(&sink->store_lock);
}

void vdt_sink_arrived(VdtSink *sink, guint64 seq, gboolean repeated)
{
    sink->arrived = TRUE;
    finish(sink, seq);
    g_mutex_lock(&sink->lock);
    sink->info.sent++;
    sink->info.repeated += repeated;
    g_mutex_unlock(&sink->lock);
}

void vdt_sink_unwanted(VdtSink *sink, guint64 seq, const char *error)
{
    sink->arrived = TRUE;
    finish(sink, seq);
    g_mutex_lock(&sink->lock);
    sink->info.refused++;
    g_mutex_unlock(&sink->lock);
    set_state(sink, VDT_SINK_UP, g_strdup(error), 0);
}

void vdt_sink_up(VdtSink *sink)
{
    sink->up_since = g_get_monotonic_time();
    sink->arrived = FALSE;
    set_state(sink, VDT_SINK_UP, NULL, 0);
}

void vdt_sink_failed(VdtSink *sink, VdtSinkState state, gint64 least, const char *format, ...)
{
    va_list args;
    gint64 now = g_get_monotonic_time();
    va_start(args, format);
    char *error = g_strdup_vprintf(format, args);
    va_end(args);
    g_mutex_lock(&sink->store_lock);
    if (sink->spool != NULL) {
        vdt_spool_rewind(sink->spool);
        count(sink);
    }
    g_mutex_unlock(&sink->store_lock);
    if (sink->up_since > 0 && (sink->arrived || now - sink->up_since >= SETTLED))
        vdt_backoff_reset(&sink->backoff);
    sink->up_since = 0;
    gint64 wait = vdt_backoff_next(&sink->backoff, state == VDT_SINK_REFUSED ? &sink->times.refused
                                                                             : &sink->times.away) /
                  1000;
    g_mutex_lock(&sink->lock);
    sink->info.failures++;
    g_mutex_unlock(&sink->lock);
    gint64 until = now + MAX(wait, least);
    set_state(sink, state, error, until);
    pause_until(sink, until);
}

/* --- life --- */

static gpointer run(gpointer data)
{
    VdtSink *sink = data;
    sigset_t broken;
    /* who reads may go away, which is not the end of the process */
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, NULL);
    sink->kind->run(sink, sink->self);
    sink->kind->free(sink->self);
    g_mutex_lock(&sink->lock);
    sink->done = TRUE;
    g_cond_signal(&sink->cond);
    g_mutex_unlock(&sink->lock);
    sink_unref(sink);
    return NULL;
}

VdtSink *vdt_sink_new(const VdtSinkKind *kind, gpointer self, const char *peer,
                      const VdtSinkOptions *options)
{
    VdtSink *sink = g_new0(VdtSink, 1);
    VdtToldFilter filter = {kind->audience, options->types, options->phases};
    *sink = (VdtSink){.ref_count = 2,
                      .kind = kind,
                      .self = self,
                      .times = *options->times,
                      .changed = options->changed,
                      .data = options->data,
                      .cancellable = g_cancellable_new(),
                      .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                      .spool = vdt_spool_new(options->store, kind->name, &filter),
                      .info = {.name = g_strdup(kind->name), .peer = g_strdup(peer)}};
    g_mutex_init(&sink->store_lock);
    g_mutex_init(&sink->lock);
    g_cond_init(&sink->cond);
    vdt_backoff_init(&sink->backoff, peer, ((guint64)g_random_int() << 32) | g_random_int());
    sink->listener = vdt_store_listen(options->store, on_commit, sink, NULL);
    sink->store = options->store;
    count(sink);
    sink->thread = g_thread_new(kind->name, run, sink);
    return sink;
}

gboolean vdt_sink_free(VdtSink *sink)
{
    gint64 until = g_get_monotonic_time() + sink->times.stop;
    g_cancellable_cancel(sink->cancellable);
    g_mutex_lock(&sink->lock);
    sink->stopping = TRUE;
    g_mutex_unlock(&sink->lock);
    vdt_sink_wake(sink);
    vdt_store_unlisten(sink->store, sink->listener);
    g_mutex_lock(&sink->lock);
    while (!sink->done && g_cond_wait_until(&sink->cond, &sink->lock, until))
        continue;
    gboolean done = sink->done;
    sink->done = TRUE; /* nobody is told any more */
    g_mutex_unlock(&sink->lock);
    g_mutex_lock(&sink->store_lock);
    vdt_spool_free(g_steal_pointer(&sink->spool));
    g_mutex_unlock(&sink->store_lock);
    if (done)
        g_thread_join(sink->thread);
    else
        g_thread_unref(sink->thread);
    sink_unref(sink);
    return done;
}
