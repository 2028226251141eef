/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scale A B for each pair of matrices, torch.matmul without broadcasting; either may be read
 * transposed. The last two dimensions are the matrices'.
 */
#include "builders.h"

/* How an operand is walked: as [rows, inner] for A, [inner, columns] for B. */
typedef struct {
    gint64 m, n, k, batch;
    gint64 a_row, a_inner, b_inner, b_column; /* strides */
} Product;

static gint64 last(const VdtShape *shape, guint from_end)
{
    return shape->dims[shape->n_dims - from_end];
}

static Product product_of(const VdtNode *node)
{
    const VdtShape *a = &node->inputs[0]->shape, *b = &node->inputs[1]->shape;
    gboolean ta = node->p.matmul.transpose_a, tb = node->p.matmul.transpose_b;
    Product p = {.m = last(&node->shape, 2), .n = last(&node->shape, 1), .k = last(a, ta ? 2 : 1)};

    p.batch = vdt_shape_elements(&node->shape) / (p.m * p.n);
    p.a_row = ta ? 1 : p.k;
    p.a_inner = ta ? p.m : 1;
    p.b_inner = tb ? 1 : p.n;
    p.b_column = tb ? last(b, 1) : 1;
    return p;
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *a = &node->inputs[0]->shape, *b = &node->inputs[1]->shape;
    gboolean ta = node->p.matmul.transpose_a, tb = node->p.matmul.transpose_b;
    gboolean fits = a->n_dims == b->n_dims && a->n_dims >= 2;

    for (guint i = 0; fits && i < a->n_dims - 2; i++)
        fits = a->dims[i] == b->dims[i];
    if (!fits || last(a, ta ? 2 : 1) != last(b, tb ? 1 : 2)) {
        g_autofree char *a_text = vdt_shape_to_string(a), *b_text = vdt_shape_to_string(b);

        return vdt_shape_error(error, "%s%s and %s%s do not multiply", a_text,
                               ta ? " transposed" : "", b_text, tb ? " transposed" : "");
    }
    node->shape = *a;
    node->shape.dims[a->n_dims - 2] = last(a, ta ? 1 : 2);
    node->shape.dims[a->n_dims - 1] = last(b, tb ? 2 : 1);
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const Product p = product_of(node);
    const vdt_real scale = (vdt_real)node->p.matmul.scale;

    for (gint64 i = 0; i < p.batch; i++) {
        const vdt_real *a = x[0] + i * p.m * p.k, *b = x[1] + i * p.k * p.n;

        for (gint64 r = 0; r < p.m; r++)
            for (gint64 c = 0; c < p.n; c++) {
                vdt_real sum = 0;

                for (gint64 k = 0; k < p.k; k++)
                    sum += a[r * p.a_row + k * p.a_inner] * b[k * p.b_inner + c * p.b_column];
                *y++ = scale * sum;
            }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const Product p = product_of(node);
    const vdt_real scale = (vdt_real)node->p.matmul.scale;

    for (gint64 i = 0; i < p.batch; i++) {
        gint64 a = i * p.m * p.k, b = i * p.k * p.n;

        for (gint64 r = 0; r < p.m; r++)
            for (gint64 c = 0; c < p.n; c++) {
                vdt_real d = scale * *dy++;

                for (gint64 k = 0; k < p.k; k++) {
                    gint64 at_a = a + r * p.a_row + k * p.a_inner;
                    gint64 at_b = b + k * p.b_inner + c * p.b_column;

                    if (dx[0])
                        dx[0][at_a] += d * x[1][at_b];
                    if (dx[1])
                        dx[1][at_b] += d * x[0][at_a];
                }
            }
    }
}

static guint64 macs(const VdtNode *node)
{
    return (guint64)vdt_shape_elements(&node->shape) * product_of(node).k;
}

static gboolean apart(const VdtNode *node, guint input)
{
    return node->shape.n_dims > 2;
}

const VdtOp VDT_OP(matmul) = {
    .name = "matmul",
    .min_inputs = 2,
    .max_inputs = 2,
    .apart = apart,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
    .macs = macs,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_matmul_with(VdtValue *a, VdtValue *b, VdtMatmul options)
{
    VdtNode node = {.p.matmul = {options.transpose_a, options.transpose_b,
                                 options.scale != 0 ? options.scale : 1}};

    return vdt_graph_add_binary(&vdt_op_matmul, a, b, &node);
}
#endif
