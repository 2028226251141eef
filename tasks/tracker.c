/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tracker.h"

#include <math.h>
#include <string.h>

#define SECOND        1e9
#define CONFIRMED     3    /* times found, until something is an object */
#define LEAST_OVERLAP 0.1  /* of a region and the place where an object will be, both grown */
#define PIECE         0.6  /* of a region, that lies in that place */
#define WITHIN        0.5  /* of that place, that lies in a region which shows others, too */
#define TELLS         0.05 /* overlaps of two ways to part that are told apart */
#define NOISE         0.09 /* of an edge, in sizes of the box */
#define COVERED       0.6  /* of one that is likely to be another's */
#define SHRUNK        0.85 /* of its size: something covers it */
#define BESIDE        0.3
#define OUTLINE       1.0 /* pixels of the map that things lose to what is around them */
#define ESTABLISHED   8   /* times found, until something is no piece of another any more */
#define CROWD         1.8 /* times the pixels that were its own */
#define STILL         0.2 /* sizes a second, of what stands */
#define CROWDED       (3 * G_GINT64_CONSTANT(1000000000)) /* ns, until it is thought to have grown */
#define BEHIND        0.5                           /* of where it would be, that another covers */
#define HIDDEN        G_GINT64_CONSTANT(1000000000) /* ns that one may be hidden */
#define LONG          6                             /* times as long may it be hidden then */
#define OWN           0.2  /* sizes; as near as that, an edge of a common region is one's own */
#define GONE          0.25 /* of an object that is left in the frame */
#define FADES         0.5  /* of the score, in a second */

/* What is followed: an object, once it was found often enough. */
typedef struct {
    VdtObject object;
    VdtBoxFilter filter; /* lengths in heights of the frame */
    VdtBounds place;     /* where it will be */
    VdtBounds seen;      /* where it was found last */
    VdtBounds shown;     /* that, and the region that showed it, alone or not */
    VdtBounds now;       /* where it is, as far as that is known */
    gsize pixels;        /* when it was seen alone last */
    gint64 alone;        /* when that was */
    guint found;         /* times */
    guint group;         /* of those that are merged, 0 for none */
    int region;          /* its own, -1 for none */
    gboolean covered;    /* it is hidden behind something */
    gboolean ended;
} Track;

/* A region, or the pieces of one. */
typedef struct {
    VdtBounds box;
    guint class_id;
    gsize pixels;
    double score;
    double beside[VDT_N_EDGES]; /* as in VdtRegion */
    guint owners;               /* tracks that it shows */
    gboolean joined;            /* to another */
} Found;

struct _VdtTracker {
    guint next_id, next_group;
    gint64 time; /* of the newest update; -1 before the first */
    double aspect;
    GArray *tracks;  /* Track */
    GArray *objects; /* VdtObject */
};

VdtTracker *vdt_tracker_new(void)
{
    VdtTracker *tracker = g_new0(VdtTracker, 1);

    tracker->next_id = tracker->next_group = 1;
    tracker->time = -1;
    tracker->tracks = g_array_new(FALSE, FALSE, sizeof(Track));
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

static Track *track_at(const VdtTracker *tracker, guint i)
{
    return &g_array_index(tracker->tracks, Track, i);
}

static Found *found_at(GArray *found, guint i)
{
    return &g_array_index(found, Found, i);
}

static GArray *find(const GArray *regions, guint width, guint height, double aspect)
{
    const guint n = MIN(regions->len, VDT_TRACKER_REGIONS);
    GArray *found = g_array_sized_new(FALSE, FALSE, sizeof(Found), n);

    for (guint i = 0; i < n; i++) {
        const VdtRegion *r = &g_array_index(regions, VdtRegion, i);
        Found one = {.box = {MAX(r->left - OUTLINE, 0) * aspect / width,
                             MAX(r->top - OUTLINE, 0) / height,
                             MIN(r->right + OUTLINE, width) * aspect / width,
                             MIN(r->bottom + OUTLINE, height) / height},
                     .class_id = r->class_id,
                     .pixels = r->pixels,
                     .score = r->score};

        memcpy(one.beside, r->beside, sizeof one.beside);
        g_array_append_val(found, one);
    }
    return found;
}

static void join(Found *f, Found *piece)
{
    f->score = (f->score * (double)f->pixels + piece->score * (double)piece->pixels) /
               (double)(f->pixels + piece->pixels);
    f->pixels += piece->pixels;
    f->box = vdt_bounds_join(&f->box, &piece->box);
    piece->joined = TRUE;
}

/* Whether @low is what shows of @high below @between, which is before it: the feet of who carries a
 * bag. */
static gboolean is_below(const Found *high, const Found *low, const Found *between)
{
    const double height = between->box.y1 - between->box.y0;
    const double middle = (low->box.x0 + low->box.x1) / 2;
    const double width = high->box.x1 - high->box.x0;

    return between->class_id != high->class_id && low->box.y0 >= between->box.y0 &&
           high->box.y1 <= between->box.y1 && low->box.y0 >= high->box.y1 - height / 2 &&
           vdt_bounds_share_in(&between->box, &high->box) > 0 &&
           vdt_bounds_share_in(&between->box, &low->box) > 0 &&
           fabs(middle - (high->box.x0 + high->box.x1) / 2) < 0.8 * width;
}

static void join_below(GArray *found)
{
    for (guint i = 0; i < found->len; i++)
        for (guint k = i + 1; k < found->len; k++) { /* the smaller ones */
            Found *f = found_at(found, i), *piece = found_at(found, k);
            gboolean below = FALSE;

            if (f->class_id != piece->class_id || f->joined || piece->joined ||
                2 * piece->pixels > f->pixels)
                continue;
            for (guint b = 0; b < found->len && !below; b++)
                below = is_below(f, piece, found_at(found, b));
            if (below)
                join(f, piece);
        }
}

/* How well a region goes with where a track will be: their overlap, with both as much larger as one
 * is uncertain of that. */
static double fit(const Track *track, const VdtBounds *box)
{
    const double across =
        MIN(vdt_axis_filter_get_doubt(&track->filter.x), track->filter.x.size) / 2;
    const double down = MIN(vdt_axis_filter_get_doubt(&track->filter.y), track->filter.y.size) / 2;
    const VdtBounds place = vdt_bounds_grow(&track->place, across, down),
                    other = vdt_bounds_grow(box, across, down);

    return vdt_bounds_overlap(&place, &other);
}

/* The track that region @f is a piece of, -1 for none. */
static int find_whole(const VdtTracker *tracker, const Found *f)
{
    double most = 0;
    int best = -1;

    for (guint i = 0; i < tracker->tracks->len; i++) {
        const Track *track = track_at(tracker, i);
        const double size = vdt_box_filter_get_size(&track->filter);
        const VdtBounds place = vdt_bounds_grow(&track->place, size / 10, size / 10);
        const double overlap = vdt_bounds_overlap(&track->place, &f->box);

        if (track->object.class_id == f->class_id && track->found >= CONFIRMED && overlap > most &&
            vdt_bounds_share_in(&f->box, &place) >= PIECE) {
            most = overlap;
            best = (int)i;
        }
    }
    return best;
}

/* Makes the pieces of each track one region, as far as it gets more like the track by that. */
static void join_pieces(const VdtTracker *tracker, GArray *found)
{
    g_autofree int *whole = g_new(int, MAX(found->len, 1));

    for (guint i = 0; i < found->len; i++)
        whole[i] = find_whole(tracker, found_at(found, i));
    for (guint i = 0; i < found->len; i++) { /* the largest first */
        Found *f = found_at(found, i);

        for (guint k = i + 1; k < found->len && whole[i] >= 0 && !f->joined; k++) {
            Found *piece = found_at(found, k);
            const VdtBounds *place = &track_at(tracker, (guint)whole[i])->place;
            const VdtBounds both = vdt_bounds_join(&f->box, &piece->box);

            if (whole[k] != whole[i] || piece->joined ||
                vdt_bounds_overlap(&both, place) <= vdt_bounds_overlap(&f->box, place))
                continue;
            join(f, piece);
        }
    }
}

/* A track and a region that may be its own. */
typedef struct {
    guint track, found;
    double fit;
} Pair;

static int by_fit(gconstpointer a, gconstpointer b)
{
    const Pair *one = a, *other = b;

    return (one->fit < other->fit) - (one->fit > other->fit);
}

/* Gives each track its region: the best pair first, then the best of those that are left. */
static void assign(VdtTracker *tracker, GArray *found)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(Pair));

    for (guint t = 0; t < tracker->tracks->len; t++)
        for (guint f = 0; f < found->len; f++) {
            const Pair pair = {t, f, fit(track_at(tracker, t), &found_at(found, f)->box)};

            if (!found_at(found, f)->joined && pair.fit >= LEAST_OVERLAP &&
                found_at(found, f)->class_id == track_at(tracker, t)->object.class_id)
                g_array_append_val(pairs, pair);
        }
    g_array_sort(pairs, by_fit);
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        Track *track = track_at(tracker, pair->track);
        Found *f = found_at(found, pair->found);

        if (track->region >= 0 || f->owners > 0)
            continue;
        track->region = (int)pair->found;
        f->owners = 1;
    }
}

/* Tracks without a region that a larger one covers have merged with whom that is. */
static void merge(VdtTracker *tracker, GArray *found)
{
    for (guint t = 0; t < tracker->tracks->len; t++) {
        Track *track = track_at(tracker, t);
        double most = WITHIN;

        if (track->region >= 0 || track->found < CONFIRMED)
            continue;
        for (guint f = 0; f < found->len; f++) {
            const Found *other = found_at(found, f);
            const double within = vdt_bounds_share_in(&track->place, &other->box);

            if (other->joined || other->class_id != track->object.class_id || within < most)
                continue;
            most = within;
            track->region = (int)f;
        }
        if (track->region >= 0)
            found_at(found, (guint)track->region)->owners++;
    }
}

/* Ends those that part and might as well be each other. */
static void part(VdtTracker *tracker, GArray *found)
{
    for (guint a = 0; a < tracker->tracks->len; a++)
        for (guint b = a + 1; b < tracker->tracks->len; b++) {
            Track *one = track_at(tracker, a), *other = track_at(tracker, b);
            Found *f, *g;
            double kept;

            if (one->group == 0 || one->group != other->group || one->region < 0 ||
                other->region < 0 || one->region == other->region)
                continue;
            f = found_at(found, (guint)one->region);
            g = found_at(found, (guint)other->region);
            kept =
                fit(one, &f->box) + fit(other, &g->box) - fit(one, &g->box) - fit(other, &f->box);
            if (kept < TELLS)
                one->ended = other->ended = TRUE;
        }
    for (guint t = 0; t < tracker->tracks->len; t++) {
        Track *track = track_at(tracker, t);

        if (track->ended && track->region >= 0) {
            found_at(found, (guint)track->region)->owners--;
            track->region = -1;
        }
    }
}

/* Whether the frame ends where the box does. */
static gboolean is_cut(const VdtBounds *box, VdtEdge edge, double aspect)
{
    const double ends[] = {0, 0, aspect, 1};

    return fabs(vdt_bounds_edge(box, edge) - ends[edge]) < 1e-3;
}

/* An edge that the frame cuts off lies outside, wherever. */
static void measure_cut(Track *track, const VdtBounds *box, VdtEdge edge)
{
    const double at = vdt_bounds_edge(box, edge),
                 expected = vdt_box_filter_get_edge(&track->filter, edge);
    const gboolean low = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_TOP;

    if (low ? expected > at : expected < at)
        vdt_box_filter_measure(&track->filter, edge, at, NOISE);
}

/* An edge that is not where it was expected is not the object's own if something else begins there
 * and the object has shrunk. */
static gboolean is_covered(const Track *track, const Found *f, VdtEdge edge)
{
    const gboolean across = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_RIGHT;
    const double size = across ? f->box.x1 - f->box.x0 : f->box.y1 - f->box.y0;
    const double expected =
        across ? track->place.x1 - track->place.x0 : track->place.y1 - track->place.y0;

    return track->found > CONFIRMED && f->beside[edge] > BESIDE && size < SHRUNK * expected;
}

static void measure_own(Track *track, const Found *f, double aspect)
{
    VdtBounds now = f->box;
    double *edges[] = {&now.x0, &now.y0, &now.x1, &now.y1};
    gboolean covered[VDT_N_EDGES];

    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++) {
        covered[edge] = is_covered(track, f, edge);
        if (is_cut(&f->box, edge, aspect))
            measure_cut(track, &f->box, edge);
        else
            vdt_box_filter_measure(&track->filter, edge, vdt_bounds_edge(&f->box, edge),
                                   covered[edge] ? COVERED : NOISE);
    }
    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++)
        if (covered[edge])
            *edges[edge] = vdt_box_filter_get_edge(&track->filter, edge);
    track->now = now;
}

/* Whether a region shows a track and something else that was never seen alone. */
static gboolean is_crowded(const Track *track, const Found *f, gint64 time)
{
    return track->found >= ESTABLISHED && (double)f->pixels > CROWD * (double)track->pixels &&
           vdt_bounds_area(&f->box) > CROWD * vdt_bounds_area(&track->seen) &&
           vdt_bounds_share_in(&track->place, &f->box) > PIECE && time - track->alone < CROWDED &&
           hypot(track->filter.x.speed, track->filter.y.speed) <
               STILL * vdt_box_filter_get_size(&track->filter);
}

/* Within a common region: where that ends, the object does, too. */
static void measure_common(Track *track, const VdtBounds *box)
{
    const double size = vdt_box_filter_get_size(&track->filter);

    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++) {
        const double at = vdt_bounds_edge(box, edge),
                     expected = vdt_bounds_edge(&track->place, edge);
        const gboolean low = edge == VDT_EDGE_LEFT || edge == VDT_EDGE_TOP;

        if ((low ? expected < at : expected > at) || fabs(expected - at) < OWN * size)
            vdt_box_filter_measure(&track->filter, edge, at, 2 * NOISE);
    }
    track->now = vdt_box_filter_get(&track->filter);
}

/* Whether something else is where the track would be. */
static gboolean is_behind(const Track *track, GArray *found)
{
    for (guint i = 0; i < found->len; i++) {
        const Found *f = found_at(found, i);

        if (f->class_id != track->object.class_id &&
            vdt_bounds_share_in(&track->place, &f->box) > BEHIND)
            return TRUE;
    }
    return FALSE;
}

static void follow(VdtTracker *tracker, Track *track, GArray *found, const guint *groups,
                   double frame, gint64 time)
{
    VdtObject *object = &track->object;
    const Found *f;

    if (track->region < 0) {
        object->state = VDT_OBJECT_HIDDEN;
        track->now = track->place;
        track->covered = is_behind(track, found);
        return;
    }
    f = found_at(found, (guint)track->region);
    if (f->owners > 1 || is_crowded(track, f, time)) {
        measure_common(track, &f->box);
        object->state = VDT_OBJECT_MERGED;
        track->group = groups[track->region];
    } else {
        measure_own(track, f, tracker->aspect);
        object->state = VDT_OBJECT_SEEN;
        object->share = (double)f->pixels / frame;
        track->group = 0;
        track->pixels = f->pixels;
        track->alone = time;
    }
    object->score = f->score;
    object->last = time;
    track->seen = track->now;
    track->shown = vdt_bounds_join(&track->now, &f->box);
    track->found++;
}

/* The object that the region was a part of. */
static guint find_parent(const VdtTracker *tracker, const Found *f)
{
    for (guint i = 0; i < tracker->tracks->len; i++) {
        const Track *track = track_at(tracker, i);

        if (track->object.id > 0 && track->object.class_id == f->class_id &&
            vdt_bounds_share_in(&f->box, &track->shown) >= PIECE)
            return track->object.id;
    }
    return 0;
}

static void begin(VdtTracker *tracker, const GArray *found, double frame, gint64 time, gsize least,
                  const guint *parents)
{
    for (guint i = 0; i < found->len; i++) {
        const Found *f = &g_array_index(found, Found, i);
        Track track = {.region = -1,
                       .found = 1,
                       .seen = f->box,
                       .shown = f->box,
                       .now = f->box,
                       .pixels = f->pixels,
                       .alone = time};

        if (f->owners > 0 || f->joined || f->pixels < least ||
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
static gboolean is_gone(const VdtTracker *tracker, const Track *track, gint64 time)
{
    const VdtBounds box = vdt_box_filter_get(&track->filter), left = clip(&box, tracker->aspect);

    return track->ended || (track->found < CONFIRMED && track->object.last < time) ||
           time - track->object.last > (track->covered ? LONG : 1) * HIDDEN ||
           (track->object.last < time && vdt_bounds_area(&left) < GONE * vdt_bounds_area(&box));
}

static void tell(VdtTracker *tracker, Track *track, double seconds)
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
    g_array_append_val(tracker->objects, *object);
}

static void predict(VdtTracker *tracker, double seconds)
{
    for (guint i = 0; i < tracker->tracks->len; i++) {
        Track *track = track_at(tracker, i);

        vdt_box_filter_predict(&track->filter, seconds);
        track->place = vdt_box_filter_get(&track->filter);
        track->region = -1;
    }
}

/* A number for each region that shows more than one. */
static guint *number_groups(VdtTracker *tracker, GArray *found)
{
    guint *groups = g_new0(guint, MAX(found->len, 1));

    for (guint i = 0; i < found->len; i++)
        if (found_at(found, i)->owners > 1)
            groups[i] = tracker->next_group++;
    return groups;
}

void vdt_tracker_update(VdtTracker *tracker, const GArray *regions, guint width, guint height,
                        double aspect, gint64 time, gsize least)
{
    const double frame = (double)width * height;
    const double seconds = tracker->time < 0 ? 0 : (double)(time - tracker->time) / SECOND;
    g_autoptr(GArray) found = find(regions, width, height, aspect);
    g_autofree guint *groups = NULL, *parents = g_new0(guint, MAX(found->len, 1));

    tracker->aspect = aspect;
    tracker->time = time;
    predict(tracker, seconds);
    join_below(found);
    join_pieces(tracker, found);
    assign(tracker, found);
    merge(tracker, found);
    part(tracker, found);
    groups = number_groups(tracker, found);
    for (guint i = 0; i < found->len; i++)
        parents[i] = find_parent(tracker, found_at(found, i));
    for (guint i = 0; i < tracker->tracks->len; i++)
        follow(tracker, track_at(tracker, i), found, groups, frame, time);
    g_array_set_size(tracker->objects, 0);
    for (guint i = tracker->tracks->len; i-- > 0;)
        if (is_gone(tracker, track_at(tracker, i), time))
            g_array_remove_index(tracker->tracks, i);
    begin(tracker, found, frame, time, least, parents);
    for (guint i = 0; i < tracker->tracks->len; i++) {
        Track *track = track_at(tracker, i);

        if (track->found >= CONFIRMED && track->object.id == 0)
            track->object.id = tracker->next_id++;
        if (track->object.id > 0)
            tell(tracker, track, seconds);
    }
}
