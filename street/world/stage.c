/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage: what is seen, as shapes that know their colour and their class. */
#include "world.h"

void vdt_stage_init(VdtStage *stage)
{
    stage->things = g_array_new(FALSE, FALSE, sizeof(VdtThing));
    stage->marks = g_array_new(FALSE, FALSE, sizeof(VdtMark));
}

void vdt_stage_clear(VdtStage *stage)
{
    g_clear_pointer(&stage->things, g_array_unref);
    g_clear_pointer(&stage->marks, g_array_unref);
}

void vdt_stage_empty(VdtStage *stage)
{
    g_array_set_size(stage->things, 0);
    g_array_set_size(stage->marks, 0);
}

static gint by_depth(gconstpointer a, gconstpointer b)
{
    const VdtThing *x = a, *y = b;

    if (x->depth != y->depth)
        return x->depth < y->depth ? 1 : -1;
    return x->first_mark < y->first_mark ? -1 : x->first_mark > y->first_mark;
}

void vdt_stage_sort(VdtStage *stage)
{
    g_array_sort(stage->things, by_depth);
}

void vdt_stage_begin(VdtStage *stage, const VdtCamera *camera, double x, double z)
{
    VdtThing thing = {.object.kind = VDT_STREET_N_CLASSES,
                      .x = x,
                      .z = z,
                      .depth = vdt_camera_depth(camera, x, z),
                      .first_mark = stage->marks->len,
                      .box = {G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE}};

    VdtPoint foot;

    vdt_camera_project(camera, (VdtVec){x, 0, z}, &foot);
    thing.foot = foot.y;
    g_array_append_val(stage->things, thing);
}

VdtThing *vdt_stage_end(VdtStage *stage)
{
    VdtThing *thing = &g_array_index(stage->things, VdtThing, stage->things->len - 1);
    VdtBox *box = &thing->box;

    thing->n_marks = stage->marks->len - thing->first_mark;
    for (guint i = thing->first_mark; i < stage->marks->len; i++) {
        const VdtMark *mark = &g_array_index(stage->marks, VdtMark, i);

        if (mark->class == VDT_NO_CLASS)
            continue;
        for (guint j = 0; j < (mark->n ? mark->n : 2); j++) {
            double radius = mark->n ? 0 : mark->radius[j];

            box->x0 = MIN(box->x0, mark->points[j].x - radius);
            box->x1 = MAX(box->x1, mark->points[j].x + radius);
            box->y0 = MIN(box->y0, mark->points[j].y - radius);
            box->y1 = MAX(box->y1, mark->points[j].y + radius);
        }
    }
    return thing;
}

static VdtMark *add(VdtStage *stage, VdtColour colour, guint8 class)
{
    g_array_set_size(stage->marks, stage->marks->len + 1);
    VdtMark *mark = &g_array_index(stage->marks, VdtMark, stage->marks->len - 1);
    mark->n = 0;
    mark->class = class;
    mark->light = VDT_LIT;
    mark->alpha = 1;
    mark->colour = colour;
    return mark;
}

void vdt_stage_limb(VdtStage *stage, VdtPoint a, double radius_a, VdtPoint b, double radius_b,
                    VdtColour colour, guint8 class)
{
    VdtMark *mark = add(stage, colour, class);

    mark->points[0] = a;
    mark->points[1] = b;
    mark->radius[0] = radius_a;
    mark->radius[1] = radius_b;
}

void vdt_stage_polygon(VdtStage *stage, const VdtPoint *points, guint n, VdtColour colour,
                       guint8 class)
{
    VdtMark *mark = add(stage, colour, class);

    g_assert(n >= 3 && n <= VDT_MARK_POINTS);
    mark->n = n;
    for (guint i = 0; i < n; i++)
        mark->points[i] = points[i];
}

void vdt_stage_last(VdtStage *stage, VdtLight light, double alpha)
{
    VdtMark *mark = &g_array_index(stage->marks, VdtMark, stage->marks->len - 1);

    mark->light = light;
    mark->alpha = alpha;
}

void vdt_stage_shadow(VdtStage *stage, const VdtCamera *camera, double x, double z, double half_x,
                      double half_z, double cos_heading, double sin_heading)
{
    VdtPoint points[12];

    for (guint i = 0; i < 12; i++) {
        double a = vdt_cos(i * VDT_PI / 6) * half_x, b = vdt_sin(i * VDT_PI / 6) * half_z;
        VdtVec at = {x + a * cos_heading - b * sin_heading, 0,
                     z + a * sin_heading + b * cos_heading};

        vdt_camera_project(camera, at, &points[i]);
    }
    vdt_stage_polygon(stage, points, 12, (VdtColour){0.04f, 0.05f, 0.1f}, VDT_NO_CLASS);
    vdt_stage_last(stage, VDT_LIT, 0.3);
}
