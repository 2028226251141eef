/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The optimisers on given gradients: against PyTorch (record.py), with any number of threads, and
 * on what is not finite.
 */
#include "train/optimizer.h"
#include <math.h>
#include <string.h>
#include <vedette/runtime.h>

#define STEPS 6

/* As OPTIMIZERS in record.py. */
static const struct {
    const char *name;
    VdtTrainOptions options;
    double slow;
} recorded[] = {
    {"sgd", {.decay_vectors = TRUE}, 1},
    {"sgd-momentum",
     {.momentum = 0.9, .weight_decay = 0.05, .decay_vectors = TRUE, .max_norm = 2},
     1},
    {"sgd-slow", {.momentum = 0.8, .weight_decay = 0.1, .max_norm = 3}, 0.1},
    {"adamw", {.kind = VDT_OPTIMIZER_ADAMW, .weight_decay = 0.1, .max_norm = 1.5}, 1},
    {"adamw-other",
     {.kind = VDT_OPTIMIZER_ADAMW,
      .beta1 = 0.8,
      .beta2 = 0.95,
      .eps = 1e-3,
      .weight_decay = 0.2,
      .decay_vectors = TRUE},
     0.25},
};

static const VdtSchedule schedule = {.kind = VDT_SCHEDULE_COSINE,
                                     .rate = 0.1,
                                     .steps = STEPS,
                                     .warmup = 2,
                                     .warmup_start = 0.25,
                                     .final = 0.01};

static VdtWeights *load(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "optimizers.safetensors", NULL);
    g_autoptr(GError) error = NULL;
    VdtWeights *weights = vdt_weights_load(path, &error);

    g_assert_no_error(error);
    return weights;
}

static const float *values(const VdtWeights *weights, const char *name)
{
    const VdtTensor *tensor = vdt_weights_lookup(weights, name);

    g_assert_nonnull(tensor);
    return tensor->data;
}

/* A parameter with all that belongs to it. */
typedef struct {
    const char *name;
    VdtTensor *value, *gradient, *state[2], *average;
} Param;

static Param param_new(const char *scope, const char *name, VdtShape shape)
{
    Param p = {name, vdt_tensor_new(VDT_F32, &shape, NULL), vdt_tensor_new(VDT_F32, &shape, NULL)};
    g_autofree char *key = g_strdup_printf("%s:%s", scope, name);

    p.state[0] = vdt_tensor_new(VDT_F32, &shape, NULL);
    p.state[1] = vdt_tensor_new(VDT_F32, &shape, NULL);
    vdt_tensor_fill_uniform(p.value, key, -1, 1);
    p.average = vdt_tensor_convert(p.value, VDT_F32, NULL);
    return p;
}

static void param_clear(Param *p)
{
    vdt_tensor_unref(p->value);
    vdt_tensor_unref(p->gradient);
    vdt_tensor_unref(p->state[0]);
    vdt_tensor_unref(p->state[1]);
    vdt_tensor_unref(p->average);
}

static void add(VdtOptimizer *optimizer, const Param *p, double factor)
{
    const VdtTrainOptions *o = optimizer->options;
    guint n_states = vdt_optimizer_count_states(o);
    VdtOptimized optimized = {
        .name = p->name,
        .n = p->value->n_bytes / sizeof(float),
        .value = p->value->data,
        .gradient = p->gradient->data,
        .state = {n_states > 0 ? p->state[0]->data : NULL, n_states > 1 ? p->state[1]->data : NULL},
        .average = o->average > 0 ? p->average->data : NULL,
        .decays = o->decay_vectors || p->value->shape.n_dims > 1,
        .factor = factor,
    };

    vdt_optimizer_add(optimizer, &optimized);
}

static void fill_gradient(const char *scope, const Param *p, int step)
{
    g_autofree char *key = g_strdup_printf("%s:%s:%d", scope, p->name, step);

    vdt_tensor_fill_uniform(p->gradient, key, -1 - step, 1);
}

static void test_recorded(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    const char *scope = recorded[i].name;
    g_autoptr(VdtWeights) expected = load();
    VdtTrainOptions options = recorded[i].options;
    Param params[2] = {param_new(scope, "matrix", vdt_shape(7, 5)),
                       param_new(scope, "vector", vdt_shape(11))};
    VdtOptimizer optimizer;

    options.schedule = schedule;
    vdt_optimizer_init(&optimizer, &options);
    add(&optimizer, &params[0], 1);
    add(&optimizer, &params[1], recorded[i].slow);
    for (int step = 0; step < STEPS; step++) {
        g_autofree char *key = g_strdup_printf("%s:norm:%d", scope, step);
        g_autoptr(GError) error = NULL;
        double norm;

        fill_gradient(scope, &params[0], step);
        fill_gradient(scope, &params[1], step);
        g_assert_true(vdt_optimizer_step(&optimizer, step, NULL, &norm, &error));
        g_assert_no_error(error);
        g_assert_cmpfloat_with_epsilon(norm, values(expected, key)[0], 1e-6 * norm);
    }
    for (int k = 0; k < 2; k++) {
        g_autofree char *key = g_strdup_printf("%s:%s", scope, params[k].name);
        const float *got = params[k].value->data, *want = values(expected, key);

        for (gsize j = 0; j < params[k].value->n_bytes / sizeof(float); j++)
            g_assert_cmpfloat_with_epsilon(got[j], want[j], 1e-6);
        param_clear(&params[k]);
    }
    vdt_optimizer_clear(&optimizer);
}

/* Several pieces, whose last is odd, come out the same whoever works on them. */
static void test_threads(void)
{
    VdtTrainOptions options = {.kind = VDT_OPTIMIZER_ADAMW,
                               .weight_decay = 0.1,
                               .max_norm = 5,
                               .average = 0.9,
                               .schedule = schedule};
    Param first = {0};
    double first_norm = 0;

    for (guint n_threads = 1; n_threads <= 4; n_threads++) {
        Param p = param_new("threads", "large", vdt_shape(3, 100003));
        VdtOptimizer optimizer;
        double norm;

        vdt_threads_set(n_threads);
        vdt_optimizer_init(&optimizer, &options);
        add(&optimizer, &p, 1);
        for (int step = 0; step < 2; step++) {
            fill_gradient("threads", &p, step);
            g_assert_true(vdt_optimizer_step(&optimizer, step, NULL, &norm, NULL));
        }
        vdt_optimizer_clear(&optimizer);
        if (n_threads == 1) {
            first = p;
            first_norm = norm;
            continue;
        }
        g_assert_true(norm == first_norm);
        g_assert_cmpmem(p.value->data, p.value->n_bytes, first.value->data, first.value->n_bytes);
        g_assert_cmpmem(p.average->data, p.value->n_bytes, first.average->data, p.value->n_bytes);
        param_clear(&p);
    }
    param_clear(&first);
    vdt_threads_set(2);
}

/* (1 + step) / (10 + step) until that is above the decay. */
static void test_average(void)
{
    VdtTrainOptions options = {.average = 0.2, .schedule = {.rate = 1, .steps = 9}};
    Param p = param_new("average", "x", vdt_shape(1));
    const double decay[4] = {0.1, 2 / 11.0, 0.2, 0.2};
    float *x = p.value->data, *average = p.average->data;
    double expected = 1, norm;
    VdtOptimizer optimizer;

    x[0] = average[0] = 1;
    *(float *)p.gradient->data = 0.5;
    vdt_optimizer_init(&optimizer, &options);
    add(&optimizer, &p, 1);
    for (int step = 0; step < 4; step++) {
        g_assert_true(vdt_optimizer_step(&optimizer, step, NULL, &norm, NULL));
        g_assert_true(x[0] == 1 - 0.5 * (step + 1));
        expected = decay[step] * expected + (1 - decay[step]) * x[0];
        g_assert_cmpfloat_with_epsilon(average[0], expected, 1e-6);
    }
    vdt_optimizer_clear(&optimizer);
    param_clear(&p);
}

/* A factor of 0: neither moved nor counted, whatever its gradient is. */
static void test_frozen(void)
{
    VdtTrainOptions options = {
        .momentum = 0.9, .weight_decay = 1, .decay_vectors = TRUE, .schedule = schedule};
    Param frozen = param_new("frozen", "a", vdt_shape(3)),
          p = param_new("frozen", "b", vdt_shape(1));
    g_autoptr(VdtTensor) before = vdt_tensor_convert(frozen.value, VDT_F32, NULL);
    VdtOptimizer optimizer;
    double norm;

    ((float *)frozen.gradient->data)[1] = NAN;
    *(float *)p.gradient->data = -2;
    vdt_optimizer_init(&optimizer, &options);
    add(&optimizer, &frozen, 0);
    add(&optimizer, &p, 1);
    g_assert_true(vdt_optimizer_step(&optimizer, 0, NULL, &norm, NULL));
    g_assert_true(norm == 2);
    g_assert_cmpmem(frozen.value->data, frozen.value->n_bytes, before->data, before->n_bytes);
    vdt_optimizer_clear(&optimizer);
    param_clear(&frozen);
    param_clear(&p);
}

/* A single bad value, wherever it is, leaves everything as it was. Large ones are fine. */
static void test_not_finite(void)
{
    const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
    const gsize places[] = {0, 8, 50000, 99999};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        VdtTrainOptions options = {.momentum = 0.9, .average = 0.9, .schedule = schedule};
        Param a = param_new("bad", "a", vdt_shape(10)),
              b = param_new("bad", "b", vdt_shape(100000));
        Param same = param_new("bad", "b", vdt_shape(100000));
        g_autoptr(GError) error = NULL;
        VdtOptimizer optimizer;
        double norm = 0;

        vdt_optimizer_init(&optimizer, &options);
        add(&optimizer, &a, 1);
        add(&optimizer, &b, 1);
        ((float *)b.gradient->data)[places[i]] = bad[i];
        if (isfinite(bad[i])) {
            g_assert_true(vdt_optimizer_step(&optimizer, 3, NULL, &norm, &error));
            g_assert_cmpfloat_with_epsilon(norm, bad[i], 1e32);
        } else {
            g_assert_false(vdt_optimizer_step(&optimizer, 3, NULL, &norm, &error));
            g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
            g_assert_cmpstr(error->message, ==, "step 3: the gradient of 'b' is not finite");
            g_assert_cmpmem(b.value->data, b.value->n_bytes, same.value->data, b.value->n_bytes);
            g_assert_cmpmem(b.state[0]->data, b.value->n_bytes, same.state[0]->data,
                            b.value->n_bytes);
            g_assert_cmpmem(b.average->data, b.value->n_bytes, same.average->data,
                            b.value->n_bytes);
        }
        vdt_optimizer_clear(&optimizer);
        param_clear(&a);
        param_clear(&b);
        param_clear(&same);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autofree char *path = g_strdup_printf("/optimizer/recorded/%s", recorded[i].name);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_recorded);
    }
    g_test_add_func("/optimizer/threads", test_threads);
    g_test_add_func("/optimizer/average", test_average);
    g_test_add_func("/optimizer/frozen", test_frozen);
    g_test_add_func("/optimizer/not-finite", test_not_finite);
    return g_test_run();
}
