/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attention without a softmax, for each of several heads that lie side by side in the channels of
 * tokens [N,L,C]: with queries and keys that are nowhere below 0,
 *     y[i] = q[i] (sum over j of k[j]' v[j]) / (q[i] . (sum over j of k[j]) + eps)
 * The sums do not depend on the query, so that this costs no more for each token of a long row than
 * of a short one. With d the gradient by y:
 *     p[i] = d[i] / (divisor of i), e[i] = -(p[i] . y[i])
 *     dq[i] = S p[i] + s e[i], dk[j] = dS v[j] + ds, dv[j] = dS' k[j]
 * with S and s the two sums, dS = sum of q[i]' p[i] and ds = sum of q[i] e[i].
 */
#include "builders.h"

enum { Q, K, V };

/* Numbers of the sum over j of k[j]' v[j] that are kept at once, on the stack: channels of values
 * stand for themselves, so some of them are done, and then the next. */
#define ROOM 2048

typedef struct {
    gint64 batch, heads, queries, keys;
    gint64 depth, width;     /* channels of a head, of keys and of values */
    gint64 k_pitch, v_pitch; /* from token to token */
} Extent;

static Extent extent_of(const VdtNode *node)
{
    const VdtShape *q = &node->inputs[Q]->shape, *v = &node->inputs[V]->shape;
    const gint64 heads = node->p.linear_attention.heads;

    return (Extent){q->dims[0],         heads,      q->dims[1], v->dims[1], q->dims[2] / heads,
                    v->dims[2] / heads, q->dims[2], v->dims[2]};
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *q = &node->inputs[Q]->shape, *k = &node->inputs[K]->shape;
    const VdtShape *v = &node->inputs[V]->shape;
    const int heads = node->p.linear_attention.heads;

    if (q->n_dims != 3 || k->n_dims != 3 || v->n_dims != 3 || q->dims[0] != k->dims[0] ||
        q->dims[0] != v->dims[0] || q->dims[2] != k->dims[2] || k->dims[1] != v->dims[1]) {
        g_autofree char *q_text = vdt_shape_to_string(q), *k_text = vdt_shape_to_string(k);
        g_autofree char *v_text = vdt_shape_to_string(v);

        return vdt_shape_error(error, "queries %s, keys %s and values %s do not go together",
                               q_text, k_text, v_text);
    }
    if (heads < 1 || q->dims[2] % heads != 0 || v->dims[2] % heads != 0)
        return vdt_shape_error(error,
                               "%" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                               " channels do not split into %d heads",
                               q->dims[2], v->dims[2], heads);
    if (q->dims[2] / heads > ROOM)
        return vdt_shape_error(error, "heads of %" G_GINT64_FORMAT " channels are wider than %d",
                               q->dims[2] / heads, ROOM);
    node->shape = vdt_shape(q->dims[0], q->dims[1], v->dims[2]);
    return TRUE;
}

/* What all queries of a head share: k' v, [depth][width], and the sum of the keys. */
static void sum_up(const Extent *e, const vdt_real *k, const vdt_real *v, double *product,
                   double *sum)
{
    for (gint64 c = 0; c < e->depth; c++) {
        sum[c] = 0;
        for (gint64 d = 0; d < e->width; d++)
            product[c * e->width + d] = 0;
    }
    for (gint64 j = 0; j < e->keys; j++)
        for (gint64 c = 0; c < e->depth; c++) {
            const double key = k[j * e->k_pitch + c];

            sum[c] += key;
            for (gint64 d = 0; d < e->width; d++)
                product[c * e->width + d] += key * v[j * e->v_pitch + d];
        }
}

static double divisor(const VdtNode *node, const Extent *e, const vdt_real *q, const double *sum)
{
    double total = node->p.linear_attention.eps;

    for (gint64 c = 0; c < e->depth; c++)
        total += q[c] * sum[c];
    return total;
}

static void attend(const VdtNode *node, const Extent *e, const vdt_real *q, const vdt_real *k,
                   const vdt_real *v, vdt_real *y)
{
    double product[ROOM], sum[ROOM];

    sum_up(e, k, v, product, sum);
    for (gint64 i = 0; i < e->queries; i++, q += e->k_pitch, y += e->v_pitch) {
        const double by = divisor(node, e, q, sum);

        for (gint64 d = 0; d < e->width; d++) {
            double total = 0;

            for (gint64 c = 0; c < e->depth; c++)
                total += q[c] * product[c * e->width + d];
            y[d] = total / by;
        }
    }
}

/* @e, of the channels of values from @from on: as many as there is room for. */
static Extent part_of(const Extent *e, gint64 from)
{
    Extent part = *e;

    part.width = MIN(MAX(1, ROOM / e->depth), e->width - from);
    return part;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const Extent e = extent_of(node);

    for (gint64 n = 0; n < e.batch; n++)
        for (gint64 h = 0; h < e.heads; h++) {
            Extent part = {0};

            for (gint64 d = 0; d < e.width; d += part.width) {
                part = part_of(&e, d);
                attend(node, &part, x[Q] + n * e.queries * e.k_pitch + h * e.depth,
                       x[K] + n * e.keys * e.k_pitch + h * e.depth,
                       x[V] + n * e.keys * e.v_pitch + h * e.width + d,
                       y + n * e.queries * e.v_pitch + h * e.width + d);
            }
        }
}

/* Adds to dq and dk what comes of these channels of values. */
static void attend_back(const VdtNode *node, const Extent *e, const vdt_real *q, const vdt_real *k,
                        const vdt_real *v, const vdt_real *y, const vdt_real *dy, vdt_real *dq,
                        vdt_real *dk, vdt_real *dv)
{
    double product[ROOM], sum[ROOM], dproduct[ROOM] = {0}, dsum[ROOM] = {0};

    sum_up(e, k, v, product, sum);
    for (gint64 i = 0; i < e->queries; i++) {
        const vdt_real *query = q + i * e->k_pitch;
        const vdt_real *value = y + i * e->v_pitch, *slope = dy + i * e->v_pitch;
        const double by = divisor(node, e, query, sum);
        double by_divisor = 0;

        for (gint64 d = 0; d < e->width; d++)
            by_divisor -= (double)slope[d] * value[d] / by;
        for (gint64 c = 0; c < e->depth; c++) {
            double total = sum[c] * by_divisor;

            dsum[c] += query[c] * by_divisor;
            for (gint64 d = 0; d < e->width; d++) {
                total += product[c * e->width + d] * slope[d] / by;
                dproduct[c * e->width + d] += query[c] * slope[d] / by;
            }
            if (dq)
                dq[i * e->k_pitch + c] += total;
        }
    }
    for (gint64 j = 0; j < e->keys; j++)
        for (gint64 c = 0; c < e->depth; c++) {
            double total = dsum[c];

            for (gint64 d = 0; d < e->width; d++) {
                total += dproduct[c * e->width + d] * v[j * e->v_pitch + d];
                if (dv)
                    dv[j * e->v_pitch + d] += dproduct[c * e->width + d] * k[j * e->k_pitch + c];
            }
            if (dk)
                dk[j * e->k_pitch + c] += total;
        }
}

static vdt_real *at(vdt_real *dx, gint64 offset)
{
    return dx ? dx + offset : NULL;
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const Extent e = extent_of(node);

    for (gint64 n = 0; n < e.batch; n++)
        for (gint64 h = 0; h < e.heads; h++) {
            const gint64 q = n * e.queries * e.k_pitch + h * e.depth;
            const gint64 k = n * e.keys * e.k_pitch + h * e.depth;
            const gint64 v = n * e.keys * e.v_pitch + h * e.width;
            const gint64 to = n * e.queries * e.v_pitch + h * e.width;
            Extent part = {0};

            for (gint64 d = 0; d < e.width; d += part.width) {
                part = part_of(&e, d);
                attend_back(node, &part, x[Q] + q, x[K] + k, x[V] + v + d, y + to + d, dy + to + d,
                            at(dx[Q], q), at(dx[K], k), at(dx[V], v + d));
            }
        }
}

/* As the order of multiplications is that takes no scores: k' v, q times that, and the divisors. */
static guint64 macs(const VdtNode *node)
{
    const Extent e = extent_of(node);

    return (guint64)(e.batch * e.heads) *
           (guint64)(e.keys * e.depth * e.width + e.queries * e.depth * (e.width + 1));
}

const VdtOp VDT_OP(linear_attention) = {
    .name = "linear_attention",
    .min_inputs = 3,
    .max_inputs = 3,
    .apart = vdt_apart_any,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1 | VDT_NEEDS_X2 | VDT_NEEDS_Y,
    .macs = macs,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_linear_attention(VdtValue *q, VdtValue *k, VdtValue *v, int heads)
{
    VdtNode node = {.p.linear_attention = {.heads = heads, .eps = 1e-6f}};

    return q ? vdt_graph_add(q->graph, &vdt_op_linear_attention, q->name, &node, 3,
                             (VdtValue *[]){q, k, v})
             : NULL;
}
#endif
