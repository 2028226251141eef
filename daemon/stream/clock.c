/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"

/* The system's, whose type an application could have changed, in a way that the time of day could
 * lead it astray: so one of our own. */
static GstClock *get_clock(void)
{
    static gsize clock;

    if (g_once_init_enter(&clock)) {
        GstClock *own = g_object_new(GST_TYPE_SYSTEM_CLOCK, "name", "vedette-clock", "clock-type",
                                     GST_CLOCK_TYPE_MONOTONIC, NULL);

        gst_object_ref_sink(own);
        GST_OBJECT_FLAG_SET(own, GST_OBJECT_FLAG_MAY_BE_LEAKED);
        g_once_init_leave(&clock, (gsize)own);
    }
    return (GstClock *)clock;
}

gint64 vdt_clock_now(void)
{
    return (gint64)gst_clock_get_time(get_clock());
}

void vdt_clock_rule(GstElement *pipeline, gint64 base)
{
    gst_pipeline_use_clock(GST_PIPELINE(pipeline), get_clock());
    gst_element_set_start_time(pipeline, GST_CLOCK_TIME_NONE);
    gst_element_set_base_time(pipeline, (GstClockTime)base);
}
