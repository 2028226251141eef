/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd is told, if it started the service and Vedette was built with libsystemd; otherwise
 * nothing. Any thread.
 */
#pragma once

#include <glib.h>

void vdt_manager_ready(void);
void vdt_manager_reloading(void);
void vdt_manager_stopping(void);
void vdt_manager_status(const char *text);
void vdt_manager_alive(void);
/* How often it has to hear that, in us; 0 if it does not care. */
guint64 vdt_manager_get_watchdog(void);
