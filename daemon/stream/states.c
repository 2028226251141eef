/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "states.h"

/* clang-format off */
#define SAME    VDT_N_STREAM_STATES /* of the table only: the state that it is in */
#define CLOSE   VDT_STREAM_CLOSE
#define DROP    VDT_STREAM_DROP
#define PREPARE VDT_STREAM_PREPARE
#define ASK     VDT_STREAM_ASK
#define OPEN    VDT_STREAM_OPEN
#define TO(s, a) {VDT_STREAM_##s, a}
#define STAY    {SAME, 0}
#define DO(a)   {SAME, a}
#define BEGIN   TO(CONNECTING, PREPARE)
#define AGAIN   TO(CONNECTING, CLOSE | PREPARE)
#define LIVE    TO(LIVE, 0)
#define DEGRADE TO(DEGRADED, 0)
#define STALL   TO(STALLED, 0)
#define RETRY   TO(BACKOFF, CLOSE)
#define REBUILD TO(BACKOFF, CLOSE | DROP)
#define GIVE_UP TO(FAILED, CLOSE)
#define HALT    TO(STOPPED, CLOSE | DROP)
/* A state for each column: one left out does not compile. */
#define ROW(event, stopped, connecting, live, degraded, stalled, backoff, failed)                  \
    [VDT_STREAM_##event] = {[VDT_STREAM_STOPPED] = stopped, [VDT_STREAM_CONNECTING] = connecting,  \
                            [VDT_STREAM_LIVE] = live,       [VDT_STREAM_DEGRADED] = degraded,      \
                            [VDT_STREAM_STALLED] = stalled, [VDT_STREAM_BACKOFF] = backoff,        \
                            [VDT_STREAM_FAILED] = failed}

static const VdtStreamStep steps[VDT_N_STREAM_EVENTS][VDT_N_STREAM_STATES] = {
    /*  event        stopped  connecting  live     degraded  stalled  backoff   failed */
    ROW(START,       BEGIN,   STAY,       STAY,    STAY,     STAY,    BEGIN,    BEGIN),
    ROW(STOP,        STAY,    HALT,       HALT,    HALT,     HALT,    HALT,     HALT),
    ROW(RELOAD,      STAY,    AGAIN,      AGAIN,   AGAIN,    AGAIN,   AGAIN,    AGAIN),
    ROW(READY,       STAY,    DO(ASK),    STAY,    STAY,     STAY,    STAY,     STAY),
    ROW(TURN,        STAY,    DO(OPEN),   STAY,    STAY,     STAY,    STAY,     STAY),
    ROW(FRAME,       STAY,    LIVE,       STAY,    STAY,     LIVE,    STAY,     STAY),
    ROW(TIMEOUT,     STAY,    RETRY,      STALL,   STALL,    RETRY,   BEGIN,    BEGIN),
    ROW(REFUSED,     STAY,    RETRY,      RETRY,   RETRY,    RETRY,   STAY,     STAY),
    ROW(AUTH,        STAY,    GIVE_UP,    GIVE_UP, GIVE_UP,  GIVE_UP, STAY,     STAY),
    ROW(UNTRUSTED,   STAY,    GIVE_UP,    GIVE_UP, GIVE_UP,  GIVE_UP, STAY,     STAY),
    ROW(NOT_FOUND,   STAY,    RETRY,      RETRY,   RETRY,    RETRY,   STAY,     STAY),
    ROW(UNSUPPORTED, STAY,    RETRY,      RETRY,   RETRY,    RETRY,   STAY,     STAY),
    ROW(LOST,        STAY,    RETRY,      RETRY,   RETRY,    RETRY,   STAY,     STAY),
    ROW(ENDED,       STAY,    RETRY,      RETRY,   RETRY,    RETRY,   STAY,     STAY),
    ROW(RECODED,     STAY,    REBUILD,    REBUILD, REBUILD,  REBUILD, DO(DROP), DO(DROP)),
    ROW(CRASH,       STAY,    REBUILD,    REBUILD, REBUILD,  REBUILD, DO(DROP), DO(DROP)),
    ROW(EXHAUSTED,   STAY,    GIVE_UP,    GIVE_UP, GIVE_UP,  GIVE_UP, GIVE_UP,  STAY),
    ROW(FAULT,       STAY,    STAY,       DEGRADE, STAY,     STAY,    STAY,     STAY),
    ROW(WELL,        STAY,    STAY,       STAY,    LIVE,     STAY,    STAY,     STAY),
};
/* clang-format on */

VdtStreamStep vdt_stream_step(VdtStreamState state, VdtStreamEvent event)
{
    VdtStreamStep step = steps[event][state];

    if (step.to == SAME)
        step.to = state;
    return step;
}

const char *vdt_stream_state_name(VdtStreamState state)
{
    static const char *const names[VDT_N_STREAM_STATES] = {
        [VDT_STREAM_STOPPED] = "stopped", [VDT_STREAM_CONNECTING] = "connecting",
        [VDT_STREAM_LIVE] = "live",       [VDT_STREAM_DEGRADED] = "degraded",
        [VDT_STREAM_STALLED] = "stalled", [VDT_STREAM_BACKOFF] = "backoff",
        [VDT_STREAM_FAILED] = "failed",
    };

    return names[state];
}

const char *vdt_stream_event_name(VdtStreamEvent event)
{
    static const char *const names[VDT_N_STREAM_EVENTS] = {
        [VDT_STREAM_START] = "start",         [VDT_STREAM_STOP] = "stop",
        [VDT_STREAM_RELOAD] = "reload",       [VDT_STREAM_READY] = "ready",
        [VDT_STREAM_TURN] = "turn",           [VDT_STREAM_FRAME] = "frame",
        [VDT_STREAM_TIMEOUT] = "timeout",     [VDT_STREAM_REFUSED] = "refused",
        [VDT_STREAM_AUTH] = "auth",           [VDT_STREAM_UNTRUSTED] = "untrusted",
        [VDT_STREAM_NOT_FOUND] = "not-found", [VDT_STREAM_UNSUPPORTED] = "unsupported",
        [VDT_STREAM_LOST] = "lost",           [VDT_STREAM_ENDED] = "ended",
        [VDT_STREAM_RECODED] = "recoded",     [VDT_STREAM_CRASH] = "crash",
        [VDT_STREAM_EXHAUSTED] = "exhausted", [VDT_STREAM_FAULT] = "fault",
        [VDT_STREAM_WELL] = "well",
    };

    return names[event];
}
