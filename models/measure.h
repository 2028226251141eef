/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at weights to find out which network they are of. */
#pragma once

#include <vedette/weights.h>

/* Dimension @i of the tensor "<prefix>.<name>" if it has @n_dims dimensions; 0 if there is none
 * like that. An empty @prefix has no dot. */
gint64 vdt_measure(const VdtWeights *weights, const char *prefix, guint n_dims, guint i,
                   const char *format, ...) G_GNUC_PRINTF(5, 6);
