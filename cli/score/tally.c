/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tally.h"

#include <math.h>
#include <street.h>
#include <string.h>

#include "jsontext.h"
#include "scores.h"
#include "text.h"

/* Columns for the name of a class. */
#define NAME_WIDTH   16
/* Classes whose confusion is written out: a million numbers. */
#define MOST_SQUARED 1000

typedef struct {
    guint n, top1;
} Count;

struct _Tally {
    char **labels;
    guint n_labels;
    Count all, conditions[VDT_STREET_N_CONDITIONS], coding[2];
    Count *classes;
    guint top5;
    double loss;
    /* How often truth * n_labels + answer was seen; a table of all would be as large as the square
     * of any number of classes. */
    GHashTable *confusion;
};

Tally *tally_new(char **labels, guint n_labels)
{
    Tally *tally = g_new0(Tally, 1);
    tally->labels = labels;
    tally->n_labels = n_labels;
    tally->classes = g_new0(Count, n_labels);
    tally->confusion = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return tally;
}

void tally_free(Tally *tally)
{
    if (tally == NULL)
        return;
    g_hash_table_unref(tally->confusion);
    g_free(tally->classes);
    g_free(tally);
}

static void count(Count *count, gboolean right)
{
    count->n++;
    count->top1 += right;
}

static guint get_confusion(const Tally *tally, guint truth, guint answer)
{
    guint64 key = (guint64)truth * tally->n_labels + answer;
    return GPOINTER_TO_UINT(g_hash_table_lookup(tally->confusion, &key));
}

static void add_confusion(Tally *tally, guint truth, guint answer)
{
    guint n = get_confusion(tally, truth, answer) + 1;
    guint64 key = (guint64)truth * tally->n_labels + answer;
    g_hash_table_replace(tally->confusion, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(n));
}

void tally_add(Tally *tally, const ClipInfo *truth, const double *scores)
{
    gint64 winners[VDT_SCORES_BEST];
    guint n = vdt_scores_best(scores, tally->n_labels, winners);
    gboolean right = winners[0] == truth->label;
    count(&tally->all, right);
    if (truth->condition >= 0) {
        count(&tally->conditions[truth->condition], right);
        count(&tally->coding[truth->coded], right);
    }
    for (guint i = 0; i < n; i++)
        tally->top5 += winners[i] == truth->label;
    count(&tally->classes[truth->label], right);
    add_confusion(tally, truth->label, winners[0]);
    tally->loss -= log(MAX(scores[truth->label], 1e-30));
}

guint tally_get_n(const Tally *tally)
{
    return tally->all.n;
}

static double share(guint part, guint n)
{
    return n > 0 ? (double)part / n : 0;
}

double tally_get_top1(const Tally *tally)
{
    return share(tally->all.top1, tally->all.n);
}

double tally_get_loss(const Tally *tally)
{
    return tally->all.n > 0 ? tally->loss / tally->all.n : 0;
}

static JsonObject *count_json(const Count *count)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "n", count->n);
    json_object_set_double_member(object, "top1", share(count->top1, count->n));
    return object;
}

static JsonArray *confusion_json(const Tally *tally)
{
    JsonArray *rows = json_array_new();
    for (guint i = 0; i < tally->n_labels; i++) {
        JsonArray *row = json_array_new();
        for (guint k = 0; k < tally->n_labels; k++)
            json_array_add_int_element(row, get_confusion(tally, i, k));
        json_array_add_array_element(rows, row);
    }
    return rows;
}

JsonObject *tally_to_json(const Tally *tally)
{
    JsonObject *object = json_object_new();
    json_object_set_double_member(object, "score", tally_get_top1(tally));
    json_object_set_int_member(object, "n", tally->all.n);
    json_object_set_double_member(object, "top5", share(tally->top5, tally->all.n));
    json_object_set_double_member(object, "loss", tally_get_loss(tally));
    JsonObject *classes = json_object_new();
    for (guint i = 0; i < tally->n_labels; i++) {
        g_autofree char *name = json_unique(classes, tally->labels[i], i);
        json_object_set_object_member(classes, name, count_json(&tally->classes[i]));
    }
    json_object_set_object_member(object, "per_class", classes);
    if (tally->coding[0].n + tally->coding[1].n > 0) {
        JsonObject *conditions = json_object_new();
        for (guint i = 0; i < VDT_STREET_N_CONDITIONS; i++)
            json_object_set_object_member(conditions, vdt_street_condition_name(i),
                                          count_json(&tally->conditions[i]));
        json_object_set_object_member(object, "per_condition", conditions);
        json_object_set_object_member(object, "coded", count_json(&tally->coding[1]));
        json_object_set_object_member(object, "uncoded", count_json(&tally->coding[0]));
    }
    if (tally->n_labels <= MOST_SQUARED)
        json_object_set_array_member(object, "confusion", confusion_json(tally));
    return object;
}

static void add_share(JsonObject *scores, const char *kind, const char *name, guint number,
                      const Count *count)
{
    g_autofree char *whole = g_strconcat(kind, name, NULL);
    g_autofree char *key = json_unique(scores, whole, number);
    /* Four digits are more than a few thousand clips can tell. */
    if (count->n > 0)
        json_object_set_double_member(scores, key, round(1e4 * share(count->top1, count->n)) / 1e4);
}

JsonObject *tally_to_scores(const Tally *tally)
{
    JsonObject *scores = json_object_new();
    Count top5 = {tally->all.n, tally->top5};
    json_object_set_int_member(scores, "n", tally->all.n);
    add_share(scores, "top1", "", 0, &tally->all);
    add_share(scores, "top5", "", 0, &top5);
    add_share(scores, "coded", "", 0, &tally->coding[1]);
    add_share(scores, "uncoded", "", 0, &tally->coding[0]);
    for (guint i = 0; i < tally->n_labels; i++)
        add_share(scores, "class.", tally->labels[i], i, &tally->classes[i]);
    for (guint i = 0; i < VDT_STREET_N_CONDITIONS; i++)
        add_share(scores, "condition.", vdt_street_condition_name(i), i, &tally->conditions[i]);
    return scores;
}

static void print_count(const char *name, const Count *count)
{
    g_autofree char *cell = text_pad(name, NAME_WIDTH);
    if (count->n > 0)
        g_print("%s %6.2f %%  of %5u\n", cell, 100 * share(count->top1, count->n), count->n);
}

static void print_confusion(const Tally *tally)
{
    g_print("\nanswered (across) for what it was (down):\n%*s", NAME_WIDTH, "");
    for (guint i = 0; i < tally->n_labels; i++)
        g_print(" %5u", i);
    g_print("\n");
    for (guint i = 0; i < tally->n_labels; i++) {
        g_autofree char *cut = text_cut(tally->labels[i], NAME_WIDTH - 4);
        g_autofree char *cell = text_pad(cut, NAME_WIDTH - 4);
        g_print("%3u %s", i, cell);
        for (guint k = 0; k < tally->n_labels; k++)
            g_print(" %5u", get_confusion(tally, i, k));
        g_print("\n");
    }
}

void tally_print(const Tally *tally)
{
    Count top5 = {tally->all.n, tally->top5};
    print_count("top-1", &tally->all);
    print_count("top-5", &top5);
    g_print("\n");
    for (guint i = 0; i < tally->n_labels; i++)
        print_count(tally->labels[i], &tally->classes[i]);
    if (tally->coding[0].n + tally->coding[1].n > 0) {
        g_print("\n");
        for (guint i = 0; i < VDT_STREET_N_CONDITIONS; i++)
            print_count(vdt_street_condition_name(i), &tally->conditions[i]);
        print_count("coded", &tally->coding[1]);
        print_count("uncoded", &tally->coding[0]);
    }
    /* More columns than that no terminal has. */
    if (tally->n_labels <= 30)
        print_confusion(tally);
}
