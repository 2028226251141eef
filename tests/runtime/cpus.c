/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many threads there are by default: quotas of control groups of both versions. */
#include "runtime/cpus.h"

#include <glib/gstdio.h>

/* Writes the files of a group; NULL for none. */
static void write_file(const char *root, const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(root, path, NULL), *dir = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_all(child);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

typedef struct {
    const char *groups;
    const char *files[9]; /* path, text, path, text … */
    guint cpus;
} Case;

static const Case cases[] = {
    {"", {NULL}, 0},
    {"0::/a/b\n", {NULL}, 0},
    {"0::/a/b\n", {"a/b/cpu.max", "max 100000\n"}, 0},
    {"0::/a/b\n", {"a/b/cpu.max", "300000 100000\n"}, 3},
    {"0::/a/b\n", {"a/b/cpu.max", "300000 100000\n", "a/cpu.max", "200000 100000\n"}, 2},
    {"0::/a/b\n", {"a/b/cpu.max", "20000 100000\n"}, 1},
    {"0::/\n", {"cpu.max", "400000 100000\n"}, 4},
    /* version 1: in files of their own, below the controller */
    {"11:memory:/x\n4:cpu,cpuacct:/a/b\n",
     {"cpu/a/b/cpu.cfs_quota_us", "300000\n", "cpu/a/b/cpu.cfs_period_us", "100000\n"},
     3},
    {"4:cpuacct,cpu:/a/b\n",
     {"cpu/a/cpu.cfs_quota_us", "100000\n", "cpu/a/cpu.cfs_period_us", "50000\n",
      "cpu/a/b/cpu.cfs_quota_us", "-1\n", "cpu/a/b/cpu.cfs_period_us", "100000\n"},
     2},
    /* in a container, whose group has another path outside */
    {"4:cpu:/docker/abc\n0::/\n",
     {"cpu/cpu.cfs_quota_us", "250000\n", "cpu/cpu.cfs_period_us", "100000\n"},
     2},
    /* other controllers' groups, and half a quota */
    {"4:cpuset:/a\n", {"cpu/a/cpu.cfs_quota_us", "100000\n"}, 0},
    {"4:cpu:/a\n", {"cpu/a/cpu.cfs_quota_us", "100000\n"}, 0},
    {"nonsense\n::\n4:cpu\n", {NULL}, 0},
};

static void test_quotas(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *root = g_dir_make_tmp("vedette-cgroup-XXXXXX", NULL);

        g_assert_nonnull(root);
        for (guint k = 0; cases[i].files[k]; k += 2)
            write_file(root, cases[i].files[k], cases[i].files[k + 1]);
        g_test_message("case %u", i);
        g_assert_cmpuint(vdt_cpus_of_groups(cases[i].groups, root), ==, cases[i].cpus);
        remove_all(root);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpus/quotas", test_quotas);
    return g_test_run();
}
