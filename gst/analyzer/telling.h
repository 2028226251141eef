/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the bus is told of an analyser's results, in the order in which they came to be.
 *
 * A plain struct, the analyser's. Its lock is held from making events to having posted them: by the
 * worker's thread in publish, by whoever ends the stream in end. It is the one lock with which
 * anything is posted, and the first to be taken: the object lock and the worker's may follow.
 */
#pragma once

#include "pace.h"
#include "vdtanalyzer.h"
#include "worker.h"

G_BEGIN_DECLS

typedef struct {
    GMutex posting;
    VdtEvents *events; /* under it; NULL until the first start, then for life, so that ids are not
                        * used again */
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
