/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classwatch.h"

#include "scores.h"

/* One question about one subject. */
typedef struct {
    GQuark type;
    int id;
    guint region, group;
} Key;

typedef struct {
    Key key;
    VdtEvents *events;
    guint round; /* in which it was told of last */
} Going;

struct _VdtClassWatch {
    GstElement *source;
    const char *kind;
    GHashTable *going; /* Going, by its key */
    guint round;
    /* What it was told of last: of others, nothing is known. */
    VdtClassify what;
    VdtZones *regions;

    VdtEvents *still;
};

static guint hash(gconstpointer data)
{
    const Key *key = data;

    return ((key->type * 31 + key->region) * 65599 + (guint)key->id) * 31 + key->group;
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    const Key *one = a, *other = b;

    return one->type == other->type && one->id == other->id && one->region == other->region &&
           one->group == other->group;
}

static void free_going(gpointer data)
{
    Going *going = data;

    vdt_events_free(going->events);
    g_free(going);
}

VdtClassWatch *vdt_class_watch_new(GstElement *source, const char *kind)
{
    VdtClassWatch *watch = g_new0(VdtClassWatch, 1);

    watch->source = source;
    watch->kind = kind;
    watch->going = g_hash_table_new_full(hash, equal, NULL, free_going);
    return watch;
}

void vdt_class_watch_free(VdtClassWatch *watch)
{
    g_hash_table_unref(watch->going);
    g_clear_pointer(&watch->regions, vdt_zones_unref);
    g_clear_pointer(&watch->still, vdt_events_free);
    g_free(watch);
}

/* Ends and forgets those of earlier rounds; with @all, of this one, too. */
static GList *forget(VdtClassWatch *watch, gboolean all)
{
    GList *messages = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, watch->going);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Going *going = value;

        if (!all && going->round == watch->round)
            continue;
        messages = g_list_concat(messages, vdt_events_end(going->events));
        g_hash_table_iter_remove(&iter);
    }
    return messages;
}

/* What @key is about, in this round. NULL if that was told of already: boxes may share an id. */
static VdtEvents *enter(VdtClassWatch *watch, const Key *key)
{
    Going *going = g_hash_table_lookup(watch->going, key);

    if (going && going->round == watch->round)
        return NULL;
    if (!going) {
        going = g_new0(Going, 1);
        going->key = *key;
        going->events = vdt_events_new(watch->source, watch->kind);
        g_hash_table_insert(watch->going, &going->key, going);
    }
    going->round = watch->round;
    return going->events;
}

/* What goes on; NULL for nothing. */
static GstStructure *choose(const VdtClassFound *found, guint subject, guint group,
                            const VdtHysteresis *hysteresis, int going)
{
    const VdtCardGroup of = vdt_scores_group(found->card, group, found->n_classes);
    const VdtClassSubject *about = &found->subjects[subject];
    const gboolean *background = found->card->background;
    const double *scores;
    GstStructure *finding;
    int class;

    if (!found->scores)
        return NULL;
    scores = found->scores + (gsize)subject * found->n_classes;
    if (!vdt_scores_asks(found->card, group, scores))
        return NULL;
    class = vdt_hysteresis_follow(hysteresis, scores + of.first, of.n_labels,
                                  background ? background + of.first : NULL,
                                  going < 0 ? -1 : going - (int)of.first);
    if (class < 0)
        return NULL;
    finding = vdt_class_result_new("finding", found, subject, group, of.first + (guint) class);
    gst_structure_remove_field(finding, "background");
    /* what rules and the journal know a question by */
    if (of.name)
        gst_structure_set(finding, "what", G_TYPE_STRING, of.name, NULL);
    if (found->what == VDT_CLASSIFY_REGIONS)
        gst_structure_set(finding, "zone", G_TYPE_STRING, found->regions->zones[about->region].name,
                          NULL);
    if (found->what == VDT_CLASSIFY_BOXES)
        gst_structure_set(finding, "object", G_TYPE_UINT, (guint)about->id, "object-type",
                          G_TYPE_STRING, g_quark_to_string(about->type), NULL);
    return finding;
}

static GList *tell(VdtClassWatch *watch, const VdtClassFound *found, guint subject, guint group,
                   const VdtSpan *span, const VdtHysteresis *hysteresis, GstClockTime least)
{
    const VdtClassSubject *about = &found->subjects[subject];
    const Key key = {about->type, about->id, about->region, group};
    VdtEvents *events = enter(watch, &key);
    GstStructure *finding;
    GList *messages;

    if (!events)
        return NULL;
    finding = choose(found, subject, group, hysteresis, vdt_events_get_class(events));
    messages = vdt_events_follow(events, span, finding,
                                 &found->answers[subject * found->n_groups + group], least);
    g_clear_pointer(&finding, gst_structure_free);
    return messages;
}

GList *vdt_class_watch_tell(VdtClassWatch *watch, const VdtClassFound *found, const VdtSpan *span,
                            const VdtHysteresis *hysteresis, GstClockTime least)
{
    GList *messages = NULL;

    if (watch->what != found->what || watch->regions != found->regions) {
        messages = forget(watch, TRUE);
        watch->what = found->what;
        g_clear_pointer(&watch->regions, vdt_zones_unref);
        watch->regions = found->regions ? g_atomic_rc_box_acquire(found->regions) : NULL;
    }
    watch->round++;
    for (guint i = 0; i < found->n; i++)
        for (guint group = 0; group < found->n_groups; group++)
            /* nobody knows which box of the next frame is this one */
            if (found->what != VDT_CLASSIFY_BOXES || found->subjects[i].id > 0)
                messages =
                    g_list_concat(messages, tell(watch, found, i, group, span, hysteresis, least));
    return g_list_concat(messages, forget(watch, FALSE));
}

GList *vdt_class_watch_tell_still(VdtClassWatch *watch, const GstStructure *finding,
                                  const VdtSpan *span, GstClockTime least)
{
    if (!watch->still)
        watch->still = vdt_events_new(watch->source, watch->kind);
    return vdt_events_follow(watch->still, span, finding, NULL, least);
}

GList *vdt_class_watch_end(VdtClassWatch *watch)
{
    return g_list_concat(forget(watch, TRUE), watch->still ? vdt_events_end(watch->still) : NULL);
}
