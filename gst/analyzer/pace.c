/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pace.h"

#define DEFAULT_MODE          VDT_ANALYZER_LIVE
#define DEFAULT_INTERVAL      1.0
#define DEFAULT_MIN_DURATION  0.0
#define DEFAULT_POST_MESSAGES TRUE
#define DEFAULT_MAX_DELAY     2.0

enum { MODE, INTERVAL, MIN_DURATION, POST_MESSAGES, POST_EVENTS, MAX_DELAY };

void vdt_pace_init(VdtPace *pace)
{
    *pace = (VdtPace){.mode = DEFAULT_MODE,
                      .interval = DEFAULT_INTERVAL,
                      .min_duration = DEFAULT_MIN_DURATION,
                      .max_delay = DEFAULT_MAX_DELAY,
                      .post_messages = DEFAULT_POST_MESSAGES,
                      .post_events = VDT_EVENT_ALL};
}

gboolean vdt_pace_set(VdtPace *pace, guint id, const GValue *value)
{
    switch (id) {
    case MODE:
        pace->mode = (VdtAnalyzerMode)g_value_get_enum(value);
        return TRUE;
    case INTERVAL:
        pace->interval = g_value_get_double(value);
        pace->interval_set = TRUE;
        return TRUE;
    case MIN_DURATION:
        pace->min_duration = g_value_get_double(value);
        return TRUE;
    case POST_MESSAGES:
        pace->post_messages = g_value_get_boolean(value);
        return TRUE;
    case POST_EVENTS:
        pace->post_events = g_value_get_flags(value);
        return TRUE;
    case MAX_DELAY:
        pace->max_delay = g_value_get_double(value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_pace_get(const VdtPace *pace, guint id, GValue *value)
{
    switch (id) {
    case MODE:
        g_value_set_enum(value, pace->mode);
        return TRUE;
    case INTERVAL:
        g_value_set_double(value, pace->interval);
        return TRUE;
    case MIN_DURATION:
        g_value_set_double(value, pace->min_duration);
        return TRUE;
    case POST_MESSAGES:
        g_value_set_boolean(value, pace->post_messages);
        return TRUE;
    case POST_EVENTS:
        g_value_set_flags(value, pace->post_events);
        return TRUE;
    case MAX_DELAY:
        g_value_set_double(value, pace->max_delay);
        return TRUE;
    default:
        return FALSE;
    }
}

void vdt_pace_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(klass, first + MODE,
                                    g_param_spec_enum("mode", "Mode",
                                                      "Whether frames wait for their results",
                                                      VDT_TYPE_ANALYZER_MODE, DEFAULT_MODE, live));
    g_object_class_install_property(
        klass, first + INTERVAL,
        g_param_spec_double("interval", "Interval",
                            "Seconds of stream time between two results; 0 for one per new picture",
                            0, 3600, DEFAULT_INTERVAL, live));
    g_object_class_install_property(
        klass, first + MIN_DURATION,
        g_param_spec_double("min-duration", "Minimum duration",
                            "Seconds that the same must be found for before its event starts, "
                            "and be missing for before it ends",
                            0, 3600, DEFAULT_MIN_DURATION, live));
    g_object_class_install_property(klass, first + POST_MESSAGES,
                                    g_param_spec_boolean("post-messages", "Post messages",
                                                         "Post results on the bus",
                                                         DEFAULT_POST_MESSAGES, live));
    g_object_class_install_property(klass, first + POST_EVENTS,
                                    g_param_spec_flags("post-events", "Post events",
                                                       "Which messages are posted, if any are",
                                                       VDT_TYPE_EVENT_KINDS, VDT_EVENT_ALL, live));
    g_object_class_install_property(
        klass, first + MAX_DELAY,
        g_param_spec_double("max-delay", "Maximum delay",
                            "Seconds that frames are held at most, in mode=aligned", 0, 60,
                            DEFAULT_MAX_DELAY, live));
}

void vdt_pace_suggest_interval(VdtPace *pace, double interval)
{
    if (!pace->interval_set)
        pace->interval = interval > 0 ? interval : DEFAULT_INTERVAL;
}
