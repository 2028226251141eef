/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetboxes.h"

#include <math.h>
#include <street.h>
#include <string.h>

#include "colours.h"
#include "random.h"
#include "streetdraw.h"

#define SECOND        G_GINT64_CONSTANT(1000000000)
#define DURATION      (12 * SECOND / 5)
#define ASPECT        (16.0 / 9)
/* What a box has to have to be in a set. */
#define LEAST_SHARE   0.7
#define LEAST_PIXELS  48
#define LEAST_OF_BAGS 24
/* Of a bag that somebody carries: how much of it says so. */
#define CARRIED_SHARE 0.5
/* The size in which it is looked what can be seen. */
#define LOOK_WIDTH    480
#define LOOK_HEIGHT   270
/* How much is around an object at each side, by its own. */
#define LEAST_AROUND  -0.04
#define MOST_AROUND   0.12
/* Of conditions, by what the list has: behind thick haze there are no colours. */
#define BADNESS       0.6
#define VERSION       2

static const char *const labels[] = {
    "person", "vehicle", "bag",          "car",      "van",      "black", "grey",
    "white",  "red",     "orange",       "brown",    "yellow",   "green", "blue",
    "purple", "pink",    "empty-handed", "with-bag", "trousers", "skirt", NULL};
static const VdtCardGroup groups[BOX_N_GROUPS] = {
    [BOX_KIND] = {(char *)"kind", 0, BOX_N_KINDS, NULL},
    [BOX_BODY] = {(char *)"body", 3, 2, (char *)"vehicle"},
    [BOX_COLOUR] = {(char *)"colour", 5, COLOUR_N_NAMES, NULL},
    [BOX_CARRIES] = {(char *)"carries", 16, 2, (char *)"person"},
    [BOX_WEARS] = {(char *)"wears", 18, 2, (char *)"person"},
};

/* A box that was found. */
typedef struct {
    gboolean found;
    VdtStreetClip clip;
    gint64 time;
    guint width, height;   /* of the frame */
    double x0, y0, x1, y1; /* in shares of it */
    guint8 answers[CLIP_MOST_GROUPS];
} Box;

typedef struct {
    ClipSet set;
    guint64 seed, first;
    guint coded;
    Box *boxes; /* as they are asked for; nobody asks for one in two threads */
} StreetBoxes;

static double between(guint64 *state, double from, double to)
{
    return from + (to - from) * random_double(state);
}

/* What is looked for: people are, with and without bags, as often as all else. */
typedef enum { WANT_PERSON, WANT_LADEN, WANT_VEHICLE, WANT_BAG } Want;

static Want choose_want(guint64 index)
{
    static const Want wants[] = {WANT_PERSON, WANT_VEHICLE, WANT_LADEN, WANT_VEHICLE,
                                 WANT_PERSON, WANT_BAG,     WANT_LADEN, WANT_VEHICLE};
    return wants[index % G_N_ELEMENTS(wants)];
}

/* One person in five has a skirt on; with those that are looked for it is nearly half of them. */
static gboolean wants_skirt(guint64 index)
{
    return index / 8 % 3 == 0;
}

/* A street on which it may be found. */
static VdtStreetClip choose_clip(const StreetBoxes *boxes, guint64 index, guint64 *state, Want want)
{
    static const VdtStreetAction laden[] = {VDT_STREET_LEAVE_BAG, VDT_STREET_LEAVE_BAG,
                                            VDT_STREET_WALK, VDT_STREET_EMPTY};
    guint64 list = random_next(state) >> 16;
    VdtStreetClip clip = vdt_street_list_clip(boxes->seed, list, DURATION, NULL);
    if (want == WANT_VEHICLE)
        clip.action = VDT_STREET_CAR_PASS + random_next(state) % 3;
    else if (want == WANT_PERSON)
        clip.action = VDT_STREET_WALK + random_next(state) % 8;
    else
        clip.action = laden[random_next(state) % G_N_ELEMENTS(laden)];
    VdtStreetConditions *now = &clip.conditions;
    double *const fields[] = {&now->night, &now->rain, &now->snow, &now->haze, &now->noise};
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        *fields[i] *= BADNESS;
    now->shake = 0; /* which boxes do not follow */
    return clip;
}

/* The bag that a person has in the hand; NULL if there is none. */
static const VdtStreetObject *find_bag_of(const GArray *objects, guint64 person, guint *number)
{
    for (guint i = 0; i < objects->len; i++) {
        const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, i);
        if (object->kind == VDT_STREET_BAG && object->look.carrier == person) {
            *number = i;
            return object;
        }
    }
    return NULL;
}

static gboolean is_wanted(Want want, gboolean skirt, const VdtStreetObject *object, gboolean laden)
{
    gboolean person = object->kind == VDT_STREET_PERSON && (object->look.skirt || !skirt);
    switch (want) {
    case WANT_PERSON:
        return person && !laden;
    case WANT_LADEN:
        return person && laden;
    case WANT_VEHICLE:
        return object->kind == VDT_STREET_VEHICLE;
    case WANT_BAG:
        return object->kind == VDT_STREET_BAG;
    }
    return FALSE;
}

static void answer(const VdtStreetObject *object, int carries, Box *box)
{
    const VdtStreetLook *look = &object->look;
    memset(box->answers, CLIP_NO_ANSWER, sizeof box->answers);
    box->answers[BOX_COLOUR] = colour_find_name(look->red, look->green, look->blue);
    if (object->kind == VDT_STREET_PERSON) {
        box->answers[BOX_KIND] = BOX_PERSON;
        box->answers[BOX_WEARS] = look->skirt != FALSE;
        if (carries >= 0)
            box->answers[BOX_CARRIES] = carries;
    } else if (object->kind == VDT_STREET_VEHICLE) {
        box->answers[BOX_KIND] = BOX_VEHICLE;
        box->answers[BOX_BODY] = look->body == VDT_STREET_VAN;
    } else {
        box->answers[BOX_KIND] = BOX_BAG;
    }
}

/* @edge moved outwards by some of @size, within the frame. */
static double move_out(double edge, double size, guint64 *state)
{
    double moved = edge + size * between(state, LEAST_AROUND, MOST_AROUND);
    return CLAMP(moved, 0, 1);
}

/* The object with something around it. */
static void place(const VdtStreetObject *object, guint64 *state, Box *box)
{
    box->x0 = move_out(object->x, -object->width, state);
    box->y0 = move_out(object->y, -object->height, state);
    box->x1 = move_out(object->x + object->width, object->width, state);
    box->y1 = move_out(object->y + object->height, object->height, state);
}

/* One of those on the street at that time that are wanted and can be seen. */
static gboolean find_object(Want want, gboolean skirt, guint64 *state, Box *box)
{
    g_autoptr(VdtStreet) street = vdt_street_new_clip(&box->clip);
    g_autoptr(GArray) objects = vdt_street_get_objects(street, box->time, ASPECT);
    g_autofree VdtStreetVisible *visible =
        vdt_street_get_visible(street, box->time, objects, LOOK_WIDTH, LOOK_HEIGHT);
    g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < objects->len; i++) {
        const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, i);
        guint least = object->kind == VDT_STREET_BAG ? LEAST_OF_BAGS : LEAST_PIXELS, bag;
        gboolean laden = find_bag_of(objects, object->id, &bag) != NULL;
        if (is_wanted(want, skirt, object, laden) && visible[i].share >= LEAST_SHARE &&
            object->height * box->height >= least)
            g_array_append_val(candidates, i);
    }
    if (candidates->len == 0)
        return FALSE;
    guint chosen = g_array_index(candidates, guint, random_next(state) % candidates->len), bag = 0;
    const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, chosen);
    gboolean laden = find_bag_of(objects, object->id, &bag) != NULL;
    answer(object, laden ? (visible[bag].share >= CARRIED_SHARE ? 1 : -1) : 0, box);
    place(object, state, box);
    return TRUE;
}

static const Box *get_box(const StreetBoxes *boxes, guint item)
{
    static const guint heights[] = {360, 540, 720};
    Box *box = &boxes->boxes[item];
    guint64 index = boxes->first + item;
    guint64 state = random_seed3(boxes->seed, index, G_GUINT64_CONSTANT(0x424f584553));
    while (!box->found) {
        box->height = heights[random_next(&state) % G_N_ELEMENTS(heights)];
        box->width = box->height * 16 / 9;
        box->clip = choose_clip(boxes, index, &state, choose_want(index));
        box->time = random_double(&state) * DURATION;
        box->found = find_object(choose_want(index), wants_skirt(index), &state, box);
    }
    return box;
}

static gboolean is_coded(const StreetBoxes *boxes, guint clip)
{
    return boxes->coded > 0 && (boxes->first + clip) / 8 % boxes->coded == 0;
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    const StreetBoxes *boxes = (const StreetBoxes *)set;
    const Box *box = get_box(boxes, clip);
    ClipInfo info = {.condition = -1,
                     .coded = is_coded(boxes, clip),
                     .width = (box->x1 - box->x0) * ASPECT,
                     .height = box->y1 - box->y0};
    memcpy(info.answers, box->answers, sizeof info.answers);
    return info;
}

/* The part of a frame that a box is of, a pixel at least. */
static VdtPicture cut_out(const Box *box, const VdtPicture *frame)
{
    guint x0 = MIN((guint)lrint(box->x0 * frame->width), frame->width - 1);
    guint y0 = MIN((guint)lrint(box->y0 * frame->height), frame->height - 1);
    guint x1 = CLAMP((guint)lrint(box->x1 * frame->width), x0 + 1, frame->width);
    guint y1 = CLAMP((guint)lrint(box->y1 * frame->height), y0 + 1, frame->height);
    return (VdtPicture){frame->data + y0 * frame->stride + 3 * (gsize)x0, x1 - x0, y1 - y0,
                        frame->stride};
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const StreetBoxes *boxes = (const StreetBoxes *)set;
    const Box *box = get_box(boxes, item);
    g_autoptr(VdtStreet) street = vdt_street_new_clip(&box->clip);
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, box->width, box->height);
    g_autofree guint8 *pixels = g_malloc((gsize)4 * box->width * box->height);
    VdtPicture frame = {pixels, box->width, box->height, (gsize)3 * box->width};
    street_draw_rgb(painter, box->time, box->width, box->height, pixels);
    if (is_coded(boxes, item) && !street_send_picture(&frame, error))
        return FALSE;
    VdtPicture part = cut_out(box, &frame);
    clip_format_store(&set->format, &part, clip, 0);
    return TRUE;
}

static void finalize(ClipSet *set)
{
    g_free(((StreetBoxes *)set)->boxes);
}

static ClipSet *boxes_open(guint64 seed, guint64 first, guint n, guint coded,
                           const ClipFormat *format, GError **error)
{
    const char *encoder = street_find_encoder(coded, error);
    if (encoder == NULL)
        return NULL;
    StreetBoxes *boxes = g_new0(StreetBoxes, 1);
    ClipSet *set = &boxes->set;
    boxes->seed = seed;
    boxes->first = first;
    boxes->coded = coded;
    boxes->boxes = g_new0(Box, n);
    set->format = *format;
    set->n_items = n;
    set->group = 1;
    set->info = info;
    set->fill = fill;
    set->finalize = finalize;
    street_task_set(&street_boxes_task, set);
    g_autoptr(GString) key = g_string_new("street boxes\n");
    street_describe(seed, first, coded, encoder, DURATION, key);
    g_string_append_printf(key, "boxes: %d\n", VERSION);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return set;
}

const StreetTask street_boxes_task = {
    .name = "object",
    .title = "objects of the synthetic street",
    .labels = labels,
    .groups = groups,
    .n_groups = G_N_ELEMENTS(groups),
    .size = 96,
    .config = "{\"arch\": \"deit\", \"norm\": \"linearnorm\", \"dim\": 128, \"depth\": 8, "
              "\"heads\": 2, \"patch\": 12, \"img_size\": 96}",
    .alarms = -1,
    .open = boxes_open};
