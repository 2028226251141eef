/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpus.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"

/* A version of control groups: the mount below the root, and the files in a group's folder. */
typedef struct {
    const char *mount;
    const char *quota, *period; /* no period: both are in one file */
} Kind;

static const Kind version_2 = {"", "cpu.max", NULL};
static const Kind version_1 = {"/cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us"};

/* Up to two numbers of a file; how many there are. "max" is none. */
static int read_numbers(const char *folder, const char *name, long numbers[2])
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    FILE *file = fopen(path, "re");
    int n;

    if (!file)
        return 0;
    n = fscanf(file, "%ld %ld", &numbers[0], &numbers[1]);
    fclose(file);
    return MAX(n, 0);
}

/* CPUs that the quota in @folder allows, 0 if there is none. */
static guint folder_quota(const Kind *kind, const char *folder)
{
    long numbers[2] = {0}, period[2] = {0};
    const int n = read_numbers(folder, kind->quota, numbers);

    if (kind->period && n == 1 && read_numbers(folder, kind->period, period) == 1)
        numbers[1] = period[0];
    return numbers[0] > 0 && numbers[1] > 0 ? (guint)MAX(1, numbers[0] / numbers[1]) : 0;
}

static guint smaller(guint a, guint b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* The smallest quota of the group @path and those above it. In a container, @path may be the
 * host's, of which only the root is to be seen. */
static guint group_quota(const Kind *kind, const char *root, const char *path)
{
    g_autofree char *mount = g_strconcat(root, kind->mount, NULL);
    g_autofree char *folder = g_strconcat(mount, path, NULL);
    guint smallest = folder_quota(kind, mount);
    char *end;

    while ((end = strrchr(folder, '/')) != NULL && end >= folder + strlen(mount)) {
        if (end[1] != '\0')
            smallest = smaller(smallest, folder_quota(kind, folder));
        *end = '\0';
    }
    return smallest;
}

/* Of a line NUMBER:CONTROLLERS:PATH, the controllers being a list; none in version 2. */
static const Kind *kind_of(const char *controllers)
{
    g_auto(GStrv) list = g_strsplit(controllers, ",", -1);

    if (!*controllers)
        return &version_2;
    return g_strv_contains((const char *const *)list, "cpu") ? &version_1 : NULL;
}

guint vdt_cpus_of_groups(const char *groups, const char *root)
{
    g_auto(GStrv) lines = g_strsplit(groups, "\n", -1);
    guint smallest = 0;

    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", 3);
        const Kind *kind = g_strv_length(fields) == 3 ? kind_of(fields[1]) : NULL;

        if (kind)
            smallest = smaller(smallest, group_quota(kind, root, fields[2]));
    }
    return smallest;
}

guint vdt_cpus_default_workers(void)
{
    g_autofree char *groups = NULL;
    guint quota, cpus = 1;
    cpu_set_t set;

    if (vdt_threads_from_text(getenv("VEDETTE_THREADS"), &cpus))
        return cpus;
    if (!g_file_get_contents("/proc/self/cgroup", &groups, NULL, NULL))
        groups = g_strdup("0::/");
    quota = vdt_cpus_of_groups(groups, "/sys/fs/cgroup");
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cpus = (guint)MAX(1, CPU_COUNT(&set));
    if (quota > 0)
        cpus = MIN(cpus, quota);
    return cpus;
}
