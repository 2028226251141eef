/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A training of adapters alone: no labels are looked at, and what is written is a file of adapters,
 * which a card names beside the network's weights. */
#include "compensation.h"
#include "data/batches.h"
#include "training.h"

/* As arXiv 2408.06798 has it. */
#define COLUMNS 2
#define SCALE   0.1
#define RATE    2e-3
#define DECAY   0.05

static gboolean run(Training *training, Compensation *compensation, Batches *batches,
                    VdtTensor *labels, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    double recent = 0;
    progress_begin(training->progress, "training", "steps", 0, training->steps);
    for (guint64 step = 0; step < training->steps; step++) {
        double loss;
        batches_fill(batches, step, compensation_get_input(compensation), labels);
        if (g_cancellable_set_error_if_cancelled(training->cancellable, error) ||
            !compensation_step(compensation, &loss, error)) {
            progress_end(training->progress);
            return FALSE;
        }
        recent = step == 0 ? loss : recent + (loss - recent) / MIN(step + 1, 50);
        g_string_printf(text, "divergence %.3g", recent);
        progress_update(training->progress, step + 1, text->str);
    }
    progress_end(training->progress);
    return TRUE;
}

gboolean training_compensate(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    const Network *network = &training->network;
    const VdtCard *card = training->card;
    training->per_epoch = batches_per_epoch(clip_set_get_n_clips(training->set), o->batch);
    training->steps = MAX((guint64)(o->epochs * training->per_epoch + 0.5), 1);
    training->augment =
        augment_new(&o->augmentation, o->seed, &training->set->format, card->mean, card->std);
    const CompensationOptions options = {.batch = o->batch,
                                         .width = card->width,
                                         .height = card->height,
                                         .columns = COLUMNS,
                                         .scale = SCALE,
                                         .rate = RATE,
                                         .decay = DECAY,
                                         .steps = training->steps,
                                         .seed = o->seed};
    g_autoptr(Compensation) compensation =
        compensation_new(network->model, network->config, training->weights, &options, error);
    if (compensation == NULL)
        return FALSE;
    VdtShape one = vdt_shape(o->batch), each = vdt_shape(network->n_groups, o->batch);
    g_autoptr(VdtTensor) labels =
        vdt_tensor_new(VDT_F32, network->n_groups > 0 ? &each : &one, error);
    if (labels == NULL)
        return FALSE;
    g_autoptr(Batches) batches = batches_new(training->cache, training->augment, o->seed, o->batch);
    if (!run(training, compensation, batches, labels, error))
        return FALSE;
    g_autoptr(VdtWeights) adapters = compensation_get_adapters(compensation);
    g_autofree char *path = training_output_path(training, "adapters.safetensors");
    if (!vdt_weights_save_safetensors(adapters, path, error))
        return FALSE;
    progress_say(training->progress,
                 "a card has them by \"compensator\": {\"weights\": \"adapters.safetensors\", "
                 "\"scale\": %g}",
                 SCALE);
    return TRUE;
}
