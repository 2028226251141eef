/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at weights to find out which network they are of. */
#pragma once

#include <vedette/weights.h>

/* Dimension @i of the tensor "<prefix>.<name>" if it has @n_dims dimensions; 0 if there is none
 * like that. An empty @prefix has no dot.
 *
 * The number comes from outside, where a tensor without elements can have any shape: it is at most
 * 2^25, 0 if the file says more, and whoever divides by it looks for 0 first. What build() allows
 * is for build() to say. */
int vdt_measure(const VdtWeights *weights, const char *prefix, guint n_dims, guint i,
                const char *format, ...) G_GNUC_PRINTF(5, 6);

/* How many times as large @whole is as @part, as networks are widened; 0 if it is no multiple. */
static inline int vdt_measured_ratio(gint64 whole, gint64 part)
{
    return part > 0 && whole % part == 0 ? (int)(whole / part) : 0;
}
