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
 *
 * and what is special to a kind.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VDT_RESULT_META_NAME "VedetteResult"

/* Registers the meta, once per process; call it before anything else here. */
const GstMetaInfo *vdt_result_meta_get_info(void);

/* What was found at one time; counted. */
typedef struct {
    GValue structures;    /* array of GstStructures */
    GstClockTime pts;     /* of the newest picture looked at */
    gboolean backwards;   /* frames that come later have an earlier time */
    GstStructure *fields; /* what is special to the kind, for the meta; NULL for nothing */
    gpointer analytics;   /* analytics.c's; NULL if nothing was prepared */
} VdtResult;

/* @structures are copied. */
VdtResult *vdt_result_new(GPtrArray *structures, GstClockTime pts);
VdtResult *vdt_result_ref(VdtResult *result);
void vdt_result_unref(VdtResult *result);
/* Adds the meta to a writable @buffer, whose time is @pts. */
void vdt_result_attach(const VdtResult *result, GstBuffer *buffer, GstClockTime pts,
                       const char *element, const char *kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtResult, vdt_result_unref)

G_END_DECLS
