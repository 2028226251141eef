/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <string.h>

static void on_event(VdtEvent *event, gpointer data)
{
    g_ptr_array_add(((Heard *)data)->events, vdt_event_ref(event));
}

void heard_open(Heard *heard)
{
    heard->hub = vdt_hub_new();
    heard->events = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_event_unref);
    vdt_hub_add_sink(heard->hub, on_event, heard, NULL);
}

void heard_close(Heard *heard)
{
    g_clear_pointer(&heard->hub, vdt_hub_free);
    g_ptr_array_unref(heard->events);
}

static char *get_reason(const VdtEvent *event)
{
    const char *at = strstr(event->json, "\"reason\":\"");
    return at != NULL ? g_strndup(at + 10, strcspn(at + 10, "\"")) : g_strdup("");
}

void heard_expect(Heard *heard, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < heard->events->len; i++) {
        const VdtEvent *event = heard->events->pdata[i];
        g_autofree char *reason = get_reason(event);
        g_string_append_printf(text, "%s%s %s", i > 0 ? "; " : "", vdt_phase_name(event->phase),
                               event->id);
        if (event->audience != VDT_TO_ALL)
            g_string_append_printf(text, "=%u", event->audience);
        if (*reason != '\0')
            g_string_append_printf(text, ":%s", reason);
    }
    g_ptr_array_set_size(heard->events, 0);
    g_assert_cmpstr(text->str, ==, expected);
}

void heard_expect_system(Heard *heard, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < heard->events->len; i++) {
        const VdtEvent *event = heard->events->pdata[i];
        g_autofree char *reason = get_reason(event);
        g_assert_cmpstr(event->type, ==, VDT_EVENT_SYSTEM);
        g_string_append_printf(text, "%s%s %s/%s", i > 0 ? "; " : "", vdt_phase_name(event->phase),
                               event->what, event->label);
        if (event->stream != NULL)
            g_string_append_printf(text, " of %s", event->stream);
        if (*reason != '\0')
            g_string_append_printf(text, ": %s", reason);
    }
    g_ptr_array_set_size(heard->events, 0);
    g_assert_cmpstr(text->str, ==, expected);
}

VdtEvent *fixture_event(const char *phase, const char *id)
{
    VdtEventLine line = vdt_event_line_now();
    line.type = "action";
    line.event = phase;
    line.id = id;
    line.stream = "front";
    line.label = "loiter";
    line.score = 0.5;
    return vdt_event_new(&line);
}
