/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalmerges.h"

#include <stdio.h>

#include "data/cache.h"
#include "evallabels.h"
#include "score/grouptally.h"
#include "score/predict.h"
#include "score/tally.h"

#define BATCH      16
#define ROUNDS     9
/* Memory that pictures may take. */
#define MOST_BYTES (G_GUINT64_CONSTANT(4) << 30)

/* One level's answers: one of the tallies is there. */
typedef struct {
    const ClipSet *set;
    GroupTally *groups;
    Tally *tally;
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

/* Milliseconds of a picture, the best of some rounds. */
static gboolean take_time(VdtSession *session, guint batch, double *ms, GError **error)
{
    *ms = G_MAXDOUBLE;
    for (guint i = 0; i < ROUNDS; i++) {
        gint64 begin = g_get_monotonic_time();
        if (!vdt_session_run(session, NULL, error))
            return FALSE;
        *ms = MIN(*ms, (g_get_monotonic_time() - begin) / 1e3 / batch);
    }
    return TRUE;
}

typedef struct {
    double score, kept, ms;
    double shares[CLIP_MOST_GROUPS]; /* of each question, if there are several */
} Line;

static gboolean eval_level(VdtEngine *engine, const Cache *cache, guint level, Line *line,
                           GError **error)
{
    const ClipSet *set = cache_get_set(cache);
    const VdtCard *card = vdt_engine_get_card(engine);
    guint batch = MIN(BATCH, clip_set_get_n_clips(set));
    VdtShape input = vdt_engine_get_input_shape(engine, batch, card->width, card->height);
    VdtSessionOptions options = {.merges = TRUE, .merge = level};
    g_autoptr(VdtSession) session = vdt_engine_new_session_with(engine, &input, &options, error);
    g_autoptr(GroupTally) groups = set->n_groups > 0 ? group_tally_new(set) : NULL;
    g_autoptr(Tally) tally = tally_new(set->labels, set->n_labels);
    Counting counting = {set, groups, tally};
    Prediction prediction = {.session = session,
                             .card = card,
                             .set = set,
                             .cache = cache,
                             .func = count,
                             .data = &counting};
    if (session == NULL || !predict(&prediction, error) ||
        !take_time(session, batch, &line->ms, error))
        return FALSE;
    line->kept = vdt_engine_get_kept(engine, level);
    line->score = groups != NULL ? group_tally_get_score(groups) : tally_get_top1(tally);
    for (guint i = 0; i < set->n_groups; i++)
        line->shares[i] = group_tally_get_share(groups, i);
    return TRUE;
}

static void print_line(const ClipSet *set, guint level, const Line *line)
{
    g_print("%5u %7.2f %% %7.3f %9.3f", level, 100 * line->score, line->kept, line->ms);
    for (guint i = 0; i < set->n_groups; i++)
        g_print(" %9.2f %%", 100 * line->shares[i]);
    g_print("\n");
}

static JsonObject *line_to_json(const ClipSet *set, guint level, const Line *line)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "merge", level);
    json_object_set_double_member(object, "score", line->score);
    json_object_set_double_member(object, "kept", line->kept);
    json_object_set_double_member(object, "ms", line->ms);
    for (guint i = 0; i < set->n_groups; i++)
        json_object_set_double_member(object, set->groups[i].name, line->shares[i]);
    return object;
}

gboolean eval_merges(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_autoptr(ClipSet) set = eval_open_labels(o, card, error);
    if (set == NULL)
        return FALSE;
    g_autoptr(Progress) progress = progress_new();
    CacheOptions options = {.in_memory = TRUE, .max_bytes = MOST_BYTES};
    g_autoptr(Cache) cache = cache_new(set, &options, "making pictures", progress, NULL, error);
    if (cache == NULL)
        return FALSE;
    JsonArray *levels = json_array_new();
    if (!o->json) {
        g_print("merge     right  tokens        ms");
        for (guint i = 0; i < set->n_groups; i++)
            g_print(" %11s", set->groups[i].name);
        g_print("\n");
    }
    for (guint i = 0; i < o->n_merges; i++) {
        Line line;
        if (!eval_level(engine, cache, o->merges[i], &line, error)) {
            json_array_unref(levels);
            return FALSE;
        }
        if (!o->json)
            print_line(set, o->merges[i], &line);
        fflush(stdout);
        json_array_add_object_element(levels, line_to_json(set, o->merges[i], &line));
    }
    JsonObject *scores = json_object_new();
    json_object_set_int_member(scores, "n", clip_set_get_n_clips(set));
    json_object_set_array_member(scores, "levels", levels);
    if (o->json)
        eval_print_json(o, card, scores);
    else
        json_object_unref(scores);
    return TRUE;
}
