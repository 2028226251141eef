/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#define DISK_GAP (10 * G_USEC_PER_SEC)

/* What is so, or may become so. */
typedef struct {
    const char *what, *label; /* constant */
    char *stream;
    char *id; /* of the event; NULL before it has started */
    char *reason;
    gint64 due; /* when it becomes one */
} State;

struct _VdtSystem {
    VdtHub *hub;
    char *folder;
    guint32 run; /* differs between processes */
    GMutex lock; /* guards what follows; held while the hub is told, so that all is in order */
    VdtSystemLimits limits;
    GPtrArray *states;
    guint n_events;
    gint64 next_look;
};

static void state_free(gpointer data)
{
    State *state = data;
    g_free(state->stream);
    g_free(state->id);
    g_free(state->reason);
    g_free(state);
}

VdtSystem *vdt_system_new(VdtHub *hub, const char *folder, const VdtSystemLimits *limits)
{
    VdtSystem *system = g_new0(VdtSystem, 1);
    *system = (VdtSystem){.hub = hub,
                          .folder = g_strdup(folder),
                          .run = g_random_int(),
                          .limits = *limits,
                          .states = g_ptr_array_new_with_free_func(state_free)};
    g_mutex_init(&system->lock);
    return system;
}

void vdt_system_free(VdtSystem *system)
{
    g_ptr_array_unref(system->states);
    g_mutex_clear(&system->lock);
    g_free(system->folder);
    g_free(system);
}

void vdt_system_set_limits(VdtSystem *system, const VdtSystemLimits *limits)
{
    g_mutex_lock(&system->lock);
    system->limits = *limits;
    system->next_look = 0;
    g_mutex_unlock(&system->lock);
}

static void tell(VdtSystem *system, const State *state, const char *phase)
{
    VdtEventLine line = vdt_event_line_now();
    line.type = VDT_EVENT_SYSTEM;
    line.event = phase;
    line.id = state->id;
    line.stream = state->stream;
    line.what = state->what;
    line.label = state->label;
    line.reason = state->reason;
    vdt_hub_put(system->hub, vdt_event_new(&line));
}

static void start(VdtSystem *system, State *state)
{
    state->id = g_strdup_printf("%s-%08x-%u", state->what, system->run, ++system->n_events);
    tell(system, state, "start");
}

static gboolean find(VdtSystem *system, const char *what, const char *label, const char *stream,
                     guint *index)
{
    for (guint i = 0; i < system->states->len; i++) {
        const State *state = system->states->pdata[i];
        if (strcmp(state->what, what) == 0 && strcmp(state->label, label) == 0 &&
            g_strcmp0(state->stream, stream) == 0) {
            *index = i;
            return TRUE;
        }
    }
    return FALSE;
}

/* Ends, if it started, what does not go on. */
static void remove_state(VdtSystem *system, guint index, const char *reason)
{
    State *state = system->states->pdata[index];
    if (state->id != NULL) {
        g_free(state->reason);
        state->reason = g_strdup(reason);
        tell(system, state, "end");
    }
    g_ptr_array_remove_index(system->states, index);
}

static void change(VdtSystem *system, State *state, const char *reason)
{
    if (g_strcmp0(state->reason, reason) == 0)
        return;
    g_free(state->reason);
    state->reason = g_strdup(reason);
    if (state->id != NULL)
        tell(system, state, "update");
}

static State *add(VdtSystem *system, const char *what, const char *label, const char *stream,
                  const char *reason)
{
    State *state = g_new0(State, 1);
    *state = (State){.what = g_intern_string(what),
                     .label = g_intern_string(label),
                     .stream = g_strdup(stream),
                     .reason = g_strdup(reason)};
    g_ptr_array_add(system->states, state);
    return state;
}

static void set(VdtSystem *system, const char *what, const char *label, const char *stream,
                const char *reason)
{
    guint index;
    gboolean is_so = find(system, what, label, stream, &index);
    if (is_so && reason == NULL)
        remove_state(system, index, NULL);
    else if (is_so)
        change(system, system->states->pdata[index], reason);
    else if (reason != NULL)
        start(system, add(system, what, label, stream, reason));
}

void vdt_system_set(VdtSystem *system, const char *what, const char *label, const char *stream,
                    const char *reason)
{
    g_mutex_lock(&system->lock);
    set(system, what, label, stream, reason);
    g_mutex_unlock(&system->lock);
}

void vdt_system_set_broker(VdtSystem *system, const char *reason)
{
    vdt_system_set(system, "broker", "away", NULL, reason);
}

void vdt_system_set_configuration(VdtSystem *system, const char *reason)
{
    vdt_system_set(system, "configuration", "refused", NULL, reason);
}

void vdt_system_set_camera(VdtSystem *system, const char *stream, const char *reason, gint64 now)
{
    guint index;
    g_mutex_lock(&system->lock);
    if (reason == NULL || find(system, "camera", "lost", stream, &index))
        set(system, "camera", "lost", stream, reason);
    else
        add(system, "camera", "lost", stream, reason)->due = now + system->limits.lost_after;
    g_mutex_unlock(&system->lock);
}

void vdt_system_forget_stream(VdtSystem *system, const char *stream)
{
    g_mutex_lock(&system->lock);
    for (guint i = system->states->len; i > 0; i--)
        if (g_strcmp0(((State *)system->states->pdata[i - 1])->stream, stream) == 0)
            remove_state(system, i - 1, "stopped");
    g_mutex_unlock(&system->lock);
}

/* --- what is looked at --- */

/* What is free, for who is not root; a reason if it is too little. It has to become a quarter more
 * until it is enough again. */
static char *look_at_disk(const VdtSystem *system, gboolean is_full)
{
    struct statvfs s;
    guint64 wanted = system->limits.min_free;
    if (system->folder == NULL || wanted == 0)
        return NULL;
    if (statvfs(system->folder, &s) != 0)
        return g_strdup_printf("%s: %s", system->folder, g_strerror(errno));
    guint64 room = (guint64)s.f_bavail * s.f_frsize;
    if (room >= (is_full ? wanted + wanted / 4 : wanted))
        return NULL;
    g_autofree char *size = g_format_size_full(wanted, G_FORMAT_SIZE_IEC_UNITS);
    return g_strdup_printf("less than %s are free on the disk of %s", size, system->folder);
}

void vdt_system_tick(VdtSystem *system, gint64 now)
{
    guint index;
    g_mutex_lock(&system->lock);
    for (guint i = 0; i < system->states->len; i++) {
        State *state = system->states->pdata[i];
        if (state->id == NULL && now >= state->due)
            start(system, state);
    }
    if (now >= system->next_look) {
        g_autofree char *reason =
            look_at_disk(system, find(system, "disk", "nearly full", NULL, &index));
        set(system, "disk", "nearly full", NULL, reason);
        system->next_look = now + DISK_GAP;
    }
    g_mutex_unlock(&system->lock);
}
