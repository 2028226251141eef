/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Painting: pixels from a stage. Knows nothing of who acts. */
#pragma once

#include "../world/world.h"

/* Where marks are drawn: pixels of BGRx, or one byte of class each. */
typedef struct {
    guint8 *pixels;
    gsize stride;
    int width, height;
    gboolean classes;
    gboolean numbers; /* with classes: what has one is drawn as this number instead */
    guint8 number;
    double unit, left, top; /* pixels of a unit of the picture; where its middle top is */
    int x0, y0, x1, y1;     /* only here */
} VdtCanvas;

/* What light does to colours. */
typedef struct {
    VdtStreetConditions now;
    VdtColour ambient; /* by which colours are multiplied */
    VdtColour mist;    /* what haze turns them into */
    double thick;      /* of haze, for each metre */
    guint n_lamps;
    double lamps[64][2]; /* x, z */
} VdtAir;

void vdt_air_init(VdtAir *air, const VdtStreet *street, const VdtStreetConditions *now);
/* The light at a place. */
VdtColour vdt_air_light(const VdtAir *air, double x, double z);
/* The share of the mist at a distance. */
double vdt_air_mist(const VdtAir *air, double depth);
VdtColour vdt_air_colour(const VdtAir *air, VdtColour colour, VdtColour light, double mist);

/* raster.c */
void vdt_canvas_mark(const VdtCanvas *canvas, const VdtMark *mark, VdtColour colour);
void vdt_canvas_thing(const VdtCanvas *canvas, const VdtAir *air, const VdtStage *stage,
                      const VdtThing *thing);

/* backdrop.c: all that stands still, drawn by Cairo. */
void vdt_backdrop_paint(const VdtStreet *street, const VdtAir *air, const VdtCanvas *canvas);

/* weather.c */
void vdt_weather_paint(const VdtCanvas *canvas, const VdtStreetConditions *now, guint64 seed,
                       gint64 time);
/* sensor.c */
void vdt_sensor_blur(const VdtCanvas *canvas, double blur);
void vdt_sensor_noise(const VdtCanvas *canvas, double noise, guint64 seed, gint64 time);
void vdt_sensor_shake(double shake, guint64 seed, gint64 time, double unit, int *x, int *y);
/* The most pixels that the shake moves the picture. */
int vdt_sensor_reach(double unit);
