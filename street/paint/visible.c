/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be seen of objects that stand behind each other: each is drawn as a number. */
#include <string.h>

#include "paint.h"

#define COVER 255 /* the number of what hides objects and is none */

static guint8 number_of(const GArray *objects, const VdtThing *thing)
{
    for (guint i = 0; i < MIN(objects->len, COVER); i++)
        if (thing->object.kind != VDT_STREET_N_CLASSES &&
            g_array_index(objects, VdtStreetObject, i).id == thing->object.id)
            return (guint8)i;
    return COVER;
}

static void clear(const VdtCanvas *canvas)
{
    memset(canvas->pixels, COVER, canvas->stride * (gsize)canvas->height);
}

static void draw(VdtCanvas *canvas, const VdtStage *stage, const VdtThing *thing, guint8 number)
{
    canvas->number = number;
    vdt_canvas_thing(canvas, NULL, stage, thing);
}

/* How many pixels have each number. */
static void count(const VdtCanvas *canvas, gsize pixels[COVER + 1])
{
    memset(pixels, 0, (COVER + 1) * sizeof *pixels);
    for (gsize i = 0; i < canvas->stride * (gsize)canvas->height; i++)
        pixels[canvas->pixels[i]]++;
}

/* Everything, far to near; what moves is first where both are as far, as the painter has it. */
static void draw_all(VdtCanvas *canvas, const VdtStage *moving, const VdtStage *still,
                     const GArray *objects)
{
    for (guint i = 0, k = 0; i < moving->things->len || k < still->things->len;) {
        const VdtThing *prop =
            k < still->things->len ? &g_array_index(still->things, VdtThing, k) : NULL;
        const VdtThing *thing =
            i < moving->things->len ? &g_array_index(moving->things, VdtThing, i) : NULL;

        if (!prop || (thing && thing->depth >= prop->depth)) {
            draw(canvas, moving, thing, number_of(objects, thing));
            i++;
        } else {
            draw(canvas, still, prop, number_of(objects, prop));
            k++;
        }
    }
}

/* How much of a box the picture holds. */
static double get_inside(const VdtCanvas *canvas, const VdtBox *box)
{
    const double x0 = canvas->left + box->x0 * canvas->unit,
                 y0 = canvas->top + box->y0 * canvas->unit;
    const double x1 = canvas->left + box->x1 * canvas->unit,
                 y1 = canvas->top + box->y1 * canvas->unit;
    const double width = MIN(x1, canvas->width) - MAX(x0, 0);
    const double height = MIN(y1, canvas->height) - MAX(y0, 0);

    return width > 0 && height > 0 ? width * height / ((x1 - x0) * (y1 - y0)) : 0;
}

/* Adds how many pixels each object of a stage has if it is drawn alone, and were there all of it.
 */
static void count_alone(VdtCanvas *canvas, const VdtStage *stage, const GArray *objects,
                        double alone[COVER + 1])
{
    gsize pixels[COVER + 1];

    for (guint i = 0; i < stage->things->len; i++) {
        const VdtThing *thing = &g_array_index(stage->things, VdtThing, i);
        const guint8 number = number_of(objects, thing);

        if (number == COVER)
            continue;
        clear(canvas);
        draw(canvas, stage, thing, number);
        count(canvas, pixels);
        if (pixels[number] > 0)
            alone[number] += (double)pixels[number] / get_inside(canvas, &thing->box);
    }
}

VdtStreetVisible *vdt_street_get_visible(const VdtStreet *street, gint64 time,
                                         const GArray *objects, guint width, guint height)
{
    g_return_val_if_fail(street != NULL && objects != NULL, NULL);
    g_return_val_if_fail(width >= 16 && width <= 8192 && height >= 16 && height <= 8192, NULL);

    const double unit = MIN(height, width * 9 / 16.0);
    g_autofree guint8 *pixels = g_malloc((gsize)width * height);
    VdtCanvas canvas = {.pixels = pixels,
                        .stride = width,
                        .width = (int)width,
                        .height = (int)height,
                        .classes = TRUE,
                        .numbers = TRUE,
                        .unit = unit,
                        .left = width / 2.0,
                        .top = (height - unit) / 2,
                        .x1 = (int)width,
                        .y1 = (int)height};
    gsize seen[COVER + 1];
    double alone[COVER + 1] = {0};
    VdtStreetVisible *visible = g_new0(VdtStreetVisible, MAX(objects->len, 1));
    VdtStage moving;

    vdt_stage_init(&moving);
    vdt_street_stage(street, time, &moving);
    clear(&canvas);
    draw_all(&canvas, &moving, &street->still, objects);
    count(&canvas, seen);
    count_alone(&canvas, &moving, objects, alone);
    count_alone(&canvas, &street->still, objects, alone);
    for (guint i = 0; i < MIN(objects->len, COVER); i++)
        visible[i] = (VdtStreetVisible){alone[i] > 0 ? (double)seen[i] / alone[i] : 0,
                                        (double)seen[i] / ((double)width * height)};
    vdt_stage_clear(&moving);
    return visible;
}
