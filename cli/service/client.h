/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions to a service that runs, through its Unix socket, as docs/api.md has them.
 */
#pragma once

#include <json-glib/json-glib.h>

#define CLIENT_SOCKET "/run/vedette/api.sock"
#define CLIENT_OPTION(socket)                                                                      \
    "socket", 0, 0, G_OPTION_ARG_FILENAME, socket, "The service's socket (" CLIENT_SOCKET ")",     \
        "PATH"

/* The answer to @method @target, with @body as JSON unless that is NULL; one that is no success is
 * an error, of what the service says. Caller unrefs. @socket may be NULL. */
JsonObject *client_ask(const char *socket, const char *method, const char *target, JsonObject *body,
                       GError **error);
/* Each line of the answer to GET @target, until @line returns FALSE, @cancellable is cancelled, or
 * the service ends it. FALSE with an error. */
gboolean client_follow(const char *socket, const char *target, GCancellable *cancellable,
                       gboolean (*line)(const char *text, gpointer data), gpointer data,
                       GError **error);

/* Adds "NAME=VALUE" to @target, behind ? or &; nothing for a NULL @value. */
void client_add_parameter(GString *target, const char *name, const char *value);
/* The member as text that a terminal can show; "" if it is not there. Caller frees. */
char *client_text(JsonObject *object, const char *name);
/* Prints rows, whose first is the heading, in columns as wide as they need be; of char **. */
void client_print_table(GPtrArray *rows);
