/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the writer of files replaces, what it writes to, and what it leaves. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <io/atomic-file.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char *folder; /* temporary, of this run */

static char *scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void put(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void expect(const char *path, const char *text)
{
    g_autofree char *is = NULL;

    g_assert_true(g_file_get_contents(path, &is, NULL, NULL));
    g_assert_cmpstr(is, ==, text);
}

static void save(const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;

    vdt_file_save(path, text, -1, &error);
    g_assert_no_error(error);
}

static mode_t mode_of(const char *path)
{
    GStatBuf s;

    g_assert_cmpint(g_lstat(path, &s), ==, 0);
    return s.st_mode;
}

/* Nothing that was made on the way is left. */
static void expect_n_files(guint n)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint is = 0;

    while (g_dir_read_name(dir) != NULL)
        is++;
    g_assert_cmpuint(is, ==, n);
}

static void test_regular(void)
{
    g_autofree char *path = scratch("regular");
    g_autoptr(VdtAtomicFile) file = NULL;

    save(path, "one");
    expect(path, "one");
    g_assert_cmpint(g_chmod(path, 0604), ==, 0);
    save(path, "two");
    expect(path, "two");
    g_assert_cmpint(mode_of(path) & 07777, ==, 0604);
    file = vdt_atomic_file_new(path, NULL);
    g_assert_true(vdt_atomic_file_write(file, "three", 5, NULL));
    expect(path, "two");
    g_clear_pointer(&file, vdt_atomic_file_free);
    expect(path, "two");
    expect_n_files(1);
    g_unlink(path);
}

static void test_links(void)
{
    g_autofree char *real = scratch("real"), *link = scratch("link"), *second = scratch("second");
    g_autofree char *round = scratch("round");

    g_assert_cmpint(symlink("real", link), ==, 0);
    g_assert_cmpint(symlink(link, second), ==, 0);
    save(second, "through a link to nothing");
    expect(real, "through a link to nothing");
    save(second, "again");
    expect(real, "again");
    g_assert_true(S_ISLNK(mode_of(link)) && S_ISLNK(mode_of(second)) && S_ISREG(mode_of(real)));
    g_assert_cmpint(symlink("round", round), ==, 0);
    g_assert_false(vdt_file_save(round, "", 0, NULL));
    g_assert_true(S_ISLNK(mode_of(round)));
    g_unlink(round);
    expect_n_files(3);
    g_unlink(second);
    g_unlink(link);
    g_unlink(real);
}

/* A name that leaves no room for another one's. */
static void test_long_name(void)
{
    g_autofree char *name = g_strnfill(255, 'n'), *path = scratch(name);

    save(path, "long");
    expect(path, "long");
    expect_n_files(1);
    g_unlink(path);
}

static gpointer read_all(gpointer path)
{
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static void test_pipe(void)
{
    g_autofree char *pipe = scratch("pipe"), *text = NULL;
    GThread *reader;

    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    reader = g_thread_new("reader", read_all, pipe);
    save(pipe, "through a pipe");
    text = g_thread_join(reader);
    g_assert_cmpstr(text, ==, "through a pipe");
    g_assert_true(S_ISFIFO(mode_of(pipe)));
    expect_n_files(1);
    g_unlink(pipe);
}

/* Devices of our own, since those of the machine would be lost if this went wrong. */
static void test_devices(void)
{
    g_autofree char *null = scratch("null"), *full = scratch("full");
    g_autoptr(GError) error = NULL;

    if (mknod(null, S_IFCHR | 0666, makedev(1, 3)) != 0 ||
        mknod(full, S_IFCHR | 0666, makedev(1, 7)) != 0) {
        g_test_skip("devices can be made by root only");
        return;
    }
    save(null, "nothing");
    g_assert_false(vdt_file_save(full, "too much", -1, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
    g_assert_nonnull(strstr(error->message, full));
    g_assert_true(S_ISCHR(mode_of(null)) && S_ISCHR(mode_of(full)));
    expect_n_files(2);
    g_unlink(null);
    g_unlink(full);
}

/* Where a descriptor stands is where it goes on. */
static void test_descriptors(void)
{
    g_autofree char *path = scratch("open"), *name = NULL;
    int fd = g_open(path, O_RDWR | O_CREAT, 0600);

    g_assert_cmpint(write(fd, "before, ", 8), ==, 8);
    name = g_strdup_printf("/dev/fd/%d", fd);
    save(name, "now, ");
    g_assert_cmpint(write(fd, "after", 5), ==, 5);
    close(fd);
    expect(path, "before, now, after");
    g_unlink(path);
}

/* Users other than root may be allowed a file, and not the folder around it. */
static void test_folder(void)
{
    g_autofree char *inner = scratch("inner"), *path = g_build_filename(inner, "file", NULL);
    g_autofree char *locked = scratch("locked");
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
    g_assert_false(vdt_file_save(inner, "", 0, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
    put(path, "a longer text");
    put(locked, "kept");
    g_chmod(inner, 0500);
    g_chmod(locked, 0400);
    if (geteuid() != 0) {
        save(path, "short");
        expect(path, "short");
        g_assert_false(vdt_file_save(locked, "lost", -1, NULL));
        expect(locked, "kept");
    }
    g_chmod(inner, 0700);
    g_unlink(path);
    g_unlink(locked);
    g_rmdir(inner);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("vedette-test-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_test_add_func("/atomic-file/regular", test_regular);
    g_test_add_func("/atomic-file/links", test_links);
    g_test_add_func("/atomic-file/long-name", test_long_name);
    g_test_add_func("/atomic-file/pipe", test_pipe);
    g_test_add_func("/atomic-file/devices", test_devices);
    g_test_add_func("/atomic-file/descriptors", test_descriptors);
    g_test_add_func("/atomic-file/folder", test_folder);
    status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
