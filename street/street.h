/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The synthetic street: a small world that knows the truth about itself.
 *
 * A street is a pure function of its description and of scene time (nanoseconds from 0): the same
 * description gives the same pixels and the same truth on every machine, in any order of times.
 * Three parts are apart: the world says who is where and does what (world/), a painter turns that
 * into pixels (paint/), and labels are read from the same shapes (labels). Nothing that carries a
 * label is ever drawn.
 *
 * Two kinds of street: a clip of the stated task, one main actor whose action is the label; and an
 * endless street on which one act follows another, for cameras. Streets are immutable and may be
 * shared; a painter belongs to one thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A change of pixels or of labels is a new version; tests pin the hashes of each. */
#define VDT_STREET_VERSION 2

typedef enum {
    VDT_STREET_EMPTY, /* nobody does anything but walk or stand; in a clip: no main actor */
    VDT_STREET_WALK,
    VDT_STREET_RUN,
    VDT_STREET_FALL,      /* walks, then falls and lies */
    VDT_STREET_GET_UP,    /* lies, then gets up */
    VDT_STREET_WAVE,      /* stands and swings a raised arm, or both */
    VDT_STREET_LOITER,    /* paces to and fro */
    VDT_STREET_FIGHT,     /* exchanges blows and pushes with a second person */
    VDT_STREET_LEAVE_BAG, /* carries a bag, puts it down, walks off without it */
    VDT_STREET_CAR_PASS,
    VDT_STREET_CAR_STOP, /* drives, brakes to a halt in its lane */
    VDT_STREET_CAR_PARK, /* drives, indicates, pulls over to the kerb and halts there */
    VDT_STREET_N_ACTIONS
} VdtStreetAction;

/* "empty", "walk", … "leave-bag", "car-pass": the labels of the street models, in this order. */
const char *vdt_street_action_name(VdtStreetAction action);

/* Classes of pixels. */
typedef enum {
    VDT_STREET_SKY,
    VDT_STREET_BUILDING,
    VDT_STREET_ROAD,
    VDT_STREET_PAVEMENT,
    VDT_STREET_TREE,
    VDT_STREET_PERSON,
    VDT_STREET_VEHICLE,
    VDT_STREET_BAG,
    VDT_STREET_LAMP, /* lamps and signs, with their poles */
    VDT_STREET_N_CLASSES
} VdtStreetClass;
const char *vdt_street_class_name(VdtStreetClass class);

/* What the light, the weather and the camera do; each 0 (nothing) to 1 (as bad as it gets). */
typedef struct {
    double night; /* the sky darkens, lamps, windows and headlights are lit */
    double rain, snow, haze;
    double noise; /* of the sensor: standard deviation of 20 levels at 1 */
    double shake; /* of the camera: swings of up to 1.5 % of the frame's height at 1 */
    double blur;  /* out of focus: radius of 0.4 % of the frame's height at 1 */
} VdtStreetConditions;

/* The conditions that held-out clips are spread over evenly. */
typedef enum {
    VDT_STREET_DAY,
    VDT_STREET_NIGHT,
    VDT_STREET_RAIN,
    VDT_STREET_SNOW,
    VDT_STREET_HAZE,
    VDT_STREET_NOISE,
    VDT_STREET_SHAKE,
    VDT_STREET_N_CONDITIONS
} VdtStreetCondition;
const char *vdt_street_condition_name(VdtStreetCondition condition);

/* A clip of the task. */
typedef struct {
    guint64 seed; /* layout, camera, actors, their looks and moments */
    VdtStreetAction action;
    VdtStreetConditions conditions;
    gint64 duration; /* ns; what the action needs to be told happens in it */
} VdtStreetClip;

/*
 * Clip @index of the endless list that belongs to @seed: actions in turn, then conditions in turn
 * (so that any run of N_ACTIONS * N_CONDITIONS clips is even), how bad the condition is and all
 * else by hash. A condition that is not the clip's is at 0, or, one time in three, mildly present.
 * *@condition, unless NULL, is set to the one that the clip stands for.
 */
VdtStreetClip vdt_street_list_clip(guint64 seed, guint64 index, gint64 duration,
                                   VdtStreetCondition *condition);

typedef struct _VdtStreet VdtStreet;

/* A clip: one main actor at any position in the frame, at least 10 % of its height, 0 to 6
 * bystanders who walk or stand. Time runs from 0 to its duration. */
VdtStreet *vdt_street_new_clip(const VdtStreetClip *clip);

/* An endless street: acts of 3 to 8 s follow each other with pauses of 1 to 4 s, each with one main
 * actor who enters or is there, acts and leaves. */
typedef struct {
    guint64 seed;
    VdtStreetConditions conditions;
    gboolean changing; /* conditions drift over minutes: day, dusk, night, showers */
} VdtStreetOptions;
VdtStreet *vdt_street_new(const VdtStreetOptions *options);
VdtStreet *vdt_street_ref(VdtStreet *street);
void vdt_street_unref(VdtStreet *street);

/* The conditions that hold at @time. */
VdtStreetConditions vdt_street_get_conditions(const VdtStreet *street, gint64 time);

/* What happens: an action of a main actor, from the first movement that tells it to the last. */
typedef struct {
    guint64 id; /* the same in every call */
    VdtStreetAction action;
    gint64 start, end; /* ns */
    gint64 told;       /* from when on it is no other action: for who loiters, the first turn */
    guint64 actor;     /* id of the object */
} VdtStreetEvent;
/* Events that overlap [from, to), by start. Free with g_array_unref(). */
GArray *vdt_street_get_events(const VdtStreet *street, gint64 from, gint64 to);

/* Bodies of vehicles. */
typedef enum {
    VDT_STREET_SALOON,
    VDT_STREET_HATCHBACK,
    VDT_STREET_ESTATE,
    VDT_STREET_VAN,
    VDT_STREET_N_BODIES
} VdtStreetBody;
const char *vdt_street_body_name(VdtStreetBody body);

/* What somebody or something looks like, in light that is white. */
typedef struct {
    guint8 red, green,
        blue;           /* of a vehicle's paint, a bag, or what a person wears above the waist */
    VdtStreetBody body; /* of a vehicle */
    gboolean skirt, short_sleeves, long_hair; /* of a person */
    guint64
        carrier; /* of a bag in a hand: whose; 0 of one that stands by itself, and of all else */
} VdtStreetLook;

/* Who is in the picture. */
typedef struct {
    guint64 id;
    VdtStreetClass kind;    /* PERSON, VEHICLE or BAG */
    VdtStreetAction action; /* at this time; EMPTY for who only stands, parked cars, and bags */
    gboolean main;
    double x, y, width, height; /* box in shares of the frame, clipped to it */
    VdtStreetLook look;
} VdtStreetObject;
/* Objects visible at @time, far to near; boxes do not contain the camera's shake. Free with
 * g_array_unref(). @aspect is the frame's width by its height. */
GArray *vdt_street_get_objects(const VdtStreet *street, gint64 time, double aspect);

typedef struct _VdtStreetPainter VdtStreetPainter;

/* How much is to be seen of an object. */
typedef struct {
    double share; /* of all of it: the rest is behind something nearer, or outside the frame */
    double area;  /* of the frame */
} VdtStreetVisible;
/* Of each of @objects, which are those at @time, in a frame of @width x @height, 16 to 8192 pixels
 * each. Free with g_free(). */
VdtStreetVisible *vdt_street_get_visible(const VdtStreet *street, gint64 time,
                                         const GArray *objects, guint width, guint height);

/* A painter for one size of frame, 16 to 8192 pixels each side. Holds the backdrop, drawn once. */
VdtStreetPainter *vdt_street_painter_new(VdtStreet *street, guint width, guint height);
void vdt_street_painter_free(VdtStreetPainter *painter);
/* Draws the frame at @time: rows of 4 bytes blue, green, red, unused; @stride is a multiple of 4,
 * at least 4 * width. */
void vdt_street_painter_draw(VdtStreetPainter *painter, gint64 time, guint8 *bgrx, gsize stride);
/* The same frame without weather, haze, noise and blur: what a restorer should give back. */
void vdt_street_painter_draw_clean(VdtStreetPainter *painter, gint64 time, guint8 *bgrx,
                                   gsize stride);
/* A VdtStreetClass for each pixel of the frame at @time, shake included. */
void vdt_street_painter_classes(VdtStreetPainter *painter, gint64 time, guint8 *classes,
                                gsize stride);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStreet, vdt_street_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStreetPainter, vdt_street_painter_free)

G_END_DECLS
