/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

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
    int number;
    sigwait(&awaited, &number);
    g_atomic_int_set(&caught, number);
    g_cancellable_cancel(cancellable);
    sigwait(&awaited, &number);
    _exit(128 + number);
}

GCancellable *interrupt_catch(void)
{
    GCancellable *cancellable = g_cancellable_new();
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &awaited, NULL);
    g_thread_unref(g_thread_new("signals", run, cancellable));
    return cancellable;
}
