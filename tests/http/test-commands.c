/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette streams and vedette events, through the socket of a service that is made up. */
#include <signal.h>
#include <string.h>

#include "../daemon/fixture.h"
#include "fixture.h"

static Server *server;

/* What the command prints, all arguments in one text, separated by blanks. */
static char *run(const char *arguments, int status)
{
    g_auto(GStrv) words = g_strsplit(arguments, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    g_autofree char *err = NULL;
    g_ptr_array_add(argv, (gpointer)g_getenv("VEDETTE_EXE"));
    for (guint i = 0; words[i] != NULL; i++)
        g_ptr_array_add(argv, words[i]);
    g_ptr_array_add(argv, (gpointer) "--socket");
    g_ptr_array_add(argv, server->socket);
    g_ptr_array_add(argv, NULL);
    g_autoptr(GSubprocess) process =
        g_subprocess_newv((const char *const *)argv->pdata,
                          G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_communicate_utf8(process, NULL, NULL, &out, &err, &error));
    if (g_subprocess_get_exit_status(process) != status)
        g_error("vedette %s ended with %d, not %d: %s", arguments,
                g_subprocess_get_exit_status(process), status, err);
    g_assert_true((status == 0) == (*err == '\0'));
    if (status == 0)
        return out;
    g_free(out);
    return g_steal_pointer(&err);
}

static void test_streams(void)
{
    g_autofree char *list = run("streams list", 0);
    g_assert_true(g_str_has_prefix(list, "NAME   STATE    FPS"));
    g_assert_nonnull(strstr(list, "\nyard   backoff  "));
    g_autofree char *json = run("streams list --json", 0);
    g_assert_true(g_str_has_prefix(json, "{\"streams\""));
    g_autofree char *state = run("streams state front", 0);
    g_assert_nonnull(strstr(state, "\n[recognizer]\nthreshold=0.25\n"));
    g_assert_null(strstr(state, "hunter"));
    g_autofree char *none = run("streams state none", 1);
    g_assert_cmpstr(none, ==, "vedette streams: there is no such stream\n");
    server->outcome = 201;
    g_free(run("streams add side source=street:/// recognizer.threshold=0.5", 0));
    g_assert_cmpint(server->act, ==, VDT_ACT_ADD);
    g_assert_cmpstr(server->name, ==, "side");
    g_assert_nonnull(strstr(server->text, "[stream]\nsource=street:///\n[recognizer]\n"
                                          "threshold=0.5\n"));
    static const char *const short_forms[][3] = {
        {"streams add rtsp://cam.example:554/1", "cam-example",
         "source=rtsp://cam.example:554/1\n"},
        {"streams add street:///", "street", "source=street:///\n"},
        {"streams add v4l2:///dev/video0 credential=x", "video0", "credential=x\n"},
        {"streams add door file:///a/b.mp4", "door", "source=file:///a/b.mp4\n"}};
    for (guint i = 0; i < G_N_ELEMENTS(short_forms); i++) {
        g_free(run(short_forms[i][0], 0));
        g_assert_cmpstr(server->name, ==, short_forms[i][1]);
        g_assert_nonnull(strstr(server->text, short_forms[i][2]));
        g_assert_nonnull(strstr(server->text, "[recognizer]\n[segmenter]\nobjects=yes\n"));
    }
    g_free(run("streams add street:/// recognizer.threshold=0.5", 0));
    g_assert_null(strstr(server->text, "[segmenter]"));
    server->outcome = 422;
    g_autofree char *wrong = run("streams add side source=x", 1);
    g_assert_nonnull(strstr(wrong, "it would be wrong\n  /x:3: "));
    server->outcome = 200;
    g_free(run("streams remove side", 0));
    g_assert_cmpint(server->act, ==, VDT_ACT_REMOVE);
    g_free(run("streams restart side", 0));
    g_assert_cmpint(server->act, ==, VDT_ACT_RESTART);
}

static void test_arm(void)
{
    g_autofree char *now = run("events arm", 0);
    g_assert_cmpstr(now, ==, "auto\n");
    g_autofree char *json = run("events arm --json", 0);
    g_assert_cmpstr(json, ==, "{\"arm\": \"auto\"}\n");
    server->outcome = 200;
    g_free(run("events arm disarmed", 0));
    g_assert_cmpint(server->act, ==, VDT_ACT_ARM);
    g_assert_cmpstr(server->text, ==, "disarmed");
    g_autofree char *wrong = run("events arm never", 1);
    g_assert_nonnull(strstr(wrong, "expected the member arm, auto, armed or disarmed"));
}

static void test_usage(void)
{
    static const char *const rows[] = {"streams",
                                       "streams nothing",
                                       "streams state",
                                       "streams add side",
                                       "streams list a",
                                       "streams add a b",
                                       "events",
                                       "events nothing",
                                       "events tail query",
                                       "events export --format x",
                                       "events arm auto auto"};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_free(run(rows[i], 2));
}

static void put_many(void)
{
    for (guint i = 0; i < 2500; i++) {
        VdtEventLine line = vdt_event_line_now();
        g_autofree char *id = g_strdup_printf("many-%u", i);
        line.type = "action";
        line.event = "start";
        line.id = id;
        line.stream = "front";
        line.label = i == 7 ? "=cmd|\"x\",y" : "loiter";
        line.time = 1000000 + i;
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        vdt_store_put(server->store, event);
    }
    g_assert_true(vdt_store_flush(server->store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
}

static guint count(const char *text, const char *what)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

static void test_events(void)
{
    put_many();
    g_autofree char *query = run("events query --limit 5 --stream front", 0);
    g_assert_cmpuint(count(query, "\n"), ==, 6);
    g_assert_nonnull(strstr(query, "many-2499"));
    g_autofree char *bad = run("events query --limit 5000", 1);
    g_assert_nonnull(strstr(bad, "limit: expected a whole number from 1 to 1000"));
    g_autofree char *lines = run("events export", 0);
    g_assert_cmpuint(count(lines, "\n"), ==, 2500);
    g_assert_cmpuint(count(lines, "\"id\": \"many-"), ==, 2500);
    g_autofree char *csv = run("events export --format csv", 0);
    g_assert_cmpuint(count(csv, "\r\n"), ==, 2501);
    g_assert_true(g_str_has_prefix(csv, "number,id,stream,type,"));
    g_assert_nonnull(strstr(csv, ",\"'=cmd|\"\"x\"\",y\","));
}

static void test_tail(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) tail =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, g_getenv("VEDETTE_EXE"), "events",
                         "tail", "--socket", server->socket, "--after", "0", NULL);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) input = g_data_input_stream_new(g_subprocess_get_stdout_pipe(tail));
    g_autofree char *first = g_data_input_stream_read_line(input, NULL, NULL, NULL);
    g_assert_true(g_str_has_suffix(first, "  front  action  start  loiter"));
    put_event(server, "new", "start", "seen now", 5000000);
    for (;;) {
        g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);
        g_assert_nonnull(line);
        if (strstr(line, "seen now") != NULL)
            break;
    }
    g_subprocess_send_signal(tail, SIGINT);
    g_subprocess_wait(tail, NULL, NULL);
    g_assert_cmpint(g_subprocess_get_exit_status(tail), ==, 130);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    server = server_new(NULL);
    g_test_add_func("/commands/streams", test_streams);
    g_test_add_func("/commands/arm", test_arm);
    g_test_add_func("/commands/usage", test_usage);
    g_test_add_func("/commands/events", test_events);
    g_test_add_func("/commands/tail", test_tail);
    int status = g_test_run();
    server_free(server);
    return status;
}
