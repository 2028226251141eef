/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events as JSON, for logs, stores and brokers: one line,
 * {"type","event","id","stream","element","label","score","pts_ns","time"}, and then, where the
 * message has them, of objects and zones: strings "what" (object, crossing, dwell, count), "zone",
 * "line", "direction" (in, out), integers "object" (its number), "count", "since" (PTS, ns), in the
 * order what, object, zone, line, direction, count, since.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/*
 * The line for an element message that an analyser posted, without a line end; NULL for any other
 * message. @stream is the caller's name for the stream. @time is when it happened, NULL for now;
 * pts_ns is null where the stream has no time. Caller frees.
 */
char *vdt_event_to_json(GstMessage *message, const char *stream, GDateTime *time);

G_END_DECLS
