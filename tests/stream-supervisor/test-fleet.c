/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backoff, gate, and many machines together, over made-up time. */
#include "stream/gate.h"
#include "stream/machine.h"

#define S        VDT_SECOND
#define MOST     100
#define N        16
#define NEVER    G_MAXINT64
#define N_WORLDS 200

static void test_backoff(void)
{
    const VdtBackoffLimits limits = {.first = S, .most = 10 * S};
    VdtBackoff a, again, b, c;
    gint64 longest = 0;
    guint same_b = 0, same_c = 0;

    vdt_backoff_init(&a, "door", 1);
    vdt_backoff_init(&again, "door", 1);
    vdt_backoff_init(&b, "yard", 1);
    vdt_backoff_init(&c, "door", 2);
    for (guint i = 0; i < 1000; i++) {
        const gint64 wait = vdt_backoff_next(&a, &limits);

        g_assert_cmpint(wait, >=, S / 2);
        g_assert_cmpint(wait, <=, MIN(10 * S, S << MIN(i, 4)));
        g_assert_cmpint(wait, ==, vdt_backoff_next(&again, &limits));
        same_b += wait == vdt_backoff_next(&b, &limits);
        same_c += wait == vdt_backoff_next(&c, &limits);
        longest = MAX(longest, wait);
    }
    g_assert_cmpint(longest, >, 9 * S);
    g_assert_cmpuint(same_b + same_c, <, 3);
    vdt_backoff_reset(&a);
    g_assert_cmpint(vdt_backoff_next(&a, &limits), <=, S);
}

static void test_backoff_far(void)
{
    const VdtBackoffLimits far = {.first = S, .most = G_MAXINT64 / 2};
    VdtBackoff backoff;

    vdt_backoff_init(&backoff, "", 0);
    for (guint i = 0; i < 100; i++)
        g_assert_cmpint(vdt_backoff_next(&backoff, &far), >=, S / 2);
}

static void test_gate(void)
{
    g_autoptr(VdtGate) gate = vdt_gate_new(2, 5 * S);
    char who[4];

    g_assert_null(vdt_gate_next(gate, 0));
    for (guint i = 0; i < 4; i++)
        vdt_gate_ask(gate, &who[i]);
    vdt_gate_ask(gate, &who[0]); /* again: changes nothing */
    g_assert_true(vdt_gate_next(gate, 0) == &who[0]);
    g_assert_true(vdt_gate_next(gate, S) == &who[1]);
    vdt_gate_ask(gate, &who[0]);
    g_assert_null(vdt_gate_next(gate, S));
    g_assert_cmpint(vdt_gate_get_deadline(gate), ==, 5 * S);
    vdt_gate_leave(gate, &who[2]); /* out of the queue */
    g_assert_null(vdt_gate_next(gate, S));
    vdt_gate_leave(gate, &who[1]); /* a turn */
    g_assert_true(vdt_gate_next(gate, 2 * S) == &who[3]);
    g_assert_cmpint(vdt_gate_get_deadline(gate), ==, NEVER);
    /* one that hangs loses its turn, and what it gives back later is no longer its own */
    vdt_gate_ask(gate, &who[2]);
    g_assert_null(vdt_gate_next(gate, 5 * S - 1));
    g_assert_true(vdt_gate_next(gate, 5 * S) == &who[2]);
    vdt_gate_leave(gate, &who[0]);
    vdt_gate_ask(gate, &who[1]);
    g_assert_null(vdt_gate_next(gate, 5 * S));
}

/* Turns are kept, but for those that are too many. */
static void test_gate_width(void)
{
    g_autoptr(VdtGate) gate = vdt_gate_new(3, 5 * S);
    char who[6];

    for (guint i = 0; i < 6; i++)
        vdt_gate_ask(gate, &who[i]);
    for (guint i = 0; i < 3; i++)
        g_assert_true(vdt_gate_next(gate, 0) == &who[i]);
    vdt_gate_leave(gate, &who[0]);
    vdt_gate_set_width(gate, 2);
    g_assert_null(vdt_gate_next(gate, S));
    vdt_gate_leave(gate, &who[2]);
    g_assert_true(vdt_gate_next(gate, S) == &who[3]);
    vdt_gate_set_width(gate, 3);
    g_assert_true(vdt_gate_next(gate, S) == &who[4]);
    g_assert_null(vdt_gate_next(gate, S));
}

static void test_gate_fair(void)
{
    g_autoptr(VdtGate) gate = vdt_gate_new(3, 100 * S);
    guint turns[10] = {0};

    for (guint i = 0; i < 10; i++)
        vdt_gate_ask(gate, &turns[i]);
    for (guint i = 0; i < 1000; i++) {
        guint *who = vdt_gate_next(gate, i);

        g_assert_nonnull(who);
        ++*who;
        vdt_gate_leave(gate, who);
        vdt_gate_ask(gate, who);
    }
    for (guint i = 0; i < 10; i++)
        g_assert_cmpuint(turns[i], ==, 100);
}

/* --- cameras, a switch, and a supervisor of them, all made up --- */

typedef struct {
    VdtMachine machine;
    gboolean open;
    gint64 answers; /* when what it was asked is answered; NEVER if it is not */
    gint64 frame;   /* when the next one comes */
    gint64 turn;    /* when it began to connect */
    guint attempts;
} Camera;

typedef struct {
    Camera cameras[MOST];
    guint n;
    VdtGate *gate;
    GRand *rand;
    gint64 now;
    gint64 down, up;  /* the switch is off between them */
    gboolean refuses; /* what is off says so at once, or else not at all */
    gint64 lives;     /* a connection breaks after this */
} World;

static gboolean is_down(const World *w)
{
    return w->now >= w->down && w->now < w->up;
}

static void act(World *w, Camera *c, VdtStreamActions actions)
{
    if (actions & VDT_STREAM_CLOSE)
        c->open = FALSE;
    if (c->machine.state != VDT_STREAM_CONNECTING)
        vdt_gate_leave(w->gate, c);
    if (actions & VDT_STREAM_PREPARE) {
        vdt_gate_leave(w->gate, c);
        act(w, c, vdt_machine_handle(&c->machine, VDT_STREAM_READY, w->now));
    }
    if (actions & VDT_STREAM_ASK)
        vdt_gate_ask(w->gate, c);
    if (actions & VDT_STREAM_OPEN) {
        c->open = TRUE;
        c->attempts++;
        c->turn = w->now;
        c->frame = NEVER;
        /* asking takes time; what an absent camera was asked is lost, and asked again by no one */
        c->answers = w->now + g_rand_int_range(w->rand, 200, 2000) * (S / 1000);
        if (is_down(w))
            c->answers = w->refuses ? w->now + S / 1000 : NEVER;
    }
}

static void tell(World *w, Camera *c, VdtStreamEvent event)
{
    act(w, c, vdt_machine_handle(&c->machine, event, w->now));
}

static void step_camera(World *w, Camera *c)
{
    if (c->open && w->now >= c->answers) {
        c->answers = NEVER;
        if (is_down(w))
            tell(w, c, VDT_STREAM_REFUSED);
        else
            c->frame = w->now;
    }
    if (c->open && w->now >= c->frame) {
        if (is_down(w)) {
            c->frame = NEVER; /* the connection is there, but nothing comes of it any more */
        } else if (w->lives && c->machine.begun >= 0 && w->now - c->machine.begun >= w->lives) {
            tell(w, c, VDT_STREAM_LOST);
        } else {
            c->frame = w->now + S / 10;
            tell(w, c, VDT_STREAM_FRAME);
        }
    }
    if (w->now >= c->machine.deadline)
        tell(w, c, VDT_STREAM_TIMEOUT);
}

static void check_width(const World *w)
{
    guint n = 0;

    for (guint i = 0; i < w->n; i++) {
        const Camera *c = &w->cameras[i];

        n += c->open && c->machine.state == VDT_STREAM_CONNECTING &&
             w->now - c->turn < VDT_STREAM_HOLD;
    }
    g_assert_cmpuint(n, <=, VDT_STREAM_WIDTH);
}

static void run(World *w, gint64 until)
{
    for (; w->now < until; w->now += S / 100) {
        Camera *turn;

        for (guint i = 0; i < w->n; i++)
            step_camera(w, &w->cameras[i]);
        while ((turn = vdt_gate_next(w->gate, w->now)))
            tell(w, turn, VDT_STREAM_TURN);
        check_width(w);
    }
}

static void world_init(World *w, guint n, guint32 seed)
{
    const VdtStreamTimes times = vdt_stream_times_default;

    *w = (World){.n = n, .down = NEVER, .up = NEVER, .rand = g_rand_new_with_seed(seed)};
    w->gate = vdt_gate_new(VDT_STREAM_WIDTH, VDT_STREAM_HOLD);
    for (guint i = 0; i < w->n; i++) {
        g_autofree char *name = g_strdup_printf("camera-%u", i);

        w->cameras[i].answers = w->cameras[i].frame = NEVER;
        vdt_machine_init(&w->cameras[i].machine, name, seed, &times, 0);
        tell(w, &w->cameras[i], VDT_STREAM_START);
    }
}

static void world_clear(World *w)
{
    vdt_gate_free(w->gate);
    g_rand_free(w->rand);
}

static gboolean all_live(const World *w)
{
    for (guint i = 0; i < w->n; i++)
        if (w->cameras[i].machine.state != VDT_STREAM_LIVE)
            return FALSE;
    return TRUE;
}

static gint64 time_to_live(World *w, gint64 from, gint64 most)
{
    w->now = from;
    while (!all_live(w) && w->now < from + most)
        run(w, w->now + S / 10);
    return w->now - from;
}

/* All 16 cameras are lost at once, for seconds or minutes, and are back within 30 s of when their
 * switch is. */
static void test_switch(gconstpointer refuses)
{
    gint64 worst = 0;

    for (guint seed = 0; seed < N_WORLDS; seed++) {
        World w;
        gint64 took;

        world_init(&w, N, seed);
        w.refuses = GPOINTER_TO_INT(refuses);
        g_assert_cmpint(time_to_live(&w, 0, 60 * S), <, 15 * S);
        w.down = 60 * S;
        w.up = w.down + g_rand_int_range(w.rand, 10, 300) * S;
        run(&w, w.up);
        for (guint i = 0; i < w.n; i++)
            g_assert_cmpint(w.cameras[i].machine.state, !=, VDT_STREAM_LIVE);
        took = time_to_live(&w, w.up, 120 * S);
        worst = MAX(worst, took);
        world_clear(&w);
    }
    g_test_message("the slowest of %d worlds: %.1f s", N_WORLDS, (double)worst / S);
    g_assert_cmpint(worst, <=, 30 * S);
}

/* A hundred take their turns: nobody asks all of them at once, and nobody is forgotten. */
static void test_many(void)
{
    World w;
    gint64 took;

    world_init(&w, MOST, 1);
    g_assert_cmpint(time_to_live(&w, 0, 120 * S), <, 60 * S);
    w.down = 120 * S;
    w.up = w.down + 60 * S;
    run(&w, w.up);
    took = time_to_live(&w, w.up, 120 * S);
    g_test_message("%d cameras are back after %.1f s", MOST, (double)took / S);
    g_assert_cmpint(took, <, 60 * S);
    world_clear(&w);
}

/* Cameras that answer and break at once are not asked without pause, nor given up. */
static void test_flapping(void)
{
    World w;

    world_init(&w, N, 7);
    w.lives = 2 * S;
    run(&w, 600 * S);
    for (guint i = 0; i < w.n; i++) {
        g_test_message("%u attempts", w.cameras[i].attempts);
        g_assert_cmpuint(w.cameras[i].attempts, >, 30);
        g_assert_cmpuint(w.cameras[i].attempts, <, 120);
        g_assert_cmpint(w.cameras[i].machine.state, !=, VDT_STREAM_FAILED);
    }
    w.lives = 0;
    g_assert_cmpint(time_to_live(&w, w.now, 60 * S), <, 30 * S);
    world_clear(&w);
}

/* Cameras that hang keep no other from its turn for long. */
static void test_hanging(void)
{
    World w;
    guint waits = 0;

    world_init(&w, N, 3);
    w.down = 0;
    w.up = 120 * S;
    run(&w, 100 * S);
    for (guint i = 0; i < w.n; i++) {
        waits += w.cameras[i].machine.deadline == NEVER;
        g_assert_cmpuint(w.cameras[i].attempts, >=, 5);
    }
    g_assert_cmpuint(waits, <, w.n);
    world_clear(&w);
}

/* The machine sleeps for an hour: the cameras that kept their connections keep them. */
static void test_leap(void)
{
    World w;
    guint attempts = 0;

    world_init(&w, N, 5);
    time_to_live(&w, 0, 60 * S);
    for (guint i = 0; i < w.n; i++)
        attempts += w.cameras[i].attempts;
    w.now += 3600 * S;
    run(&w, w.now + 10 * S);
    g_assert_true(all_live(&w));
    for (guint i = 0; i < w.n; i++)
        attempts -= w.cameras[i].attempts;
    g_assert_cmpuint(attempts, ==, 0);
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backoff/waits", test_backoff);
    g_test_add_func("/backoff/far", test_backoff_far);
    g_test_add_func("/gate/order", test_gate);
    g_test_add_func("/gate/width", test_gate_width);
    g_test_add_func("/gate/fair", test_gate_fair);
    g_test_add_data_func("/fleet/switch-silent", GINT_TO_POINTER(FALSE), test_switch);
    g_test_add_data_func("/fleet/switch-refuses", GINT_TO_POINTER(TRUE), test_switch);
    g_test_add_func("/fleet/many", test_many);
    g_test_add_func("/fleet/flapping", test_flapping);
    g_test_add_func("/fleet/hanging", test_hanging);
    g_test_add_func("/fleet/leap", test_leap);
    return g_test_run();
}
