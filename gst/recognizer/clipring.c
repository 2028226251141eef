/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clipring.h"

#include <math.h>

struct _VdtClipRing {
    guint n_shots;
    double step;         /* ns */
    GstClockTime origin; /* of the grid; NONE before the first picture */
    gint64 newest;       /* number of the newest grid time */
    gboolean after_gap;  /* the newest picture came a window or more after the one before */
    gboolean fresh;      /* a picture was kept since the last clip */
    /* Of grid time k at k % n_slots, or NULL. One more than a clip has: it may be the nearest to
     * the first grid time. */
    guint n_slots;
    VdtShot *shots[];
};

VdtShot *vdt_shot_new(GstClockTime pts, gsize n_bytes)
{
    VdtShot *shot = g_atomic_rc_box_alloc(sizeof *shot + n_bytes);

    shot->pts = pts;
    return shot;
}

VdtShot *vdt_shot_ref(VdtShot *shot)
{
    return g_atomic_rc_box_acquire(shot);
}

void vdt_shot_unref(VdtShot *shot)
{
    g_atomic_rc_box_release(shot);
}

void vdt_clip_free(VdtClip *clip)
{
    for (guint i = 0; i < clip->n_shots; i++)
        vdt_shot_unref(clip->shots[i]);
    g_free(clip);
}

VdtClipRing *vdt_clip_ring_new(guint n_shots, GstClockTime window)
{
    VdtClipRing *ring = g_malloc0(sizeof *ring + (n_shots + 1) * sizeof ring->shots[0]);

    ring->n_shots = n_shots;
    ring->n_slots = n_shots + 1;
    ring->step = MAX(1.0, (double)window / MAX(1, n_shots - 1));
    ring->origin = GST_CLOCK_TIME_NONE;
    return ring;
}

void vdt_clip_ring_free(VdtClipRing *ring)
{
    vdt_clip_ring_reset(ring);
    g_free(ring);
}

void vdt_clip_ring_reset(VdtClipRing *ring)
{
    for (guint i = 0; i < ring->n_slots; i++)
        g_clear_pointer(&ring->shots[i], vdt_shot_unref);
    ring->origin = GST_CLOCK_TIME_NONE;
    ring->fresh = FALSE;
}

static gint64 nearest(const VdtClipRing *ring, GstClockTime pts)
{
    return (gint64)floor((double)(gint64)(pts - ring->origin) / ring->step + 0.5);
}

static double distance(const VdtClipRing *ring, gint64 k, GstClockTime pts)
{
    return fabs((double)(gint64)(pts - ring->origin) - (double)k * ring->step);
}

gboolean vdt_clip_ring_wants(const VdtClipRing *ring, GstClockTime pts)
{
    const VdtShot *rival;
    gint64 k;

    if (!GST_CLOCK_TIME_IS_VALID(ring->origin))
        return TRUE;
    k = nearest(ring, pts);
    if (k != ring->newest)
        return k > ring->newest;
    rival = ring->shots[k % ring->n_slots];
    return distance(ring, k, pts) < distance(ring, k, rival->pts);
}

/* Makes @k the newest grid time, forgetting those that fall out. */
static void advance(VdtClipRing *ring, gint64 k)
{
    for (gint64 i = MAX(ring->newest + 1, k - ring->n_slots + 1); i <= k; i++)
        g_clear_pointer(&ring->shots[i % ring->n_slots], vdt_shot_unref);
    ring->newest = MAX(ring->newest, k);
}

void vdt_clip_ring_add(VdtClipRing *ring, VdtShot *shot)
{
    gboolean gap = FALSE;
    gint64 k;

    if (GST_CLOCK_TIME_IS_VALID(ring->origin)) {
        gap = nearest(ring, shot->pts) >= ring->newest + ring->n_shots;
        /* one gap is a break in the stream; if all are like that, the stream is slow */
        if (gap && !ring->after_gap)
            vdt_clip_ring_reset(ring);
    }
    if (!GST_CLOCK_TIME_IS_VALID(ring->origin)) {
        ring->origin = shot->pts;
        ring->newest = 0;
    }
    ring->after_gap = gap;
    k = nearest(ring, shot->pts);
    advance(ring, k);
    g_clear_pointer(&ring->shots[k % ring->n_slots], vdt_shot_unref);
    ring->shots[k % ring->n_slots] = shot;
    ring->fresh = TRUE;
}

/* The kept picture nearest to grid time @k. The newest grid time always has one. */
static VdtShot *find(const VdtClipRing *ring, gint64 k)
{
    VdtShot *best = ring->shots[ring->newest % ring->n_slots];

    for (guint i = 0; i < ring->n_slots; i++) {
        VdtShot *shot = ring->shots[i];

        if (shot && distance(ring, k, shot->pts) < distance(ring, k, best->pts))
            best = shot;
    }
    return best;
}

VdtClip *vdt_clip_ring_get(VdtClipRing *ring)
{
    VdtClip *clip;

    if (!ring->fresh || ring->newest + 1 < ring->n_shots)
        return NULL;
    ring->fresh = FALSE;
    clip = g_malloc(sizeof *clip + ring->n_shots * sizeof clip->shots[0]);
    clip->n_shots = ring->n_shots;
    for (guint i = 0; i < ring->n_shots; i++)
        clip->shots[i] = vdt_shot_ref(find(ring, ring->newest - ring->n_shots + 1 + i));
    return clip;
}
