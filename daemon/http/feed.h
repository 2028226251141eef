/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events as they happen, as server-sent events: each peer reads the journal from where it is, at
 * the pace at which it takes them, so that nothing piles up for one that is slow. All in the
 * server's thread.
 */
#pragma once

#include "request.h"

#define VDT_FEEDS_MOST      32
#define VDT_FEEDS_HEARTBEAT 15 /* s, after which a peer that hears nothing is told so */

typedef struct _VdtFeeds VdtFeeds;

VdtFeeds *vdt_feeds_new(VdtStore *store, GMainContext *context);
/* Ends all answers. */
void vdt_feeds_free(VdtFeeds *feeds);
guint vdt_feeds_count(const VdtFeeds *feeds);

/* Rows of the journal as server-sent events, of those that @request asks for; *@after is the number
 * of the last of @records, and is where they begin. Caller frees. */
char *vdt_feed_write(GHashTable *query, GPtrArray *records, guint64 *after);
