/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    return g_remove(path);
}

static void forget(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_open(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("vedette-daemon-XXXXXX", &error);
    g_assert_no_error(error);
}

int fixture_close(void)
{
    int status = g_test_run();
    forget();
    g_free(folder);
    return status;
}

const char *fixture_path(const char *name)
{
    static char *path;
    g_free(path);
    path = *name != '\0' ? g_build_filename(folder, name, NULL) : g_strdup(folder);
    return path;
}

void fixture_add(const char *name, const char *text)
{
    g_autofree char *file = g_strdup(fixture_path(name));
    g_autofree char *dir = g_path_get_dirname(file);
    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    g_assert_cmpint(g_chmod(file, 0644), ==, 0);
}

void fixture_files(const char *name, ...)
{
    va_list args;
    forget();
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    va_start(args, name);
    for (; name != NULL; name = va_arg(args, const char *))
        fixture_add(name, va_arg(args, const char *));
    va_end(args);
}

void fixture_expect(const VdtProblems *problems, const char *start)
{
    guint n = 0;
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *text = vdt_problem_show(problems->list->pdata[i]);
        const char *shown = text;
        if (g_str_has_prefix(text, folder))
            shown += strlen(folder) + (text[strlen(folder)] == '/');
        n += g_str_has_prefix(shown, start);
        g_string_append_printf(all, "\n  %s", shown);
    }
    if (n != 1)
        g_error("expected once: %s\nbut there is:%s", start, all->str);
}
