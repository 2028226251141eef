/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile.h"

#include <string.h>

#include "hub.h"

static const char *const arm_names[VDT_N_ARMS] = {"auto", "armed", "disarmed"};

gboolean vdt_arm_from_name(const char *name, VdtArm *arm)
{
    for (guint i = 0; i < VDT_N_ARMS; i++)
        if (strcmp(name, arm_names[i]) == 0) {
            *arm = i;
            return TRUE;
        }
    return FALSE;
}

const char *vdt_arm_name(VdtArm arm)
{
    return arm_names[arm];
}

VdtProfile *vdt_profile_new(void)
{
    VdtProfile *profile = g_new0(VdtProfile, 1);
    profile->audience = VDT_TO_ALL;
    return profile;
}

void vdt_profile_free(VdtProfile *profile)
{
    g_strfreev(profile->streams);
    g_strfreev(profile->types);
    g_strfreev(profile->labels);
    g_clear_pointer(&profile->schedule, vdt_schedule_free);
    g_free(profile);
}

static gboolean is_among(char **names, const char *name)
{
    return names == NULL || (name != NULL && g_strv_contains((const char *const *)names, name));
}

static gboolean holds(const VdtProfile *profile, VdtArm arm, GDateTime *local)
{
    if (arm == VDT_ARM_ARMED)
        return TRUE;
    if (arm == VDT_ARM_DISARMED && !profile->even_disarmed)
        return FALSE;
    return profile->schedule == NULL || vdt_schedule_has(profile->schedule, local);
}

static GDateTime *local_time(gint64 time, GTimeZone *zone)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    if (utc == NULL) /* no time that there is */
        utc = g_date_time_new_now_utc();
    return g_date_time_to_timezone(utc, zone);
}

guint vdt_profiles_judge(const GPtrArray *profiles, VdtArm arm, GTimeZone *zone,
                         const VdtEvent *event)
{
    guint audience = 0;
    if (profiles->len == 0)
        return arm != VDT_ARM_DISARMED || strcmp(event->type, VDT_EVENT_SYSTEM) == 0 ? VDT_TO_ALL
                                                                                     : 0;
    g_autoptr(GDateTime) local = local_time(event->time, zone);
    for (guint i = 0; i < profiles->len; i++) {
        const VdtProfile *profile = profiles->pdata[i];
        if (is_among(profile->streams, event->stream) && is_among(profile->types, event->type) &&
            is_among(profile->labels, event->label) && holds(profile, arm, local))
            audience |= profile->audience;
    }
    return audience;
}
