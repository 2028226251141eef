/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For the analyser alone: what it has, and what it does with frames as they come. */
#pragma once

#include "holding.h"
#include "pace.h"
#include "silence.h"
#include "telling.h"
#include "timeline.h"
#include "vdtanalyzer.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN(vdt_analyzer_debug);

typedef struct {
    VdtWorker worker; /* its results are VdtResults */
    VdtHolding holding;
    VdtTelling telling;
    VdtPace pace; /* under the object lock */
    gint live;    /* whether the pipeline is; atomic */
    gint holds;   /* whether frames are, or may be, held; atomic, the streaming thread's to set */

    /* the streaming thread's */
    GstVideoInfo info;
    GstVideoOrientationMethod orientation;
    VdtFrameMap *map;
    guint8 *lying; /* a picture that is to be turned */
    VdtTimeline timeline;
    VdtSilence silence;
    GstClockTime lag; /* from the newest picture of the last work to the frame that made it due */
} VdtAnalyzerPrivate;

VdtAnalyzerPrivate *vdt_analyzer_get_private(VdtAnalyzer *self);
VdtPace vdt_analyzer_get_pace(VdtAnalyzer *self);

static inline GstClockTime vdt_analyzer_ns(double seconds)
{
    return (GstClockTime)(seconds * GST_SECOND);
}

/* Ends what goes on. */
void vdt_analyzer_end_events(VdtAnalyzer *self);
/* Forgets the stream so far. */
void vdt_analyzer_forget(VdtAnalyzer *self);
/* From here on, frames lie like this; or as the tags of @event say. */
void vdt_analyzer_set_orientation(VdtAnalyzer *self, GstVideoOrientationMethod orientation);
void vdt_analyzer_take_tags(VdtAnalyzer *self, GstEvent *event);
/* mode=aligned. How long frames are held at most; the buffers that takes, added to the answer of an
 * allocation query, which @answered says there is; the worker's thread: work is begun or gone, took
 * so long, a result is there; a frame goes. */
GstClockTime vdt_analyzer_get_bound(VdtAnalyzer *self, const VdtPace *pace);
gboolean vdt_analyzer_add_held(VdtAnalyzer *self, GstQuery *query, gboolean answered);
void vdt_analyzer_wake(VdtAnalyzer *self);
void vdt_analyzer_measured(VdtAnalyzer *self, GstClockTime took);
void vdt_analyzer_found(VdtAnalyzer *self, const VdtJob *job, VdtResult *result);
GstFlowReturn vdt_analyzer_let_go(GstElement *element, GstBuffer *buffer, GstClockTime pts,
                                  const VdtResult *result);
/* A frame passes. */
GstFlowReturn vdt_analyzer_transform_ip(GstBaseTransform *trans, GstBuffer *buffer);

G_END_DECLS
