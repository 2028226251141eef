/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a stream a piece of work is about. Plain data. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* When something happened, as the bus tells it. */
typedef struct {
    GstClockTime start, end;                /* PTS of the earliest and the latest picture */
    GstClockTime stream_time, running_time; /* of the one that came last */
    gboolean backwards;                     /* which is @start: the stream is played backwards */
} VdtSpan;

/* PTS of the picture that came last. */
static inline GstClockTime vdt_span_newest(const VdtSpan *span)
{
    return span->backwards ? span->start : span->end;
}

G_END_DECLS
