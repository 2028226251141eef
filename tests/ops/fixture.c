/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <math.h>

#define GUARD       16
#define GUARD_VALUE -12345.0

/* Class numbers, and among the later ones some that are none: too small, too large, in between. */
static double label_of(gint64 i, gint64 classes)
{
    const double none[] = {-1, classes, 0.5, 255, NAN};

    return i % 4 == 3 ? none[i / 4 % G_N_ELEMENTS(none)] : (i * 7 + 3) % classes;
}

/* Numbers of the whole range that the input has, some of them twice. */
static void fill_integers(Fixture *f, guint i)
{
    const gint64 limit = f->node->inputs[i]->limit;

    for (gint64 k = 0; k < f->n_x[i]; k++)
        ((gint32 *)f->x[i])[k] = ((gint32 *)f->x_f32[i])[k] = (gint32)((k * 7 + limit - 1) % limit);
}

Fixture *fixture_new(const OpCase *c)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20240229);
    g_autoptr(GError) error = NULL;
    Fixture *f = g_new0(Fixture, 1);

    f->graph = vdt_graph_new();
    f->node = op_case_build(c, f->graph);
    vdt_output(f->graph, "y", f->node);
    vdt_graph_check(f->graph, &error);
    g_assert_no_error(error);

    f->n_y = vdt_shape_elements(&f->node->shape);
    for (guint i = 0; i < f->node->n_inputs; i++) {
        const char *name = f->node->inputs[i]->name;
        gboolean positive = op_under_test(c->op)->positive ||
                            g_str_has_suffix(name, "running_var") ||
                            g_str_has_suffix(name, "total_step") ||
                            (i < 2 && g_str_equal(c->op, "linear_attention"));
        gboolean labels = i == 1 && op_under_test(c->op)->labels;
        gint64 n = vdt_shape_elements(&f->node->inputs[i]->shape);

        f->n_x[i] = n;
        f->x[i] = g_new(double, n);
        f->x_f32[i] = g_new(float, n);
        for (gint64 k = 0; k < n; k++) {
            gint64 other = g_rand_int_range(rand, 0, k + 1);
            double step = (k + 0.3) / n; /* never 0.5, which becomes 0 */

            f->x[i][k] = f->x[i][other];
            f->x[i][other] = (float)(positive ? 0.5 + step : 4 * step - 2);
        }
        if (g_str_has_suffix(name, ".iter")) /* some of what total_step is */
            f->x[i][0] = 0.25;
        for (gint64 k = 0; k < n && labels; k++)
            f->x[i][k] = label_of(k, f->node->inputs[0]->shape.dims[1]);
        if (!labels && !f->node->inputs[i]->derived && f->node->inputs[i]->dtype == VDT_F32)
            f->differentiable |= 1u << i;
        for (gint64 k = 0; k < n; k++)
            f->x_f32[i][k] = f->x[i][k];
        if (f->node->inputs[i]->dtype == VDT_I32)
            fill_integers(f, i);
    }
    return f;
}

gint64 fixture_first_integer(const Fixture *f)
{
    const VdtOp *op = f->node->op;

    for (guint i = 0; i < op->n_results; i++) {
        VdtResult result = op->result(f->node, i);

        if (result.dtype == VDT_I32)
            return result.begin;
    }
    return f->n_y;
}

void fixture_free(Fixture *f)
{
    for (guint i = 0; i < f->node->n_inputs; i++) {
        g_free(f->x[i]);
        g_free(f->x_f32[i]);
    }
    vdt_graph_unref(f->graph);
    g_free(f);
}

#define DEFINE_GUARDED(type, suffix)                                                               \
    type *guarded_new_##suffix(gint64 n, type value)                                               \
    {                                                                                              \
        type *data = g_new(type, n + 2 * GUARD);                                                   \
                                                                                                   \
        for (gint64 i = 0; i < n + 2 * GUARD; i++)                                                 \
            data[i] = i < GUARD || i >= n + GUARD ? (type)GUARD_VALUE : value;                     \
        return data + GUARD;                                                                       \
    }                                                                                              \
                                                                                                   \
    void guarded_free_##suffix(type *data, gint64 n)                                               \
    {                                                                                              \
        for (gint64 i = 0; i < GUARD; i++) {                                                       \
            g_assert_true(data[-1 - i] == (type)GUARD_VALUE);                                      \
            g_assert_true(data[n + i] == (type)GUARD_VALUE);                                       \
        }                                                                                          \
        g_free(data - GUARD);                                                                      \
    }

DEFINE_GUARDED(double, f64)
DEFINE_GUARDED(float, f32)

double max_abs(const double *x, gint64 n)
{
    double largest = 0;

    for (gint64 i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

void add_case_tests(const char *group, GTestDataFunc test)
{
    for (guint i = 0, number = 0; i < n_op_cases; i++) {
        g_autofree char *path = NULL;

        number = i > 0 && g_str_equal(op_cases[i - 1].op, op_cases[i].op) ? number + 1 : 0;
        path = g_strdup_printf("/ops/%s/%s/%u", group, op_cases[i].op, number);
        g_test_add_data_func(path, &op_cases[i], test);
    }
}
