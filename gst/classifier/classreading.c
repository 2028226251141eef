/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classreading.h"

#include <math.h>
#include <string.h>

#include "analyzer/arrays.h"
#include "scores.h"

#define DEFAULT_TOP_K      5
#define DEFAULT_THRESHOLD  0.5
#define DEFAULT_HYSTERESIS 0.2
#define MAX_TOP_K          1000

enum { TOP_K, THRESHOLD, HYSTERESIS };

void vdt_class_limits_init(VdtClassLimits *limits)
{
    *limits = (VdtClassLimits){DEFAULT_TOP_K, {DEFAULT_THRESHOLD, DEFAULT_HYSTERESIS}};
}

void vdt_class_limits_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + TOP_K,
        g_param_spec_uint("top-k", "Top k",
                          "Labels in a result, the best first; of each group of labels", 1,
                          MAX_TOP_K, DEFAULT_TOP_K, live));
    g_object_class_install_property(
        klass, first + THRESHOLD,
        g_param_spec_double("threshold", "Threshold",
                            "Score from which the best label starts an event; metas carry every "
                            "result",
                            0, 1, DEFAULT_THRESHOLD, live));
    g_object_class_install_property(
        klass, first + HYSTERESIS,
        g_param_spec_double("hysteresis", "Hysteresis",
                            "How far below the threshold, or behind a better label, the score of "
                            "what goes on may fall before its event ends",
                            0, 1, DEFAULT_HYSTERESIS, live));
}

gboolean vdt_class_limits_set(VdtClassLimits *limits, guint id, const GValue *value)
{
    switch (id) {
    case TOP_K:
        limits->top_k = g_value_get_uint(value);
        return TRUE;
    case THRESHOLD:
        limits->hysteresis.threshold = g_value_get_double(value);
        return TRUE;
    case HYSTERESIS:
        limits->hysteresis.hysteresis = g_value_get_double(value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_class_limits_get(const VdtClassLimits *limits, guint id, GValue *value)
{
    switch (id) {
    case TOP_K:
        g_value_set_uint(value, limits->top_k);
        return TRUE;
    case THRESHOLD:
        g_value_set_double(value, limits->hysteresis.threshold);
        return TRUE;
    case HYSTERESIS:
        g_value_set_double(value, limits->hysteresis.hysteresis);
        return TRUE;
    default:
        return FALSE;
    }
}

GstStructure *vdt_class_result_new(const char *name, const VdtClassFound *found, guint subject,
                                   guint group, guint class)
{
    const VdtCard *card = found->card;
    const VdtCardGroup of = vdt_scores_group(card, group, found->n_classes);
    g_autofree char *number = card->labels ? NULL : g_strdup_printf("%u", class);
    GstStructure *s =
        gst_structure_new(name, "label", G_TYPE_STRING, number ? number : card->labels[class],
                          "class-id", G_TYPE_INT, (int)class, "score", G_TYPE_DOUBLE,
                          found->scores[(gsize)subject * found->n_classes + class], NULL);

    if (of.name)
        gst_structure_set(s, "group", G_TYPE_STRING, of.name, NULL);
    if (card->background && class < card->n_labels && card->background[class])
        gst_structure_set(s, "background", G_TYPE_BOOLEAN, TRUE, NULL);
    return s;
}

static void rank(VdtClassFound *found, guint subject, guint group, guint top_k, gint64 *winners)
{
    const VdtCardGroup of = vdt_scores_group(found->card, group, found->n_classes);
    const double *scores = found->scores + (gsize)subject * found->n_classes;
    GValue *answers = &found->answers[subject * found->n_groups + group];
    const guint n = vdt_scores_asks(found->card, group, scores)
                        ? vdt_scores_rank(scores, &of, top_k, winners)
                        : 0;

    for (guint i = 0; i < n; i++)
        vdt_array_take_structure(
            answers, vdt_class_result_new("result", found, subject, group, (guint)winners[i]));
}

VdtClassLevel vdt_class_level(const VdtClassNetwork *network, guint level)
{
    const guint merge = network->merge[level];

    if (network->n_levels < 2)
        return (VdtClassLevel){.accuracy_cost = NAN};
    return (VdtClassLevel){TRUE, merge, network->kept[level],
                           vdt_card_get_cost(network->card, merge)};
}

void vdt_class_level_tell(const VdtClassLevel *level, GstStructure *structure)
{
    if (!level->merges)
        return;
    gst_structure_set(structure, "merge", G_TYPE_UINT, level->merge, "kept", G_TYPE_DOUBLE,
                      level->kept, NULL);
    if (!isnan(level->accuracy_cost))
        gst_structure_set(structure, "accuracy-cost", G_TYPE_DOUBLE, level->accuracy_cost, NULL);
}

/* The number of the same object; -1 if it was not there. */
static int find(const VdtClassFound *before, const VdtClassSubject *subject)
{
    for (guint i = 0; i < before->n; i++)
        if (before->subjects[i].type == subject->type && before->subjects[i].id == subject->id)
            return (int)i;
    return -1;
}

/* Objects that are hidden, where they are now, with the scores that they had. */
static void keep_hidden(VdtClassFound *found, const VdtClassFound *before, const VdtClassWork *work)
{
    for (guint i = 0; i < work->n_hidden; i++) {
        const VdtClassSubject *subject = &work->hidden[i];
        const int was = subject->id > 0 ? find(before, subject) : -1;

        if (was < 0)
            continue;
        memcpy(found->scores + (gsize)found->n * found->n_classes,
               before->scores + (gsize)was * found->n_classes,
               found->n_classes * sizeof *found->scores);
        found->subjects[found->n++] = *subject;
    }
}

static void read_scores(VdtClassFound *found, const VdtClassFound *before, const VdtClassWork *work,
                        const float *logits)
{
    const guint n = found->n_classes;

    found->scores = g_new0(double, MAX((gsize)(work->n + work->n_hidden) * n, 1));
    for (guint i = 0; i < work->n; i++)
        vdt_scores_add(found->card, logits + (gsize)i * n, n, 1, found->scores + (gsize)i * n);
    if (before && before->scores && before->engine == found->engine && before->what == found->what)
        keep_hidden(found, before, work);
}

VdtClassFound *vdt_class_found_new(const VdtClassFound *before, VdtClassWork *work,
                                   const VdtClassNetwork *network, const float *logits, guint top_k)
{
    g_autofree gint64 *winners = g_new(gint64, top_k);
    VdtClassFound *found = g_new0(VdtClassFound, 1);

    *found = (VdtClassFound){.what = work->what,
                             .regions = g_steal_pointer(&work->regions),
                             .n = work->n,
                             .n_groups = vdt_scores_n_groups(network->card),
                             .n_classes = network->n_classes,
                             .subjects = g_new(VdtClassSubject, work->n + work->n_hidden + 1),
                             .engine = vdt_engine_ref(network->engine),
                             .card = network->card};
    memcpy(found->subjects, work->subjects, work->n * sizeof *found->subjects);
    if (logits)
        read_scores(found, before, work, logits);
    found->answers = g_new0(GValue, found->n * found->n_groups + 1);
    for (guint i = 0; i < found->n * found->n_groups; i++) {
        g_value_init(&found->answers[i], GST_TYPE_ARRAY);
        if (logits)
            rank(found, i / found->n_groups, i % found->n_groups, top_k, winners);
    }
    return found;
}

void vdt_class_found_free(VdtClassFound *found)
{
    if (!found)
        return;
    for (guint i = 0; i < found->n * found->n_groups; i++)
        g_value_unset(&found->answers[i]);
    g_clear_pointer(&found->regions, vdt_zones_unref);
    vdt_engine_unref(found->engine);
    g_free(found->answers);
    g_free(found->subjects);
    g_free(found->scores);
    g_free(found);
}

/* What is said of a subject, all groups in one: calls @func with each result. */
static void each(const VdtClassFound *found, guint subject, GFunc func, gpointer data)
{
    for (guint group = 0; group < found->n_groups; group++) {
        const GValue *answers = &found->answers[subject * found->n_groups + group];

        for (guint i = 0; i < gst_value_array_get_size(answers); i++)
            func(gst_structure_copy(gst_value_get_structure(gst_value_array_get_value(answers, i))),
                 data);
    }
}

static void add_to_list(gpointer structure, gpointer list)
{
    g_ptr_array_add(list, structure);
}

static void add_to_array(gpointer structure, gpointer array)
{
    vdt_array_take_structure(array, structure);
}

void vdt_class_found_list(const VdtClassFound *found, GPtrArray *results)
{
    if (found->what == VDT_CLASSIFY_FRAME && found->n > 0)
        each(found, 0, add_to_list, results);
}

static GstStructure *describe_subject(const VdtClassFound *found, guint i)
{
    const VdtClassSubject *subject = &found->subjects[i];
    const VdtFrameRegion *box = &subject->box;
    const gboolean is_box = found->what == VDT_CLASSIFY_BOXES;
    GValue results = G_VALUE_INIT;
    GstStructure *s = gst_structure_new(is_box ? "box" : "region", "x", G_TYPE_DOUBLE, box->x, "y",
                                        G_TYPE_DOUBLE, box->y, "width", G_TYPE_DOUBLE, box->width,
                                        "height", G_TYPE_DOUBLE, box->height, NULL);

    if (is_box)
        gst_structure_set(s, "type", G_TYPE_STRING, g_quark_to_string(subject->type), NULL);
    if (subject->id > 0)
        gst_structure_set(s, "id", G_TYPE_UINT, (guint)subject->id, NULL);
    if (!is_box) {
        const VdtZone *zone = &found->regions->zones[subject->region];

        gst_structure_set(s, "name", G_TYPE_STRING, zone->name, NULL);
        vdt_structure_set_doubles(s, "points", &zone->points[0].x, 2 * zone->n_points);
    }
    g_value_init(&results, GST_TYPE_ARRAY);
    each(found, i, add_to_array, &results);
    gst_structure_take_value(s, "results", &results);
    return s;
}

GstStructure *vdt_class_found_describe(const VdtClassFound *found)
{
    GstStructure *s = gst_structure_new_empty("fields");
    GValue array = G_VALUE_INIT;

    vdt_class_level_tell(&found->level, s);
    if (found->what == VDT_CLASSIFY_FRAME)
        return s;
    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < found->n; i++)
        vdt_array_take_structure(&array, describe_subject(found, i));
    gst_structure_take_value(s, found->what == VDT_CLASSIFY_BOXES ? "boxes" : "regions", &array);
    return s;
}
