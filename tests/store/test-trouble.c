/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are damaged, locked, of another version; disks that are full. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fixture.h"

static VdtStore *open_saying(const char *folder, Said *said)
{
    g_autoptr(GError) error = NULL;
    VdtStoreOptions options = said_options(said);
    VdtStore *store = vdt_store_open(folder, &options, &error);
    g_assert_no_error(error);
    return store;
}

static guint count_damaged(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;
    while ((name = g_dir_read_name(dir)) != NULL)
        n += g_str_has_prefix(name, VDT_STORE_FILE ".damaged-") && !g_str_has_suffix(name, "-wal");
    return n;
}

static void write_file(const char *folder, const char *content, gsize n)
{
    g_autofree char *file = g_build_filename(folder, VDT_STORE_FILE, NULL);
    g_autoptr(GError) error = NULL;
    g_file_set_contents(file, content, (gssize)n, &error);
    g_assert_no_error(error);
}

static void test_no_folder(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_store_open("/nonexistent/vedette", NULL, &error));
    g_assert_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_OPEN);
    g_assert_nonnull(strstr(error->message, "/nonexistent/vedette/events.db"));
}

static void test_used(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(GError) error = NULL;
    VdtStore *store = vdt_store_open(folder, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(vdt_store_open(folder, NULL, &error));
    g_assert_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_USED);
    fixture_put(store, "start", "a");
    fixture_flush(store);
    vdt_store_close(store);
    g_clear_error(&error);
    store = vdt_store_open(folder, NULL, &error);
    g_assert_no_error(error);
    vdt_store_close(store);
}

/* Refused, and left as it is. */
static void test_newer(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(GError) error = NULL;
    vdt_store_close(vdt_store_open(folder, NULL, NULL));
    fixture_sql(folder, "PRAGMA user_version=1000");
    g_assert_null(vdt_store_open(folder, NULL, &error));
    g_assert_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_NEWER);
    g_assert_cmpuint(count_damaged(folder), ==, 0);
    g_assert_cmpint(fixture_number(folder, "PRAGMA user_version"), ==, 1000);
}

/* Nothing of a version that cannot be reached is left behind. */
static void test_half_migrated(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    Said said;
    said_open(&said);
    fixture_sql(folder, "CREATE TABLE marks (x); INSERT INTO marks VALUES (7)");
    VdtStore *store = open_saying(folder, &said);
    g_assert_true(said_has(&said, "damaged"));
    g_assert_cmpuint(count_damaged(folder), ==, 1);
    fixture_put(store, "start", "a");
    fixture_flush(store);
    vdt_store_close(store);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, VDT_STORE_FILE ".damaged-")) {
            g_autofree char *from = g_build_filename(folder, name, NULL),
                            *to = g_build_filename(folder, VDT_STORE_FILE, NULL);
            g_assert_cmpint(g_rename(from, to), ==, 0);
            break;
        }
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM sqlite_master"), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT x FROM marks"), ==, 7);
    said_close(&said);
}

static void test_garbage(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    Said said;
    said_open(&said);
    for (guint i = 0; i < 5; i++) {
        g_autofree char *text = g_strnfill(100000 + i, 'x');
        write_file(folder, text, strlen(text));
        guint64 before = (guint64)g_get_real_time() / 1000;
        VdtStore *store = open_saying(folder, &said);
        fixture_put(store, "start", "a");
        fixture_flush(store);
        /* no number that a reader may have seen */
        g_assert_cmpuint(vdt_store_get_last(store), >, before);
        g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
        g_assert_true(info->damaged);
        vdt_store_close(store);
    }
    g_assert_cmpuint(said_count(&said, "was damaged"), ==, 5);
    g_assert_cmpuint(count_damaged(folder), ==, 3);
    said_close(&said);
}

/* While it is open: it goes on with another file, and with its numbers; marks are as they were. */
static void test_damaged_in_use(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    Said said;
    said_open(&said);
    VdtStore *store = open_saying(folder, &said);
    vdt_store_set_mark(store, "mqtt", 10);
    vdt_store_set_mark(store, "ahead", 5000);
    fixture_put_many(store, "a", 500);
    fixture_flush(store);
    fixture_sql(folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    g_autofree char *file = g_build_filename(folder, VDT_STORE_FILE, NULL);
    int fd = open(file, O_WRONLY);
    g_autofree char *junk = g_strnfill(4096, '\x5a');
    GStatBuf s;
    g_assert_cmpint(g_stat(file, &s), ==, 0);
    for (goffset at = 4096; at < s.st_size; at += 4096)
        g_assert_cmpint(pwrite(fd, junk, 4096, at), ==, 4096);
    close(fd);
    for (guint i = 0; i < 100 && !said_has(&said, "was damaged"); i++) {
        g_autofree char *name = g_strdup_printf("b%u", i);
        g_autoptr(GPtrArray) rows = vdt_store_read(store, 0, 10000, NULL);
        fixture_put_many(store, name, 20);
        fixture_flush(store);
        vdt_store_set_limits(store, &vdt_store_limits_default);
    }
    g_assert_true(said_has(&said, "was damaged"));
    fixture_put(store, "start", "last");
    fixture_flush(store);
    g_assert_cmpuint(vdt_store_get_last(store), >, 1000);
    g_autoptr(VdtStoredEvent) last = fixture_find(store, "last");
    g_assert_nonnull(last);
    guint64 lost = vdt_store_get_lost(store, "mqtt");
    g_assert_cmpuint(lost, >=, 990);
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, 10 + lost);
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_cmpuint(info->lost, ==, 0);
    g_assert_null(info->trouble);
    vdt_store_close(store);
    g_assert_cmpuint(count_damaged(folder), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT seq FROM marks WHERE reader='mqtt'"), ==,
                    10 + lost);
    g_assert_cmpint(fixture_number(folder, "SELECT seq FROM marks WHERE reader='ahead'"), ==, 5000);
    said_close(&said);
}

/* Somebody cleans up under it. */
static void test_removed(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    Said said;
    said_open(&said);
    VdtStore *store = open_saying(folder, &said);
    fixture_put_many(store, "a", 5);
    fixture_flush(store);
    static const char *const files[] = {VDT_STORE_FILE, VDT_STORE_FILE "-wal",
                                        VDT_STORE_FILE "-shm"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_build_filename(folder, files[i], NULL);
        g_remove(file);
    }
    vdt_store_set_limits(store, &vdt_store_limits_default);
    g_assert_true(said_wait(&said, "removed or replaced"));
    fixture_put(store, "start", "b");
    fixture_flush(store);
    g_autofree char *journal = fixture_show_journal(store, 0);
    g_assert_cmpstr(journal, ==, "11:start:b");
    vdt_store_close(store);
    said_close(&said);
}

/* Another process has it locked for longer than is waited for: said once, and written afterwards.
 */
static void test_locked(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    Said said;
    said_open(&said);
    VdtStore *store = open_saying(folder, &said);
    g_autofree char *file = g_build_filename(folder, VDT_STORE_FILE, NULL);
    sqlite3 *other;
    fixture_flush(store);
    g_assert_cmpint(sqlite3_open(file, &other), ==, SQLITE_OK);
    sqlite3_busy_timeout(other, 5000); /* the writer may be at it */
    g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    fixture_put_many(store, "a", 3);
    g_assert_false(vdt_store_flush(store, G_USEC_PER_SEC));
    g_assert_true(said_wait(&said, "cannot be written"));
    g_assert_false(vdt_store_flush(store, G_USEC_PER_SEC));
    g_autoptr(VdtStoreInfo) during = vdt_store_get_info(store);
    g_assert_nonnull(during->trouble);
    g_assert_cmpuint(during->waiting, ==, 6);
    sqlite3_close(other);
    fixture_flush(store);
    g_assert_cmpuint(said_count(&said, "cannot be written"), ==, 1);
    g_assert_true(said_wait(&said, "written again"));
    g_autofree char *journal = fixture_show_journal(store, 0);
    g_assert_true(g_str_has_prefix(journal, "1:start:a-0 2:end:a-0 3:start:a-1"));
    vdt_store_close(store);
    said_close(&said);
}

/* What a small queue has no room for is counted; updates give way to starts and ends. */
static void test_full_queue(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    Said said;
    said_open(&said);
    VdtStoreOptions options = said_options(&said);
    options.queue_most = 8;
    VdtStore *store = vdt_store_open(folder, &options, NULL);
    g_autofree char *file = g_build_filename(folder, VDT_STORE_FILE, NULL);
    sqlite3 *other;
    fixture_flush(store);
    g_assert_cmpint(sqlite3_open(file, &other), ==, SQLITE_OK);
    sqlite3_busy_timeout(other, 5000); /* the writer may be at it */
    g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    for (guint i = 0; i < 20; i++)
        fixture_put(store, "update", "u");
    fixture_put(store, "start", "a");
    fixture_put(store, "end", "a");
    fixture_put(store, "start", "b");
    g_assert_true(said_wait(&said, "15 events were lost"));
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_cmpuint(info->put, ==, 23);
    g_assert_cmpuint(info->lost, ==, 15);
    g_assert_cmpuint(info->waiting, ==, 8);
    sqlite3_close(other);
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) a = fixture_find(store, "a"), b = fixture_find(store, "b");
    g_assert_nonnull(a);
    g_assert_null(b);
    vdt_store_close(store);
    said_close(&said);
}

/* A folder on a disk of @size; NULL where that cannot be had. */
static char *small_disk(const char *size)
{
    char *folder = fixture_folder();
    g_autofree char *options = g_strdup_printf("size=%s", size);
    if (mount("vedette", folder, "tmpfs", 0, options) == 0)
        return folder;
    g_test_skip("mounting a small disk needs root");
    fixture_remove(folder);
    return NULL;
}

static void fill(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "filler", NULL);
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    g_autofree char *block = g_strnfill(4096, 'x');
    while (write(fd, block, 4096) > 0)
        continue;
    g_assert_cmpint(errno, ==, ENOSPC);
    close(fd);
}

static void make_room(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "filler", NULL);
    g_assert_cmpint(g_remove(file), ==, 0);
}

static void test_full_disk(void)
{
    g_autofree char *folder = small_disk("4M");
    Said said;
    if (folder == NULL)
        return;
    said_open(&said);
    VdtStore *store = open_saying(folder, &said);
    fixture_put_many(store, "a", 10);
    fixture_flush(store);
    fill(folder);
    fixture_put_many(store, "b", 1000);
    g_assert_false(vdt_store_flush(store, G_USEC_PER_SEC / 2));
    g_assert_true(said_wait(&said, "cannot be written"));
    g_autofree char *before = fixture_show_journal(store, 18); /* what was there can be read */
    g_assert_true(g_str_has_prefix(before, "19:start:a-9 20:end:a-9"));
    fixture_put(store, "start", "c");
    make_room(folder);
    fixture_flush(store);
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_cmpuint(info->lost, ==, 0);
    g_assert_cmpuint(info->last, ==, 20 + 2000 + 1);
    g_assert_null(info->trouble);
    g_assert_cmpuint(said_count(&said, "cannot be written"), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events"), ==, 1011);
    vdt_store_close(store);
    said_close(&said);
    umount(folder);
    g_rmdir(folder);
}

/* It is full when the service starts, after a crash or for the first time. */
static void test_full_at_start(void)
{
    for (guint had = 0; had < 2; had++) {
        g_autofree char *folder = small_disk("4M");
        Said said;
        if (folder == NULL)
            return;
        said_open(&said);
        if (had) {
            VdtStore *first = open_saying(folder, &said);
            fixture_put_many(first, "a", 2);
            fixture_put(first, "start", "open");
            vdt_store_set_mark(first, "mqtt", 3);
            vdt_store_close(first);
        }
        fill(folder);
        VdtStore *store = open_saying(folder, &said);
        fixture_put(store, "start", "b");
        g_assert_false(vdt_store_flush(store, G_USEC_PER_SEC / 2));
        make_room(folder);
        fixture_flush(store);
        g_autofree char *journal = fixture_show_journal(store, had ? 4 : 0);
        g_assert_cmpstr(journal, ==, had ? "5:start:open 6:end:open 7:start:b" : "1:start:b");
        if (had)
            g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, 3);
        vdt_store_close(store);
        said_close(&said);
        umount(folder);
        g_rmdir(folder);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trouble/no-folder", test_no_folder);
    g_test_add_func("/trouble/used", test_used);
    g_test_add_func("/trouble/newer", test_newer);
    g_test_add_func("/trouble/half-migrated", test_half_migrated);
    g_test_add_func("/trouble/garbage", test_garbage);
    g_test_add_func("/trouble/damaged-in-use", test_damaged_in_use);
    g_test_add_func("/trouble/removed", test_removed);
    g_test_add_func("/trouble/locked", test_locked);
    g_test_add_func("/trouble/full-queue", test_full_queue);
    g_test_add_func("/trouble/full-disk", test_full_disk);
    g_test_add_func("/trouble/full-at-start", test_full_at_start);
    return g_test_run();
}
