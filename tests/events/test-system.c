/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the system tells of itself, over made-up time. */
#include "events/system.h"

#include <glib/gstdio.h>
#include <sys/statvfs.h>

#include "fixture.h"

#define SECOND G_USEC_PER_SEC

static const VdtSystemLimits limits = {.lost_after = 10 * SECOND};

static void test_set(void)
{
    Heard heard;
    heard_open(&heard);
    VdtSystem *system = vdt_system_new(heard.hub, NULL, &limits);
    vdt_system_set_broker(system, NULL);
    heard_expect_system(&heard, "");
    vdt_system_set_broker(system, "no route");
    vdt_system_set_broker(system, "no route");
    vdt_system_set_configuration(system, "line 3");
    vdt_system_set_broker(system, "refused");
    vdt_system_set_broker(system, NULL);
    vdt_system_set_broker(system, NULL);
    heard_expect_system(&heard, "start broker/away: no route; start configuration/refused: line 3; "
                                "update broker/away: refused; end broker/away");
    vdt_system_set(system, "view", "covered", "front", "dark");
    vdt_system_set(system, "view", "covered", "yard", "dark");
    vdt_system_set(system, "view", "moved", "front", "other");
    heard_expect_system(&heard, "start view/covered of front: dark; "
                                "start view/covered of yard: dark; start view/moved of front: "
                                "other");
    vdt_system_free(system);
    vdt_hub_free(g_steal_pointer(&heard.hub));
    g_assert_cmpuint(heard.events->len, ==, 4); /* all of it ends */
    heard_close(&heard);
}

/* Each has an id of its own, from its start to its end. */
static void test_ids(void)
{
    Heard heard;
    heard_open(&heard);
    VdtSystem *system = vdt_system_new(heard.hub, NULL, &limits);
    for (guint i = 0; i < 2; i++) {
        vdt_system_set_broker(system, "x");
        vdt_system_set_broker(system, NULL);
    }
    const VdtEvent *const *e = (const VdtEvent *const *)heard.events->pdata;
    g_assert_cmpstr(e[0]->id, ==, e[1]->id);
    g_assert_cmpstr(e[2]->id, ==, e[3]->id);
    g_assert_cmpstr(e[0]->id, !=, e[2]->id);
    vdt_system_free(system);
    heard_close(&heard);
}

static void test_camera(void)
{
    Heard heard;
    heard_open(&heard);
    VdtSystem *system = vdt_system_new(heard.hub, NULL, &limits);
    vdt_system_set_camera(system, "front", "connecting", 0);
    vdt_system_tick(system, 9 * SECOND);
    vdt_system_set_camera(system, "front", NULL, 9 * SECOND); /* in time */
    vdt_system_tick(system, 20 * SECOND);
    heard_expect_system(&heard, "");
    vdt_system_set_camera(system, "front", "stalled", 20 * SECOND);
    vdt_system_set_camera(system, "front", "refused", 25 * SECOND); /* since it stalled */
    vdt_system_set_camera(system, "yard", "stalled", 25 * SECOND);
    vdt_system_tick(system, 30 * SECOND);
    heard_expect_system(&heard, "start camera/lost of front: refused");
    vdt_system_set_camera(system, "front", "no route", 31 * SECOND);
    vdt_system_set_camera(system, "front", NULL, 40 * SECOND);
    vdt_system_tick(system, 41 * SECOND);
    heard_expect_system(&heard, "update camera/lost of front: no route; "
                                "end camera/lost of front; "
                                "start camera/lost of yard: stalled");
    vdt_system_set_camera(system, "gone", "stalled", 41 * SECOND);
    vdt_system_set(system, "view", "covered", "yard", "dark");
    vdt_system_set(system, "view", "covered", "front", "dark");
    vdt_system_forget_stream(system, "yard");
    vdt_system_forget_stream(system, "gone");
    vdt_system_tick(system, 100 * SECOND);
    heard_expect_system(&heard, "start view/covered of yard: dark; "
                                "start view/covered of front: dark; "
                                "end view/covered of yard: stopped; "
                                "end camera/lost of yard: stopped");
    vdt_system_free(system);
    heard_close(&heard);
}

static void test_disk(void)
{
    Heard heard;
    struct statvfs s;
    g_autofree char *folder = g_dir_make_tmp("vedette-system-XXXXXX", NULL);
    heard_open(&heard);
    g_assert_cmpint(statvfs(folder, &s), ==, 0);
    guint64 room = (guint64)s.f_bavail * s.f_frsize;
    VdtSystemLimits now = {.lost_after = SECOND, .min_free = 1};
    VdtSystem *system = vdt_system_new(heard.hub, folder, &now);
    vdt_system_tick(system, SECOND);
    heard_expect_system(&heard, "");
    now.min_free = room * 4;
    vdt_system_set_limits(system, &now);
    vdt_system_tick(system, 2 * SECOND);
    vdt_system_tick(system, 30 * SECOND);
    g_assert_cmpuint(heard.events->len, ==, 1);
    const VdtEvent *event = heard.events->pdata[0];
    g_assert_cmpstr(event->what, ==, "disk");
    g_assert_cmpstr(event->label, ==, "nearly full");
    g_assert_null(event->stream);
    g_ptr_array_set_size(heard.events, 0);
    /* enough, but not by a quarter */
    now.min_free = room - room / 10;
    vdt_system_set_limits(system, &now);
    vdt_system_tick(system, 31 * SECOND);
    g_assert_cmpuint(heard.events->len, <=, 1);
    g_assert_cmpuint(vdt_hub_count_open(heard.hub), ==, 1);
    now.min_free = room / 2;
    vdt_system_set_limits(system, &now);
    vdt_system_tick(system, 32 * SECOND);
    g_assert_cmpuint(vdt_hub_count_open(heard.hub), ==, 0);
    /* it cannot be looked at any more */
    g_rmdir(folder);
    vdt_system_tick(system, 60 * SECOND);
    g_assert_cmpuint(vdt_hub_count_open(heard.hub), ==, 1);
    vdt_system_free(system);
    heard_close(&heard);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/system/set", test_set);
    g_test_add_func("/system/ids", test_ids);
    g_test_add_func("/system/camera", test_camera);
    g_test_add_func("/system/disk", test_disk);
    return g_test_run();
}
