/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette eval: how often a model is right, on the synthetic street or on videos of one's own. */
#include <string.h>

#include "data/streetclips.h"
#include "evalclips.h"
#include "evalgathered.h"
#include "evallabels.h"
#include "evalmaps.h"
#include "evalmerges.h"
#include "evalobjects.h"
#include "evalrestored.h"
#include "gather.h"
#include "model.h"
#include "samefile.h"
#include "segmentmodes.h"

static void options_clear(EvalOptions *o)
{
    common_options_clear(&o->common);
    g_free(o->task);
    g_free(o->merge);
    g_free(o->model);
    g_free(o->weights);
    g_free(o->data);
    g_free(o->csv);
    g_free(o->views);
    g_free(o->split);
    g_free(o->mode);
    g_free(o->answers);
    g_free(o->record);
    g_free(o->restoration);
    g_free(o->restorer);
    g_clear_pointer(&o->first, restored_first_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EvalOptions, options_clear)

/* Whether --answers would replace what is evaluated, or on. */
static gboolean check_answers(const EvalOptions *o, const VdtCard *card, GError **error)
{
    g_autofree char *list =
        o->data != NULL ? g_build_filename(o->data, o->csv != NULL ? o->csv : "val.csv", NULL)
                        : NULL;
    const char *const read[] = {list, card->path, card->weights, card->labels_path, o->record};
    for (guint i = 0; i < G_N_ELEMENTS(read); i++)
        if (!check_output("--answers", o->answers, read[i], error))
            return FALSE;
    return TRUE;
}

static gboolean eval_task(const EvalOptions *o, VdtEngine *engine, VdtTask task, GError **error)
{
    const char *architecture = vdt_engine_get_card(engine)->architecture;
    if (o->n_merges > 1)
        return task == VDT_TASK_CLASSIFICATION
                   ? eval_merges(o, engine, error)
                   : eval_wrong_model(error, "%s merges no tokens", architecture);
    if (o->objects && task == VDT_TASK_SEGMENTATION)
        return eval_objects(o, engine, error);
    if (o->objects)
        return eval_wrong_model(error, "%s tells no objects apart", architecture);
    if (task == VDT_TASK_RESTORATION)
        return (o->gather > 0 ? eval_gathered : eval_restored)(o, engine, error);
    if (task == VDT_TASK_SEGMENTATION)
        return eval_maps(o, engine, error);
    if (task == VDT_TASK_CLASSIFICATION && (o->street || vdt_engine_get_card(engine)->n_groups > 0))
        return eval_labels(o, engine, error);
    return eval_clips(o, engine, error);
}

static gboolean eval(EvalOptions *o, const char *architecture, VdtPrecision precision,
                     GError **error)
{
    if (!check_architecture(architecture, NULL, error))
        return FALSE;
    VdtTask task = vdt_model_find(architecture, NULL)->task;
    if (o->task != NULL && (task != VDT_TASK_CLASSIFICATION || !o->street)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "too many arguments: %s",
                    o->task);
        return FALSE;
    }
    if (task != VDT_TASK_RESTORATION &&
        ((o->restoration != NULL && o->restorer == NULL) || o->gather != 0 || o->sigma != 0 ||
         o->ensemble || o->authors_tiles))
        return eval_wrong_model(error,
                                "%s restores no pictures, as --task, --sigma, --gather, "
                                "--ensemble and --authors-tiles are about",
                                architecture);
    if (task == VDT_TASK_RESTORATION && o->restorer != NULL)
        return eval_wrong_model(error, "%s restores pictures itself, which --restorer is about",
                                architecture);
    if (o->baselines && task != VDT_TASK_CLASSIFICATION)
        return eval_wrong_model(error, "%s does not classify pictures, as --baselines is about",
                                architecture);
    /* The demo weights that are named after what is asked. */
    g_autofree char *usual = o->task != NULL && o->model == NULL && o->weights == NULL
                                 ? g_strconcat(architecture, "-", o->task, NULL)
                                 : NULL;
    VdtEngineOptions options = {.model = usual != NULL ? usual : o->model,
                                .weights = o->weights,
                                .architecture = architecture,
                                .precision = precision,
                                .merges = o->n_merges == 1,
                                .merge = o->n_merges == 1 ? o->merges[0] : 0};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, error);
    if (engine == NULL || !check_answers(o, vdt_engine_get_card(engine), error))
        return FALSE;
    tell_card("eval", vdt_engine_get_card(engine));
    if (o->restorer != NULL) {
        o->first = restored_first_new(o->restorer, o->restoration, precision, error);
        if (o->first == NULL)
            return FALSE;
    }
    return eval_task(o, engine, task, error);
}

/* "4", or "0,2,4". */
static gboolean parse_merges(EvalOptions *o)
{
    g_auto(GStrv) words = g_strsplit(o->merge != NULL ? o->merge : "", ",", -1);
    for (guint i = 0; words[i] != NULL; i++) {
        guint64 level;
        if (i >= G_N_ELEMENTS(o->merges) ||
            !g_ascii_string_to_unsigned(words[i], 10, 0, 65536, &level, NULL))
            return complain_usage("eval",
                                  "--merge is \"%s\", but must be at most %u numbers from 0 to "
                                  "65536, separated by commas",
                                  o->merge, (guint)G_N_ELEMENTS(o->merges)) < 0;
        o->merges[o->n_merges++] = level;
    }
    if (o->n_merges > 1 && (o->answers != NULL || o->record != NULL || o->baselines || o->objects))
        return complain_usage("eval", "several numbers of --merge go with none of --answers, "
                                      "--record, --baselines and --objects") < 0;
    return TRUE;
}

/* Of the street, if their number is not set. */
#define CLIPS    2000
#define STREETS  21
#define PICTURES 96 /* that are restored, for each task */
#define UNSET    G_MININT

static gboolean check(const EvalOptions *o)
{
    if (o->street == (o->data != NULL))
        return complain_usage("eval", "either --street or --data FOLDER is needed") < 0;
    if (o->objects && !o->street)
        return complain_usage("eval", "--objects belongs to --street") < 0;
    if (o->objects && (o->answers != NULL || o->record != NULL || o->one_frame))
        return complain_usage("eval", "--objects goes with none of --answers, --record and "
                                      "--one-frame") < 0;
    if (o->baselines && (!o->street || o->answers != NULL))
        return complain_usage("eval", "--baselines belongs to --street, and does not go with "
                                      "--answers") < 0;
    if (o->restorer != NULL && (!o->street || o->objects || o->baselines || o->record != NULL))
        return complain_usage("eval", "--restorer belongs to --street, and goes with none of "
                                      "--objects, --baselines and --record") < 0;
    if (o->gather != 0 && (o->gather < 2 || o->gather > VDT_GATHER_MOST_FRAMES))
        return complain_usage("eval", "--gather is %d, but must be from 2 to %d", o->gather,
                              VDT_GATHER_MOST_FRAMES) < 0;
    if (o->gather != 0 && (!o->street || o->answers != NULL || o->record != NULL || o->ensemble ||
                           o->sigma != 0 || o->authors_tiles))
        return complain_usage("eval", "--gather belongs to --street, and goes with none of "
                                      "--answers, --record, --ensemble, --sigma and "
                                      "--authors-tiles") < 0;
    if (o->clips < 1 || o->clips > 10000000)
        return complain_usage("eval", "--clips is %d, but must be from 1 to 10000000", o->clips) <
               0;
    if (o->coded < 0 || o->coded == 1)
        return complain_usage("eval", "--coded is %d, but must be 0 (none) or at least 2",
                              o->coded) < 0;
    if (!(o->sigma >= 0 && o->sigma <= 255))
        return complain_usage("eval", "--sigma is %g, but must be above 0, to 255", o->sigma) < 0;
    if (o->endless < 0)
        return complain_usage("eval", "--endless is %d, but must not be below 0", o->endless) < 0;
    if (o->seed < 0 || o->seed > G_GINT64_CONSTANT(1) << 53)
        return complain_usage("eval", "--seed is %" G_GINT64_FORMAT ", but must be from 0 to 2^53",
                              o->seed) < 0;
    if (o->views != NULL && strcmp(o->views, "test") != 0)
        return complain_usage("eval", "--views is \"%s\", but can only be test", o->views) < 0;
    if (o->mode != NULL && !g_strv_contains(vdt_segment_mode_names, o->mode))
        return complain_usage("eval", "--mode is \"%s\", but must be fixed, whole or slide",
                              o->mode) < 0;
    if (o->street && (o->mode != NULL || o->split != NULL || o->zero_is_other))
        return complain_usage("eval", "--mode, --split and --zero-is-other belong to --data") < 0;
    if (o->street && (o->views != NULL || o->csv != NULL))
        return complain_usage("eval", "--views and --csv belong to --data") < 0;
    if (o->views != NULL && o->one_frame)
        return complain_usage("eval", "--views and --one-frame exclude each other") < 0;
    return TRUE;
}

int command_eval(int argc, char **argv)
{
    g_auto(EvalOptions) o = {.seed = STREET_HELD_OUT_SEED, .clips = UNSET, .coded = 2};
    const GOptionEntry entries[] = {
        {"street", 0, 0, G_OPTION_ARG_NONE, &o.street, "Evaluate on the synthetic street", NULL},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &o.data, "Evaluate on videos in this folder",
         "FOLDER"},
        {"csv", 0, 0, G_OPTION_ARG_FILENAME, &o.csv,
         "The folder's list of them, lines \"path,label\" (val.csv)", "FILE"},
        {"views", 0, 0, G_OPTION_ARG_STRING, &o.views,
         "Average over the views of the authors' evaluation", "test"},
        {"split", 0, 0, G_OPTION_ARG_STRING, &o.split,
         "Maps: the part of the folder, images/NAME and annotations/NAME (validation)", "NAME"},
        {"mode", 0, 0, G_OPTION_ARG_STRING, &o.mode,
         "Maps: fixed (default for street models), whole (for others) or slide", "MODE"},
        {"zero-is-other", 0, 0, G_OPTION_ARG_NONE, &o.zero_is_other,
         "Maps: 0 is no class, the first has 1 (always so for ade20k and pascal-context59)", NULL},
        {"task", 0, 0, G_OPTION_ARG_STRING, &o.restoration,
         "Networks that restore: what is undone, by the card's names of tasks (the usual one)",
         "NAME"},
        {"restorer", 0, 0, G_OPTION_ARG_STRING, &o.restorer,
         "Have this network restore the street's pictures first, by its --task", "NAME|CARD"},
        {"gather", 0, 0, G_OPTION_ARG_INT, &o.gather,
         "Of networks that restore: how they do with the mean of so many frames of a still camera",
         "N"},
        {"sigma", 0, 0, G_OPTION_ARG_DOUBLE, &o.sigma,
         "Of the noise that true pictures get (the number that the task's name ends in)", "R"},
        {"ensemble", 0, 0, G_OPTION_ARG_NONE, &o.ensemble,
         "The mean of eight runs, flipped and turned", NULL},
        {"authors-tiles", 0, 0, G_OPTION_ARG_NONE, &o.authors_tiles,
         "Cut pictures into tiles as the network's authors did", NULL},
        {"model", 0, 0, G_OPTION_ARG_STRING, &o.model,
         "Installed model, or a card.json (the architecture's street model; ARCHITECTURE-TASK)",
         "NAME|CARD"},
        {"weights", 0, 0, G_OPTION_ARG_FILENAME, &o.weights, "Weight file", "FILE"},
        {"merge", 0, 0, G_OPTION_ARG_STRING, &o.merge,
         "Tokens that each layer merges (as many as in the training); of several, a table of "
         "accuracy and time",
         "R[,R...]"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "Of the street's clips, or of noise (9000)",
         "N"},
        {"clips", 0, 0, G_OPTION_ARG_INT, &o.clips,
         "Clips of the street (2000; pictures to restore: 96)", "N"},
        {"objects", 0, 0, G_OPTION_ARG_NONE, &o.objects,
         "Follow objects on as many endless streets as there are --clips (21), instead", NULL},
        {"baselines", 0, 0, G_OPTION_ARG_NONE, &o.baselines,
         "Pictures with labels: say instead how much can be told by mean colour, and by the shape "
         "of a box",
         NULL},
        {"coded", 0, 0, G_OPTION_ARG_INT, &o.coded,
         "One street clip in N goes through H.264 (2; 0: none)", "N"},
        {"endless", 0, 0, G_OPTION_ARG_INT, &o.endless,
         "One street clip in N is a moment of an endless street (0: none; 1: all)", "N"},
        {"one-frame", 0, 0, G_OPTION_ARG_NONE, &o.one_frame, "Show only the middle frame, repeated",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print one line of JSON", NULL},
        {"answers", 0, 0, G_OPTION_ARG_FILENAME, &o.answers,
         "Write truth and answer of each clip, tab-separated", "FILE"},
        {"record", 0, 0, G_OPTION_ARG_FILENAME, &o.record,
         "Write the scores into this card (with --one-frame and --baselines, as its baselines)",
         "CARD"},
        {COMMON_THREADS(&o.common)},
        {COMMON_PRECISION(&o.common)},
        {COMMON_ISA(&o.common)},
        {NULL},
    };
    g_auto(GStrv) rest = NULL;
    if (!parse_options(
            "ARCHITECTURE --street [TASK] | --data FOLDER",
            "Says how often a model is right, in all, by class and by condition. TASK, "
            "for networks that classify pictures: scene, object or restoration. Of networks that "
            "restore, how near they come to the true pictures of a folder.",
            entries, argc, argv, 1, 2, &rest))
        return EXIT_USAGE;
    o.task = g_strdup(rest[1]);
    const VdtModel *model = vdt_model_find(rest[0], NULL);
    if (o.clips == UNSET)
        o.clips = o.objects                                              ? STREETS
                  : model != NULL && model->task == VDT_TASK_RESTORATION ? PICTURES
                                                                         : CLIPS;
    if (!check(&o) || !parse_merges(&o))
        return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    if (!common_options_apply(&o.common, &precision, &error) ||
        !eval(&o, rest[0], precision, &error))
        return complain("eval", error, EXIT_FAILED);
    return EXIT_DONE;
}
