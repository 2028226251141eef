/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolated.h"

#include <string.h>

#include "ask.h"
#include "store/foreign.h"
#include "stream/clock.h"
#include "voice.h"

#define FOLDER          "isolated"
#define SOCKET          "api.sock"
#define GAP             (G_USEC_PER_SEC / 4) /* between two looks at the database */
#define ASK_GAP         G_USEC_PER_SEC       /* between two questions */
#define GRACE           (5 * VDT_SECOND)     /* that it may be away: it is started, or again */
#define ROWS            500                  /* of the journal at once */
#define FLUSH           G_USEC_PER_SEC       /* for these to be written, if there are more */
#define LAST            G_USEC_PER_SEC       /* that its thread has to end */
#define PATIENCE        3                    /* s, with its answers */
#define CHANGE_PATIENCE 60                   /* s, with what it does */
#define MOST_ANALYSERS  64
#define MOST_TEXT       4096
#define MOST_SECONDS    1e9

struct _VdtIsolated {
    char *name, *folder, *socket, *target;
    VdtOutlets *outlets;
    GCancellable *cancellable;
    GMutex lock;
    GCond cond; /* something is guarded that its thread, or who waits for it, looks for */
    /* guarded */
    VdtStreamConfig *config;
    VdtServedStream *served;
    gboolean closing, done, reload;
    /* of the thread alone */
    gint64 heard; /* when it last answered */
    gboolean away;
    char *said, *trouble;
};

char *vdt_isolated_folder(const char *state, const char *stream)
{
    return g_build_filename(state, FOLDER, stream, NULL);
}

char *vdt_isolated_socket(const char *folder)
{
    return g_build_filename(folder, SOCKET, NULL);
}

/* --- its events --- */

static void tell_trouble(VdtIsolated *self, const GError *error)
{
    const char *text = error != NULL ? error->message : NULL;
    if (g_strcmp0(text, self->trouble) == 0)
        return;
    if (text != NULL)
        vdt_tell(self->outlets->tell, VDT_TELL_WARNING, "%s: its events cannot be read: %s",
                 self->name, text);
    g_free(self->trouble);
    self->trouble = g_strdup(text);
}

/* What that process tells of itself, its disk say, the service tells of itself, too. */
static void take_rows(VdtIsolated *self, GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++) {
        const VdtRecord *record = records->pdata[i];
        if (g_strcmp0(record->event->stream, self->name) != 0)
            continue;
        VdtEvent *event = vdt_event_copy(record->event);
        event->foreign = record->seq;
        vdt_hub_put(self->outlets->hub, event);
    }
}

static void attach(VdtIsolated *self, const char *id, VdtAttachment attachment, const char *file)
{
    g_autofree char *path = NULL;
    /* it says where, and not above its folder */
    if (file != NULL && !g_path_is_absolute(file) && strstr(file, "..") == NULL)
        path = g_build_filename(self->folder, file, NULL);
    vdt_store_attach(self->outlets->store, id, attachment, path);
}

static void take_files(VdtIsolated *self, GPtrArray *all, VdtFollowed *followed)
{
    for (guint i = 0; i < all->len; i++) {
        const VdtForeignFiles *files = all->pdata[i];
        attach(self, files->id, VDT_ATTACH_SNAPSHOT, files->snapshot);
        attach(self, files->id, VDT_ATTACH_CLIP, files->clip);
        followed->changed = files->changed;
    }
}

/* Files first, so that events that have them are there once they are noted. */
static gboolean take_over(VdtIsolated *self, VdtFollowed *followed, GError **error)
{
    VdtFollowed before = *followed;
    g_autoptr(VdtForeign) foreign = vdt_foreign_open(self->folder, error);
    g_autoptr(GPtrArray) files =
        foreign != NULL ? vdt_foreign_read_files(foreign, followed->changed, ROWS, error) : NULL;
    guint n;
    if (files == NULL)
        return FALSE;
    do {
        g_autoptr(GPtrArray) records = vdt_foreign_read(foreign, &followed->seq, ROWS, error);
        if (records == NULL)
            return FALSE;
        n = records->len;
        take_rows(self, records);
        if (n > 0)
            followed->seq = ((VdtRecord *)records->pdata[n - 1])->seq;
        if (n == ROWS) {
            vdt_store_set_followed(self->outlets->store, self->name, followed);
            if (!vdt_store_flush(self->outlets->store, FLUSH))
                return TRUE; /* the rest once the disk takes it */
        }
    } while (n == ROWS && !g_cancellable_is_cancelled(self->cancellable));
    if (n == ROWS)
        return TRUE;
    take_files(self, files, followed);
    if (followed->seq != before.seq || followed->changed != before.changed)
        vdt_store_set_followed(self->outlets->store, self->name, followed);
    return TRUE;
}

/* --- how it is --- */

static guint64 count_of(JsonObject *object, const char *name)
{
    return (guint64)MAX(json_object_get_int_member_with_default(object, name, 0), 0);
}

/* -1 if it is none. */
static double seconds_of(JsonObject *object, const char *name)
{
    double seconds = json_object_get_double_member_with_default(object, name, -1);
    return seconds >= 0 && seconds <= MOST_SECONDS ? seconds : -1;
}

static gint64 ns_of(JsonObject *object, const char *name)
{
    double seconds = seconds_of(object, name);
    return seconds < 0 ? -1 : (gint64)(seconds * (double)VDT_SECOND);
}

/* Of a word from outside, or NULL. */
static VdtStreamState state_of(const char *name)
{
    VdtStreamState state = VDT_STREAM_FAILED;
    for (guint i = 0; i < VDT_N_STREAM_STATES; i++)
        if (g_strcmp0(name, vdt_stream_state_name(i)) == 0)
            state = i;
    return state;
}

static char *text_of(JsonObject *object, const char *name)
{
    const char *text = json_object_get_string_member_with_default(object, name, NULL);
    return text != NULL && strlen(text) <= MOST_TEXT ? g_strdup(text) : NULL;
}

static VdtStreamInfo *read_info(JsonObject *object)
{
    VdtStreamInfo *info = g_new0(VdtStreamInfo, 1);
    gint64 now = vdt_clock_now(), retry = ns_of(object, "retry_in_s");
    *info = (VdtStreamInfo){
        .state = state_of(json_object_get_string_member_with_default(object, "state", NULL)),
        .since = now - MAX(ns_of(object, "in_state_s"), 0),
        .retry = retry < 0 ? -1 : now + retry,
        .reason = text_of(object, "reason"),
        .connects = count_of(object, "connects"),
        .reconnects = count_of(object, "reconnects"),
        .stalls = count_of(object, "stalls"),
        .builds = count_of(object, "builds"),
        .frame_age = ns_of(object, "frame_age_s"),
        .codec = text_of(object, "codec"),
        .hanging = (guint)count_of(object, "hanging")};
    info->counts = (VdtFeedCounts){.frames = count_of(object, "frames"),
                                   .bytes = count_of(object, "bytes"),
                                   .passed = count_of(object, "passed"),
                                   .dropped = count_of(object, "skipped")};
    if (info->reason == NULL)
        info->reason = g_strdup("");
    return info;
}

/* NULL if it is none. */
static VdtServedAnalyser *read_analyser(JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    g_autofree char *name = object != NULL ? text_of(object, "name") : NULL;
    g_autofree char *model = object != NULL ? text_of(object, "model") : NULL;
    if (name == NULL || model == NULL)
        return NULL;
    VdtServedAnalyser *one = g_new(VdtServedAnalyser, 1);
    *one = (VdtServedAnalyser){.name = g_steal_pointer(&name),
                               .model = g_steal_pointer(&model),
                               .frames = count_of(object, "frames"),
                               .results = count_of(object, "results"),
                               .skipped = count_of(object, "skipped"),
                               .broken = count_of(object, "broken"),
                               .last = MAX(seconds_of(object, "last_s"), 0),
                               .lag = MAX(seconds_of(object, "lag_s"), 0)};
    one->busy = MAX(seconds_of(object, "average_s"), 0) * (double)one->results;
    return one;
}

/* In any thread but with the lock. Takes @info and @analysers, which may be NULL. */
static void set_served(VdtIsolated *self, VdtStreamInfo *info, GPtrArray *analysers)
{
    VdtServedStream *served = g_new(VdtServedStream, 1);
    if (analysers == NULL)
        analysers = g_ptr_array_new_with_free_func(vdt_served_analyser_free);
    g_mutex_lock(&self->lock);
    VdtServedStream *before = self->served;
    *served = (VdtServedStream){.config = vdt_stream_config_ref(self->config),
                                .info = info,
                                .analysers = analysers,
                                .kept_time = -1};
    self->served = served;
    g_mutex_unlock(&self->lock);
    g_clear_pointer(&before, vdt_served_stream_free);
}

static void publish(VdtIsolated *self, const VdtStreamInfo *info)
{
    if (self->outlets->publisher != NULL)
        vdt_publisher_set_state(self->outlets->publisher, self->name,
                                vdt_stream_state_name(info->state), info->reason);
}

static void on_answer(VdtIsolated *self, JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "analysers");
    JsonArray *list =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    GPtrArray *analysers = g_ptr_array_new_with_free_func(vdt_served_analyser_free);
    guint n = list != NULL ? MIN(json_array_get_length(list), MOST_ANALYSERS) : 0;
    for (guint i = 0; i < n; i++) {
        VdtServedAnalyser *one = read_analyser(json_array_get_element(list, i));
        if (one != NULL)
            g_ptr_array_add(analysers, one);
    }
    VdtStreamInfo *info = read_info(object);
    self->heard = vdt_clock_now();
    if (self->away) {
        self->away = FALSE;
        g_clear_pointer(&self->said, g_free);
        vdt_tell(self->outlets->tell, VDT_TELL_NOTICE, "%s: its process runs", self->name);
        vdt_system_set_camera(self->outlets->system, self->name, NULL, g_get_monotonic_time());
    }
    publish(self, info);
    set_served(self, info, analysers);
}

static VdtStreamInfo *info_of(VdtStreamState state, char *reason)
{
    VdtStreamInfo *info = g_new0(VdtStreamInfo, 1);
    *info = (VdtStreamInfo){
        .state = state, .since = vdt_clock_now(), .retry = -1, .reason = reason, .frame_age = -1};
    return info;
}

/* A process that is only started again is none that is away. What was open in one that is has no
 * end of its own. */
static void on_silence(VdtIsolated *self, const GError *error)
{
    gboolean runs = !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
                    !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
    if (vdt_clock_now() - self->heard < GRACE)
        return;
    char *reason =
        runs ? g_strdup_printf("its process does not answer: %s", error->message)
             : g_strdup_printf("its process does not run: systemctl start vedette@%s", self->name);
    VdtStreamInfo *info = info_of(VDT_STREAM_FAILED, reason);
    if (!self->away)
        vdt_hub_end_stream(self->outlets->hub, self->name, "lost");
    else if (self->served->info != NULL && self->served->info->state == VDT_STREAM_FAILED)
        info->since = self->served->info->since;
    self->away = TRUE;
    vdt_voice_tell_state(self->outlets->tell, self->name, info, &self->said);
    vdt_system_set_camera(self->outlets->system, self->name, reason, g_get_monotonic_time());
    publish(self, info);
    set_served(self, info, NULL);
}

static void ask(VdtIsolated *self)
{
    g_autoptr(GError) error = NULL;
    guint status;
    g_autoptr(JsonObject) object =
        vdt_ask(self->socket, "GET", self->target, PATIENCE, &status, self->cancellable, &error);
    if (object != NULL && status == 200) {
        on_answer(self, object);
        return;
    }
    if (object != NULL) {
        g_autofree char *detail = text_of(object, "detail");
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                    detail != NULL ? detail : "it refuses");
    }
    if (!g_cancellable_is_cancelled(self->cancellable))
        on_silence(self, error);
}

static void ask_for_reload(VdtIsolated *self)
{
    guint status;
    g_autoptr(JsonObject) object =
        vdt_ask(self->socket, "POST", "/api/v1/reload", PATIENCE, &status, self->cancellable, NULL);
    /* what is wrong with its file it says itself; one that does not run reads files anyway */
}

/* --- its thread --- */

/* FALSE once it ends. */
static gboolean wait(VdtIsolated *self, gboolean *reload)
{
    gint64 end = g_get_monotonic_time() + GAP;
    g_mutex_lock(&self->lock);
    while (!self->closing && !self->reload && g_cond_wait_until(&self->cond, &self->lock, end))
        continue;
    gboolean closing = self->closing;
    *reload = self->reload;
    self->reload = FALSE;
    g_mutex_unlock(&self->lock);
    return !closing;
}

static gpointer run(gpointer data)
{
    VdtIsolated *self = data;
    VdtFollowed followed;
    gint64 next = 0;
    gboolean known = FALSE, reload;
    self->heard = vdt_clock_now();
    do {
        g_autoptr(GError) error = NULL;
        known =
            known || vdt_store_get_followed(self->outlets->store, self->name, &followed, &error);
        if (known && !take_over(self, &followed, &error) &&
            g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
            g_clear_error(&error);
        tell_trouble(self, error);
        gint64 now = g_get_monotonic_time();
        if (now >= next) {
            ask(self);
            next = now + ASK_GAP;
        }
        if (!wait(self, &reload))
            break;
        if (reload)
            ask_for_reload(self);
    } while (TRUE);
    g_mutex_lock(&self->lock);
    self->done = TRUE;
    g_cond_broadcast(&self->cond);
    g_mutex_unlock(&self->lock);
    vdt_isolated_unref(self);
    return NULL;
}

/* --- life --- */

VdtIsolated *vdt_isolated_new(VdtStreamConfig *config, VdtOutlets *outlets)
{
    VdtIsolated *self = g_atomic_rc_box_new0(VdtIsolated);
    self->name = g_strdup(config->name);
    self->config = vdt_stream_config_ref(config);
    self->outlets = outlets;
    self->target = g_strconcat("/api/v1/streams/", config->name, NULL);
    self->cancellable = g_cancellable_new();
    g_mutex_init(&self->lock);
    g_cond_init(&self->cond);
    if (outlets->store == NULL) {
        set_served(self,
                   info_of(VDT_STREAM_FAILED,
                           g_strdup("nothing is known of its process without a state folder")),
                   NULL);
        self->done = TRUE;
        return self;
    }
    self->folder = vdt_isolated_folder(outlets->folder, config->name);
    self->socket = vdt_isolated_socket(self->folder);
    set_served(self, info_of(VDT_STREAM_CONNECTING, g_strdup("its process is asked")), NULL);
    publish(self, self->served->info);
    g_thread_unref(g_thread_new("vdt-isolated", run, vdt_isolated_ref(self)));
    return self;
}

VdtIsolated *vdt_isolated_ref(VdtIsolated *self)
{
    return g_atomic_rc_box_acquire(self);
}

static void isolated_clear(gpointer data)
{
    VdtIsolated *self = data;
    vdt_served_stream_free(self->served);
    vdt_stream_config_unref(self->config);
    g_object_unref(self->cancellable);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->cond);
    g_free(self->name);
    g_free(self->folder);
    g_free(self->socket);
    g_free(self->target);
    g_free(self->said);
    g_free(self->trouble);
}

void vdt_isolated_unref(VdtIsolated *self)
{
    g_atomic_rc_box_release_full(self, isolated_clear);
}

void vdt_isolated_reload(VdtIsolated *self, VdtStreamConfig *config)
{
    g_mutex_lock(&self->lock);
    g_autoptr(VdtStreamConfig) before = self->config;
    self->config = vdt_stream_config_ref(config);
    self->reload = TRUE;
    g_cond_broadcast(&self->cond);
    g_mutex_unlock(&self->lock);
}

gboolean vdt_isolated_close(VdtIsolated *self, gboolean removed)
{
    gint64 end = g_get_monotonic_time() + LAST;
    g_cancellable_cancel(self->cancellable);
    g_mutex_lock(&self->lock);
    self->closing = TRUE;
    g_cond_broadcast(&self->cond);
    while (!self->done && g_cond_wait_until(&self->cond, &self->lock, end))
        continue;
    gboolean done = self->done;
    g_mutex_unlock(&self->lock);
    if (removed) {
        vdt_hub_end_stream(self->outlets->hub, self->name, "stopped");
        vdt_system_forget_stream(self->outlets->system, self->name);
    }
    vdt_isolated_unref(self);
    return done;
}

/* --- asked for --- */

const char *vdt_isolated_get_name(const VdtIsolated *self)
{
    return self->name;
}

static gpointer copy_analyser(gconstpointer data, gpointer user_data)
{
    VdtServedAnalyser *copy = g_memdup2(data, sizeof *copy);
    copy->name = g_strdup(copy->name);
    copy->model = g_strdup(copy->model);
    return copy;
}

VdtServedStream *vdt_isolated_serve(VdtIsolated *self)
{
    VdtServedStream *copy = g_new(VdtServedStream, 1);
    g_mutex_lock(&self->lock);
    VdtStreamInfo *info = g_memdup2(self->served->info, sizeof *info);
    info->reason = g_strdup(info->reason);
    info->codec = g_strdup(info->codec);
    *copy = (VdtServedStream){.config = vdt_stream_config_ref(self->config),
                              .info = info,
                              .analysers =
                                  g_ptr_array_copy(self->served->analysers, copy_analyser, NULL),
                              .kept_time = -1};
    g_mutex_unlock(&self->lock);
    g_ptr_array_set_free_func(copy->analysers, vdt_served_analyser_free);
    return copy;
}

guint vdt_isolated_restart(VdtIsolated *self, char **detail)
{
    g_autofree char *target = g_strconcat(self->target, "/restart", NULL);
    g_autoptr(GError) error = NULL;
    guint status = 0;
    g_autoptr(JsonObject) object = self->socket != NULL
                                       ? vdt_ask(self->socket, "POST", target, CHANGE_PATIENCE,
                                                 &status, self->cancellable, &error)
                                       : NULL;
    if (object == NULL) {
        *detail =
            g_strdup_printf("its process does not run: systemctl start vedette@%s", self->name);
        return 409;
    }
    *detail = text_of(object, "detail");
    if (*detail == NULL)
        *detail = g_strdup("it refuses");
    return status >= 200 && status <= 599 ? status : 502;
}

/* --- seen --- */

struct _VdtIsolatedView {
    VdtIsolated *isolated;
    GCancellable *cancellable;
    GMutex lock;
    GCond cond;
    /* guarded; NULL once nobody listens */
    void (*func)(GBytes *, gpointer);
    gpointer data;
};

static void view_clear(gpointer data)
{
    VdtIsolatedView *view = data;
    vdt_isolated_unref(view->isolated);
    g_object_unref(view->cancellable);
    g_mutex_clear(&view->lock);
    g_cond_clear(&view->cond);
}

static void on_picture(GBytes *jpeg, gpointer data)
{
    VdtIsolatedView *view = data;
    g_mutex_lock(&view->lock);
    if (view->func != NULL)
        view->func(jpeg, view->data);
    g_mutex_unlock(&view->lock);
}

/* Again, once a second, as long as somebody looks. */
static gpointer look(gpointer data)
{
    VdtIsolatedView *view = data;
    g_autofree char *target = g_strconcat(view->isolated->target, "/live", NULL);
    gboolean more = TRUE;
    while (more) {
        vdt_ask_pictures(view->isolated->socket, target, view->cancellable, on_picture, view);
        gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
        g_mutex_lock(&view->lock);
        while (view->func != NULL && g_cond_wait_until(&view->cond, &view->lock, end))
            continue;
        more = view->func != NULL;
        g_mutex_unlock(&view->lock);
    }
    g_atomic_rc_box_release_full(view, view_clear);
    return NULL;
}

VdtIsolatedView *vdt_isolated_watch(VdtIsolated *self, void (*func)(GBytes *jpeg, gpointer data),
                                    gpointer data)
{
    VdtIsolatedView *view = g_atomic_rc_box_new0(VdtIsolatedView);
    view->isolated = vdt_isolated_ref(self);
    view->cancellable = g_cancellable_new();
    view->func = func;
    view->data = data;
    g_mutex_init(&view->lock);
    g_cond_init(&view->cond);
    if (self->socket != NULL)
        g_thread_unref(g_thread_new("vdt-look", look, g_atomic_rc_box_acquire(view)));
    return view;
}

void vdt_isolated_unwatch(VdtIsolatedView *view)
{
    g_mutex_lock(&view->lock);
    view->func = NULL;
    g_cond_broadcast(&view->cond);
    g_mutex_unlock(&view->lock);
    g_cancellable_cancel(view->cancellable);
    g_atomic_rc_box_release_full(view, view_clear);
}
