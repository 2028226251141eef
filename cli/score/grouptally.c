/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grouptally.h"

#include <math.h>

#include "scores.h"
#include "text.h"

/* Columns for a name. */
#define NAME_WIDTH 16

typedef struct {
    guint n, right;
} Count;

/* Kinds of pictures that are counted by themselves, too. */
typedef enum { KIND_ALL, KIND_STREET, KIND_TEXTURED, KIND_CODED, KIND_UNCODED, N_KINDS } Kind;
static const char *const kind_names[N_KINDS] = {NULL, "street", "textured", "coded", "uncoded"};

typedef struct {
    Count kinds[N_KINDS];
    double loss;
    guint *confusion; /* truth * n_labels + answer */
} Question;

struct _GroupTally {
    char **labels;
    const VdtCardGroup *groups;
    guint n_groups, n;
    Question questions[CLIP_MOST_GROUPS];
    int watched; /* -1: none */
    Count alarms;
};

GroupTally *group_tally_new(const ClipSet *set)
{
    GroupTally *tally = g_new0(GroupTally, 1);
    tally->labels = set->labels;
    tally->groups = set->groups;
    tally->n_groups = set->n_groups;
    tally->watched = -1;
    for (guint i = 0; i < set->n_groups; i++) {
        gsize n = set->groups[i].n_labels;
        tally->questions[i].confusion = g_new0(guint, n * n);
    }
    return tally;
}

void group_tally_free(GroupTally *tally)
{
    if (tally == NULL)
        return;
    for (guint i = 0; i < tally->n_groups; i++)
        g_free(tally->questions[i].confusion);
    g_free(tally);
}

void group_tally_watch(GroupTally *tally, guint group)
{
    tally->watched = (int)group;
}

static void count(Count *count, gboolean right)
{
    count->n++;
    count->right += right;
}

void group_tally_add(GroupTally *tally, const ClipInfo *truth, const double *scores)
{
    tally->n++;
    for (guint i = 0; i < tally->n_groups; i++) {
        const VdtCardGroup *group = &tally->groups[i];
        Question *question = &tally->questions[i];
        guint label = truth->answers[i];
        gint64 best;
        if (label == CLIP_NO_ANSWER || vdt_scores_rank(scores, group, 1, &best) == 0)
            continue;
        guint answer = (guint)best - group->first;
        gboolean right = answer == label;
        count(&question->kinds[KIND_ALL], right);
        count(&question->kinds[truth->textured ? KIND_TEXTURED : KIND_STREET], right);
        count(&question->kinds[truth->coded ? KIND_CODED : KIND_UNCODED], right);
        question->confusion[label * group->n_labels + answer]++;
        question->loss -= log(MAX(scores[group->first + label], 1e-30));
        if ((int)i == tally->watched && label == 0 && !truth->textured)
            count(&tally->alarms, !right);
    }
}

static double share(const Count *count)
{
    return count->n > 0 ? (double)count->right / count->n : 0;
}

guint group_tally_get_n(const GroupTally *tally)
{
    return tally->n;
}

double group_tally_get_share(const GroupTally *tally, guint group)
{
    return share(&tally->questions[group].kinds[KIND_ALL]);
}

/* Of the questions that had answers. */
double group_tally_get_score(const GroupTally *tally)
{
    double sum = 0;
    guint n = 0;
    for (guint i = 0; i < tally->n_groups; i++) {
        const Count *all = &tally->questions[i].kinds[KIND_ALL];
        sum += share(all);
        n += all->n > 0;
    }
    return n > 0 ? sum / n : 0;
}

double group_tally_get_loss(const GroupTally *tally)
{
    double sum = 0;
    for (guint i = 0; i < tally->n_groups; i++)
        sum += tally->questions[i].loss / MAX(tally->questions[i].kinds[KIND_ALL].n, 1);
    return sum;
}

/* How often @label of a question was true, and was answered then. */
static Count count_of_label(const GroupTally *tally, guint group, guint label)
{
    guint n = tally->groups[group].n_labels;
    const guint *row = tally->questions[group].confusion + (gsize)label * n;
    Count count = {.right = row[label]};
    for (guint i = 0; i < n; i++)
        count.n += row[i];
    return count;
}

static const char *label_name(const GroupTally *tally, guint group, guint label)
{
    return tally->labels[tally->groups[group].first + label];
}

static JsonObject *count_json(const Count *count)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "n", count->n);
    json_object_set_double_member(object, "top1", share(count));
    return object;
}

static JsonObject *question_json(const GroupTally *tally, guint i)
{
    const Question *question = &tally->questions[i];
    guint n = tally->groups[i].n_labels;
    JsonObject *object = count_json(&question->kinds[KIND_ALL]), *by_label = json_object_new();
    JsonArray *rows = json_array_new();
    for (Kind kind = KIND_ALL + 1; kind < N_KINDS; kind++)
        if (question->kinds[kind].n > 0)
            json_object_set_object_member(object, kind_names[kind],
                                          count_json(&question->kinds[kind]));
    for (guint label = 0; label < n; label++) {
        Count of_label = count_of_label(tally, i, label);
        json_object_set_object_member(by_label, label_name(tally, i, label), count_json(&of_label));
        JsonArray *row = json_array_new();
        for (guint k = 0; k < n; k++)
            json_array_add_int_element(row, question->confusion[label * n + k]);
        json_array_add_array_element(rows, row);
    }
    json_object_set_object_member(object, "per_label", by_label);
    json_object_set_array_member(object, "confusion", rows);
    return object;
}

JsonObject *group_tally_to_json(const GroupTally *tally)
{
    JsonObject *object = json_object_new(), *groups = json_object_new();
    json_object_set_double_member(object, "score", group_tally_get_score(tally));
    json_object_set_int_member(object, "n", tally->n);
    json_object_set_double_member(object, "loss", group_tally_get_loss(tally));
    for (guint i = 0; i < tally->n_groups; i++)
        json_object_set_object_member(groups, tally->groups[i].name, question_json(tally, i));
    json_object_set_object_member(object, "per_group", groups);
    if (tally->watched >= 0) {
        JsonObject *alarms = json_object_new();
        json_object_set_int_member(alarms, "n", tally->alarms.n);
        json_object_set_int_member(alarms, "wrong", tally->alarms.right);
        json_object_set_object_member(object, "false_alarms", alarms);
    }
    return object;
}

static void add_share(JsonObject *scores, const char *group, const char *name, const Count *count)
{
    g_autofree char *key = name != NULL ? g_strconcat(group, ".", name, NULL) : g_strdup(group);
    /* Four digits are more than a few thousand pictures can tell. */
    if (count->n > 0)
        json_object_set_double_member(scores, key, round(1e4 * share(count)) / 1e4);
}

JsonObject *group_tally_to_scores(const GroupTally *tally)
{
    JsonObject *scores = json_object_new();
    json_object_set_int_member(scores, "n", tally->n);
    json_object_set_double_member(scores, "score", round(1e4 * group_tally_get_score(tally)) / 1e4);
    for (guint i = 0; i < tally->n_groups; i++) {
        const char *group = tally->groups[i].name;
        for (Kind kind = KIND_ALL; kind < N_KINDS; kind++)
            add_share(scores, group, kind_names[kind], &tally->questions[i].kinds[kind]);
        for (guint label = 0; label < tally->groups[i].n_labels; label++) {
            Count of_label = count_of_label(tally, i, label);
            add_share(scores, group, label_name(tally, i, label), &of_label);
        }
    }
    if (tally->watched >= 0) {
        json_object_set_int_member(scores, "false_alarms", tally->alarms.right);
        json_object_set_int_member(scores, "without_faults", tally->alarms.n);
    }
    return scores;
}

static void print_count(const char *name, const Count *count)
{
    g_autofree char *cell = text_pad(name, NAME_WIDTH);
    if (count->n > 0)
        g_print("%s %6.2f %%  of %5u\n", cell, 100 * share(count), count->n);
}

static void print_question(const GroupTally *tally, guint i)
{
    const VdtCardGroup *group = &tally->groups[i];
    const Question *question = &tally->questions[i];
    g_print("\n");
    print_count(group->name, &question->kinds[KIND_ALL]);
    for (Kind kind = KIND_ALL + 1; kind < N_KINDS; kind++) {
        g_autofree char *name = g_strconcat("  ", kind_names[kind], NULL);
        if (question->kinds[kind].n < question->kinds[KIND_ALL].n)
            print_count(name, &question->kinds[kind]);
    }
    g_print("%*s", 25, "");
    for (guint k = 0; k < group->n_labels; k++)
        g_print(" %5u", k);
    g_print("\n");
    for (guint label = 0; label < group->n_labels; label++) {
        g_autofree char *cut = text_cut(label_name(tally, i, label), NAME_WIDTH - 4);
        g_autofree char *cell = text_pad(cut, NAME_WIDTH - 4);
        Count of_label = count_of_label(tally, i, label);
        g_print("%3u %s %6.2f %%", label, cell, 100 * share(&of_label));
        for (guint k = 0; k < group->n_labels; k++)
            g_print(" %5u", question->confusion[label * group->n_labels + k]);
        g_print("\n");
    }
}

void group_tally_print(const GroupTally *tally)
{
    g_print("mean of %u questions, %u pictures: %.2f %%; of each, answers (across) by what is true "
            "(down)\n",
            tally->n_groups, tally->n, 100 * group_tally_get_score(tally));
    for (guint i = 0; i < tally->n_groups; i++)
        print_question(tally, i);
    if (tally->watched >= 0)
        g_print("\nfalse alarms of \"%s\": %u in %u pictures of the street\n",
                tally->groups[tally->watched].name, tally->alarms.right, tally->alarms.n);
}
