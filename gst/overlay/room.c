/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "room.h"

#include <math.h>

void vdt_overlay_room_init(VdtOverlayRoom *room, guint width, guint height, double squeeze)
{
    room->width = width;
    room->height = height;
    room->squeeze = squeeze;
    room->n = 0;
}

void vdt_overlay_room_take(VdtOverlayRoom *room, const GstVideoRectangle *place)
{
    if (room->n < G_N_ELEMENTS(room->taken))
        room->taken[room->n++] = *place;
}

static gint64 get_shared(const GstVideoRectangle *a, const GstVideoRectangle *b)
{
    const int width = MIN(a->x + a->w, b->x + b->w) - MAX(a->x, b->x);
    const int height = MIN(a->y + a->h, b->y + b->h) - MAX(a->y, b->y);

    return width > 0 && height > 0 ? (gint64)width * height : 0;
}

/* Takes that of the places which covers least of what was taken, the first of several. */
static GstVideoRectangle choose(VdtOverlayRoom *room, const GstVideoRectangle *places, guint n)
{
    gint64 least = G_MAXINT64;
    guint best = 0;

    for (guint i = 0; i < n && least > 0; i++) {
        gint64 covered = 0;

        for (guint k = 0; k < room->n; k++)
            covered += get_shared(&places[i], &room->taken[k]);
        if (covered < least) {
            least = covered;
            best = i;
        }
    }
    vdt_overlay_room_take(room, &places[best]);
    return places[best];
}

/* An even number from 0 to @most. */
static int inside(double at, guint most)
{
    return (int)((guint)CLAMP(at, 0, most) & ~1u);
}

static GstVideoRectangle place(const VdtOverlayRoom *room, guint width, guint height, double x,
                               double y)
{
    return (GstVideoRectangle){inside(x, room->width - width), inside(y, room->height - height),
                               (int)width, (int)height};
}

GstVideoRectangle vdt_overlay_room_at(VdtOverlayRoom *room, guint width, guint height, double x,
                                      double y)
{
    const GstVideoRectangle at = place(room, width, height, x, y);

    vdt_overlay_room_take(room, &at);
    return at;
}

GstVideoRectangle vdt_overlay_room_by_box(VdtOverlayRoom *room, guint width, guint height,
                                          const GstVideoRectangle *box)
{
    const double w = width, h = height, left = box->x, top = box->y;
    const double right = left + box->w, bottom = top + box->h;
    const double wanted[][2] = {{left, top - h},     {right - w, top - h}, {left, bottom},
                                {right - w, bottom}, {left, top},          {right - w, bottom - h},
                                {right, top},        {left - w, top},      {right, bottom - h},
                                {left, top + h},     {left, bottom + h},   {left, top - 2 * h}};
    GstVideoRectangle places[G_N_ELEMENTS(wanted)];
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (wanted[i][1] >= 0 && wanted[i][1] + h <= room->height)
            places[n++] = place(room, width, height, wanted[i][0], wanted[i][1]);
    if (n == 0)
        places[n++] = place(room, width, height, left, top);
    return choose(room, places, n);
}

GstVideoRectangle vdt_overlay_room_by_line(VdtOverlayRoom *room, guint width, guint height,
                                           const float ends[2][2], double gap)
{
    static const struct {
        double along; /* of the line */
        int side;     /* -1: left, 1: right */
    } wanted[] = {{0.5, -1}, {0.25, -1}, {0.75, -1}, {0.25, 1}, {0.75, 1}};
    /* where pixels are as wide as they are high */
    const double columns = room->width / room->squeeze, w = width / room->squeeze, h = height;
    const double x = ends[0][0] * columns, dx = ends[1][0] * columns - x;
    const double y = ends[0][1] * room->height, dy = ends[1][1] * room->height - y;
    const double length = MAX(hypot(dx, dy), 1e-6), right[2] = {-dy / length, dx / length};
    const double away = fabs(right[0]) * w / 2 + fabs(right[1]) * h / 2 + gap;
    GstVideoRectangle places[G_N_ELEMENTS(wanted)];

    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const double to_side = wanted[i].side * away;

        places[i] = place(room, width, height,
                          (x + wanted[i].along * dx + to_side * right[0] - w / 2) * room->squeeze,
                          y + wanted[i].along * dy + to_side * right[1] - h / 2);
    }
    return choose(room, places, G_N_ELEMENTS(places));
}
