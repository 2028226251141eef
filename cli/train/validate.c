/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How well the weights do on clips that are not trained on. */
#include "predict.h"
#include "training.h"

#define BATCH 16

typedef struct {
    Tally *tally;
    const ClipSet *set;
} Counting;

static void count(gpointer data, guint clip, const double *scores)
{
    Counting *counting = data;
    ClipInfo truth = counting->set->info(counting->set, clip);
    tally_add(counting->tally, &truth, scores);
}

Tally *training_validate(Training *training, VdtWeights *weights, GError **error)
{
    if (training->validation_cache == NULL)
        return NULL;
    const VdtCard *card = training->card;
    g_autoptr(VdtGraph) graph =
        network_graph(&training->network, BATCH, card->width, card->height, FALSE, error);
    if (graph == NULL)
        return NULL;
    VdtPlanOptions options = {.kind = VDT_PLAN_INFER};
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, &options, error);
    g_autoptr(VdtSession) session = plan != NULL ? vdt_session_new(plan, error) : NULL;
    if (session == NULL)
        return NULL;
    g_autoptr(Tally) tally = tally_new(card->labels, card->n_labels);
    Counting counting = {tally, training->validation_set};
    Prediction prediction = {.session = session,
                             .card = card,
                             .set = training->validation_set,
                             .cache = training->validation_cache,
                             .func = count,
                             .data = &counting};
    return predict(&prediction, error) ? g_steal_pointer(&tally) : NULL;
}
