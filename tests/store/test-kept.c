/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept and what goes: by age, number and size; and what becomes of the file then. */
#include <string.h>
#include <sys/statvfs.h>

#include "fixture.h"

#define HOUR (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static VdtStore *open_with(const char *folder, const VdtStoreLimits *limits)
{
    g_autoptr(GError) error = NULL;
    VdtStore *store = vdt_store_open(folder, &(VdtStoreOptions){.limits = *limits}, &error);
    g_assert_no_error(error);
    return store;
}

/* Waits until @sql gives @wanted. */
static void wait_number(const char *folder, const char *sql, gint64 wanted)
{
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (fixture_number(folder, sql) != wanted && g_get_monotonic_time() < end)
        g_usleep(10000);
    g_assert_cmpint(fixture_number(folder, sql), ==, wanted);
}

static void put_at(VdtStore *store, const char *id, gint64 start, gint64 end)
{
    VdtEventLine line = fixture_line("start", id);
    line.time = start;
    g_autoptr(VdtEvent) first = vdt_event_new(&line);
    vdt_store_put(store, first);
    if (end == 0)
        return;
    line.event = "end";
    line.time = end;
    g_autoptr(VdtEvent) last = vdt_event_new(&line);
    vdt_store_put(store, last);
}

static void test_age(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStoreLimits limits = vdt_store_limits_default;
    gint64 now = g_get_real_time();
    limits.retention = 2 * HOUR;
    g_autoptr(VdtStore) store = open_with(folder, &limits);
    put_at(store, "old", now - 5 * HOUR, now - 3 * HOUR);
    put_at(store, "long", now - 5 * HOUR, now - HOUR); /* ended late enough */
    put_at(store, "open", now - 5 * HOUR, 0);
    put_at(store, "future", now + 1000 * HOUR, now + 1001 * HOUR); /* of a clock that was off */
    put_at(store, "new", now, now);
    fixture_flush(store);
    vdt_store_set_limits(store, &limits);
    wait_number(folder, "SELECT count(*) FROM events", 4);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='old'"), ==, 0);
    /* the journal goes by when a row was written */
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM journal"), ==, 9);
}

static void test_number(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStoreLimits limits = vdt_store_limits_default;
    limits.max_events = 100;
    g_autoptr(VdtStore) store = open_with(folder, &limits);
    fixture_put(store, "start", "open");
    fixture_put_many(store, "a", 1500);
    fixture_flush(store);
    vdt_store_set_limits(store, &limits);
    wait_number(folder, "SELECT count(*) FROM events", 100);
    /* the newest, and what goes on, however old */
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='open'"), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='a-1499'"), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='a-1401'"), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='a-1400'"), ==, 0);
}

/* Readers whose rows went are told how many; those that have read them have lost nothing. */
static void test_journal(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStoreLimits limits = vdt_store_limits_default;
    limits.journal_lines = 20;
    VdtStore *store = open_with(folder, &limits);
    vdt_store_set_mark(store, "slow", 30);
    vdt_store_set_mark(store, "quick", 1990);
    vdt_store_set_mark(store, "never", 0);
    fixture_put_many(store, "a", 1000);
    fixture_flush(store);
    vdt_store_set_limits(store, &limits);
    wait_number(folder, "SELECT count(*) FROM journal", 20);
    fixture_flush(store);
    g_assert_cmpuint(vdt_store_get_lost(store, "slow"), ==, 1950);
    g_assert_cmpuint(vdt_store_get_mark(store, "slow"), ==, 1980);
    g_assert_cmpuint(vdt_store_get_lost(store, "quick"), ==, 0);
    g_assert_cmpuint(vdt_store_get_mark(store, "quick"), ==, 1990);
    g_assert_cmpuint(vdt_store_get_lost(store, "never"), ==, 1980);
    g_autoptr(GPtrArray) rows = vdt_store_read(store, 0, 3, NULL);
    g_assert_cmpuint(((VdtRecord *)rows->pdata[0])->seq, ==, 1981);
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_cmpuint(info->first, ==, 1981);
    g_assert_cmpuint(info->last, ==, 2000);
    struct statvfs disk;
    g_assert_cmpint(statvfs(folder, &disk), ==, 0);
    g_assert_cmpuint(info->free_bytes, >, 0);
    g_assert_cmpuint(info->free_bytes, <=, (guint64)disk.f_blocks * disk.f_frsize);
    vdt_store_close(store);

    store = open_with(folder, &limits);
    g_assert_cmpuint(vdt_store_get_lost(store, "slow"), ==, 1950);
    g_assert_cmpuint(vdt_store_get_lost(store, "unknown"), ==, 0);
    vdt_store_close(store);
}

/* Numbers go on when all rows have gone. */
static void test_journal_age(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStoreLimits limits = vdt_store_limits_default;
    VdtStore *store = open_with(folder, &limits);
    vdt_store_set_mark(store, "slow", 1);
    fixture_put_many(store, "a", 5);
    fixture_flush(store);
    vdt_store_close(store);
    fixture_sql(folder, "UPDATE journal SET written=written-8*86400000000 WHERE seq<=9");
    store = open_with(folder, &limits);
    wait_number(folder, "SELECT count(*) FROM journal", 1);
    limits.journal_age = 0;
    vdt_store_set_limits(store, &limits);
    wait_number(folder, "SELECT count(*) FROM journal", 0);
    fixture_flush(store);
    g_assert_cmpuint(vdt_store_get_lost(store, "slow"), ==, 9);
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_cmpuint(info->first, ==, 0);
    g_assert_cmpuint(info->last, ==, 10);
    fixture_put(store, "start", "next");
    fixture_flush(store);
    g_assert_cmpuint(vdt_store_get_last(store), ==, 11);
    vdt_store_close(store);
}

/* The file becomes smaller than the limit, and the newest events are those that stay. */
static void test_size(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStoreLimits limits = vdt_store_limits_default;
    g_autoptr(VdtStore) store = open_with(folder, &limits);
    for (guint i = 0; i < 8; i++) {
        g_autofree char *name = g_strdup_printf("a%u", i);
        fixture_put_many(store, name, 1000);
        fixture_flush(store);
    }
    fixture_sql(folder, "PRAGMA wal_checkpoint(PASSIVE)");
    g_autoptr(VdtStoreInfo) before = vdt_store_get_info(store);
    g_assert_cmpuint(before->bytes, >, 4 << 20);
    limits.max_bytes = 2 << 20;
    vdt_store_set_limits(store, &limits);
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (fixture_number(folder, "PRAGMA page_count") * 4096 > 2 << 20 &&
           g_get_monotonic_time() < end)
        g_usleep(10000);
    g_assert_cmpint(fixture_number(folder, "PRAGMA page_count") * 4096, <=, 2 << 20);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events"), >, 500);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='a7-999'"), ==, 1);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE id='a0-0'"), ==, 0);
    fixture_sql(folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    g_autoptr(VdtStoreInfo) after = vdt_store_get_info(store);
    g_assert_cmpuint(after->bytes, <=, 2 << 20);
}

/* A limit that nothing can meet does not keep the writer busy. */
static void test_impossible(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStoreLimits limits = {0};
    g_autoptr(VdtStore) store = open_with(folder, &limits);
    fixture_put(store, "start", "open");
    fixture_put_many(store, "a", 10);
    fixture_flush(store);
    vdt_store_set_limits(store, &limits);
    wait_number(folder, "SELECT count(*) FROM events", 1);
    wait_number(folder, "SELECT count(*) FROM journal", 0);
    g_usleep(100000);
    clock_t before = clock();
    g_usleep(200000);
    g_assert_cmpint(clock() - before, <, CLOCKS_PER_SEC / 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kept/age", test_age);
    g_test_add_func("/kept/number", test_number);
    g_test_add_func("/kept/journal", test_journal);
    g_test_add_func("/kept/journal-age", test_journal_age);
    g_test_add_func("/kept/size", test_size);
    g_test_add_func("/kept/impossible", test_impossible);
    return g_test_run();
}
