/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trainers of a small network: averages, checkpoints, and steps that are refused.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <vedette/ops.h>
#include <vedette/runtime.h>
#include <vedette/train.h>

#define BATCH   6
#define CLASSES 3

/* All that a training consists of. */
typedef struct {
    VdtGraph *graph;
    VdtPlan *plan;
    VdtSession *session;
    VdtTrainer *trainer;
} Training;

static VdtGraph *build(int width)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape pictures = vdt_shape(BATCH, 2, 9, 7), flat = vdt_shape(BATCH, -1);
    VdtShape labels = vdt_shape(BATCH);
    VdtValue *x = vdt_input(graph, "x", &pictures);

    x = vdt_conv2d(vdt_in(s, "conv"), x, .out = width, .kernel = 3, .stride = 2, .pad = 1);
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "bn"), x));
    x = vdt_dropout(vdt_reshape(vdt_global_avg_pool(x), &flat), 0.3);
    x = vdt_linear(vdt_in(s, "fc"), x, .out = CLASSES);
    vdt_output(graph, "logits", x);
    vdt_output(graph, "loss", vdt_cross_entropy(x, vdt_input(graph, "labels", &labels)));
    return graph;
}

static VdtGraph *build_frozen(int width, const char *prefix)
{
    VdtGraph *graph = build(width);

    vdt_graph_freeze(graph, prefix);
    return graph;
}

/* Takes over @graph. */
static Training training_of(VdtGraph *graph, const VdtTrainOptions *options)
{
    const VdtPlanOptions train = {.kind = VDT_PLAN_TRAIN};
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 5);
    g_autoptr(GError) error = NULL;
    Training t = {graph};

    t.plan = vdt_plan_new(graph, weights, &train, &error);
    g_assert_no_error(error);
    t.session = vdt_session_new(t.plan, &error);
    g_assert_no_error(error);
    t.trainer = vdt_trainer_new(t.session, options, &error);
    g_assert_no_error(error);
    return t;
}

static void training_clear(Training *t)
{
    vdt_trainer_free(t->trainer);
    vdt_session_free(t->session);
    vdt_plan_unref(t->plan);
    vdt_graph_unref(t->graph);
}

/* A batch of its own for each step; classes differ in what they are filled from. */
static void fill(const Training *t, guint64 step)
{
    VdtShape shape = vdt_shape(2, 9, 7);
    float *labels = vdt_session_get_input(t->session, 1)->data;
    char *pictures = vdt_session_get_input(t->session, 0)->data;

    for (int i = 0; i < BATCH; i++) {
        g_autoptr(VdtTensor) picture = vdt_tensor_new(VDT_F32, &shape, NULL);
        g_autofree char *name = g_strdup_printf("%d:%" G_GUINT64_FORMAT, i, step);

        labels[i] = i % CLASSES;
        vdt_tensor_fill_uniform(picture, name, -1, i % CLASSES);
        memcpy(pictures + i * picture->n_bytes, picture->data, picture->n_bytes);
    }
}

static double do_steps(const Training *t, guint64 until)
{
    VdtTrainReport report = {0};

    while (vdt_trainer_get_step(t->trainer) < until) {
        g_autoptr(GError) error = NULL;

        fill(t, vdt_trainer_get_step(t->trainer));
        vdt_trainer_step(t->trainer, NULL, &report, &error);
        g_assert_no_error(error);
    }
    return report.loss;
}

static void assert_equal(const VdtWeights *a, const VdtWeights *b)
{
    g_assert_cmpuint(vdt_weights_get_n_tensors(a), ==, vdt_weights_get_n_tensors(b));
    for (guint i = 0; i < vdt_weights_get_n_tensors(a); i++) {
        const VdtTensor *x = vdt_weights_get_tensor(a, i), *y = vdt_weights_get_tensor(b, i);

        g_assert_cmpstr(vdt_weights_get_name(a, i), ==, vdt_weights_get_name(b, i));
        if (x->n_bytes != y->n_bytes || memcmp(x->data, y->data, x->n_bytes) != 0)
            g_error("%s is not the same", vdt_weights_get_name(a, i));
    }
    g_assert_cmpstr(vdt_weights_get_metadata(a, "step"), ==, vdt_weights_get_metadata(b, "step"));
}

static const VdtTrainOptions sgd = {
    .momentum = 0.9,
    .weight_decay = 1e-3,
    .decay_vectors = TRUE,
    .max_norm = 5,
    .average = 0.9,
    .schedule = {.kind = VDT_SCHEDULE_COSINE, .rate = 0.1, .steps = 40, .warmup = 3},
};
static const VdtTrainOptions plain = {.schedule = {.rate = 0.1, .steps = 40}};
static const VdtTrainOptions adamw = {
    .kind = VDT_OPTIMIZER_ADAMW,
    .weight_decay = 0.01,
    .average = 0.5,
    .slow_prefix = "net.conv",
    .slow_factor = 0.1,
    .schedule = {.rate = 0.01, .steps = 40},
};

static void test_learns(void)
{
    Training t = training_of(build(8), &sgd);
    double first = do_steps(&t, 1), last = do_steps(&t, 40);

    g_test_message("loss %g to %g", first, last);
    g_assert_cmpfloat(last, <, 0.5 * first);
    training_clear(&t);
}

/* What the options say about single parameters: one step of plain SGD, recomputed. */
static void test_each_parameter(void)
{
    for (int vectors = 0; vectors <= 1; vectors++) {
        VdtTrainOptions options = plain;
        g_autoptr(VdtWeights) before = NULL;
        Training t;

        options.weight_decay = 0.5;
        options.decay_vectors = vectors;
        options.slow_prefix = "net.bn";
        options.slow_factor = 0.25;
        t = training_of(build(4), &options);
        before = vdt_trainer_get_weights(t.trainer, FALSE);
        do_steps(&t, 1);
        for (guint i = 0; i < 7; i++) {
            const VdtTensor *x = vdt_weights_get_tensor(before, i);
            const VdtTensor *dx = vdt_session_get_gradient(t.session, i);
            const float *now = vdt_session_get_param(t.session, i)->data;
            double rate = g_str_has_prefix(vdt_weights_get_name(before, i), "net.bn") ? 0.025 : 0.1;
            double decay = vectors || x->shape.n_dims > 1 ? 0.5 : 0;

            for (gsize k = 0; dx && k < x->n_bytes / sizeof(float); k++) {
                double was = ((const float *)x->data)[k], d = ((const float *)dx->data)[k];

                g_assert_cmpfloat_with_epsilon(now[k], was - rate * (d + decay * was), 1e-6);
            }
        }
        training_clear(&t);
    }
}

/* Nothing moves and the batch is the same, but what is dropped is not. */
static void test_dropout_differs(void)
{
    VdtTrainOptions options = plain;
    VdtTrainReport first, second;
    Training t;

    options.schedule.rate = 0;
    t = training_of(build(8), &options);
    fill(&t, 0);
    g_assert_true(vdt_trainer_step(t.trainer, NULL, &first, NULL));
    fill(&t, 0);
    g_assert_true(vdt_trainer_step(t.trainer, NULL, &second, NULL));
    g_assert_true(first.loss != second.loss);
    training_clear(&t);
}

/* 9 steps are 4 steps, a file, and 5 steps in a new process: bit for bit, dropout included. */
static void test_restore(gconstpointer data)
{
    const VdtTrainOptions *options = data;
    g_autofree char *folder = g_dir_make_tmp("vedette-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "checkpoint.safetensors", NULL);
    Training whole = training_of(build(8), options), half = training_of(build(8), options);
    Training rest = training_of(build(8), options);
    g_autoptr(VdtWeights) saved = NULL, loaded = NULL, again = NULL, a = NULL, b = NULL;
    g_autoptr(GError) error = NULL;
    double loss = do_steps(&whole, 9);

    do_steps(&half, 4);
    saved = vdt_trainer_get_checkpoint(half.trainer);
    vdt_weights_set_metadata(saved, "command", "train");
    g_assert_true(vdt_weights_save_safetensors(saved, path, NULL));
    do_steps(&half, 5); /* the checkpoint is a copy */
    do_steps(&rest, 2); /* whatever it did before */

    loaded = vdt_weights_load(path, NULL);
    assert_equal(loaded, saved);
    g_assert_cmpstr(vdt_weights_get_metadata(loaded, "step"), ==, "4");
    vdt_trainer_restore(rest.trainer, loaded, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(vdt_trainer_get_step(rest.trainer), ==, 4);
    again = vdt_trainer_get_checkpoint(rest.trainer);
    assert_equal(again, saved);

    g_assert_true(do_steps(&rest, 9) == loss);
    a = vdt_trainer_get_checkpoint(whole.trainer);
    b = vdt_trainer_get_checkpoint(rest.trainer);
    assert_equal(a, b);
    training_clear(&whole);
    training_clear(&half);
    training_clear(&rest);
    g_unlink(path);
    g_rmdir(folder);
}

static void test_checkpoint_names(void)
{
    static const struct {
        const VdtTrainOptions *options;
        const char *kind, *states[2];
        guint n_tensors; /* 7 parameters, 5 of them trained */
    } cases[] = {
        {&plain, "sgd", {NULL, NULL}, 7},
        {&sgd, "sgd", {"optimizer.", NULL}, 7 + 5 + 7},
        {&adamw, "adamw", {"optimizer1.", "optimizer2."}, 7 + 5 + 5 + 7},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Training t = training_of(build(4), cases[i].options);
        g_autoptr(VdtWeights) checkpoint = vdt_trainer_get_checkpoint(t.trainer);

        g_assert_cmpstr(vdt_weights_get_metadata(checkpoint, "optimizer"), ==, cases[i].kind);
        g_assert_cmpstr(vdt_weights_get_metadata(checkpoint, "step"), ==, "0");
        g_assert_cmpuint(vdt_weights_get_n_tensors(checkpoint), ==, cases[i].n_tensors);
        g_assert_cmpstr(vdt_weights_get_name(checkpoint, 0), ==, "net.conv.weight");
        for (int k = 0; k < 2 && cases[i].states[k]; k++) {
            g_autofree char *trained = g_strconcat(cases[i].states[k], "net.fc.bias", NULL);
            g_autofree char *derived = g_strconcat(cases[i].states[k], "net.bn.running_var", NULL);

            g_assert_nonnull(vdt_weights_lookup(checkpoint, trained));
            g_assert_null(vdt_weights_lookup(checkpoint, derived));
        }
        g_assert_true((vdt_weights_lookup(checkpoint, "average.net.bn.running_var") != NULL) ==
                      (cases[i].options->average > 0));
        training_clear(&t);
    }
}

/* @checkpoint is refused with each of @texts in the message, and leaves the trainer as it was. */
static void assert_refused(const Training *t, const VdtWeights *checkpoint,
                           const char *const *texts)
{
    g_autoptr(VdtWeights) before = vdt_trainer_get_checkpoint(t->trainer), after = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(vdt_trainer_restore(t->trainer, checkpoint, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    for (; *texts; texts++)
        if (!strstr(error->message, *texts))
            g_error("'%s' does not have '%s' in it", error->message, *texts);
    after = vdt_trainer_get_checkpoint(t->trainer);
    assert_equal(before, after);
}
#define ASSERT_REFUSED(t, checkpoint, ...)                                                         \
    assert_refused(&(t), checkpoint, (const char *const[]){__VA_ARGS__, NULL})

/* Another frozen set is said to be that, with optimisers that keep state and such that do not. */
static void test_frozen_checkpoints(void)
{
    const VdtTrainOptions *const options[] = {&plain, &adamw};

    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        Training all = training_of(build(4), options[i]);
        Training fc = training_of(build_frozen(4, "net.fc"), options[i]);
        Training conv = training_of(build_frozen(4, "net.conv"), options[i]);
        Training same = training_of(build_frozen(4, "net.conv"), options[i]);
        g_autoptr(VdtWeights) of_all = NULL, of_conv = NULL, after = NULL;
        g_autoptr(GError) error = NULL;

        do_steps(&conv, 2);
        of_all = vdt_trainer_get_checkpoint(all.trainer);
        of_conv = vdt_trainer_get_checkpoint(conv.trainer);
        g_assert_null(vdt_weights_get_metadata(of_all, "frozen"));
        ASSERT_REFUSED(all, of_conv,
                       "is not of this training: net.conv.weight is frozen there, not here");
        ASSERT_REFUSED(conv, of_all,
                       "is not of this training: net.conv.weight is frozen here, not there");
        ASSERT_REFUSED(fc, of_conv, "net.conv.weight is frozen there, not here",
                       "net.fc.weight is frozen here, not there",
                       "net.fc.bias is frozen here, not there");
        vdt_trainer_restore(same.trainer, of_conv, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(vdt_trainer_get_step(same.trainer), ==, 2);
        after = vdt_trainer_get_checkpoint(same.trainer);
        assert_equal(of_conv, after);
        vdt_weights_set_metadata(of_conv, "frozen", "net.conv.weight\nnet.gone");
        ASSERT_REFUSED(same, of_conv, "net.gone, frozen there, is no parameter here");
        /* More than there are parameters are not looked at one by one. */
        g_autoptr(GString) many = g_string_new("net.conv.weight");
        for (guint k = 0; k < 100000; k++)
            g_string_append(many, "\nnet.gone");
        vdt_weights_set_metadata(of_conv, "frozen", many->str);
        g_assert_false(vdt_trainer_restore(same.trainer, of_conv, &error));
        g_assert_null(strstr(error->message, " more"));
        training_clear(&all);
        training_clear(&fc);
        training_clear(&conv);
        training_clear(&same);
    }
}

static void test_refused_checkpoints(void)
{
    Training t = training_of(build(4), &sgd), other = training_of(build(8), &sgd);
    Training adam = training_of(build(4), &adamw), unlike = training_of(build(4), &plain);
    g_autoptr(VdtWeights) fits = NULL, wide = vdt_trainer_get_checkpoint(other.trainer);
    g_autoptr(VdtWeights) second = vdt_trainer_get_checkpoint(adam.trainer);
    g_autoptr(VdtWeights) bare = vdt_trainer_get_checkpoint(unlike.trainer);
    g_autoptr(VdtWeights) empty = vdt_weights_new();
    g_autoptr(VdtTensor) whole = NULL, bad = NULL;
    g_autoptr(GError) error = NULL;

    do_steps(&t, 2);
    ASSERT_REFUSED(t, wide, "net.conv.weight is [8,2,3,3], not [4,2,3,3]",
                   "net.fc.weight is [3,8], not [3,4]", "optimizer.net.bn.bias is [8], not [4]");
    ASSERT_REFUSED(t, second, "its optimizer is adamw, not sgd",
                   "optimizer.net.conv.weight is missing",
                   "optimizer2.net.fc.bias does not belong there");
    ASSERT_REFUSED(adam, bare, "its optimizer is sgd, not adamw", "average.net.fc.bias is missing");
    ASSERT_REFUSED(t, empty, "made-up weights is not of this training", "its step is not stated",
                   "its optimizer is not stated", "net.bn.running_var is missing", "more");

    fits = vdt_trainer_get_checkpoint(t.trainer);
    vdt_weights_set_metadata(fits, "step", "-1");
    whole = vdt_tensor_convert(vdt_weights_lookup(fits, "net.fc.bias"), VDT_F64, NULL);
    bad = vdt_tensor_convert(whole, VDT_F32, NULL);
    ((float *)bad->data)[2] = NAN;
    vdt_weights_insert(fits, "net.bn.bias", whole);
    ASSERT_REFUSED(t, fits, "its step is no number: -1", "net.bn.bias is [3], not [4]");
    vdt_weights_insert(fits, "net.fc.bias", whole);
    ASSERT_REFUSED(t, fits, "net.fc.bias is float64, not float32");
    vdt_weights_insert(fits, "net.fc.bias", bad);
    ASSERT_REFUSED(t, fits, "net.fc.bias is not finite");
    training_clear(&t);
    training_clear(&other);
    training_clear(&adam);
    training_clear(&unlike);
}

/* The average of everything, running statistics included. */
static void test_averages(void)
{
    Training t = training_of(build(4), &sgd);
    g_autoptr(VdtWeights) expected = vdt_trainer_get_weights(t.trainer, FALSE), average = NULL;

    for (guint64 step = 0; step < 12; step++) {
        double decay = MIN(0.9, (1.0 + step) / (10.0 + step));
        g_autoptr(VdtWeights) weights = NULL;

        do_steps(&t, step + 1);
        weights = vdt_trainer_get_weights(t.trainer, FALSE);
        for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
            const VdtTensor *value = vdt_weights_get_tensor(weights, i);
            float *mean = vdt_weights_get_tensor(expected, i)->data;

            for (gsize k = 0; k < value->n_bytes / sizeof(float); k++)
                mean[k] = decay * mean[k] + (1 - decay) * ((const float *)value->data)[k];
        }
    }
    average = vdt_trainer_get_weights(t.trainer, TRUE);
    g_assert_cmpuint(vdt_weights_get_n_tensors(average), ==, 7);
    for (guint i = 0; i < 7; i++) {
        const VdtTensor *got = vdt_weights_get_tensor(average, i);
        const float *want = vdt_weights_get_tensor(expected, i)->data;

        for (gsize k = 0; k < got->n_bytes / sizeof(float); k++)
            g_assert_cmpfloat_with_epsilon(((const float *)got->data)[k], want[k], 1e-5);
    }
    training_clear(&t);
}

/* Without an average there are the parameters themselves; without movement, too. */
static void test_frozen(void)
{
    VdtTrainOptions options = sgd;
    g_autoptr(VdtWeights) before = NULL, after = NULL;
    Training t;

    options.average = 0;
    options.slow_prefix = "net.fc";
    t = training_of(build(4), &options);
    before = vdt_trainer_get_weights(t.trainer, FALSE);
    do_steps(&t, 5);
    after = vdt_trainer_get_weights(t.trainer, TRUE);
    for (guint i = 0; i < 7; i++) {
        const char *name = vdt_weights_get_name(before, i);
        const VdtTensor *x = vdt_weights_get_tensor(before, i);
        gboolean same = memcmp(x->data, vdt_weights_get_tensor(after, i)->data, x->n_bytes) == 0;

        g_assert_true(same == g_str_has_prefix(name, "net.fc"));
    }
    training_clear(&t);
}

static gboolean same_tensor(const VdtWeights *a, const VdtWeights *b, const char *name)
{
    const VdtTensor *x = vdt_weights_lookup(a, name), *y = vdt_weights_lookup(b, name);

    return memcmp(x->data, y->data, x->n_bytes) == 0;
}

/* What the graph has frozen has no gradient, no moments, no average, and does not move; all others
 * do as if it had been there: it counts in the norm only, which is not reached here. */
static void test_frozen_in_graph(void)
{
    VdtTrainOptions options = sgd;
    Training t, whole;
    g_autoptr(VdtWeights) before = NULL, after = NULL, average = NULL, checkpoint = NULL;
    g_autoptr(VdtWeights) others = NULL;

    options.max_norm = 0;
    options.schedule.warmup = 0; /* whose first step moves nothing */
    t = training_of(build_frozen(4, "net.conv"), &options);
    whole = training_of(build(4), &options);
    before = vdt_trainer_get_weights(t.trainer, FALSE);
    do_steps(&t, 1);
    do_steps(&whole, 1);
    others = vdt_trainer_get_weights(whole.trainer, FALSE);
    after = vdt_trainer_get_weights(t.trainer, FALSE);
    for (guint i = 0; i < 7; i++) {
        const char *name = vdt_weights_get_name(before, i);
        gboolean frozen = g_str_has_prefix(name, "net.conv");

        g_assert_true(same_tensor(before, after, name) == frozen);
        g_assert_true(same_tensor(others, after, name) == !frozen);
        if (frozen)
            g_assert_null(vdt_session_get_gradient(t.session, i));
    }
    do_steps(&t, 5);
    average = vdt_trainer_get_weights(t.trainer, TRUE);
    g_assert_cmpuint(vdt_weights_get_n_tensors(average), ==, 7);
    g_assert_true(same_tensor(before, average, "net.conv.weight"));
    checkpoint = vdt_trainer_get_checkpoint(t.trainer);
    g_assert_cmpuint(vdt_weights_get_n_tensors(checkpoint), ==, 7 + 4 + 6);
    g_assert_nonnull(vdt_weights_lookup(checkpoint, "net.conv.weight"));
    g_assert_null(vdt_weights_lookup(checkpoint, "optimizer.net.conv.weight"));
    g_assert_null(vdt_weights_lookup(checkpoint, "average.net.conv.weight"));
    g_assert_cmpstr(vdt_weights_get_metadata(checkpoint, "frozen"), ==, "net.conv.weight");
    training_clear(&t);
    training_clear(&whole);
}

/* With everything frozen only running statistics move, and with the norms frozen, nothing. */
static void test_all_frozen(void)
{
    for (int norms = 0; norms <= 1; norms++) {
        VdtGraph *graph = build_frozen(4, "");
        g_autoptr(VdtWeights) before = NULL, after = NULL;
        Training t;

        if (norms)
            g_assert_cmpuint(vdt_graph_freeze_norms(graph, ""), ==, 1);
        t = training_of(graph, &sgd);
        before = vdt_trainer_get_weights(t.trainer, FALSE);
        do_steps(&t, 3);
        after = vdt_trainer_get_weights(t.trainer, FALSE);
        for (guint i = 0; i < 7; i++) {
            const char *name = vdt_weights_get_name(before, i);

            g_assert_true(same_tensor(before, after, name) ==
                          (norms || !g_str_has_prefix(name, "net.bn.running_")));
        }
        training_clear(&t);
    }
}

/* The step is refused with @text, and the training goes on as if it had not been. */
static void check_refused_step(Training *t, GCancellable *cancellable, int code, const char *text)
{
    g_autoptr(VdtWeights) before = vdt_trainer_get_checkpoint(t->trainer), after = NULL;
    g_autoptr(GError) error = NULL;
    VdtTrainReport report;

    g_assert_false(vdt_trainer_step(t->trainer, cancellable, &report, &error));
    g_assert_error(error, VDT_ERROR, code);
    if (!strstr(error->message, text))
        g_error("'%s' does not have '%s' in it", error->message, text);
    after = vdt_trainer_get_checkpoint(t->trainer);
    assert_equal(before, after);
}

static void test_loss_not_finite(void)
{
    Training t = training_of(build(4), &sgd), same = training_of(build(4), &sgd);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(VdtWeights) a = NULL, b = NULL;

    do_steps(&t, 3);
    fill(&t, 3);
    ((float *)vdt_session_get_input(t.session, 0)->data)[11] = NAN;
    check_refused_step(&t, NULL, VDT_ERROR_FAILED, "step 3: the loss is");
    g_cancellable_cancel(cancellable);
    fill(&t, 3);
    check_refused_step(&t, cancellable, VDT_ERROR_CANCELLED, "cancelled");

    do_steps(&t, 6);
    do_steps(&same, 6);
    a = vdt_trainer_get_checkpoint(t.trainer);
    b = vdt_trainer_get_checkpoint(same.trainer);
    assert_equal(a, b);
    training_clear(&t);
    training_clear(&same);
}

static void set_all(VdtSession *session, const char *name, float value)
{
    VdtGraph *graph = vdt_session_get_graph(session);

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtTensor *tensor = vdt_session_get_param(session, i);

        if (g_str_equal(vdt_graph_get_param(graph, i, NULL), name))
            for (gsize k = 0; k < tensor->n_bytes / sizeof(float); k++)
                ((float *)tensor->data)[k] = value;
    }
}

/* A batch so far apart that its variance overflows, while what is made of it does not. */
static void test_statistics_not_finite(void)
{
    Training t = training_of(build(4), &plain);
    float *x = vdt_session_get_input(t.session, 0)->data;

    do_steps(&t, 1);
    fill(&t, 1);
    x[5] = 1e25f;
    check_refused_step(&t, NULL, VDT_ERROR_FAILED, "step 1: 'net.bn.running_var' is not finite");
    training_clear(&t);
}

/* A finite loss whose gradient by one parameter overflows, after a batch norm that was moved. */
static void test_gradient_not_finite(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtShape rows = vdt_shape(BATCH, 2), labels = vdt_shape(BATCH);
    VdtValue *x = vdt_input(graph, "x", &rows);
    Training t;

    x = vdt_batch_norm(vdt_scope(graph, "bn"), x);
    x = vdt_linear(vdt_scope(graph, "fc1"), x, .out = 2, .no_bias = TRUE);
    x = vdt_linear(vdt_scope(graph, "fc2"), x, .out = 2, .no_bias = TRUE);
    vdt_output(graph, "loss", vdt_cross_entropy(x, vdt_input(graph, "labels", &labels)));
    t = training_of(graph, &plain);
    set_all(t.session, "bn.weight", 1e20f);
    set_all(t.session, "fc1.weight", 1e-20f);
    vdt_tensor_fill_uniform(vdt_session_get_input(t.session, 0), "x", -1, 1);
    ((float *)vdt_session_get_input(t.session, 1)->data)[0] = 1;
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++)
        if (g_str_equal(vdt_graph_get_param(graph, i, NULL), "fc2.weight"))
            memcpy(vdt_session_get_param(t.session, i)->data,
                   (const float[4]){1e20f, -1e20f, 5e19f, 1e20f}, 4 * sizeof(float));
    check_refused_step(&t, NULL, VDT_ERROR_FAILED,
                       "step 0: the gradient of 'fc1.weight' is not finite");
    training_clear(&t);
}

/* Tokens behind a dropout, with the norm that a training leads from a layer norm to a batch norm.
 */
static VdtGraph *build_progress(void)
{
    VdtGraph *graph = vdt_graph_new();
    const VdtShape shape = vdt_shape(BATCH, 3, 16), rows = vdt_shape(BATCH, 48), c = vdt_shape(16);
    const VdtShape labels = vdt_shape(BATCH);
    const VdtScope s = vdt_scope(graph, "norm");
    VdtValue *x = vdt_dropout(vdt_input(graph, "x", &shape), 0.5);

    x = vdt_progress(s, vdt_layer_norm(vdt_in(s, "norm1"), x, &c),
                     vdt_batch_norm(vdt_in(s, "norm2"), x, .axis = 2));
    x = vdt_linear(vdt_scope(graph, "fc"), vdt_reshape(x, &rows), .out = 2);
    vdt_output(graph, "loss", vdt_cross_entropy(x, vdt_input(graph, "labels", &labels)));
    return graph;
}

static float *param_of(const Training *t, const char *name)
{
    for (guint i = 0; i < vdt_graph_get_n_params(t->graph); i++)
        if (g_str_equal(vdt_graph_get_param(t->graph, i, NULL), name))
            return vdt_session_get_param(t->session, i)->data;
    g_assert_not_reached();
}

static void fill_tokens(const Training *t, guint64 batch)
{
    g_autofree char *name = g_strdup_printf("tokens %" G_GUINT64_FORMAT, batch);
    float *labels = vdt_session_get_input(t->session, 1)->data;

    vdt_tensor_fill_uniform(vdt_session_get_input(t->session, 0), name, -1, 1 + (double)batch);
    for (int i = 0; i < BATCH; i++)
        labels[i] = i % 2;
}

static void step_tokens(const Training *t, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        fill_tokens(t, i);
        vdt_trainer_step(t->trainer, NULL, NULL, &error);
        g_assert_no_error(error);
    }
}

/* Statistics are the mean over the batches, with nothing dropped; counters stay, and have no
 * average; parameters stay, or become their averages. */
static void test_estimate(void)
{
    const VdtTrainOptions options = {
        .kind = VDT_OPTIMIZER_ADAMW, .average = 0.9, .schedule = {.rate = 0.01, .steps = 10}};
    Training t = training_of(build_progress(), &options);
    float *x = vdt_session_get_input(t.session, 0)->data;
    g_autoptr(VdtWeights) averaged = NULL, after = NULL;
    g_autoptr(GError) error = NULL;
    double mean = 0, var = 0;
    const gsize n = (gsize)BATCH * 3;

    *param_of(&t, "norm.iter") = 5;
    *param_of(&t, "norm.total_step") = 8;
    step_tokens(&t, 3);
    g_assert_cmpfloat(*param_of(&t, "norm.iter"), ==, 2);
    averaged = vdt_trainer_get_weights(t.trainer, TRUE);
    g_assert_cmpfloat(*(float *)vdt_weights_lookup(averaged, "norm.iter")->data, ==, 2);
    for (guint batch = 0; batch < 4; batch++) {
        double sum = 0, square = 0;

        fill_tokens(&t, batch);
        for (gsize i = 0; i < n; i++) {
            sum += x[i * 16];
            square += (double)x[i * 16] * x[i * 16];
        }
        mean += sum / n / 4;
        var += (square - sum * sum / n) / (n - 1) / 4;
        g_assert_true(vdt_trainer_estimate(t.trainer, TRUE, NULL, &error));
        g_assert_no_error(error);
    }
    g_assert_cmpfloat_with_epsilon(param_of(&t, "norm.norm2.running_mean")[0], mean, 1e-6);
    g_assert_cmpfloat_with_epsilon(param_of(&t, "norm.norm2.running_var")[0], var, 1e-6);
    g_assert_cmpfloat(*param_of(&t, "norm.iter"), ==, 2);
    after = vdt_trainer_get_weights(t.trainer, TRUE);
    for (guint i = 0; i < vdt_weights_get_n_tensors(after); i++) {
        const char *name = vdt_weights_get_name(after, i);
        const VdtTensor *is = vdt_weights_get_tensor(after, i);
        const VdtTensor *was = vdt_weights_lookup(averaged, name);

        g_assert_cmpmem(is->data, is->n_bytes, param_of(&t, name), is->n_bytes);
        if (!strstr(name, "running_"))
            g_assert_cmpmem(is->data, is->n_bytes, was->data, was->n_bytes);
    }
    /* A batch that overflows is none. */
    x[0] = 1e25f;
    g_assert_false(vdt_trainer_estimate(t.trainer, TRUE, NULL, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
    g_assert_cmpfloat_with_epsilon(param_of(&t, "norm.norm2.running_var")[0], var, 1e-6);
    /* The next step goes on, and estimates begin anew behind it. */
    step_tokens(&t, 1);
    fill_tokens(&t, 0);
    mean = 0;
    for (gsize i = 0; i < n; i++)
        mean += x[i * 16] / n;
    g_clear_error(&error);
    g_assert_true(vdt_trainer_estimate(t.trainer, FALSE, NULL, &error));
    g_assert_cmpfloat_with_epsilon(param_of(&t, "norm.norm2.running_mean")[0], mean, 1e-6);
    training_clear(&t);
}

static void test_options(void)
{
    static const struct {
        VdtTrainOptions options;
        const char *text;
    } cases[] = {
        {{.kind = 2, .schedule = {.steps = 1}}, "no optimizer of kind 2"},
        {{.momentum = 1, .schedule = {.steps = 1}}, "momentum is 1"},
        {{.beta1 = -0.1, .schedule = {.steps = 1}}, "beta1 is -0.1"},
        {{.beta2 = 1, .schedule = {.steps = 1}}, "beta2 is 1"},
        {{.eps = -1, .schedule = {.steps = 1}}, "eps is -1"},
        {{.weight_decay = NAN, .schedule = {.steps = 1}}, "weight decay is nan"},
        {{.max_norm = -1, .schedule = {.steps = 1}}, "largest norm is -1"},
        {{.average = 1, .schedule = {.steps = 1}}, "average is 1"},
        {{.slow_prefix = "net", .slow_factor = -1, .schedule = {.steps = 1}}, "slow parameters"},
        {{.slow_prefix = "nut", .schedule = {.steps = 1}}, "no parameter's name begins with 'nut'"},
        {{.schedule = {.kind = 4, .steps = 1}}, "no schedule of kind 4"},
        {{.schedule = {.steps = 0}}, "0 steps of warm-up are not fewer than the 0 steps"},
        {{.schedule = {.steps = 7, .warmup = 7}}, "7 steps of warm-up"},
        {{.schedule = {.steps = 1, .rate = INFINITY}}, "the rate is inf"},
        {{.schedule = {.steps = 1, .warmup_start = 1.1}}, "start of the warm-up is 1.1"},
        {{.schedule = {.steps = 1, .final = -1}}, "final share of the rate is -1"},
        {{.schedule = {.kind = VDT_SCHEDULE_POLY, .steps = 1}}, "the power is 0"},
        {{.schedule = {.kind = VDT_SCHEDULE_STEP, .steps = 1}}, "gamma is 0"},
        {{.schedule = {.steps = 9, .milestones = {3, 2}}}, "milestone 2 does not come after"},
    };
    Training t = training_of(build(4), &plain);
    const VdtPlanOptions trace = {.kind = VDT_PLAN_TRACE};
    g_autoptr(VdtWeights) weights = vdt_trainer_get_weights(t.trainer, FALSE);
    g_autoptr(VdtPlan) plan = vdt_plan_new(t.graph, weights, &trace, NULL);
    g_autoptr(VdtSession) session = vdt_session_new(plan, NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) mistake = NULL;

        g_assert_null(vdt_trainer_new(t.session, &cases[i].options, &mistake));
        g_assert_error(mistake, VDT_ERROR, VDT_ERROR_FAILED);
        if (!strstr(mistake->message, cases[i].text))
            g_error("'%s' does not have '%s' in it", mistake->message, cases[i].text);
    }
    g_assert_null(vdt_trainer_new(session, &plain, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "TRAIN plan"));
    vdt_trainer_free(NULL);
    training_clear(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trainer/learns", test_learns);
    g_test_add_func("/trainer/each-parameter", test_each_parameter);
    g_test_add_func("/trainer/estimate", test_estimate);
    g_test_add_func("/trainer/dropout-differs", test_dropout_differs);
    g_test_add_data_func("/trainer/restore/plain", &plain, test_restore);
    g_test_add_data_func("/trainer/restore/sgd", &sgd, test_restore);
    g_test_add_data_func("/trainer/restore/adamw", &adamw, test_restore);
    g_test_add_func("/trainer/checkpoint-names", test_checkpoint_names);
    g_test_add_func("/trainer/refused-checkpoints", test_refused_checkpoints);
    g_test_add_func("/trainer/averages", test_averages);
    g_test_add_func("/trainer/frozen", test_frozen);
    g_test_add_func("/trainer/frozen-in-graph", test_frozen_in_graph);
    g_test_add_func("/trainer/all-frozen", test_all_frozen);
    g_test_add_func("/trainer/frozen-checkpoints", test_frozen_checkpoints);
    g_test_add_func("/trainer/loss-not-finite", test_loss_not_finite);
    g_test_add_func("/trainer/gradient-not-finite", test_gradient_not_finite);
    g_test_add_func("/trainer/statistics-not-finite", test_statistics_not_finite);
    g_test_add_func("/trainer/options", test_options);
    return g_test_run();
}
