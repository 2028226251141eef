/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service, for the command: runs until SIGTERM or SIGINT, reloads on SIGHUP. Events go to
 * stdout, what it says of itself to stderr.
 */
#pragma once

/* As of sysexits.h: a service manager need not try again. */
#define VDT_SERVE_BAD_CONFIG 78

/* By the configuration in @where, with the stream @alone, NULL for all but those that have a
 * process of their own; after gst_init(). The exit status: 0 once it was told to stop. If something
 * hangs, the process ends in here. */
int vdt_serve(const char *where, const char *alone);
