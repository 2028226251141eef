/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kill -9 at any moment, ten times (100 with VEDETTE_SOAK=1), while things happen, are recorded and
 * published. */
#include <gst/gst.h>
#include <signal.h>
#include <string.h>

#include "service.h"

#define LATE SECOND /* what ended later than so before the end may be lost */

/* What must be there, over all starts: ids of events that ended in time, and keys of their lines.
 */
typedef struct {
    GHashTable *ids, *keys;
} Due;

static void note(Due *due, const Service *s, gint64 end)
{
    g_autoptr(GPtrArray) lines = lines_read(s->out);
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = lines->pdata[i];
        if (line->time > end - LATE)
            continue;
        g_hash_table_add(due->keys, g_strdup(line->key));
        if (line->is_end)
            g_hash_table_add(due->ids, g_strdup(line->id));
    }
}

static char *export_all(const Service *s)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, g_getenv("VEDETTE_EXE"), "events",
                         "export", "--socket", s->peers.socket, NULL);
    char *text = NULL;
    g_assert_no_error(error);
    g_assert_true(g_subprocess_communicate_utf8(process, NULL, NULL, &text, NULL, &error));
    g_assert_true(g_subprocess_get_successful(process));
    return text;
}

/* All of what is due is kept, and has ended. */
static void check_kept(const Service *s, const Due *due)
{
    g_autofree char *text = export_all(s);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_autoptr(JsonNode) node = json_from_string(lines[i], NULL);
        g_assert_nonnull(node);
        JsonObject *event = json_node_get_object(node);
        if (json_object_has_member(event, "end"))
            g_hash_table_add(kept, g_strdup(json_object_get_string_member(event, "id")));
    }
    GHashTableIter iter;
    gpointer id;
    g_hash_table_iter_init(&iter, due->ids);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        if (!g_hash_table_contains(kept, id))
            g_error("%s had ended, and is not kept", (char *)id);
    /* and one by one */
    g_hash_table_iter_init(&iter, due->ids);
    for (guint i = 0; i < 5 && g_hash_table_iter_next(&iter, &id, NULL); i++) {
        g_autofree char *target = g_strdup_printf("/api/v1/events/%s", (char *)id),
                        *answer = service_get(s, target);
        g_assert_cmpuint(status_of(answer), ==, 200);
        g_assert_nonnull(strstr(answer, "\"end\":"));
    }
}

static gboolean opens(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("filesrc location=\"%s\" ! decodebin ! fakesink sync=false", path);
    g_autoptr(GstElement) pipeline = gst_parse_launch(text, &error);
    g_assert_no_error(error);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return message != NULL && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
}

/* Every file that has its name. How many there are. */
static guint check_recordings(const char *folder, const char *suffix, GHashTable *seen)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            n += check_recordings(path, suffix, seen);
        } else if (*name != '.' && g_str_has_suffix(name, suffix)) {
            if (g_hash_table_add(seen, g_strdup(path)) && !opens(path))
                g_error("%s cannot be played", path);
            n++;
        }
    }
    return n;
}

/* None is lost; what comes twice says so. How many did. */
static guint check_heard(Listener *listener, const Due *due)
{
    g_autoptr(GPtrArray) heard = lines_heard(listener);
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    guint64 most = 0;
    guint repeated = 0;
    for (guint i = 0; i < heard->len; i++) {
        const Line *line = heard->pdata[i];
        g_hash_table_add(keys, line->key);
        g_assert_true(line->seq > most || line->repeated);
        most = MAX(most, line->seq);
        repeated += line->repeated;
    }
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, due->keys);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_hash_table_contains(keys, key))
            g_error("the broker was never told: %s", (char *)key);
    return repeated;
}

static void start(Service *s)
{
    service_start(s);
    service_wait_ready(s);
    EXPECT(s, count_in(s->out, "\"event\":\"end\"") >= 2, 20);
}

static void test_nine(void)
{
    Service s;
    Broker broker;
    Listener *listener = NULL;
    guint times = g_getenv("VEDETTE_SOAK") != NULL ? 100 : 10, repeated = 0, killed = 0;
    gboolean has_broker = broker_is_installed();
    Due due = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
               g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    service_init(&s, "");
    s.with_state = TRUE;
    if (has_broker) {
        broker_start(&broker, NULL, FALSE);
        listener = listener_new(broker.port, "#", NULL, NULL);
        g_autofree char *http = read_whole(fixture_path("vedette.conf")),
                        *conf = g_strdup_printf("%s[mqtt]\nhost=127.0.0.1\nport=%u\n", http,
                                                broker.port);
        fixture_add("vedette.conf", conf);
    }
    add_bars("front", "[record]\nbefore=1s\nafter=1s\nmost=2s\n");
    add_bars("yard", "[record]\nbefore=1s\nafter=1s\nmost=2s\n");
    g_autofree char *recordings = g_strdup(fixture_path("state/recordings"));
    /* A busy machine has fewer events in as much time, and is killed more often. */
    for (; killed < times || (killed < 3 * times && g_hash_table_size(due.ids) <= 2 * times);
         killed++) {
        start(&s);
        check_kept(&s, &due);
        g_usleep((gulong)g_test_rand_int_range(100, 2500) * 1000);
        gint64 end = g_get_real_time();
        service_kill(&s, SIGKILL);
        note(&due, &s, end);
        check_recordings(recordings, ".jpg", seen);
        check_recordings(recordings, ".mp4", seen);
    }
    start(&s);
    check_kept(&s, &due);
    g_assert_cmpuint(count_in(s.err, "had been left open, and were ended"), ==, 1);
    g_assert_cmpuint(count_in(s.err, "damaged"), ==, 0);
    if (has_broker) {
        service_act(&s, "DELETE", "/api/v1/streams/front", NULL, 200);
        service_act(&s, "DELETE", "/api/v1/streams/yard", NULL, 200);
        EXPECT(&s, service_metric(&s, "vedette_spool_depth{sink=\"mqtt\"}") == 0, 20);
        g_usleep(SECOND / 2);
        repeated = check_heard(listener, &due);
        listener_free(listener);
    }
    g_test_message("killed %u times: %u events had ended, %u pictures, %u clips, %u repeated",
                   killed, g_hash_table_size(due.ids), check_recordings(recordings, ".jpg", seen),
                   check_recordings(recordings, ".mp4", seen), repeated);
    g_assert_cmpuint(g_hash_table_size(due.ids), >, 2 * times);
    g_assert_cmpuint(check_recordings(recordings, ".jpg", seen), >, 0);
    g_assert_cmpuint(check_recordings(recordings, ".mp4", seen), >, 0);
    service_stop(&s);
    service_clear(&s);
    if (has_broker)
        broker_clear(&broker);
    g_hash_table_unref(due.ids);
    g_hash_table_unref(due.keys);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    fixture_open(&argc, &argv);
    g_test_add_func("/kill/nine", test_nine);
    return fixture_close();
}
