/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outlets.h"

#include <string.h>
#include <unistd.h>

#include "isolated.h"

#define RECORDINGS  "recordings"
#define LAST_EVENTS 100000  /* us */
#define LAST_CLIPS  1000000 /* us */

static void print_event(VdtEvent *event, gpointer lines)
{
    vdt_lines_put(lines, g_strdup(event->json));
}

static void keep_event(VdtEvent *event, gpointer store)
{
    vdt_store_put(store, event);
}

static void record_event(VdtEvent *event, gpointer records)
{
    vdt_records_take_event(records, event);
}

static void on_store_says(VdtStoreLevel level, const char *sentence, gpointer tell)
{
    static const VdtTellLevel levels[] = {[VDT_STORE_INFO] = VDT_TELL_INFO,
                                          [VDT_STORE_WARNING] = VDT_TELL_WARNING,
                                          [VDT_STORE_TROUBLE] = VDT_TELL_ERROR};
    vdt_tell(tell, levels[level], "%s", sentence);
}

static void on_publisher_tells(int level, const char *text, gpointer data)
{
    const VdtOutlets *outlets = data;
    vdt_tell(outlets->tell, (VdtTellLevel)level, "%s", text);
}

/* That a broker is away is an event of its own, which it gets when it is back. */
static void on_sink_changed(const VdtSinkInfo *info, gpointer data)
{
    const VdtOutlets *outlets = data;
    gboolean away = info->state == VDT_SINK_AWAY || info->state == VDT_SINK_REFUSED;
    if (strcmp(info->name, "mqtt") == 0)
        vdt_system_set_broker(outlets->system, away ? info->error : NULL);
}

/* systemd may have made several folders, the first of which is this process's own. */
static char *find_state(const VdtServeOptions *served)
{
    const char *folders = served->state == NULL ? g_getenv("STATE_DIRECTORY") : NULL;
    if (folders != NULL && *folders != '\0')
        return g_strndup(folders, strcspn(folders, ":"));
    if (served->state == NULL)
        return NULL;
    g_autofree char *whole = g_canonicalize_filename(served->state, NULL);
    if (served->alone == NULL)
        return g_steal_pointer(&whole);
    char *own = vdt_isolated_folder(whole, served->alone);
    g_mkdir_with_parents(own, 0750);
    return own;
}

static gboolean open_store(VdtOutlets *outlets, const VdtConfig *config, const char *folder)
{
    g_autoptr(GError) error = NULL;
    VdtStoreOptions options = {.limits = vdt_policy_store_limits(config),
                               .say = on_store_says,
                               .say_data = (gpointer)outlets->tell};
    if (folder == NULL) {
        vdt_tell(outlets->tell, VDT_TELL_NOTICE,
                 "there is no state folder (--state, or systemd's), so no events are kept");
        return TRUE;
    }
    g_autofree char *recordings = g_build_filename(folder, RECORDINGS, NULL);
    outlets->store = vdt_store_open(folder, &options, &error);
    if (outlets->store != NULL)
        outlets->records =
            vdt_records_new(config, recordings, outlets->tell, outlets->store, &error);
    if (outlets->records != NULL)
        return TRUE;
    vdt_tell(outlets->tell, VDT_TELL_ERROR, "events cannot be kept: %s", error->message);
    g_clear_pointer(&outlets->store, vdt_store_close);
    return FALSE;
}

static void tell_arm(const VdtOutlets *outlets)
{
    if (outlets->publisher != NULL)
        vdt_publisher_set_arm(outlets->publisher,
                              vdt_arm_name(vdt_policy_get_arm(outlets->policy)));
}

gboolean vdt_outlets_open(VdtOutlets *outlets, VdtConfig *config, const VdtServeOptions *served,
                          const VdtTell *tell)
{
    g_autofree char *folder = find_state(served);
    VdtSystemLimits limits = vdt_policy_system_limits(config);
    VdtPublisherOptions options = {
        .tell = on_publisher_tells, .changed = on_sink_changed, .data = outlets};
    *outlets = (VdtOutlets){.tell = tell};
    if (!open_store(outlets, config, folder))
        return FALSE;
    outlets->folder = g_strdup(folder);
    outlets->lines = vdt_lines_new(STDOUT_FILENO);
    outlets->hub = vdt_hub_new();
    outlets->policy = vdt_policy_new(config, outlets->hub, folder);
    outlets->system = vdt_system_new(outlets->hub, folder, &limits);
    vdt_hub_add_sink(outlets->hub, print_event, outlets->lines, NULL);
    if (outlets->store == NULL)
        return TRUE;
    /* What is recorded of an event is noted with it. */
    vdt_hub_add_sink(outlets->hub, keep_event, outlets->store, NULL);
    vdt_hub_add_sink(outlets->hub, record_event, outlets->records, NULL);
    if (served->alone == NULL)
        outlets->publisher = vdt_publisher_new(config, outlets->store, &options);
    tell_arm(outlets);
    return TRUE;
}

guint vdt_outlets_close(VdtOutlets *outlets)
{
    /* What ends now waits in the journal for who is told of it. */
    guint hanging = outlets->publisher != NULL && !vdt_publisher_free(outlets->publisher);
    vdt_system_free(outlets->system);
    vdt_hub_free(outlets->hub);
    vdt_policy_unref(outlets->policy);
    if (outlets->store != NULL) {
        hanging += vdt_records_free(outlets->records, LAST_CLIPS);
        if (hanging == 0)
            vdt_store_close(outlets->store);
        else
            vdt_store_flush(outlets->store, LAST_EVENTS);
    }
    vdt_lines_free(outlets->lines, LAST_EVENTS);
    g_free(outlets->folder);
    return hanging;
}

void vdt_outlets_reload(VdtOutlets *outlets, VdtConfig *config)
{
    VdtStoreLimits kept = vdt_policy_store_limits(config);
    VdtSystemLimits told = vdt_policy_system_limits(config);
    vdt_policy_reload(outlets->policy, config);
    vdt_system_set_limits(outlets->system, &told);
    if (outlets->store == NULL)
        return;
    vdt_store_set_limits(outlets->store, &kept);
    vdt_records_set_config(outlets->records, config);
    if (outlets->publisher != NULL)
        vdt_publisher_reload(outlets->publisher, config);
    tell_arm(outlets);
}

gboolean vdt_outlets_set_arm(VdtOutlets *outlets, VdtArm arm, GError **error)
{
    if (!vdt_policy_set_arm(outlets->policy, arm, error))
        return FALSE;
    vdt_tell(outlets->tell, VDT_TELL_NOTICE, "it is %s now, since somebody asked for that",
             arm == VDT_ARM_AUTO ? "armed by schedules" : vdt_arm_name(arm));
    tell_arm(outlets);
    return TRUE;
}

void vdt_outlets_tick(VdtOutlets *outlets)
{
    guint64 lost = vdt_lines_get_lost(outlets->lines);
    if (lost > outlets->lost)
        vdt_tell(outlets->tell, VDT_TELL_WARNING,
                 "%" G_GUINT64_FORMAT " events were lost, since nobody reads them fast enough",
                 lost - outlets->lost);
    outlets->lost = lost;
    vdt_system_tick(outlets->system, g_get_monotonic_time());
}
