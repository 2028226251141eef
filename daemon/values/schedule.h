/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times of the week, by a wall clock: "Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00". Days may be left
 * out, for all, and so may times, for the whole day; a time that ends at or before it begins ends
 * on the day after the one that it is named for.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define VDT_SCHEDULE_MOST 64 /* parts */

typedef struct _VdtSchedule VdtSchedule;

/* The error is a sentence's end: "expected a time from 00:00 to 24:00". */
VdtSchedule *vdt_schedule_parse(const char *text, GError **error);
void vdt_schedule_free(VdtSchedule *schedule);
/* Whether @local, in the time zone that is meant, is among its times. It goes by what a clock on
 * the wall shows: an hour that is left out in spring is never, one that comes twice in autumn is
 * twice. */
gboolean vdt_schedule_has(const VdtSchedule *schedule, GDateTime *local);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSchedule, vdt_schedule_free)

G_END_DECLS
