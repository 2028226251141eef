/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Keeping out what the host does with its threads. Between enter and leave numbers round to nearest
 * and denormal ones count, whatever the host has set, and a thread that is cancelled goes on until
 * its locks are given back. Afterwards all is as it was.
 */
#pragma once

#include <fenv.h>

typedef struct {
    fenv_t arithmetic;
    int cancelling;
} VdtHost;

void vdt_host_enter(VdtHost *host);
void vdt_host_leave(const VdtHost *host);

/** Around what holds locks for longer than a moment, making a plan say: fork() waits for it, since
 * a child would have the locks and not the threads that give them back. May be nested; not to be
 * held while waiting for a run's turn, which may take as long as it likes. */
void vdt_host_enter_locks(VdtHost *host);
void vdt_host_leave_locks(const VdtHost *host);
