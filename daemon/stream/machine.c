/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#define NEVER G_MAXINT64

const VdtStreamTimes vdt_stream_times_default = {
    .first_frame = 10 * VDT_SECOND,
    .stall = 3 * VDT_SECOND,
    .patience = 4 * VDT_SECOND,
    .settle = 10 * VDT_SECOND,
    .build = 60 * VDT_SECOND,
    .hang = 10 * VDT_SECOND,
    .slow_retry = 300 * VDT_SECOND,
    .crash_window = 600 * VDT_SECOND,
    .crashes = 8,
    .strikes = 10,
    .backoff = {.first = VDT_SECOND / 2, .most = 10 * VDT_SECOND},
};

static gboolean has_frames(VdtStreamState state)
{
    return state == VDT_STREAM_LIVE || state == VDT_STREAM_DEGRADED || state == VDT_STREAM_STALLED;
}

void vdt_machine_set_times(VdtMachine *machine, const VdtStreamTimes *times)
{
    machine->times = *times;
    machine->times.crashes = CLAMP(times->crashes, 1, VDT_MACHINE_CRASHES);
}

void vdt_machine_init(VdtMachine *machine, const char *name, guint64 seed,
                      const VdtStreamTimes *times, gint64 now)
{
    *machine = (VdtMachine){.since = now, .deadline = NEVER, .begun = -1};
    vdt_machine_set_times(machine, times);
    machine->state = VDT_STREAM_STOPPED;
    machine->trouble = VDT_STREAM_START;
    vdt_backoff_init(&machine->backoff, name, seed);
}

static void forget(VdtMachine *machine)
{
    vdt_backoff_reset(&machine->backoff);
    machine->n_strikes = 0;
}

static gint64 wait_of(VdtMachine *machine, VdtStreamState state)
{
    switch (state) {
    case VDT_STREAM_LIVE:
    case VDT_STREAM_DEGRADED:
        return machine->times.stall;
    case VDT_STREAM_STALLED:
        return machine->times.patience;
    case VDT_STREAM_BACKOFF:
        return vdt_backoff_next(&machine->backoff, &machine->times.backoff);
    case VDT_STREAM_FAILED:
        return vdt_backoff_spread(&machine->backoff, machine->times.slow_retry);
    default:
        return -1; /* a connecting one waits from when it has a turn */
    }
}

static void enter(VdtMachine *machine, VdtStreamState to, gint64 now)
{
    const gint64 wait = wait_of(machine, to);

    if (has_frames(to) && machine->begun < 0)
        machine->begun = now;
    if (!has_frames(to))
        machine->begun = -1;
    machine->state = to;
    machine->since = now;
    machine->deadline = wait < 0 ? NEVER : now + wait;
}

static gboolean crashed_too_often(VdtMachine *machine, gint64 now)
{
    const guint n = machine->times.crashes;

    machine->crashes[machine->n_crashes++ % n] = now;
    return machine->n_crashes >= n &&
           now - machine->crashes[machine->n_crashes % n] <= machine->times.crash_window;
}

/* Whether that error came once too often. Errors that a camera can heal from at any time never
 * do. */
static gboolean is_exhausted(VdtMachine *machine, VdtStreamEvent event, gint64 now)
{
    switch (event) {
    case VDT_STREAM_CRASH:
        return crashed_too_often(machine, now);
    case VDT_STREAM_NOT_FOUND:
    case VDT_STREAM_UNSUPPORTED:
        machine->n_strikes = machine->trouble == event ? machine->n_strikes + 1 : 1;
        machine->trouble = event;
        return machine->n_strikes >= machine->times.strikes;
    case VDT_STREAM_REFUSED:
    case VDT_STREAM_LOST:
    case VDT_STREAM_ENDED:
        machine->trouble = event;
        return FALSE;
    default:
        return FALSE;
    }
}

VdtStreamActions vdt_machine_handle(VdtMachine *machine, VdtStreamEvent event, gint64 now)
{
    VdtStreamStep step = vdt_stream_step(machine->state, event);
    VdtStreamActions actions = step.actions;

    if (event == VDT_STREAM_TIMEOUT && now < machine->deadline)
        return 0;
    if (machine->begun >= 0 && now - machine->begun >= machine->times.settle)
        forget(machine);
    if (event == VDT_STREAM_START || event == VDT_STREAM_RELOAD) {
        forget(machine);
        machine->n_crashes = 0;
    }
    if (machine->state != VDT_STREAM_STOPPED && is_exhausted(machine, event, now)) {
        step = vdt_stream_step(machine->state, VDT_STREAM_EXHAUSTED);
        actions |= step.actions;
    }
    if (event == VDT_STREAM_FAULT || event == VDT_STREAM_WELL)
        machine->faulty = event == VDT_STREAM_FAULT;
    if (step.to == VDT_STREAM_LIVE && machine->faulty)
        step.to = VDT_STREAM_DEGRADED;

    if (step.to != machine->state || (actions & VDT_STREAM_PREPARE))
        enter(machine, step.to, now);
    else if (event == VDT_STREAM_TURN && (actions & VDT_STREAM_OPEN))
        machine->deadline = now + machine->times.first_frame;
    else if (event == VDT_STREAM_FRAME && has_frames(machine->state))
        machine->deadline = now + machine->times.stall;
    return actions;
}
