/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mailbox.h"

#include <fenv.h>
#include <signal.h>

struct _VdtMailbox {
    VdtMailboxRun run;
    VdtMailboxIdle idle;
    GDestroyNotify free_job;
    gpointer user_data;
    GThread *thread;

    GMutex lock;
    GCond changed;
    gpointer waiting;
    GCancellable *running; /* of what runs, or NULL */
    gboolean poked;
    gint64 idle_at; /* monotonic, µs; 0 for never */
    gboolean closed, quit;
};

/* Runs @job, NULL for none, and what is to be done besides. The lock is given up meanwhile. */
static void serve(VdtMailbox *m, gpointer job)
{
    GCancellable *cancellable = m->running = g_cancellable_new();
    gint64 again;

    m->poked = FALSE;
    g_mutex_unlock(&m->lock);
    if (job) {
        m->run(job, cancellable, m->user_data);
        m->free_job(job);
    }
    again = m->idle(cancellable, m->user_data);
    g_mutex_lock(&m->lock);
    m->idle_at = again;
    m->running = NULL;
    g_object_unref(cancellable);
    g_cond_broadcast(&m->changed);
}

static gpointer work(gpointer data)
{
    VdtMailbox *m = data;
    sigset_t all;

    /* Threads begin with the rounding and the signals of whoever starts them; handlers are the
     * host's, and so are the threads that they run on. */
    fesetenv(FE_DFL_ENV);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    g_mutex_lock(&m->lock);
    while (!m->quit) {
        gpointer job = g_steal_pointer(&m->waiting);

        if (job || m->poked || (m->idle_at && g_get_monotonic_time() >= m->idle_at))
            serve(m, job);
        else if (m->idle_at)
            g_cond_wait_until(&m->changed, &m->lock, m->idle_at);
        else
            g_cond_wait(&m->changed, &m->lock);
    }
    g_mutex_unlock(&m->lock);
    return NULL;
}

VdtMailbox *vdt_mailbox_new(VdtMailboxRun run, VdtMailboxIdle idle, GDestroyNotify free_job,
                            gpointer user_data)
{
    VdtMailbox *m = g_new0(VdtMailbox, 1);

    m->run = run;
    m->idle = idle;
    m->free_job = free_job;
    m->user_data = user_data;
    m->closed = TRUE;
    g_mutex_init(&m->lock);
    g_cond_init(&m->changed);
    return m;
}

void vdt_mailbox_free(VdtMailbox *m)
{
    g_mutex_clear(&m->lock);
    g_cond_clear(&m->changed);
    g_free(m);
}

void vdt_mailbox_start(VdtMailbox *m, const char *thread_name)
{
    g_mutex_lock(&m->lock);
    m->quit = m->closed = m->poked = FALSE;
    m->idle_at = 0;
    m->thread = g_thread_new(thread_name, work, m);
    g_mutex_unlock(&m->lock);
}

/* With the lock held, which it gives up. */
static void drop(VdtMailbox *m)
{
    gpointer dropped = g_steal_pointer(&m->waiting);

    if (m->running)
        g_cancellable_cancel(m->running);
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
    if (dropped)
        m->free_job(dropped);
}

gpointer vdt_mailbox_put(VdtMailbox *m, gpointer job)
{
    gpointer replaced = NULL;
    gboolean closed;

    g_mutex_lock(&m->lock);
    closed = m->closed;
    if (!closed) {
        replaced = m->waiting;
        m->waiting = job;
        g_cond_broadcast(&m->changed);
    }
    g_mutex_unlock(&m->lock);
    if (closed)
        m->free_job(job);
    return replaced;
}

gboolean vdt_mailbox_is_waiting(VdtMailbox *m)
{
    gboolean waiting;

    g_mutex_lock(&m->lock);
    waiting = m->waiting != NULL;
    g_mutex_unlock(&m->lock);
    return waiting;
}

gpointer vdt_mailbox_refresh(VdtMailbox *m, gpointer job)
{
    gpointer rest = job;

    g_mutex_lock(&m->lock);
    if (m->waiting) {
        rest = m->waiting;
        m->waiting = job;
    }
    g_mutex_unlock(&m->lock);
    return rest;
}

void vdt_mailbox_poke(VdtMailbox *m)
{
    g_mutex_lock(&m->lock);
    m->poked = TRUE;
    g_cond_broadcast(&m->changed);
    g_mutex_unlock(&m->lock);
}

static gboolean is_own_thread(const VdtMailbox *m)
{
    return m->thread == g_thread_self();
}

gboolean vdt_mailbox_drain(VdtMailbox *m)
{
    gboolean open;

    g_mutex_lock(&m->lock);
    while (!m->closed && !is_own_thread(m) && (m->waiting || m->running))
        g_cond_wait(&m->changed, &m->lock);
    open = !m->closed;
    g_mutex_unlock(&m->lock);
    return open;
}

void vdt_mailbox_discard(VdtMailbox *m)
{
    g_mutex_lock(&m->lock);
    drop(m);
}

void vdt_mailbox_close(VdtMailbox *m)
{
    g_mutex_lock(&m->lock);
    m->closed = TRUE;
    drop(m);
}

void vdt_mailbox_open(VdtMailbox *m)
{
    g_mutex_lock(&m->lock);
    while (m->running && !is_own_thread(m))
        g_cond_wait(&m->changed, &m->lock);
    m->closed = m->quit;
    g_mutex_unlock(&m->lock);
}

void vdt_mailbox_shut(VdtMailbox *m)
{
    g_mutex_lock(&m->lock);
    m->closed = m->quit = TRUE;
    drop(m);
}

void vdt_mailbox_stop(VdtMailbox *m)
{
    vdt_mailbox_shut(m);
    g_thread_join(g_steal_pointer(&m->thread));
}
