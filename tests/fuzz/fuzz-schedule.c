/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "values/schedule.h"

/* Whatever is a schedule can be asked of any time, and holds at some. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtSchedule) schedule = vdt_schedule_parse(text, &error);
    guint n = 0;

    g_assert((schedule == NULL) == (error != NULL));
    g_assert(error == NULL || g_utf8_validate(error->message, -1, NULL));
    for (guint minute = 0; schedule != NULL && minute < 7 * 1440; minute++) {
        g_autoptr(GDateTime) time = g_date_time_new_utc(
            2026, 6, 1 + (int)(minute / 1440), (int)(minute / 60 % 24), (int)(minute % 60), 0);
        n += vdt_schedule_has(schedule, time);
    }
    g_assert(schedule == NULL || n > 0);
    return 0;
}
