/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve.h"

#include <glib-unix.h>
#include <unistd.h>

#include "api.h"
#include "check.h"
#include "health.h"
#include "http/server.h"
#include "manager.h"
#include "outlets.h"
#include "stream/clock.h"

#define LAST_CHANGE 500000 /* us */
#define TICK        1000   /* ms, at most */

typedef struct {
    const char *where, *streams;
    VdtTell tell;
    VdtConfig *config, *running; /* in force; that it was started with */
    VdtOutlets outlets;
    VdtSupervisor *supervisor;
    GHashTable *channels; /* name to VdtChannel */
    GHashTable *isolated; /* name to VdtIsolated */
    VdtApi *api;
    VdtHttp *http; /* NULL where nobody listens */
    GMainLoop *loop;
    gboolean started, stopping; /* it heeds signals; it was told to stop */
    gboolean reloading, again;
    guint64 watchdog;
    gboolean was_good;
    guint hanging; /* threads that are left, and need the rest */
    char *status;
} Service;

/* --- streams --- */

static void add_stream(Service *s, VdtStreamConfig *config)
{
    g_autoptr(GError) error = NULL;
    if (config->secret_unread)
        vdt_tell(&s->tell, VDT_TELL_WARNING,
                 "%s: its credential was not read, since the service is given none", config->name);
    VdtChannel *channel = vdt_channel_new(s->supervisor, config, &s->outlets, &error);
    if (channel == NULL)
        vdt_tell(&s->tell, VDT_TELL_ERROR, "%s: %s", config->name, error->message);
    else
        g_hash_table_insert(s->channels, g_strdup(config->name), channel);
}

static void remove_stream(Service *s, const char *name)
{
    g_autofree char *key = NULL;
    VdtChannel *channel = NULL;
    if (g_hash_table_steal_extended(s->channels, name, (gpointer *)&key, (gpointer *)&channel))
        vdt_channel_remove(channel);
}

static void change_stream(Service *s, VdtStreamConfig *config, gboolean live)
{
    g_autoptr(GError) error = NULL;
    VdtChannel *channel = g_hash_table_lookup(s->channels, config->name);
    if (channel == NULL)
        add_stream(s, config);
    else if (!vdt_channel_change(channel, config, live, &error))
        vdt_tell(&s->tell, VDT_TELL_ERROR, "%s: %s", config->name, error->message);
}

/* Those that have processes of their own. */
static void set_isolated(Service *s)
{
    g_autoptr(GHashTable) before = s->isolated;
    GHashTableIter iter;
    gpointer gone;
    s->isolated = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < s->config->isolated->len; i++) {
        VdtStreamConfig *config = s->config->isolated->pdata[i];
        VdtIsolated *isolated = NULL;
        if (before != NULL &&
            g_hash_table_steal_extended(before, config->name, NULL, (gpointer *)&isolated))
            vdt_isolated_reload(isolated, config);
        else
            isolated = vdt_isolated_new(config, &s->outlets);
        g_hash_table_insert(s->isolated, (gpointer)vdt_isolated_get_name(isolated), isolated);
    }
    if (before == NULL)
        return;
    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, NULL, &gone))
        s->hanging += !vdt_isolated_close(gone, TRUE);
}

/* --- reload --- */

typedef struct {
    char *where, *streams;
    VdtConfig *config;
    GPtrArray *differences; /* NULL if anything is wrong */
    VdtProblems *problems;
} Reload;

static void reload_free(gpointer data)
{
    Reload *reload = data;
    g_free(reload->where);
    g_free(reload->streams);
    vdt_config_unref(reload->config);
    g_clear_pointer(&reload->differences, g_ptr_array_unref);
    g_clear_pointer(&reload->problems, vdt_problems_free);
    g_free(reload);
}

static void read_anew(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Reload *reload = data;
    reload->differences =
        vdt_config_reload(&reload->config, reload->where, reload->streams, reload->problems);
    g_task_return_boolean(task, reload->differences != NULL);
}

static void tell_difference(Service *s, const VdtDifference *d)
{
    g_autofree char *keys = g_strjoinv(", ", d->keys);
    const char *name = d->stream != NULL ? d->stream : "the service";
    if (d->change != VDT_CHANGE_CHANGED)
        vdt_tell(&s->tell, VDT_TELL_NOTICE, "%s: %s", name, vdt_change_name(d->change));
    else
        vdt_tell(&s->tell, VDT_TELL_NOTICE, "%s: changed: %s", name, keys);
}

/* As long as it is so. */
static void tell_waiting(Service *s)
{
    g_auto(GStrv) waiting = vdt_config_diff_restart(s->running, s->config);
    g_autofree char *keys = g_strjoinv(", ", waiting);
    if (*keys != '\0')
        vdt_tell(&s->tell, VDT_TELL_WARNING, "the service: waits for a restart: %s", keys);
}

static void apply_service(Service *s)
{
    const VdtOption *width =
        vdt_config_get(s->config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MAX_CONNECTS);
    vdt_supervisor_set_width(s->supervisor, (guint)width->whole);
    vdt_outlets_reload(&s->outlets, s->config);
}

static void apply(Service *s, const VdtDifference *d)
{
    if (d->change == VDT_CHANGE_SAME)
        return;
    tell_difference(s, d);
    if (d->stream == NULL)
        return;
    VdtStreamConfig *config = (VdtStreamConfig *)vdt_config_find(s->config, d->stream);
    if (d->change == VDT_CHANGE_REMOVED)
        remove_stream(s, d->stream);
    else if (config == NULL)
        return; /* its own process sees to it */
    else if (d->change == VDT_CHANGE_ADDED)
        add_stream(s, config);
    else
        change_stream(s, config, d->reload == VDT_RELOAD_LIVE);
}

/* --- the interface --- */

static void say(const char *sentence, gpointer data)
{
    const Service *s = data;
    vdt_tell(&s->tell, VDT_TELL_WARNING, "%s", sentence);
}

/* The files that it names were looked at a moment ago; they may be others by now. */
static VdtHttpSettings *read_http(Service *s)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    if (*s->streams != '\0') { /* the service asks it, and nobody else: there is one address */
        g_autofree char *socket =
            s->outlets.folder != NULL ? vdt_isolated_socket(s->outlets.folder) : NULL;
        return socket != NULL ? vdt_http_settings_new_unix(s->config, socket) : NULL;
    }
    VdtHttpSettings *settings = vdt_http_settings_new(s->config, problems);
    vdt_tell_problems(&s->tell, problems);
    return settings;
}

static void set_http(Service *s)
{
    VdtHttpSettings *settings = s->http != NULL ? read_http(s) : NULL;
    if (settings != NULL)
        vdt_http_set(s->http, settings);
}

static void begin_http(Service *s)
{
    VdtHttpOptions options = {.service = vdt_api_get_service(s->api),
                              .store = s->outlets.store,
                              .say = say,
                              .say_data = s};
    VdtHttpSettings *settings = read_http(s);
    if (settings != NULL)
        s->http = vdt_http_new(settings, &options);
}

static void begin_reload(Service *s);

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    Service *s = data;
    Reload *reload = g_task_get_task_data(G_TASK(result));
    s->reloading = FALSE;
    if (reload->differences == NULL) {
        vdt_tell_problems(&s->tell, reload->problems);
        vdt_tell(&s->tell, VDT_TELL_ERROR,
                 "the new configuration is wrong, so the one before stays in force");
        g_autofree char *first = reload->problems->list->len > 0
                                     ? vdt_problem_show(reload->problems->list->pdata[0])
                                     : NULL;
        vdt_system_set_configuration(s->outlets.system, first != NULL ? first : "it is wrong");
    } else {
        vdt_config_unref(s->config);
        s->config = vdt_config_ref(reload->config);
        apply_service(s); /* which streams there are is told to others, too */
        for (guint i = 0; i < reload->differences->len; i++)
            apply(s, reload->differences->pdata[i]);
        set_isolated(s);
        tell_waiting(s);
        vdt_tell(&s->tell, VDT_TELL_INFO, "the configuration was read anew");
        vdt_api_update(s->api, s->config, s->channels, s->isolated);
        set_http(s);
        vdt_system_set_configuration(s->outlets.system, NULL);
    }
    vdt_api_reloaded(s->api, g_steal_pointer(&reload->differences),
                     g_steal_pointer(&reload->problems), s->again);
    vdt_manager_ready();
    if (s->again)
        begin_reload(s);
}

static void begin_reload(Service *s)
{
    Reload *reload = g_new0(Reload, 1);
    *reload = (Reload){.where = g_strdup(s->where),
                       .streams = g_strdup(s->streams),
                       .config = vdt_config_ref(s->config),
                       .problems = vdt_problems_new()};
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_read, s);
    g_task_set_task_data(task, reload, reload_free);
    s->again = FALSE;
    s->reloading = TRUE;
    vdt_manager_reloading();
    g_task_run_in_thread(task, read_anew);
}

static void reload(gpointer data)
{
    Service *s = data;
    /* files may have changed after they were read */
    if (s->reloading || !s->started)
        s->again = TRUE;
    else
        begin_reload(s);
}

static gboolean on_hangup(gpointer data)
{
    reload(data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_stop(gpointer data)
{
    Service *s = data;
    if (!s->stopping)
        vdt_manager_stopping();
    s->stopping = TRUE;
    g_main_loop_quit(s->loop);
    return G_SOURCE_CONTINUE;
}

static void tell_status(Service *s, const VdtHealth *health)
{
    g_autofree char *text = g_strdup_printf("%u of %u live", health->live, health->streams);
    if (g_strcmp0(text, s->status) == 0)
        return;
    vdt_manager_status(text);
    g_free(s->status);
    s->status = g_steal_pointer(&text);
}

static gboolean on_tick(gpointer data)
{
    Service *s = data;
    VdtHealth health = {0};
    GHashTableIter iter;
    gpointer channel;
    g_hash_table_iter_init(&iter, s->channels);
    while (g_hash_table_iter_next(&iter, NULL, &channel)) {
        g_autoptr(VdtStreamInfo) info = vdt_channel_get_info(channel);
        vdt_health_add(&health, info);
    }
    gboolean good =
        vdt_health_is_good(&health, vdt_supervisor_get_beat(s->supervisor), vdt_clock_now());
    vdt_outlets_tick(&s->outlets);
    vdt_api_set_health(s->api, TRUE, good, s->outlets.lost);
    tell_status(s, &health);
    if (good && s->watchdog > 0)
        vdt_manager_alive();
    if (s->was_good && !good)
        vdt_tell(&s->tell, VDT_TELL_ERROR, "nothing goes on any more: only a restart helps");
    s->was_good = good;
    return G_SOURCE_CONTINUE;
}

/* --- life --- */

/* How many threads there are is settled once, when the library is first used: before the models are
 * looked at. */
static void settle_threads(const VdtConfig *config)
{
    if (config == NULL || config->settings[0] == NULL ||
        vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_THREADS)->whole == 0)
        return;
    g_autofree char *n =
        g_strdup_printf("%" G_GINT64_FORMAT,
                        vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_THREADS)->whole);
    g_setenv("VEDETTE_THREADS", n, TRUE);
}

typedef struct {
    Service *service;
    VdtProblems *problems;
} Reading;

static gboolean on_first_read(gpointer data)
{
    Service *s = data;
    g_main_loop_quit(s->loop);
    return G_SOURCE_REMOVE;
}

static gpointer read_first(gpointer data)
{
    const Reading *reading = data;
    Service *s = reading->service;
    VdtConfig *config = vdt_config_read(s->where, s->streams, reading->problems);
    settle_threads(config);
    s->config = vdt_config_check_read(config, 0, NULL, reading->problems);
    g_idle_add(on_first_read, s);
    return NULL;
}

/* It may take seconds, so signals are heeded meanwhile. FALSE if it was told to stop: then it is
 * still read. */
static gboolean read_config(Service *s, VdtProblems *problems)
{
    Reading reading = {s, problems};
    GThread *thread = g_thread_new("vdt-config", read_first, &reading);
    g_main_loop_run(s->loop);
    if (s->stopping) {
        g_thread_unref(thread);
        return FALSE;
    }
    g_thread_join(thread);
    return TRUE;
}

static void run(Service *s)
{
    VdtSupervisorOptions options = vdt_supervisor_options_default;
    options.width =
        (guint)vdt_config_get(s->config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MAX_CONNECTS)->whole;
    options.seed = ((guint64)g_random_int() << 32) | g_random_int();
    s->supervisor = vdt_supervisor_new(&options);
    for (guint i = 0; i < s->config->streams->len; i++)
        add_stream(s, s->config->streams->pdata[i]);
    s->watchdog = vdt_manager_get_watchdog();
    guint tick = s->watchdog > 0 ? (guint)MIN(s->watchdog / 4000 + 1, TICK) : TICK;
    guint ticks = g_timeout_add(tick, on_tick, s);
    s->api = vdt_api_new(s->where, &s->outlets, reload, s);
    set_isolated(s);
    vdt_api_update(s->api, s->config, s->channels, s->isolated);
    on_tick(s);
    begin_http(s);
    s->started = TRUE;
    vdt_manager_ready();
    if (s->again) /* while it began */
        begin_reload(s);
    if (!s->stopping)
        g_main_loop_run(s->loop);
    g_source_remove(ticks);
}

/* Whether nothing is left that still runs. */
static gboolean stop(Service *s)
{
    vdt_api_set_health(s->api, FALSE, TRUE, s->outlets.lost);
    gboolean changing = !vdt_api_close(s->api, LAST_CHANGE);
    g_clear_pointer(&s->http, vdt_http_free);
    GHashTableIter iter;
    gpointer isolated;
    g_hash_table_iter_init(&iter, s->isolated);
    while (g_hash_table_iter_next(&iter, NULL, &isolated))
        s->hanging += !vdt_isolated_close(isolated, FALSE);
    g_hash_table_unref(s->isolated);
    guint hanging = vdt_supervisor_free(s->supervisor);
    if (hanging > 0)
        vdt_tell(&s->tell, VDT_TELL_WARNING, "%u threads hang, and are left", hanging);
    if (!changing)
        vdt_api_free(s->api);
    g_hash_table_unref(s->channels);
    hanging += s->hanging;
    if (s->hanging == 0)
        hanging += vdt_outlets_close(&s->outlets);
    vdt_config_unref(s->config);
    vdt_config_unref(s->running);
    g_free(s->status);
    return hanging == 0 && !s->reloading && !changing;
}

int vdt_serve(const VdtServeOptions *options)
{
    Service s = {.where = options->where,
                 .streams = options->alone != NULL ? options->alone : VDT_STREAMS_SHARED,
                 .was_good = TRUE};
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    int status = VDT_SERVE_BAD_CONFIG;
    gboolean clean = TRUE;
    vdt_tell_open(&s.tell);
    s.loop = g_main_loop_new(NULL, FALSE);
    guint signals[] = {g_unix_signal_add(SIGHUP, on_hangup, &s),
                       g_unix_signal_add(SIGTERM, on_stop, &s),
                       g_unix_signal_add(SIGINT, on_stop, &s)};
    if (!read_config(&s, problems)) {
        vdt_tell_close(&s.tell);
        _exit(0);
    }
    if (s.config != NULL && vdt_outlets_open(&s.outlets, s.config, options, &s.tell)) {
        s.running = vdt_config_ref(s.config);
        s.channels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           (GDestroyNotify)vdt_channel_free);
        run(&s);
        status = 0;
        clean = stop(&s);
    } else {
        vdt_tell_problems(&s.tell, problems);
        vdt_config_unref(s.config);
    }
    vdt_tell_close(&s.tell);
    if (!clean)
        _exit(0); /* what hangs would be torn down under itself */
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(signals[i]);
    g_main_loop_unref(s.loop);
    return status;
}
