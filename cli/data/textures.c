/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "textures.h"

#include <math.h>

#include "faults.h"
#include "random.h"

#define LEAST_SHAPES 8
#define MOST_SHAPES  90

typedef struct {
    double values[3];
} Colour;

static double between(guint64 *state, double from, double to)
{
    return from + (to - from) * random_double(state);
}

/* Grey ones are as likely as those of much colour. */
static Colour any_colour(guint64 *state)
{
    double level = between(state, 8, 247), much = pow(random_double(state), 1.5);
    Colour colour;
    for (int c = 0; c < 3; c++)
        colour.values[c] = level + much * (between(state, 0, 255) - level);
    return colour;
}

static Colour mix(Colour a, Colour b, double share)
{
    Colour colour;
    for (int c = 0; c < 3; c++)
        colour.values[c] = a.values[c] + share * (b.values[c] - a.values[c]);
    return colour;
}

/* A number from -1 to 1 for each point of a grid. */
static double grid_value(guint64 seed, int x, int y)
{
    guint64 bits = random_mix(seed ^ ((guint64)(guint32)x << 32 | (guint32)y));
    return (double)(bits >> 11) * 0x1p-52 - 1;
}

static double ease(double x)
{
    return x * x * (3 - 2 * x);
}

/* Noise of one size, smooth between the points of a grid. */
static double noise_at(guint64 seed, double x, double y)
{
    double fx = floor(x), fy = floor(y), u = ease(x - fx), v = ease(y - fy);
    int ix = (int)fx, iy = (int)fy;
    double a = grid_value(seed, ix, iy), b = grid_value(seed, ix + 1, iy);
    double c = grid_value(seed, ix, iy + 1), d = grid_value(seed, ix + 1, iy + 1);
    return a + u * (b - a) + v * (c - a) + u * v * (a - b - c + d);
}

/* Noise of all sizes from the picture's height down to @finest pixels; a size that is half as large
 * is @fade as strong. */
typedef struct {
    guint64 seed;
    double height, finest, fade, stretch, cos, sin;
} Clouds;

static Clouds choose_clouds(guint64 *state, double height, double finest)
{
    double angle = between(state, 0, G_PI);
    return (Clouds){.seed = random_next(state),
                    .height = height * between(state, 0.3, 1.2),
                    .finest = finest,
                    .fade = between(state, 0.45, 0.95),
                    .stretch = random_double(state) < 0.3 ? between(state, 1.5, 6) : 1,
                    .cos = cos(angle),
                    .sin = sin(angle)};
}

static double clouds_at(const Clouds *clouds, double x, double y)
{
    double sum = 0, strength = 1, all = 0;
    double u = x * clouds->cos + y * clouds->sin;
    double v = (y * clouds->cos - x * clouds->sin) * clouds->stretch;
    guint64 octave = 0;
    for (double size = clouds->height; size >= clouds->finest; size /= 2) {
        sum += strength * noise_at(clouds->seed + octave++, u / size, v / size);
        all += strength * strength;
        strength *= clouds->fade;
    }
    return all > 0 ? CLAMP(0.8 * sum / sqrt(all), -1, 1) : 0;
}

typedef enum {
    FILL_PLAIN,
    FILL_GRADIENT,
    FILL_STRIPES,
    FILL_CHECKS,
    FILL_DOTS,
    FILL_CLOUDS,
    N_FILLS
} FillKind;

typedef struct {
    FillKind kind;
    Colour a, b;
    double cos, sin, period, share;
    Clouds clouds;
} Fill;

static Fill choose_fill(guint64 *state, double height)
{
    double angle = between(state, 0, G_PI);
    Fill fill = {.kind = random_next(state) % N_FILLS,
                 .a = any_colour(state),
                 .b = any_colour(state),
                 .cos = cos(angle),
                 .sin = sin(angle),
                 .period = height * 0.012 * exp2(between(state, 0, 4)),
                 .share = between(state, 0.25, 0.75)};
    fill.clouds = choose_clouds(state, height, 1.5);
    return fill;
}

static Colour fill_at(const Fill *fill, double x, double y, double height)
{
    double u = (x * fill->cos + y * fill->sin) / fill->period;
    double v = (y * fill->cos - x * fill->sin) / fill->period;
    double share = 0;
    if (fill->kind == FILL_GRADIENT)
        share = CLAMP(0.5 + u * fill->period / height, 0, 1);
    else if (fill->kind == FILL_STRIPES)
        share = u - floor(u) < fill->share;
    else if (fill->kind == FILL_CHECKS)
        share = (u - floor(u) < fill->share) != (v - floor(v) < fill->share);
    else if (fill->kind == FILL_DOTS)
        share = hypot(u - floor(u) - 0.5, v - floor(v) - 0.5) < fill->share / 1.6;
    else if (fill->kind == FILL_CLOUDS)
        share = 0.5 + 0.5 * clouds_at(&fill->clouds, x, y);
    return mix(fill->a, fill->b, share);
}

typedef struct {
    guint corners; /* 0: an ellipse; 2: a line */
    double x, y, wide, high, cos, sin;
    Fill fill;
    double x0, y0, x1, y1; /* what it lies in */
} Shape;

static Shape choose_shape(guint64 *state, double width, double height)
{
    double size = height * 0.012 * exp2(between(state, 0, 5.5)), angle = between(state, 0, G_PI);
    gboolean upright = random_double(state) < 0.5;
    Shape shape = {.corners = (const guint[]){0, 2, 4, 4}[random_next(state) % 4],
                   .x = between(state, 0, width),
                   .y = between(state, 0, height),
                   .wide = size,
                   .high = size * between(state, 0.3, 1),
                   .cos = upright ? 1 : cos(angle),
                   .sin = upright ? 0 : sin(angle),
                   .fill = choose_fill(state, height)};
    if (shape.corners == 2) {
        shape.wide = 3 * size;
        shape.high = height * between(state, 0.002, 0.015);
    }
    double reach = hypot(shape.wide, shape.high);
    shape.x0 = MAX(shape.x - reach, 0);
    shape.x1 = MIN(shape.x + reach, width);
    shape.y0 = MAX(shape.y - reach, 0);
    shape.y1 = MIN(shape.y + reach, height);
    return shape;
}

static gboolean shape_holds(const Shape *shape, double x, double y)
{
    double dx = x - shape->x, dy = y - shape->y;
    double u = (dx * shape->cos + dy * shape->sin) / shape->wide;
    double v = (dy * shape->cos - dx * shape->sin) / shape->high;
    return shape->corners == 0 ? u * u + v * v < 1 : fabs(u) < 1 && fabs(v) < 1;
}

static void put(const VdtPicture *picture, guint x, guint y, Colour colour)
{
    guint8 *pixel = picture->data + y * picture->stride + 3 * (gsize)x;
    for (int c = 0; c < 3; c++)
        pixel[c] = (guint8)CLAMP(lrint(colour.values[c]), 0, 255);
}

/* From one colour at the top to another, as a sky has it, or anything that shapes are filled with;
 * with clouds over it. */
static void draw_ground(guint64 *state, const VdtPicture *picture)
{
    double height = picture->height, strength = between(state, 0.1, 1);
    Clouds clouds = choose_clouds(state, height, random_double(state) < 0.3 ? height / 6 : 1.5);
    Clouds tints = choose_clouds(state, height, height / 20);
    Fill fill = choose_fill(state, height);
    Colour dark = any_colour(state), light = any_colour(state);
    if (random_double(state) < 0.5)
        fill.kind = FILL_GRADIENT;
    for (guint y = 0; y < picture->height; y++)
        for (guint x = 0; x < picture->width; x++) {
            double cloud = 0.5 + 0.5 * clouds_at(&clouds, x, y);
            double tint = 0.5 + 0.5 * clouds_at(&tints, x, y);
            Colour below = fill_at(&fill, x, y, height);
            put(picture, x, y, mix(below, mix(dark, light, 0.7 * cloud + 0.3 * tint), strength));
        }
}

static void draw_shape(guint64 *state, const VdtPicture *picture)
{
    Shape shape = choose_shape(state, picture->width, picture->height);
    for (guint y = (guint)shape.y0; y < shape.y1; y++)
        for (guint x = (guint)shape.x0; x < shape.x1; x++)
            if (shape_holds(&shape, x + 0.5, y + 0.5))
                put(picture, x, y, fill_at(&shape.fill, x, y, picture->height));
}

void texture_draw(guint64 seed, const VdtPicture *picture)
{
    guint64 state = random_mix(seed);
    draw_ground(&state, picture);
    guint n = LEAST_SHAPES + random_next(&state) % (MOST_SHAPES - LEAST_SHAPES);
    guint behind = random_double(&state) < 0.3 ? n / 2 : 0;
    for (guint i = 0; i < behind; i++)
        draw_shape(&state, picture);
    /* As behind what a lens is near to. */
    if (behind > 0)
        camera_fault_apply(CAMERA_OUT_OF_FOCUS, random_next(&state), picture);
    for (guint i = behind; i < n; i++)
        draw_shape(&state, picture);
}
