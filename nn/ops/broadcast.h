/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numpy's broadcasting of two inputs with the same number of dimensions, taken row by row.
 */
#pragma once

#include "graph/node.h"

/* Dimensions along which both inputs move alike are joined, so that rows are long. Strides are in
 * elements, 0 where an input is repeated; along a row they are 0 or 1. */
typedef struct {
    gint64 n_rows, n; /* rows, and the elements of each */
    gint64 stride[2]; /* of the inputs along a row */
    guint n_outer;    /* dimensions above the rows */
    gint64 outer[VDT_MAX_DIMS], outer_stride[2][VDT_MAX_DIMS];
} VdtBroadcast;

/* Shape rule of elementwise ops with two inputs. */
gboolean vdt_broadcast_infer_shape(VdtNode *node, GError **error);

VdtBroadcast vdt_broadcast(const VdtNode *node);

/* Where row @row begins in the inputs. */
void vdt_broadcast_row(const VdtBroadcast *b, gint64 row, gint64 *begin0, gint64 *begin1);
