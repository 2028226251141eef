/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training.h"

#include <math.h>
#include <unistd.h>

#include "data/batches.h"
#include "io/atomic-file.h"
#include "restoration.h"

/* Rows of the curve, at most about. */
#define CURVE_ROWS 1000

void training_clear(Training *training)
{
    g_clear_pointer(&training->trainer, vdt_trainer_free);
    g_clear_pointer(&training->session, vdt_session_free);
    g_clear_pointer(&training->augment, augment_free);
    g_clear_pointer(&training->curve, curve_free);
    g_clear_pointer(&training->restoring, restoring_free);
    g_clear_pointer(&training->cache, cache_free);
    g_clear_pointer(&training->validation_cache, cache_free);
    g_clear_pointer(&training->set, clip_set_free);
    g_clear_pointer(&training->validation_set, clip_set_free);
    g_clear_pointer(&training->card, vdt_card_free);
    g_clear_pointer(&training->start, vdt_weights_unref);
    g_clear_pointer(&training->weights, vdt_weights_unref);
    g_clear_pointer(&training->progress, progress_free);
    network_clear(&training->network);
    g_free(training->start_identity);
    if (training->lock >= 0)
        close(training->lock);
}

double training_get_seconds(const Training *training)
{
    return training->seconds_before +
           (g_get_monotonic_time() - training->begun) / (double)G_USEC_PER_SEC;
}

static char *basename_of(const char *folder)
{
    g_autofree char *path = g_canonicalize_filename(folder, NULL);
    return g_path_get_basename(path);
}

void training_name_card(Training *training)
{
    const TrainOptions *o = training->o;
    VdtCard *card = training->card;
    g_free(card->name);
    g_free(card->title);
    card->name = o->name != NULL ? g_strdup(o->name) : basename_of(o->output);
    card->title =
        o->title != NULL
            ? g_strdup(o->title)
            : g_strdup_printf("%s, %s", training->network.model->name,
                              !o->street                             ? card->name
                              : training->task != NULL               ? training->task->title
                              : training->network.n_restorations > 0 ? "restoring pictures"
                              : training->network.model->task == VDT_TASK_SEGMENTATION
                                  ? "classes of the synthetic street"
                                  : "actions on the synthetic street");
}

static guint64 to_steps(const Training *training, double epochs)
{
    return epochs * training->per_epoch + 0.5;
}

static VdtTrainOptions trainer_options(const Training *training)
{
    const TrainOptions *o = training->o;
    VdtTrainOptions options = {.kind = o->optimizer_kind,
                               .momentum = o->momentum,
                               .weight_decay = o->decay,
                               .decay_vectors = o->decay_vectors,
                               .max_norm = o->clip,
                               .average = o->average,
                               .schedule = {.kind = o->schedule_kind,
                                            .rate = o->rate,
                                            .steps = training->steps,
                                            .final = o->final_rate,
                                            .power = 1,
                                            .gamma = o->gamma}};
    guint64 warmup = o->warmup_steps > 0 ? o->warmup_steps : to_steps(training, o->warmup);
    options.schedule.warmup = MIN(warmup, training->steps / 2);
    for (guint i = 0; i < G_N_ELEMENTS(o->milestone_epochs); i++)
        options.schedule.milestones[i] = to_steps(training, o->milestone_epochs[i]);
    if (o->backbone_rate != 1) {
        options.slow_prefix = json_object_get_string_member_with_default(training->network.config,
                                                                         "prefix", "backbone");
        options.slow_factor = o->backbone_rate;
    }
    return options;
}

/* A plan that trains on windows, or on whole pictures, and a trainer for it. */
static gboolean make_trainer(Training *training, gboolean cropped, GError **error)
{
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    guint width = cropped ? o->crop_width : card->width;
    guint height = cropped ? o->crop_height : card->height;
    guint batch = o->crop_width > 0 && !cropped ? o->whole_batch : o->batch;
    g_autoptr(VdtGraph) graph =
        network_graph(&training->network, batch, width, height, TRUE, error);
    if (graph == NULL)
        return FALSE;
    VdtPlanOptions plan_options = {.kind = VDT_PLAN_TRAIN};
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, training->weights, &plan_options, error);
    if (plan == NULL)
        return FALSE;
    g_clear_pointer(&training->trainer, vdt_trainer_free);
    g_clear_pointer(&training->session, vdt_session_free);
    training->session = vdt_session_new(plan, error);
    if (training->session == NULL)
        return FALSE;
    VdtTrainOptions options = trainer_options(training);
    training->trainer = vdt_trainer_new(training->session, &options, error);
    if (training->trainer == NULL)
        return FALSE;
    training->cropped = cropped;
    progress_say(training->progress, "%s: %ux%ux%u, %.1f MMAC a clip", card->name, card->frames,
                 width, height, vdt_graph_count_macs(graph) / 1e6 / batch);
    return TRUE;
}

gboolean training_see_whole(Training *training, GError **error)
{
    g_autoptr(VdtWeights) state = vdt_trainer_get_checkpoint(training->trainer);
    return make_trainer(training, FALSE, error) &&
           vdt_trainer_restore(training->trainer, state, error);
}

/* Norms that begin as layer norms are batch norms after this share of all steps. */
#define PROGRESS 0.7

/* Has norms that turn into others (vdt_progress()) do so within the training. */
static void set_progress(Training *training)
{
    float steps = floor(PROGRESS * training->steps);
    for (guint i = 0; i < vdt_weights_get_n_tensors(training->weights); i++) {
        const char *name = vdt_weights_get_name(training->weights, i);
        VdtTensor *tensor = vdt_weights_get_tensor(training->weights, i);
        if (tensor->shape.n_dims == 0 &&
            (g_str_has_suffix(name, ".iter") || g_str_has_suffix(name, ".total_step")))
            *(float *)tensor->data = steps;
    }
}

gboolean training_prepare(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    guint n_clips = clip_set_get_n_clips(training->set);
    training->per_epoch = batches_per_epoch(n_clips, o->batch);
    training->steps = o->steps > 0 ? (guint64)o->steps : MAX(to_steps(training, o->epochs), 1);
    training->crop_steps = o->crop_width > 0 ? o->crop_share * training->steps + 0.5 : 0;
    set_progress(training);
    if (!make_trainer(training, training->crop_steps > 0, error))
        return FALSE;
    if (training->network.n_restorations > 0 && !restoration_prepare(training, error))
        return FALSE;
    training->curve = curve_new(MAX(training->steps / CURVE_ROWS, 1));
    training->augment = augment_new(&o->augmentation, o->seed, &training->set->format,
                                    training->card->mean, training->card->std);
    progress_say(training->progress, "%u clips, %" G_GUINT64_FORMAT " steps of %d", n_clips,
                 training->steps, o->batch);
    return TRUE;
}

char *training_output_path(const Training *training, const char *name)
{
    return g_build_filename(training->o->output, name, NULL);
}

gboolean training_save_curve(const Training *training, GError **error)
{
    guint n;
    curve_get_rows(training->curve, &n);
    if (n == 0)
        return TRUE;
    g_autofree char *text = curve_to_text(training->curve);
    g_autofree char *data = training_output_path(training, "curve.tsv");
    g_autofree char *picture = training_output_path(training, "curve.png");
    return vdt_file_save(data, text, -1, error) &&
           curve_draw(training->curve, picture, training->card->name, error);
}
