/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled twice, as the ops are. */
#include "reference.h"

#include "ops/table.h"

#ifdef VDT_REFERENCE_F64
#define FORWARD  reference_forward_f64
#define BACKWARD reference_backward_f64
#else
#define FORWARD  reference_forward_f32
#define BACKWARD reference_backward_f32
#endif

static const VdtOp *row_of(const VdtNode *node)
{
#define ROW(name) &VDT_OP(name),
    static const VdtOp *const rows[] = {VDT_OPS(ROW)};
#undef ROW

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i]->name, node->op->name))
            return rows[i];
    g_assert_not_reached();
}

void FORWARD(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    row_of(node)->forward(node, x, y);
}

gboolean BACKWARD(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                  const vdt_real *dy, vdt_real *const *dx)
{
    const VdtOp *op = row_of(node);
    const vdt_real *needed[VDT_MAX_INPUTS];

    if (!op->backward)
        return FALSE;
    /* what an op does not ask for it does not get */
    for (guint i = 0; i < node->n_inputs; i++)
        needed[i] = op->needs & (VDT_NEEDS_X0 << i) ? x[i] : NULL;
    op->backward(node, needed, op->needs & VDT_NEEDS_Y ? y : NULL, dy, dx);
    return TRUE;
}
