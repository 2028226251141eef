/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder of recordings: names, what is free, what is left of a killed process, what goes. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/space.h"
#include "record/whole.h"

#define DAY   G_TIME_SPAN_DAY
/* 2026-09-21 */
#define TODAY "2026-09-21"

/* What was called back. */
typedef struct {
    GString *gone;
    guint low, well;
} Calls;

static void on_gone(const char *file, gpointer data)
{
    g_string_append_printf(((Calls *)data)->gone, "%s ", file);
}

static void on_low(gboolean is_low, guint64 free_bytes, gpointer data)
{
    Calls *told = data;

    told->low += is_low;
    told->well += !is_low;
}

typedef struct {
    char *folder;
    VdtSpaceSpec spec;
    VdtSpace *space;
    Calls told;
} Case;

static void case_open(Case *c)
{
    g_autoptr(GError) error = NULL;

    c->space = vdt_space_open(&c->spec, &error);
    g_assert_no_error(error);
}

static void case_init(Case *c)
{
    char *root = folder_new();

    *c = (Case){.folder = root, .told.gone = g_string_new(NULL)};
    c->spec = (VdtSpaceSpec){.folder = root, .low = on_low, .gone = on_gone, .data = &c->told};
    case_open(c);
}

static void case_clear(Case *c)
{
    vdt_space_free(c->space);
    g_string_free(c->told.gone, TRUE);
    folder_free(c->folder);
}

static char *get_path(Case *c, const char *file)
{
    return g_build_filename(c->folder, file, NULL);
}

/* A file of @size bytes that was written at @time, UTC, us. */
static void put(Case *c, const char *file, gsize size, gint64 time)
{
    g_autofree char *path = get_path(c, file), *folder = g_path_get_dirname(path);
    g_autofree char *data = g_malloc0(size);
    const struct timespec times[] = {{time / G_USEC_PER_SEC, 0}, {time / G_USEC_PER_SEC, 0}};

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static gboolean exists(Case *c, const char *file)
{
    g_autofree char *path = get_path(c, file);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* --- names --- */

static void test_make(void)
{
    Case c;
    g_autoptr(GError) error = NULL;
    g_autofree char *stem = NULL, *wanted = NULL, *path = NULL;

    case_init(&c);
    stem = vdt_space_make(c.space, "front", "recognizer-8dfe7700-1", DAWN, &error);
    g_assert_no_error(error);
    wanted = get_path(&c, "front/" TODAY "/recognizer-8dfe7700-1");
    g_assert_cmpstr(stem, ==, wanted);
    path = g_strconcat(stem, ".jpg", NULL);
    g_assert_true(vdt_whole_write(path, "x", 1, &error));
    g_assert_no_error(error);
    g_assert_true(exists(&c, "front/" TODAY "/recognizer-8dfe7700-1.jpg"));
    case_clear(&c);
}

static const char *const hostile[] = {
    "",     ".",     "..",    "../x", "a/b",    "/etc",  "a/../../x", ".hidden",
    "-rf",  "a b",   "a\nb",  "a\\b", "%2e%2e", "a\xff", "\xc3\xa4",  "a:b",
    "a\tb", "~root", "$HOME", "a;b",  "a*",     "a?",    "_a",        "a\x7f",
};

static void test_hostile_names(void)
{
    Case c;
    g_autofree char *most = g_strnfill(200, 'a'), *more = g_strnfill(201, 'a');
    g_autofree char *path = NULL, *file = NULL;
    g_autoptr(GPtrArray) names = NULL;

    case_init(&c);
    for (guint i = 0; i <= G_N_ELEMENTS(hostile); i++)
        for (guint as_id = 0; as_id < 2; as_id++) {
            const char *name = i < G_N_ELEMENTS(hostile) ? hostile[i] : more;
            g_autoptr(GError) error = NULL;

            g_assert_null(vdt_space_make(c.space, as_id ? "front" : name, as_id ? name : "event",
                                         DAWN, &error));
            g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME);
            g_assert_true(g_utf8_validate(error->message, -1, NULL));
            g_assert_null(strchr(error->message, '\n'));
        }
    names = folder_list(c.folder);
    g_assert_cmpuint(names->len, ==, 0);
    /* the longest one has a file */
    path = vdt_space_make(c.space, most, most, DAWN, NULL);
    file = g_strconcat(path, ".webm", NULL);
    g_assert_true(vdt_whole_write(file, "x", 1, NULL));
    case_clear(&c);
}

static void test_hostile_times(void)
{
    static const gint64 times[] = {-1, G_MININT64, G_MAXINT64};
    Case c;

    case_init(&c);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(vdt_space_make(c.space, "front", "event", times[i], &error));
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
        g_assert_true(vdt_space_sweep(c.space, times[i], NULL, NULL));
    }
    case_clear(&c);
}

/* A link in the place of a folder is not followed, wherever it leads. */
static void test_links(void)
{
    Case c;
    g_autofree char *elsewhere = folder_new();
    g_autofree char *stream = NULL, *day = NULL, *secret = NULL;
    g_autoptr(GError) error = NULL;
    VdtSpaceSwept swept;

    case_init(&c);
    secret = g_build_filename(elsewhere, TODAY, NULL);
    g_assert_cmpint(mkdir(secret, 0700), ==, 0);
    g_free(secret);
    secret = g_build_filename(elsewhere, TODAY, "kept.mp4", NULL);
    g_assert_true(g_file_set_contents(secret, "x", 1, NULL));
    stream = get_path(&c, "front");
    g_assert_cmpint(symlink(elsewhere, stream), ==, 0);
    g_assert_null(vdt_space_make(c.space, "front", "event", DAWN, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
    g_clear_error(&error);
    put(&c, "back/2026-09-20/a.mp4", 1, DAWN);
    day = get_path(&c, "back/" TODAY);
    g_assert_cmpint(symlink(elsewhere, day), ==, 0);
    g_assert_null(vdt_space_make(c.space, "back", "event", DAWN, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
    g_clear_error(&error);
    c.spec.most_age = 1;
    vdt_space_set_limits(c.space, &c.spec);
    g_assert_true(vdt_space_sweep(c.space, DAWN + 10 * DAY, &swept, &error));
    g_assert_cmpuint(swept.gone, ==, 1);
    g_assert_true(g_file_test(secret, G_FILE_TEST_EXISTS));
    case_clear(&c);
    folder_free(g_steal_pointer(&elsewhere));
}

/* --- opening --- */

static void test_one_process(void)
{
    Case c;
    g_autoptr(GError) error = NULL;

    case_init(&c);
    g_assert_null(vdt_space_open(&c.spec, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_BUSY);
    g_assert_true(g_str_has_prefix(error->message, c.folder));
    case_clear(&c);
}

static void test_no_folder(void)
{
    Case c;
    g_autoptr(GError) error = NULL;
    g_autofree char *below = NULL, *file = NULL;
    VdtSpaceSpec spec;

    case_init(&c);
    spec = c.spec;
    spec.folder = below = get_path(&c, "a/b/c");
    vdt_space_free(c.space);
    c.space = vdt_space_open(&spec, &error);
    g_assert_no_error(error);
    g_assert_true(g_file_test(below, G_FILE_TEST_IS_DIR));
    put(&c, "file", 1, DAWN);
    spec.folder = file = get_path(&c, "file/below");
    g_assert_null(vdt_space_open(&spec, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
    g_assert_true(g_str_has_prefix(error->message, file));
    case_clear(&c);
}

static void test_leftovers(void)
{
    Case c;

    case_init(&c);
    put(&c, "front/" TODAY "/.a.mp4.part", 10, DAWN);
    put(&c, "back/2026-09-20/.b.jpg.part", 10, DAWN);
    put(&c, "front/" TODAY "/a.mp4", 10, DAWN);
    put(&c, "front/" TODAY "/b.part", 10, DAWN);
    put(&c, "front/" TODAY "/.other", 10, DAWN);
    put(&c, ".a.mp4.part", 10, DAWN);
    put(&c, "front/.a.mp4.part", 10, DAWN);
    put(&c, "front/notes/.a.mp4.part", 10, DAWN);
    vdt_space_free(c.space);
    case_open(&c);
    g_assert_false(exists(&c, "front/" TODAY "/.a.mp4.part"));
    g_assert_false(exists(&c, "back/2026-09-20/.b.jpg.part"));
    g_assert_true(exists(&c, "front/" TODAY "/a.mp4"));
    g_assert_true(exists(&c, "front/" TODAY "/b.part"));
    g_assert_true(exists(&c, "front/" TODAY "/.other"));
    g_assert_true(exists(&c, ".a.mp4.part"));
    g_assert_true(exists(&c, "front/.a.mp4.part"));
    g_assert_true(exists(&c, "front/notes/.a.mp4.part"));
    case_clear(&c);
}

/* --- whole files --- */

static void test_whole(void)
{
    Case c;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL, *part = NULL, *data = NULL, *lost = NULL, *target = NULL;
    gsize size;

    case_init(&c);
    path = get_path(&c, "a.jpg");
    part = vdt_whole_part(path);
    g_assert_true(g_str_has_suffix(part, "/.a.jpg.part"));
    g_assert_true(vdt_whole_is_part(".a.jpg.part"));
    g_assert_false(vdt_whole_is_part("a.jpg.part"));
    g_assert_true(vdt_whole_write(path, "first", 5, &error));
    g_assert_true(vdt_whole_write(path, "second", 6, &error));
    g_assert_true(g_file_get_contents(path, &data, &size, &error));
    g_assert_cmpmem(data, size, "second", 6);
    g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
    /* what somebody else put there is no way to write elsewhere */
    target = get_path(&c, "target");
    g_assert_cmpint(symlink("target", part), ==, 0);
    g_assert_false(vdt_whole_write(path, "third", 5, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS);
    g_assert_false(g_file_test(target, G_FILE_TEST_EXISTS));
    g_clear_error(&error);
    g_unlink(part);
    /* what cannot have its name is not left under the other one */
    g_unlink(path);
    g_assert_cmpint(mkdir(path, 0700), ==, 0);
    g_assert_false(vdt_whole_write(path, "fourth", 6, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
    g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
    g_clear_error(&error);
    lost = get_path(&c, "gone/a.jpg");
    g_assert_false(vdt_whole_write(lost, "x", 1, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    g_assert_true(g_str_has_prefix(error->message, lost));
    g_clear_error(&error);
    g_assert_false(vdt_whole_finish(lost, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    case_clear(&c);
}

/* --- what is free --- */

static void test_low(void)
{
    Case c;
    g_autoptr(GError) error = NULL;

    case_init(&c);
    g_assert_true(vdt_space_check(c.space, &error));
    c.spec.least_free = G_MAXUINT64 / 2;
    vdt_space_set_limits(c.space, &c.spec);
    for (guint i = 0; i < 3; i++) {
        g_assert_null(vdt_space_make(c.space, "front", "event", DAWN, &error));
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
        g_assert_nonnull(strstr(error->message, c.folder));
        g_clear_error(&error);
    }
    g_assert_false(vdt_space_check(c.space, NULL));
    g_assert_cmpuint(c.told.low, ==, 1);
    g_assert_cmpuint(c.told.well, ==, 0);
    g_assert_false(exists(&c, "front"));
    c.spec.least_free = 0;
    vdt_space_set_limits(c.space, &c.spec);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *stem = vdt_space_make(c.space, "front", "event", DAWN, &error);

        g_assert_no_error(error);
    }
    g_assert_cmpuint(c.told.low, ==, 1);
    g_assert_cmpuint(c.told.well, ==, 1);
    case_clear(&c);
}

/* On a disk that becomes full, and empty again: not said with every byte. */
static void test_disk(void)
{
    enum { MIB = 1024 * 1024 };
    Case c;
    g_autofree char *data = g_malloc0(4 * MIB);
    g_autofree char *path = NULL, *more = NULL;
    g_autoptr(GError) error = NULL;

    case_init(&c);
    vdt_space_free(c.space);
    if (mount("none", c.folder, "tmpfs", 0, "size=4m") != 0) {
        g_test_skip("a disk cannot be mounted");
        case_open(&c);
        case_clear(&c);
        return;
    }
    c.spec.least_free = MIB;
    case_open(&c);
    path = get_path(&c, "ballast");
    more = get_path(&c, "more");
    g_assert_true(vdt_space_check(c.space, NULL));
    g_assert_true(g_file_set_contents(path, data, 5 * MIB / 2, NULL));
    g_assert_true(vdt_space_check(c.space, NULL));
    g_assert_true(g_file_set_contents(more, data, MIB, NULL));
    g_assert_false(vdt_space_check(c.space, NULL));
    /* a little above is not enough */
    g_assert_true(g_file_set_contents(more, data, MIB / 2 - 16 * 1024, NULL));
    g_assert_false(vdt_space_check(c.space, NULL));
    g_assert_cmpuint(c.told.low, ==, 1);
    g_assert_cmpuint(c.told.well, ==, 0);
    g_unlink(more);
    g_assert_true(vdt_space_check(c.space, NULL));
    g_assert_cmpuint(c.told.well, ==, 1);
    /* a file that is too large is not there */
    g_unlink(path);
    g_free(path);
    path = get_path(&c, "a.jpg");
    g_assert_true(g_file_set_contents(more, data, MIB, NULL));
    g_assert_false(vdt_whole_write(path, data, 4 * MIB, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
    g_assert_true(g_str_has_prefix(error->message, path));
    g_unlink(more);
    {
        g_autoptr(GPtrArray) names = folder_list(c.folder);

        g_assert_cmpuint(names->len, ==, 0);
    }
    vdt_space_free(c.space);
    g_assert_cmpint(umount(c.folder), ==, 0);
    case_open(&c);
    case_clear(&c);
}

/* --- what goes --- */

static void check_swept(const VdtSpaceSwept *swept, guint files, guint64 bytes, guint gone,
                        guint64 gone_bytes)
{
    g_assert_cmpuint(swept->files, ==, files);
    g_assert_cmpuint(swept->bytes, ==, bytes);
    g_assert_cmpuint(swept->gone, ==, gone);
    g_assert_cmpuint(swept->gone_bytes, ==, gone_bytes);
}

static void test_age(void)
{
    Case c;
    VdtSpaceSwept swept;
    g_autoptr(GError) error = NULL;
    g_autofree char *link = NULL;

    case_init(&c);
    put(&c, "front/2026-09-10/a.mp4", 10, DAWN - 11 * DAY);
    put(&c, "front/2026-09-18/b.mp4", 10, DAWN - 3 * DAY - 1 * G_USEC_PER_SEC);
    put(&c, "front/2026-09-18/c.mp4", 10, DAWN - 3 * DAY + 1 * G_USEC_PER_SEC);
    put(&c, "front/" TODAY "/d.mp4", 10, DAWN);
    put(&c, "front/2026-09-10/notes.txt", 10, DAWN - 11 * DAY);
    put(&c, "front/2026-09-09/.e.mp4.part", 10, DAWN - 11 * DAY);
    put(&c, "front/old/f.mp4", 10, DAWN - 11 * DAY);
    put(&c, "g.mp4", 10, DAWN - 11 * DAY);
    link = get_path(&c, "front/2026-09-10/link.mp4");
    g_assert_cmpint(symlink("notes.txt", link), ==, 0);
    put(&c, "front/2026-09-10/my film.mp4", 10, DAWN - 11 * DAY);
    g_assert_true(vdt_space_sweep(c.space, DAWN, &swept, &error));
    check_swept(&swept, 4, 40, 0, 0);
    c.spec.most_age = 3 * DAY;
    vdt_space_set_limits(c.space, &c.spec);
    g_assert_true(vdt_space_sweep(c.space, DAWN, &swept, &error));
    check_swept(&swept, 2, 20, 2, 20);
    g_assert_nonnull(strstr(c.told.gone->str, "front/2026-09-10/a.mp4 "));
    g_assert_nonnull(strstr(c.told.gone->str, "front/2026-09-18/b.mp4 "));
    g_assert_false(exists(&c, "front/2026-09-10/a.mp4"));
    g_assert_true(exists(&c, "front/2026-09-10/notes.txt"));
    g_assert_true(exists(&c, "front/2026-09-09/.e.mp4.part"));
    g_assert_true(exists(&c, "front/old/f.mp4"));
    g_assert_true(exists(&c, "g.mp4"));
    g_assert_true(exists(&c, "front/2026-09-10/link.mp4"));
    g_assert_true(exists(&c, "front/2026-09-10/my film.mp4"));
    g_assert_true(vdt_space_sweep(c.space, DAWN, NULL, &error));
    case_clear(&c);
}

/* Over all streams, whichever is older, up to the file that is enough. */
static void test_bytes(void)
{
    Case c;
    VdtSpaceSwept swept;
    g_autoptr(GError) error = NULL;

    case_init(&c);
    put(&c, "front/2026-09-20/b.mp4", 100, DAWN - 1 * DAY);
    put(&c, "back/2026-09-19/a.mp4", 100, DAWN - 2 * DAY);
    put(&c, "back/2026-09-20/a.jpg", 1, DAWN - 1 * DAY - 2 * G_USEC_PER_SEC);
    put(&c, "front/2026-09-20/a.webm", 100, DAWN - 1 * DAY - 1 * G_USEC_PER_SEC);
    put(&c, "front/" TODAY "/c.mkv", 100, DAWN);
    put(&c, "front/2026-09-19/notes.txt", 1000, DAWN - 11 * DAY);
    c.spec.most_bytes = 401;
    vdt_space_set_limits(c.space, &c.spec);
    g_assert_true(vdt_space_sweep(c.space, DAWN, &swept, &error));
    check_swept(&swept, 5, 401, 0, 0);
    c.spec.most_bytes = 250;
    vdt_space_set_limits(c.space, &c.spec);
    g_assert_true(vdt_space_sweep(c.space, DAWN, &swept, &error));
    check_swept(&swept, 2, 200, 3, 201);
    g_assert_cmpstr(c.told.gone->str, ==,
                    "back/2026-09-19/a.mp4 back/2026-09-20/a.jpg front/2026-09-20/a.webm ");
    /* empty days go, but not the last two, where somebody may be about to write */
    g_assert_true(vdt_space_sweep(c.space, DAWN + 1 * DAY, &swept, &error));
    g_assert_false(exists(&c, "back/2026-09-19"));
    g_assert_true(exists(&c, "back/2026-09-20"));
    g_assert_true(exists(&c, "front/2026-09-19/notes.txt"));
    g_assert_true(vdt_space_sweep(c.space, DAWN + 5 * DAY, &swept, &error));
    g_assert_false(exists(&c, "back"));
    c.spec.most_bytes = 1;
    vdt_space_set_limits(c.space, &c.spec);
    g_assert_true(vdt_space_sweep(c.space, DAWN, &swept, &error));
    check_swept(&swept, 0, 0, 2, 200);
    case_clear(&c);
}

static void test_cannot_delete(void)
{
    Case c;
    VdtSpaceSwept swept;
    g_autofree char *day = NULL;
    g_autoptr(GError) error = NULL;
    const char *options = "size=1m";

    case_init(&c);
    day = get_path(&c, "front/2026-09-18");
    g_assert_cmpint(g_mkdir_with_parents(day, 0700), ==, 0);
    if (mount("none", day, "tmpfs", 0, options) != 0) {
        g_test_skip("a disk cannot be mounted");
        case_clear(&c);
        return;
    }
    put(&c, "front/2026-09-18/a.mp4", 10, DAWN - 3 * DAY);
    put(&c, "front/2026-09-19/a.mp4", 10, DAWN - 3 * DAY);
    g_assert_cmpint(mount("none", day, "tmpfs", MS_REMOUNT | MS_RDONLY, options), ==, 0);
    c.spec.most_age = 1 * DAY;
    vdt_space_set_limits(c.space, &c.spec);
    g_assert_false(vdt_space_sweep(c.space, DAWN, &swept, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
    g_assert_true(g_str_has_prefix(error->message, "front/2026-09-18/a.mp4"));
    check_swept(&swept, 1, 10, 1, 10);
    g_assert_cmpint(umount(day), ==, 0);
    case_clear(&c);
}

/* --- threads --- */

typedef struct {
    Case *c;
    gint ends; /* atomic */
} Sweeping;

static gpointer sweep_on(gpointer data)
{
    Sweeping *sweeping = data;

    while (!g_atomic_int_get(&sweeping->ends))
        g_assert_true(vdt_space_sweep(sweeping->c->space, DAWN + 10 * DAY, NULL, NULL));
    return NULL;
}

/* Folders are made where others, as old, are removed for being empty. */
static void test_threads(void)
{
    Case c;
    Sweeping sweeping = {.c = &c};
    GThread *thread;

    case_init(&c);
    thread = g_thread_new("sweeper", sweep_on, &sweeping);
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *stem = vdt_space_make(c.space, "front", "event", DAWN, &error);

        g_assert_no_error(error);
    }
    g_atomic_int_set(&sweeping.ends, TRUE);
    g_thread_join(thread);
    case_clear(&c);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/space/make", test_make);
    g_test_add_func("/space/hostile/names", test_hostile_names);
    g_test_add_func("/space/hostile/times", test_hostile_times);
    g_test_add_func("/space/hostile/links", test_links);
    g_test_add_func("/space/one-process", test_one_process);
    g_test_add_func("/space/no-folder", test_no_folder);
    g_test_add_func("/space/leftovers", test_leftovers);
    g_test_add_func("/space/whole", test_whole);
    g_test_add_func("/space/low", test_low);
    g_test_add_func("/space/disk", test_disk);
    g_test_add_func("/space/age", test_age);
    g_test_add_func("/space/bytes", test_bytes);
    g_test_add_func("/space/cannot-delete", test_cannot_delete);
    g_test_add_func("/space/threads", test_threads);
    return fixture_run();
}
