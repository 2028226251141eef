/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the system tells of itself: events of type "system", which go on for as long as it is so.
 *
 *     what            label                 of
 *     camera          lost                  a stream
 *     view            covered, moved        a stream
 *     disk            nearly full           the service
 *     broker          away                  the service
 *     configuration   refused               the service
 *
 * Any thread.
 */
#pragma once

#include "hub.h"

G_BEGIN_DECLS

typedef struct _VdtSystem VdtSystem;

typedef struct {
    gint64 lost_after; /* us that a camera may be away */
    guint64 min_free;  /* bytes on the disk of the folder; 0: is not looked at */
} VdtSystemLimits;

/* @hub outlives it; @folder, which may be NULL, is where the service keeps things. */
VdtSystem *vdt_system_new(VdtHub *hub, const char *folder, const VdtSystemLimits *limits);
/* Leaves what goes on to the hub. */
void vdt_system_free(VdtSystem *system);
void vdt_system_set_limits(VdtSystem *system, const VdtSystemLimits *limits);
/* Once a second: looks at what is due. @now is of the monotonic clock. */
void vdt_system_tick(VdtSystem *system, gint64 now);

/* It is so, because of @reason, or, for NULL, no longer. A reason that changes is an update.
 * @stream is NULL for the service itself. */
void vdt_system_set(VdtSystem *system, const char *what, const char *label, const char *stream,
                    const char *reason);
/* Whether @stream brings pictures, and else why not; it may do so for a while before it is lost. */
void vdt_system_set_camera(VdtSystem *system, const char *stream, const char *reason, gint64 now);
/* It is there no more, and all of it is over. */
void vdt_system_forget_stream(VdtSystem *system, const char *stream);
void vdt_system_set_broker(VdtSystem *system, const char *reason);
void vdt_system_set_configuration(VdtSystem *system, const char *reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSystem, vdt_system_free)

G_END_DECLS
