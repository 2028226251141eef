/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "track.h"

/* Which region is whose. */

#define LEAST_OVERLAP 0.1  /* of a region and the place where an object will be, both grown */
#define PIECE         0.6  /* of a region, that lies in that place */
#define NEAR          0.25 /* sizes of the larger one between two pieces of what moves, at most */
#define WITHIN        0.7  /* of that place, that lies in a region which shows others, too */
#define TELLS         0.0  /* overlaps of two ways to part that are told apart */
#define LOOKS         2.0  /* overlaps that it is worth to look the same */
#define PARTS         4.0  /* of two that part */
#define KNOWN         3    /* times something was looked at until its looks say something */
#define UNKNOWN       0.7  /* until then: as much as most are alike */

static void join(VdtFound *f, VdtFound *piece)
{
    f->score = (f->score * (double)f->pixels + piece->score * (double)piece->pixels) /
               (double)(f->pixels + piece->pixels);
    f->pixels += piece->pixels;
    f->box = vdt_bounds_join(&f->box, &piece->box);
    piece->joined = TRUE;
}

/* Whether @low is what shows of @high below @between, which is before it: the feet of who carries a
 * bag. */
static gboolean is_below(const VdtFound *high, const VdtFound *low, const VdtFound *between)
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
            VdtFound *f = vdt_found_at(found, i), *piece = vdt_found_at(found, k);
            gboolean below = FALSE;

            if (f->of || piece->of || f->class_id != piece->class_id || f->joined ||
                piece->joined || 2 * piece->pixels > f->pixels)
                continue;
            for (guint b = 0; b < found->len && !below; b++)
                below = is_below(f, piece, vdt_found_at(found, b));
            if (below)
                join(f, piece);
        }
}

/* How well a region goes with where a track will be: their overlap, with both as much larger as one
 * is uncertain of that. */
static double fit(const VdtTrack *track, const VdtBounds *box)
{
    const double across =
        MIN(vdt_axis_filter_get_doubt(&track->filter.x), track->filter.x.size) / 2;
    const double down = MIN(vdt_axis_filter_get_doubt(&track->filter.y), track->filter.y.size) / 2;
    const VdtBounds place = vdt_bounds_grow(&track->place, across, down),
                    other = vdt_bounds_grow(box, across, down);

    return vdt_bounds_overlap(&place, &other);
}

/* The track that region @f is a piece of, -1 for none. */
static int find_whole(const GArray *tracks, const VdtFound *f)
{
    double most = 0;
    int best = -1;

    for (guint i = 0; i < tracks->len; i++) {
        const VdtTrack *track = vdt_track_at(tracks, i);
        const double size = vdt_box_filter_get_size(&track->filter);
        const VdtBounds place = vdt_bounds_grow(&track->place, size / 10, size / 10);
        const double overlap = vdt_bounds_overlap(&track->place, &f->box);

        if (track->object.class_id == f->class_id && vdt_track_is_confirmed(track) &&
            !track->stands && f->of == 0 && overlap > most &&
            vdt_bounds_share_in(&f->box, &place) >= PIECE) {
            most = overlap;
            best = (int)i;
        }
    }
    return best;
}

/* Whether each has a head of its own. */
static gboolean are_two(const VdtFound *a, const VdtFound *b)
{
    return a->row > 0 && a->row == b->row;
}

/* Whether two may be pieces of one thing. What stands may have anything before it; what moves is
 * behind a post for a moment, or has become two. */
static gboolean may_be_one(const VdtTrack *whole, const VdtBounds *a, const VdtBounds *b)
{
    const double across = MAX(a->x0, b->x0) - MIN(a->x1, b->x1);
    const double down = MAX(a->y0, b->y0) - MIN(a->y1, b->y1);

    return vdt_track_is_standing(whole) ||
           MAX(across, down) < NEAR * MAX(a->x1 - a->x0, a->y1 - a->y0);
}

/* Makes the pieces of each track one region, as far as it gets more like the track by that. */
static void join_pieces(const GArray *tracks, GArray *found)
{
    g_autofree int *whole = g_new(int, MAX(found->len, 1));

    for (guint i = 0; i < found->len; i++)
        whole[i] = find_whole(tracks, vdt_found_at(found, i));
    for (guint i = 0; i < found->len; i++) { /* the largest first */
        VdtFound *f = vdt_found_at(found, i);

        for (guint k = i + 1; k < found->len && whole[i] >= 0 && !f->joined; k++) {
            VdtFound *piece = vdt_found_at(found, k);
            const VdtTrack *track = vdt_track_at(tracks, (guint)whole[i]);
            const VdtBounds *place = &track->place;
            const VdtBounds both = vdt_bounds_join(&f->box, &piece->box);

            if (whole[k] != whole[i] || piece->joined || are_two(f, piece) ||
                !may_be_one(track, &f->box, &piece->box) ||
                vdt_bounds_overlap(&both, place) <= vdt_bounds_overlap(&f->box, place))
                continue;
            join(f, piece);
        }
    }
}

/* How much a region looks like a track. */
static double look(const VdtTrack *track, const VdtFound *f)
{
    return track->looked < KNOWN || !f->look ? UNKNOWN : vdt_look_compare(&track->look, f->look);
}

/* A track and a region that may be its own. */
typedef struct {
    guint track, found;
    double fit; /* and looks */
} Pair;

static int by_fit(gconstpointer a, gconstpointer b)
{
    const Pair *one = a, *other = b;

    return (one->fit < other->fit) - (one->fit > other->fit);
}

/* Gives each track its region: the best pair first, then the best of those that are left. */
/* What shows of those that stand is known. */
static void give_known(GArray *tracks, GArray *found)
{
    for (guint t = 0; t < tracks->len; t++) {
        VdtTrack *track = vdt_track_at(tracks, t);

        for (guint i = 0; i < found->len && track->stands; i++) {
            VdtFound *f = vdt_found_at(found, i);

            if (f->of != track->object.id)
                continue;
            if (track->region < 0) {
                track->region = (int)i;
                f->owners = 1;
            } else {
                join(vdt_found_at(found, (guint)track->region), f);
            }
        }
    }
}

static void assign(GArray *tracks, GArray *found)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(Pair));

    for (guint t = 0; t < tracks->len; t++)
        for (guint f = 0; f < found->len; f++) {
            const VdtTrack *track = vdt_track_at(tracks, t);
            const VdtFound *one = vdt_found_at(found, f);
            Pair pair = {t, f, 0};

            if (one->joined || one->class_id != track->object.class_id)
                continue;
            pair.fit = fit(track, &one->box);
            if (pair.fit < LEAST_OVERLAP)
                continue;
            pair.fit += LOOKS * look(track, one);
            g_array_append_val(pairs, pair);
        }
    g_array_sort(pairs, by_fit);
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        VdtTrack *track = vdt_track_at(tracks, pair->track);
        VdtFound *f = vdt_found_at(found, pair->found);

        if (track->region >= 0 || f->owners > 0 || track->stands || f->of > 0)
            continue;
        track->region = (int)pair->found;
        f->owners = 1;
    }
}

/* Tracks without a region that a larger one covers have merged with whom that is. */
static void merge(GArray *tracks, GArray *found)
{
    for (guint t = 0; t < tracks->len; t++) {
        VdtTrack *track = vdt_track_at(tracks, t);
        double most = WITHIN;

        if (track->region >= 0 || track->stands || !vdt_track_is_confirmed(track))
            continue;
        for (guint f = 0; f < found->len; f++) {
            const VdtFound *other = vdt_found_at(found, f);
            const double within = vdt_bounds_share_in(&track->place, &other->box);

            if (other->joined || other->of > 0 || other->class_id != track->object.class_id ||
                within < most)
                continue;
            most = within;
            track->region = (int)f;
        }
        if (track->region >= 0)
            vdt_found_at(found, (guint)track->region)->owners++;
    }
}

/* Ends those that part and might as well be each other. */
static void part(GArray *tracks, GArray *found)
{
    for (guint a = 0; a < tracks->len; a++)
        for (guint b = a + 1; b < tracks->len; b++) {
            VdtTrack *one = vdt_track_at(tracks, a), *other = vdt_track_at(tracks, b);
            VdtFound *f, *g;
            double kept;

            if (one->group == 0 || one->group != other->group || one->region < 0 ||
                other->region < 0 || one->region == other->region)
                continue;
            f = vdt_found_at(found, (guint)one->region);
            g = vdt_found_at(found, (guint)other->region);
            kept =
                fit(one, &f->box) + fit(other, &g->box) - fit(one, &g->box) - fit(other, &f->box);
            kept += PARTS * (look(one, f) + look(other, g) - look(one, g) - look(other, f));
            if (kept < TELLS)
                one->ended = other->ended = TRUE;
        }
    for (guint t = 0; t < tracks->len; t++) {
        VdtTrack *track = vdt_track_at(tracks, t);

        if (track->ended && track->region >= 0) {
            vdt_found_at(found, (guint)track->region)->owners--;
            track->region = -1;
        }
    }
}

void vdt_track_match(GArray *tracks, GArray *found)
{
    join_below(found);
    give_known(tracks, found);
    join_pieces(tracks, found);
    assign(tracks, found);
    merge(tracks, found);
    part(tracks, found);
}
