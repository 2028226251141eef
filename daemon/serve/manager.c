/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manager.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

static void tell(const char *text)
{
#ifdef HAVE_SYSTEMD
    sd_notify(FALSE, text);
#endif
}

void vdt_manager_ready(void)
{
    tell("READY=1");
}

void vdt_manager_reloading(void)
{
    g_autofree char *text =
        g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    tell(text);
}

void vdt_manager_stopping(void)
{
    tell("STOPPING=1");
}

void vdt_manager_status(const char *text)
{
    g_autofree char *line = g_strconcat("STATUS=", text, NULL);
    tell(line);
}

void vdt_manager_alive(void)
{
    tell("WATCHDOG=1");
}

guint64 vdt_manager_get_watchdog(void)
{
    guint64 limit = 0;
#ifdef HAVE_SYSTEMD
    if (sd_watchdog_enabled(FALSE, &limit) <= 0)
        limit = 0;
#endif
    return limit;
}
