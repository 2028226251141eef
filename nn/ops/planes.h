/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A value as planes of one channel each, whichever dimension that is. */
#pragma once

#include "graph/node.h"

typedef struct {
    gint64 outer, channels, size; /* of a plane */
} VdtPlanes;

static inline VdtPlanes vdt_planes_of(const VdtShape *shape, guint axis)
{
    VdtPlanes p = {1, shape->dims[axis], 1};

    for (guint i = 0; i < axis; i++)
        p.outer *= shape->dims[i];
    for (guint i = axis + 1; i < shape->n_dims; i++)
        p.size *= shape->dims[i];
    return p;
}
