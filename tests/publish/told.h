/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests of publishing have in common: a store in the fixture's folder, configurations, events,
 * and waiting.
 */
#pragma once

#include "../daemon/fixture.h"
#include "publish/publisher.h"

/* Waits until @condition, or fails after @seconds. */
#define WAIT(condition, seconds)                                                                   \
    for (gint64 wait_until = told_deadline(seconds); !(condition);                                 \
         told_wait(wait_until, G_STRLOC ": " #condition))
/* In so many seconds, more where a sanitizer makes all slow. */
gint64 told_deadline(double seconds);
/* Sleeps a little; ends the test after @until, saying what for. */
void told_wait(gint64 until, const char *condition);

/* Short pauses. */
extern const VdtSinkTimes told_times;

/* In the fixture's folder "store", which is made; what is in it stays. */
VdtStore *told_open(void);
/* A vedette.conf of this text, which has to be right, and streams of the street by these names,
 * separated by blanks. */
VdtConfig *told_config(const char *streams, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Puts an event whose label is its number. */
void told_put(VdtStore *store, const char *stream, guint number);
void told_put_full(VdtStore *store, const char *stream, const char *type, const char *phase,
                   guint number, guint audience);

/* What it said, and how the sink of that name is. */
typedef struct {
    GMutex lock;
    GString *said; /* guarded */
} Told;
extern Told told;
VdtPublisher *told_publish(VdtConfig *config, VdtStore *store);
/* Whether it has said so since it was asked last. */
gboolean told_said(const char *text);
/* Caller frees; NULL if there is none. */
VdtSinkInfo *told_info(VdtPublisher *publisher, const char *name);
guint64 told_sent(VdtPublisher *publisher, const char *name);
guint64 told_pending(VdtPublisher *publisher, const char *name);
VdtSinkState told_state(VdtPublisher *publisher, const char *name);
/* Resident memory of this process, in bytes. */
gsize told_memory(void);

/* A certificate for localhost by an authority of its own: ca.pem, cert.pem, key.pem in the
 * fixture's folder. FALSE if there is no openssl. */
gboolean told_certify(void);
