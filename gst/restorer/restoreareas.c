/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restoreareas.h"

#include "frame/frameview.h"
#include "frame/planes.h"

/* What a network sees around what it restores. */
#define AROUND 64
/* Boxes have any size, but a network that is made for another size takes a while: they are covered
 * with squares. */
#define SQUARE 128

void vdt_restore_areas_init(VdtRestoreAreas *areas)
{
    areas->inside = g_array_new(FALSE, FALSE, sizeof(GstVideoRectangle));
    areas->found = g_array_new(FALSE, FALSE, sizeof(GstVideoRectangle));
}

void vdt_restore_areas_clear(VdtRestoreAreas *areas)
{
    g_array_unref(areas->inside);
    g_array_unref(areas->found);
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

/* Adds what of @box is in none of the first @n of @list, the first @i of which it has nothing in
 * common with. */
static void add_rest(GArray *list, guint i, const GstVideoRectangle *box, guint n)
{
    const int right = box->x + box->w, bottom = box->y + box->h;
    GstVideoRectangle both = {0};

    while (i < n && !intersect(box, &g_array_index(list, GstVideoRectangle, i), &both))
        i++;
    if (i < n) {
        const int end = both.x + both.w, low = both.y + both.h;
        const GstVideoRectangle rest[] = {{box->x, box->y, box->w, both.y - box->y},
                                          {box->x, low, box->w, bottom - low},
                                          {box->x, both.y, both.x - box->x, both.h},
                                          {end, both.y, right - end, both.h}};

        for (guint k = 0; k < G_N_ELEMENTS(rest); k++)
            if (rest[k].w > 0 && rest[k].h > 0)
                add_rest(list, i + 1, &rest[k], n);
        return;
    }
    g_array_append_vals(list, box, 1);
}

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
        add_rest(areas->inside, 0, &seen, areas->inside->len);
    }
}

/* @wanted with what is around it, of @visible. */
static GstVideoRectangle surround(const GstVideoRectangle *wanted, int around,
                                  const GstVideoRectangle *visible)
{
    const GstVideoRectangle more = {wanted->x - around, wanted->y - around, wanted->w + 2 * around,
                                    wanted->h + 2 * around};
    GstVideoRectangle seen = *wanted;

    intersect(&more, visible, &seen);
    return seen;
}

/* Grows a line to @least pixels, in [@begin, @begin + @all). */
static void grow(int *at, int *length, int least, int begin, int all)
{
    const int wanted = MIN(least, all);

    if (*length >= wanted)
        return;
    *at = CLAMP(*at - (wanted - *length) / 2, begin, begin + all - wanted);
    *length = wanted;
}

gboolean vdt_restore_areas_find(VdtRestoreAreas *areas, const VdtRestoreWanted *wanted,
                                const GstVideoInfo *info, GstBuffer *buffer, gboolean all)
{
    const GstVideoRectangle whole = {0, 0, GST_VIDEO_INFO_WIDTH(info), GST_VIDEO_INFO_HEIGHT(info)};
    GstVideoRectangle visible, within;

    g_array_set_size(areas->inside, 0);
    g_array_set_size(areas->found, 0);
    areas->boxes = areas->left_out = 0;
    if (!vdt_frame_visible(info, buffer, &visible))
        return FALSE;
    within = visible;
    vdt_frame_region_apply(&wanted->region, &within);
    vdt_planes_align(info, &within);
    vdt_planes_align(info, &visible);
    if (wanted->what == VDT_RESTORE_BOXES) {
        find_boxes(areas, wanted, info, buffer, &within);
    } else {
        g_array_append_val(areas->found, within);
        g_array_append_val(areas->inside, within);
    }
    if (areas->found->len == 0)
        return FALSE;
    areas->part = g_array_index(areas->found, GstVideoRectangle, 0);
    for (guint i = 1; i < areas->found->len; i++)
        extend(&areas->part, &g_array_index(areas->found, GstVideoRectangle, i));
    areas->part = all ? whole : surround(&areas->part, AROUND, &visible);
    if (!all && wanted->what == VDT_RESTORE_BOXES) {
        /* so that each square sees as much, at the frame's edges, too */
        grow(&areas->part.x, &areas->part.w, SQUARE + 2 * AROUND, visible.x, visible.w);
        grow(&areas->part.y, &areas->part.h, SQUARE + 2 * AROUND, visible.y, visible.h);
    }
    return TRUE;
}

/* --- Patches -------------------------------------------------------------------------------- */

static VdtRestoreArea area_of(const GstVideoRectangle *in, const GstVideoRectangle *part)
{
    return (VdtRestoreArea){(guint)(in->x - part->x), (guint)(in->y - part->y), (guint)in->w,
                            (guint)in->h};
}

/* Where square @i of @n begins that cover @length pixels from @begin on, in a picture of @all. */
static int begin_of(int i, int n, int begin, int length, int side, int all)
{
    const int at =
        n == 1 ? begin + (length - side) / 2 : begin + (int)((gint64)(length - side) * i / (n - 1));

    return CLAMP(at, 0, all - side);
}

/* Squares over @box, which is in coordinates of the part, of @w x @h. */
static void cover(GArray *patches, const GstVideoRectangle *box, int w, int h)
{
    const int wide = MIN(SQUARE, w), high = MIN(SQUARE, h);
    const int across = (box->w + wide - 1) / wide, down = (box->h + high - 1) / high;
    const GstVideoRectangle none = {0};

    for (int j = 0; j < down; j++)
        for (int i = 0; i < across; i++) {
            const GstVideoRectangle run = {begin_of(i, across, box->x, box->w, wide, w),
                                           begin_of(j, down, box->y, box->h, high, h), wide, high};
            GstVideoRectangle keep;
            VdtRestorePatch patch;

            if (!intersect(&run, box, &keep))
                continue;
            patch = (VdtRestorePatch){area_of(&run, &none), area_of(&keep, &none)};
            g_array_append_val(patches, patch);
        }
}

/* Whether that takes longer than all of the part. */
static gboolean is_much(const GArray *patches, const GstVideoRectangle *part)
{
    return (gint64)patches->len * (SQUARE + AROUND) * (SQUARE + AROUND) > (gint64)part->w * part->h;
}

void vdt_restore_areas_ask(const VdtRestoreAreas *areas, const VdtRestoreWanted *wanted,
                           VdtRestoreWork *work)
{
    const GstVideoRectangle *part = &areas->part;

    g_array_set_size(work->patches, 0);
    for (guint i = 0; i < areas->found->len; i++) {
        GstVideoRectangle box = g_array_index(areas->found, GstVideoRectangle, i);

        box.x -= part->x;
        box.y -= part->y;
        if (wanted->what == VDT_RESTORE_BOXES) {
            cover(work->patches, &box, part->w, part->h);
        } else if (box.w != part->w || box.h != part->h) {
            const GstVideoRectangle none = {0};
            const VdtRestorePatch patch = {area_of(&box, &none), area_of(&box, &none)};

            g_array_append_val(work->patches, patch);
        }
    }
    work->squares = wanted->what == VDT_RESTORE_BOXES;
    /* what is altered of a picture that gets no larger is known without them */
    if (work->squares && vdt_restore_steps_scale(&work->steps) == 1 &&
        is_much(work->patches, part)) {
        g_array_set_size(work->patches, 0);
        work->squares = FALSE;
    }
}

G_STATIC_ASSERT(SQUARE % 2 == 0);
