/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events at the end of a file: rotated, removed, on a full disk, and where none can be. */
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "told.h"

/* The labels in it. A line that is none is fatal. */
static char *labels(const char *name)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) all = g_string_new(NULL);
    if (!g_file_get_contents(fixture_path(name), &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        const char *label = strstr(lines[i], "\"label\":\"");
        g_assert_nonnull(label);
        g_assert_true(g_str_has_suffix(lines[i], "}"));
        label += strlen("\"label\":\"");
        g_string_append_printf(all, "%.*s%s ", (int)strcspn(label, "\""), label,
                               strstr(lines[i], "\"repeated\":true") != NULL ? "+" : "");
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

static gboolean holds(const char *name, const char *expected)
{
    g_autofree char *found = labels(name);
    return g_strcmp0(found, expected) == 0;
}

static VdtConfig *configure(const char *name)
{
    g_autofree char *path = g_strdup(fixture_path(name));
    return told_config("", "[file]\npath=%s\n", path);
}

static void put(VdtStore *store, guint from, guint to)
{
    for (guint i = from; i < to; i++)
        told_put(store, "a", i);
}

static void test_append(void)
{
    fixture_files("out.json", "{\"label\":\"before\"}\n{\"label\":\"torn\"}", NULL);
    g_autoptr(VdtConfig) config = configure("out.json");
    VdtStore *store = told_open();
    VdtPublisher *publisher = told_publish(config, store);
    put(store, 0, 3);
    WAIT(holds("out.json", "before torn 0 1 2 "), 5);
    WAIT(told_sent(publisher, "file") == 3, 1);
    WAIT(told_pending(publisher, "file") == 0, 1);
    g_assert_true(vdt_publisher_free(publisher));
    put(store, 3, 5); /* while it is not there */
    g_assert_true(vdt_store_flush(store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    publisher = told_publish(config, store);
    WAIT(holds("out.json", "before torn 0 1 2 3 4 "), 5);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
}

/* So many have arrived, and it waits for more. */
static void settle(VdtPublisher *publisher, guint n)
{
    WAIT(told_sent(publisher, "file") == n, 5);
    g_usleep(50000);
}

static void test_rotate(void)
{
    fixture_files(NULL, NULL);
    g_autoptr(VdtConfig) config = configure("out.json");
    g_autofree char *out = g_strdup(fixture_path("out.json")),
                    *old = g_strdup(fixture_path("out.json.1"));
    VdtStore *store = told_open();
    VdtPublisher *publisher = told_publish(config, store);
    put(store, 0, 2);
    settle(publisher, 2);
    g_assert_true(holds("out.json", "0 1 "));
    g_assert_cmpint(g_rename(out, old), ==, 0);
    put(store, 2, 4);
    WAIT(holds("out.json", "2 3 "), 5);
    g_assert_true(holds("out.json.1", "0 1 "));
    settle(publisher, 4);
    g_assert_cmpint(g_unlink(out), ==, 0);
    put(store, 4, 5);
    WAIT(holds("out.json", "4 "), 5);
    settle(publisher, 5);
    /* As logrotate does with "create". */
    g_assert_cmpint(g_rename(out, old), ==, 0);
    fixture_add("out.json", "");
    put(store, 5, 6);
    WAIT(holds("out.json", "5 "), 5);
    g_assert_true(holds("out.json.1", "4 "));
    settle(publisher, 6);
    /* And with "copytruncate". */
    g_assert_cmpint(truncate(out, 0), ==, 0);
    put(store, 6, 7);
    WAIT(holds("out.json", "6 "), 5);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
}

/* A folder that is not there yet, and what is no file. */
static void test_wrong(void)
{
    fixture_files("folder/x", "", NULL);
    g_autoptr(VdtConfig) config = configure("new/out.json");
    VdtStore *store = told_open();
    VdtPublisher *publisher = told_publish(config, store);
    put(store, 0, 1);
    WAIT(told_said("file: away (") && told_said("No such file or directory"), 5);
    g_assert_cmpint(told_state(publisher, "file"), ==, VDT_SINK_AWAY);
    g_assert_cmpint(g_mkdir(fixture_path("new"), 0755), ==, 0);
    WAIT(told_sent(publisher, "file") == 1, 5);
    g_assert_true(holds("new/out.json", "0 "));
    g_assert_cmpint(told_state(publisher, "file"), ==, VDT_SINK_UP);
    g_assert_true(vdt_publisher_free(publisher));
    /* A pipe, whose reader could stop who writes. */
    g_assert_cmpint(mkfifo(fixture_path("pipe"), 0600), ==, 0);
    g_autoptr(VdtConfig) piped = configure("pipe");
    publisher = told_publish(piped, store);
    WAIT(told_said("it is no file"), 5);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
}

/* A disk that takes a part: no line is torn, none is lost, none is doubled. */
static void test_full(void)
{
    fixture_files("disk/x", "", NULL);
    g_autofree char *disk = g_strdup(fixture_path("disk"));
    /* Nobody else's, so that it is gone with this process. */
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("vedette", disk, "tmpfs", 0, "size=16k") != 0) {
        g_test_skip("may not mount a disk that is small");
        return;
    }
    g_autoptr(VdtConfig) config = configure("disk/out.json");
    VdtStore *store = told_open();
    VdtPublisher *publisher = told_publish(config, store);
    g_autoptr(GString) expected = g_string_new(NULL);
    put(store, 0, 300);
    for (guint i = 0; i < 300; i++)
        g_string_append_printf(expected, "%u ", i);
    WAIT(told_said("No space left on device"), 5);
    /* For as long as it is full, however often it is tried. */
    for (guint i = 0; i < 300; i++) {
        g_assert_cmpint(told_state(publisher, "file"), ==, VDT_SINK_AWAY);
        g_usleep(1000);
    }
    g_autofree char *some = labels("disk/out.json");
    g_assert_true(g_str_has_prefix(expected->str, some));
    g_autofree char *more = g_strdup_printf("mount -o remount,size=1M '%s'", disk);
    g_assert_cmpint(system(more), ==, 0);
    WAIT(told_sent(publisher, "file") == 300, 5);
    g_autofree char *found = labels("disk/out.json");
    g_auto(GStrv) parts = g_strsplit(found, "+", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    g_assert_cmpstr(plain, ==, expected->str);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    g_assert_cmpint(umount(disk), ==, 0);
}

/* Who is not told any more is forgotten, and begins with what is new. */
static void test_reload(void)
{
    fixture_files(NULL, NULL);
    g_autoptr(VdtConfig) first = configure("one.json");
    VdtStore *store = told_open();
    VdtPublisher *publisher = told_publish(first, store);
    put(store, 0, 1);
    WAIT(holds("one.json", "0 "), 5);
    g_autoptr(VdtConfig) second = configure("two.json");
    vdt_publisher_reload(publisher, second);
    put(store, 1, 2);
    WAIT(holds("two.json", "1 "), 5);
    g_assert_true(holds("one.json", "0 "));
    g_autoptr(VdtConfig) none = told_config("", "[service]\n");
    vdt_publisher_reload(publisher, none);
    g_assert_null(told_info(publisher, "file"));
    g_assert_true(told_said("file: stopped"));
    put(store, 2, 3);
    g_assert_true(vdt_store_flush(store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    vdt_publisher_reload(publisher, second);
    put(store, 3, 4);
    WAIT(holds("two.json", "1 3 "), 5);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/file/append", test_append);
    g_test_add_func("/file/rotate", test_rotate);
    g_test_add_func("/file/wrong", test_wrong);
    g_test_add_func("/file/full", test_full);
    g_test_add_func("/file/reload", test_reload);
    return fixture_close();
}
