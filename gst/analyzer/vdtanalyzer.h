/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VdtAnalyzer: what every element that looks at pictures has in common.
 *
 * Frames pass untouched and at once, unless they are held (holding.h); pixels are read, never
 * copied or written. The streaming
 * thread lets the subclass look at each frame (look), and takes work from it when a result is due
 * (take). A VdtWorker runs it (analyse). The newest result rides on the frames that follow, as a
 * meta, and is told on the bus as an event (telling.h).
 *
 * Of the analyser's own state, the pace is under the object lock, and the rest the streaming
 * thread's. worker.h and telling.h say whose theirs is.
 *
 * Who runs what:
 *   prepare            state change (READY to PAUSED), later the worker, when `model` changes
 *   look, take, reset  the streaming thread; reset also a flushing or state-changing one, when no
 *                      frame is on its way
 *   analyse, describe, choose, tell, published    the worker's thread
 *   passing, drops     the streaming thread; in mode=aligned, the source pad's task, while the
 *                      streaming thread is elsewhere
 *   end                whoever ends the stream; never at the same time as tell
 * A network is what prepare made; it is counted (g_atomic_rc_box) and immutable but for what
 * analyse uses, since analyse runs only in one thread.
 */
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>
#include <vedette/engine.h>

#include "events.h"
#include "frame/framemap.h"
#include "frame/orientation.h"
#include "resultmeta.h"
#include "worker.h"

G_BEGIN_DECLS

#define VDT_TYPE_ANALYZER (vdt_analyzer_get_type())
G_DECLARE_DERIVABLE_TYPE(VdtAnalyzer, vdt_analyzer, VDT, ANALYZER, GstBaseTransform)

struct _VdtAnalyzerClass {
    GstBaseTransformClass parent_class;

    const char *kind;    /* of results: "action" */
    const char *factory; /* what elements are called by default; NULL: as GStreamer has it */
    /* Of engines, NULL-terminated; NULL if the element needs none (prepare gets NULL). */
    const char *const *architectures;

    /* Makes what is needed to analyse: a g_atomic_rc_box, or NULL with @error set. */
    gpointer (*prepare)(VdtAnalyzer *self, VdtEngine *engine, GError **error);
    void (*clear_network)(gpointer network);

    /* A frame. Times never go back between two resets, nor do two frames have the same: they are
     * those of timeline.h, which are not PTS while the stream is played backwards. */
    void (*look)(VdtAnalyzer *self, gpointer network, GstBuffer *buffer, GstClockTime time);
    /* Work for a result that is due now, and the time it spans; NULL if it is too early. Comes
     * right after look, if it does, while the frame is still there. */
    gpointer (*take)(VdtAnalyzer *self, gpointer network, GstClockTime *start, GstClockTime *end);
    void (*free_work)(gpointer work);
    /* Forgets the frames looked at. */
    void (*reset)(VdtAnalyzer *self);

    /* Adds result structures to @results, the best first. */
    gboolean (*analyse)(VdtAnalyzer *self, gpointer network, gpointer work,
                        GCancellable *cancellable, GPtrArray *results, GError **error);
    /* What goes on: one of @results, or a structure that the subclass keeps; NULL for nothing.
     * @going is the class-id of the event that has gone on so far, -1 for none. */
    const GstStructure *(*choose)(VdtAnalyzer *self, GPtrArray *results, int going);

    /* All that follow may be NULL. */

    /* The model that is meant where the property names none; see VdtWorkerFuncs. */
    const char *(*usual)(VdtAnalyzer *self);
    /* Adds to `stats` what the subclass counts itself; any thread. */
    void (*add_stats)(VdtAnalyzer *self, GstStructure *stats);

    /* Whether work that waits while the network is behind is taken anew for each frame, as it is if
     * this is NULL; otherwise only when a result is due. */
    gboolean (*renews)(VdtAnalyzer *self);
    /* The worker's thread, see VdtWorkerFuncs: says what of the properties does not go with the
     * network. */
    void (*check)(VdtAnalyzer *self, gpointer network);
    /* How much time the frames span that a result needs. */
    GstClockTime (*window)(VdtAnalyzer *self);
    /* What metas say of the newest result besides: a structure of the caller's. */
    GstStructure *(*describe)(VdtAnalyzer *self);
    /* In place of choose, for more than one event at a time: the messages for the newest result.
     * @least is min-duration. */
    GList *(*tell)(VdtAnalyzer *self, VdtEvents *events, const VdtSpan *span, const GValue *results,
                   GstClockTime least);
    /* With tell: the messages that end what goes on. */
    GList *(*end)(VdtAnalyzer *self);
    /* The worker's thread: @result, of @work, has become the newest. */
    void (*published)(VdtAnalyzer *self, gpointer work, const VdtResult *result);
    /* A frame goes out. @result is what it carries, or NULL. What is published after this is of
     * frames from @oldest on, or of those that come after this one if that is NONE. */
    void (*passing)(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts, GstClockTime oldest,
                    const VdtResult *result);
    /* Whether frames go nowhere, and need not be pushed. */
    gboolean (*drops)(VdtAnalyzer *self);
};

/* For look and take: whether the stream is played backwards. */
gboolean vdt_analyzer_is_backwards(VdtAnalyzer *self);
/* For look and take: how frames lie, a method from GST_VIDEO_ORIENTATION_IDENTITY on. */
GstVideoOrientationMethod vdt_analyzer_get_orientation(VdtAnalyzer *self);
/* For look and take: the visible part of @buffer, upright, as a packed RGB picture. FALSE if it
 * cannot be read. */
gboolean vdt_analyzer_convert(VdtAnalyzer *self, GstBuffer *buffer, const VdtFrameTarget *target,
                              guint8 *rgb);

/* The interval that goes for as long as none was set; 0 for the property's default. */
void vdt_analyzer_suggest_interval(VdtAnalyzer *self, double interval);

/* Its worker, for vdt_worker_check() in analyse, whose result is to be empty if that says no, and
 * for renew, poke and note. */
VdtWorker *vdt_analyzer_get_worker(VdtAnalyzer *self);

G_END_DECLS
