/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outline.h"

#include <math.h>

/* Lines are em over this thick. */
#define OCCUPIED  4.0
#define EMPTY     7.0
#define CROSSING  5.0
#define PATH      9.0
/* Of a crossing's arrow, in em. */
#define ARROW     1.1
#define HEAD      0.55
/* A path becomes as opaque as this, from its beginning to its end, in steps. */
#define STEPS     8
#define OLD_ALPHA 0.1
#define NEW_ALPHA 0.9

/* Where lines are, in columns and rows of the frame, and how far they reach beyond their points. */
typedef struct {
    double low[2], high[2];
    double inset; /* rows */
} Extent;

static void extent_init(Extent *extent, double inset)
{
    *extent = (Extent){{G_MAXDOUBLE, G_MAXDOUBLE}, {-G_MAXDOUBLE, -G_MAXDOUBLE}, inset};
}

static void extent_add(Extent *extent, const double point[2])
{
    for (guint k = 0; k < 2; k++) {
        extent->low[k] = MIN(extent->low[k], point[k]);
        extent->high[k] = MAX(extent->high[k], point[k]);
    }
}

/* The part from @from to @to of an axis of @size that is touched by what reaches from @low to
 * @high; FALSE if it is none. */
static gboolean touch(double low, double high, guint size, guint *from, guint *to)
{
    *from = (guint)CLAMP(floor(low), 0, size) & ~1u;
    *to = MIN(vdt_overlay_even(CLAMP(high, 0, size)), size & ~1u);
    return *to > *from;
}

/* A sheet for what can be seen of these, whose origin is that of the frame. */
static gboolean open_sheet(VdtOverlaySheet *sheet, const VdtOverlayLook *look, const Extent *extent,
                           guint width, guint height, guint *x, guint *y)
{
    const double squeeze = look->squeeze, inset = extent->inset;
    guint right, bottom;

    if (!touch(extent->low[0] - inset * squeeze, extent->high[0] + inset * squeeze, width, x,
               &right) ||
        !touch(extent->low[1] - inset, extent->high[1] + inset, height, y, &bottom) ||
        /* half a column less: it is rounded up */
        !vdt_overlay_sheet_open(sheet, look, (right - *x - 0.5) / squeeze, bottom - *y))
        return FALSE;
    cairo_translate(sheet->cr, -(*x / squeeze), -(double)*y);
    cairo_set_line_join(sheet->cr, CAIRO_LINE_JOIN_ROUND);
    return TRUE;
}

/* Where a point is. Lines along the frame's edges stay inside of it. */
static double place(float share, double size, double inset)
{
    const double at = share * size;

    return share >= 0 && share <= 1 ? CLAMP(at, inset, MAX(size - inset, inset)) : at;
}

static void place_point(const VdtOverlayLook *look, const float point[2], guint width, guint height,
                        double inset, double placed[2])
{
    placed[0] = place(point[0], width & ~1u, inset * look->squeeze);
    placed[1] = place(point[1], height & ~1u, inset);
}

/* Zones */

GstBuffer *vdt_overlay_outline_zone(const VdtOverlayLook *look, const VdtOverlayZone *zone,
                                    guint width, guint height, guint *x, guint *y)
{
    const double thick = MAX(look->em / (zone->occupied ? OCCUPIED : EMPTY), 1.5);
    const double edge = MAX(thick / 3, 1), dash = 4 * thick;
    double points[VDT_OVERLAY_POINTS][2];
    VdtOverlaySheet sheet;
    Extent extent;

    extent_init(&extent, thick / 2 + edge);
    for (guint i = 0; i < zone->n_points; i++) {
        place_point(look, zone->points[i], width, height, extent.inset, points[i]);
        extent_add(&extent, points[i]);
    }
    if (!open_sheet(&sheet, look, &extent, width, height, x, y))
        return NULL;
    for (guint i = 0; i < zone->n_points; i++)
        cairo_line_to(sheet.cr, points[i][0] / look->squeeze, points[i][1]);
    cairo_close_path(sheet.cr);
    cairo_set_line_width(sheet.cr, thick + 2 * edge);
    cairo_set_source_rgba(sheet.cr, 0, 0, 0, zone->occupied ? 0.75 : 0.5);
    cairo_stroke_preserve(sheet.cr);
    if (!zone->occupied)
        cairo_set_dash(sheet.cr, &dash, 1, 0);
    cairo_set_line_width(sheet.cr, thick);
    vdt_overlay_set_colour(sheet.cr, vdt_overlay_colour(zone->tag.kind), 1);
    cairo_stroke(sheet.cr);
    return vdt_overlay_sheet_close(&sheet);
}

/* Crossings */

static void trace_crossing(cairo_t *cr, double from[2], double to[2], double em)
{
    const double length = MAX(hypot(to[0] - from[0], to[1] - from[1]), 1e-6);
    const double along[2] = {(to[0] - from[0]) / length, (to[1] - from[1]) / length};
    const double middle[2] = {(from[0] + to[0]) / 2, (from[1] + to[1]) / 2};
    /* to the right, since rows count downwards */
    const double in[2] = {-along[1], along[0]};
    const double tip[2] = {middle[0] + ARROW * em * in[0], middle[1] + ARROW * em * in[1]};

    cairo_move_to(cr, from[0], from[1]);
    cairo_line_to(cr, to[0], to[1]);
    cairo_move_to(cr, middle[0], middle[1]);
    cairo_line_to(cr, tip[0], tip[1]);
    for (int side = -1; side <= 1; side += 2) {
        cairo_move_to(cr, tip[0] + HEAD * em * (side * along[0] - in[0]),
                      tip[1] + HEAD * em * (side * along[1] - in[1]));
        cairo_line_to(cr, tip[0], tip[1]);
    }
}

GstBuffer *vdt_overlay_outline_crossing(const VdtOverlayLook *look,
                                        const VdtOverlayCrossing *crossing, guint width,
                                        guint height, guint *x, guint *y)
{
    const double thick = MAX(look->em / CROSSING, 1.5), edge = MAX(thick / 3, 1);
    double ends[2][2];
    VdtOverlaySheet sheet;
    Extent extent;

    extent_init(&extent, thick / 2 + edge);
    for (guint i = 0; i < 2; i++) {
        place_point(look, crossing->points[i], width, height, extent.inset, ends[i]);
        extent_add(&extent, ends[i]);
        ends[i][0] /= look->squeeze;
    }
    extent.inset += (ARROW + HEAD) * look->em;
    if (!open_sheet(&sheet, look, &extent, width, height, x, y))
        return NULL;
    cairo_set_line_cap(sheet.cr, CAIRO_LINE_CAP_ROUND);
    trace_crossing(sheet.cr, ends[0], ends[1], look->em);
    cairo_set_line_width(sheet.cr, thick + 2 * edge);
    cairo_set_source_rgba(sheet.cr, 0, 0, 0, 0.75);
    cairo_stroke_preserve(sheet.cr);
    cairo_set_line_width(sheet.cr, thick);
    vdt_overlay_set_colour(sheet.cr, vdt_overlay_colour(crossing->tag.kind), 1);
    cairo_stroke(sheet.cr);
    return vdt_overlay_sheet_close(&sheet);
}

/* Paths */

/* In steps, each as opaque as a whole: lines that overlap would show where. */
static void draw_path(cairo_t *cr, const VdtOverlayLook *look, const VdtOverlayPath *path,
                      guint width, guint height, double thick)
{
    const guint n = path->n_points;

    for (guint step = 0; step < STEPS; step++) {
        const guint first = (n - 1) * step / STEPS, last = (n - 1) * (step + 1) / STEPS;
        const double alpha = OLD_ALPHA + (NEW_ALPHA - OLD_ALPHA) * (step + 1) / STEPS;

        for (guint i = first; i <= last; i++) {
            double at[2];

            place_point(look, path->points[i], width, height, thick, at);
            cairo_line_to(cr, at[0] / look->squeeze, at[1]);
        }
        cairo_set_line_width(cr, 2 * thick);
        cairo_set_source_rgba(cr, 0, 0, 0, alpha / 3);
        cairo_stroke_preserve(cr);
        cairo_set_line_width(cr, thick);
        vdt_overlay_set_colour(cr, vdt_overlay_colour(path->kind), alpha);
        cairo_stroke(cr);
    }
}

GstBuffer *vdt_overlay_outline_paths(const VdtOverlayLook *look, const VdtOverlayPath *paths,
                                     guint n, guint width, guint height, guint *x, guint *y)
{
    const double thick = MAX(look->em / PATH, 1.2);
    VdtOverlaySheet sheet;
    Extent extent;

    extent_init(&extent, thick);
    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < paths[i].n_points; k++) {
            double point[2];

            place_point(look, paths[i].points[k], width, height, thick, point);
            extent_add(&extent, point);
        }
    if (n == 0 || !open_sheet(&sheet, look, &extent, width, height, x, y))
        return NULL;
    for (guint i = 0; i < n; i++)
        draw_path(sheet.cr, look, &paths[i], width, height, thick);
    return vdt_overlay_sheet_close(&sheet);
}

/* Boxes */

GstBuffer *vdt_overlay_outline_side(guint kind, guint dash, guint width, guint height)
{
    GstBuffer *picture = vdt_overlay_picture_new(width, height);
    const gboolean across = width >= height;
    const guint thick = MIN(width, height);
    const guint dark = thick >= 4 ? MAX(thick / 5, 1) : 0;
    const VdtOverlayColour *colour = vdt_overlay_colour(kind);
    const guint32 bright = 0xff000000u | (guint32)lround(colour->red * 255) << 16 |
                           (guint32)lround(colour->green * 255) << 8 |
                           (guint32)lround(colour->blue * 255);
    GstMapInfo map;

    if (!gst_buffer_map(picture, &map, GST_MAP_WRITE)) {
        gst_buffer_unref(picture);
        return NULL;
    }
    for (guint y = 0; y < height; y++) {
        guint32 *row = (guint32 *)(gpointer)(map.data + (gsize)4 * width * y);

        for (guint x = 0; x < width; x++) {
            const guint at = across ? y : x, along = across ? x : y;

            row[x] = dash > 0 && along / dash % 2      ? 0
                     : at < dark || at >= thick - dark ? 0xc0000000u
                                                       : bright;
        }
    }
    gst_buffer_unmap(picture, &map);
    return picture;
}
