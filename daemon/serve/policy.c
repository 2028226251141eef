/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include <glib/gstdio.h>
#include <string.h>

#define ARM_FILE "arm"

struct _VdtPolicy {
    char *file;  /* "CONFIGURED NOW", if it was armed by others; or NULL */
    GMutex lock; /* guards what follows */
    VdtArm arm, configured;
    GPtrArray *profiles; /* of VdtProfile */
    GTimeZone *zone;
};

static const VdtOption *get(const VdtConfig *config, guint key)
{
    return vdt_config_get(config, VDT_GROUP_EVENTS, key);
}

VdtStoreLimits vdt_policy_store_limits(const VdtConfig *config)
{
    return (VdtStoreLimits){
        .retention = get(config, VDT_KEY_EVENTS_RETENTION)->whole,
        .max_events = (guint64)get(config, VDT_KEY_EVENTS_MAX_EVENTS)->whole,
        .max_bytes = (guint64)get(config, VDT_KEY_EVENTS_MAX_SIZE)->whole,
        .journal_lines = (guint64)get(config, VDT_KEY_EVENTS_SPOOL_LINES)->whole,
        .journal_age = get(config, VDT_KEY_EVENTS_SPOOL_AGE)->whole,
    };
}

VdtSystemLimits vdt_policy_system_limits(const VdtConfig *config)
{
    return (VdtSystemLimits){
        .lost_after = get(config, VDT_KEY_EVENTS_LOST_AFTER)->whole,
        .min_free = (guint64)get(config, VDT_KEY_EVENTS_MIN_FREE)->whole,
        .views = get(config, VDT_KEY_EVENTS_WATCH_VIEW)->whole != 0,
    };
}

static guint audience_of(char **names)
{
    static const struct {
        const char *name;
        VdtAudience audience;
    } rows[] = {{"mqtt", VDT_TO_MQTT},
                {"webhook", VDT_TO_WEBHOOK},
                {"file", VDT_TO_FILE},
                {"page", VDT_TO_PAGE}};
    guint audience = 0;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_strv_contains((const char *const *)names, rows[i].name))
            audience |= rows[i].audience;
    return audience;
}

/* Separated by commas. */
static char **split(const char *text)
{
    char **words = text != NULL ? g_strsplit(text, ",", -1) : NULL;
    for (guint i = 0; words != NULL && words[i] != NULL; i++)
        g_strstrip(words[i]);
    return words;
}

static VdtProfile *read_profile(const VdtNamedConfig *named)
{
    const VdtOption *values = named->values;
    VdtProfile *profile = vdt_profile_new();
    profile->streams = g_strdupv(values[VDT_KEY_PROFILE_STREAMS].items);
    profile->types = g_strdupv(values[VDT_KEY_PROFILE_TYPES].items);
    profile->labels = split(values[VDT_KEY_PROFILE_LABELS].text);
    if (values[VDT_KEY_PROFILE_SCHEDULE].text != NULL)
        profile->schedule = vdt_schedule_parse(values[VDT_KEY_PROFILE_SCHEDULE].text, NULL);
    profile->even_disarmed = values[VDT_KEY_PROFILE_EVEN_DISARMED].whole != 0;
    profile->audience = audience_of(values[VDT_KEY_PROFILE_TELL].items);
    return profile;
}

static GPtrArray *read_profiles(const VdtConfig *config)
{
    GPtrArray *profiles = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_profile_free);
    for (guint i = 0; i < config->named->len; i++) {
        const VdtNamedConfig *named = config->named->pdata[i];
        if (named->group == VDT_NAMED_PROFILE)
            g_ptr_array_add(profiles, read_profile(named));
    }
    return profiles;
}

static GTimeZone *read_zone(const VdtConfig *config)
{
    const char *name = get(config, VDT_KEY_EVENTS_TIMEZONE)->text;
    GTimeZone *zone = name != NULL ? g_time_zone_new_identifier(name) : NULL;
    return zone != NULL ? zone : g_time_zone_new_local();
}

void vdt_policy_reload(VdtPolicy *policy, const VdtConfig *config)
{
    GPtrArray *profiles = read_profiles(config);
    GTimeZone *zone = read_zone(config);
    VdtArm arm = VDT_ARM_AUTO;
    vdt_arm_from_name(get(config, VDT_KEY_EVENTS_ARM)->text, &arm);
    g_mutex_lock(&policy->lock);
    if (arm != policy->configured) {
        policy->arm = policy->configured = arm;
        if (policy->file != NULL)
            g_unlink(policy->file);
    }
    GPtrArray *old_profiles = policy->profiles;
    GTimeZone *old_zone = policy->zone;
    policy->profiles = profiles;
    policy->zone = zone;
    g_mutex_unlock(&policy->lock);
    g_clear_pointer(&old_profiles, g_ptr_array_unref);
    g_clear_pointer(&old_zone, g_time_zone_unref);
}

static guint judge(const VdtEvent *event, gpointer data)
{
    VdtPolicy *policy = data;
    g_mutex_lock(&policy->lock);
    guint audience = vdt_profiles_judge(policy->profiles, policy->arm, policy->zone, event);
    g_mutex_unlock(&policy->lock);
    return audience;
}

static void policy_clear(gpointer data)
{
    VdtPolicy *policy = data;
    g_ptr_array_unref(policy->profiles);
    g_time_zone_unref(policy->zone);
    g_mutex_clear(&policy->lock);
    g_free(policy->file);
}

void vdt_policy_unref(VdtPolicy *policy)
{
    g_atomic_rc_box_release_full(policy, policy_clear);
}

static void drop(gpointer policy)
{
    vdt_policy_unref(policy);
}

/* What somebody said before the last end counts, if the configuration still says what it said. */
static void recall(VdtPolicy *policy, const char *folder)
{
    g_autofree char *text = NULL;
    VdtArm configured, arm;
    policy->file = g_build_filename(folder, ARM_FILE, NULL);
    if (!g_file_get_contents(policy->file, &text, NULL, NULL))
        return;
    g_auto(GStrv) words = g_strsplit(g_strchomp(text), " ", 2);
    if (g_strv_length(words) == 2 && vdt_arm_from_name(words[0], &configured) &&
        vdt_arm_from_name(words[1], &arm) && configured == policy->configured)
        policy->arm = arm;
    else
        g_unlink(policy->file);
}

VdtPolicy *vdt_policy_new(const VdtConfig *config, VdtHub *hub, const char *folder)
{
    VdtPolicy *policy = g_atomic_rc_box_new0(VdtPolicy);
    g_mutex_init(&policy->lock);
    vdt_policy_reload(policy, config);
    if (folder != NULL)
        recall(policy, folder);
    vdt_hub_set_judge(hub, judge, g_atomic_rc_box_acquire(policy), drop);
    return policy;
}

VdtArm vdt_policy_get_arm(VdtPolicy *policy)
{
    g_mutex_lock(&policy->lock);
    VdtArm arm = policy->arm;
    g_mutex_unlock(&policy->lock);
    return arm;
}

gboolean vdt_policy_set_arm(VdtPolicy *policy, VdtArm arm, GError **error)
{
    g_mutex_lock(&policy->lock);
    g_autofree char *text =
        g_strdup_printf("%s %s\n", vdt_arm_name(policy->configured), vdt_arm_name(arm));
    g_mutex_unlock(&policy->lock);
    if (policy->file != NULL &&
        !g_file_set_contents_full(policy->file, text, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0640, error))
        return FALSE;
    g_mutex_lock(&policy->lock);
    policy->arm = arm;
    g_mutex_unlock(&policy->lock);
    return TRUE;
}
