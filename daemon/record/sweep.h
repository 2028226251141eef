/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "space.h"

G_BEGIN_DECLS

/* As vdt_space_sweep(), of the folder @root; leaves folders that are empty then. */
gboolean vdt_sweep(int root, const VdtSpaceSpec *limits, gint64 now, VdtSpaceSwept *swept,
                   GError **error);

G_END_DECLS
