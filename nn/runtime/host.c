/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"

#include <pthread.h>

static pthread_rwlock_t forking = PTHREAD_RWLOCK_INITIALIZER;

void vdt_host_enter(VdtHost *host)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &host->cancelling);
    fegetenv(&host->arithmetic);
    fesetenv(FE_DFL_ENV);
}

void vdt_host_leave(const VdtHost *host)
{
    fesetenv(&host->arithmetic);
    pthread_setcancelstate(host->cancelling, NULL);
}

static void hold_locks(void)
{
    pthread_rwlock_wrlock(&forking);
}

static void give_locks_back(void)
{
    pthread_rwlock_unlock(&forking);
}

/* Nobody else is there, and the C library knows who has a lock by a number that has changed. */
static void begin_anew(void)
{
    pthread_rwlock_init(&forking, NULL);
}

static void watch_forks(void)
{
    pthread_atfork(hold_locks, give_locks_back, begin_anew);
}

void vdt_host_enter_locks(VdtHost *host)
{
    static pthread_once_t watched = PTHREAD_ONCE_INIT;

    vdt_host_enter(host);
    pthread_once(&watched, watch_forks);
    pthread_rwlock_rdlock(&forking);
}

void vdt_host_leave_locks(const VdtHost *host)
{
    pthread_rwlock_unlock(&forking);
    vdt_host_leave(host);
}
