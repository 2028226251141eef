/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is recorded of whose events: a snapshot where an event starts, and a clip that begins before
 * it. Events whose clips would overlap share one. What becomes of files is noted in the store.
 */
#pragma once

#include <gst/gst.h>

#include "config/config.h"
#include "record/space.h"
#include "store/store.h"
#include "tell.h"

typedef struct _VdtRecords VdtRecords;     /* of the service */
typedef struct _VdtRecordist VdtRecordist; /* of a stream */

/* Files go into @folder. @tell and @store must outlive it. */
VdtRecords *vdt_records_new(const VdtConfig *config, const char *folder, const VdtTell *tell,
                            VdtStore *store, GError **error);
/* Limits and qualities, from now on. */
void vdt_records_set_config(VdtRecords *records, const VdtConfig *config);
/* Ends clips where they are, once no stream has a recordist any more; waits @wait us at most. How
 * many threads did not return, for which everything stays. */
guint vdt_records_free(VdtRecords *records, gint64 wait);

/* All of what follows in any thread, without waiting. */

/* Clips that wait or are written. */
guint vdt_records_count(VdtRecords *records);

/* Of any stream: one that has a recordist. */
void vdt_records_take_event(VdtRecords *records, VdtEvent *event);

/* There is one for each stream at most. */
VdtRecordist *vdt_recordist_new(VdtRecords *records, const VdtStreamConfig *config);
/* The stream goes: events are not recorded any more, clips that were begun are. Drops the caller's
 * reference. */
void vdt_recordist_close(VdtRecordist *recordist);
VdtRecordist *vdt_recordist_ref(VdtRecordist *recordist);
void vdt_recordist_unref(gpointer recordist);
void vdt_recordist_set_config(VdtRecordist *recordist, const VdtStreamConfig *config);
/* What a clip that begins now can begin with. */
void vdt_recordist_get_kept(VdtRecordist *recordist, guint64 *bytes, gint64 *time);
/* What came out of the source that is recorded: a VdtFeedTap. */
void vdt_recordist_take_coded(GstBuffer *buffer, GstCaps *caps, gpointer recordist);
/* Looks at frames that come to the sink "watch" of @analysis, as long as that is there. */
void vdt_recordist_watch(VdtRecordist *recordist, GstElement *analysis);
