/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a stream a piece of work is about. Plain data. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* When something happened, as the bus tells it. */
typedef struct {
    GstClockTime start, end;                /* PTS of the first and the last picture */
    GstClockTime stream_time, running_time; /* of @end */
} VdtSpan;

G_END_DECLS
