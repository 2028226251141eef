/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "baseline.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>
#include <vedette/train.h>

#include "data/random.h"
#include "data/stream.h"

#define FEATURES 3
#define HIDDEN   48
#define BATCH    64
#define STEPS    3000

/* Of each clip of a set what the network sees, and what is true. */
typedef struct {
    guint n;
    float *features;
    ClipInfo *truths;
} Facts;

static void facts_clear(Facts *facts)
{
    g_free(facts->features);
    g_free(facts->truths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Facts, facts_clear)

const char *baseline_name(BaselineKind kind)
{
    return (const char *const[BASELINE_N_KINDS]){"mean-colour", "box-shape"}[kind];
}

static void see_colour(const VdtPicture *picture, float *features)
{
    for (guint c = 0; c < 3; c++) {
        double sum = 0;
        for (guint y = 0; y < picture->height; y++)
            for (guint x = 0; x < picture->width; x++)
                sum += picture->data[y * picture->stride + 3 * (gsize)x + c];
        features[c] = sum / ((double)picture->width * picture->height) / 64 - 2;
    }
}

/* Sides in octaves, and which of them is the longer. */
static void see_shape(const ClipInfo *info, float *features)
{
    features[0] = log2(MAX(info->width, 0.01)) + 2;
    features[1] = log2(MAX(info->height, 0.01)) + 2;
    features[2] = features[0] - features[1];
}

static gboolean look(BaselineKind kind, const ClipSet *set, GCancellable *cancellable, Facts *facts,
                     GError **error)
{
    facts->n = clip_set_get_n_clips(set);
    facts->features = g_new0(float, (gsize)FEATURES * facts->n);
    facts->truths = g_new(ClipInfo, facts->n);
    g_autoptr(ClipStream) stream =
        kind == BASELINE_COLOUR ? clip_stream_new(set, cancellable) : NULL;
    for (guint i = 0; i < facts->n; i++) {
        float *features = facts->features + (gsize)FEATURES * i;
        if (kind == BASELINE_COLOUR) {
            const guint8 *clip = clip_stream_next(stream, error);
            if (clip == NULL)
                return FALSE;
            VdtPicture picture = clip_format_picture(&set->format, clip, 0);
            see_colour(&picture, features);
        }
        facts->truths[i] = set->info(set, i);
        if (kind == BASELINE_SHAPE)
            see_shape(&facts->truths[i], features);
    }
    return TRUE;
}

/* With a loss if it is to learn. */
static VdtGraph *make_graph(const ClipSet *set, gboolean training, GError **error)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope net = vdt_scope(graph, "");
    VdtShape seen = vdt_shape(BATCH, FEATURES), all = vdt_shape(set->n_groups, BATCH);
    VdtShape one = vdt_shape(BATCH);
    VdtValue *x = vdt_input(graph, "features", &seen), *sum = NULL;
    x = vdt_gelu(vdt_linear(vdt_in(net, "fc1"), x, .out = HIDDEN));
    x = vdt_gelu(vdt_linear(vdt_in(net, "fc2"), x, .out = HIDDEN));
    x = vdt_linear(vdt_in(net, "head"), x, .out = set->n_labels);
    if (!training) {
        vdt_output(graph, "logits", x);
        return vdt_graph_check(graph, error) ? g_steal_pointer(&graph) : NULL;
    }
    VdtValue *labels = vdt_input(graph, "labels", &all);
    for (guint i = 0; i < set->n_groups; i++) {
        VdtValue *answers = vdt_reshape(vdt_slice(labels, 0, i, 1), &one);
        VdtValue *loss = vdt_cross_entropy(
            vdt_slice(x, 1, set->groups[i].first, set->groups[i].n_labels), answers);
        sum = sum != NULL ? vdt_add(sum, loss) : loss;
    }
    vdt_output(graph, "loss", sum);
    return vdt_graph_check(graph, error) ? g_steal_pointer(&graph) : NULL;
}

static VdtSession *open_session(const ClipSet *set, VdtWeights *weights, gboolean training,
                                GError **error)
{
    g_autoptr(VdtGraph) graph = make_graph(set, training, error);
    if (graph == NULL)
        return NULL;
    g_autoptr(VdtWeights) first =
        weights != NULL ? vdt_weights_ref(weights) : vdt_weights_new_random(graph, 1);
    VdtPlanOptions options = {.kind = training ? VDT_PLAN_TRAIN : VDT_PLAN_INFER};
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, first, &options, error);
    return plan != NULL ? vdt_session_new(plan, error) : NULL;
}

static void take(const Facts *facts, guint fact, float *features, guint n)
{
    memcpy(features + (gsize)FEATURES * n, facts->features + (gsize)FEATURES * fact,
           FEATURES * sizeof *features);
}

/* Some facts of all. */
static void fill_batch(const ClipSet *set, const Facts *facts, guint64 step, VdtSession *session)
{
    float *features = vdt_session_get_input(session, 0)->data;
    float *labels = vdt_session_get_input(session, 1)->data;
    guint64 state = random_mix(step);
    for (guint n = 0; n < BATCH; n++) {
        guint fact = random_next(&state) % facts->n;
        take(facts, fact, features, n);
        for (guint i = 0; i < set->n_groups; i++) {
            guint answer = facts->truths[fact].answers[i];
            labels[i * BATCH + n] = answer != CLIP_NO_ANSWER ? (float)answer : -1;
        }
    }
}

static VdtWeights *learn(const ClipSet *set, const Facts *facts, GError **error)
{
    g_autoptr(VdtSession) session = open_session(set, NULL, TRUE, error);
    if (session == NULL)
        return NULL;
    VdtTrainOptions options = {.kind = VDT_OPTIMIZER_ADAMW,
                               .average = 0.99,
                               .schedule = {.kind = VDT_SCHEDULE_COSINE,
                                            .rate = 5e-3,
                                            .steps = STEPS,
                                            .warmup = STEPS / 20,
                                            .power = 1}};
    g_autoptr(VdtTrainer) trainer = vdt_trainer_new(session, &options, error);
    for (guint64 step = 0; trainer != NULL && step < STEPS; step++) {
        VdtTrainReport report;
        fill_batch(set, facts, step, session);
        if (!vdt_trainer_step(trainer, NULL, &report, error))
            return NULL;
    }
    return trainer != NULL ? vdt_trainer_get_weights(trainer, TRUE) : NULL;
}

static gboolean answer(const ClipSet *set, const Facts *facts, VdtWeights *weights,
                       GroupTally *tally, GError **error)
{
    g_autoptr(VdtSession) session = open_session(set, weights, FALSE, error);
    if (session == NULL)
        return FALSE;
    g_autofree double *scores = g_new(double, set->n_labels);
    for (guint first = 0; first < facts->n; first += BATCH) {
        guint n = MIN(BATCH, facts->n - first);
        for (guint i = 0; i < n; i++)
            take(facts, first + i, vdt_session_get_input(session, 0)->data, i);
        if (!vdt_session_run(session, NULL, error))
            return FALSE;
        const float *logits = vdt_session_get_output(session, 0)->data;
        for (guint i = 0; i < n; i++, logits += set->n_labels) {
            /* Only which is the largest counts. */
            for (guint k = 0; k < set->n_labels; k++)
                scores[k] = 1 / (1 + exp(-logits[k]));
            group_tally_add(tally, &facts->truths[first + i], scores);
        }
    }
    return TRUE;
}

gboolean baseline_run(BaselineKind kind, const ClipSet *train, const ClipSet *test,
                      GroupTally *tally, GCancellable *cancellable, GError **error)
{
    g_auto(Facts) known = {0}, asked = {0};
    if (!look(kind, train, cancellable, &known, error) ||
        !look(kind, test, cancellable, &asked, error))
        return FALSE;
    g_autoptr(VdtWeights) weights = learn(train, &known, error);
    return weights != NULL && answer(test, &asked, weights, tally, error);
}
