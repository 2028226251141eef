/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette serve as one process, in the fixture's folder: started, asked, signalled, killed. What it
 * says stays in files, one for each time that it was started.
 */
#pragma once

#include "../daemon/fixture.h"
#include "../http/fixture.h"
#include "../publish/broker.h"
#include "../publish/told.h"
#include "../stream-supervisor/peers.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define STREET "[stream]\nsource=street:///\nexpected-size=640x360\n"

typedef struct {
    Server peers; /* where it is asked; nothing else of it is there */
    GSubprocess *process;
    GSocket *manager; /* who plays systemd, and reads in a thread: who tells it would wait */
    GThread *hearing;
    GCancellable *deaf;
    GMutex lock;
    GString *heard;  /* guarded: by that; a line each */
    char *out, *err; /* files of the newest start */
    guint starts;
    gint64 started;      /* g_get_monotonic_time() */
    char *credentials;   /* a folder of them, or NULL */
    gboolean with_state; /* it keeps what happens in folder "state" */
} Service;

/* Forgets all files of the fixture, and makes a vedette.conf that ends with @more. */
void service_init(Service *s, const char *more);
/* Of the files that there are. */
void service_start(Service *s);
/* One stream in a process of its own, of the same files and state folder; what it says goes to out-
 * and err- with its name. Caller ends it, and unrefs. */
GSubprocess *service_start_alone(Service *s, const char *stream);
/* Until it has said "ready" to systemd, or to who asks. */
void service_wait_ready(Service *s);
void service_kill(Service *s, int signal);
/* By SIGTERM, within 3 s. */
void service_stop(Service *s);
void service_clear(Service *s);

/* Only its owner may read it. */
void add_secret(const char *name, const char *text);
/* A stream of bars that go by, in whose zone some event or other starts or ends several times a
 * second; its file ends with @more. */
void add_bars(const char *name, const char *more);
/* The source of a peer. Caller frees. */
char *source_of(const Peer *peer);

char *read_whole(const char *path);
guint count_in(const char *path, const char *what);
guint count_of(const char *text, const char *what);
/* How often the manager heard it. */
guint service_heard(Service *s, const char *what);
/* Fails, with all that was said, after @seconds. */
#define EXPECT(s, condition, seconds)                                                              \
    for (gint64 expect_until = told_deadline(seconds); !(condition);                               \
         service_expect(s, expect_until, G_STRLOC ": " #condition))
void service_expect(Service *s, gint64 until, const char *condition);

/* By the Unix socket: all of the answer. Caller frees. */
char *service_get(const Service *s, const char *target);
/* Fails unless it is answered with that status. */
void service_act(const Service *s, const char *method, const char *target, const char *body,
                 guint status);
/* NULL if there is none. */
JsonObject *service_stream(const Service *s, const char *name);
gint64 stream_int(JsonObject *stream, const char *member);
gboolean service_is(const Service *s, const char *name, const char *state);
/* The number behind @what and a blank; NaN if there is no such line. */
double service_metric(const Service *s, const char *what);

/* An event as a line of stdout, or what a broker was told, has it. */
typedef struct {
    char *id, *stream, *type, *what;
    gboolean is_end, repeated;
    gint64 time; /* UTC, us */
    guint64 seq; /* 0 if there is none */
    char *key;   /* of the line: id, event and time */
} Line;
Line *line_parse(const char *text);
void line_free(gpointer line);
/* All whole ones of a file. */
GPtrArray *lines_read(const char *path);
/* All that a listener heard, in order. */
GPtrArray *lines_heard(Listener *listener);
