/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "maptally.h"

#include <math.h>
#include <street.h>

#include "jsontext.h"
#include "text.h"

/* Pictures that are counted together, and the pixels in them. */
typedef struct {
    guint n;
    guint64 *confusion; /* rows: the truth; columns: the answer */
} Group;

/* CLEAN: by day, nothing added, not coded. */
enum { ALL, CLEAN, UNCODED, CODED, CONDITIONS, N_GROUPS = CONDITIONS + VDT_STREET_N_CONDITIONS };

struct _MapTally {
    char **labels;
    guint n_labels;
    Group groups[N_GROUPS];
    double loss;
};

MapTally *map_tally_new(char **labels, guint n_labels)
{
    MapTally *tally = g_new0(MapTally, 1);
    tally->labels = labels;
    tally->n_labels = n_labels;
    for (guint i = 0; i < N_GROUPS; i++)
        tally->groups[i].confusion = g_new0(guint64, (gsize)n_labels * n_labels);
    return tally;
}

void map_tally_free(MapTally *tally)
{
    if (tally == NULL)
        return;
    for (guint i = 0; i < N_GROUPS; i++)
        g_free(tally->groups[i].confusion);
    g_free(tally);
}

void map_tally_add(MapTally *tally, const ClipInfo *info, const guint8 *classes,
                   const guint16 *answers, gsize n, double loss)
{
    gsize n_labels = tally->n_labels;
    g_autofree guint64 *confusion = g_new0(guint64, n_labels * n_labels);
    gboolean of[N_GROUPS] = {[ALL] = TRUE};
    for (gsize i = 0; i < n; i++)
        if (classes[i] < n_labels)
            confusion[classes[i] * n_labels + answers[i]]++;
    if (info->condition >= 0)
        of[CONDITIONS + info->condition] = of[info->coded ? CODED : UNCODED] = TRUE;
    of[CLEAN] = info->condition == VDT_STREET_DAY && !info->coded;
    for (guint g = 0; g < N_GROUPS; g++) {
        tally->groups[g].n += of[g];
        for (gsize i = 0; of[g] && i < n_labels * n_labels; i++)
            tally->groups[g].confusion[i] += confusion[i];
    }
    tally->loss += loss;
}

/* Of one class; NaN if it is neither there nor answered. */
static double get_iou(const MapTally *tally, const Group *group, guint class, guint64 *there)
{
    gsize n = tally->n_labels;
    guint64 both = group->confusion[class * n + class], truth = 0, answered = 0;
    for (gsize i = 0; i < n; i++) {
        truth += group->confusion[class * n + i];
        answered += group->confusion[i * n + class];
    }
    if (there != NULL)
        *there = truth;
    guint64 either = truth + answered - both;
    return either > 0 ? (double)both / either : NAN;
}

static double get_mean_iou(const MapTally *tally, const Group *group)
{
    double sum = 0;
    guint n = 0;
    for (guint i = 0; i < tally->n_labels; i++) {
        double iou = get_iou(tally, group, i, NULL);
        if (isfinite(iou)) {
            sum += iou;
            n++;
        }
    }
    return n > 0 ? sum / n : 0;
}

static double get_accuracy(const MapTally *tally)
{
    gsize n = tally->n_labels;
    guint64 right = 0, all = 0;
    for (gsize i = 0; i < n * n; i++) {
        all += tally->groups[ALL].confusion[i];
        right += i % (n + 1) == 0 ? tally->groups[ALL].confusion[i] : 0;
    }
    return all > 0 ? (double)right / all : 0;
}

guint map_tally_get_n(const MapTally *tally)
{
    return tally->groups[ALL].n;
}

double map_tally_get_mean_iou(const MapTally *tally)
{
    return get_mean_iou(tally, &tally->groups[ALL]);
}

double map_tally_get_loss(const MapTally *tally)
{
    return tally->groups[ALL].n > 0 ? tally->loss / tally->groups[ALL].n : 0;
}

static const char *group_name(guint group)
{
    return group == ALL       ? "all"
           : group == CLEAN   ? "clean"
           : group == UNCODED ? "uncoded"
           : group == CODED   ? "coded"
                              : vdt_street_condition_name(group - CONDITIONS);
}

/* Of the classes that are there or answered. */
static JsonObject *class_json(const MapTally *tally, guint group)
{
    JsonObject *classes = json_object_new();
    for (guint i = 0; i < tally->n_labels; i++) {
        guint64 pixels;
        double iou = get_iou(tally, &tally->groups[group], i, &pixels);
        if (!isfinite(iou))
            continue;
        JsonObject *class = json_object_new();
        json_object_set_double_member(class, "iou", iou);
        json_object_set_int_member(class, "pixels", pixels);
        g_autofree char *name = json_unique(classes, tally->labels[i], i);
        json_object_set_object_member(classes, name, class);
    }
    return classes;
}

static JsonObject *group_json(const MapTally *tally, guint group)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "n", tally->groups[group].n);
    json_object_set_double_member(object, "miou", get_mean_iou(tally, &tally->groups[group]));
    return object;
}

JsonObject *map_tally_to_json(const MapTally *tally)
{
    const Group *all = &tally->groups[ALL];
    JsonObject *object = json_object_new();
    json_object_set_double_member(object, "score", get_mean_iou(tally, all));
    json_object_set_int_member(object, "n", all->n);
    json_object_set_double_member(object, "pixel_accuracy", get_accuracy(tally));
    json_object_set_double_member(object, "loss", map_tally_get_loss(tally));
    json_object_set_object_member(object, "per_class", class_json(tally, ALL));
    if (tally->groups[CODED].n + tally->groups[UNCODED].n == 0)
        return object;
    JsonObject *conditions = json_object_new();
    for (guint i = CONDITIONS; i < N_GROUPS; i++)
        json_object_set_object_member(conditions, group_name(i), group_json(tally, i));
    json_object_set_object_member(object, "per_condition", conditions);
    JsonObject *clean = group_json(tally, CLEAN);
    json_object_set_object_member(clean, "per_class", class_json(tally, CLEAN));
    json_object_set_object_member(object, "clean", clean);
    json_object_set_object_member(object, "coded", group_json(tally, CODED));
    json_object_set_object_member(object, "uncoded", group_json(tally, UNCODED));
    return object;
}

static void set_score(JsonObject *scores, const char *kind, const char *name, guint number,
                      double value)
{
    g_autofree char *whole = g_strconcat(kind, name, NULL);
    g_autofree char *key = json_unique(scores, whole, number);
    if (isfinite(value))
        json_object_set_double_member(scores, key, round(1e4 * value) / 1e4);
}

JsonObject *map_tally_to_scores(const MapTally *tally)
{
    JsonObject *scores = json_object_new();
    json_object_set_int_member(scores, "n", tally->groups[ALL].n);
    set_score(scores, "miou", "", 0, map_tally_get_mean_iou(tally));
    set_score(scores, "accuracy", "", 0, get_accuracy(tally));
    for (guint i = 0; i < tally->n_labels; i++)
        set_score(scores, "class.", tally->labels[i], i,
                  get_iou(tally, &tally->groups[ALL], i, NULL));
    for (guint i = 0; i < tally->n_labels && tally->groups[CLEAN].n > 0; i++)
        set_score(scores, "clean.", tally->labels[i], i,
                  get_iou(tally, &tally->groups[CLEAN], i, NULL));
    for (guint i = CLEAN; i < N_GROUPS; i++)
        if (tally->groups[i].n > 0)
            set_score(scores, i < CONDITIONS ? "" : "condition.", group_name(i), i,
                      get_mean_iou(tally, &tally->groups[i]));
    return scores;
}

void map_tally_print(const MapTally *tally)
{
    g_print("%-16s %6.2f %%  of %u pictures\n", "mean IoU", 100 * map_tally_get_mean_iou(tally),
            tally->groups[ALL].n);
    g_print("%-16s %6.2f %%\n\n", "pixels right", 100 * get_accuracy(tally));
    for (guint i = 0; i < tally->n_labels; i++) {
        guint64 pixels;
        double iou = get_iou(tally, &tally->groups[ALL], i, &pixels);
        double clean = get_iou(tally, &tally->groups[CLEAN], i, NULL);
        if (!isfinite(iou))
            continue;
        g_autofree char *cell = text_pad(tally->labels[i], 16);
        g_print("%s %6.2f %%  of %" G_GUINT64_FORMAT " pixels", cell, 100 * iou, pixels);
        if (isfinite(clean))
            g_print("; %6.2f %% in clean pictures", 100 * clean);
        g_print("\n");
    }
    for (guint i = CLEAN; i < N_GROUPS; i++)
        if (tally->groups[i].n > 0)
            g_print("%s%-16s %6.2f %%  of %u pictures\n", i == CLEAN ? "\n" : "", group_name(i),
                    100 * get_mean_iou(tally, &tally->groups[i]), tally->groups[i].n);
}
