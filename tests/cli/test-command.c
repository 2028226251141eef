/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody new types: help, the version, a name that is a folder, the cache. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fixture.h"
#include "training.h"

static void test_help(void)
{
    static const char *const headings[] = {
        "\nWhat there is to learn:\n", "\nThe network, and what it sees:\n", "\nHow it learns:\n",
        "\nWhat comes of it:\n", "\nThe machine:\n"};
    const char *at;
    g_auto(Outcome) o = vedette("train", "--help", NULL);
    g_assert_cmpint(o.status, ==, 0);
    at = o.out;
    for (guint i = 0; i < G_N_ELEMENTS(headings); i++) {
        at = strstr(at, headings[i]);
        g_assert_nonnull(at);
    }
    g_assert_nonnull(strstr(at, "--isa"));
    static const char *const commands[] = {"infer", "eval",    "verify",  "bench",
                                           "cache", "inspect", "convert", NULL};
    for (guint i = 0; commands[i] != NULL; i++) {
        g_auto(Outcome) help = vedette(commands[i], "-h", NULL);
        g_assert_cmpint(help.status, ==, 0);
        g_assert_nonnull(strstr(help.out, "Usage:\n  vedette "));
    }
}

/* Options of commands that operators use are all in the manual page. */
static void test_manual(void)
{
    static const char *const commands[][2] = {
        {"serve"},           {"streams"},         {"events"},
        {"models", "list"},  {"models", "add"},   {"models", "remove"},
        {"models", "check"}, {"cameras", "find"}, {"cache"},
    };
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "cli/vedette.1", NULL), *page = NULL;
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    g_auto(GStrv) pieces = g_strsplit(page, "\\-", -1);
    g_autofree char *plain = g_strjoinv("-", pieces);
    g_autoptr(GRegex) option =
        g_regex_new("^  (?:-., )?(--[a-z0-9-]+)", G_REGEX_MULTILINE, 0, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(Outcome) help = commands[i][1] != NULL
                                   ? vedette(commands[i][0], commands[i][1], "--help", NULL)
                                   : vedette(commands[i][0], "--help", NULL);
        g_autoptr(GMatchInfo) found = NULL;
        guint n = 0;
        g_regex_match(option, help.out, 0, &found);
        for (; g_match_info_matches(found); g_match_info_next(found, NULL), n++) {
            g_autofree char *name = g_match_info_fetch(found, 1),
                            *pattern = g_strconcat(name, "(?![a-z0-9-])", NULL);
            if (!g_regex_match_simple(pattern, plain, 0, 0))
                g_error("%s %s: cli/vedette.1 does not have %s", commands[i][0],
                        commands[i][1] != NULL ? commands[i][1] : "", name);
        }
        g_assert_cmpuint(n, >, 0);
    }
}

static void test_version(void)
{
    g_auto(Outcome) brief = vedette("-V", NULL), whole = vedette("--version", NULL);
    g_assert_cmpint(brief.status, ==, 0);
    g_assert_true(g_str_has_prefix(brief.out, "vedette 0."));
    g_assert_cmpstr(brief.out, ==, whole.out);
}

/* A folder right here is meant by its name; it is said how to write that. */
static void test_here(void)
{
    small_model();
    g_autofree char *there = g_strdup_printf("cd '%s' && exec \"$@\"", in_folder("."));
    g_auto(Outcome) o = in_shell(there, "infer", "--model", "small", "--input", "street", NULL);
    g_assert_cmpint(o.status, ==, 1);
    g_assert_nonnull(strstr(o.err, "did you mean ./small?"));
    g_auto(Outcome) other = in_shell(there, "infer", "--model", "smal", "--input", "street", NULL);
    g_assert_null(strstr(other.err, "did you mean"));
}

/* A variable that means nothing is told. */
static void test_variables(void)
{
    static const char *const told[][2] = {{"VEDETTE_THREADS=abc", "VEDETTE_THREADS is \"abc\""},
                                          {"VEDETTE_THREADS=0", "VEDETTE_THREADS is \"0\""},
                                          {"VEDETTE_ISA=mmx", "VEDETTE_ISA is \"mmx\""},
                                          {"VEDETTE_THREADS=2", NULL},
                                          {"VEDETTE_THREADS=", NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autofree char *script = g_strdup_printf("%s exec \"$@\"", told[i][0]);
        g_auto(Outcome) o = in_shell(script, "infer", "--model", small_model(), "--input",
                                     in_folder("nothing.npy"), NULL);
        g_assert_true((strstr(o.err, "means nothing") != NULL) == (told[i][1] != NULL));
        if (told[i][1] != NULL)
            g_assert_nonnull(strstr(o.err, told[i][1]));
    }
}

/* Sets are listed and removed; what a training uses stays, and what no cache made. */
static void test_cache(void)
{
    const char *folder = in_folder("cache");
    g_autofree char *foreign = g_build_filename(folder, "clips", "mine", NULL);
    g_autofree char *film = g_build_filename(foreign, "a.mp4", NULL);
    g_autofree char *lock = g_build_filename(foreign, "lock", NULL);
    expect(0, NULL, TRAIN_TINY, in_folder("trained"), ON_STREET, "--epochs", "1", "--cache-folder",
           folder, NULL);
    g_assert_cmpint(g_mkdir(foreign, 0700), ==, 0);
    g_assert_true(g_file_set_contents(film, "x", 1, NULL) &&
                  g_file_set_contents(lock, "", 0, NULL));
    g_auto(Outcome) o = vedette("cache", "--cache-folder", folder, NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "street, seed: 1, size: 32x32, frames: 4\n"));
    g_assert_nonnull(strstr(o.out, " GiB in 2 sets in "));

    /* One that is in use, with somebody's notes in another. */
    g_autofree char *sets = g_build_filename(folder, "clips", NULL);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(sets, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (strcmp(name, "mine") != 0)
            g_ptr_array_add(found, g_build_filename(sets, name, NULL));
    g_assert_cmpuint(found->len, ==, 2);
    g_autofree char *used = g_build_filename(found->pdata[0], "lock", NULL);
    g_autofree char *notes = g_build_filename(found->pdata[1], "notes", NULL);
    g_autofree char *shard = g_build_filename(found->pdata[1], "00000.clips", NULL);
    int fd = g_open(used, O_RDWR, 0);
    g_assert_cmpint(flock(fd, LOCK_SH), ==, 0);
    g_assert_true(g_file_set_contents(notes, "x", 1, NULL));
    g_auto(Outcome) cleared = vedette("cache", "--clear", "--cache-folder", folder, NULL);
    g_assert_cmpint(cleared.status, ==, 1);
    g_assert_nonnull(strstr(cleared.err, "is in use"));
    g_assert_true(g_file_test(found->pdata[0], G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(shard, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(notes, G_FILE_TEST_EXISTS));
    close(fd);
    g_unlink(notes);
    expect(0, NULL, "cache", "--clear", "--cache-folder", folder, NULL);
    g_assert_false(g_file_test(found->pdata[0], G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(film, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/command/help", test_help);
    g_test_add_func("/command/manual", test_manual);
    g_test_add_func("/command/version", test_version);
    g_test_add_func("/command/here", test_here);
    g_test_add_func("/command/variables", test_variables);
    g_test_add_func("/command/cache", test_cache);
    return fixture_close();
}
