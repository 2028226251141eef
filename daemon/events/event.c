/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"

#include <string.h>

static const char *const phases[VDT_N_PHASES] = {"start", "update", "end"};

const char *vdt_phase_name(VdtEventPhase phase)
{
    return phases[phase];
}

/* Valid text, cut between two characters. */
static char *take_text(const char *text)
{
    if (text == NULL)
        return NULL;
    gsize n = strnlen(text, VDT_EVENT_MOST_TEXT + 1);
    if (n <= VDT_EVENT_MOST_TEXT)
        return g_utf8_make_valid(text, (gssize)n);
    g_autofree char *valid = g_utf8_make_valid(text, VDT_EVENT_MOST_TEXT);
    gsize at = strlen(valid);
    while (at > VDT_EVENT_MOST_TEXT)
        at = g_utf8_find_prev_char(valid, valid + at) - valid;
    return g_strndup(valid, at);
}

static gboolean find_phase(const char *name, VdtEventPhase *phase)
{
    for (guint i = 0; name != NULL && i < VDT_N_PHASES; i++)
        if (strcmp(name, phases[i]) == 0) {
            *phase = i;
            return TRUE;
        }
    return FALSE;
}

VdtEvent *vdt_event_new(const VdtEventLine *line)
{
    VdtEventPhase phase;
    if (!find_phase(line->event, &phase) || line->type == NULL || line->id == NULL)
        return NULL;
    g_autofree char *direction = take_text(line->direction), *reason = take_text(line->reason);
    VdtEvent *event = g_new(VdtEvent, 1);
    *event = (VdtEvent){.ref_count = 1,
                        .phase = phase,
                        .time = line->time,
                        .id = take_text(line->id),
                        .stream = take_text(line->stream),
                        .type = take_text(line->type),
                        .what = take_text(line->what),
                        .element = take_text(line->element),
                        .label = take_text(line->label),
                        .zone = take_text(line->zone),
                        .line = take_text(line->line),
                        .score = line->score,
                        .audience = VDT_TO_ALL};
    VdtEventLine own = *line;
    own.event = phases[phase];
    own.id = event->id;
    own.stream = event->stream;
    own.type = event->type;
    own.what = event->what;
    own.element = event->element;
    own.label = event->label;
    own.zone = event->zone;
    own.line = event->line;
    own.direction = direction;
    own.reason = reason;
    event->json = vdt_event_line_write(&own);
    return event;
}

VdtEvent *vdt_event_new_end(const VdtEvent *event, gint64 time, const char *reason)
{
    VdtEventLine line = vdt_event_line_now();
    line.event = phases[VDT_PHASE_END];
    line.time = MAX(time, event->time);
    line.id = event->id;
    line.stream = event->stream;
    line.type = event->type;
    line.what = event->what;
    line.element = event->element;
    line.label = event->label;
    line.zone = event->zone;
    line.line = event->line;
    line.score = event->score;
    line.reason = reason;
    return vdt_event_address(vdt_event_new(&line), event->audience);
}

VdtEvent *vdt_event_copy(const VdtEvent *event)
{
    VdtEvent *copy = g_new(VdtEvent, 1);
    *copy = *event;
    copy->ref_count = 1;
    copy->id = g_strdup(event->id);
    copy->stream = g_strdup(event->stream);
    copy->type = g_strdup(event->type);
    copy->what = g_strdup(event->what);
    copy->element = g_strdup(event->element);
    copy->label = g_strdup(event->label);
    copy->zone = g_strdup(event->zone);
    copy->line = g_strdup(event->line);
    copy->json = g_strdup(event->json);
    return copy;
}

VdtEvent *vdt_event_address(VdtEvent *event, guint audience)
{
    if (event->audience == audience)
        return event;
    if (g_atomic_int_get(&event->ref_count) > 1) {
        VdtEvent *copy = vdt_event_copy(event);
        vdt_event_unref(event);
        event = copy;
    }
    event->audience = audience;
    return event;
}

VdtEvent *vdt_event_ref(VdtEvent *event)
{
    g_atomic_int_inc(&event->ref_count);
    return event;
}

void vdt_event_unref(VdtEvent *event)
{
    if (event == NULL || !g_atomic_int_dec_and_test(&event->ref_count))
        return;
    g_free(event->id);
    g_free(event->stream);
    g_free(event->type);
    g_free(event->what);
    g_free(event->element);
    g_free(event->label);
    g_free(event->zone);
    g_free(event->line);
    g_free(event->json);
    g_free(event);
}

gsize vdt_event_get_size(const VdtEvent *event)
{
    /* fields stand in the line, too */
    return sizeof *event + 2 * strlen(event->json) + 160;
}
