/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette eval: how often a model is right, on the synthetic street or on videos of one's own. */
#include <glib/gstdio.h>
#include <street.h>
#include <string.h>
#include <vedette/engine.h>

#include "cardfile.h"
#include "command.h"
#include "config.h"
#include "eval.h"
#include "jsontext.h"
#include "model.h"
#include "predict.h"
#include "scores.h"
#include "segmentmodes.h"
#include "streetclips.h"
#include "tally.h"
#if HAVE_GST
#include "clips.h"
#include "folderclips.h"
#endif

#define BATCH 16

static void options_clear(EvalOptions *o)
{
    common_options_clear(&o->common);
    g_free(o->model);
    g_free(o->weights);
    g_free(o->data);
    g_free(o->csv);
    g_free(o->views);
    g_free(o->split);
    g_free(o->mode);
    g_free(o->answers);
    g_free(o->record);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EvalOptions, options_clear)

/* Answers as they come: counted, and kept for --answers. */
typedef struct {
    const VdtCard *card;
    const ClipSet *set;
    Tally *tally;
    GString *answers; /* or NULL */
} Counting;

static void count(gpointer data, guint clip, const double *scores)
{
    Counting *counting = data;
    ClipInfo truth = counting->set->info(counting->set, clip);
    tally_add(counting->tally, &truth, scores);
    if (counting->answers == NULL)
        return;
    gint64 winners[N_BEST + 1];
    best_scores(scores, counting->card->n_labels, winners);
    g_string_append_printf(counting->answers, "%u\t%s\t%s\t%.4f\t%s\t%s\n", clip,
                           counting->card->labels[truth.label], counting->card->labels[winners[0]],
                           scores[winners[0]],
                           truth.condition >= 0 ? vdt_street_condition_name(truth.condition) : "-",
                           truth.coded ? "coded" : "-");
}

static gboolean wrong_model(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean wrong_model(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s", text);
    return FALSE;
}

gboolean eval_check_street(const EvalOptions *o, const VdtCard *card, guint n,
                           const char *(*name)(guint class), GError **error)
{
    if (card->labels == NULL || card->n_labels != n)
        return wrong_model(error, "%s has %u classes with names, but the street has %u", card->name,
                           card->labels != NULL ? card->n_labels : 0, n);
    for (guint i = 0; i < n; i++)
        if (strcmp(card->labels[i], name(i)) != 0)
            return wrong_model(error, "class %u of %s is \"%s\", but the street's is \"%s\"", i,
                               card->name, card->labels[i], name(i));
    CardRecord record;
    if (card->path != NULL && !card_read_record(card->path, &record, error))
        return FALSE;
    if (card->path != NULL && (o->seed == record.seed || o->seed == record.validation_seed))
        return wrong_model(
            error, "--seed is %" G_GINT64_FORMAT ", but by its card %s was %s on that street",
            o->seed, card->name, o->seed == record.seed ? "trained" : "validated");
    if (card->path != NULL && record.world_version > 0 &&
        record.world_version != VDT_STREET_VERSION)
        g_printerr("vedette eval: %s was trained on version %" G_GINT64_FORMAT
                   " of the street, this is version %d\n",
                   card->name, record.world_version, VDT_STREET_VERSION);
    return TRUE;
}

static const char *action_name(guint class)
{
    return vdt_street_action_name(class);
}

static ClipSet *open_set(const EvalOptions *o, const VdtCard *card, GError **error)
{
    ClipFormat format = clip_format_for_card(card, o->one_frame);
    if (o->street)
        return street_clips_new(o->seed, 0, o->clips, o->coded, o->endless, &format, error);
#if HAVE_GST
    g_autofree char *list = g_build_filename(o->data, o->csv != NULL ? o->csv : "val.csv", NULL);
    if (card->labels == NULL) {
        wrong_model(error, "no class names are known for %s", card->name);
        return NULL;
    }
    return folder_clips_new(list, card->labels, 1, card, &format, error);
#else
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads no videos", o->data);
    return NULL;
#endif
}

/* A session for class scores of the right number. */
static VdtSession *open_session(VdtEngine *engine, guint batch, guint width, guint height,
                                GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    VdtShape input = vdt_engine_get_input_shape(engine, batch, width, height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL)
        return NULL;
    const VdtTensor *output = vdt_session_get_output(session, 0);
    if (output->shape.n_dims != 2 || output->shape.dims[1] != card->n_labels) {
        g_autofree char *shape = vdt_shape_to_string(&output->shape);
        wrong_model(error, "%s answers with %s, not with scores of %u classes", card->name, shape,
                    card->n_labels);
        return NULL;
    }
    return g_steal_pointer(&session);
}

#if HAVE_GST
/* The authors' views of one video, averaged. */
static gboolean run_views(VdtEngine *engine, VdtSession *session, const char *path, double *scores,
                          GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_autoptr(Clips) clips = clips_load(path, card, TRUE, error);
    if (clips == NULL)
        return FALSE;
    memset(scores, 0, card->n_labels * sizeof *scores);
    for (guint i = 0; i < clips->n_views; i++) {
        clips_fill(clips, i, vdt_session_get_input(session, 0));
        if (!vdt_session_run(session, NULL, error))
            return FALSE;
        add_scores(vdt_session_get_output(session, 0)->data, card->n_labels, clips->n_views,
                   scores);
    }
    return TRUE;
}

static gboolean predict_views(VdtEngine *engine, Counting *counting, Progress *progress,
                              GError **error)
{
    const VdtCard *card = counting->card;
    g_autoptr(VdtSession) session =
        open_session(engine, 1, card->test_size, card->test_size, error);
    if (session == NULL)
        return FALSE;
    g_autofree double *scores = g_new(double, card->n_labels);
    for (guint i = 0; i < counting->set->n_items; i++) {
        if (!run_views(engine, session, folder_clips_get_path(counting->set, i), scores, error))
            return FALSE;
        count(counting, i, scores);
        progress_update(progress, i + 1, NULL);
    }
    return TRUE;
}
#endif

static gboolean predict_clips(VdtEngine *engine, Counting *counting, Progress *progress,
                              GError **error)
{
    const VdtCard *card = counting->card;
    guint batch = MIN(BATCH, clip_set_get_n_clips(counting->set));
    g_autoptr(VdtSession) session = open_session(engine, batch, card->width, card->height, error);
    if (session == NULL)
        return FALSE;
    Prediction prediction = {.session = session,
                             .card = card,
                             .set = counting->set,
                             .progress = progress,
                             .func = count,
                             .data = counting};
    return predict(&prediction, error);
}

void eval_print_json(const EvalOptions *o, const VdtCard *card, JsonObject *scores)
{
    g_autoptr(JsonObject) object = scores;
    json_object_set_string_member(object, "model", card->name);
    json_object_set_string_member(object, "architecture", card->architecture);
    json_object_set_boolean_member(object, "one_frame", o->one_frame);
    if (o->street) {
        json_object_set_int_member(object, "seed", o->seed);
        json_object_set_int_member(object, "world_version", VDT_STREET_VERSION);
    } else {
        json_object_set_string_member(object, "data", o->data);
        if (!json_object_has_member(object, "mode"))
            json_object_set_string_member(object, "views",
                                          o->views != NULL ? o->views : "one clip");
    }
    g_autofree char *text = json_text(object, FALSE);
    g_print("%s\n", text);
}

gboolean eval_record(const EvalOptions *o, JsonObject *scores, GError **error)
{
    if (o->street)
        json_object_set_int_member(scores, "seed", o->seed);
    if (o->record != NULL)
        return card_write_scores(o->record, o->one_frame ? "baselines" : "scores", scores, error);
    json_object_unref(scores);
    return TRUE;
}

/* What is kept in files. */
static gboolean keep(const EvalOptions *o, const Counting *counting, GError **error)
{
    if (o->answers != NULL &&
        !g_file_set_contents(o->answers, counting->answers->str, counting->answers->len, error))
        return FALSE;
    return eval_record(o, tally_to_scores(counting->tally), error);
}

static gboolean eval(const EvalOptions *o, const char *architecture, VdtPrecision precision,
                     GError **error)
{
    if (!check_architecture(architecture, NULL, error))
        return FALSE;
    VdtEngineOptions options = {.model = o->model,
                                .weights = o->weights,
                                .architecture = architecture,
                                .precision = precision};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, error);
    if (engine == NULL)
        return FALSE;
    const VdtCard *card = vdt_engine_get_card(engine);
    if (vdt_model_find(architecture, NULL)->maps)
        return eval_maps(o, engine, error);
    if (o->street && !eval_check_street(o, card, VDT_STREET_N_ACTIONS, action_name, error))
        return FALSE;
    g_autoptr(ClipSet) set = open_set(o, card, error);
    if (set == NULL)
        return FALSE;
    g_autoptr(Tally) tally = tally_new(card->labels, card->n_labels);
    g_autoptr(GString) answers = g_string_new("clip\ttruth\tanswer\tscore\tcondition\tcoded\n");
    Counting counting = {card, set, tally, answers};
    g_autoptr(Progress) progress = progress_new();
    progress_begin(progress, "evaluating", "clips", 0, clip_set_get_n_clips(set));
    gboolean ok;
#if HAVE_GST
    if (o->views != NULL)
        ok = predict_views(engine, &counting, progress, error);
    else
#endif
        ok = predict_clips(engine, &counting, progress, error);
    progress_end(progress);
    if (!ok || !keep(o, &counting, error))
        return FALSE;
    if (o->json)
        eval_print_json(o, card, tally_to_json(tally));
    else
        tally_print(tally);
    return TRUE;
}

static gboolean check(const EvalOptions *o)
{
    if (o->street == (o->data != NULL))
        return complain_usage("eval", "either --street or --data FOLDER is needed") < 0;
    if (o->clips < 1 || o->clips > 10000000)
        return complain_usage("eval", "--clips is %d, but must be from 1 to 10000000", o->clips) <
               0;
    if (o->coded < 0 || o->coded == 1)
        return complain_usage("eval", "--coded is %d, but must be 0 (none) or at least 2",
                              o->coded) < 0;
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
    g_auto(EvalOptions) o = {.seed = STREET_HELD_OUT_SEED, .clips = 2000, .coded = 2};
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
        {"model", 0, 0, G_OPTION_ARG_STRING, &o.model,
         "Installed model, or a card.json (the architecture's street model)", "NAME|CARD"},
        {"weights", 0, 0, G_OPTION_ARG_FILENAME, &o.weights, "Weight file", "FILE"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "Of the street's clips (9000)", "N"},
        {"clips", 0, 0, G_OPTION_ARG_INT, &o.clips, "Clips of the street (2000)", "N"},
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
         "Write the scores into this card (with --one-frame, as its baselines)", "CARD"},
        COMMON_THREADS(&o.common),
        COMMON_PRECISION(&o.common),
        COMMON_ISA(&o.common),
        {NULL},
    };
    g_auto(GStrv) rest = NULL;
    if (!parse_options("ARCHITECTURE --street | --data FOLDER",
                       "Says how often a model is right, in all, by class and by condition.",
                       entries, argc, argv, 1, 1, &rest) ||
        !check(&o))
        return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    if (!common_options_apply(&o.common, &precision, &error) ||
        !eval(&o, rest[0], precision, &error))
        return complain("eval", error, EXIT_FAILED);
    return EXIT_DONE;
}
