/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalobjects.h"

#include <crossings.h>
#include <follower.h>
#include <logits.h>
#include <math.h>
#include <preprocess.h>
#include <presence.h>
#include <street.h>

#include "data/streetdraw.h"
#include "data/streetpictures.h"
#include "progress.h"
#include "score/identities.h"

/* Streets are seen as a camera with the segmenter's defaults sees them: a picture of 640x360 each
 * 40 ms, a result each third one, at intervals of 0.1 s and more. Between two results, objects go
 * on as metas say. */
#define SECONDS 45
#define RATE    25
#define EACH    3
#define ASPECT  (16 / 9.0)
/* Of true objects: less of one can be seen, or of it at all, and it does not count. */
#define VISIBLE 0.25
#define LINES   "left: 0.3,0 0.3,1; middle: 0.5,0 0.5,1; right: 0.7,0 0.7,1"
#define ZONES   "middle: 0.3,0 0.7,0 0.7,1 0.3,1"
#define DWELL   (4 * G_GINT64_CONSTANT(1000000000))
#define NEAR    (1 * G_GINT64_CONSTANT(1000000000)) /* ns, of two events that are one */
#define IN_TIME (G_GINT64_CONSTANT(1000000000) / 2) /* ns, of a dwell that began when it should */

/* Something that happened to objects of a kind, at a line or in a zone. */
typedef struct {
    guint kind, where, object;
    gboolean in;
    gint64 time;
    gboolean found;
    gboolean counts; /* the object could be seen */
} Event;

/* What is true, or what was answered, as a stream of objects. */
typedef struct {
    VdtCrossings *crossings;
    VdtPresence *presence;
    GHashTable *dwelling;    /* objects that were told of */
    GArray *crossed, *dwelt; /* Event */
} Stream;

typedef struct {
    guint64 truths, answers, right, in_time;
    double late; /* s, summed */
} Counts;

typedef struct {
    VdtSession *session;
    const VdtCard *card;
    VdtZones *lines, *zones;
    IdentityCounts identities, strict;
    Counts crossings, dwells;
} Evaluation;

static void stream_init(Stream *stream)
{
    *stream = (Stream){vdt_crossings_new(), vdt_presence_new(), g_hash_table_new(NULL, NULL),
                       g_array_new(FALSE, FALSE, sizeof(Event)),
                       g_array_new(FALSE, FALSE, sizeof(Event))};
}

static void stream_clear(Stream *stream)
{
    vdt_crossings_free(stream->crossings);
    vdt_presence_free(stream->presence);
    g_hash_table_unref(stream->dwelling);
    g_array_unref(stream->crossed);
    g_array_unref(stream->dwelt);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stream, stream_clear)

static const VdtObject *find_object(const GArray *objects, guint id)
{
    for (guint i = 0; i < objects->len; i++)
        if (g_array_index(objects, VdtObject, i).id == id)
            return &g_array_index(objects, VdtObject, i);
    return NULL;
}

static gboolean is_followed(guint kind)
{
    return kind == VDT_STREET_PERSON || kind == VDT_STREET_VEHICLE;
}

static void stream_add(Stream *stream, const Evaluation *e, const GArray *objects, gint64 time)
{
    const GArray *crossed = vdt_crossings_update(stream->crossings, e->lines, objects, ASPECT);
    for (guint i = 0; i < crossed->len; i++) {
        const VdtCrossing *crossing = &g_array_index(crossed, VdtCrossing, i);
        const VdtObject *object = &g_array_index(objects, VdtObject, crossing->object);
        Event event = {object->class_id, crossing->line, object->id, crossing->in, time, FALSE,
                       object->share > 0};
        if (is_followed(event.kind))
            g_array_append_val(stream->crossed, event);
    }
    const GArray *stays = vdt_presence_update(stream->presence, e->zones, objects, time);
    for (guint i = 0; i < stays->len; i++) {
        const VdtStay *stay = &g_array_index(stays, VdtStay, i);
        const VdtObject *object = find_object(objects, stay->object);
        if (time - stay->since < DWELL ||
            !g_hash_table_add(stream->dwelling, GUINT_TO_POINTER(stay->object)))
            continue;
        Event event = {object->class_id, stay->zone, stay->object, TRUE, time, FALSE,
                       object->share > 0};
        if (is_followed(event.kind))
            g_array_append_val(stream->dwelt, event);
    }
}

/* Pairs answers with the truths that are the same and count, or don't, the nearest in time first.
 * Returns how many; @late is the sum of how far they are apart, @in_time how many are not too far.
 */
static guint pair(GArray *truths, gboolean counting, GArray *answers, guint64 *in_time,
                  double *late)
{
    for (guint n = 0;; n++) {
        Event *truth = NULL, *answer = NULL;
        gint64 least = NEAR + 1;
        for (guint i = 0; i < truths->len; i++)
            for (guint k = 0; k < answers->len; k++) {
                Event *t = &g_array_index(truths, Event, i), *a = &g_array_index(answers, Event, k);
                gint64 apart = ABS(t->time - a->time);
                if (t->counts != counting || t->found || a->found || t->kind != a->kind ||
                    t->where != a->where || t->in != a->in || apart >= least)
                    continue;
                least = apart;
                truth = t;
                answer = a;
            }
        if (truth == NULL)
            return n;
        truth->found = answer->found = TRUE;
        *in_time += least <= IN_TIME;
        *late += (double)least / 1e9;
    }
}

/* Answers that are true of what does not count are neither right nor wrong. */
static void match(GArray *truths, GArray *answers, Counts *counts)
{
    guint64 in_time = 0;
    double late = 0;
    counts->right += pair(truths, TRUE, answers, &counts->in_time, &counts->late);
    counts->answers += answers->len - pair(truths, FALSE, answers, &in_time, &late);
    for (guint i = 0; i < truths->len; i++)
        counts->truths += g_array_index(truths, Event, i).counts;
}

/* Numbers of objects are 64 bits long on the street: what is followed needs shorter ones. */
static guint shorten(guint64 id)
{
    return (guint)(id ^ id >> 32) | 1;
}

/* What is true at @time: boxes for identities, and objects for events. */
static void look_truth(const VdtStreet *street, gint64 time, GArray *boxes, GArray *strict,
                       GArray *objects)
{
    g_autoptr(GArray) there = vdt_street_get_objects(street, time, ASPECT);
    g_autofree VdtStreetVisible *visible =
        vdt_street_get_visible(street, time, there, STREET_PICTURE_WIDTH, STREET_PICTURE_HEIGHT);
    for (guint i = 0; i < there->len; i++) {
        const VdtStreetObject *o = &g_array_index(there, VdtStreetObject, i);
        gboolean seen = visible[i].share >= VISIBLE && visible[i].area >= VDT_OBJECT_AREA;
        IdentityBox box = {o->id, o->kind, {o->x, o->y, o->x + o->width, o->y + o->height}, !seen};
        VdtObject object = {.id = shorten(o->id),
                            .class_id = o->kind,
                            .share = seen,
                            .first = time,
                            .last = time,
                            .box = box.box,
                            .n_path = 1,
                            .path = {{o->x + o->width / 2, o->y + o->height}}};
        if (!is_followed(o->kind))
            continue;
        g_array_append_val(boxes, box);
        g_array_append_val(objects, object);
        box.ignored = FALSE;
        g_array_append_val(strict, box);
    }
}

/* Where the objects of the newest result are @seconds later. */
static void look_answer(const GArray *objects, double seconds, GArray *boxes)
{
    static const VdtBounds frame = {0, 0, 1, 1};
    for (guint i = 0; i < objects->len; i++) {
        const VdtObject *o = &g_array_index(objects, VdtObject, i);
        double x = o->speed_x * seconds, y = o->speed_y * seconds;
        VdtBounds moved = {o->box.x0 + x, o->box.y0 + y, o->box.x1 + x, o->box.y1 + y};
        IdentityBox box = {o->id, o->class_id, vdt_bounds_meet(&moved, &frame), FALSE};
        /* where something hidden may be is no answer */
        if (is_followed(o->class_id) && o->state != VDT_OBJECT_HIDDEN &&
            vdt_bounds_area(&box.box) > 0)
            g_array_append_val(boxes, box);
    }
}

static gboolean analyse(const Evaluation *e, VdtStreetPainter *painter, gint64 time,
                        VdtFollower *follower, GError **error)
{
    VdtTensor *input = vdt_session_get_input(e->session, 0);
    guint width = (guint)input->shape.dims[3], height = (guint)input->shape.dims[2];
    g_autofree guint8 *drawn = g_malloc(4 * STREET_PICTURE_WIDTH * STREET_PICTURE_HEIGHT);
    g_autofree guint8 *resized = g_malloc((gsize)3 * width * height);
    VdtPicture from = {drawn, STREET_PICTURE_WIDTH, STREET_PICTURE_HEIGHT,
                       3 * STREET_PICTURE_WIDTH};
    VdtPicture to = {resized, width, height, (gsize)3 * width};
    VdtView view = {width, height, 0, 0};
    static const guint8 margin[3] = {0};
    static const VdtSeen all = {0, 0, 1, 1};
    street_draw_rgb(painter, time, STREET_PICTURE_WIDTH, STREET_PICTURE_HEIGHT, drawn);
    vdt_picture_resize(&from, &view, margin, &to);
    vdt_clip_set_frame(input, 0, 0, &to, e->card->mean, e->card->std);
    if (!vdt_session_run(e->session, NULL, error))
        return FALSE;
    const VdtTensor *logits = vdt_session_get_output(e->session, 0);
    const gint64 *dims = logits->shape.dims;
    if (!vdt_logits_are_finite(logits->data, (gsize)vdt_shape_elements(&logits->shape))) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "the network's answer is not finite");
        return FALSE;
    }
    g_autoptr(VdtSegmentation) found = vdt_segmentation_new(
        logits->data, (guint)dims[1], (guint)dims[2], (guint)dims[3], &all, width, height);
    if (found == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no memory for a map");
        return FALSE;
    }
    vdt_follower_update(follower, found, e->card->things, &to, ASPECT, time, VDT_OBJECT_AREA);
    return TRUE;
}

static gboolean eval_street(Evaluation *e, VdtStreet *street, GError **error)
{
    g_autoptr(VdtStreetPainter) painter =
        vdt_street_painter_new(street, STREET_PICTURE_WIDTH, STREET_PICTURE_HEIGHT);
    g_autoptr(VdtFollower) follower = vdt_follower_new();
    g_autoptr(Identities) identities = identities_new();
    g_autoptr(Identities) all = identities_new();
    g_auto(Stream) truth = {0}, answer = {0};
    stream_init(&truth);
    stream_init(&answer);
    gint64 found_at = 0;
    for (guint i = 0; i < SECONDS * RATE; i++) {
        gint64 time = (gint64)i * 1000000000 / RATE;
        g_autoptr(GArray) truths = g_array_new(FALSE, FALSE, sizeof(IdentityBox));
        g_autoptr(GArray) strict = g_array_new(FALSE, FALSE, sizeof(IdentityBox));
        g_autoptr(GArray) answers = g_array_new(FALSE, FALSE, sizeof(IdentityBox));
        g_autoptr(GArray) objects = g_array_new(FALSE, FALSE, sizeof(VdtObject));
        if (i % EACH == 0) {
            if (!analyse(e, painter, time, follower, error))
                return FALSE;
            found_at = time;
            stream_add(&answer, e, vdt_follower_get_objects(follower), time);
        }
        look_truth(street, time, truths, strict, objects);
        stream_add(&truth, e, objects, time);
        look_answer(vdt_follower_get_objects(follower), (double)(time - found_at) / 1e9, answers);
        identities_add(identities, truths, answers);
        identities_add(all, strict, answers);
    }
    identities_end(identities, &e->identities);
    identities_end(all, &e->strict);
    match(truth.crossed, answer.crossed, &e->crossings);
    match(truth.dwelt, answer.dwelt, &e->dwells);
    return TRUE;
}

static double share(guint64 part, guint64 all)
{
    return all > 0 ? (double)part / (double)all : 0;
}

static JsonObject *to_json(const Evaluation *e, guint streets)
{
    JsonObject *object = json_object_new();
    const Counts *c = &e->crossings, *d = &e->dwells;
    const struct {
        const char *name;
        double value;
    } figures[] = {
        {"score", identity_f1(&e->identities)},
        {"idf1", identity_f1(&e->identities)},
        {"id_precision", share(e->identities.right, e->identities.answers)},
        {"id_recall", share(e->identities.right, e->identities.truths)},
        {"idf1_with_hidden_and_small", identity_f1(&e->strict)},
        {"crossings_precision", share(c->right, c->answers)},
        {"crossings_recall", share(c->right, c->truths)},
        {"dwells_precision", share(d->right, d->answers)},
        {"dwells_recall", share(d->right, d->truths)},
        {"dwells_within_half_a_second", share(e->dwells.in_time, d->right)},
        {"dwells_mean_error_seconds", d->right > 0 ? e->dwells.late / (double)d->right : 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
        json_object_set_double_member(object, figures[i].name, round(figures[i].value * 1e4) / 1e4);
    json_object_set_int_member(object, "n", streets);
    json_object_set_int_member(object, "crossings", (gint64)c->truths);
    json_object_set_int_member(object, "dwells", (gint64)d->truths);
    return object;
}

static void print(const Evaluation *e, guint streets)
{
    const IdentityCounts *i = &e->identities;
    const Counts *c = &e->crossings, *d = &e->dwells;
    g_print("%u streets of %d seconds, people and vehicles\n", streets, SECONDS);
    g_print("identities   IDF1 %.3f   precision %.3f   recall %.3f   (hidden and small ones, too: "
            "IDF1 %.3f)\n",
            identity_f1(i), share(i->right, i->answers), share(i->right, i->truths),
            identity_f1(&e->strict));
    g_print("crossings    %" G_GUINT64_FORMAT "   precision %.3f   recall %.3f\n", c->truths,
            share(c->right, c->answers), share(c->right, c->truths));
    g_print(
        "dwells       %" G_GUINT64_FORMAT "   precision %.3f   recall %.3f   begun within 0.5 s: "
        "%.3f   mean error %.2f s\n",
        d->truths, share(d->right, d->answers), share(d->right, d->truths),
        share(e->dwells.in_time, d->right), d->right > 0 ? e->dwells.late / (double)d->right : 0);
}

gboolean eval_objects(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    if (!eval_check_street(o, card, VDT_STREET_N_CLASSES, vdt_street_class_name, error))
        return FALSE;
    if (card->things == NULL)
        return eval_wrong_model(error, "the card of %s names no things that are objects",
                                card->name);
    VdtShape input = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL)
        return FALSE;
    g_autoptr(VdtZones) lines = vdt_lines_parse(LINES, NULL, NULL);
    g_autoptr(VdtZones) zones = vdt_zones_parse(ZONES, NULL, NULL);
    Evaluation e = {.session = session, .card = card, .lines = lines, .zones = zones};
    g_autoptr(Progress) progress = progress_new();
    guint streets = (guint)o->clips;
    progress_begin(progress, "evaluating", "streets", 0, streets);
    gboolean ok = TRUE;
    for (guint i = 0; i < streets && ok; i++) {
        /* conditions change from clip to clip of one action */
        VdtStreetClip clip =
            vdt_street_list_clip((guint64)o->seed, (guint64)i * VDT_STREET_N_ACTIONS,
                                 G_GINT64_CONSTANT(1000000000), NULL);
        VdtStreetOptions options = {.seed = clip.seed, .conditions = clip.conditions};
        g_autoptr(VdtStreet) street = vdt_street_new(&options);
        ok = eval_street(&e, street, error);
        progress_update(progress, i + 1, NULL);
    }
    progress_end(progress);
    if (!ok)
        return FALSE;
    if (o->json)
        eval_print_json(o, card, to_json(&e, streets));
    else
        print(&e, streets);
    return TRUE;
}
