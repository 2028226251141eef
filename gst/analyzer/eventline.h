/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An event as one line of JSON, for logs, stores and brokers, from its fields:
 * {"type","event","id","stream","element","label","score","pts_ns","time"}, and then those of
 * "what", "object", "zone", "line", "direction", "count", "since", "reason" that it has. Nothing
 * else writes such lines, wherever the event comes from. No GStreamer; any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_EVENT_LINE_NONE G_MAXUINT64

/* Strings are borrowed, and need not be UTF-8; NULL where there is none. */
typedef struct {
    const char *type, *event, *id, *stream, *element, *label;
    double score; /* not finite: null */
    guint64 pts;  /* ns of the stream, VDT_EVENT_LINE_NONE: null */
    gint64 time;  /* UTC, us */
    const char *what, *zone, *line;
    const char *direction;        /* in, out */
    guint64 object, count, since; /* VDT_EVENT_LINE_NONE where there is none; since as pts */
    const char *reason;           /* why it is so: of the system's own events, and of ends */
} VdtEventLine;

/* No field but the time, which is now. */
VdtEventLine vdt_event_line_now(void);
/* Without a line end. Caller frees. */
char *vdt_event_line_write(const VdtEventLine *line);

G_END_DECLS
