/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline.h"

#define MS     G_GINT64_CONSTANT(1000000)
/* No network delays by more, no camera sends ahead by more: then its clock was set. */
#define LEAP   (5000 * MS)
/* Pictures that are shown in another order than they are coded in are not further apart. */
#define BACK   (1000 * MS)
#define WINDOW (2000 * MS)
/* How fast a clock is followed: a 32nd of time; crystals differ by less than a 10000th. */
#define RATE   32

void vdt_timeline_init(VdtTimeline *timeline)
{
    *timeline = (VdtTimeline){.in = -1, .out = -1};
}

void vdt_timeline_begin(VdtTimeline *timeline, gint64 offset, gint64 slack)
{
    *timeline = (VdtTimeline){.offset = offset, .slack = slack, .in = -1, .out = timeline->out};
}

/* Moves the offset so that @first comes at @now, or where times go on. */
static void anchor(VdtTimeline *timeline, gint64 first, gint64 now)
{
    timeline->offset = MAX(now, timeline->out + 1) - first;
    timeline->pending = 0;
    timeline->window = 0;
}

/* What a clock is off by shows in the least lag of a while: more is the network's. */
static gboolean follow(VdtTimeline *timeline, gint64 in, gint64 now)
{
    const gint64 lag = now - (in + timeline->offset), least = MIN(timeline->least, lag);

    if (timeline->window == 0) {
        timeline->window = now + WINDOW;
        timeline->least = lag;
        return FALSE;
    }
    timeline->least = least;
    if (now < timeline->window)
        return FALSE;
    timeline->window = 0;
    timeline->pending = least < 0 ? least : MAX(least - timeline->slack, 0);
    if (least <= LEAP)
        return FALSE;
    timeline->offset += least;
    timeline->pending = 0;
    return TRUE;
}

static void slew(VdtTimeline *timeline, gint64 step)
{
    const gint64 most = MAX(step, 0) / RATE, by = CLAMP(timeline->pending, -most, most);

    timeline->offset += by;
    timeline->pending -= by;
}

gboolean vdt_timeline_map(VdtTimeline *timeline, gint64 *pts, gint64 *dts, gint64 now)
{
    const gint64 in = *pts >= 0 ? *pts : *dts;
    const gint64 first = *pts >= 0 && *dts >= 0 ? MIN(*pts, *dts) : in;
    gboolean leaps = timeline->in < 0;

    if (in < 0) { /* a source that tells no time is taken by when its frames come */
        *pts = timeline->out = MAX(now, timeline->out + 1);
        return FALSE;
    }
    if (leaps) {
        if (ABS(now - (in + timeline->offset)) > LEAP || first + timeline->offset <= timeline->out)
            anchor(timeline, first, now);
    } else {
        const gint64 step = in - timeline->in, waited = now - timeline->arrived;

        if (step < -BACK || step - waited > LEAP) {
            anchor(timeline, first, now);
            leaps = TRUE;
        } else {
            slew(timeline, step);
            leaps = follow(timeline, in, now);
        }
    }
    timeline->in = in;
    timeline->arrived = now;
    if (*pts >= 0)
        *pts = MAX(*pts + timeline->offset, 0);
    if (*dts >= 0)
        *dts = MAX(*dts + timeline->offset, 0);
    timeline->out = MAX(timeline->out, in + timeline->offset);
    return leaps;
}
