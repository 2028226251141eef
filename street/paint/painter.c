/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Painters: the backdrop is drawn once, then each frame is a copy of it with what moves on top. */
#include "paint.h"

#include <string.h>

/* A backdrop, larger than the frame by what the camera may shake. */
typedef struct {
    VdtStreetConditions made_for;
    VdtAir air;
    guint8 *pixels; /* NULL: not drawn yet */
} Backdrop;

struct _VdtStreetPainter {
    VdtStreet *street;
    int width, height, margin;
    double unit;
    gsize stride, class_stride; /* of backdrops */
    Backdrop full, clean;
    guint8 *classes;
    VdtStage stage;
};

VdtStreetPainter *vdt_street_painter_new(VdtStreet *street, guint width, guint height)
{
    g_return_val_if_fail(street != NULL, NULL);
    g_return_val_if_fail(width >= 16 && width <= 8192 && height >= 16 && height <= 8192, NULL);

    VdtStreetPainter *painter = g_new0(VdtStreetPainter, 1);
    painter->street = vdt_street_ref(street);
    painter->width = width;
    painter->height = height;
    painter->unit = MIN(height, width * 9 / 16.0);
    painter->margin = vdt_sensor_reach(painter->unit);
    painter->stride = 4 * (gsize)(width + 2 * painter->margin);
    painter->class_stride = (width + 2 * painter->margin + 3) / 4 * 4;
    vdt_stage_init(&painter->stage);
    return painter;
}

void vdt_street_painter_free(VdtStreetPainter *painter)
{
    g_return_if_fail(painter != NULL);
    g_free(painter->full.pixels);
    g_free(painter->clean.pixels);
    g_free(painter->classes);
    vdt_stage_clear(&painter->stage);
    vdt_street_unref(painter->street);
    g_free(painter);
}

static VdtCanvas canvas_of(const VdtStreetPainter *painter, guint8 *pixels, gsize stride,
                           int margin, int dx, int dy)
{
    int width = painter->width + 2 * margin, height = painter->height + 2 * margin;

    return (VdtCanvas){.pixels = pixels,
                       .stride = stride,
                       .width = width,
                       .height = height,
                       .unit = painter->unit,
                       .left = width / 2.0 + dx,
                       .top = (height - painter->unit) / 2 + dy,
                       .x1 = width,
                       .y1 = height};
}

/* Conditions that drift are followed in steps; each needs a new backdrop. */
static double step(double x)
{
    return floor(x * 48 + 0.5) / 48;
}

static void prepare(VdtStreetPainter *painter, Backdrop *backdrop, const VdtStreetConditions *now)
{
    VdtStreetConditions want = {
        .night = now->night, .rain = now->rain, .snow = now->snow, .haze = now->haze};

    if (painter->street->endless && painter->street->options.changing)
        want = (VdtStreetConditions){.night = step(now->night),
                                     .rain = step(now->rain),
                                     .snow = step(now->snow),
                                     .haze = step(now->haze)};
    if (backdrop->pixels != NULL && memcmp(&want, &backdrop->made_for, sizeof want) == 0)
        return;
    if (backdrop->pixels == NULL)
        backdrop->pixels = g_malloc(painter->stride * (painter->height + 2 * painter->margin));
    backdrop->made_for = want;
    vdt_air_init(&backdrop->air, painter->street, &want);
    VdtCanvas canvas = canvas_of(painter, backdrop->pixels, painter->stride, painter->margin, 0, 0);
    vdt_backdrop_paint(painter->street, &backdrop->air, &canvas);
}

static gboolean meets(const VdtBox *a, const VdtBox *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

/* Draws what moves, and again those props that stand before it. */
static void actors(VdtStreetPainter *painter, VdtCanvas *canvas, const VdtAir *air, gint64 time)
{
    const GArray *still = painter->street->still.things, *moving = painter->stage.things;
    guint k = 0;

    vdt_street_stage(painter->street, time, &painter->stage);
    for (guint i = 0; i < moving->len || k < still->len;) {
        const VdtThing *prop = k < still->len ? &g_array_index(still, VdtThing, k) : NULL;
        const VdtThing *thing = i < moving->len ? &g_array_index(moving, VdtThing, i) : NULL;

        if (prop == NULL || (thing != NULL && thing->depth >= prop->depth)) {
            vdt_canvas_thing(canvas, air, &painter->stage, thing);
            i++;
            continue;
        }
        for (guint j = 0; j < i; j++) {
            const VdtBox *box = &g_array_index(moving, VdtThing, j).box;

            if (!meets(box, &prop->box))
                continue;
            /* Only there, or its edges would be drawn twice everywhere. */
            VdtCanvas part = *canvas;
            part.x0 = MAX(0, (int)floor(canvas->left + box->x0 * canvas->unit) - 1);
            part.x1 = MIN(canvas->width, (int)ceil(canvas->left + box->x1 * canvas->unit) + 1);
            part.y0 = MAX(0, (int)floor(canvas->top + box->y0 * canvas->unit) - 1);
            part.y1 = MIN(canvas->height, (int)ceil(canvas->top + box->y1 * canvas->unit) + 1);
            vdt_canvas_thing(&part, air, &painter->street->still, prop);
        }
        k++;
    }
}

static void shake_of(const VdtStreetPainter *painter, gint64 time, int *dx, int *dy)
{
    VdtStreetConditions now = vdt_street_get_conditions(painter->street, time);

    vdt_sensor_shake(now.shake, painter->street->seed, time, painter->unit, dx, dy);
    *dx = CLAMP(*dx, -painter->margin, painter->margin);
    *dy = CLAMP(*dy, -painter->margin, painter->margin);
}

static void draw(VdtStreetPainter *painter, gint64 time, gboolean clean, guint8 *bgrx, gsize stride)
{
    VdtStreetConditions now = vdt_street_get_conditions(painter->street, time);
    Backdrop *backdrop = clean ? &painter->clean : &painter->full;
    int dx, dy;

    if (clean) {
        /* Without weather the two are one. */
        if (now.rain <= 0 && now.snow <= 0 && now.haze <= 0)
            backdrop = &painter->full;
        now = (VdtStreetConditions){.night = now.night, .shake = now.shake};
    }
    prepare(painter, backdrop, &now);
    shake_of(painter, time, &dx, &dy);
    const guint8 *from =
        backdrop->pixels + (painter->margin - dy) * painter->stride + 4 * (painter->margin - dx);
    for (int y = 0; y < painter->height; y++)
        memcpy(bgrx + y * stride, from + y * painter->stride, 4 * painter->width);

    VdtCanvas canvas = canvas_of(painter, bgrx, stride, 0, dx, dy);
    actors(painter, &canvas, &backdrop->air, time);
    if (clean)
        return;
    vdt_weather_paint(&canvas, &now, painter->street->seed, time);
    vdt_sensor_blur(&canvas, now.blur);
    vdt_sensor_noise(&canvas, now.noise, painter->street->seed, time);
}

void vdt_street_painter_draw(VdtStreetPainter *painter, gint64 time, guint8 *bgrx, gsize stride)
{
    g_return_if_fail(painter != NULL && bgrx != NULL);
    g_return_if_fail(stride % 4 == 0 && stride >= 4 * (gsize)painter->width);
    draw(painter, time, FALSE, bgrx, stride);
}

void vdt_street_painter_draw_clean(VdtStreetPainter *painter, gint64 time, guint8 *bgrx,
                                   gsize stride)
{
    g_return_if_fail(painter != NULL && bgrx != NULL);
    g_return_if_fail(stride % 4 == 0 && stride >= 4 * (gsize)painter->width);
    draw(painter, time, TRUE, bgrx, stride);
}

void vdt_street_painter_classes(VdtStreetPainter *painter, gint64 time, guint8 *classes,
                                gsize stride)
{
    int dx, dy;

    g_return_if_fail(painter != NULL && classes != NULL && stride >= (gsize)painter->width);
    if (painter->classes == NULL) {
        painter->classes =
            g_malloc0(painter->class_stride * (painter->height + 2 * painter->margin));
        VdtCanvas still =
            canvas_of(painter, painter->classes, painter->class_stride, painter->margin, 0, 0);
        VdtStreetConditions plain = {0};
        VdtAir air;

        still.classes = TRUE;
        vdt_air_init(&air, painter->street, &plain);
        vdt_backdrop_paint(painter->street, &air, &still);
    }

    shake_of(painter, time, &dx, &dy);
    const guint8 *from =
        painter->classes + (painter->margin - dy) * painter->class_stride + painter->margin - dx;
    for (int y = 0; y < painter->height; y++)
        memcpy(classes + y * stride, from + y * painter->class_stride, painter->width);
    VdtCanvas canvas = canvas_of(painter, classes, stride, 0, dx, dy);
    canvas.classes = TRUE;
    actors(painter, &canvas, NULL, time);
}
