/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How well the weights do on clips that are not trained on. */
#include "restoration.h"
#include "score/grouptally.h"
#include "score/maptally.h"
#include "score/predict.h"
#include "score/predictmaps.h"
#include "score/tally.h"

#define BATCH 16

void validation_clear(Validation *validation)
{
    g_clear_pointer(&validation->scores, json_object_unref);
}

/* One of the tallies. */
typedef struct {
    Tally *tally;
    GroupTally *groups;
    const ClipSet *set;
} Counting;

static void count(gpointer data, guint clip, const double *scores)
{
    Counting *counting = data;
    ClipInfo truth = counting->set->info(counting->set, clip);
    if (counting->groups != NULL)
        group_tally_add(counting->groups, &truth, scores);
    else
        tally_add(counting->tally, &truth, scores);
}

static gboolean validate_clips(Training *training, VdtSession *session, Validation *validation,
                               GError **error)
{
    const VdtCard *card = training->card;
    g_autoptr(Tally) tally = tally_new(card->labels, card->n_labels);
    g_autoptr(GroupTally) groups =
        training->validation_set->n_groups > 0 ? group_tally_new(training->validation_set) : NULL;
    Counting counting = {tally, groups, training->validation_set};
    Prediction prediction = {.session = session,
                             .card = card,
                             .set = training->validation_set,
                             .cache = training->validation_cache,
                             .func = count,
                             .data = &counting};
    if (!predict(&prediction, error))
        return FALSE;
    if (groups != NULL)
        *validation = (Validation){group_tally_get_n(groups), group_tally_get_loss(groups),
                                   group_tally_get_score(groups), group_tally_to_scores(groups)};
    else
        *validation = (Validation){tally_get_n(tally), tally_get_loss(tally), tally_get_top1(tally),
                                   tally_to_scores(tally)};
    return TRUE;
}

static gboolean validate_maps(Training *training, VdtSession *session, Validation *validation,
                              GError **error)
{
    const VdtCard *card = training->card;
    g_autoptr(MapTally) tally = map_tally_new(card->labels, card->n_labels);
    MapPrediction prediction = {.session = session,
                                .card = card,
                                .set = training->validation_set,
                                .cache = training->validation_cache,
                                .tally = tally};
    if (!predict_maps(&prediction, error))
        return FALSE;
    *validation = (Validation){map_tally_get_n(tally), map_tally_get_loss(tally),
                               map_tally_get_mean_iou(tally), map_tally_to_scores(tally)};
    return TRUE;
}

gboolean training_validate(Training *training, VdtWeights *weights, Validation *validation,
                           GError **error)
{
    if (training->validation_cache == NULL)
        return TRUE;
    if (training->network.n_restorations > 0)
        return restoration_validate(training, weights, validation, error);
    const VdtCard *card = training->card;
    gboolean maps = training->network.model->task == VDT_TASK_SEGMENTATION;
    g_autoptr(VdtGraph) graph = network_graph(&training->network, maps ? 1 : BATCH, card->width,
                                              card->height, FALSE, error);
    if (graph == NULL)
        return FALSE;
    VdtPlanOptions options = {.kind = VDT_PLAN_INFER};
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, &options, error);
    g_autoptr(VdtSession) session = plan != NULL ? vdt_session_new(plan, error) : NULL;
    if (session == NULL)
        return FALSE;
    return maps ? validate_maps(training, session, validation, error)
                : validate_clips(training, session, validation, error);
}
