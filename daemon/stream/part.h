/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A GStreamer pipeline that is made and taken down in threads of its own, so that one that hangs
 * holds up nobody. What takes too long is left to its thread, which tidies up if it ever returns.
 * All of it is called, and calls back, in the thread of one main context, and never waits.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* This many threads of a part may hang; until one of them returns, nothing is made any more. */
#define VDT_PART_MOST_HANGING 2

typedef struct _VdtPart VdtPart;

/* In a thread of its own: a pipeline (full reference) that plays, or an error. */
typedef GstElement *(*VdtPartMake)(gpointer data, GError **error);

typedef struct {
    /* It plays. Its messages follow. May be NULL. */
    void (*made)(GstElement *pipeline, gpointer user_data);
    /* It could not be made, or not in time. */
    void (*failed)(const GError *error, gpointer user_data);
    /* Of the one that plays. */
    void (*message)(GstMessage *message, gpointer user_data);
    /* What was there is gone, or was given up; nothing is being made. */
    void (*gone)(gpointer user_data);
} VdtPartCallbacks;

VdtPart *vdt_part_new(const char *what, GMainContext *context, const VdtPartCallbacks *callbacks,
                      gpointer user_data);
/* Leaves what is there to threads, and calls nothing back any more. Returns how many that are. */
guint vdt_part_free(VdtPart *part);

/* Makes one, after what is there or being made, which is to be unmade before, has gone. @data is
 * the maker's, until @free frees it in any thread. Failed after @limit ns. */
void vdt_part_make(VdtPart *part, VdtPartMake make, gpointer data, GDestroyNotify free,
                   gint64 limit);
/* Takes down what is there, and what is being made or waits to be. One that was told to come to its
 * end has @drain ns for it. */
void vdt_part_unmake(VdtPart *part, gint64 drain);

/* The one that plays, or NULL; no reference. */
GstElement *vdt_part_get(VdtPart *part);
/* Whether one plays, or is being made. */
gboolean vdt_part_is_wanted(VdtPart *part);
/* Whether nothing is there and nothing under way, apart from what hangs. */
gboolean vdt_part_is_gone(VdtPart *part);
/* Threads that hang. */
guint vdt_part_get_hanging(VdtPart *part);

/* Threads of all parts that there were, those that were left among them. Any thread may ask. */
guint vdt_part_count_threads(void);

G_END_DECLS
