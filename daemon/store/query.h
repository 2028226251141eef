/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading events and the journal over a connection. NULL after an error, which @db has. */
#pragma once

#include "db.h"
#include "store.h"

GPtrArray *vdt_query_events(VdtDb *db, const VdtStoreQuery *query);
