/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nearest.h"

static GstClockTime time_of(const VdtResult *result)
{
    const VdtTimeline way = {.backwards = result->backwards};

    return vdt_timeline_convert(&way, result->pts);
}

/* The newest result up to @time, and the first after it; each may be NULL. */
static void find(const VdtNearest *nearest, GstClockTime time, VdtResult **before,
                 VdtResult **after)
{
    *before = *after = NULL;
    for (const GList *l = nearest->results.head; l && !*after; l = l->next) {
        if (time_of(l->data) <= time)
            *before = l->data;
        else
            *after = l->data;
    }
}

static void free_result(gpointer result)
{
    vdt_result_unref(result);
}

void vdt_nearest_add(VdtNearest *nearest, VdtResult *result)
{
    g_queue_push_tail(&nearest->results, vdt_result_ref(result));
}

VdtResult *vdt_nearest_get(const VdtNearest *nearest, GstClockTime time)
{
    VdtResult *before, *after, *best;

    if (!GST_CLOCK_TIME_IS_VALID(time))
        return NULL;
    find(nearest, time, &before, &after);
    best = before && after ? (time_of(after) - time < time - time_of(before) ? after : before)
           : before        ? before
                           : after;
    return best ? vdt_result_ref(best) : NULL;
}

gboolean vdt_nearest_is_known(const VdtNearest *nearest, GstClockTime time, GstClockTime next)
{
    VdtResult *before, *after;

    find(nearest, time, &before, &after);
    return after || (before && GST_CLOCK_TIME_IS_VALID(next) && next >= time &&
                     next - time >= time - time_of(before));
}

void vdt_nearest_trim(VdtNearest *nearest, GstClockTime time)
{
    while (GST_CLOCK_TIME_IS_VALID(time) && nearest->results.length > 1 &&
           time_of(g_queue_peek_nth(&nearest->results, 1)) <= time)
        free_result(g_queue_pop_head(&nearest->results));
}

void vdt_nearest_clear(VdtNearest *nearest)
{
    g_queue_clear_full(&nearest->results, free_result);
}
