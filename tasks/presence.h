/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which objects are in which zones, and since when.
 *
 * An object is where its path ends, the middle of its lower edge. It has left a zone when it was
 * outside for half a second, so that nobody who stands on the border comes and goes; it was in
 * there until it was outside first. Who has come off another has been in there as long as that.
 *
 * Not thread-safe.
 */
#pragma once

#include "tracker.h"
#include "zones.h"

G_BEGIN_DECLS

typedef struct {
    guint zone;
    guint object; /* id */
    gint64 since; /* ns */
} VdtStay;

typedef struct _VdtPresence VdtPresence;

VdtPresence *vdt_presence_new(void);
void vdt_presence_free(VdtPresence *presence);
/*
 * Takes the @objects (VdtObject) at @time, which is later than that before; with other @zones than
 * then (NULL for none), nobody was in them. Who is in which: an array of VdtStay, until the next
 * time.
 */
const GArray *vdt_presence_update(VdtPresence *presence, VdtZones *zones, const GArray *objects,
                                  gint64 time);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtPresence, vdt_presence_free)

G_END_DECLS
