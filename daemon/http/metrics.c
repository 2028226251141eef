/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics.h"

#include <dirent.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "events/profile.h"
#include "feed.h"
#include "live.h"
#include "routes.h"
#include "stream/clock.h"
#include "version.h"

typedef struct {
    GString *out;
    const VdtHttpShared *shared;
    GPtrArray *streams; /* of VdtServedStream */
    const VdtServedStatus *status;
    const VdtStoreInfo *store; /* NULL where there is none */
    const char *name;          /* of the family that is written */
} Writer;

void vdt_metrics_escape(GString *out, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    for (const char *p = valid; *p != '\0'; p++) {
        if (*p == '\n')
            g_string_append(out, "\\n");
        else if (*p == '\\' || *p == '"')
            g_string_append_printf(out, "\\%c", *p);
        else
            g_string_append_c(out, *p);
    }
}

/* A line; @labels is a name for each text that follows, NULL for none. */
static void line(const Writer *w, const char *suffix, double value, const char *labels, ...)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_auto(GStrv) names = g_strsplit(labels != NULL ? labels : "", " ", -1);
    va_list args;
    va_start(args, labels);
    g_string_append_printf(w->out, "%s%s", w->name, suffix);
    for (guint i = 0; labels != NULL && names[i] != NULL; i++) {
        g_string_append_printf(w->out, "%s%s=\"", i == 0 ? "{" : ",", names[i]);
        vdt_metrics_escape(w->out, va_arg(args, const char *));
        g_string_append_c(w->out, '"');
    }
    va_end(args);
    g_string_append(w->out, labels != NULL ? "} " : " ");
    g_string_append(w->out, g_ascii_formatd(number, sizeof number, "%.15g", value));
    g_string_append_c(w->out, '\n');
}

/* --- of each stream --- */

static double rate_of(const Writer *w, const char *what, const char *name)
{
    g_autofree char *track = g_strconcat(what, " ", name, NULL);
    return vdt_rates_get(w->shared->rates, track);
}

static double camera_fps(const Writer *w, const VdtServedStream *s)
{
    return rate_of(w, "camera", s->config->name);
}

static double process_fps(const Writer *w, const VdtServedStream *s)
{
    return rate_of(w, "process", s->config->name);
}

static double frames(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->counts.frames;
}

static double bytes(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->counts.bytes;
}

static double skipped(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->counts.dropped;
}

static double frame_age(const Writer *w, const VdtServedStream *s)
{
    return s->info->frame_age < 0 ? NAN : (double)s->info->frame_age / 1e9;
}

static double connects(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->connects;
}

static double reconnects(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->reconnects;
}

static double stalls(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->stalls;
}

static double builds(const Writer *w, const VdtServedStream *s)
{
    return (double)s->info->builds;
}

static double hanging(const Writer *w, const VdtServedStream *s)
{
    return s->info->hanging;
}

static double state_seconds(const Writer *w, const VdtServedStream *s)
{
    return (double)MAX(vdt_clock_now() - s->info->since, 0) / 1e9;
}

static double kept_bytes(const Writer *w, const VdtServedStream *s)
{
    return s->kept_time < 0 ? NAN : (double)s->kept;
}

static double kept_seconds(const Writer *w, const VdtServedStream *s)
{
    return s->kept_time < 0 ? NAN : s->kept_time;
}

static const struct {
    const char *name, *type, *help;
    double (*value)(const Writer *, const VdtServedStream *);
} of_streams[] = {
    {"vedette_camera_fps", "gauge", "Frames per second that the source delivers.", camera_fps},
    {"vedette_process_fps", "gauge", "Frames per second that go into the pipeline.", process_fps},
    {"vedette_frames_total", "counter", "Frames that the source delivered.", frames},
    {"vedette_frame_bytes_total", "counter", "Bytes of these.", bytes},
    {"vedette_skipped_total", "counter",
     "Frames that were dropped, since the pipeline was too slow.", skipped},
    {"vedette_frame_age_seconds", "gauge", "Time since the last frame.", frame_age},
    {"vedette_connects_total", "counter", "Attempts to connect.", connects},
    {"vedette_reconnects_total", "counter", "Connections after one that was lost.", reconnects},
    {"vedette_stalls_total", "counter", "Times that frames stopped without an error.", stalls},
    {"vedette_pipeline_builds_total", "counter", "Times that the pipeline was built.", builds},
    {"vedette_hanging_threads", "gauge", "Threads that do not return from taking something down.",
     hanging},
    {"vedette_stream_state_seconds", "gauge", "Time in this state.", state_seconds},
    {"vedette_recording_buffer_bytes", "gauge", "Coded video that a clip can begin with.",
     kept_bytes},
    {"vedette_recording_buffer_seconds", "gauge", "Time of that.", kept_seconds},
};

static void family(Writer *w, const char *name, const char *type, const char *help)
{
    w->name = name;
    g_string_append_printf(w->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_streams(Writer *w)
{
    for (guint f = 0; f < G_N_ELEMENTS(of_streams); f++) {
        family(w, of_streams[f].name, of_streams[f].type, of_streams[f].help);
        for (guint i = 0; i < w->streams->len; i++) {
            const VdtServedStream *stream = w->streams->pdata[i];
            double value = stream->info != NULL ? of_streams[f].value(w, stream) : NAN;
            if (!isnan(value))
                line(w, "", value, "stream", stream->config->name);
        }
    }
    family(w, "vedette_stream_state", "gauge", "1 for the state that the stream is in.");
    for (guint i = 0; i < w->streams->len; i++) {
        const VdtServedStream *stream = w->streams->pdata[i];
        VdtStreamState now = stream->info != NULL ? stream->info->state : VDT_STREAM_FAILED;
        for (guint k = 0; k < VDT_N_STREAM_STATES; k++)
            line(w, "", k == now, "stream state", stream->config->name, vdt_stream_state_name(k));
    }
}

/* --- of each analyser --- */

static double inference_fps(const Writer *w, const VdtServedStream *s, const VdtServedAnalyser *a)
{
    g_autofree char *path = g_strconcat(s->config->name, "/", a->name, NULL);
    return rate_of(w, "results", path);
}

static double analyser_frames(const Writer *w, const VdtServedStream *s, const VdtServedAnalyser *a)
{
    return (double)a->frames;
}

static double analyser_skipped(const Writer *w, const VdtServedStream *s,
                               const VdtServedAnalyser *a)
{
    return (double)a->skipped;
}

static double analyser_broken(const Writer *w, const VdtServedStream *s, const VdtServedAnalyser *a)
{
    return (double)a->broken;
}

static double last_inference(const Writer *w, const VdtServedStream *s, const VdtServedAnalyser *a)
{
    return a->results > 0 ? a->last : NAN;
}

static double result_lag(const Writer *w, const VdtServedStream *s, const VdtServedAnalyser *a)
{
    return a->results > 0 ? a->lag : NAN;
}

/* Of the newest result, as far as it is known: when the count last rose. */
static double result_age(const Writer *w, const VdtServedStream *s, const VdtServedAnalyser *a)
{
    g_autofree char *track = g_strconcat("results ", s->config->name, "/", a->name, NULL);
    gint64 since = vdt_rates_get_change(w->shared->rates, track);
    return since == 0 ? NAN : (double)(g_get_monotonic_time() - since) / 1e6;
}

static const struct {
    const char *name, *type, *help;
    double (*value)(const Writer *, const VdtServedStream *, const VdtServedAnalyser *);
} of_analysers[] = {
    {"vedette_inference_fps", "gauge", "Results per second.", inference_fps},
    {"vedette_analyser_frames_total", "counter", "Frames that the analyser was given.",
     analyser_frames},
    {"vedette_analyser_skipped_total", "counter",
     "Inferences that were left out, since others took too long.", analyser_skipped},
    {"vedette_analyser_broken_total", "counter", "Frames that could not be read.", analyser_broken},
    {"vedette_inference_last_seconds", "gauge", "Time of the newest inference.", last_inference},
    {"vedette_result_lag_seconds", "gauge",
     "Time from when the newest result's last frame was due to the result.", result_lag},
    {"vedette_result_age_seconds", "gauge", "Time since the newest result, to a second.",
     result_age},
};

static void write_analysers(Writer *w)
{
    static const char labels[] = "stream analyser model";
    for (guint f = 0; f < G_N_ELEMENTS(of_analysers); f++) {
        family(w, of_analysers[f].name, of_analysers[f].type, of_analysers[f].help);
        for (guint i = 0; i < w->streams->len; i++) {
            const VdtServedStream *stream = w->streams->pdata[i];
            for (guint k = 0; k < stream->analysers->len; k++) {
                const VdtServedAnalyser *one = stream->analysers->pdata[k];
                double value = of_analysers[f].value(w, stream, one);
                if (!isnan(value))
                    line(w, "", value, labels, stream->config->name, one->name, one->model);
            }
        }
    }
    family(w, "vedette_inference_seconds", "summary", "Time that inferences took.");
    for (guint i = 0; i < w->streams->len; i++) {
        const VdtServedStream *stream = w->streams->pdata[i];
        for (guint k = 0; k < stream->analysers->len; k++) {
            const VdtServedAnalyser *one = stream->analysers->pdata[k];
            line(w, "_sum", one->busy, labels, stream->config->name, one->name, one->model);
            line(w, "_count", (double)one->results, labels, stream->config->name, one->name,
                 one->model);
        }
    }
}

/* --- of the whole --- */

static double open_connections(const Writer *w)
{
    VdtDoorCounts counts = vdt_door_get_counts(w->shared->door);
    return counts.open + counts.open_unix;
}

static double connections(const Writer *w)
{
    return (double)vdt_door_get_counts(w->shared->door).accepted;
}

static double refused(const Writer *w)
{
    return (double)vdt_door_get_counts(w->shared->door).refused;
}

static double crowded(const Writer *w)
{
    return (double)vdt_door_get_counts(w->shared->door).crowded;
}

static double timeouts(const Writer *w)
{
    return (double)vdt_door_get_counts(w->shared->door).timeouts;
}

static double followers(const Writer *w)
{
    return vdt_feeds_count(w->shared->feeds);
}

static double viewers(const Writer *w)
{
    return vdt_live_count(w->shared->live);
}

static double lines_lost(const Writer *w)
{
    return (double)w->status->lines_lost;
}

static double reloads(const Writer *w)
{
    return (double)w->status->reloads;
}

static double refused_reloads(const Writer *w)
{
    return (double)w->status->refused_reloads;
}

static double loaded(const Writer *w)
{
    return (double)w->status->loaded / 1e6;
}

static double ready(const Writer *w)
{
    return w->status->ready && w->status->healthy;
}

static double store_put(const Writer *w)
{
    return w->store != NULL ? (double)w->store->put : NAN;
}

static double store_lost(const Writer *w)
{
    return w->store != NULL ? (double)w->store->lost : NAN;
}

static double store_waiting(const Writer *w)
{
    return w->store != NULL ? w->store->waiting : NAN;
}

static double store_bytes(const Writer *w)
{
    return w->store != NULL ? (double)w->store->bytes : NAN;
}

static double store_free(const Writer *w)
{
    return w->store != NULL && w->store->free_bytes > 0 ? (double)w->store->free_bytes : NAN;
}

static double store_rows(const Writer *w)
{
    return w->store != NULL ? (double)w->store->n_events : NAN;
}

static double store_trouble(const Writer *w)
{
    return w->store != NULL ? w->store->trouble != NULL : NAN;
}

static double open_events(const Writer *w)
{
    return w->status->open_events;
}

static double open_clips(const Writer *w)
{
    return w->status->open_clips;
}

static double journal_last(const Writer *w)
{
    return w->store != NULL ? (double)w->store->last : NAN;
}

/* Fields of /proc/self/stat behind the name, counted from 3 on as proc(5) does. */
static double stat_field(guint field)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/stat", &text, NULL, NULL))
        return NAN;
    const char *end = strrchr(text, ')');
    g_auto(GStrv) fields = g_strsplit(end != NULL ? end + 2 : "", " ", -1);
    return g_strv_length(fields) > field - 3 ? g_ascii_strtod(fields[field - 3], NULL) : NAN;
}

static double cpu_seconds(const Writer *w)
{
    return (stat_field(14) + stat_field(15)) / (double)sysconf(_SC_CLK_TCK);
}

static double resident(const Writer *w)
{
    return stat_field(24) * (double)sysconf(_SC_PAGESIZE);
}

static double threads(const Writer *w)
{
    return stat_field(20);
}

static double open_fds(const Writer *w)
{
    DIR *folder = opendir("/proc/self/fd");
    double n = -3; /* ".", ".." and the folder itself */
    if (folder == NULL)
        return NAN;
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

static double most_fds(const Writer *w)
{
    return (double)sysconf(_SC_OPEN_MAX);
}

static double started(const Writer *w)
{
    return (double)w->status->started / 1e6;
}

static const struct {
    const char *name, *type, *help;
    double (*value)(const Writer *);
} of_all[] = {
    {"vedette_ready", "gauge", "1 if all streams were asked to start and the service works.",
     ready},
    {"vedette_config_reloads_total", "counter", "Configurations that came into force.", reloads},
    {"vedette_config_reloads_refused_total", "counter", "Configurations that were wrong.",
     refused_reloads},
    {"vedette_config_loaded_timestamp_seconds", "gauge",
     "When the configuration in force was read.", loaded},
    {"vedette_lines_lost_total", "counter", "Events that nobody read on stdout.", lines_lost},
    {"vedette_events_open", "gauge", "Events that go on.", open_events},
    {"vedette_clips_open", "gauge", "Clips that are written.", open_clips},
    {"vedette_store_events_total", "counter", "Events that were handed to the store.", store_put},
    {"vedette_store_lost_total", "counter", "Events that it lost.", store_lost},
    {"vedette_store_waiting", "gauge", "Events that are not on disk yet.", store_waiting},
    {"vedette_store_bytes", "gauge", "Size of the database.", store_bytes},
    {"vedette_store_free_bytes", "gauge", "Free space on the disk of the state folder.",
     store_free},
    {"vedette_store_rows", "gauge", "Events that are kept.", store_rows},
    {"vedette_store_trouble", "gauge", "1 while nothing can be written.", store_trouble},
    {"vedette_journal_last", "gauge", "Number of the journal's newest row.", journal_last},
    {"vedette_http_open_connections", "gauge", "Connections to the interface.", open_connections},
    {"vedette_http_connections_total", "counter", "Connections that were accepted.", connections},
    {"vedette_http_crowded_total", "counter", "Of these, those that there was no room for.",
     crowded},
    {"vedette_http_malformed_total", "counter", "Requests that were refused as malformed.",
     refused},
    {"vedette_http_timeouts_total", "counter", "Connections that were cut for being slow.",
     timeouts},
    {"vedette_http_followers", "gauge", "Peers that follow events.", followers},
    {"vedette_http_viewers", "gauge", "Peers that look at streams.", viewers},
    {"process_cpu_seconds_total", "counter", "Time of CPUs that the process used.", cpu_seconds},
    {"process_resident_memory_bytes", "gauge", "Memory that the process has.", resident},
    {"process_threads", "gauge", "Threads of the process.", threads},
    {"process_open_fds", "gauge", "Open file descriptors.", open_fds},
    {"process_max_fds", "gauge", "File descriptors that may be open.", most_fds},
    {"process_start_time_seconds", "gauge", "When the service was started.", started},
};

static void write_all(Writer *w)
{
    for (guint i = 0; i < G_N_ELEMENTS(of_all); i++) {
        double value = of_all[i].value(w);
        if (isnan(value))
            continue;
        family(w, of_all[i].name, of_all[i].type, of_all[i].help);
        line(w, "", value, NULL);
    }
    family(w, "vedette_http_answers_total", "counter", "Answers, by the hundred of their status.");
    for (guint i = 2; i < G_N_ELEMENTS(w->shared->answers); i++) {
        char code[] = {(char)('0' + i), 'x', 'x', '\0'};
        line(w, "", (double)w->shared->answers[i], "code", code);
    }
    family(w, "vedette_arm", "gauge", "1 for how the service is armed.");
    for (guint i = 0; i < VDT_N_ARMS; i++)
        line(w, "", strcmp(w->status->arm, vdt_arm_name(i)) == 0, "arm", vdt_arm_name(i));
    family(w, "vedette_build_info", "gauge", "1.");
    line(w, "", 1, "version", VEDETTE_VERSION);
}

/* --- of each who is told --- */

static double sink_depth(const VdtServedSink *sink)
{
    return (double)sink->waiting;
}

static double sink_lost(const VdtServedSink *sink)
{
    return (double)sink->lost;
}

static double sink_up(const VdtServedSink *sink)
{
    return sink->up;
}

static const struct {
    const char *name, *type, *help;
    double (*value)(const VdtServedSink *);
} of_sinks[] = {
    {"vedette_spool_depth", "gauge", "Rows of the journal that the sink has not got yet.",
     sink_depth},
    {"vedette_spool_lost_total", "counter", "Rows that went before the sink had them.", sink_lost},
    {"vedette_sink_up", "gauge", "1 while the sink can be reached.", sink_up},
};

static void write_sinks(Writer *w)
{
    g_autoptr(GArray) sinks = w->shared->service->list_sinks(w->shared->service->data);
    for (guint f = 0; f < G_N_ELEMENTS(of_sinks) && sinks->len > 0; f++) {
        family(w, of_sinks[f].name, of_sinks[f].type, of_sinks[f].help);
        for (guint i = 0; i < sinks->len; i++) {
            const VdtServedSink *sink = &g_array_index(sinks, VdtServedSink, i);
            line(w, "", of_sinks[f].value(sink), "sink", sink->name);
        }
    }
}

char *vdt_metrics_write(const VdtHttpShared *shared)
{
    const VdtHttpService *service = shared->service;
    VdtServedStatus status;
    service->get_status(service->data, &status);
    g_autoptr(GPtrArray) streams = service->list(service->data);
    g_autoptr(VdtStoreInfo) store =
        shared->store != NULL ? vdt_store_get_info(shared->store) : NULL;
    Writer w = {.out = g_string_new(NULL),
                .shared = shared,
                .streams = streams,
                .status = &status,
                .store = store};
    write_streams(&w);
    write_analysers(&w);
    write_sinks(&w);
    write_all(&w);
    return g_string_free(w.out, FALSE);
}

void vdt_handle_metrics(VdtRequest *request)
{
    g_autofree char *text = vdt_metrics_write(request->shared);
    vdt_answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, strlen(text));
}
