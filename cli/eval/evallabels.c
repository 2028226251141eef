/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evallabels.h"

#include <math.h>
#include <stdio.h>

#include "cardfile.h"
#include "config.h"
#if HAVE_GST
#include "data/classfolder.h"
#endif
#include "data/streettasks.h"
#include "io/atomic-file.h"
#include "score/baseline.h"
#include "score/grouptally.h"
#include "score/predict.h"
#include "scores.h"

#define BATCH             16
/* How many pictures baselines learn from, at most, and for each that they are asked about. */
#define BASELINE_PICTURES 4000
#define BASELINE_SHARE    4

/* Answers as they come: counted, and kept for --answers. */
typedef struct {
    const ClipSet *set;
    GroupTally *tally;
    GString *answers; /* or NULL: nobody wants them */
} Counting;

static void count(gpointer data, guint clip, const double *scores)
{
    Counting *counting = data;
    const ClipSet *set = counting->set;
    ClipInfo truth = set->info(set, clip);
    group_tally_add(counting->tally, &truth, scores);
    for (guint i = 0; i < set->n_groups && counting->answers != NULL; i++) {
        const VdtCardGroup *group = &set->groups[i];
        gint64 best;
        if (truth.answers[i] == CLIP_NO_ANSWER || vdt_scores_rank(scores, group, 1, &best) == 0)
            continue;
        g_string_append_printf(counting->answers, "%u\t%s\t%s\t%s\t%.4f\t%s\t%s\n", clip,
                               group->name, set->labels[group->first + truth.answers[i]],
                               set->labels[best], scores[best],
                               truth.textured ? "textured" : "street", truth.coded ? "coded" : "-");
    }
}

/* What the network learned; the one that is named, if one is, must be it. */
static const StreetTask *find_task(const EvalOptions *o, const VdtCard *card, GError **error)
{
    const StreetTask *task = street_task_of_card(card), *named = NULL;
    if (o->task != NULL && (named = street_task_find(o->task, error)) == NULL)
        return NULL;
    if (task == NULL || (named != NULL && named != task)) {
        eval_wrong_model(error, "%s does not answer what is asked about pictures of the street%s%s",
                         card->name, o->task != NULL ? " under " : "",
                         o->task != NULL ? o->task : "");
        return NULL;
    }
    return task;
}

static gboolean predict_all(VdtEngine *engine, Counting *counting, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    guint batch = MIN(BATCH, clip_set_get_n_clips(counting->set));
    VdtShape input = vdt_engine_get_input_shape(engine, batch, card->width, card->height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL)
        return FALSE;
    g_autoptr(Progress) progress = progress_new();
    Prediction prediction = {.session = session,
                             .card = card,
                             .set = counting->set,
                             .progress = progress,
                             .func = count,
                             .data = counting};
    progress_begin(progress, "evaluating", "pictures", 0, clip_set_get_n_clips(counting->set));
    gboolean ok = predict(&prediction, error);
    progress_end(progress);
    return ok;
}

/* Four digits are more than a few thousand pictures can tell. */
static double rounded(double share)
{
    return round(1e4 * share) / 1e4;
}

/* Adds what is right of each question without looking, under the baseline's name. */
static gboolean add_baseline(const EvalOptions *o, const StreetTask *task, const ClipSet *set,
                             BaselineKind kind, gint64 seed, JsonObject *scores, GError **error)
{
    guint n = MIN(BASELINE_PICTURES, BASELINE_SHARE * clip_set_get_n_clips(set));
    g_autoptr(ClipSet) known = task->open(seed, 0, n, o->coded, &set->format, error);
    g_autoptr(GroupTally) tally = group_tally_new(set);
    if (known == NULL || !baseline_run(kind, known, set, tally, NULL, error))
        return FALSE;
    const char *name = baseline_name(kind);
    g_autofree char *all = g_strconcat(name, ".score", NULL);
    json_object_set_double_member(scores, all, rounded(group_tally_get_score(tally)));
    for (guint i = 0; i < set->n_groups; i++) {
        g_autofree char *key = g_strconcat(name, ".", set->groups[i].name, NULL);
        json_object_set_double_member(scores, key, rounded(group_tally_get_share(tally, i)));
    }
    return TRUE;
}

/* Of a set whose pictures are not cut out, boxes have no shape. */
static JsonObject *run_baselines(const EvalOptions *o, const StreetTask *task, const ClipSet *set,
                                 const VdtCard *card, GError **error)
{
    g_autoptr(JsonObject) scores = json_object_new();
    CardRecord record = {1, -1, 0};
    if (card->path != NULL && !card_read_record(card->path, &record, error))
        return NULL;
    gint64 seed = record.seed >= 0 ? record.seed : 1;
    gboolean boxes = set->info(set, 0).width > 0;
    for (BaselineKind kind = 0; kind < BASELINE_N_KINDS; kind++)
        if ((kind != BASELINE_SHAPE || boxes) &&
            !add_baseline(o, task, set, kind, seed, scores, error))
            return NULL;
    return g_steal_pointer(&scores);
}

static void print_baselines(JsonObject *scores)
{
    g_autoptr(GList) names = json_object_get_members(scores);
    for (GList *name = names; name != NULL; name = name->next)
        g_print("%-28s %6.2f %%\n", (const char *)name->data,
                100 * json_object_get_double_member(scores, name->data));
}

static JsonObject *copy_numbers(JsonObject *scores)
{
    JsonObject *copy = json_object_new();
    g_autoptr(GList) names = json_object_get_members(scores);
    for (GList *name = names; name != NULL; name = name->next)
        json_object_set_double_member(copy, name->data,
                                      json_object_get_double_member(scores, name->data));
    return copy;
}

static gboolean eval_baselines(const EvalOptions *o, const StreetTask *task, const ClipSet *set,
                               const VdtCard *card, GError **error)
{
    g_autoptr(JsonObject) scores = run_baselines(o, task, set, card, error);
    if (scores == NULL)
        return FALSE;
    if (o->json)
        eval_print_json(o, card, copy_numbers(scores));
    else
        print_baselines(scores);
    fflush(stdout);
    return o->record == NULL ||
           card_write_scores(o->record, "baselines", g_steal_pointer(&scores), error);
}

/* Counts what the network answers to all pictures of a set. */
static gboolean eval_set(const EvalOptions *o, VdtEngine *engine, const ClipSet *set, int alarms,
                         GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    /* Whether they can be kept is better known before there are any. */
    g_autoptr(VdtAtomicFile) file =
        o->answers != NULL ? vdt_atomic_file_new(o->answers, error) : NULL;
    if (o->answers != NULL && file == NULL)
        return FALSE;
    g_autoptr(GroupTally) tally = group_tally_new(set);
    if (alarms >= 0)
        group_tally_watch(tally, alarms);
    g_autoptr(GString) answers =
        g_string_new("picture\tquestion\ttruth\tanswer\tscore\tof\tcoded\n");
    Counting counting = {set, tally, file != NULL ? answers : NULL};
    if (!predict_all(engine, &counting, error) || !restored_first_check(o->first, error))
        return FALSE;
    if (o->json)
        eval_print_json(o, card, group_tally_to_json(tally));
    else
        group_tally_print(tally);
    fflush(stdout); /* which may also be where the answers go */
    if (file != NULL && !(vdt_atomic_file_write(file, answers->str, answers->len, error) &&
                          vdt_atomic_file_commit(file, error)))
        return FALSE;
    return eval_record(o, group_tally_to_scores(tally), error);
}

static ClipSet *open_street(const EvalOptions *o, const VdtCard *card, const ClipFormat *format,
                            GError **error)
{
    const StreetTask *task = find_task(o, card, error);
    if (task == NULL || !eval_check_seed(o, card, error))
        return NULL;
    return task->open(o->seed, 0, o->clips, o->coded, format, error);
}

#if HAVE_GST
static ClipSet *open_folder(const EvalOptions *o, const VdtCard *card, const ClipFormat *format,
                            GError **error)
{
    if (card->labels == NULL) {
        eval_wrong_model(error, "no class names are known for %s", card->name);
        return NULL;
    }
    g_autofree char *folder = class_folder_find(o->data, "val");
    return class_folder_new(folder, card->labels, card->groups, card->n_groups, format, error);
}
#else
static ClipSet *open_folder(const EvalOptions *o, const VdtCard *card, const ClipFormat *format,
                            GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads no pictures", o->data);
    return NULL;
}
#endif

/* More than are counted at once are refused. */
static gboolean check_groups(const VdtCard *card, GError **error)
{
    if (card->n_groups > CLIP_MOST_GROUPS)
        return eval_wrong_model(error, "%s answers %u questions, but %d are counted at most",
                                card->name, card->n_groups, CLIP_MOST_GROUPS);
    for (guint i = 0; i < card->n_groups; i++)
        if (card->groups[i].n_labels >= CLIP_NO_ANSWER)
            return eval_wrong_model(error,
                                    "question \"%s\" of %s has %u labels, but at most %d are "
                                    "counted",
                                    card->groups[i].name, card->name, card->groups[i].n_labels,
                                    CLIP_NO_ANSWER - 1);
    return TRUE;
}

ClipSet *eval_open_labels(const EvalOptions *o, const VdtCard *card, GError **error)
{
    ClipFormat format = clip_format_for_card(card, FALSE);
    restored_first_apply(o->first, &format);
    if (!check_groups(card, error))
        return NULL;
    return (o->street ? open_street : open_folder)(o, card, &format, error);
}

gboolean eval_labels(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_autoptr(ClipSet) set = eval_check_record(o, error) ? eval_open_labels(o, card, error) : NULL;
    if (set == NULL)
        return FALSE;
    const StreetTask *task = o->street ? street_task_of_card(card) : NULL;
    if (o->baselines)
        return eval_baselines(o, task, set, card, error);
    return eval_set(o, engine, set, task != NULL ? task->alarms : -1, error);
}
