/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who goes with whom, so that the sum is the largest. */
#pragma once

#include <glib.h>

/* Gives each of @rows a column of its own, or none where there are fewer: the assignment for which
 * the sum of @worth [rows][columns], all 0 or more, is the largest (H. W. Kuhn, The Hungarian
 * Method for the Assignment Problem, 1955). The column of each row, G_MAXUINT for none; free with
 * g_free(). */
guint *assign_best(const guint *worth, guint rows, guint columns);
