/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hands frames over, from whichever source is open to the pipeline behind it, which knows nothing
 * of sources: their times go on, the first of each is a keyframe and marked as one that does not go
 * on from the frame before, and what the pipeline does not take is bounded. Nobody ever waits in
 * it. Any thread.
 */
#pragma once

#include <gst/app/gstappsrc.h>

G_BEGIN_DECLS

typedef struct _VdtFeed VdtFeed;

/* What there is to know, told once. */
typedef enum {
    VDT_FEED_FRAME = 1 << 0, /* the first frame since a source was opened, or since it was asked */
    VDT_FEED_RECODED = 1 << 1, /* it has another codec than the pipeline; nothing more is taken */
} VdtFeedNews;

typedef struct {
    guint64 frames, bytes; /* that came out of sources */
    guint64 dropped;       /* of these, because the pipeline was too slow */
    guint64 passed;        /* frames that went on into the pipeline */
    guint64 breaks;        /* where frames do not go on from the one before */
    guint waiting;         /* frames in between */
    gint64 last_frame;     /* when, by vdt_clock_now(); 0 for never */
    gint64 last_drop;
} VdtFeedCounts;

/* Sees a frame that came out of a source, whether the pipeline has room for it or not, before it
 * goes there: PTS and DTS by vdt_clock_now(), in ns, -1 for none; DISCONT where it does not go on
 * from the one before. It must not wait, nor write the buffer. */
typedef void (*VdtFeedTap)(GstBuffer *buffer, GstCaps *caps, gpointer data);

/* @notify is called from any thread when there is news, under a lock: it must only wake. */
VdtFeed *vdt_feed_new(void (*notify)(gpointer data), gpointer data);
VdtFeed *vdt_feed_ref(VdtFeed *feed);
void vdt_feed_unref(VdtFeed *feed);
/* While no source is open. Not called any more once vdt_feed_close() returned. */
void vdt_feed_set_tap(VdtFeed *feed, VdtFeedTap tap, gpointer data);
/* Notifies no more: after this @data may go. */
void vdt_feed_silence(VdtFeed *feed);

/* Where frames go, whose time 0 is @base; NULL for nowhere. */
void vdt_feed_set_sink(VdtFeed *feed, GstAppSrc *sink, gint64 base);
/* Frames of a source whose time 0 is @base are taken from now on, and no others; returns what they
 * are told by. */
guint vdt_feed_open(VdtFeed *feed, gint64 base, gint64 slack);
void vdt_feed_close(VdtFeed *feed);
/* A frame of that source. FALSE if no more are wanted. */
gboolean vdt_feed_push(VdtFeed *feed, guint opening, GstSample *sample);
/* Has the next frame be news. */
void vdt_feed_ask(VdtFeed *feed);
VdtFeedNews vdt_feed_take_news(VdtFeed *feed);

void vdt_feed_get(VdtFeed *feed, VdtFeedCounts *counts);
/* "video/x-h264", or NULL. Caller frees. */
char *vdt_feed_get_codec(VdtFeed *feed);

G_END_DECLS
