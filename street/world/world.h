/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The world: who and what is where, in metres and seconds, and the shapes that a camera sees of it.
 *
 * x runs along the street, y up, z across it, away from the side on which the camera stands.
 * Traffic keeps to the right: the near lane runs towards +x, the far lane towards -x.
 */
#pragma once

#include "../street.h"
#include "maths.h"

typedef struct {
    double x, y, z;
} VdtVec;

typedef struct {
    double x, y;
} VdtPoint;

typedef struct {
    float r, g, b;
} VdtColour;

/*
 * A camera whose film stays upright: verticals of the world are verticals of the picture. Points of
 * the picture are in units of the height of a frame of 16 to 9, x from its middle, y from its top.
 */
typedef struct {
    VdtVec at;
    double sin, cos; /* of the direction of view: 0 looks along z, towards +x when positive */
    double focal;
    double horizon; /* y of the picture */
} VdtCamera;

/* How far in front of the camera; what is nearer than VDT_NEAR is not seen. */
#define VDT_NEAR 0.4
static inline double vdt_camera_depth(const VdtCamera *camera, double x, double z)
{
    return (x - camera->at.x) * camera->sin + (z - camera->at.z) * camera->cos;
}
/* Units of the picture per metre at @point, which is at least VDT_NEAR in front. */
static inline double vdt_camera_project(const VdtCamera *camera, VdtVec point, VdtPoint *picture)
{
    double dx = point.x - camera->at.x, dz = point.z - camera->at.z;
    double scale = camera->focal / MAX(dx * camera->sin + dz * camera->cos, VDT_NEAR);

    picture->x = (dx * camera->cos - dz * camera->sin) * scale;
    picture->y = camera->horizon + (camera->at.y - point.y) * scale;
    return scale;
}
/* The frame is 16 to 9 at least; half of its width. */
#define VDT_HALF_WIDTH (8.0 / 9)

/* Shapes, in units of the picture. */
#define VDT_MARK_POINTS 16
#define VDT_NO_CLASS    255 /* light and shadow */
typedef enum {
    VDT_LIT,  /* as bright as the light that falls on it */
    VDT_GLOW, /* shines itself */
    VDT_BEAM, /* light that is thrown, seen by night only */
} VdtLight;
typedef struct {
    guint8 n; /* corners of a polygon; 0: a limb with round ends, from points[0] to points[1] */
    guint8 class;
    guint8 light;
    float alpha;
    VdtColour colour;
    float radius[2];
    VdtPoint points[VDT_MARK_POINTS];
} VdtMark;

typedef struct {
    double x0, y0, x1, y1;
} VdtBox;

/* Something that stands or moves on the street, as seen. */
typedef struct {
    VdtStreetObject object; /* box aside; kind N_CLASSES for what is no object: trees, lamps */
    double depth, x, z;
    double foot; /* y of the picture where it stands */
    guint first_mark, n_marks;
    VdtBox box; /* of marks with a class */
} VdtThing;

typedef struct {
    GArray *things; /* VdtThing, far to near after vdt_stage_sort() */
    GArray *marks;  /* VdtMark */
} VdtStage;

void vdt_stage_init(VdtStage *stage);
void vdt_stage_clear(VdtStage *stage);
void vdt_stage_empty(VdtStage *stage);
void vdt_stage_sort(VdtStage *stage);
/* Begins a thing, to which the marks that follow belong. */
void vdt_stage_begin(VdtStage *stage, const VdtCamera *camera, double x, double z);
VdtThing *vdt_stage_end(VdtStage *stage);
void vdt_stage_limb(VdtStage *stage, VdtPoint a, double radius_a, VdtPoint b, double radius_b,
                    VdtColour colour, guint8 class);
void vdt_stage_polygon(VdtStage *stage, const VdtPoint *points, guint n, VdtColour colour,
                       guint8 class);
/* Changes the mark added last. */
void vdt_stage_last(VdtStage *stage, VdtLight light, double alpha);
/* The dark patch under what stands on the ground. */
void vdt_stage_shadow(VdtStage *stage, const VdtCamera *camera, double x, double z, double half_x,
                      double half_z, double cos_heading, double sin_heading);

/* A row of houses, or of a park's trees. */
typedef struct {
    double z; /* of the fronts */
    gboolean park;
} VdtFront;

typedef enum {
    VDT_PROP_TREE,
    VDT_PROP_LAMP,
    VDT_PROP_SIGN,
    VDT_PROP_CAR,
    VDT_PROP_BAG,
    VDT_PROP_BUSH,
} VdtPropKind;
typedef struct {
    VdtPropKind kind;
    double x, z;
    guint64 seed;
} VdtProp;

typedef enum {
    VDT_LAYOUT_SIDE,     /* across the street */
    VDT_LAYOUT_LENGTH,   /* along it */
    VDT_LAYOUT_CROSSING, /* another street comes in */
    VDT_LAYOUT_SQUARE,   /* a wide pavement before the street */
    VDT_LAYOUT_PARK,     /* a park on the other side */
    VDT_N_LAYOUTS
} VdtLayoutKind;

/* Across the street: parking, lane, lane, parking. The near kerb is at 0. */
#define VDT_ROAD_WIDTH 10.0
#define VDT_LANE_NEAR  3.5
#define VDT_LANE_FAR   6.5
#define VDT_KERB_NEAR  1.1
#define VDT_KERB_FAR   8.9
#define VDT_CROSS_HALF 3.5 /* of the street that crosses */

typedef struct {
    VdtLayoutKind kind;
    guint64 seed;
    double pavement;  /* width beyond the road, to the fronts */
    double near_side; /* z of the fronts behind the camera, or of none: -G_MAXDOUBLE */
    double cross;     /* x of the street that crosses, if any */
    gboolean lawn;    /* on the camera's side, beyond the pavement */
    VdtColour sky_top, sky_low, ground, road;
} VdtLayout;

/* What people are dressed in, and their build. */
typedef struct {
    double height, girth;
    VdtColour skin, hair, top, trousers, shoes;
    gboolean short_sleeves, skirt, long_hair;
} VdtLook;

/* Angles of a body, in radians; 0 stands upright with hanging arms. All of it can be blended. */
typedef struct {
    double pitch, roll; /* of the whole body about its feet: forwards, to its left */
    double lean, nod;   /* of the trunk, of the head: forwards */
    double hop;         /* metres above the ground */
    double thigh[2], knee[2], splay[2];
    double swing[2], raise[2], elbow[2], twist[2]; /* upper arm forwards, sideways; forearm too */
    double sway;                                   /* metres forwards */
} VdtPose;

typedef enum {
    VDT_MOVE_STAND,
    VDT_MOVE_WALK,
    VDT_MOVE_RUN,
    VDT_MOVE_WAVE,
    VDT_MOVE_FALL,
    VDT_MOVE_LIE,
    VDT_MOVE_RISE,
    VDT_MOVE_STOOP,
    VDT_MOVE_FIGHT,
} VdtMove;

typedef struct {
    VdtMove move;
    VdtStreetAction action; /* what an observer would call it */
    double start, end;      /* seconds */
    double x0, z0, x1, z1;
    double heading; /* 0 faces +x, a quarter turn +z */
} VdtScriptStep;

#define VDT_MAX_SCRIPT_STEPS 12
typedef struct {
    guint64 id, seed;
    gboolean main;
    VdtLook look;
    double cadence; /* of a walk, cycles per second */
    double phase;
    VdtScriptStep steps[VDT_MAX_SCRIPT_STEPS];
    guint n_steps;
    gboolean has_bag;
    guint64 bag_id;
    double bag_down, bag_up; /* seconds: set down, picked up again; G_MAXDOUBLE never */
} VdtPerson;

typedef struct {
    guint64 id, seed;
    gboolean main;
    VdtStreetAction action;
    double direction; /* +1 or -1 along x */
    double x, z;      /* at time 0, if it went on for ever */
    double speed;
    double brake, halt, leave;        /* seconds; G_MAXDOUBLE never */
    double shift, shift_x0, shift_x1; /* of z, while x runs from one to the other */
} VdtCar;

/* Who is there: filled for a clip once, for the endless street anew for each time. */
typedef struct {
    GArray *people; /* VdtPerson */
    GArray *cars;   /* VdtCar */
} VdtCast;

struct _VdtStreet {
    gatomicrefcount refs;
    gboolean endless;
    VdtStreetClip clip;
    VdtStreetOptions options;
    guint64 seed;
    VdtCamera camera;
    VdtLayout layout;
    GArray *props;  /* VdtProp, far to near */
    VdtStage still; /* of the props */
    VdtCast cast;   /* of a clip */
    GArray *events; /* of a clip */
};

/* layout.c */
void vdt_layout_init(VdtLayout *layout, guint64 seed, VdtLayoutKind kind);
double vdt_layout_front(const VdtLayout *layout);
/* Props, the far ones first. */
GArray *vdt_layout_new_props(const VdtLayout *layout, const VdtCamera *camera);
void vdt_prop_stage(const VdtProp *prop, const VdtCamera *camera, VdtStage *stage);

/* person.c, motion.c, look.c */
void vdt_look_init(VdtLook *look, guint64 seed);
/* Has the public look be of that colour. */
void vdt_look_colour(VdtStreetLook *look, VdtColour colour);
void vdt_person_pose(const VdtPerson *person, double time, VdtPose *pose, VdtScriptStep *now);
const VdtScriptStep *vdt_person_step(const VdtPerson *person, double time);
void vdt_person_stage(const VdtPerson *person, double time, const VdtCamera *camera,
                      VdtStage *stage);
void vdt_bag_stage(VdtVec bottom, double cos, double sin, guint64 seed, const VdtCamera *camera,
                   VdtStage *stage);

/* car.c */
typedef struct {
    double x, z, cos, sin; /* where, and where to */
    double driven;         /* metres, for the wheels */
    gboolean lights, braking;
    gboolean indicating; /* its right indicator shines */
} VdtCarState;
typedef struct {
    double length, width, height;
    guint body;
    VdtColour colour;
} VdtCarLook;
void vdt_car_look(guint64 seed, VdtCarLook *look);
void vdt_car_state(const VdtCar *car, double time, VdtCarState *state);
void vdt_car_stage(guint64 seed, const VdtCarState *state, const VdtCamera *camera,
                   VdtStage *stage);

/* cast.c */
void vdt_cast_init(VdtCast *cast);
void vdt_cast_clear(VdtCast *cast);
/* clip.c: chooses camera, layout and cast of a clip. */
void vdt_clip_set_up(VdtStreet *street);
/* endless.c */
void vdt_endless_set_up(VdtStreet *street);
void vdt_endless_cast(const VdtStreet *street, double from, double to, VdtCast *cast,
                      GArray *events);

/* street.c: everything that moves, far to near. */
void vdt_street_stage(const VdtStreet *street, gint64 time, VdtStage *stage);
