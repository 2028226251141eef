/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with a configuration: all of it, each with its site.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *file; /* NULL where it is no file's fault */
    guint line; /* 0 where it is no line's */
    char *group, *key;
    char *value;   /* as it can be shown: secrets are blotted out */
    char *message; /* what was expected */
} VdtProblem;

typedef struct {
    GPtrArray *list; /* of VdtProblem, in the order in which they were found */
    guint n_more;    /* that were too many to be kept */
} VdtProblems;

/* Where something stands. Borrowed; members may be NULL or 0. */
typedef struct {
    const char *file;
    guint line;
    const char *group, *key, *value;
} VdtSite;

VdtProblems *vdt_problems_new(void);
void vdt_problems_free(VdtProblems *problems);
void vdt_problems_add(VdtProblems *problems, const VdtSite *site, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* How many there are, kept or not. */
guint vdt_problems_count(const VdtProblems *problems);
/* By file, then line. */
void vdt_problems_sort(VdtProblems *problems);
/* "/etc/vedette/vedette.conf:3: [service] threads=many: expected a whole number". Caller frees. */
char *vdt_problem_show(const VdtProblem *problem);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtProblems, vdt_problems_free)
