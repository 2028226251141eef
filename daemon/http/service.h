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
} VdtServedAnalyser;

/* A stream of the configuration. */
typedef struct {
    VdtStreamConfig *config;
    VdtStreamInfo *info;  /* NULL if it could not be made */
    GPtrArray *analysers; /* of VdtServedAnalyser */
} VdtServedStream;

typedef struct {
    gint64 started;     /* UTC, us */
    gint64 loaded;      /* UTC, us: when the configuration in force was read */
    gboolean ready;     /* all streams were asked to start, and it does not end yet */
    gboolean healthy;   /* it does its work; otherwise only a restart helps */
    guint64 lines_lost; /* events that nobody read on stdout */
    guint64 reloads, refused_reloads;
    const char *const *sinks; /* readers of the journal, NULL-terminated and constant; or NULL */
} VdtServedStatus;

typedef enum {
    VDT_ACT_ADD,      /* a stream, by the text of its file */
    VDT_ACT_CHANGE,   /* the same for one that is there */
    VDT_ACT_REMOVE,   /* a stream and its file */
    VDT_ACT_RESTART,  /* a stream's pipeline is built anew; one that waits tries now */
    VDT_ACT_RELOAD,   /* the configuration is read anew */
    VDT_ACT_VALIDATE, /* nothing; for a text, as if a stream had it */
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
    void (*act)(gpointer data, VdtAct act, const char *name, const char *text, VdtActDone done,
                gpointer done_data);
} VdtHttpService;

void vdt_served_stream_free(gpointer stream);
void vdt_served_analyser_free(gpointer analyser);
