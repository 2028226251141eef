/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "when.h"

char *vdt_when_show(gint64 us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    g_autofree char *front = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%06dZ", front, (int)(us % G_USEC_PER_SEC));
}

void vdt_when_set(JsonObject *object, const char *name, gint64 us)
{
    if (us == 0)
        return;
    g_autofree char *text = vdt_when_show(us);
    json_object_set_string_member(object, name, text);
}
