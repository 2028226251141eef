/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of a sink: that it stops, whatever it is at; that it heeds pauses; what is left. */
#include "publish/board.h"
#include "publish/sink.h"
#include "told.h"

static const VdtSinkTimes slow = {
    .away = {30000000000, 60000000000},
    .refused = {30000000000, 60000000000},
    .connect = 60 * G_USEC_PER_SEC,
    .answer = 60 * G_USEC_PER_SEC,
    .stop = G_USEC_PER_SEC / 5,
};

typedef struct {
    gint hangs, ended, attempts, taken;
} Peer;

static void on_free(gpointer data)
{
    Peer *peer = data;
    g_atomic_int_set(&peer->ended, 1);
}

/* As a resolver, or a disk, that does not come back. */
static void run_hanging(VdtSink *sink, gpointer data)
{
    Peer *peer = data;
    VdtTold next;
    while (g_atomic_int_get(&peer->hangs))
        g_usleep(10000);
    while (vdt_sink_take(sink, &next))
        g_atomic_int_inc(&peer->taken);
    vdt_sink_failed(sink, VDT_SINK_AWAY, 0, "it hung");
}

static void run_failing(VdtSink *sink, gpointer data)
{
    Peer *peer = data;
    while (!vdt_sink_is_stopping(sink)) {
        g_atomic_int_inc(&peer->attempts);
        vdt_sink_failed(sink, VDT_SINK_AWAY, 0, "attempt %d", peer->attempts);
    }
}

static const VdtSinkKind hanging = {"hanging", VDT_TO_FILE, run_hanging, on_free},
                         failing = {"failing", VDT_TO_FILE, run_failing, on_free};

static void test_hanging(void)
{
    static Peer peer = {.hangs = 1};
    fixture_files(NULL, NULL);
    VdtStore *store = told_open();
    VdtSinkOptions options = {.store = store, .times = &slow};
    VdtSink *sink = vdt_sink_new(&hanging, &peer, "nowhere", &options);
    told_put(store, "a", 0);
    gint64 begun = g_get_monotonic_time();
    g_assert_false(vdt_sink_free(sink));
    g_assert_cmpint(g_get_monotonic_time() - begun, <, FIXTURE_SLOWER * G_USEC_PER_SEC);
    /* What is left finds no store, which is not there any more. */
    vdt_store_close(store);
    g_atomic_int_set(&peer.hangs, 0);
    WAIT(g_atomic_int_get(&peer.ended), 5);
    g_assert_cmpint(peer.taken, ==, 0);
}

/* A pause is over when it is to stop, not when there are news. */
static void test_pause(void)
{
    static Peer peer = {0};
    fixture_files(NULL, NULL);
    VdtStore *store = told_open();
    VdtSinkOptions options = {.store = store, .times = &slow};
    VdtSink *sink = vdt_sink_new(&failing, &peer, "nowhere", &options);
    WAIT(g_atomic_int_get(&peer.attempts) == 1, 5);
    told_put(store, "a", 0);
    g_assert_true(vdt_store_flush(store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    vdt_sink_wake(sink);
    g_usleep(100000);
    g_autoptr(VdtSinkInfo) info = vdt_sink_get_info(sink);
    g_assert_cmpint(peer.attempts, ==, 1);
    g_assert_cmpint(info->state, ==, VDT_SINK_AWAY);
    g_assert_cmpstr(info->error, ==, "attempt 1");
    g_assert_cmpuint(info->pending, ==, 1);
    g_assert_cmpint(info->retry, >, g_get_monotonic_time() + 10 * G_USEC_PER_SEC);
    g_assert_true(vdt_sink_free(sink));
    g_assert_cmpint(peer.ended, ==, 1);
    vdt_store_close(store);
}

/* A credential that this process is not given. */
static void test_unread(void)
{
    fixture_files(NULL, NULL);
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) config = told_config(
        "", "[webhook]\nurl=http://127.0.0.1:9/\ncredential=hook\n[mqtt]\nhost=x\ncredential=y\n");
    VdtPublisher *publisher = told_publish(config, store);
    g_autoptr(GPtrArray) all = vdt_publisher_get_info(publisher);
    g_assert_cmpuint(all->len, ==, 0);
    g_assert_true(told_said("webhook: its credential was not read"));
    g_assert_true(told_said("mqtt: its credential was not read"));
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
}

static void expect(VdtBoard *board, guint64 *after, const char *stream, const char *state)
{
    g_autoptr(VdtNotice) notice = vdt_board_next(board, *after);
    if (stream == NULL) {
        g_assert_null(notice);
        return;
    }
    g_assert_nonnull(notice);
    g_assert_cmpstr(notice->stream, ==, stream);
    g_assert_cmpstr(notice->state, ==, state);
    g_assert_cmpint(notice->removed, ==, state == NULL);
    *after = notice->change;
}

/* Only the newest of each, in the order in which they came. */
static void test_board(void)
{
    VdtBoard *board = vdt_board_new();
    guint64 after = 0;
    g_assert_false(vdt_board_set(board, "a", "live", NULL));
    vdt_board_add(board, "a");
    vdt_board_add(board, "b");
    g_assert_true(vdt_board_set(board, "a", "backoff", "x"));
    g_assert_true(vdt_board_set(board, "a", "live", NULL));
    g_assert_false(vdt_board_set(board, "a", "live", NULL));
    expect(board, &after, "b", "connecting");
    expect(board, &after, "a", "live");
    expect(board, &after, NULL, NULL);
    vdt_board_remove(board, "b");
    g_assert_false(vdt_board_set(board, "b", "stopped", NULL));
    g_assert_false(vdt_board_has(board, "b"));
    expect(board, &after, "b", NULL);
    expect(board, &after, NULL, NULL);
    vdt_board_add(board, "b");
    expect(board, &after, "b", "connecting");
    g_auto(GStrv) names = vdt_board_list(board);
    g_assert_cmpuint(g_strv_length(names), ==, 2);
    vdt_board_unref(board);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/sink/hanging", test_hanging);
    g_test_add_func("/sink/pause", test_pause);
    g_test_add_func("/sink/unread", test_unread);
    g_test_add_func("/sink/board", test_board);
    return fixture_close();
}
