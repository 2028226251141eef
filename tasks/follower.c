/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "follower.h"

#include "look.h"
#include "regions.h"
#include "stands.h"
#include "steady.h"

struct _VdtFollower {
    VdtSteady *steady;
    VdtStands *stands;
    VdtTracker *tracker;
};

VdtFollower *vdt_follower_new(void)
{
    VdtFollower *follower = g_new(VdtFollower, 1);

    *follower = (VdtFollower){vdt_steady_new(), vdt_stands_new(), vdt_tracker_new()};
    return follower;
}

void vdt_follower_free(VdtFollower *follower)
{
    vdt_steady_free(follower->steady);
    vdt_stands_free(follower->stands);
    vdt_tracker_free(follower->tracker);
    g_free(follower);
}

void vdt_follower_reset(VdtFollower *follower)
{
    vdt_steady_reset(follower->steady);
    vdt_stands_reset(follower->stands);
    vdt_tracker_reset(follower->tracker);
}

const GArray *vdt_follower_get_objects(const VdtFollower *follower)
{
    return vdt_tracker_get_objects(follower->tracker);
}

/* @plane of a map as large as another one, by the nearest pixels. */
static guint8 *scale(const guint8 *plane, const VdtSegmentation *from, guint width, guint height)
{
    guint8 *to = g_malloc((gsize)width * height);

    for (guint y = 0; y < height; y++) {
        const gsize row = (2 * (gsize)y + 1) * from->height / (2 * (gsize)height);

        for (guint x = 0; x < width; x++)
            to[(gsize)y * width + x] =
                plane[row * from->width + (2 * (gsize)x + 1) * from->width / (2 * (gsize)width)];
    }
    return to;
}

/* Of each region that the tracker looks at. */
static VdtLook *take_looks(const GArray *regions, const VdtSegmentation *seg, const guint8 *marks,
                           const VdtPicture *picture)
{
    const guint n = MIN(regions->len, VDT_OBJECT_REGIONS);
    VdtLook *looks = g_new(VdtLook, MAX(n, 1));

    for (guint i = 0; i < n; i++)
        vdt_look_take(&looks[i], &g_array_index(regions, VdtRegion, i), seg, marks, picture);
    return looks;
}

static void update(VdtFollower *follower, const VdtSegmentation *seg, const gboolean *wanted,
                   const VdtPicture *picture, double aspect, gint64 time, double least)
{
    const gsize n = (gsize)seg->width * seg->height;
    g_autofree guint8 *moves = g_malloc(n);
    g_autoptr(GArray) regions = NULL;
    g_autofree VdtLook *looks = NULL;
    VdtShift shift;

    for (gsize i = 0; i < n; i++)
        moves[i] = seg->map[i] < seg->n_classes && wanted[seg->map[i]];
    shift = vdt_steady_update(follower->steady, picture, moves);
    vdt_stands_mark(follower->stands, seg, wanted, picture, shift);
    regions =
        vdt_regions_find(seg, vdt_stands_get_marks(follower->stands), wanted, VDT_OBJECT_PIECE);
    looks = take_looks(regions, seg, vdt_stands_get_marks(follower->stands), picture);
    vdt_tracker_update(follower->tracker, follower->stands, regions, looks, seg->width, seg->height,
                       aspect, time, (gsize)(least * (double)n));
    vdt_stands_learn(follower->stands, vdt_tracker_get_objects(follower->tracker), seg, picture,
                     aspect);
}

void vdt_follower_update(VdtFollower *follower, const VdtSegmentation *seg, const gboolean *wanted,
                         const VdtPicture *picture, double aspect, gint64 time, double least)
{
    g_autofree guint8 *map = NULL, *sure = NULL;
    VdtSegmentation small = {
        .width = picture->width, .height = picture->height, .n_classes = seg->n_classes};

    if (seg->width == small.width && seg->height == small.height) {
        update(follower, seg, wanted, picture, aspect, time, least);
        return;
    }
    small.map = map = scale(seg->map, seg, small.width, small.height);
    small.sure = sure = seg->sure ? scale(seg->sure, seg, small.width, small.height) : NULL;
    update(follower, &small, wanted, picture, aspect, time, least);
}
