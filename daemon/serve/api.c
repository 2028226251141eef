/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api.h"

#include <string.h>

#include "build/parts.h"
#include "liveview.h"
#include "streamedit.h"

#define MOST_JOBS  16
#define BEAT_LIMIT (5 * G_TIME_SPAN_SECOND) /* a reload takes the main context up to three */

typedef struct {
    VdtStreamConfig *config;
    VdtStream *stream;       /* NULL if it could not be made */
    VdtRecordist *recordist; /* of it, or NULL */
    VdtIsolated *isolated;   /* or it has a process of its own */
} Entry;

typedef struct {
    VdtAct act;
    char *name, *text;
    VdtActDone done;
    gpointer data;
} Job;

struct _VdtApi {
    char *where;
    void (*reload)(gpointer);
    gpointer reload_data;
    GThreadPool *worker;
    VdtOutlets *outlets;
    GMutex lock; /* guards what follows */
    GCond cond;
    GPtrArray *entries; /* of Entry, by name */
    VdtServedStatus status;
    gint64 beat;                 /* when the main context last came round; g_get_monotonic_time() */
    gboolean asked, ended;       /* a reload that a job waits for */
    gboolean closing, abandoned; /* no more jobs are taken; nobody hears of those that are there */
    guint jobs;                  /* that wait or run */
    GPtrArray *differences;
    VdtProblems *problems;
};

static void clear_entry(Entry *entry)
{
    g_clear_pointer(&entry->config, vdt_stream_config_unref);
    g_clear_pointer(&entry->stream, vdt_stream_unref);
    g_clear_pointer(&entry->recordist, vdt_recordist_unref);
    g_clear_pointer(&entry->isolated, vdt_isolated_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Entry, clear_entry)

static void entry_free(gpointer entry)
{
    clear_entry(entry);
    g_free(entry);
}

/* --- what is --- */

static guint64 count_of(const GstStructure *stats, const char *field)
{
    guint64 value = 0;
    gst_structure_get_uint64(stats, field, &value);
    return value;
}

static void add_analyser(GPtrArray *list, GstElement *pipeline, const VdtAnalyserConfig *config)
{
    VdtServedAnalyser *analyser = g_new0(VdtServedAnalyser, 1);
    const char *model = config->values[vdt_group_find_key(config->group, "model")].text;
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(pipeline), config->name);
    g_autoptr(GstStructure) stats = NULL;
    analyser->name = g_strdup(config->name);
    analyser->model = g_strdup(model != NULL ? model : "street");
    if (element != NULL)
        g_object_get(element, "stats", &stats, NULL);
    if (stats != NULL) {
        analyser->frames = count_of(stats, "frames");
        analyser->results = count_of(stats, "results");
        analyser->skipped = count_of(stats, "skipped");
        analyser->broken = count_of(stats, "broken");
        analyser->last = (double)count_of(stats, "last-inference-time") / 1e9;
        analyser->lag = (double)count_of(stats, "last-result-lag") / 1e9;
        analyser->busy =
            (double)count_of(stats, "average-inference-time") / 1e9 * (double)analyser->results;
    }
    g_ptr_array_add(list, analyser);
}

static VdtServedStream *serve_entry(const Entry *entry)
{
    VdtServedStream *served = g_new0(VdtServedStream, 1);
    served->config = vdt_stream_config_ref(entry->config);
    served->analysers = g_ptr_array_new_with_free_func(vdt_served_analyser_free);
    if (entry->stream == NULL)
        return served;
    served->info = vdt_stream_get_info(entry->stream);
    gint64 kept_time = 0;
    if (entry->recordist != NULL)
        vdt_recordist_get_kept(entry->recordist, &served->kept, &kept_time);
    served->kept_time = (double)kept_time / 1e6;
    g_autoptr(GstElement) pipeline = vdt_stream_get_pipeline(entry->stream);
    for (guint i = 0; pipeline != NULL && i < entry->config->analysers->len; i++)
        add_analyser(served->analysers, pipeline, entry->config->analysers->pdata[i]);
    return served;
}

static GPtrArray *list(gpointer data)
{
    VdtApi *api = data;
    GPtrArray *streams = g_ptr_array_new_with_free_func(vdt_served_stream_free);
    g_mutex_lock(&api->lock);
    g_autoptr(GPtrArray) entries = g_ptr_array_ref(api->entries);
    g_mutex_unlock(&api->lock);
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = entries->pdata[i];
        g_ptr_array_add(streams, entry->isolated != NULL ? vdt_isolated_serve(entry->isolated)
                                                         : serve_entry(entry));
    }
    return streams;
}

static void get_status(gpointer data, VdtServedStatus *status)
{
    VdtApi *api = data;
    g_mutex_lock(&api->lock);
    *status = api->status;
    status->healthy &= g_get_monotonic_time() - api->beat <= BEAT_LIMIT;
    g_mutex_unlock(&api->lock);
    status->open_events = vdt_hub_count_open(api->outlets->hub);
    status->open_clips =
        api->outlets->records != NULL ? vdt_records_count(api->outlets->records) : 0;
    status->arm = vdt_arm_name(vdt_policy_get_arm(api->outlets->policy));
}

static GArray *list_sinks(gpointer data)
{
    VdtApi *api = data;
    GArray *sinks = g_array_new(FALSE, FALSE, sizeof(VdtServedSink));
    VdtPublisher *publisher = api->outlets->publisher;
    g_autoptr(GPtrArray) all = publisher != NULL ? vdt_publisher_get_info(publisher) : NULL;
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const VdtSinkInfo *info = all->pdata[i];
        VdtServedSink sink = {.name = g_intern_string(info->name),
                              .up = info->state == VDT_SINK_UP,
                              .waiting = info->pending,
                              .lost = info->lost};
        g_array_append_val(sinks, sink);
    }
    return sinks;
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    const Entry *const *x = a, *const *y = b;
    return strcmp((*x)->config->name, (*y)->config->name);
}

static void add_entries(GPtrArray *entries, const GPtrArray *configs, GHashTable *channels,
                        GHashTable *isolated)
{
    for (guint i = 0; i < configs->len; i++) {
        VdtStreamConfig *config = configs->pdata[i];
        VdtChannel *channel = g_hash_table_lookup(channels, config->name);
        VdtIsolated *other = g_hash_table_lookup(isolated, config->name);
        Entry *entry = g_new(Entry, 1);
        *entry = (Entry){vdt_stream_config_ref(config),
                         channel != NULL ? vdt_channel_get_stream(channel) : NULL,
                         channel != NULL ? vdt_channel_get_recordist(channel) : NULL,
                         other != NULL ? vdt_isolated_ref(other) : NULL};
        g_ptr_array_add(entries, entry);
    }
}

/* Another array: readers have the old one. */
void vdt_api_update(VdtApi *api, const VdtConfig *config, GHashTable *channels,
                    GHashTable *isolated)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
    add_entries(entries, config->streams, channels, isolated);
    add_entries(entries, config->isolated, channels, isolated);
    g_ptr_array_sort(entries, compare_entries);
    g_mutex_lock(&api->lock);
    g_autoptr(GPtrArray) before = api->entries;
    api->entries = entries;
    api->status.loaded = g_get_real_time();
    g_mutex_unlock(&api->lock);
}

void vdt_api_set_health(VdtApi *api, gboolean ready, gboolean healthy, guint64 lines_lost)
{
    g_mutex_lock(&api->lock);
    api->status.ready = ready;
    api->status.healthy = healthy;
    api->status.lines_lost = lines_lost;
    api->beat = g_get_monotonic_time();
    g_mutex_unlock(&api->lock);
}

/* --- what is changed, in the worker --- */

void vdt_api_reloaded(VdtApi *api, GPtrArray *differences, VdtProblems *problems, gboolean again)
{
    g_mutex_lock(&api->lock);
    if (differences != NULL)
        api->status.reloads++;
    else
        api->status.refused_reloads++;
    if (api->asked && !again) {
        api->differences = g_steal_pointer(&differences);
        api->problems = g_steal_pointer(&problems);
        api->asked = FALSE;
        api->ended = TRUE;
        g_cond_broadcast(&api->cond);
    }
    g_mutex_unlock(&api->lock);
    g_clear_pointer(&differences, g_ptr_array_unref);
    g_clear_pointer(&problems, vdt_problems_free);
}

static gboolean ask_for_reload(gpointer data)
{
    VdtApi *api = data;
    g_mutex_lock(&api->lock);
    api->asked = TRUE;
    g_mutex_unlock(&api->lock);
    api->reload(api->reload_data);
    return G_SOURCE_REMOVE;
}

static void refuse(VdtOutcome *outcome, guint status, const char *detail)
{
    outcome->status = status;
    g_free(outcome->detail);
    outcome->detail = g_strdup(detail);
}

/* What the service says of it; FALSE if it was refused. */
static gboolean reload(VdtApi *api, VdtOutcome *outcome)
{
    g_mutex_lock(&api->lock);
    api->ended = FALSE;
    g_main_context_invoke(NULL, ask_for_reload, api);
    while (!api->ended && !api->closing)
        g_cond_wait(&api->cond, &api->lock);
    gboolean ended = api->ended;
    outcome->differences = g_steal_pointer(&api->differences);
    outcome->problems = g_steal_pointer(&api->problems);
    g_mutex_unlock(&api->lock);
    if (outcome->differences != NULL)
        return TRUE;
    refuse(outcome, ended ? 422 : 503,
           ended ? "the configuration is wrong, so the one before stays in force"
                 : "the service ends");
    return FALSE;
}

/* What there is of it, with references; FALSE if there is no such stream. */
static gboolean find_entry(VdtApi *api, const char *name, Entry *found)
{
    gboolean is_known = FALSE;
    *found = (Entry){NULL};
    g_mutex_lock(&api->lock);
    for (guint i = 0; i < api->entries->len && !is_known; i++) {
        const Entry *entry = api->entries->pdata[i];
        is_known = strcmp(entry->config->name, name) == 0;
        if (is_known)
            *found = (Entry){vdt_stream_config_ref(entry->config),
                             entry->stream != NULL ? vdt_stream_ref(entry->stream) : NULL, NULL,
                             entry->isolated != NULL ? vdt_isolated_ref(entry->isolated) : NULL};
    }
    g_mutex_unlock(&api->lock);
    return is_known;
}

static void restart(VdtApi *api, const char *name, VdtOutcome *outcome)
{
    g_auto(Entry) entry;
    if (!find_entry(api, name, &entry)) {
        refuse(outcome, 404, "there is no such stream");
    } else if (entry.isolated != NULL) {
        outcome->status = vdt_isolated_restart(entry.isolated, &outcome->detail);
    } else if (entry.stream == NULL) {
        refuse(outcome, 409, "the stream could not be made");
    } else {
        outcome->status = 202;
        vdt_stream_reload(entry.stream, NULL, NULL);
        vdt_stream_start(entry.stream);
    }
}

static void arm(VdtApi *api, const char *name, VdtOutcome *outcome)
{
    VdtArm wanted = VDT_ARM_AUTO;
    g_autoptr(GError) error = NULL;
    vdt_arm_from_name(name, &wanted);
    if (!vdt_outlets_set_arm(api->outlets, wanted, &error))
        refuse(outcome, 503, error->message);
}

/* Puts the file there, has it read, and takes it away again if that is refused after all: something
 * else may have changed in between. */
static void edit(VdtApi *api, const Job *job, VdtOutcome *outcome)
{
    g_autoptr(VdtStreamEdit) change =
        vdt_stream_edit_new(api->where, job->act, job->name, job->text);
    outcome->problems = vdt_problems_new();
    outcome->status = vdt_stream_edit_check(change, outcome->problems, &outcome->detail);
    if (outcome->status != 0 || job->act == VDT_ACT_VALIDATE) {
        outcome->status = MAX(outcome->status, 200);
        return;
    }
    outcome->status = vdt_stream_edit_apply(change, &outcome->detail);
    if (outcome->status != 0)
        return;
    g_clear_pointer(&outcome->problems, vdt_problems_free);
    if (reload(api, outcome))
        outcome->status = job->act == VDT_ACT_ADD ? 201 : 200;
    else
        vdt_stream_edit_undo(change);
}

static void job_free(Job *job)
{
    g_free(job->name);
    if (job->text != NULL)
        explicit_bzero(job->text, strlen(job->text));
    g_free(job->text);
    g_free(job);
}

static void run_job(gpointer data, gpointer user_data)
{
    VdtApi *api = user_data;
    Job *job = data;
    VdtOutcome outcome = {.status = 200};
    if (job->act == VDT_ACT_RESTART)
        restart(api, job->name, &outcome);
    else if (job->act == VDT_ACT_RELOAD)
        reload(api, &outcome);
    else if (job->act == VDT_ACT_ARM)
        arm(api, job->text, &outcome);
    else
        edit(api, job, &outcome);
    g_mutex_lock(&api->lock);
    if (!api->abandoned)
        job->done(&outcome, job->data);
    g_mutex_unlock(&api->lock);
    g_free(outcome.detail);
    g_clear_pointer(&outcome.problems, vdt_problems_free);
    g_clear_pointer(&outcome.differences, g_ptr_array_unref);
    job_free(job);
    g_mutex_lock(&api->lock);
    api->jobs--;
    g_cond_broadcast(&api->cond);
    g_mutex_unlock(&api->lock);
}

static void act(gpointer data, VdtAct what, const char *name, const char *text, VdtActDone done,
                gpointer done_data)
{
    VdtApi *api = data;
    g_mutex_lock(&api->lock);
    gboolean closing = api->closing, full = api->jobs >= MOST_JOBS;
    api->jobs += !closing && !full;
    g_mutex_unlock(&api->lock);
    if (closing || full) {
        g_autofree char *detail =
            g_strdup(closing ? "the service ends" : "too many changes wait for their turn");
        VdtOutcome outcome = {.status = 503, .detail = detail};
        done(&outcome, done_data);
        return;
    }
    Job *job = g_new(Job, 1);
    *job = (Job){what, g_strdup(name), g_strdup(text), done, done_data};
    g_thread_pool_push(api->worker, job, NULL);
}

/* --- what is seen --- */

/* One of both. */
typedef struct {
    VdtLiveView *own;
    VdtIsolatedView *other;
} Seen;

static gpointer watch(gpointer data, const char *name, void (*frame)(GBytes *, gpointer),
                      gpointer frame_data, GError **error)
{
    VdtApi *api = data;
    g_auto(Entry) entry;
    Seen seen = {NULL};
    find_entry(api, name, &entry);
    if (entry.isolated != NULL)
        seen.other = vdt_isolated_watch(entry.isolated, frame, frame_data);
    else if (entry.stream != NULL)
        seen.own = vdt_live_view_new(entry.stream, entry.config, frame, frame_data, error);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no such stream");
    return seen.own != NULL || seen.other != NULL ? g_memdup2(&seen, sizeof seen) : NULL;
}

static void check_watch(gpointer data, gpointer view)
{
    const Seen *seen = view;
    if (seen->own != NULL)
        vdt_live_view_check(seen->own);
}

static void unwatch(gpointer data, gpointer view)
{
    g_autofree Seen *seen = view;
    if (seen->own != NULL)
        vdt_live_view_free(seen->own);
    else
        vdt_isolated_unwatch(seen->other);
}

/* --- life --- */

VdtApi *vdt_api_new(const char *where, VdtOutlets *outlets, void (*reload_func)(gpointer data),
                    gpointer data)
{
    VdtApi *api = g_new0(VdtApi, 1);
    *api = (VdtApi){.where = g_strdup(where),
                    .outlets = outlets,
                    .reload = reload_func,
                    .reload_data = data,
                    .entries = g_ptr_array_new_with_free_func(entry_free),
                    .status = {.started = g_get_real_time(), .healthy = TRUE},
                    .beat = g_get_monotonic_time()};
    g_mutex_init(&api->lock);
    g_cond_init(&api->cond);
    api->worker = g_thread_pool_new(run_job, api, 1, TRUE, NULL);
    return api;
}

gboolean vdt_api_close(VdtApi *api, gint64 limit)
{
    gint64 end = g_get_monotonic_time() + limit;
    g_mutex_lock(&api->lock);
    api->closing = TRUE;
    g_cond_broadcast(&api->cond);
    while (api->jobs > 0 && g_cond_wait_until(&api->cond, &api->lock, end))
        continue;
    gboolean done = api->jobs == 0;
    api->abandoned = TRUE;
    g_mutex_unlock(&api->lock);
    return done;
}

void vdt_api_free(VdtApi *api)
{
    g_thread_pool_free(api->worker, FALSE, TRUE);
    g_ptr_array_unref(api->entries);
    g_clear_pointer(&api->differences, g_ptr_array_unref);
    g_clear_pointer(&api->problems, vdt_problems_free);
    g_mutex_clear(&api->lock);
    g_cond_clear(&api->cond);
    g_free(api->where);
    g_free(api);
}

VdtHttpService vdt_api_get_service(VdtApi *api)
{
    return (VdtHttpService){.data = api,
                            .list = list,
                            .get_status = get_status,
                            .list_sinks = list_sinks,
                            .act = act,
                            .watch = watch,
                            .check_watch = check_watch,
                            .unwatch = unwatch};
}
