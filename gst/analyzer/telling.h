/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the bus is told of an analyser's results, in the order in which they came to be.
 *
 * A plain struct, the analyser's. Its lock guards events and what is to be posted of them; nothing
 * is posted with it. Whoever finds something to be posted, and nobody who posts, does so until
 * nothing is left: the worker's thread in publish, whoever ends the stream in end. So a handler
 * that comes back from within a message, with a flush perhaps, waits for nobody. The lock is the
 * first to be taken: the object lock and the worker's may follow.
 */
#pragma once

#include "pace.h"
#include "vdtanalyzer.h"
#include "worker.h"

G_BEGIN_DECLS

typedef struct {
    GMutex lock;
    VdtEvents
        *events;     /* NULL until the first start, then for life, so that ids are not used again */
    GQueue messages; /* made, and not posted yet */
    gboolean posting; /* somebody posts them */
} VdtTelling;

void vdt_telling_init(VdtTelling *telling);
void vdt_telling_clear(VdtTelling *telling);
/* For each start of @analyzer, when nothing streams. */
void vdt_telling_start(VdtTelling *telling, VdtAnalyzer *analyzer);

/* Makes @found, by @job, the newest result, unless it has become void, and tells the bus. */
void vdt_telling_publish(VdtTelling *telling, VdtAnalyzer *analyzer, const VdtPace *pace,
                         VdtJob *job, GPtrArray *found);
/* Ends what goes on. Whoever makes results void calls it after that. */
void vdt_telling_end(VdtTelling *telling, VdtAnalyzer *analyzer, const VdtPace *pace);

G_END_DECLS
