/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule.h"

#include <string.h>

#define DAY      1440 /* minutes */
#define ALL_DAYS 0x7f

typedef struct {
    guint days;       /* bit 0: Monday */
    guint start, end; /* minutes of the day; end is at most start where it is the day after */
} Part;

struct _VdtSchedule {
    guint n;
    Part parts[VDT_SCHEDULE_MOST];
};

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static gboolean fail(GError **error, const char *expected)
{
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "expected %s", expected);
    return FALSE;
}

static void skip_blanks(const char **at)
{
    while (**at == ' ')
        (*at)++;
}

static gboolean take_day(const char **at, guint *day, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(day_names); i++)
        if (g_ascii_strncasecmp(*at, day_names[i], 3) == 0 && !g_ascii_isalnum((*at)[3])) {
            *day = i;
            *at += 3;
            return TRUE;
        }
    return fail(error, "days from Mon to Sun, as in Mon-Fri,Sun, or a time");
}

/* "Mon-Fri,Sun"; a range may go over the end of the week. */
static gboolean take_days(const char **at, guint *days, GError **error)
{
    *days = 0;
    for (;;) {
        guint from, to;
        if (!take_day(at, &from, error))
            return FALSE;
        to = from;
        if (**at == '-') {
            (*at)++;
            if (!take_day(at, &to, error))
                return FALSE;
        }
        for (guint day = from;; day = (day + 1) % 7) {
            *days |= 1u << day;
            if (day == to)
                break;
        }
        if (**at != ',')
            return TRUE;
        (*at)++;
        skip_blanks(at);
    }
}

/* "06:00" */
static gboolean take_time(const char **at, guint *minutes, GError **error)
{
    const char *t = *at;
    if (g_ascii_isdigit(t[0]) && g_ascii_isdigit(t[1]) && t[2] == ':' && g_ascii_isdigit(t[3]) &&
        g_ascii_isdigit(t[4]) && !g_ascii_isdigit(t[5])) {
        guint hour = (guint)(t[0] - '0') * 10 + (guint)(t[1] - '0');
        guint minute = (guint)(t[3] - '0') * 10 + (guint)(t[4] - '0');
        *minutes = hour * 60 + minute;
        *at += 5;
        if (minute < 60 && *minutes <= DAY)
            return TRUE;
    }
    return fail(error, "a time from 00:00 to 24:00");
}

static gboolean take_times(const char **at, Part *part, GError **error)
{
    if (!take_time(at, &part->start, error))
        return FALSE;
    if (**at != '-')
        return fail(error, "two times with - between them, as in 22:00-06:00");
    (*at)++;
    if (!take_time(at, &part->end, error))
        return FALSE;
    if (part->start == part->end || part->start == DAY)
        return fail(error, "two times that differ, the first before 24:00");
    return TRUE;
}

static gboolean take_part(const char **at, Part *part, GError **error)
{
    *part = (Part){ALL_DAYS, 0, DAY};
    skip_blanks(at);
    if (g_ascii_isdigit(**at))
        return take_times(at, part, error);
    if (!take_days(at, &part->days, error))
        return FALSE;
    skip_blanks(at);
    return **at == ';' || **at == '\0' || take_times(at, part, error);
}

VdtSchedule *vdt_schedule_parse(const char *text, GError **error)
{
    g_autoptr(VdtSchedule) schedule = g_new0(VdtSchedule, 1);
    const char *at = text;
    do {
        if (schedule->n == VDT_SCHEDULE_MOST) {
            fail(error, "at most 64 parts");
            return NULL;
        }
        if (!take_part(&at, &schedule->parts[schedule->n++], error))
            return NULL;
        skip_blanks(&at);
        if (*at != ';' && *at != '\0') {
            fail(error, "; between two parts");
            return NULL;
        }
        if (*at == ';') /* the last one may end in one, too */
            at++;
        skip_blanks(&at);
    } while (*at != '\0');
    return g_steal_pointer(&schedule);
}

void vdt_schedule_free(VdtSchedule *schedule)
{
    g_free(schedule);
}

gboolean vdt_schedule_has(const VdtSchedule *schedule, GDateTime *local)
{
    guint today = (guint)g_date_time_get_day_of_week(local) - 1, yesterday = (today + 6) % 7;
    guint now = (guint)(g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local));
    for (guint i = 0; i < schedule->n; i++) {
        const Part *part = &schedule->parts[i];
        gboolean of_today = part->days >> today & 1, of_yesterday = part->days >> yesterday & 1;
        gboolean over_midnight = part->end < part->start;
        if (of_today && now >= part->start && (over_midnight || now < part->end))
            return TRUE;
        if (of_yesterday && over_midnight && now < part->end)
            return TRUE;
    }
    return FALSE;
}
