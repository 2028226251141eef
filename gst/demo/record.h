/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happened on the street and what was recognised: printed as it comes, one line of JSON each,
 * and counted in the end.
 */
#pragma once

#include <gst/gst.h>

#include "matching.h"
#include "street.h"

G_BEGIN_DECLS

typedef struct _VdtDemoRecord VdtDemoRecord;

/* Of the endless street of @seed; what somebody walks on it is no event. */
VdtDemoRecord *vdt_demo_record_new(guint seed);
void vdt_demo_record_free(VdtDemoRecord *record);

/* When the scene began, on the clock of g_get_monotonic_time() but in ns. Nothing counts before. */
void vdt_demo_record_begin(VdtDemoRecord *record, gint64 beginning);
/* Prints what has happened since the last call. */
void vdt_demo_record_happen(VdtDemoRecord *record);
/* Prints an element message if it is an event. */
void vdt_demo_record_print(GstMessage *message);
/* Prints an element message if it is an event of a recogniser, and keeps it. @base is the clock
 * time of the pipeline at running time 0. Returns whether it is the start of one. */
gboolean vdt_demo_record_take(VdtDemoRecord *record, GstMessage *message, GstClockTime base);

/* What was right on one street, or on several. */
typedef struct {
    VdtDemoScore scores[VDT_STREET_N_ACTIONS];
    GArray *delays; /* doubles: seconds from what happened to its telling */
} VdtDemoTotal;

/* Adds a record. What began in the last seconds, too late to be recognised, or before the camera
 * was seen for as long as a clip, does not count. */
void vdt_demo_total_add(VdtDemoTotal *total, const VdtDemoRecord *record);
/* Prints a table to stderr. */
void vdt_demo_total_print(const VdtDemoTotal *total);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtDemoRecord, vdt_demo_record_free)

G_END_DECLS
