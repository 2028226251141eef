/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tracker.h"

#include <math.h>
#include <string.h>

#include "stands.h"
#include "track.h"

#define SECOND      G_GINT64_CONSTANT(1000000000) /* ns */
#define OUTLINE     1.0          /* pixels of the map that things lose to what is around them */
#define CONFIRMED   (SECOND / 5) /* ns, from when something was found first until it is an object */
#define ESTABLISHED SECOND
#define CROWD       1.15         /* times the pixels that were its own: something else has come */
#define CROWDED     (8 * SECOND) /* until it is thought to have grown */
#define STILL       0.1          /* sizes a second, of what stands */
#define WHOLE       0.6          /* of a place, that lies in a crowded region */
#define PART        0.6          /* of a region, that lay in one that was there before */
#define HIDDEN      (SECOND * 6 / 10) /* that one may be hidden */
#define BEHIND      0.5               /* of where it would be, that another covers */
#define LONG        6                 /* times as long may it be hidden then */
#define GONE        0.25              /* of an object that is left in the frame */
#define LIMB        0.35              /* of the height of whom it is at the feet of */
#define LEARNS      0.1               /* of its looks, from each picture */
#define FADES       0.5               /* of the score, in a second */

struct _VdtTracker {
    guint next_id, next_group;
    gint64 time; /* of the newest update; -1 before the first */
    double aspect;
    GArray *tracks;  /* VdtTrack */
    GArray *objects; /* VdtObject */
};

VdtTracker *vdt_tracker_new(void)
{
    VdtTracker *tracker = g_new0(VdtTracker, 1);

    tracker->next_id = tracker->next_group = 1;
    tracker->time = -1;
    tracker->tracks = g_array_new(FALSE, FALSE, sizeof(VdtTrack));
    tracker->objects = g_array_new(FALSE, FALSE, sizeof(VdtObject));
    return tracker;
}

void vdt_tracker_free(VdtTracker *tracker)
{
    g_array_unref(tracker->tracks);
    g_array_unref(tracker->objects);
    g_free(tracker);
}

void vdt_tracker_reset(VdtTracker *tracker)
{
    g_array_set_size(tracker->tracks, 0);
    g_array_set_size(tracker->objects, 0);
    tracker->time = -1;
}

const GArray *vdt_tracker_get_objects(const VdtTracker *tracker)
{
    return tracker->objects;
}

gboolean vdt_track_is_confirmed(const VdtTrack *track)
{
    return track->found > 1 && track->object.last - track->object.first >= CONFIRMED;
}

gboolean vdt_track_is_standing(const VdtTrack *track)
{
    return hypot(track->filter.x.speed, track->filter.y.speed) <
           STILL * vdt_box_filter_get_size(&track->filter);
}

static GArray *find(const VdtStands *stands, const GArray *regions, const VdtLook *looks,
                    guint width, guint height, double aspect)
{
    const guint n = MIN(regions->len, VDT_OBJECT_REGIONS);
    GArray *found = g_array_sized_new(FALSE, FALSE, sizeof(VdtFound), n);

    for (guint i = 0; i < n; i++) {
        const VdtRegion *r = &g_array_index(regions, VdtRegion, i);
        VdtFound one = {.box = {MAX(r->left - OUTLINE, 0) * aspect / width,
                                MAX(r->top - OUTLINE, 0) / height,
                                MIN(r->right + OUTLINE, width) * aspect / width,
                                MIN(r->bottom + OUTLINE, height) / height},
                        .class_id = r->class_id,
                        .row = r->row,
                        .of = stands ? vdt_stands_get_id(stands, r->mark) : 0,
                        .pixels = r->pixels,
                        .look = looks ? &looks[i] : NULL,
                        .score = r->score};

        memcpy(one.beside, r->beside, sizeof one.beside);
        g_array_append_val(found, one);
    }
    return found;
}

/* Whether a region shows a track and something else that was never seen alone. */
static gboolean is_crowded(const VdtTrack *track, const VdtFound *f, gint64 time)
{
    return time - track->object.first >= ESTABLISHED &&
           (double)f->pixels > CROWD * (double)track->pixels &&
           vdt_bounds_area(&f->box) > CROWD * vdt_bounds_area(&track->seen) &&
           vdt_bounds_share_in(&track->place, &f->box) > WHOLE && time - track->alone < CROWDED &&
           vdt_track_is_standing(track);
}

/* Whether something else is where the track would be. */
static gboolean is_behind(const VdtTrack *track, GArray *found)
{
    for (guint i = 0; i < found->len; i++) {
        const VdtFound *f = vdt_found_at(found, i);

        if (f->class_id != track->object.class_id &&
            vdt_bounds_share_in(&track->place, &f->box) > BEHIND)
            return TRUE;
    }
    return FALSE;
}

/* It is where it was, whatever of it is to be seen. */
static void stay(VdtTrack *track, double aspect, gint64 time)
{
    const VdtFound whole = {.box = track->stood};

    vdt_track_place_alone(track, &whole, aspect);
    track->now = track->seen = track->shown = track->stood;
    track->alone = time;
    track->group = 0;
    track->object.state = track->region < 0 ? VDT_OBJECT_HIDDEN : VDT_OBJECT_SEEN;
    if (track->region < 0)
        return;
    track->object.last = time;
    track->found++;
}

/* How a track looks, where its region has no other beside it that it may have pixels of. */
static void learn(VdtTrack *track, const GArray *found)
{
    const VdtFound *f = vdt_found_at(found, (guint)track->region);

    if (!f->look || f->row > 0)
        return;
    for (guint i = 0; i < found->len; i++) {
        const VdtFound *other = vdt_found_at(found, i);

        if (other != f && other->class_id == f->class_id &&
            vdt_bounds_overlap(&f->box, &other->box) > 0)
            return;
    }
    track->looked++;
    vdt_look_learn(&track->look, f->look, MAX(1.0 / track->looked, LEARNS));
}

static void follow(VdtTracker *tracker, VdtTrack *track, GArray *found, const guint *groups,
                   double frame, gint64 time)
{
    VdtObject *object = &track->object;
    const VdtFound *f;

    if (track->stands) {
        stay(track, tracker->aspect, time);
        return;
    }
    if (track->region < 0) {
        object->state = VDT_OBJECT_HIDDEN;
        track->now = track->place;
        track->covered = is_behind(track, found);
        return;
    }
    f = vdt_found_at(found, (guint)track->region);
    if (f->owners > 1 || is_crowded(track, f, time)) {
        vdt_track_place_in(track, f);
        object->state = VDT_OBJECT_MERGED;
        track->group = groups[track->region];
    } else {
        vdt_track_place_alone(track, f, tracker->aspect);
        object->state = VDT_OBJECT_SEEN;
        object->share = (double)f->pixels / frame;
        track->group = 0;
        track->pixels = f->pixels;
        track->alone = time;
        track->stood = track->now;
        learn(track, found);
    }
    object->score = f->score;
    object->last = time;
    track->seen = track->now;
    track->shown = vdt_bounds_join(&track->now, &f->box);
    track->found++;
}

/* The object that the region was a part of. */
static guint find_parent(const VdtTracker *tracker, const VdtFound *f)
{
    for (guint i = 0; i < tracker->tracks->len; i++) {
        const VdtTrack *track = vdt_track_at(tracker->tracks, i);

        if (track->object.id > 0 && track->object.class_id == f->class_id &&
            vdt_bounds_share_in(&f->box, &track->shown) >= PART)
            return track->object.id;
    }
    return 0;
}

/* Whether it is at the feet of something so much higher that it is a part of that: whoever is as
 * near is larger. */
static gboolean is_limb(const VdtTracker *tracker, const VdtFound *f)
{
    for (guint i = 0; i < tracker->tracks->len; i++) {
        const VdtTrack *track = vdt_track_at(tracker->tracks, i);
        const VdtBounds whole = vdt_bounds_join(&track->place, &track->seen);
        const double limb = LIMB * (whole.y1 - whole.y0);
        const double middle = (f->box.x0 + f->box.x1) / 2;

        if (track->object.class_id == f->class_id && track->region >= 0 &&
            vdt_track_is_confirmed(track) && f->box.y1 - f->box.y0 < limb &&
            f->box.y1 > whole.y1 - limb && f->box.y0 < whole.y1 + limb &&
            middle > whole.x0 - limb && middle < whole.x1 + limb)
            return TRUE;
    }
    return FALSE;
}

static void begin(VdtTracker *tracker, const GArray *found, double frame, gint64 time, gsize least,
                  const guint *parents)
{
    for (guint i = 0; i < found->len; i++) {
        const VdtFound *f = vdt_found_at(found, i);
        VdtTrack track = {.region = -1,
                          .found = 1,
                          .seen = f->box,
                          .shown = f->box,
                          .now = f->box,
                          .pixels = f->pixels,
                          .alone = time};

        if (f->owners > 0 || f->joined || f->pixels < least || is_limb(tracker, f) ||
            tracker->tracks->len >= VDT_OBJECTS_MOST)
            continue;
        track.object = (VdtObject){.class_id = f->class_id,
                                   .parent = parents[i],
                                   .first = time,
                                   .last = time,
                                   .score = f->score,
                                   .share = (double)f->pixels / frame};
        vdt_box_filter_start(&track.filter, &f->box);
        g_array_append_val(tracker->tracks, track);
    }
}

static VdtBounds clip(const VdtBounds *box, double aspect)
{
    const VdtBounds frame = {0, 0, aspect, 1};

    return vdt_bounds_meet(box, &frame);
}

/* Whether so little of it is left that it is not worth to wait for. */
static gboolean is_gone(const VdtTracker *tracker, const VdtTrack *track, gint64 time)
{
    const VdtBounds box = vdt_box_filter_get(&track->filter), left = clip(&box, tracker->aspect);
    const gint64 known = MAX(track->object.last, track->alone); /* when it was known where it is */

    return track->ended || (!vdt_track_is_confirmed(track) && track->object.last < time) ||
           (time - known > (track->covered ? LONG : 1) * HIDDEN) ||
           (track->object.last < time && vdt_bounds_area(&left) < GONE * vdt_bounds_area(&box));
}

/* Also of what is no object yet: it has come from somewhere. */
static void note_place(const VdtTracker *tracker, VdtTrack *track, double seconds)
{
    VdtObject *object = &track->object;
    const VdtBounds left = clip(&track->now, tracker->aspect);
    const double a = tracker->aspect;

    object->box = (VdtBounds){left.x0 / a, left.y0, left.x1 / a, left.y1};
    object->speed_x = track->filter.x.speed / a;
    object->speed_y = track->filter.y.speed;
    if (object->state == VDT_OBJECT_HIDDEN)
        object->score *= pow(FADES, seconds);
    if (object->n_path == VDT_OBJECT_PATH)
        memmove(object->path, object->path + 1, --object->n_path * sizeof *object->path);
    object->path[object->n_path++] =
        (VdtPlace){(object->box.x0 + object->box.x1) / 2, object->box.y1};
}

static void predict(VdtTracker *tracker, const VdtStands *stands, double seconds)
{
    for (guint i = 0; i < tracker->tracks->len; i++) {
        VdtTrack *track = vdt_track_at(tracker->tracks, i);

        vdt_box_filter_predict(&track->filter, seconds);
        track->place = vdt_box_filter_get(&track->filter);
        track->region = -1;
        track->stands =
            stands && track->object.id > 0 && vdt_stands_is_marked(stands, track->object.id);
    }
}

/* A number for each region that shows more than one. */
static guint *number_groups(VdtTracker *tracker, GArray *found)
{
    guint *groups = g_new0(guint, MAX(found->len, 1));

    for (guint i = 0; i < found->len; i++)
        if (vdt_found_at(found, i)->owners > 1)
            groups[i] = tracker->next_group++;
    return groups;
}

void vdt_tracker_update(VdtTracker *tracker, const VdtStands *stands, const GArray *regions,
                        const VdtLook *looks, guint width, guint height, double aspect, gint64 time,
                        gsize least)
{
    const double frame = (double)width * height;
    const double seconds = tracker->time < 0 ? 0 : (double)(time - tracker->time) / (double)SECOND;
    g_autoptr(GArray) found = find(stands, regions, looks, width, height, aspect);
    g_autofree guint *groups = NULL, *parents = g_new0(guint, MAX(found->len, 1));

    tracker->aspect = aspect;
    tracker->time = time;
    predict(tracker, stands, seconds);
    vdt_track_match(tracker->tracks, found);
    groups = number_groups(tracker, found);
    for (guint i = 0; i < found->len; i++)
        parents[i] = find_parent(tracker, vdt_found_at(found, i));
    for (guint i = 0; i < tracker->tracks->len; i++)
        follow(tracker, vdt_track_at(tracker->tracks, i), found, groups, frame, time);
    g_array_set_size(tracker->objects, 0);
    for (guint i = tracker->tracks->len; i-- > 0;)
        if (is_gone(tracker, vdt_track_at(tracker->tracks, i), time))
            g_array_remove_index(tracker->tracks, i);
    begin(tracker, found, frame, time, least, parents);
    for (guint i = 0; i < tracker->tracks->len; i++) {
        VdtTrack *track = vdt_track_at(tracker->tracks, i);

        if (vdt_track_is_confirmed(track) && track->object.id == 0)
            track->object.id = tracker->next_id++;
        note_place(tracker, track, seconds);
        if (track->object.id > 0)
            g_array_append_val(tracker->objects, track->object);
    }
}
