/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No secret of any kind is in anything that the service lets anybody see. */
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#include "../process.h"
#include "service.h"

#define TOKEN "hush-token-0123456789abcdef"

/* All of them begin alike, and end with where they stand. */
static const char secret[] = "hush-";

static void check(const char *text, gsize n, const char *where)
{
    const char *found = memmem(text, n, secret, strlen(secret));
    if (found != NULL)
        g_error("%s has a secret: %.*s", where, (int)MIN(n - (gsize)(found - text), 40), found);
}

static void check_file(const char *path)
{
    g_autofree char *text = NULL;
    gsize n = 0;
    if (g_file_get_contents(path, &text, &n, NULL))
        check(text, n, path);
    check(path, strlen(path), "a file's name");
}

static guint check_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n = 0;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *one = g_build_filename(path, name, NULL);
        if (g_file_test(one, G_FILE_TEST_IS_DIR))
            n += check_folder(one);
        else
            check_file(one);
        n++;
    }
    return n;
}

/* What others on the machine can see of it, and what systemd shows. */
static void check_process(const Service *s)
{
    static const char *const files[] = {"cmdline", "environ", "comm", "status"};
    g_autofree char *process = g_strdup_printf("/proc/%s", g_subprocess_get_identifier(s->process)),
                    *tasks = g_build_filename(process, "task", NULL);
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    const char *task;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(process, files[i], NULL);
        g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
        check_file(path);
    }
    while ((task = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(tasks, task, "comm", NULL);
        check_file(path);
    }
}

static const struct {
    const char *method, *target, *body;
    guint status;
} questions[] = {
    {"GET", "/api/v1/streams", NULL, 200},
    {"GET", "/api/v1/streams/file", NULL, 200},
    {"GET", "/api/v1/streams/credential", NULL, 200},
    {"GET", "/api/v1/streams/address", NULL, 200},
    {"GET", "/api/v1/streams/query", NULL, 200},
    {"GET", "/api/v1/streams/refused", NULL, 200},
    {"GET", "/api/v1/status", NULL, 200},
    {"GET", "/api/v1/events?limit=1000", NULL, 200},
    {"GET", "/api/v1/openapi.json", NULL, 200},
    {"GET", "/metrics", NULL, 200},
    {"GET", "/healthz", NULL, 200},
    {"GET", "/api/v1/streams/unknown?x=hush-query", NULL, 400},
    {"POST", "/api/v1/reload", NULL, 200},
    {"POST", "/api/v1/config/validate", NULL, 200},
    {"POST", "/api/v1/streams",
     "{\"name\":\"posted\",\"config\":{\"stream\":{\"source\":"
     "\"rtsp://user:hush-posted@127.0.0.1:1/x?password=hush-posted2\"}}}",
     201},
    {"GET", "/api/v1/streams/posted", NULL, 200},
    {"PUT", "/api/v1/streams/posted",
     "{\"config\":{\"stream\":{\"source\":\"rtsp://user:hush-wrong@127.0.0.1:1/x\","
     "\"stall-timeout\":\"5\"}}}",
     422},
    {"POST", "/api/v1/streams",
     "{\"name\":\"none\",\"config\":{\"stream\":{\"source\":"
     "\"nonsense://user:hush-scheme@host/?password=hush-scheme2\"}}}",
     422},
    {"POST", "/api/v1/streams/posted/restart", NULL, 202},
    {"DELETE", "/api/v1/streams/posted", NULL, 200},
};

static void check_answers(const Service *s)
{
    static const char *const headers[] = {"Authorization: Bearer hush-token-that-is-wrong",
                                          "Authorization: Bearer " TOKEN, "Cookie: session=hush-x"};
    for (guint i = 0; i < G_N_ELEMENTS(questions); i++) {
        g_autofree char *answer =
            ask_unix(&s->peers, questions[i].method, questions[i].target, questions[i].body);
        if (status_of(answer) != questions[i].status)
            g_error("%s %s: %s", questions[i].method, questions[i].target, answer);
        check(answer, strlen(answer), questions[i].target);
    }
    for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *answer = ask(&s->peers, "GET", "/api/v1/streams", headers[i], NULL);
        g_assert_cmpuint(status_of(answer), ==, i == 1 ? 200 : i == 0 ? 401 : 200);
        check(answer, strlen(answer), headers[i]);
    }
}

static void check_topics(Listener *listener)
{
    guint n = listener_count(listener, "#");
    for (guint i = 0; i < n; i++) {
        g_autoptr(Heard) heard = listener_get(listener, "#", i);
        check(heard->topic, strlen(heard->topic), "a topic");
        check(heard->payload, strlen(heard->payload), heard->topic);
    }
}

/* An RTSP camera of @port as a stream's file for its owner alone. */
static void add_camera(const char *name, const char *user, guint port, const char *more)
{
    g_autofree char *file = g_strdup_printf("streams.d/%s.conf", name);
    g_autofree char *text =
        g_strdup_printf("[stream]\nsource=rtsp://%s127.0.0.1:%u/camera%s\n", user, port, more);
    add_secret(file, text);
}

static void add_password(const char *users)
{
    g_autofree char *tool = g_find_program_in_path("mosquitto_passwd");
    g_autofree char *command =
        g_strdup_printf("%s -b '%s' vedette hush-broker", tool != NULL ? tool : "false", users);
    g_assert_cmpint(system(command), ==, 0);
    g_assert_cmpint(g_chmod(users, 0644), ==, 0);
}

static void test_nowhere(void)
{
    Service s;
    Broker broker;
    Peer camera;
    Listener *listener = NULL;
    gboolean has_broker = broker_is_installed();
    guint dead = process_find_port();
    peer_init(&camera);
    peer_serve(&camera, "h264 password=hush-camera");
    service_init(&s, "");
    s.with_state = TRUE;
    s.credentials = g_strdup(fixture_path("credentials"));
    add_secret("credentials/front", "user:hush-camera\n");
    add_secret("secrets/camera", "user:hush-camera\n");
    add_secret("secrets/hook", "hush-hook\n");
    add_secret("secrets/broker", "vedette:hush-broker\n");
    add_secret("secrets/tokens", "control boss " TOKEN "\n");
    g_autofree char *secrets = g_strdup(fixture_path("secrets")),
                    *http = read_whole(fixture_path("vedette.conf")), *mqtt = NULL, *users = NULL;
    if (has_broker) {
        fixture_add("users", "");
        users = g_strdup(fixture_path("users"));
        add_password(users);
        g_autofree char *settings =
            g_strdup_printf("allow_anonymous false\npassword_file %s\n", users);
        broker_start(&broker, settings, FALSE);
        listener = listener_new(broker.port, "#", "vedette", "hush-broker");
        mqtt = g_strdup_printf("[mqtt]\nhost=127.0.0.1\nport=%u\nsecret-file=%s/broker\n"
                               "discovery=yes\nstats-interval=1s\n",
                               broker.port, secrets);
    }
    g_autofree char *conf =
        g_strdup_printf("%stokens-file=%s/tokens\n[webhook]\nurl=http://127.0.0.1:%u/hush-path?key="
                        "hush-key\nsecret-file=%s/hook\n[events]\nlost-after=0s\n%s",
                        http, secrets, dead, secrets, mqtt != NULL ? mqtt : "");
    add_secret("vedette.conf", conf);
    g_autofree char *file = g_strdup_printf("\nsecret-file=%s/camera", secrets);
    add_camera("file", "", camera.port, file);
    add_camera("credential", "", camera.port, "\ncredential=front");
    add_camera("address", "user:hush-camera@", camera.port, "");
    add_camera("refused", "user:hush-refused@", camera.port, "");
    add_camera("query", "", dead, "?password=hush-query");
    add_bars("front", "");
    service_start(&s);
    service_wait_ready(&s);
    static const char *const live[] = {"file", "credential", "address", "front"};
    for (guint i = 0; i < G_N_ELEMENTS(live); i++)
        EXPECT(&s, service_is(&s, live[i], "live"), 30);
    EXPECT(&s, service_is(&s, "refused", "failed"), 20);
    EXPECT(&s, count_in(s.err, "webhook: away") > 0, 10);
    EXPECT(&s, count_in(s.out, "\"what\":\"camera\"") >= 2, 10);
    if (has_broker)
        EXPECT(&s, listener_count(listener, "vedette/stats") > 0, 10);
    check_answers(&s);
    check_process(&s);
    /* what is wrong with the files, and another password that is */
    add_camera("wrong", "user:hush-open@", dead, "\nstall-timeout=5");
    g_assert_cmpint(g_chmod(fixture_path("streams.d/wrong.conf"), 0644), ==, 0);
    g_autofree char *refused = ask_unix(&s.peers, "POST", "/api/v1/reload", NULL);
    g_assert_cmpuint(status_of(refused), ==, 422);
    check(refused, strlen(refused), "a reload that is refused");
    /* An address by which one may post is as good as a password. */
    g_autofree char *other = g_strdup_printf("%s[webhook]\nurl=ftp://host/hush-post\n", http);
    g_assert_cmpint(g_unlink(fixture_path("streams.d/wrong.conf")), ==, 0);
    add_secret("vedette.conf", other);
    g_autofree char *nowhere = ask_unix(&s.peers, "POST", "/api/v1/reload", NULL);
    g_assert_cmpuint(status_of(nowhere), ==, 422);
    g_assert_nonnull(strstr(nowhere, "expected http"));
    check(nowhere, strlen(nowhere), "another reload that is refused");
    g_usleep(SECOND);
    if (has_broker) {
        g_assert_cmpuint(listener_count(listener, "vedette/+/status"), >, 5);
        check_topics(listener);
    }
    service_stop(&s);
    check_file(s.out);
    check_file(s.err);
    check(s.heard->str, s.heard->len, "what systemd was told");
    g_autofree char *state = g_strdup(fixture_path("state"));
    g_assert_cmpuint(check_folder(state), >, 3);
    if (has_broker) {
        listener_free(listener);
        broker_clear(&broker);
    }
    service_clear(&s);
    peer_clear(&camera);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/secrets/nowhere", test_nowhere);
    return fixture_close();
}
