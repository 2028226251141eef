/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many threads the process may well have. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* VEDETTE_THREADS, or the CPUs of the process's affinity mask within its cgroup's quota. */
guint vdt_cpus_default_workers(void);
/* The smallest quota, in CPUs and at least one, of the groups that @groups names, which is what
 * /proc/self/cgroup says, and of those above them, in version 1 and 2; @root is where they are
 * mounted, "/sys/fs/cgroup". 0 if there is none. */
guint vdt_cpus_of_groups(const char *groups, const char *root);

G_END_DECLS
