/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP as a request to stop at the next good moment. A second one ends the
 * process, and so do some seconds in which that moment did not come. Signals that whoever started
 * the process had it ignore (nohup) stay ignored.
 */
#pragma once

#include <gio/gio.h>

/* To be called before other threads begin. Triggered by the first signal; lives as long as the
 * process. */
GCancellable *interrupt_catch(void);
/* What a shell says of a process that the first signal ended: 130 for SIGINT; 0 if none came. */
int interrupt_status(void);
