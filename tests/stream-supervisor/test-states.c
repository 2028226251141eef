/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of states, and one machine through it, over made-up time. */
#include "stream/machine.h"

#define S VDT_SECOND

static const VdtStreamEvent errors[] = {
    VDT_STREAM_REFUSED,   VDT_STREAM_AUTH,        VDT_STREAM_UNTRUSTED,
    VDT_STREAM_NOT_FOUND, VDT_STREAM_UNSUPPORTED, VDT_STREAM_LOST,
    VDT_STREAM_ENDED,     VDT_STREAM_RECODED,     VDT_STREAM_CRASH,
};

static gboolean has_source(VdtStreamState state)
{
    return state != VDT_STREAM_STOPPED && state != VDT_STREAM_BACKOFF && state != VDT_STREAM_FAILED;
}

/* What must hold of every cell, whatever stands in it. */
static void test_cells(void)
{
    for (guint s = 0; s < VDT_N_STREAM_STATES; s++)
        for (guint e = 0; e < VDT_N_STREAM_EVENTS; e++) {
            const VdtStreamStep step = vdt_stream_step(s, e);

            g_assert_cmpint(step.to, <, VDT_N_STREAM_STATES);
            /* nothing runs a stopped stream but start */
            if (s == VDT_STREAM_STOPPED && e != VDT_STREAM_START) {
                g_assert_cmpint(step.to, ==, VDT_STREAM_STOPPED);
                g_assert_cmpint(step.actions, ==, 0);
            }
            if (s != VDT_STREAM_STOPPED && e == VDT_STREAM_STOP) {
                g_assert_cmpint(step.to, ==, VDT_STREAM_STOPPED);
                g_assert_cmpint(step.actions, ==, VDT_STREAM_CLOSE | VDT_STREAM_DROP);
            }
            /* where a source may be, it is closed on the way to where none is */
            if (has_source(s) && !has_source(step.to))
                g_assert_true(step.actions & VDT_STREAM_CLOSE);
            /* who comes to connect prepares for it */
            if (step.to == VDT_STREAM_CONNECTING && s != VDT_STREAM_CONNECTING)
                g_assert_true(step.actions & VDT_STREAM_PREPARE);
            /* only a frame brings a stream to life */
            if (step.to == VDT_STREAM_LIVE && s != VDT_STREAM_LIVE)
                g_assert_true(e == VDT_STREAM_FRAME || e == VDT_STREAM_WELL);
        }
}

static void test_errors(void)
{
    for (guint s = 0; s < VDT_N_STREAM_STATES; s++)
        for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
            const VdtStreamStep step = vdt_stream_step(s, errors[i]);

            /* an error leaves no source open, and one that comes late changes nothing */
            g_assert_false(has_source(step.to));
            if (!has_source(s))
                g_assert_cmpint(step.to, ==, s);
        }
}

/* From wherever it is, a stream that is left to itself comes back to life once its camera is there:
 * no state is one that it stays in. */
static void test_no_dead_end(void)
{
    for (guint s = 0; s < VDT_N_STREAM_STATES; s++) {
        VdtStreamState state = s;

        if (state == VDT_STREAM_STOPPED)
            state = vdt_stream_step(state, VDT_STREAM_START).to;
        for (guint i = 0; i < 4 && state != VDT_STREAM_CONNECTING; i++)
            state = vdt_stream_step(state, VDT_STREAM_TIMEOUT).to;
        g_assert_cmpint(state, ==, VDT_STREAM_CONNECTING);
        g_assert_cmpint(vdt_stream_step(state, VDT_STREAM_READY).actions, ==, VDT_STREAM_ASK);
        g_assert_cmpint(vdt_stream_step(state, VDT_STREAM_TURN).actions, ==, VDT_STREAM_OPEN);
        g_assert_cmpint(vdt_stream_step(state, VDT_STREAM_FRAME).to, ==, VDT_STREAM_LIVE);
    }
}

static void test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint s = 0; s < VDT_N_STREAM_STATES; s++)
        g_assert_true(g_hash_table_add(seen, (char *)vdt_stream_state_name(s)));
    for (guint e = 0; e < VDT_N_STREAM_EVENTS; e++)
        g_assert_true(g_hash_table_add(seen, (char *)vdt_stream_event_name(e)));
}

static VdtMachine machine_new(void)
{
    const VdtStreamTimes times = vdt_stream_times_default;
    VdtMachine m;

    vdt_machine_init(&m, "door", 0, &times, 0);
    return m;
}

static void connect_at(VdtMachine *m, gint64 now)
{
    g_assert_cmpint(m->state, ==, VDT_STREAM_CONNECTING);
    g_assert_cmpint(vdt_machine_handle(m, VDT_STREAM_READY, now), ==, VDT_STREAM_ASK);
    g_assert_cmpint(vdt_machine_handle(m, VDT_STREAM_TURN, now), ==, VDT_STREAM_OPEN);
}

static VdtMachine live_machine(gint64 now)
{
    VdtMachine m = machine_new();

    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_START, now), ==, VDT_STREAM_PREPARE);
    connect_at(&m, now);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_FRAME, now), ==, 0);
    g_assert_cmpint(m.state, ==, VDT_STREAM_LIVE);
    return m;
}

/* Waits the machine's time, which brings it to where it connects. */
static gint64 wait_and_connect(VdtMachine *m)
{
    const gint64 now = m->deadline;

    g_assert_cmpint(vdt_machine_handle(m, VDT_STREAM_TIMEOUT, now - 1), ==, 0);
    g_assert_cmpint(vdt_machine_handle(m, VDT_STREAM_TIMEOUT, now), ==, VDT_STREAM_PREPARE);
    connect_at(m, now);
    return now;
}

static void test_waiting_for_a_turn(void)
{
    VdtMachine m = machine_new();

    vdt_machine_handle(&m, VDT_STREAM_START, 0);
    vdt_machine_handle(&m, VDT_STREAM_READY, 0);
    /* the wait for a turn is the gate's, not the camera's fault */
    g_assert_cmpint(m.deadline, ==, G_MAXINT64);
    vdt_machine_handle(&m, VDT_STREAM_TURN, 100 * S);
    g_assert_cmpint(m.deadline, ==, 110 * S);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 110 * S), ==, VDT_STREAM_CLOSE);
    g_assert_cmpint(m.state, ==, VDT_STREAM_BACKOFF);
}

static void test_stall(void)
{
    VdtMachine m = live_machine(0);

    vdt_machine_handle(&m, VDT_STREAM_FRAME, 5 * S);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 8 * S - 1), ==, 0);
    g_assert_cmpint(m.state, ==, VDT_STREAM_LIVE);
    /* stalled, nothing is done at first, and frames make it well */
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 8 * S), ==, 0);
    g_assert_cmpint(m.state, ==, VDT_STREAM_STALLED);
    vdt_machine_handle(&m, VDT_STREAM_FRAME, 9 * S);
    g_assert_cmpint(m.state, ==, VDT_STREAM_LIVE);
    vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 12 * S);
    g_assert_cmpint(m.state, ==, VDT_STREAM_STALLED);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 16 * S), ==, VDT_STREAM_CLOSE);
    g_assert_cmpint(m.state, ==, VDT_STREAM_BACKOFF);
}

/* A machine that was frozen finds all its time gone: that alone must not cost a connection. */
static void test_leap(void)
{
    VdtMachine m = live_machine(0);

    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 3600 * S), ==, 0);
    g_assert_cmpint(m.state, ==, VDT_STREAM_STALLED);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, 3600 * S + 1), ==, 0);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_FRAME, 3600 * S + 2), ==, 0);
    g_assert_cmpint(m.state, ==, VDT_STREAM_LIVE);
    g_assert_cmpint(m.deadline, ==, 3603 * S + 2);
}

static void test_faults(void)
{
    VdtMachine m = live_machine(0);

    vdt_machine_handle(&m, VDT_STREAM_FAULT, S);
    g_assert_cmpint(m.state, ==, VDT_STREAM_DEGRADED);
    vdt_machine_handle(&m, VDT_STREAM_FRAME, 2 * S);
    g_assert_cmpint(m.state, ==, VDT_STREAM_DEGRADED);
    /* a fault outlives a connection */
    vdt_machine_handle(&m, VDT_STREAM_LOST, 3 * S);
    g_assert_cmpint(m.state, ==, VDT_STREAM_BACKOFF);
    vdt_machine_handle(&m, VDT_STREAM_FRAME, wait_and_connect(&m) + S);
    g_assert_cmpint(m.state, ==, VDT_STREAM_DEGRADED);
    vdt_machine_handle(&m, VDT_STREAM_TIMEOUT, m.deadline);
    g_assert_cmpint(m.state, ==, VDT_STREAM_STALLED);
    vdt_machine_handle(&m, VDT_STREAM_WELL, m.since);
    vdt_machine_handle(&m, VDT_STREAM_FRAME, m.since);
    g_assert_cmpint(m.state, ==, VDT_STREAM_LIVE);
}

/* Waits grow until it lived for long enough, not only until it lived. */
static void test_flapping(void)
{
    VdtMachine m = live_machine(0);
    gint64 now = 0, waited = 0;

    for (guint i = 0; i < 20; i++) {
        now += 2 * S;
        g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_LOST, now), ==, VDT_STREAM_CLOSE);
        if (i >= 10)
            waited += m.deadline - now;
        now = wait_and_connect(&m);
        vdt_machine_handle(&m, VDT_STREAM_FRAME, now);
    }
    g_assert_cmpint(waited, >, 25 * S); /* ten between 0.25 and 10 s */
    now += 10 * S;
    vdt_machine_handle(&m, VDT_STREAM_FRAME, now);
    vdt_machine_handle(&m, VDT_STREAM_LOST, now);
    g_assert_cmpint(m.deadline - now, <=, S / 2);
}

static void test_strikes(void)
{
    VdtMachine m = live_machine(0);

    vdt_machine_handle(&m, VDT_STREAM_NOT_FOUND, S);
    for (guint i = 1; i < m.times.strikes; i++) {
        g_assert_cmpint(m.state, ==, VDT_STREAM_BACKOFF);
        vdt_machine_handle(&m, VDT_STREAM_NOT_FOUND, wait_and_connect(&m));
    }
    g_assert_cmpint(m.state, ==, VDT_STREAM_FAILED);
    g_assert_cmpint(m.deadline - m.since, >=, 240 * S);
    g_assert_cmpint(m.deadline - m.since, <=, 360 * S);
    /* tried again once, and it fails at once */
    vdt_machine_handle(&m, VDT_STREAM_NOT_FOUND, wait_and_connect(&m));
    g_assert_cmpint(m.state, ==, VDT_STREAM_FAILED);
    /* another error between them breaks the row */
    vdt_machine_handle(&m, VDT_STREAM_REFUSED, wait_and_connect(&m));
    vdt_machine_handle(&m, VDT_STREAM_NOT_FOUND, wait_and_connect(&m));
    g_assert_cmpint(m.state, ==, VDT_STREAM_BACKOFF);
}

/* Cameras lock out who tries wrong passwords. */
static void test_password(void)
{
    VdtMachine m = live_machine(0);

    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_AUTH, S), ==, VDT_STREAM_CLOSE);
    g_assert_cmpint(m.state, ==, VDT_STREAM_FAILED);
    g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_RELOAD, 2 * S), ==,
                    VDT_STREAM_CLOSE | VDT_STREAM_PREPARE);
    connect_at(&m, 2 * S);
}

static void test_crashes(void)
{
    VdtMachine m = live_machine(0);
    gint64 now = 0;

    /* now and then is not often */
    for (guint i = 0; i < 10; i++) {
        now += 300 * S;
        g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_CRASH, now), ==,
                        VDT_STREAM_CLOSE | VDT_STREAM_DROP);
        g_assert_cmpint(m.state, ==, VDT_STREAM_BACKOFF);
        now = wait_and_connect(&m);
        vdt_machine_handle(&m, VDT_STREAM_FRAME, now);
    }
    now += 1000 * S;
    for (guint i = 0; i < m.times.crashes; i++) {
        g_assert_cmpint(m.state, !=, VDT_STREAM_FAILED);
        g_assert_cmpint(vdt_machine_handle(&m, VDT_STREAM_CRASH, now), ==,
                        VDT_STREAM_CLOSE | VDT_STREAM_DROP);
        if (m.state == VDT_STREAM_BACKOFF)
            now = wait_and_connect(&m);
    }
    g_assert_cmpint(m.state, ==, VDT_STREAM_FAILED);
    /* tried again after a while, and the first crash is one too many */
    vdt_machine_handle(&m, VDT_STREAM_CRASH, wait_and_connect(&m));
    g_assert_cmpint(m.state, ==, VDT_STREAM_FAILED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/states/cells", test_cells);
    g_test_add_func("/states/errors", test_errors);
    g_test_add_func("/states/no-dead-end", test_no_dead_end);
    g_test_add_func("/states/names", test_names);
    g_test_add_func("/machine/waiting-for-a-turn", test_waiting_for_a_turn);
    g_test_add_func("/machine/stall", test_stall);
    g_test_add_func("/machine/leap", test_leap);
    g_test_add_func("/machine/faults", test_faults);
    g_test_add_func("/machine/flapping", test_flapping);
    g_test_add_func("/machine/strikes", test_strikes);
    g_test_add_func("/machine/password", test_password);
    g_test_add_func("/machine/crashes", test_crashes);
    return g_test_run();
}
