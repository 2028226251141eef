/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalclips.h"

#include <stdio.h>
#include <street.h>
#include <string.h>

#include "config.h"
#include "data/streetclips.h"
#include "io/atomic-file.h"
#include "model.h"
#include "score/predict.h"
#include "score/tally.h"
#include "scores.h"
#if HAVE_GST
#include "data/classfolder.h"
#include "data/clips.h"
#include "data/folderclips.h"
#endif

#define BATCH 16

/* Answers as they come: counted, and kept for --answers. */
typedef struct {
    const VdtCard *card;
    const ClipSet *set;
    Tally *tally;
    GString *answers; /* or NULL: nobody wants them */
} Counting;

static void count(gpointer data, guint clip, const double *scores)
{
    Counting *counting = data;
    ClipInfo truth = counting->set->info(counting->set, clip);
    tally_add(counting->tally, &truth, scores);
    if (counting->answers == NULL)
        return;
    gint64 winners[VDT_SCORES_BEST];
    vdt_scores_best(scores, counting->card->n_labels, winners);
    g_string_append_printf(counting->answers, "%u\t%s\t%s\t%.4f\t%s\t%s\n", clip,
                           counting->card->labels[truth.label], counting->card->labels[winners[0]],
                           scores[winners[0]],
                           truth.condition >= 0 ? vdt_street_condition_name(truth.condition) : "-",
                           truth.coded ? "coded" : "-");
}

static const char *action_name(guint class)
{
    return vdt_street_action_name(class);
}

static ClipSet *open_set(const EvalOptions *o, const VdtCard *card, GError **error)
{
    ClipFormat format = clip_format_for_card(card, o->one_frame);
    restored_first_apply(o->first, &format);
    if (o->street)
        return street_clips_new(o->seed, 0, o->clips, o->coded, o->endless, &format, error);
#if HAVE_GST
    if (card->labels != NULL &&
        vdt_model_find(card->architecture, NULL)->task == VDT_TASK_CLASSIFICATION) {
        g_autofree char *folder = class_folder_find(o->data, "val");
        return class_folder_new(folder, card->labels, NULL, 0, &format, error);
    }
    g_autofree char *list = g_build_filename(o->data, o->csv != NULL ? o->csv : "val.csv", NULL);
    if (card->labels == NULL) {
        eval_wrong_model(error, "no class names are known for %s", card->name);
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
        eval_wrong_model(error, "%s answers with %s, not with scores of %u classes", card->name,
                         shape, card->n_labels);
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
        vdt_scores_add(card, vdt_session_get_output(session, 0)->data, card->n_labels,
                       clips->n_views, scores);
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
        g_autofree char *path = folder_clips_get_path(counting->set, i);
        if (!run_views(engine, session, path, scores, error))
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

/* What is kept in files. */
static gboolean keep(const EvalOptions *o, const Counting *counting, VdtAtomicFile *answers,
                     GError **error)
{
    if (answers != NULL &&
        !(vdt_atomic_file_write(answers, counting->answers->str, counting->answers->len, error) &&
          vdt_atomic_file_commit(answers, error)))
        return FALSE;
    return eval_record(o, tally_to_scores(counting->tally), error);
}

gboolean eval_clips(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    if (o->street && !eval_check_street(o, card, VDT_STREET_N_ACTIONS, action_name, error))
        return FALSE;
    /* Whether they can be kept is better known before there are any. */
    g_autoptr(VdtAtomicFile) file =
        o->answers != NULL ? vdt_atomic_file_new(o->answers, error) : NULL;
    if ((o->answers != NULL && file == NULL) || !eval_check_record(o, error))
        return FALSE;
    g_autoptr(ClipSet) set = open_set(o, card, error);
    if (set == NULL)
        return FALSE;
    g_autoptr(Tally) tally = tally_new(card->labels, card->n_labels);
    g_autoptr(GString) answers = g_string_new("clip\ttruth\tanswer\tscore\tcondition\tcoded\n");
    Counting counting = {card, set, tally, file != NULL ? answers : NULL};
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
    ok = ok && restored_first_check(o->first, error);
    if (!ok)
        return FALSE;
    if (o->json)
        eval_print_json(o, card, tally_to_json(tally));
    else
        tally_print(tally);
    fflush(stdout); /* which may also be where the answers go */
    return keep(o, &counting, file, error);
}
