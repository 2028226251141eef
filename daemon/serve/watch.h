/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks at a decoded picture a second of a stream, whichever pipeline that has (events/view.h).
 * What it finds goes to the bus, as element messages of the sink: it is called in threads that may
 * hang.
 */
#pragma once

#include <gst/gst.h>

#include "events/view.h"

typedef struct _VdtWatch VdtWatch;

/* A picture each @gap us; NULL @times are the usual ones. */
VdtWatch *vdt_watch_new(const VdtViewTimes *times, gint64 gap);
void vdt_watch_unref(VdtWatch *watch);
/* Sees what comes to the sink VDT_PART_WATCH of @analysis, if there is one, of 8 bits in planes. */
void vdt_watch_attach(VdtWatch *watch, GstElement *analysis);
/* Whether @message says what it found, of VdtViewFlags. */
gboolean vdt_watch_read(GstMessage *message, guint *flags);
