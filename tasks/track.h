/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tracker's files share: tracks, and what a map showed. */
#pragma once

#include "tracker.h"

G_BEGIN_DECLS

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
    VdtBounds stood;     /* where it was seen alone last */
    gboolean stands;     /* it is known to be there still, with something before it */
    gboolean covered;    /* it is hidden behind something */
    VdtLook look;        /* while it was alone */
    guint looked;        /* times */
    gboolean ended;
} VdtTrack;

/* A region, or the pieces of one. */
typedef struct {
    VdtBounds box;
    guint class_id;
    guint row; /* as in VdtRegion */
    guint of;  /* id of the object that is known to stand there, 0 for none */
    gsize pixels;
    double score;
    double beside[VDT_N_EDGES]; /* as in VdtRegion */
    guint owners;               /* tracks that it shows */
    const VdtLook *look;        /* NULL if it is not known */
    gboolean joined;            /* to another */
} VdtFound;

static inline VdtTrack *vdt_track_at(const GArray *tracks, guint i)
{
    return &g_array_index(tracks, VdtTrack, i);
}

static inline VdtFound *vdt_found_at(const GArray *found, guint i)
{
    return &g_array_index(found, VdtFound, i);
}

/* Whether it was found for long enough to be an object. */
gboolean vdt_track_is_confirmed(const VdtTrack *track);
gboolean vdt_track_is_standing(const VdtTrack *track);

/* trackmatch.c: says of each of @tracks which of @found is its own; pieces of one are joined. Those
 * that have parted and might as well be each other are ended. */
void vdt_track_match(GArray *tracks, GArray *found);

/* trackplace.c: the filter of a track takes what was found for it, in a frame whose sides are as
 * @aspect to 1: all of that, or its part of it. */
void vdt_track_place_alone(VdtTrack *track, const VdtFound *found, double aspect);
void vdt_track_place_in(VdtTrack *track, const VdtFound *found);

G_END_DECLS
