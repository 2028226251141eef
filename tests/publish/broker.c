/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../process.h"
#include "told.h"

#define MOST_PAIRS 16

static char *find_broker(void)
{
    char *program = g_find_program_in_path("mosquitto");
    if (program == NULL && g_file_test("/usr/sbin/mosquitto", G_FILE_TEST_IS_EXECUTABLE))
        program = g_strdup("/usr/sbin/mosquitto");
    return program;
}

gboolean broker_is_installed(void)
{
    g_autofree char *program = find_broker();
    if (program == NULL)
        g_test_message("mosquitto is not installed: what a broker is told is not looked at");
    return program != NULL;
}

gboolean broker_is_there(void)
{
    if (broker_is_installed())
        return TRUE;
    g_test_skip("mosquitto is not installed");
    return FALSE;
}

static int listen_at(guint *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(fd, 16), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int connect_at(guint port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static gboolean answers(guint port)
{
    int fd = connect_at(port);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

void broker_restart(Broker *broker)
{
    g_autofree char *program = find_broker(), *folder = g_strdup(fixture_path(""));
    g_autofree char *tls =
        broker->tls ? g_strdup_printf("listener %u 127.0.0.1\ncafile %s/ca.pem\ncertfile "
                                      "%s/cert.pem\nkeyfile %s/key.pem\n",
                                      broker->port_tls, folder, folder, folder)
                    : g_strdup("");
    g_autofree char *user = g_strdup_printf("user %s\n", g_get_user_name());
    g_autofree char *text =
        g_strdup_printf("%s%s\npersistence false\nlog_dest file %s/broker.log\n"
                        "max_queued_messages 0\nlistener %u 127.0.0.1\n%s",
                        user, broker->settings != NULL ? broker->settings : "allow_anonymous true",
                        folder, broker->port, tls);
    fixture_add("broker.conf", text);
    g_autofree char *file = g_strdup(fixture_path("broker.conf"));
    char *argv[] = {program, "-c", file, NULL};
    g_autoptr(GError) error = NULL;
    g_spawn_async(NULL, argv, NULL,
                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                      G_SPAWN_STDERR_TO_DEV_NULL,
                  process_die_with_parent, NULL, &broker->pid, &error);
    g_assert_no_error(error);
    WAIT(answers(broker->port), 10);
}

void broker_start(Broker *broker, const char *settings, gboolean tls)
{
    *broker = (Broker){.port = process_find_port(),
                       .port_tls = process_find_port(),
                       .settings = g_strdup(settings),
                       .tls = tls};
    broker_restart(broker);
}

void broker_kill(Broker *broker)
{
    kill(broker->pid, SIGKILL);
    waitpid(broker->pid, NULL, 0);
    broker->pid = 0;
}

void broker_clear(Broker *broker)
{
    if (broker->pid > 0)
        broker_kill(broker);
    g_free(broker->settings);
}

/* --- the gate --- */

struct _Gate {
    int fd;
    guint port, target;
    gint mode, stopping, came;
    struct {
        int client, broker;
    } pairs[MOST_PAIRS];
    GThread *thread;
};

static void gate_end(Gate *gate, guint i)
{
    if (gate->pairs[i].client >= 0)
        close(gate->pairs[i].client);
    if (gate->pairs[i].broker >= 0)
        close(gate->pairs[i].broker);
    gate->pairs[i].client = gate->pairs[i].broker = -1;
}

static void gate_take(Gate *gate, GateMode mode)
{
    int client = accept(gate->fd, NULL, NULL);
    g_atomic_int_inc(&gate->came);
    for (guint i = 0; i < MOST_PAIRS && mode != GATE_CLOSED && client >= 0; i++) {
        if (gate->pairs[i].client >= 0)
            continue;
        gate->pairs[i].client = client;
        gate->pairs[i].broker = mode == GATE_SILENT ? -1 : connect_at(gate->target);
        if (gate->pairs[i].broker < 0 && mode != GATE_SILENT)
            gate_end(gate, i);
        return;
    }
    if (client >= 0)
        close(client);
}

/* FALSE at the end. */
static gboolean carry(int from, int to)
{
    char bytes[16384];
    gssize n = read(from, bytes, sizeof bytes);
    if (n <= 0)
        return FALSE;
    return to < 0 || write(to, bytes, (gsize)n) == n;
}

static gpointer gate_run(gpointer data)
{
    Gate *gate = data;
    while (!g_atomic_int_get(&gate->stopping)) {
        struct pollfd fds[1 + 2 * MOST_PAIRS] = {{gate->fd, POLLIN, 0}};
        GateMode mode = g_atomic_int_get(&gate->mode);
        for (guint i = 0; i < MOST_PAIRS; i++) {
            if (mode == GATE_CLOSED)
                gate_end(gate, i);
            fds[1 + 2 * i] = (struct pollfd){gate->pairs[i].client, POLLIN, 0};
            fds[2 + 2 * i] = (struct pollfd){gate->pairs[i].broker, POLLIN, 0};
        }
        poll(fds, G_N_ELEMENTS(fds), 5);
        mode = g_atomic_int_get(&gate->mode);
        for (guint i = 0; i < MOST_PAIRS; i++) {
            gboolean back = mode == GATE_OPEN;
            if ((fds[1 + 2 * i].revents != 0 &&
                 !carry(gate->pairs[i].client, gate->pairs[i].broker)) ||
                (fds[2 + 2 * i].revents != 0 &&
                 !carry(gate->pairs[i].broker, back ? gate->pairs[i].client : -1)))
                gate_end(gate, i);
        }
        if (fds[0].revents != 0)
            gate_take(gate, mode);
    }
    return NULL;
}

Gate *gate_new(guint target)
{
    Gate *gate = g_new0(Gate, 1);
    signal(SIGPIPE, SIG_IGN);
    gate->target = target;
    gate->fd = listen_at(&gate->port);
    for (guint i = 0; i < MOST_PAIRS; i++)
        gate->pairs[i].client = gate->pairs[i].broker = -1;
    gate->thread = g_thread_new("gate", gate_run, gate);
    return gate;
}

guint gate_get_port(Gate *gate)
{
    return gate->port;
}

void gate_set(Gate *gate, GateMode mode)
{
    g_atomic_int_set(&gate->mode, mode);
    g_usleep(30000);
}

guint gate_count(Gate *gate)
{
    return (guint)g_atomic_int_get(&gate->came);
}

void gate_free(Gate *gate)
{
    g_atomic_int_set(&gate->stopping, 1);
    g_thread_join(gate->thread);
    for (guint i = 0; i < MOST_PAIRS; i++)
        gate_end(gate, i);
    close(gate->fd);
    g_free(gate);
}

/* --- who hears --- */

struct _Listener {
    struct mosquitto *client;
    char *topics;
    gint hears;
    GMutex lock;
    GPtrArray *heard; /* guarded */
};

void heard_free(Heard *heard)
{
    if (heard == NULL)
        return;
    g_free(heard->topic);
    g_free(heard->payload);
    g_free(heard);
}

static void on_connect(struct mosquitto *client, void *data, int refusal)
{
    Listener *listener = data;
    if (refusal == 0)
        mosquitto_subscribe(client, NULL, listener->topics, 1);
}

static void on_subscribe(struct mosquitto *client, void *data, int mid, int n, const int *granted)
{
    Listener *listener = data;
    g_atomic_int_set(&listener->hears, 1);
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *m)
{
    Listener *listener = data;
    Heard *heard = g_new(Heard, 1);
    *heard =
        (Heard){g_strdup(m->topic),
                g_strndup(m->payload != NULL ? m->payload : "", (gsize)m->payloadlen), m->retain};
    g_mutex_lock(&listener->lock);
    g_ptr_array_add(listener->heard, heard);
    g_mutex_unlock(&listener->lock);
}

Listener *listener_new(guint port, const char *topics, const char *user, const char *password)
{
    Listener *listener = g_new0(Listener, 1);
    mosquitto_lib_init();
    g_mutex_init(&listener->lock);
    listener->heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
    listener->topics = g_strdup(topics);
    listener->client = mosquitto_new(NULL, true, listener);
    mosquitto_connect_callback_set(listener->client, on_connect);
    mosquitto_subscribe_callback_set(listener->client, on_subscribe);
    mosquitto_message_callback_set(listener->client, on_message);
    if (user != NULL)
        mosquitto_username_pw_set(listener->client, user, password);
    g_assert_cmpint(mosquitto_connect(listener->client, "127.0.0.1", (int)port, 30), ==, 0);
    g_assert_cmpint(mosquitto_loop_start(listener->client), ==, 0);
    WAIT(g_atomic_int_get(&listener->hears), 5);
    return listener;
}

void listener_free(Listener *listener)
{
    mosquitto_disconnect(listener->client);
    mosquitto_loop_stop(listener->client, true);
    mosquitto_destroy(listener->client);
    g_ptr_array_unref(listener->heard);
    g_mutex_clear(&listener->lock);
    g_free(listener->topics);
    g_free(listener);
}

static gboolean matches(const Heard *heard, const char *topics)
{
    bool match = false;
    mosquitto_topic_matches_sub(topics, heard->topic, &match);
    return match;
}

guint listener_count(Listener *listener, const char *topics)
{
    guint n = 0;
    g_mutex_lock(&listener->lock);
    for (guint i = 0; i < listener->heard->len; i++)
        n += matches(listener->heard->pdata[i], topics);
    g_mutex_unlock(&listener->lock);
    return n;
}

Heard *listener_get(Listener *listener, const char *topics, guint nth)
{
    Heard *found = NULL;
    g_mutex_lock(&listener->lock);
    for (guint i = 0; i < listener->heard->len && found == NULL; i++) {
        const Heard *heard = listener->heard->pdata[i];
        if (!matches(heard, topics) || nth-- > 0)
            continue;
        found = g_new(Heard, 1);
        *found = (Heard){g_strdup(heard->topic), g_strdup(heard->payload), heard->retained};
    }
    g_mutex_unlock(&listener->lock);
    return found;
}

char *listener_last(Listener *listener, const char *topics)
{
    guint n = listener_count(listener, topics);
    g_autoptr(Heard) heard = n > 0 ? listener_get(listener, topics, n - 1) : NULL;
    return heard != NULL ? g_steal_pointer(&heard->payload) : NULL;
}

gboolean listener_ends(Listener *listener, const char *topics, const char *payload)
{
    g_autofree char *last = listener_last(listener, topics);
    return g_strcmp0(last, payload) == 0;
}
