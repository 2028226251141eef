/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restoreareas.h"

#include <string.h>

#include "frame/frameview.h"
#include "frame/planes.h"

/* What a network sees around what it restores. */
#define AROUND 64
/* Boxes have any size, but a network that is made for another size takes a while: they are covered
 * with squares. These lie so that a network's own windows are where they are in the whole frame, or
 * what it makes of something would change as that moves: VdtRestorer shows it half of GRID more to
 * each side. */
#define SQUARE 128
#define GRID   64

void vdt_restore_areas_init(VdtRestoreAreas *areas)
{
    areas->inside = g_array_new(FALSE, FALSE, sizeof(GstVideoRectangle));
    areas->found = g_array_new(FALSE, FALSE, sizeof(GstVideoRectangle));
    areas->squares = g_array_new(FALSE, FALSE, sizeof(VdtRestorePatch));
}

void vdt_restore_areas_clear(VdtRestoreAreas *areas)
{
    g_array_unref(areas->inside);
    g_array_unref(areas->found);
    g_array_unref(areas->squares);
}

/* FALSE if they have nothing in common. */
static gboolean intersect(const GstVideoRectangle *a, const GstVideoRectangle *b,
                          GstVideoRectangle *both)
{
    const gint64 left = MAX(a->x, b->x), top = MAX(a->y, b->y);
    const gint64 right = MIN((gint64)a->x + a->w, (gint64)b->x + b->w);
    const gint64 bottom = MIN((gint64)a->y + a->h, (gint64)b->y + b->h);

    if (right <= left || bottom <= top)
        return FALSE;
    *both = (GstVideoRectangle){(int)left, (int)top, (int)(right - left), (int)(bottom - top)};
    return TRUE;
}

static int compare(gconstpointer a, gconstpointer b)
{
    return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

/* Adds what of @boxes lies between @top and @bottom, where none of them begins or ends; by their
 * left sides, in which order they are. */
static void add_band(GArray *list, const GArray *boxes, int top, int bottom)
{
    GstVideoRectangle span = {0, top, 0, bottom - top};

    for (guint i = 0; i < boxes->len; i++) {
        const GstVideoRectangle *box = &g_array_index(boxes, GstVideoRectangle, i);

        if (box->y >= bottom || box->y + box->h <= top)
            continue;
        if (span.w > 0 && box->x <= span.x + span.w) {
            span.w = MAX(span.w, box->x + box->w - span.x);
            continue;
        }
        if (span.w > 0)
            g_array_append_val(list, span);
        span.x = box->x;
        span.w = box->w;
    }
    if (span.w > 0)
        g_array_append_val(list, span);
}

/* Rectangles of which none overlaps another, and which are together what @boxes are. */
static void join(GArray *list, const GArray *boxes)
{
    g_autoptr(GArray) sorted = g_array_copy((GArray *)boxes);
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_sort(sorted, compare); /* x comes first */
    for (guint i = 0; i < boxes->len; i++) {
        const GstVideoRectangle *box = &g_array_index(boxes, GstVideoRectangle, i);
        const int ends[] = {box->y, box->y + box->h};

        g_array_append_vals(edges, ends, 2);
    }
    g_array_sort(edges, compare);
    for (guint i = 1; i < edges->len; i++)
        if (g_array_index(edges, int, i) > g_array_index(edges, int, i - 1))
            add_band(list, sorted, g_array_index(edges, int, i - 1), g_array_index(edges, int, i));
}

G_STATIC_ASSERT(G_STRUCT_OFFSET(GstVideoRectangle, x) == 0);

/* A rectangle around both. */
static void extend(GstVideoRectangle *all, const GstVideoRectangle *more)
{
    const int right = MAX(all->x + all->w, more->x + more->w);
    const int bottom = MAX(all->y + all->h, more->y + more->h);

    all->x = MIN(all->x, more->x);
    all->y = MIN(all->y, more->y);
    all->w = right - all->x;
    all->h = bottom - all->y;
}

/* Boxes of a frame, as far as they are in @within. */
static void find_boxes(VdtRestoreAreas *areas, const VdtRestoreWanted *wanted,
                       const GstVideoInfo *info, GstBuffer *buffer, const GstVideoRectangle *within)
{
    GstVideoRegionOfInterestMeta *meta;
    gpointer state = NULL;

    while ((meta = (GstVideoRegionOfInterestMeta *)gst_buffer_iterate_meta_filtered(
                buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        const GstVideoRectangle box = {(int)MIN(meta->x, G_MAXINT), (int)MIN(meta->y, G_MAXINT),
                                       (int)MIN(meta->w, G_MAXINT), (int)MIN(meta->h, G_MAXINT)};
        GstVideoRectangle seen;

        if (!intersect(&box, within, &seen))
            continue;
        if (areas->boxes >= wanted->max_boxes) {
            areas->left_out++;
            continue;
        }
        areas->boxes++;
        vdt_planes_align(info, &seen);
        g_array_append_val(areas->found, seen);
    }
    join(areas->inside, areas->found);
}

static VdtRestoreArea area_of(const GstVideoRectangle *r)
{
    return (VdtRestoreArea){(guint)r->x, (guint)r->y, (guint)r->w, (guint)r->h};
}

static gboolean is_equal(const VdtRestorePatch *a, const VdtRestorePatch *b)
{
    return memcmp(&a->run, &b->run, sizeof a->run) == 0 &&
           memcmp(&a->keep, &b->keep, sizeof a->keep) == 0;
}

static void add_square(GArray *squares, const GstVideoRectangle *run, const GstVideoRectangle *keep)
{
    const VdtRestorePatch patch = {area_of(run), area_of(keep)};

    for (guint i = 0; i < squares->len; i++)
        if (is_equal(&g_array_index(squares, VdtRestorePatch, i), &patch))
            return;
    g_array_append_val(squares, patch);
}

/* Where the last square begins that has pixel @at of a line of @all in it. */
static int begin_of(int at, int all)
{
    const int begin = at < GRID / 2 ? 0 : GRID / 2 + (at - GRID / 2) / GRID * GRID;

    return MAX(MIN(begin, all - SQUARE), 0);
}

/* Squares over @box, of a frame of which that is @visible. All of them is kept, unless @exactly.
 * FALSE if there are so many that the whole frame takes no longer. */
static gboolean cover(VdtRestoreAreas *areas, const GstVideoRectangle *box,
                      const GstVideoRectangle *visible, gboolean exactly)
{
    const int w = MIN(SQUARE, visible->w), h = MIN(SQUARE, visible->h);
    const int right = box->x + box->w - visible->x, bottom = box->y + box->h - visible->y;
    const gint64 most = (gint64)visible->w * visible->h / ((SQUARE + GRID) * (SQUARE + GRID)) + 1;

    for (int y = box->y - visible->y, top; y < bottom; y = top + h) {
        top = begin_of(y, visible->h);
        for (int x = box->x - visible->x, left; x < right; x = left + w) {
            GstVideoRectangle run, keep;

            left = begin_of(x, visible->w);
            run = (GstVideoRectangle){visible->x + left, visible->y + top, w, h};
            keep = run;
            if (!exactly || intersect(&run, box, &keep))
                add_square(areas->squares, &run, &keep);
            if (areas->squares->len > most)
                return FALSE;
        }
    }
    return TRUE;
}

/* Makes [@at, @at + @length) larger by AROUND, and then so that it begins at a multiple of GRID
 * from @begin on, and is so large that each square sees as much; within [@begin, @begin + @all). */
static void surround(int *at, int *length, gboolean squares, int begin, int all)
{
    const int least = squares ? MIN(SQUARE + GRID, all) : 1;
    int from = MAX(*at - AROUND, begin), to = MIN(*at + *length + AROUND, begin + all);

    from = begin + (from - begin) / GRID * GRID;
    if (to - from < least) {
        to = MIN(from + least, begin + all);
        from = to - least;
    }
    *at = from;
    *length = to - from;
}

static GstVideoRectangle rectangle_of(const VdtRestoreArea *a)
{
    return (GstVideoRectangle){(int)a->x, (int)a->y, (int)a->width, (int)a->height};
}

gboolean vdt_restore_areas_find(VdtRestoreAreas *areas, const VdtRestoreWanted *wanted,
                                const GstVideoInfo *info, GstBuffer *buffer, gboolean all)
{
    const gboolean squares = wanted->what == VDT_RESTORE_BOXES;
    GstVideoRectangle visible, within;

    g_array_set_size(areas->inside, 0);
    g_array_set_size(areas->found, 0);
    g_array_set_size(areas->squares, 0);
    areas->boxes = areas->left_out = 0;
    if (!vdt_frame_visible(info, buffer, &visible))
        return FALSE;
    within = visible;
    vdt_frame_region_apply(&wanted->region, &within);
    vdt_planes_align(info, &within);
    vdt_planes_align(info, &visible);
    if (squares) {
        find_boxes(areas, wanted, info, buffer, &within);
    } else {
        g_array_append_val(areas->found, within);
        g_array_append_val(areas->inside, within);
    }
    if (areas->found->len == 0)
        return FALSE;
    areas->part = g_array_index(areas->found, GstVideoRectangle, 0);
    areas->many = FALSE;
    for (guint i = 0; squares && i < areas->found->len && !areas->many; i++)
        areas->many =
            !cover(areas, &g_array_index(areas->found, GstVideoRectangle, i), &visible, all);
    for (guint i = 0; i < areas->squares->len; i++) {
        const VdtRestorePatch *patch = &g_array_index(areas->squares, VdtRestorePatch, i);
        const GstVideoRectangle run = rectangle_of(&patch->run);

        extend(&areas->part, &run);
    }
    if (areas->many) {
        g_array_set_size(areas->squares, 0);
        areas->part = visible;
    }
    if (all) {
        areas->part =
            (GstVideoRectangle){0, 0, GST_VIDEO_INFO_WIDTH(info), GST_VIDEO_INFO_HEIGHT(info)};
        return TRUE;
    }
    surround(&areas->part.x, &areas->part.w, squares, visible.x, visible.w);
    surround(&areas->part.y, &areas->part.h, squares, visible.y, visible.h);
    return TRUE;
}

/* --- Patches -------------------------------------------------------------------------------- */

/* In the part. */
static VdtRestoreArea moved(const VdtRestoreArea *area, const GstVideoRectangle *part)
{
    return (VdtRestoreArea){area->x - (guint)part->x, area->y - (guint)part->y, area->width,
                            area->height};
}

static void add_patch(GArray *patches, const VdtRestoreArea *run, const VdtRestoreArea *keep,
                      const GstVideoRectangle *part)
{
    const VdtRestorePatch patch = {moved(run, part), moved(keep, part)};

    g_array_append_val(patches, patch);
}

void vdt_restore_areas_ask(const VdtRestoreAreas *areas, VdtRestoreWork *work)
{
    const gboolean larger = vdt_restore_steps_scale(&work->steps) > 1;
    const GstVideoRectangle *part = &areas->part;
    const GstVideoRectangle *first = &g_array_index(areas->found, GstVideoRectangle, 0);
    const VdtRestoreArea all = area_of(part), area = area_of(first);

    g_array_set_size(work->patches, 0);
    work->squares = areas->squares->len > 0;
    for (guint i = 0; i < areas->squares->len; i++) {
        const VdtRestorePatch *patch = &g_array_index(areas->squares, VdtRestorePatch, i);

        add_patch(work->patches, &patch->run, &patch->keep, part);
    }
    /* what is altered of a picture that gets no larger is known without patches */
    for (guint i = 0; areas->many && larger && i < areas->inside->len; i++) {
        const VdtRestoreArea keep = area_of(&g_array_index(areas->inside, GstVideoRectangle, i));

        add_patch(work->patches, &all, &keep, part);
    }
    if (!work->squares && !areas->many && (first->w != part->w || first->h != part->h))
        add_patch(work->patches, &area, &area, part);
}
