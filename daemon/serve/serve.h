/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service, for the command: runs until SIGTERM or SIGINT, reloads on SIGHUP. Events go to
 * stdout, and to disk; what it says of itself to stderr.
 */
#pragma once

/* As of sysexits.h: a service manager need not try again. */
#define VDT_SERVE_BAD_CONFIG 78

typedef struct {
    const char *where; /* the configuration */
    const char *state; /* the folder that things are kept in; NULL is systemd's, and nothing is kept
                          if that has none */
    const char *alone; /* the one stream to run; NULL for all but those that have a process of their
                          own */
} VdtServeOptions;

/* After gst_init(). The exit status: 0 once it was told to stop. If something hangs, the process
 * ends in here. */
int vdt_serve(const VdtServeOptions *options);
