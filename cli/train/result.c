/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a training leaves: weights, labels, card, curve. */
#include <math.h>
#include <street.h>
#include <string.h>

#include "data/batches.h"
#include "data/streetclips.h"
#include "io/atomic-file.h"
#include "jsontext.h"
#include "restoration.h"
#include "sink.h"

/* Pictures that norms are measured by: with a share of 0.1 of each step in a mean, those of the
 * last twenty or so count. */
#define NORMS_STEPS 100
#define NORMS_BATCH 64

/* Matrices in the precision that was asked for; vectors, which cost nothing, in float32. */
static VdtWeights *stored(const Training *training, VdtWeights *weights, GError **error)
{
    g_autoptr(VdtWeights) result = vdt_weights_new();
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        VdtTensor *tensor = vdt_weights_get_tensor(weights, i);
        VdtDType type = tensor->shape.n_dims >= 2 ? training->o->store_as : VDT_F32;
        g_autoptr(VdtTensor) kept = vdt_tensor_convert(tensor, type, error);
        if (kept == NULL)
            return NULL;
        vdt_weights_insert(result, vdt_weights_get_name(weights, i), kept);
    }
    return g_steal_pointer(&result);
}

static JsonArray *three(const float *values)
{
    JsonArray *array = json_array_new();
    for (int c = 0; c < 3; c++)
        json_array_add_double_element(array, round(1e4 * values[c]) / 1e4);
    return array;
}

static JsonObject *preprocessing(const Training *training)
{
    const VdtCard *card = training->card;
    JsonObject *object = json_object_new();
    json_object_set_array_member(object, "mean", three(card->mean));
    json_object_set_array_member(object, "std", three(card->std));
    json_object_set_int_member(object, "width", card->width);
    json_object_set_int_member(object, "height", card->height);
    json_object_set_string_member(object, "framing",
                                  (const char *const[]){"stretch", "crop", "fit"}[card->framing]);
    json_object_set_int_member(object, "frames", card->frames);
    json_object_set_int_member(object, "frame_interval", card->frame_interval);
    json_object_set_double_member(object, "window", card->window);
    return object;
}

static JsonObject *evaluation(const Training *training)
{
    const VdtCard *card = training->card;
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "clips", training->o->street ? 1 : card->test_clips);
    json_object_set_int_member(object, "crops", training->o->street ? 1 : card->test_crops);
    json_object_set_int_member(object, "size", MIN(card->width, card->height));
    if (training->network.model->task == VDT_TASK_SEGMENTATION)
        json_object_set_boolean_member(object, "zero_is_other", training->zero_is_other);
    return object;
}

static JsonObject *record(const Training *training, const Validation *validation)
{
    const TrainOptions *o = training->o;
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "command", training->command);
    json_object_set_double_member(object, "seconds", round(training_get_seconds(training)));
    json_object_set_int_member(object, "seed", o->seed);
    json_object_set_int_member(object, "clips", clip_set_get_n_clips(training->set));
    json_object_set_int_member(object, "steps", training->steps);
    json_object_set_boolean_member(object, "one_frame", o->one_frame);
    if (o->street) {
        json_object_set_int_member(object, "world_version", VDT_STREET_VERSION);
        json_object_set_int_member(object, "validation_seed", STREET_VALIDATION_SEED);
    }
    if (validation->n > 0)
        json_object_set_object_member(object, "validation", json_object_ref(validation->scores));
    return object;
}

/* What batch norms divide by in inference is from the last steps, whose weights were others, and in
 * no average; here it is had again from what these weights make of pictures as they are. */
static VdtWeights *measure_norms(Training *training, VdtWeights *weights, GError **error)
{
    static const AugmentOptions as_they_are = {0};
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    guint batch = MIN(o->batch, NORMS_BATCH);
    Network network = training->network;
    network.dropout = 0;
    g_autoptr(VdtGraph) graph =
        network_graph(&network, batch, card->width, card->height, TRUE, error);
    if (graph == NULL)
        return NULL;
    VdtPlanOptions plan_options = {.kind = VDT_PLAN_TRAIN};
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, &plan_options, error);
    g_autoptr(VdtSession) session = plan != NULL ? vdt_session_new(plan, error) : NULL;
    /* At a rate of 0 nothing but the norms moves. */
    VdtTrainOptions options = {.kind = VDT_OPTIMIZER_SGD, .schedule = {.steps = NORMS_STEPS}};
    g_autoptr(VdtTrainer) trainer =
        session != NULL ? vdt_trainer_new(session, &options, error) : NULL;
    if (trainer == NULL)
        return NULL;
    g_autoptr(Augment) augment =
        augment_new(&as_they_are, o->seed, &training->set->format, card->mean, card->std);
    g_autoptr(Batches) batches = batches_new(training->cache, augment, o->seed, batch);
    for (guint64 step = 0; step < NORMS_STEPS; step++) {
        VdtTrainReport report;
        batches_fill(batches, step, vdt_session_get_input(session, 0),
                     vdt_session_get_input(session, 1));
        if (!vdt_trainer_step(trainer, NULL, &report, error))
            return NULL;
    }
    return vdt_trainer_get_weights(trainer, FALSE);
}

/* Whether a network of tokens is normed by batch. */
static gboolean has_token_norms(const Training *training, VdtWeights *weights)
{
    gboolean found = FALSE;
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights) && !found; i++)
        found = g_str_has_suffix(vdt_weights_get_name(weights, i), ".running_mean");
    return found && training->network.model->task == VDT_TASK_CLASSIFICATION;
}

static char *origin_of(const Training *training)
{
    if (training->o->origin != NULL)
        return g_strdup(training->o->origin);
    g_autofree char *from =
        training->o->weights != NULL ? printable(training->o->weights) : g_strdup("random weights");
    if (!training->o->street)
        return g_strdup_printf(
            "trained by vedette on %s of one's own, from %s",
            training->network.model->task == VDT_TASK_RECOGNITION ? "videos" : "pictures", from);
    return g_strdup_printf("trained by vedette on its synthetic street, world version %d, from %s",
                           VDT_STREET_VERSION, from);
}

/* On a street somebody always walks, or nobody does. */
static const VdtStreetAction usual[] = {VDT_STREET_EMPTY, VDT_STREET_WALK};

/* Labels that nobody has to be told of; NULL if there are none. */
static JsonArray *background(const StreetTask *task)
{
    if (task != NULL && task->background == NULL)
        return NULL;
    JsonArray *array = json_array_new();
    for (guint i = 0; task != NULL && task->background[i] != NULL; i++)
        json_array_add_string_element(array, task->background[i]);
    for (guint i = 0; task == NULL && i < G_N_ELEMENTS(usual); i++)
        json_array_add_string_element(array, vdt_street_action_name(usual[i]));
    return array;
}

/* What a street's objects are. */
static JsonArray *things(void)
{
    static const VdtStreetClass classes[] = {VDT_STREET_PERSON, VDT_STREET_VEHICLE, VDT_STREET_BAG};
    JsonArray *array = json_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
        json_array_add_string_element(array, vdt_street_class_name(classes[i]));
    return array;
}

/* What is asked, and how many labels answer it. */
static JsonArray *groups(const Network *network)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < network->n_groups; i++) {
        JsonObject *group = json_object_new();
        json_object_set_string_member(group, "name", network->groups[i].name);
        json_object_set_int_member(group, "labels", network->groups[i].n_labels);
        if (network->groups[i].of != NULL)
            json_object_set_string_member(group, "of", network->groups[i].of);
        json_array_add_object_element(array, group);
    }
    return array;
}

static JsonArray *tasks(const VdtCard *card)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < card->n_labels; i++)
        json_array_add_string_element(array, card->labels[i]);
    return array;
}

static gboolean save_card(const Training *training, const Validation *validation, GError **error)
{
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *origin = origin_of(training);
    g_autofree char *weights = training_output_path(training, "weights.safetensors");
    g_autofree char *hash = sink_hash(weights, NULL, error);
    if (hash == NULL)
        return FALSE;
    json_object_set_int_member(object, "schema", 1);
    json_object_set_string_member(object, "name", card->name);
    json_object_set_string_member(object, "architecture", card->architecture);
    json_object_set_string_member(object, "variant", card->variant);
    json_object_set_string_member(object, "title", card->title);
    json_object_set_string_member(object, "weights", "weights.safetensors");
    json_object_set_string_member(object, "sha256", hash);
    if (training->network.n_restorations > 0)
        json_object_set_array_member(object, "tasks", tasks(card));
    else
        json_object_set_string_member(object, "labels", "labels.txt");
    if (training->network.n_groups > 0)
        json_object_set_array_member(object, "groups", groups(&training->network));
    JsonArray *quiet = NULL;
    if (o->street && training->network.model->task == VDT_TASK_SEGMENTATION)
        json_object_set_array_member(object, "things", things());
    else if (o->street && training->network.n_restorations == 0)
        quiet = background(training->task);
    if (quiet != NULL)
        json_object_set_array_member(object, "background", quiet);
    json_object_set_string_member(object, "licence",
                                  o->licence != NULL ? o->licence
                                  : o->street        ? "CC0-1.0"
                                                     : "not stated");
    json_object_set_string_member(object, "origin", origin);
    json_object_set_object_member(object, "config", json_object_ref(training->network.config));
    json_object_set_object_member(object, "preprocessing", preprocessing(training));
    json_object_set_object_member(object, "evaluation", evaluation(training));
    json_object_set_object_member(object, "training", record(training, validation));
    g_autofree char *text = json_text(object, TRUE),
                    *path = training_output_path(training, "card.json");
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    return vdt_file_save(path, lines, -1, error);
}

gboolean training_save_labels(Training *training, GError **error)
{
    if (training->network.n_restorations > 0)
        return TRUE;
    g_autofree char *names = g_strjoinv("\n", training->card->labels);
    g_autofree char *text = g_strconcat(names, "\n", NULL);
    g_autofree char *path = training_output_path(training, "labels.txt");
    g_auto(GStrv) kept = g_strdupv(training->card->labels);
    if (!vdt_file_save(path, text, -1, error) || !vdt_card_load_labels(training->card, path, error))
        return FALSE;
    if (g_strv_equal((const char *const *)kept, (const char *const *)training->card->labels))
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: is not what it should be; class names take one line each, and are not empty",
                path);
    return FALSE;
}

gboolean training_save_result(Training *training, GError **error)
{
    g_autoptr(VdtWeights) trained =
        vdt_trainer_get_weights(training->trainer, training->o->average > 0);
    if (has_token_norms(training, trained)) {
        VdtWeights *measured = measure_norms(training, trained, error);
        if (measured == NULL)
            return FALSE;
        vdt_weights_unref(trained);
        trained = measured;
    }
    g_autoptr(VdtWeights) weights = stored(training, trained, error);
    if (weights == NULL)
        return FALSE;
    /* The score is that of the file, rounding included. */
    g_auto(Validation) validation = {0};
    if (!training_validate(training, weights, &validation, error))
        return FALSE;
    if (validation.n > 0 && training->network.n_restorations > 0)
        restoration_report(training, &validation);
    else if (validation.n > 0)
        progress_say(training->progress,
                     training->network.model->task == VDT_TASK_SEGMENTATION
                         ? "validation: mean IoU %.2f %% of %u pictures"
                     : training->task != NULL
                         ? "validation: %.2f %% of the answers to %u pictures right"
                         : "validation: %.2f %% of %u clips right",
                     100 * validation.score, validation.n);
    g_autofree char *path = training_output_path(training, "weights.safetensors");
    return vdt_weights_save_safetensors(weights, path, error) &&
           save_card(training, &validation, error) && training_save_curve(training, error);
}
