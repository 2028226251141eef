/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of the week, over changes of the clock too, and what profiles make of events. */
#include "events/hub.h"
#include "events/profile.h"

static void test_bad(void)
{
    static const char *const texts[] = {"",
                                        ";",
                                        "Mon;;Tue",
                                        "Noday",
                                        "Monday",
                                        "Mon-",
                                        "Mon,",
                                        "Mon 10:00",
                                        "Mon 10:00-",
                                        "10:00-10:00",
                                        "24:00-06:00",
                                        "10:00-24:01",
                                        "10:60-11:00",
                                        "1:00-2:00",
                                        "10:00 - 11:00",
                                        "10:00-11:00 Mon",
                                        "10:00-11:000",
                                        "Mon 10:00-11:00, Tue",
                                        "\xff\xfe"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("case %u", i);
        g_assert_null(vdt_schedule_parse(texts[i], &error));
        g_assert_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE);
        g_assert_true(g_str_has_prefix(error->message, "expected "));
    }
    g_autoptr(GString) many = g_string_new("Mon");
    for (guint i = 0; i < VDT_SCHEDULE_MOST; i++)
        g_string_append(many, ";Mon");
    g_assert_null(vdt_schedule_parse(many->str, NULL));
    g_string_truncate(many, many->len - 4);
    g_autoptr(VdtSchedule) most = vdt_schedule_parse(many->str, NULL);
    g_assert_nonnull(most);
}

/* 2026-06-01 is a Monday. */
static void test_week(void)
{
    static const struct {
        const char *schedule;
        guint day, hour, minute;
        gboolean is_on;
    } cases[] = {
        {"Mon", 1, 0, 0, TRUE},
        {"Mon", 1, 23, 59, TRUE},
        {"Mon", 2, 0, 0, FALSE},
        {"mon,WED", 3, 12, 0, TRUE},
        {"Mon, Wed", 2, 12, 0, FALSE},
        {"Fri-Mon", 7, 12, 0, TRUE},
        {"Fri-Mon", 2, 12, 0, FALSE},
        {"08:00-17:00", 4, 8, 0, TRUE},
        {"08:00-17:00", 4, 7, 59, FALSE},
        {"08:00-17:00", 4, 16, 59, TRUE},
        {"08:00-17:00", 4, 17, 0, FALSE},
        {"Mon-Fri 22:00-06:00", 5, 22, 0, TRUE},
        {"Mon-Fri 22:00-06:00", 6, 5, 59, TRUE}, /* Friday's */
        {"Mon-Fri 22:00-06:00", 6, 22, 0, FALSE},
        {"Mon-Fri 22:00-06:00", 8, 5, 0, FALSE}, /* Sunday's, which has none */
        {"Sun 22:00-06:00", 8, 5, 0, TRUE},
        {"Sun 22:00-00:00", 8, 0, 0, FALSE},
        {"Sun 22:00-00:00", 7, 23, 59, TRUE},
        {"Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00;", 6, 12, 0, TRUE},
        {"Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00;", 5, 12, 0, FALSE},
    };
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Berlin");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtSchedule) schedule = vdt_schedule_parse(cases[i].schedule, &error);
        g_autoptr(GDateTime) local = g_date_time_new(zone, 2026, 6, (int)cases[i].day,
                                                     (int)cases[i].hour, (int)cases[i].minute, 59);
        g_assert_no_error(error);
        g_test_message("case %u: %s", i, cases[i].schedule);
        g_assert_cmpint(vdt_schedule_has(schedule, local), ==, cases[i].is_on);
    }
}

static VdtEvent *event_at(const char *utc, const char *stream, const char *type, const char *label)
{
    VdtEventLine line = vdt_event_line_now();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(utc, NULL);
    line.time = g_date_time_to_unix(time) * G_USEC_PER_SEC;
    line.type = type;
    line.event = "start";
    line.id = "a";
    line.stream = stream;
    line.label = label;
    return vdt_event_new(&line);
}

/* Of minutes of UTC from @utc on, those in which it holds: "0-29 60-89". */
static char *show_minutes(const char *schedule, const char *utc, guint n)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Berlin");
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)vdt_profile_free);
    VdtProfile *profile = vdt_profile_new();
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean was = FALSE;
    profile->schedule = vdt_schedule_parse(schedule, NULL);
    g_ptr_array_add(profiles, profile);
    g_autoptr(VdtEvent) event = event_at(utc, "front", "action", "loiter");
    for (guint i = 0; i <= n; i++) {
        gboolean is = i < n && vdt_profiles_judge(profiles, VDT_ARM_AUTO, zone, event) != 0;
        if (is && !was)
            g_string_append_printf(text, "%s%u-", text->len > 0 ? " " : "", i);
        if (was && !is)
            g_string_append_printf(text, "%u", i - 1);
        was = is;
        event->time += 60 * G_USEC_PER_SEC;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* In Berlin clocks go from 2 to 3 on 2026-03-29, at 1 UTC, and from 3 to 2 on 2026-10-25, at 1 UTC.
 */
static void test_clock_changes(void)
{
    static const struct {
        const char *schedule, *from, *minutes; /* from 23:00 UTC of the day before, 6 hours */
    } cases[] = {
        /* the night in spring is an hour shorter: 00:00 is minute 0, 03:00 is minute 120 */
        {"Sun 01:30-03:30", "2026-03-28T23:00:00Z", "90-149"},
        {"Sun 02:00-03:00", "2026-03-28T23:00:00Z", ""},
        {"Sun 02:30-04:00", "2026-03-28T23:00:00Z", "120-179"},
        {"Sat 22:00-03:00", "2026-03-28T23:00:00Z", "0-119"},
        {"Sun", "2026-03-28T23:00:00Z", "0-359"},
        /* that in autumn an hour longer: 02:00 is minute 180 of this, and minute 240 again */
        {"Sun 02:00-02:30", "2026-10-24T21:00:00Z", "180-209 240-269"},
        {"Sun 01:30-03:30", "2026-10-24T21:00:00Z", "150-329"},
        {"Sat 22:00-02:00", "2026-10-24T21:00:00Z", "0-179"},
        {"Sat 22:00-03:00", "2026-10-24T21:00:00Z", "0-299"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *minutes = show_minutes(cases[i].schedule, cases[i].from, 360);
        g_test_message("case %u: %s", i, cases[i].schedule);
        g_assert_cmpstr(minutes, ==, cases[i].minutes);
    }
}

static void add(GPtrArray *profiles, const char *streams, const char *types, const char *labels,
                const char *schedule, gboolean even_disarmed, guint audience)
{
    VdtProfile *profile = vdt_profile_new();
    profile->streams = streams != NULL ? g_strsplit(streams, " ", -1) : NULL;
    profile->types = types != NULL ? g_strsplit(types, " ", -1) : NULL;
    profile->labels = labels != NULL ? g_strsplit(labels, " ", -1) : NULL;
    profile->schedule = schedule != NULL ? vdt_schedule_parse(schedule, NULL) : NULL;
    profile->even_disarmed = even_disarmed;
    profile->audience = audience;
    g_ptr_array_add(profiles, profile);
}

static void test_judges(void)
{
    static const struct {
        const char *stream, *type, *label, *time;
        guint of_auto, of_armed, of_disarmed;
    } cases[] = {
        /* by day, Monday */
        {"front", "action", "loiter", "2026-06-01T10:00:00Z", VDT_TO_PAGE,
         VDT_TO_PAGE | VDT_TO_MQTT, 0},
        {"front", "action", "walk", "2026-06-01T10:00:00Z", VDT_TO_PAGE, VDT_TO_PAGE, 0},
        {"yard", "action", "loiter", "2026-06-01T10:00:00Z", 0, VDT_TO_MQTT, 0},
        {"yard", "segmentation", "person", "2026-06-01T10:00:00Z", 0, 0, 0},
        {NULL, "system", "away", "2026-06-01T10:00:00Z", VDT_TO_WEBHOOK, VDT_TO_WEBHOOK,
         VDT_TO_WEBHOOK},
        {"front", "system", "lost", "2026-06-01T10:00:00Z", VDT_TO_WEBHOOK | VDT_TO_PAGE,
         VDT_TO_WEBHOOK | VDT_TO_PAGE, VDT_TO_WEBHOOK},
        /* by night; 20:30 UTC is 22:30 there */
        {"yard", "action", "loiter", "2026-06-01T20:30:00Z", VDT_TO_MQTT, VDT_TO_MQTT, 0},
        {"yard", "action", "loiter", "2026-06-01T19:30:00Z", 0, VDT_TO_MQTT, 0},
    };
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Berlin");
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)vdt_profile_free);
    add(profiles, "front", NULL, NULL, NULL, FALSE, VDT_TO_PAGE);
    add(profiles, NULL, "action", "loiter fight", "22:00-06:00", FALSE, VDT_TO_MQTT);
    add(profiles, NULL, "system", NULL, NULL, TRUE, VDT_TO_WEBHOOK);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtEvent) event =
            event_at(cases[i].time, cases[i].stream, cases[i].type, cases[i].label);
        g_test_message("case %u", i);
        g_assert_cmpuint(vdt_profiles_judge(profiles, VDT_ARM_AUTO, zone, event), ==,
                         cases[i].of_auto);
        g_assert_cmpuint(vdt_profiles_judge(profiles, VDT_ARM_ARMED, zone, event), ==,
                         cases[i].of_armed);
        g_assert_cmpuint(vdt_profiles_judge(profiles, VDT_ARM_DISARMED, zone, event), ==,
                         cases[i].of_disarmed);
    }
}

static void test_without(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(VdtEvent) event = event_at("2026-06-01T10:00:00Z", "front", "action", "loiter");
    g_autoptr(VdtEvent) own = event_at("2026-06-01T10:00:00Z", NULL, VDT_EVENT_SYSTEM, "away");
    g_assert_cmpuint(vdt_profiles_judge(none, VDT_ARM_AUTO, zone, event), ==, VDT_TO_ALL);
    g_assert_cmpuint(vdt_profiles_judge(none, VDT_ARM_ARMED, zone, event), ==, VDT_TO_ALL);
    g_assert_cmpuint(vdt_profiles_judge(none, VDT_ARM_DISARMED, zone, event), ==, 0);
    g_assert_cmpuint(vdt_profiles_judge(none, VDT_ARM_DISARMED, zone, own), ==, VDT_TO_ALL);
}

/* Times that no calendar has. */
static void test_extreme(void)
{
    static const gint64 times[] = {G_MININT64, -1, 0, G_MAXINT64};
    g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)vdt_profile_free);
    add(profiles, NULL, NULL, NULL, "Mon-Sun", FALSE, VDT_TO_ALL);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        VdtEventLine line = vdt_event_line_now();
        line.type = "x";
        line.event = "start";
        line.id = "x";
        line.time = times[i];
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        g_assert_cmpuint(vdt_profiles_judge(profiles, VDT_ARM_AUTO, zone, event), ==, VDT_TO_ALL);
    }
}

static void test_names(void)
{
    VdtArm arm;
    for (guint i = 0; i < VDT_N_ARMS; i++) {
        g_assert_true(vdt_arm_from_name(vdt_arm_name(i), &arm));
        g_assert_cmpuint(arm, ==, i);
    }
    g_assert_false(vdt_arm_from_name("on", &arm));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/profile/bad", test_bad);
    g_test_add_func("/profile/week", test_week);
    g_test_add_func("/profile/clock-changes", test_clock_changes);
    g_test_add_func("/profile/judges", test_judges);
    g_test_add_func("/profile/without", test_without);
    g_test_add_func("/profile/extreme", test_extreme);
    g_test_add_func("/profile/names", test_names);
    return g_test_run();
}
