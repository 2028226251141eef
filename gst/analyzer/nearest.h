/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of a stream's results is the nearest to a frame. Times are those of timeline.h. Plain data,
 * zero to begin with; not thread-safe.
 */
#pragma once

#include "resultmeta.h"
#include "timeline.h"

G_BEGIN_DECLS

typedef struct {
    GQueue results; /* VdtResult, the oldest first */
} VdtNearest;

/* @result is newer than those before. */
void vdt_nearest_add(VdtNearest *nearest, VdtResult *result);
/* The nearest to @time, the caller's; NULL if there is none. Of two that are as near, the older. */
VdtResult *vdt_nearest_get(const VdtNearest *nearest, GstClockTime time);
/* Whether that will not change, if the next result is of @next or newer; NONE if nobody knows. */
gboolean vdt_nearest_is_known(const VdtNearest *nearest, GstClockTime time, GstClockTime next);
/* Forgets those that are nothing to frames from @time on, NONE for any; or all. */
void vdt_nearest_trim(VdtNearest *nearest, GstClockTime time);
void vdt_nearest_clear(VdtNearest *nearest);

G_END_DECLS
