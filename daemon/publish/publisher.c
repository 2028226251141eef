/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publisher.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "jsonfile.h"
#include "mqtt.h"
#include "webhook.h"

#define WARNING 4
#define NOTICE  5

typedef enum { SINK_MQTT, SINK_WEBHOOK, SINK_FILE, N_SINKS } SinkNumber;

/* Groups that are read in one way. */
typedef struct {
    const char *name; /* of its reader in the store */
    guint group, enabled_by, types, phases;
} Row;

static const Row rows[N_SINKS] = {
    [SINK_MQTT] = {"mqtt", VDT_GROUP_MQTT, VDT_KEY_MQTT_HOST, VDT_KEY_MQTT_TYPES,
                   VDT_KEY_MQTT_PHASES},
    [SINK_WEBHOOK] = {"webhook", VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_URL, VDT_KEY_WEBHOOK_TYPES,
                      VDT_KEY_WEBHOOK_PHASES},
    [SINK_FILE] = {"file", VDT_GROUP_FILE, VDT_KEY_FILE_PATH, VDT_KEY_FILE_TYPES,
                   VDT_KEY_FILE_PHASES},
};

struct _VdtPublisher {
    VdtConfig *config;
    VdtStore *store;
    VdtPublisherOptions options;
    VdtSinkTimes times;
    VdtBoard *board;
    GMutex lock;
    VdtSink *sinks[N_SINKS]; /* guarded; NULL where there is none */
    gboolean hangs;
};

static void tell(const VdtPublisher *publisher, int level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void tell(const VdtPublisher *publisher, int level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (publisher->options.tell != NULL)
        publisher->options.tell(level, text, publisher->options.data);
}

static void on_changed(const VdtSinkInfo *info, gpointer data)
{
    const VdtPublisher *publisher = data;
    const char *state = vdt_sink_state_name(info->state);
    if (info->error == NULL)
        tell(publisher, NOTICE, "%s: %s (%s)", info->name, state, info->peer);
    else if (info->retry == 0)
        tell(publisher, WARNING, "%s: %s (%s: %s)", info->name, state, info->peer, info->error);
    else
        tell(publisher, WARNING, "%s: %s (%s: %s), again in %.1f s; %" G_GUINT64_FORMAT " waiting",
             info->name, state, info->peer, info->error,
             (double)MAX(info->retry - g_get_monotonic_time(), 0) / G_USEC_PER_SEC, info->pending);
    if (publisher->options.changed != NULL)
        publisher->options.changed(info, publisher->options.data);
}

/* --- figures --- */

GPtrArray *vdt_publisher_get_info(VdtPublisher *publisher)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_sink_info_free);
    g_mutex_lock(&publisher->lock);
    for (guint i = 0; i < N_SINKS; i++)
        if (publisher->sinks[i] != NULL)
            g_ptr_array_add(all, vdt_sink_get_info(publisher->sinks[i]));
    g_mutex_unlock(&publisher->lock);
    return all;
}

static void add_figures(JsonBuilder *json, const VdtSinkInfo *info)
{
    const struct {
        const char *name;
        guint64 value;
    } figures[] = {{"sent", info->sent},       {"repeated", info->repeated},
                   {"refused", info->refused}, {"failures", info->failures},
                   {"pending", info->pending}, {"lost", info->lost}};
    json_builder_set_member_name(json, info->name);
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "state");
    json_builder_add_string_value(json, vdt_sink_state_name(info->state));
    for (guint i = 0; i < G_N_ELEMENTS(figures); i++) {
        json_builder_set_member_name(json, figures[i].name);
        json_builder_add_int_value(json, (gint64)figures[i].value);
    }
    json_builder_end_object(json);
}

static char *make_stats(gpointer data)
{
    g_autoptr(GPtrArray) all = vdt_publisher_get_info(data);
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format_iso8601(now);
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "time");
    json_builder_add_string_value(json, time);
    for (guint i = 0; i < all->len; i++)
        add_figures(json, all->pdata[i]);
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}

/* --- sinks by the configuration --- */

static VdtToldPhases phases_of(const VdtOption *value)
{
    return strcmp(value->text, "start") == 0       ? VDT_TOLD_START
           : strcmp(value->text, "start-end") == 0 ? VDT_TOLD_START_END
                                                   : VDT_TOLD_ALL;
}

static gboolean is_wanted(const VdtConfig *config, SinkNumber number)
{
    return config->settings[rows[number].group][rows[number].enabled_by].text != NULL;
}

static VdtSink *make_sink(VdtPublisher *publisher, SinkNumber number)
{
    const VdtConfig *config = publisher->config;
    const VdtOption *values = config->settings[rows[number].group];
    VdtSinkOptions options = {
        .store = publisher->store,
        .times = &publisher->times,
        .changed = on_changed,
        .data = publisher,
        .types = (const char *const *)values[rows[number].types].items,
        .phases = phases_of(&values[rows[number].phases]),
    };
    VdtMqttSources sources = {publisher->board, make_stats, publisher};
    if (config->secrets[rows[number].group].unread && is_wanted(config, number))
        tell(publisher, WARNING,
             "%s: its credential was not read, since the service is given none; nothing is sent",
             rows[number].name);
    return number == SINK_MQTT      ? vdt_mqtt_new(config, &options, &sources)
           : number == SINK_WEBHOOK ? vdt_webhook_new(config, &options)
                                    : vdt_json_file_new(config, &options);
}

static void start(VdtPublisher *publisher, SinkNumber number)
{
    /* What was for somebody who is not told any more does not wait. */
    if (!is_wanted(publisher->config, number)) {
        g_autofree char *sent = g_strconcat(rows[number].name, "-sent", NULL);
        vdt_store_forget_mark(publisher->store, rows[number].name);
        vdt_store_forget_mark(publisher->store, sent);
        return;
    }
    VdtSink *sink = make_sink(publisher, number);
    g_mutex_lock(&publisher->lock);
    publisher->sinks[number] = sink;
    g_mutex_unlock(&publisher->lock);
}

/* Without the lock while it ends: its last words may ask for figures. FALSE if there is none. */
static gboolean stop(VdtPublisher *publisher, SinkNumber number)
{
    g_mutex_lock(&publisher->lock);
    VdtSink *sink = g_steal_pointer(&publisher->sinks[number]);
    g_mutex_unlock(&publisher->lock);
    if (sink != NULL && !vdt_sink_free(sink)) {
        publisher->hangs = TRUE;
        tell(publisher, WARNING, "%s: hangs, and is left", rows[number].name);
    }
    return sink != NULL;
}

/* Somebody may think that it is away. */
static void tell_stopped(VdtPublisher *publisher, SinkNumber number)
{
    VdtSinkInfo info = {
        .name = (char *)rows[number].name, .peer = (char *)"", .state = VDT_SINK_STOPPED};
    tell(publisher, NOTICE, "%s: stopped", info.name);
    if (publisher->options.changed != NULL)
        publisher->options.changed(&info, publisher->options.data);
}

static gboolean differs(const VdtConfig *a, const VdtConfig *b, SinkNumber number)
{
    guint group = rows[number].group;
    const VdtSecret *x = &a->secrets[group], *y = &b->secrets[group];
    for (guint i = 0; i < vdt_service_groups[group].n_keys; i++)
        if (!vdt_option_equal(&a->settings[group][i], &b->settings[group][i]))
            return TRUE;
    return g_strcmp0(x->user, y->user) != 0 || g_strcmp0(x->password, y->password) != 0;
}

static gboolean has_stream(const GPtrArray *streams, const char *name)
{
    for (guint i = 0; i < streams->len; i++)
        if (strcmp(((const VdtStreamConfig *)streams->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

/* What no event is told of yet is there, too. */
static void set_streams(VdtPublisher *publisher)
{
    const GPtrArray *lists[] = {publisher->config->streams, publisher->config->isolated};
    g_auto(GStrv) before = vdt_board_list(publisher->board);
    for (guint i = 0; before[i] != NULL; i++)
        if (!has_stream(lists[0], before[i]) && !has_stream(lists[1], before[i]))
            vdt_board_remove(publisher->board, before[i]);
    for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
        for (guint i = 0; i < lists[l]->len; i++) {
            const VdtStreamConfig *stream = lists[l]->pdata[i];
            vdt_board_add(publisher->board, stream->name);
        }
}

static void wake_board(VdtPublisher *publisher)
{
    g_mutex_lock(&publisher->lock);
    if (publisher->sinks[SINK_MQTT] != NULL)
        vdt_sink_wake(publisher->sinks[SINK_MQTT]);
    g_mutex_unlock(&publisher->lock);
}

VdtPublisher *vdt_publisher_new(VdtConfig *config, VdtStore *store,
                                const VdtPublisherOptions *options)
{
    VdtPublisher *publisher = g_new0(VdtPublisher, 1);
    *publisher = (VdtPublisher){
        .config = vdt_config_ref(config),
        .store = store,
        .options = *options,
        .times = options->times != NULL ? *options->times : vdt_sink_times_default,
        .board = vdt_board_new(),
    };
    g_mutex_init(&publisher->lock);
    set_streams(publisher);
    for (SinkNumber i = 0; i < N_SINKS; i++)
        start(publisher, i);
    return publisher;
}

void vdt_publisher_reload(VdtPublisher *publisher, VdtConfig *config)
{
    g_autoptr(VdtConfig) before = publisher->config;
    publisher->config = vdt_config_ref(config);
    set_streams(publisher);
    for (SinkNumber i = 0; i < N_SINKS; i++)
        if (differs(before, config, i)) {
            gboolean was = stop(publisher, i);
            start(publisher, i);
            if (was && publisher->sinks[i] == NULL)
                tell_stopped(publisher, i);
        }
    wake_board(publisher);
}

void vdt_publisher_set_state(VdtPublisher *publisher, const char *stream, const char *state,
                             const char *reason)
{
    if (vdt_board_set(publisher->board, stream, state, reason))
        wake_board(publisher);
}

void vdt_publisher_set_arm(VdtPublisher *publisher, const char *arm)
{
    vdt_board_set_arm(publisher->board, arm);
    wake_board(publisher);
}

gboolean vdt_publisher_free(VdtPublisher *publisher)
{
    if (publisher == NULL)
        return TRUE;
    for (SinkNumber i = 0; i < N_SINKS; i++)
        stop(publisher, i);
    if (publisher->hangs)
        return FALSE; /* what hangs may still look at it */
    vdt_board_unref(publisher->board);
    vdt_config_unref(publisher->config);
    g_mutex_clear(&publisher->lock);
    g_free(publisher);
    return TRUE;
}
