/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the interface asks of the service behind it, which serve/ is and tests stand in for. */
#pragma once

#include "config/config.h"
#include "stream/stream.h"

/* Of one analyser of a stream, since its pipeline was built. */
typedef struct {
    char *name, *model;
    guint64 frames, results, skipped, broken;
    double busy, last; /* s: in all, and the newest result's */
    double lag;        /* s, from when the newest result's last frame was due to the result */
} VdtServedAnalyser;

/* A stream of the configuration. */
typedef struct {
    VdtStreamConfig *config;
    VdtStreamInfo *info;  /* NULL if it could not be made */
    GPtrArray *analysers; /* of VdtServedAnalyser */
    guint64 kept;         /* bytes of coded video that clips can begin with */
    double kept_time;     /* s of it; -1: not known */
} VdtServedStream;

typedef struct {
    gint64 started;     /* UTC, us */
    gint64 loaded;      /* UTC, us: when the configuration in force was read */
    gboolean ready;     /* all streams were asked to start, and it does not end yet */
    gboolean healthy;   /* it does its work; otherwise only a restart helps */
    guint64 lines_lost; /* events that nobody read on stdout */
    guint64 reloads, refused_reloads;
    guint open_events, open_clips; /* that go on, that are written */
    const char *arm;               /* "auto", "armed", "disarmed"; constant */
} VdtServedStatus;

/* Who is told what happens, by the journal. */
typedef struct {
    const char *name; /* constant */
    gboolean up;      /* the peer is there */
    guint64 waiting;  /* rows that it has not got yet */
    guint64 lost;     /* rows that went before it had them */
} VdtServedSink;

typedef enum {
    VDT_ACT_ADD,      /* a stream, by the text of its file */
    VDT_ACT_CHANGE,   /* the same for one that is there */
    VDT_ACT_REMOVE,   /* a stream and its file */
    VDT_ACT_RESTART,  /* a stream's pipeline is built anew; one that waits tries now */
    VDT_ACT_RELOAD,   /* the configuration is read anew */
    VDT_ACT_VALIDATE, /* nothing; for a text, as if a stream had it */
    VDT_ACT_ARM,      /* the service is armed as the text says: a VdtServedStatus.arm */
} VdtAct;

typedef struct {
    guint status;           /* of HTTP */
    char *detail;           /* a sentence without secrets, or NULL */
    VdtProblems *problems;  /* what is wrong with the configuration, or NULL */
    GPtrArray *differences; /* of VdtDifference, that came into force, or NULL */
} VdtOutcome;

/* Called once, in any thread; what it is given is good until it returns. */
typedef void (*VdtActDone)(const VdtOutcome *outcome, gpointer data);

/* All of it in any thread, and without waiting. */
typedef struct {
    gpointer data;
    GPtrArray *(*list)(gpointer data); /* of VdtServedStream, by name; caller unrefs */
    void (*get_status)(gpointer data, VdtServedStatus *status);
    GArray *(*list_sinks)(gpointer data); /* of VdtServedSink; caller unrefs */
    void (*act)(gpointer data, VdtAct act, const char *name, const char *text, VdtActDone done,
                gpointer done_data);
    /* Has @frame be given pictures of the stream, as JPEG, in some thread, until unwatch() has
     * returned. NULL if that cannot be, G_IO_ERROR_NOT_FOUND if there is no such stream. Once a
     * second check_watch() is called. */
    gpointer (*watch)(gpointer data, const char *name, void (*frame)(GBytes *jpeg, gpointer data),
                      gpointer frame_data, GError **error);
    void (*check_watch)(gpointer data, gpointer watch);
    void (*unwatch)(gpointer data, gpointer watch);
} VdtHttpService;

void vdt_served_stream_free(gpointer stream);
void vdt_served_analyser_free(gpointer analyser);
