/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latency.h"

#define CHANGE_GAP       G_USEC_PER_SEC
#define WITH_MARGIN(t)   ((t) + (t) / 20)
#define MUCH_FASTER(was) ((was) / 4 * 3)

gboolean vdt_latency_note(VdtLatency *latency, GstClockTime took, gint64 now)
{
    GstClockTime worst = 0;

    latency->recent[latency->next++ % VDT_LATENCY_RESULTS] = took;
    for (guint i = 0; i < VDT_LATENCY_RESULTS; i++)
        worst = MAX(worst, latency->recent[i]);
    if (worst <= latency->reported && worst >= MUCH_FASTER(latency->reported))
        return FALSE;
    if (latency->changed && now - latency->changed < CHANGE_GAP)
        return FALSE;
    latency->reported = WITH_MARGIN(worst);
    latency->changed = now;
    return TRUE;
}

void vdt_latency_add(GstQuery *query, GstClockTime own)
{
    GstClockTime min, max;
    gboolean live;

    gst_query_parse_latency(query, &live, &min, &max);
    gst_query_set_latency(query, live, min + own, GST_CLOCK_TIME_IS_VALID(max) ? max + own : max);
}
