/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small scene from vedette-scenesrc and the street that it should show, for its tests. */
#pragma once

#include "fixture.h"
#include "street.h"

#define WIDTH  64
#define HEIGHT 36
#define CAPS   "video/x-raw, width=64, height=36, framerate=25/1"
#define SEED   7

static inline VdtStreet *street_new(const VdtStreetConditions *conditions)
{
    return vdt_street_new(
        &(VdtStreetOptions){SEED, conditions ? *conditions : (VdtStreetConditions){0}, FALSE});
}

#define source_new(...)                                                                            \
    gst_element_factory_make_full("vedette-scenesrc", "seed", (guint64)SEED, __VA_ARGS__, NULL)

static inline GstHarness *play(GstElement *source, const char *caps)
{
    GstHarness *h = fixture_harness(source);

    gst_harness_use_systemclock(h);
    gst_harness_set_sink_caps_str(h, caps);
    gst_harness_play(h);
    return h;
}

/* Whether the end of the stream comes, events before it taken off. */
static inline gboolean wait_eos(GstHarness *h)
{
    gboolean found = FALSE;

    while (!found) {
        g_autoptr(GstEvent) event = gst_harness_pull_event(h);

        if (!event)
            return FALSE;
        found = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    }
    return TRUE;
}
