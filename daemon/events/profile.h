/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is told of which events, and when. What is kept does not depend on it. Plain data, which
 * never changes; any thread.
 */
#pragma once

#include "event.h"
#include "values/schedule.h"

G_BEGIN_DECLS

typedef enum {
    VDT_ARM_AUTO,     /* profiles hold when their schedules say so */
    VDT_ARM_ARMED,    /* always */
    VDT_ARM_DISARMED, /* never, but for those that hold even then */
} VdtArm;
#define VDT_N_ARMS 3

/* FALSE if there is none of this name: auto, armed, disarmed. */
gboolean vdt_arm_from_name(const char *name, VdtArm *arm);
const char *vdt_arm_name(VdtArm arm);

typedef struct {
    char **streams, **types, **labels; /* NULL for all */
    VdtSchedule *schedule;             /* NULL for always */
    gboolean even_disarmed;
    guint audience; /* of VdtAudience */
} VdtProfile;

VdtProfile *vdt_profile_new(void);
void vdt_profile_free(VdtProfile *profile);

/* @profiles is a GPtrArray of VdtProfile. Without any, everybody is told of everything, and of
 * nothing but the system itself while it is disarmed. Else those are told whom any profile names
 * that holds at the event's time, by a clock in @zone, and means the event. */
guint vdt_profiles_judge(const GPtrArray *profiles, VdtArm arm, GTimeZone *zone,
                         const VdtEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtProfile, vdt_profile_free)

G_END_DECLS
