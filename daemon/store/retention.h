/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept no longer. In the writer's thread; returns SQLite's codes. */
#pragma once

#include "db.h"
#include "store.h"

/* One step, in a transaction of its own, which is short, and is left open if it fails: *@more says
 * that there is more to do, and *@n_events how many events were there. */
int vdt_retention_step(VdtDb *db, const VdtStoreLimits *limits, gint64 now, guint64 *n_events,
                       gboolean *more);
