/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette train: from clips to weights with a card. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "batches.h"
#include "interrupt.h"
#include "training.h"

/* Rows of the curve, at most about. */
#define CURVE_ROWS  1000
/* Bytes of a string in a card. */
#define MAX_COMMAND 4096

void training_clear(Training *training)
{
    g_clear_pointer(&training->trainer, vdt_trainer_free);
    g_clear_pointer(&training->session, vdt_session_free);
    g_clear_pointer(&training->augment, augment_free);
    g_clear_pointer(&training->curve, curve_free);
    g_clear_pointer(&training->cache, cache_free);
    g_clear_pointer(&training->validation_cache, cache_free);
    g_clear_pointer(&training->set, clip_set_free);
    g_clear_pointer(&training->validation_set, clip_set_free);
    g_clear_pointer(&training->card, vdt_card_free);
    g_clear_pointer(&training->start, vdt_weights_unref);
    g_clear_pointer(&training->weights, vdt_weights_unref);
    g_clear_pointer(&training->progress, progress_free);
    network_clear(&training->network);
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

static void name_card(Training *training)
{
    const TrainOptions *o = training->o;
    VdtCard *card = training->card;
    g_free(card->name);
    g_free(card->title);
    card->name = o->name != NULL ? g_strdup(o->name) : basename_of(o->output);
    card->title = o->title != NULL ? g_strdup(o->title)
                                   : g_strdup_printf("%s, %s", training->network.model->name,
                                                     !o->street ? card->name
                                                     : training->network.model->maps
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

static gboolean prepare(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    guint n_clips = clip_set_get_n_clips(training->set);
    training->per_epoch = batches_per_epoch(n_clips, o->batch);
    training->steps = MAX(to_steps(training, o->epochs), 1);
    training->crop_steps = o->crop_width > 0 ? o->crop_share * training->steps + 0.5 : 0;
    if (!make_trainer(training, training->crop_steps > 0, error))
        return FALSE;
    training->curve = curve_new(MAX(training->steps / CURVE_ROWS, 1));
    training->augment = augment_new(&o->augmentation, o->seed, &training->set->format,
                                    training->card->mean, training->card->std);
    progress_say(training->progress, "%u clips, %" G_GUINT64_FORMAT " steps of %d", n_clips,
                 training->steps, o->batch);
    return TRUE;
}

static gboolean make_output(const Training *training, GError **error)
{
    if (g_mkdir_with_parents(training->o->output, 0777) == 0)
        return TRUE;
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot be made: %s",
                training->o->output, g_strerror(code));
    return FALSE;
}

/* What can go wrong at once does so before clips are drawn. */
static gboolean train(Training *training, const char *architecture, GError **error)
{
    if (!training_open_data(training, architecture, error))
        return FALSE;
    name_card(training);
    if (!make_output(training, error) || !training_check_output(training, error) ||
        !training_save_labels(training, error) || !training_load_clips(training, error) ||
        !prepare(training, error) || !training_restore(training, error))
        return FALSE;
    if (vdt_trainer_get_step(training->trainer) > 0)
        progress_say(training->progress, "going on after step %" G_GUINT64_FORMAT,
                     vdt_trainer_get_step(training->trainer));
    return training_run(training, error) && training_save_result(training, error);
}

/* The arguments as they can be typed again. */
static char *quoted(int argc, char **argv)
{
    GString *line = g_string_new("vedette");
    for (int i = 0; i < argc; i++) {
        gboolean plain =
            *argv[i] != '\0' && strspn(argv[i], "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789-_=./,:") == strlen(argv[i]);
        g_autofree char *word = plain ? g_strdup(argv[i]) : g_shell_quote(argv[i]);
        g_autofree char *valid = g_utf8_make_valid(word, -1);
        g_string_append_printf(line, " %s", valid);
    }
    /* As a card can hold it. Line breaks are in JSON, where they mean nothing. */
    for (gsize i = 0; i < line->len; i++)
        if (g_ascii_iscntrl(line->str[i]))
            line->str[i] = ' ';
    if (line->len > MAX_COMMAND) {
        char *end = g_utf8_find_prev_char(line->str, line->str + MAX_COMMAND);
        g_string_truncate(line, end - line->str);
    }
    return g_string_free(line, FALSE);
}

int command_train(int argc, char **argv)
{
    g_auto(TrainOptions) o = {.common = {0}};
    g_autofree char *architecture = NULL, *command = quoted(argc, argv);
    if (!train_options_parse(&o, argc, argv, &architecture))
        return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    g_autoptr(GCancellable) cancellable = interrupt_catch();
    g_auto(Training) training = {.o = &o,
                                 .command = command,
                                 .cancellable = cancellable,
                                 .progress = progress_new(),
                                 .begun = g_get_monotonic_time()};
    if (!common_options_apply(&o.common, &precision, &error) ||
        !train(&training, architecture, &error))
        return complain("train", error, EXIT_FAILED);
    g_print("%s\n", o.output);
    return EXIT_DONE;
}
