/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where things touch that are side by side: one region, with a neck between them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_NECKS_MOST 8

/*
 * Looks for necks in the @profile of a region: how many pixels it has in each of @n columns. A neck
 * is much lower than what is left and right of it, and these are much alike. What is no wider than
 * @thin columns is a post before one thing.
 *
 * Writes the columns that begin another thing, from left to right; returns how many.
 */
guint vdt_necks_find(const guint *profile, guint n, guint thin, guint cuts[VDT_NECKS_MOST]);
/*
 * Looks for heads beside each other, on bodies that are one: @rises is how far above its foot the
 * region reaches in each column, @profile as above. Regions that are wider than high have none.
 */
guint vdt_necks_find_heads(const guint *rises, const guint *profile, guint n, guint thin,
                           guint cuts[VDT_NECKS_MOST]);

G_END_DECLS
