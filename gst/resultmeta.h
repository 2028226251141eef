/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The meta that carries results: a GstCustomMeta named VedetteResult, so that applications read a
 * plain GstStructure and need no header of ours. There is one for each element that a buffer came
 * through: readers iterate, and match "element". Results say something of the whole frame, or in
 * shares of it, so they stay right when it is scaled or converted.
 *
 *   element     string   name of the element
 *   kind        string   action, segmentation, classification, answer, restoration
 *   result-pts  uint64   time of the newest picture that the result is about
 *   age         uint64   ns from there to the buffer's own time
 *   results     array    of structures; for actions: label string, class-id int, score double
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VDT_RESULT_META_NAME "VedetteResult"

/* Registers the meta, once per process; call it before anything else here. */
const GstMetaInfo *vdt_result_meta_get_info(void);
/* @buffer is writable; @results is copied. */
void vdt_result_meta_add(GstBuffer *buffer, const char *element, const char *kind,
                         GstClockTime result_pts, GstClockTime age, const GValue *results);

G_END_DECLS
