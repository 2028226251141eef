/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream as two bins of GStreamer, which somebody else puts into a pipeline, links and watches:
 *
 *     source  ──src──►──sink──  analysis
 *
 * The source can be taken away and made anew while the decoder and the networks stay. What the
 * templates promise, and is looked at here:
 *
 *   source    "camera"  is given user and password, in its properties user-id and user-pw
 *             "exit"    the element whose source pad is the bin's pad src
 *   analysis  "entry"   the element whose sink pad is the bin's pad sink
 *             "watch"   a sink that every decoded frame comes to, without waiting for a clock
 *             an element of the right factory for each analyser, called as VdtAnalyserConfig says
 *
 * Errors hold no secrets, and no function here waits for anything.
 */
#pragma once

#include <gst/gst.h>

#include "config/config.h"

#define VDT_PART_SOURCE   "source"
#define VDT_PART_ANALYSIS "analysis"
#define VDT_PART_CAMERA   "camera"
#define VDT_PART_EXIT     "exit"
#define VDT_PART_ENTRY    "entry"
#define VDT_PART_WATCH    "watch"

/* A floating reference, for gst_bin_add(). */
GstElement *vdt_make_source(const VdtStreamConfig *stream, GError **error);
GstElement *vdt_make_analysis(const VdtStreamConfig *stream, GError **error);

/* Gives the analysers of @analysis, made for @before, the properties that @after changes. Both have
 * the same analysers: what differs takes VDT_RELOAD_LIVE. */
void vdt_update_analysis(GstElement *analysis, const VdtStreamConfig *before,
                         const VdtStreamConfig *after);
