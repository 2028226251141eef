/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another process of the service, asked by its Unix socket. Waits for the answer, in any thread. */
#pragma once

#include <json-glib/json-glib.h>

/* The answer to @method @target, within @seconds; *@status is that of HTTP, 0 without an answer.
 * NULL with an error, which is a GIOError if there is nobody to ask. Caller unrefs. */
JsonObject *vdt_ask(const char *socket, const char *method, const char *target, guint seconds,
                    guint *status, GCancellable *cancellable, GError **error);
/* Pictures of GET @target, each to @picture, until it is cancelled or an error. */
void vdt_ask_pictures(const char *socket, const char *target, GCancellable *cancellable,
                      void (*picture)(GBytes *jpeg, gpointer data), gpointer data);
