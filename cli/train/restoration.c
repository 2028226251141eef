/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restoration.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>

#include "data/cleanpictures.h"
#include "data/pairs.h"
#include "restore.h"
#include "score/psnr.h"

/* Differences below this, in steps of colour, are squared rather than counted. */
#define EPS 0.5

/* The kind of spoiling that restoration @i undoes. */
static SpoilKind kind_of(const TrainOptions *o, guint i)
{
    SpoilKind kind = i;
    if (o->only_task != NULL)
        spoil_find(o->only_task, &kind, NULL);
    return kind;
}

char **restoration_names(const TrainOptions *o)
{
    if (o->only_task == NULL)
        return g_strdupv((char **)spoil_names);
    return g_strdupv((char *[]){o->only_task, NULL});
}

gboolean restoration_configure(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    Network *network = &training->network;
    const guint wanted = o->only_task != NULL ? 1 : SPOIL_N_KINDS;
    guint usual;
    if (o->only_task != NULL)
        json_object_set_int_member(network->config, "tasks", 1);
    if (o->only_task != NULL || o->plain || o->sensitivity) {
        json_object_set_int_member(network->config, "rank", 0);
        network->variant = "custom";
    }
    network->n_restorations = network->model->restorations(network->config, &usual);
    if (network->n_restorations == wanted)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "--config is no network for %u tasks, as many as are learned, which says "
                "\"arch\": \"live\" and \"tasks\": %u",
                wanted, wanted);
    return FALSE;
}

VdtValue *restoration_loss(VdtGraph *graph)
{
    VdtValue *image = vdt_graph_find_output(graph, "image");
    VdtShape shape = vdt_value_shape(image);
    return vdt_charbonnier(image, vdt_input(graph, "target", &shape), .eps = EPS);
}

void restoration_ask_each(VdtBuild *asked)
{
    asked->restoration = VDT_RESTORATION_EACH;
}

gboolean restoration_open_sets(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    if (MIN(card->width, card->height) < 64 || MAX(card->width, card->height) > 1024) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--size is %dx%d, but clean pictures have sides from 64 to 1024", card->width,
                    card->height);
        return FALSE;
    }
    training->set = clean_pictures_new(o->seed, 0, o->clips, card->width, card->height);
    if (o->validation_clips > 0)
        training->validation_set = clean_pictures_new(
            STREET_VALIDATION_SEED, 0, o->validation_clips, card->width, card->height);
    return TRUE;
}

struct _Restoring {
    Pairs *pairs;
    /* a batch in the order in which it is made */
    VdtTensor *spoiled, *clean;
    gint32 *kinds;
};

void restoring_free(Restoring *restoring)
{
    if (restoring == NULL)
        return;
    pairs_free(restoring->pairs);
    g_clear_pointer(&restoring->spoiled, vdt_tensor_unref);
    g_clear_pointer(&restoring->clean, vdt_tensor_unref);
    g_free(restoring->kinds);
    g_free(restoring);
}

gboolean restoration_prepare(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    Restoring *restoring = training->restoring = g_new0(Restoring, 1);
    VdtShape shape = vdt_session_find_input(training->session, "image")->shape;
    guint kinds = 0;
    for (guint i = 0; i < training->network.n_restorations; i++)
        kinds |= 1u << kind_of(o, i);
    restoring->pairs = pairs_new(training->cache, o->seed, o->batch, kinds);
    restoring->spoiled = vdt_tensor_new(VDT_F32, &shape, error);
    restoring->clean = restoring->spoiled != NULL ? vdt_tensor_new(VDT_F32, &shape, error) : NULL;
    restoring->kinds = g_new(gint32, o->batch);
    return restoring->clean != NULL;
}

/* Samples go to the parts of the batch that are their restorations'. */
void restoration_fill(Training *training, guint64 step)
{
    Restoring *restoring = training->restoring;
    VdtTensor *spoiled = vdt_session_find_input(training->session, "image");
    VdtTensor *clean = vdt_session_find_input(training->session, "target");
    const guint n = training->o->batch;
    const gsize size = spoiled->n_bytes / n;
    pairs_fill(restoring->pairs, step, restoring->spoiled, restoring->clean, restoring->kinds);
    guint to = 0;
    for (gint32 kind = 0; kind < SPOIL_N_KINDS; kind++)
        for (guint i = 0; i < n; i++) {
            if (restoring->kinds[i] != kind)
                continue;
            memcpy((char *)spoiled->data + to * size, (char *)restoring->spoiled->data + i * size,
                   size);
            memcpy((char *)clean->data + to * size, (char *)restoring->clean->data + i * size,
                   size);
            to++;
        }
}

/* A session for each restoration, of pictures of the validation's size. */
static VdtSession *open_session(Training *training, VdtWeights *weights, guint restoration,
                                VdtPlan **sibling, GError **error)
{
    const VdtCard *card = training->card;
    const Network *network = &training->network;
    VdtShape input = network->model->input_shape(network->config, 1, card->width, card->height);
    VdtBuild asked = vdt_model_ask(network->model, &input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    asked.restoration = (int)restoration;
    if (!network->model->build(network->config, graph, &asked, error) ||
        !vdt_graph_check(graph, error))
        return NULL;
    VdtPlanOptions options = {.kind = VDT_PLAN_INFER};
    VdtPlan *plan = vdt_plan_new_sharing(graph, weights, &options, *sibling, error);
    if (plan == NULL)
        return NULL;
    g_clear_pointer(sibling, vdt_plan_unref);
    *sibling = plan;
    return vdt_session_new(plan, error);
}

/* What one restoration does to all validation pictures. */
typedef struct {
    double loss, psnr, input; /* means; input: of the spoiled pictures */
} Outcome;

static gboolean restore_all(Training *training, VdtSession *session, SpoilKind kind,
                            Outcome *outcome, GError **error)
{
    const Cache *cache = training->validation_cache;
    const guint n = clip_set_get_n_clips(training->validation_set);
    VdtTensor *spoiled = vdt_session_get_input(session, 0);
    const gsize elements = vdt_shape_elements(&spoiled->shape);
    g_autofree float *target = g_new(float, elements);
    g_autofree guint8 *pixels = g_malloc(2 * elements);
    const guint width = training->card->width, height = training->card->height;
    VdtPicture made = {pixels, width, height, (gsize)3 * width}, clean = made;
    clean.data += elements;
    *outcome = (Outcome){0};
    for (guint i = 0; i < n; i++) {
        pairs_get(cache, i, kind, spoiled->data, target);
        vdt_restore_to_picture(target, &clean);
        vdt_restore_to_picture(spoiled->data, &made);
        outcome->input += psnr_of(PSNR_RGB, &made, &clean, 0) / n;
        if (!vdt_session_run(session, training->cancellable, error))
            return FALSE;
        const float *result = vdt_session_get_output(session, 0)->data;
        double sum = 0;
        for (gsize k = 0; k < elements; k++)
            sum += hypot(result[k] - target[k], EPS);
        outcome->loss += sum / elements / n;
        vdt_restore_to_picture(result, &made);
        outcome->psnr += psnr_of(PSNR_RGB, &made, &clean, 0) / n;
    }
    return TRUE;
}

/* A score, as it is called of all tasks together (@task NULL) or of one. */
static void set_score(JsonObject *scores, const char *what, const char *task, double value)
{
    g_autofree char *name = g_strconcat(what, task != NULL ? "." : "", task, NULL);
    json_object_set_double_member(scores, name, round(1e3 * value) / 1e3);
}

static double get_score(JsonObject *scores, const char *what, const char *task)
{
    g_autofree char *name = g_strconcat(what, task != NULL ? "." : "", task, NULL);
    return json_object_get_double_member(scores, name);
}

gboolean restoration_validate(Training *training, VdtWeights *weights, Validation *validation,
                              GError **error)
{
    const guint n = training->network.n_restorations;
    g_autoptr(VdtPlan) sibling = NULL;
    JsonObject *scores = json_object_new();
    Outcome mean = {0};
    *validation =
        (Validation){.n = clip_set_get_n_clips(training->validation_set), .scores = scores};
    json_object_set_int_member(scores, "n", validation->n);
    for (guint i = 0; i < n; i++) {
        const char *task = training->card->labels[i];
        Outcome outcome;
        g_autoptr(VdtSession) session = open_session(training, weights, i, &sibling, error);
        if (session == NULL ||
            !restore_all(training, session, kind_of(training->o, i), &outcome, error))
            return FALSE;
        mean.loss += outcome.loss / n;
        mean.psnr += outcome.psnr / n;
        mean.input += outcome.input / n;
        set_score(scores, "psnr", task, outcome.psnr);
        set_score(scores, "input_psnr", task, outcome.input);
    }
    set_score(scores, "psnr", NULL, mean.psnr);
    set_score(scores, "input_psnr", NULL, mean.input);
    validation->loss = mean.loss;
    validation->score = mean.psnr;
    return TRUE;
}

void restoration_report(const Training *training, const Validation *validation)
{
    JsonObject *scores = validation->scores;
    progress_say(training->progress, "validation: PSNR %.2f dB of %u pictures, from %.2f",
                 validation->score, validation->n, get_score(scores, "input_psnr", NULL));
    for (guint i = 0; i < training->network.n_restorations; i++) {
        const char *task = training->card->labels[i];
        progress_say(training->progress, "  %-8s %6.2f dB, from %6.2f", task,
                     get_score(scores, "psnr", task), get_score(scores, "input_psnr", task));
    }
}
