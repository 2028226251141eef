/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interface over a service that is made up and a store that is real, and peers that write what
 * they like.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "server.h"

#define READ_TOKEN    "0123456789abcdef-read"
#define CONTROL_TOKEN "0123456789abcdef-control"
#define METRICS_TOKEN "0123456789abcdef-metrics"
#define BEARER        "Authorization: Bearer "

typedef struct {
    char *folder, *socket;
    guint16 port;
    VdtHttp *http;
    VdtStore *store;
    VdtConfig *config; /* of the streams front and "yard" */
    VdtAct act;        /* the last one that was asked for, guarded by lock */
    char *name, *text;
    guint outcome; /* status that the next ones end with */
    GMutex lock;
    GString *said;
} Server;

/* Options that most tests leave as they are. */
typedef struct {
    VdtRole loopback;
    guint most;
    gboolean no_store, tls;
} ServerOptions;

Server *server_new(const ServerOptions *options);
void server_free(Server *server);

/* A connection; its reads give up after ten seconds. */
GSocket *peer_connect(const Server *server);
GSocket *peer_connect_unix(const Server *server);
void peer_send(GSocket *peer, const char *bytes, gssize n);
/* Up to where the server ends it, or @until has come, NULL for that it ends. Caller frees. */
char *peer_read(GSocket *peer, const char *until);
/* Sends all of it, and reads all of the answer. */
char *ask_raw(const Server *server, const char *bytes, gssize n);
/* @headers are lines without the last CRLF, or NULL. */
char *ask(const Server *server, const char *method, const char *target, const char *headers,
          const char *body);
char *ask_unix(const Server *server, const char *method, const char *target, const char *body);
guint status_of(const char *answer);
/* Behind the head. */
const char *body_of(const char *answer);
/* The value of a header; NULL if it is not there. Caller frees. */
char *header_of(const char *answer, const char *name);
JsonObject *object_of(const char *answer);

/* An event of stream front, that is on disk when this returns. */
void put_event(const Server *server, const char *id, const char *event, const char *label,
               gint64 time);
