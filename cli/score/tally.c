/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tally.h"

#include <math.h>
#include <street.h>
#include <string.h>

#include "scores.h"

typedef struct {
    guint n, top1;
} Count;

struct _Tally {
    char **labels;
    guint n_labels;
    Count all, conditions[VDT_STREET_N_CONDITIONS], coding[2];
    guint top5;
    double loss;
    guint *confusion; /* rows: the truth; columns: the answer */
};

Tally *tally_new(char **labels, guint n_labels)
{
    Tally *tally = g_new0(Tally, 1);
    tally->labels = labels;
    tally->n_labels = n_labels;
    tally->confusion = g_new0(guint, (gsize)n_labels * n_labels);
    return tally;
}

void tally_free(Tally *tally)
{
    if (tally == NULL)
        return;
    g_free(tally->confusion);
    g_free(tally);
}

static void count(Count *count, gboolean right)
{
    count->n++;
    count->top1 += right;
}

void tally_add(Tally *tally, const ClipInfo *truth, const double *scores)
{
    gint64 winners[VDT_SCORES_BEST + 1];
    guint n = vdt_scores_best(scores, tally->n_labels, winners);
    gboolean right = winners[0] == truth->label;
    count(&tally->all, right);
    if (truth->condition >= 0) {
        count(&tally->conditions[truth->condition], right);
        count(&tally->coding[truth->coded], right);
    }
    for (guint i = 0; i < n; i++)
        tally->top5 += winners[i] == truth->label;
    tally->confusion[(gsize)truth->label * tally->n_labels + winners[0]]++;
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

static Count count_class(const Tally *tally, guint label)
{
    const guint *row = tally->confusion + (gsize)label * tally->n_labels;
    Count count = {.top1 = row[label]};
    for (guint i = 0; i < tally->n_labels; i++)
        count.n += row[i];
    return count;
}

static JsonObject *count_json(const Count *count)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "n", count->n);
    json_object_set_double_member(object, "top1", share(count->top1, count->n));
    return object;
}

/* Two classes may have one name; the later one then goes by its number, too. */
static char *unique_name(const Tally *tally, JsonObject *object, guint label)
{
    if (!json_object_has_member(object, tally->labels[label]))
        return g_strdup(tally->labels[label]);
    return g_strdup_printf("%s (%u)", tally->labels[label], label);
}

JsonObject *tally_to_json(const Tally *tally)
{
    JsonObject *object = json_object_new();
    json_object_set_double_member(object, "score", tally_get_top1(tally));
    json_object_set_int_member(object, "n", tally->all.n);
    json_object_set_double_member(object, "top5", share(tally->top5, tally->all.n));
    json_object_set_double_member(object, "loss", tally_get_loss(tally));
    JsonObject *classes = json_object_new();
    JsonArray *confusion = json_array_new();
    for (guint i = 0; i < tally->n_labels; i++) {
        Count count = count_class(tally, i);
        g_autofree char *name = unique_name(tally, classes, i);
        json_object_set_object_member(classes, name, count_json(&count));
        JsonArray *row = json_array_new();
        for (guint k = 0; k < tally->n_labels; k++)
            json_array_add_int_element(row, tally->confusion[(gsize)i * tally->n_labels + k]);
        json_array_add_array_element(confusion, row);
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
    json_object_set_array_member(object, "confusion", confusion);
    return object;
}

static void add_share(JsonObject *scores, const char *kind, const char *name, const Count *count)
{
    g_autofree char *key = g_strconcat(kind, name, NULL);
    /* Four digits are more than a few thousand clips can tell. */
    if (count->n > 0)
        json_object_set_double_member(scores, key, round(1e4 * share(count->top1, count->n)) / 1e4);
}

JsonObject *tally_to_scores(const Tally *tally)
{
    JsonObject *scores = json_object_new();
    Count top5 = {tally->all.n, tally->top5};
    json_object_set_int_member(scores, "n", tally->all.n);
    add_share(scores, "top1", "", &tally->all);
    add_share(scores, "top5", "", &top5);
    add_share(scores, "coded", "", &tally->coding[1]);
    add_share(scores, "uncoded", "", &tally->coding[0]);
    for (guint i = 0; i < tally->n_labels; i++) {
        Count count = count_class(tally, i);
        add_share(scores, "class.", tally->labels[i], &count);
    }
    for (guint i = 0; i < VDT_STREET_N_CONDITIONS; i++)
        add_share(scores, "condition.", vdt_street_condition_name(i), &tally->conditions[i]);
    return scores;
}

static void print_count(const char *name, const Count *count)
{
    if (count->n > 0)
        g_print("%-16s %6.2f %%  of %5u\n", name, 100 * share(count->top1, count->n), count->n);
}

static void print_confusion(const Tally *tally)
{
    g_print("\nanswered (across) for what it was (down):\n%-16s", "");
    for (guint i = 0; i < tally->n_labels; i++)
        g_print(" %5u", i);
    g_print("\n");
    for (guint i = 0; i < tally->n_labels; i++) {
        g_print("%3u %-12.12s", i, tally->labels[i]);
        for (guint k = 0; k < tally->n_labels; k++)
            g_print(" %5u", tally->confusion[(gsize)i * tally->n_labels + k]);
        g_print("\n");
    }
}

void tally_print(const Tally *tally)
{
    Count top5 = {tally->all.n, tally->top5};
    print_count("top-1", &tally->all);
    print_count("top-5", &top5);
    g_print("\n");
    for (guint i = 0; i < tally->n_labels; i++) {
        Count count = count_class(tally, i);
        print_count(tally->labels[i], &count);
    }
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
