/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is put is there: as events, in the journal, for those who listen, and after a restart. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "fixture.h"

static VdtStore *open_plain(const char *folder)
{
    g_autoptr(GError) error = NULL;
    VdtStore *store = vdt_store_open(folder, NULL, &error);
    g_assert_no_error(error);
    return store;
}

static void test_lives(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    VdtEventLine line = fixture_line("start", "a");
    line.time = 1000;
    line.zone = "door";
    g_autoptr(VdtEvent) start = vdt_event_new(&line);
    vdt_store_put(store, start);
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) open = fixture_find(store, "a");
    g_assert_cmpint(open->start, ==, 1000);
    g_assert_cmpint(open->end, ==, 0);
    g_assert_cmpstr(open->stream, ==, "front");
    g_assert_cmpstr(open->type, ==, "objects");
    g_assert_cmpstr(open->element, ==, "segmenter");
    g_assert_cmpstr(open->label, ==, "person");
    g_assert_cmpstr(open->zone, ==, "door");
    g_assert_null(open->line);
    g_assert_null(open->what);
    g_assert_cmpstr(open->json, ==, start->json);
    g_assert_cmpuint(open->audience, ==, VDT_TO_ALL);

    line.event = "update";
    line.time = 2000;
    line.score = 0.9;
    g_autoptr(VdtEvent) update = vdt_event_new(&line);
    line.event = "end";
    line.time = 3000;
    line.score = 0.7;
    g_autoptr(VdtEvent) end = vdt_event_new(&line);
    vdt_store_put(store, update);
    vdt_store_put(store, end);
    vdt_store_attach(store, "a", VDT_ATTACH_SNAPSHOT, "/a.jpg");
    vdt_store_attach(store, "a", VDT_ATTACH_CLIP, "/a.mp4");
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) closed = fixture_find(store, "a");
    g_assert_cmpint(closed->start, ==, 1000);
    g_assert_cmpint(closed->end, ==, 3000);
    g_assert_cmpint(closed->last, ==, 3000);
    g_assert_cmpfloat(closed->score, ==, 0.9);
    g_assert_cmpstr(closed->snapshot, ==, "/a.jpg");
    g_assert_cmpstr(closed->clip, ==, "/a.mp4");
    g_assert_cmpstr(closed->json, ==, end->json);
    g_autofree char *journal = fixture_show_journal(store, 0);
    g_assert_cmpstr(journal, ==, "1:start:a 2:update:a 3:end:a");

    vdt_store_attach(store, "a", VDT_ATTACH_CLIP, NULL);
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) without = fixture_find(store, "a");
    g_assert_null(without->clip);
    g_assert_cmpstr(without->snapshot, ==, "/a.jpg");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/lives", test_lives);
    return g_test_run();
}
