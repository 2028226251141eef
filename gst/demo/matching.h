/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events that were recognised, held against those that happened.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    int label;
    double start; /* seconds, of the scene */
    double told;  /* when it was said; of what was recognised only */
} VdtDemoEvent;

/*
 * Pairs them one to one, as many as can be: the labels are the same, and the starts at most
 * @tolerance seconds apart. Both are in the order of their starts. Returns for each of @found the
 * index of what it recognised, or -1. Caller frees.
 */
int *vdt_demo_match(const VdtDemoEvent *truth, guint n_truth, const VdtDemoEvent *found,
                    guint n_found, double tolerance);

typedef struct {
    guint happened, recognised; /* recall is the second by the first */
    guint told, right;          /* precision likewise */
} VdtDemoScore;

/* Counts them. The seconds from the starts of what was recognised to its telling are added to
 * @delays, doubles, unless it is NULL. */
VdtDemoScore vdt_demo_score(const VdtDemoEvent *truth, guint n_truth, const VdtDemoEvent *found,
                            guint n_found, double tolerance, GArray *delays);

G_END_DECLS
