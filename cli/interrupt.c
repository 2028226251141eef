/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* Before those who asked would take to SIGKILL. Files that are being written are temporary ones. */
#define PATIENCE 9 /* seconds */

static sigset_t awaited;
static gint caught; /* the first signal's number; atomic */

int interrupt_status(void)
{
    int number = g_atomic_int_get(&caught);
    return number != 0 ? 128 + number : 0;
}

/* Signals are blocked everywhere and taken here, where anything may be called. */
static gpointer run(gpointer data)
{
    GCancellable *cancellable = data;
    const gint64 second = G_TIME_SPAN_SECOND;
    int number, again;
    sigwait(&awaited, &number);
    g_atomic_int_set(&caught, number);
    g_cancellable_cancel(cancellable);
    const gint64 end = g_get_monotonic_time() + PATIENCE * second;
    do { /* a signal that is not one of these may end the wait, too */
        gint64 left = MAX(end - g_get_monotonic_time(), 0);
        struct timespec wait = {left / second, left % second * 1000};
        again = sigtimedwait(&awaited, NULL, &wait);
    } while (again < 0 && errno == EINTR);
    _exit(128 + (again > 0 ? again : number));
}

GCancellable *interrupt_catch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    GCancellable *cancellable = g_cancellable_new();
    sigemptyset(&awaited);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction is;
        if (sigaction(signals[i], NULL, &is) == 0 && is.sa_handler != SIG_IGN)
            sigaddset(&awaited, signals[i]);
    }
    pthread_sigmask(SIG_BLOCK, &awaited, NULL);
    g_thread_unref(g_thread_new("signals", run, cancellable));
    return cancellable;
}
