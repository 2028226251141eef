/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include <stdio.h>

#include "analyzer/eventjson.h"

#define NS        1e9
/* Seconds that a start may be wrong by. */
#define TOLERANCE 1.0
/* Seconds: a clip must have been seen before anything can be recognised, and it takes a while. */
#define CLIP      2.4
#define PATIENCE  2.5

struct _VdtDemoRecord {
    VdtStreet *street;
    gint64 beginning; /* ns; 0: not known yet */
    gint64 happened;  /* scene time up to which it is told what happens, ns */
    gint64 seen;      /* scene time from which on the camera is seen */
    GArray *truth;    /* VdtDemoEvent */
    GArray *found;
};

VdtDemoRecord *vdt_demo_record_new(guint seed)
{
    const VdtStreetOptions options = {.seed = seed};
    VdtDemoRecord *record = g_new0(VdtDemoRecord, 1);

    record->street = vdt_street_new(&options);
    record->truth = g_array_new(FALSE, FALSE, sizeof(VdtDemoEvent));
    record->found = g_array_new(FALSE, FALSE, sizeof(VdtDemoEvent));
    return record;
}

void vdt_demo_record_free(VdtDemoRecord *record)
{
    vdt_street_unref(record->street);
    g_array_unref(record->truth);
    g_array_unref(record->found);
    g_free(record);
}

static gint64 scene_now(const VdtDemoRecord *record)
{
    return g_get_monotonic_time() * GST_USECOND - record->beginning;
}

void vdt_demo_record_begin(VdtDemoRecord *record, gint64 beginning)
{
    record->beginning = beginning;
    record->seen = record->happened = scene_now(record);
    g_printerr("The scene began at %.3f s on the camera's clock; times are told from there.\n",
               beginning / NS);
}

void vdt_demo_record_print(GstMessage *message)
{
    g_autofree char *line = vdt_event_to_json(message, "demo", NULL);

    if (line) {
        puts(line);
        fflush(stdout);
    }
}

/* As a recogniser would tell it. */
static void print_truth(const VdtStreetEvent *event)
{
    g_autofree char *id = g_strdup_printf("street-%" G_GUINT64_FORMAT, event->id);
    g_autoptr(GstMessage) message = gst_message_new_element(
        NULL, gst_structure_new("street", "kind", G_TYPE_STRING, "truth", "event", G_TYPE_STRING,
                                "start", "id", G_TYPE_STRING, id, "label", G_TYPE_STRING,
                                vdt_street_action_name(event->action), "score", G_TYPE_DOUBLE, 1.0,
                                "timestamp", G_TYPE_UINT64, (guint64)event->start, NULL));

    vdt_demo_record_print(message);
}

void vdt_demo_record_happen(VdtDemoRecord *record)
{
    g_autoptr(GArray) events = NULL;
    gint64 now;

    if (record->beginning == 0)
        return;
    now = scene_now(record);
    events = vdt_street_get_events(record->street, record->happened, now);
    for (guint i = 0; i < events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, i);
        const VdtDemoEvent kept = {.label = event->action, .start = event->start / NS};

        if (event->start < record->happened || event->start >= now ||
            event->action == VDT_STREET_WALK)
            continue;
        print_truth(event);
        g_array_append_val(record->truth, kept);
    }
    record->happened = now;
}

/* The number of a label among the street's actions, or one that none has. */
static int number_of(const char *label)
{
    int action = 0;

    while (action < VDT_STREET_N_ACTIONS &&
           g_strcmp0(vdt_street_action_name((VdtStreetAction)action), label) != 0)
        action++;
    return action;
}

gboolean vdt_demo_record_take(VdtDemoRecord *record, GstMessage *message, GstClockTime base)
{
    const GstStructure *s = gst_message_get_structure(message);
    guint64 running_time = 0;
    VdtDemoEvent event;

    vdt_demo_record_print(message);
    if (!s || g_strcmp0(gst_structure_get_string(s, "event"), "start") != 0 ||
        !gst_structure_get_uint64(s, "running-time", &running_time))
        return FALSE;
    event = (VdtDemoEvent){
        .label = number_of(gst_structure_get_string(s, "label")),
        .start = ((gint64)(base + running_time) - record->beginning) / NS,
        .told = scene_now(record) / NS,
    };
    if (record->beginning != 0)
        g_array_append_val(record->found, event);
    return TRUE;
}

/* The events of @all that start between two times, and have that label if it is not negative. */
static GArray *between(const GArray *all, double from, double to, int label)
{
    GArray *some = g_array_new(FALSE, FALSE, sizeof(VdtDemoEvent));

    for (guint i = 0; i < all->len; i++) {
        const VdtDemoEvent *event = &g_array_index(all, VdtDemoEvent, i);

        if (event->start >= from && event->start < to && (label < 0 || event->label == label))
            g_array_append_val(some, *event);
    }
    return some;
}

static int by_start(gconstpointer a, gconstpointer b)
{
    const double x = ((const VdtDemoEvent *)a)->start, y = ((const VdtDemoEvent *)b)->start;

    return (x > y) - (x < y);
}

/* Pairs may lie across the ends of what counts: both lists are cut a little wider for the other. */
static VdtDemoScore score_of(const VdtDemoRecord *record, int label, GArray *delays)
{
    const double from = record->seen / NS + CLIP, to = record->happened / NS - PATIENCE;
    g_autoptr(GArray) truth = between(record->truth, from, to, label);
    g_autoptr(GArray) found = between(record->found, from, to, label);
    g_autoptr(GArray) more_truth = between(record->truth, from - TOLERANCE, to + TOLERANCE, label);
    g_autoptr(GArray) more_found = between(record->found, from - TOLERANCE, to + TOLERANCE, label);
    VdtDemoScore recall, precision;

    g_array_sort(truth, by_start);
    g_array_sort(found, by_start);
    g_array_sort(more_truth, by_start);
    g_array_sort(more_found, by_start);
    recall = vdt_demo_score((const VdtDemoEvent *)(void *)truth->data, truth->len,
                            (const VdtDemoEvent *)(void *)more_found->data, more_found->len,
                            TOLERANCE, delays);
    precision =
        vdt_demo_score((const VdtDemoEvent *)(void *)more_truth->data, more_truth->len,
                       (const VdtDemoEvent *)(void *)found->data, found->len, TOLERANCE, NULL);
    return (VdtDemoScore){recall.happened, recall.recognised, precision.told, precision.right};
}

static void add(VdtDemoScore *to, const VdtDemoScore *score)
{
    to->happened += score->happened;
    to->recognised += score->recognised;
    to->told += score->told;
    to->right += score->right;
}

void vdt_demo_total_add(VdtDemoTotal *total, const VdtDemoRecord *record)
{
    for (int action = 0; action < VDT_STREET_N_ACTIONS && record->beginning != 0; action++) {
        const VdtDemoScore score = score_of(record, action, total->delays);

        add(&total->scores[action], &score);
    }
}

static int by_size(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const GArray *numbers)
{
    g_autoptr(GArray) sorted = g_array_copy((GArray *)numbers);

    g_array_sort(sorted, by_size);
    return sorted->len > 0 ? g_array_index(sorted, double, sorted->len / 2) : 0;
}

static void print_row(const char *name, const VdtDemoScore *score)
{
    if (score->happened + score->told > 0)
        g_printerr("  %-12s   %10u   %6u   %5u\n", name, score->recognised,
                   score->happened - score->recognised, score->told - score->right);
}

/* 1 if there is nothing to be wrong about. */
static double share(guint part, guint of)
{
    return of > 0 ? (double)part / of : 1;
}

void vdt_demo_total_print(const VdtDemoTotal *total)
{
    VdtDemoScore all = {0};

    g_printerr("\n  what happens   recognised   missed   false\n");
    for (int action = 0; action < VDT_STREET_N_ACTIONS; action++) {
        print_row(vdt_street_action_name((VdtStreetAction)action), &total->scores[action]);
        add(&all, &total->scores[action]);
    }
    print_row("all", &all);
    g_printerr("\n  precision %.2f, recall %.2f; a label within %.0f s of its start is right\n",
               share(all.right, all.told), share(all.recognised, all.happened), TOLERANCE);
    g_printerr("  told %.1f s after it began (median)\n", median(total->delays));
}
