/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A real broker, mosquitto, in the fixture's folder; a gate before it, which may be closed, or let
 * nothing back; and a client that hears all there is.
 */
#pragma once

#include <glib.h>

typedef struct {
    GPid pid;
    guint port, port_tls; /* the same over restarts */
    char *settings;       /* more lines of its configuration */
    gboolean tls;
} Broker;
/* FALSE if mosquitto is not installed, which is said: the rest of the test goes without it. */
gboolean broker_is_installed(void);
/* The same, and the test is skipped. */
gboolean broker_is_there(void);
/* @settings may be NULL. */
void broker_start(Broker *broker, const char *settings, gboolean tls);
void broker_restart(Broker *broker);
void broker_kill(Broker *broker);
void broker_clear(Broker *broker);

typedef enum {
    GATE_OPEN,
    GATE_CLOSED,  /* whoever comes is sent away, whoever is there, too */
    GATE_SILENT,  /* takes all, answers nothing */
    GATE_ONE_WAY, /* nothing comes back any more from the broker, which hears all */
} GateMode;
typedef struct _Gate Gate;
Gate *gate_new(guint target);
guint gate_get_port(Gate *gate);
void gate_set(Gate *gate, GateMode mode);
/* How many have come. */
guint gate_count(Gate *gate);
void gate_free(Gate *gate);

typedef struct {
    char *topic, *payload;
    gboolean retained;
} Heard;
typedef struct _Listener Listener;
/* Returns once it hears. @user may be NULL. */
Listener *listener_new(guint port, const char *topics, const char *user, const char *password);
void listener_free(Listener *listener);
/* How many messages came on topics that match. */
guint listener_count(Listener *listener, const char *topics);
/* The @nth of these; NULL if there are not as many. Caller frees, with heard_free(). */
Heard *listener_get(Listener *listener, const char *topics, guint nth);
/* The payload of the newest; NULL if there is none. Caller frees. */
char *listener_last(Listener *listener, const char *topics);
/* Whether the newest one is that. */
gboolean listener_ends(Listener *listener, const char *topics, const char *payload);
void heard_free(Heard *heard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Heard, heard_free)
