/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette serve under more than two cores can do: cameras of the street over RTSP, each with
 * recogniser and segmenter: bench-service [--streams N] [--seconds N] [--interval MS]
 * VEDETTE PEER
 *
 * VEDETTE is the program, PEER tests/stream-supervisor/stream-peer: it sends a film of the street,
 * 640 x 360 at 15 frames a second, which is encoded once, before. One JSON line: how late results
 * were, as the service says every 200 ms (from when a result's last frame was due), in the first
 * and the last minute, too; CPU and memory; what streams got. Where more is asked than there is
 * time for, each stream is to get as much as the others.
 */
#include <gio/gio.h>
#include <gst/gst.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "measure.h"

#define POLL_US   200000
#define FILM_S    60
#define WARM_US   (10 * G_USEC_PER_SEC)
#define MINUTE_US (60 * G_USEC_PER_SEC)
#define PORT      18787

static int n_streams = 4, n_seconds = 600, interval_ms = 200;

typedef struct {
    char *folder;
    GSubprocess *peer, *service;
    GArray *lags, *first, *last;             /* of double, s */
    double *results, *skipped, *dropped;     /* of each stream: of analysers; frames */
    double *results_before, *skipped_before; /* when all was warm */
    double cpu_s, resident_mb, early_mb;
} Bench;

static void die_with_parent(gpointer data)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *spawn(const char *const *argv, GSubprocessFlags flags)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(flags);
    g_autoptr(GError) error = NULL;
    g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
    GSubprocess *process = g_subprocess_launcher_spawnv(launcher, argv, &error);
    if (process == NULL)
        g_error("bench-service: %s", error->message);
    return process;
}

static void write_text(const Bench *b, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(b->folder, name, NULL),
                    *dir = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;
    if (g_mkdir_with_parents(dir, 0755) != 0 || !g_file_set_contents(path, text, -1, &error))
        g_error("bench-service: %s cannot be written", path);
}

static void make_film(const Bench *b)
{
    g_autofree char *launch = g_strdup_printf(
        "vedette-scenesrc num-buffers=%d seed=3 changing=true ! "
        "video/x-raw,width=640,height=360,framerate=15/1 ! videoconvert ! "
        "video/x-raw,format=I420 ! x264enc speed-preset=veryfast tune=zerolatency key-int-max=30 "
        "bitrate=1500 ! h264parse config-interval=-1 ! "
        "video/x-h264,stream-format=byte-stream,alignment=au ! filesink location=%s/film.h264",
        FILM_S * 15, b->folder);
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) pipeline = gst_parse_launch(launch, &error);
    if (pipeline == NULL)
        g_error("bench-service: %s", error->message);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) end =
        gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    if (GST_MESSAGE_TYPE(end) != GST_MESSAGE_EOS)
        g_error("bench-service: the film cannot be made");
}

/* --- the service --- */

static void begin(Bench *b, const char *vedette, const char *peer)
{
    g_autofree char *port = g_strdup_printf("%d", PORT + 1),
                    *film = g_strdup_printf("film=%s/film.h264", b->folder),
                    *conf = g_strdup_printf("[http]\nlisten=127.0.0.1:%d\nloopback=read\n", PORT);
    const char *const camera[] = {peer, port, "film", film, NULL}, *const serve[] = {
                                                                       vedette, "serve", "--config",
                                                                       b->folder, NULL};
    char ready[6];
    write_text(b, "vedette.conf", conf);
    for (int i = 0; i < n_streams; i++) {
        g_autofree char *name = g_strdup_printf("streams.d/s%d.conf", i);
        g_autofree char *text =
            g_strdup_printf("[stream]\nsource=rtsp://127.0.0.1:%s/camera\nexpected-size=640x360\n"
                            "[recognizer]\ninterval=%dms\n[segmenter]\ninterval=%dms\n",
                            port, interval_ms, interval_ms);
        write_text(b, name, text);
    }
    b->peer = spawn(camera, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDIN_PIPE);
    g_input_stream_read_all(g_subprocess_get_stdout_pipe(b->peer), ready, sizeof ready, NULL, NULL,
                            NULL);
    b->service = spawn(serve, G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
}

/* The figures, as text; NULL while nobody answers. */
static char *ask(const char *target)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) peer =
        g_socket_client_connect_to_host(client, "127.0.0.1", PORT, NULL, NULL);
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", target, PORT);
    GString *answer = g_string_new(NULL);
    char part[16384];
    gssize n;
    if (peer == NULL || !g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(peer)),
                                                   request, strlen(request), NULL, NULL, NULL)) {
        g_string_free(answer, TRUE);
        return NULL;
    }
    GInputStream *input = g_io_stream_get_input_stream(G_IO_STREAM(peer));
    while ((n = g_input_stream_read(input, part, sizeof part, NULL, NULL)) > 0)
        g_string_append_len(answer, part, n);
    return g_string_free(answer, FALSE);
}

/* The sum of all lines of a figure, of a stream or NULL; each is added to @values, too. */
static double figure(const char *metrics, const char *name, int stream, GArray *values)
{
    g_autofree char *start = stream < 0 ? g_strdup_printf("\n%s ", name)
                                        : g_strdup_printf("\n%s{stream=\"s%d\"", name, stream);
    double sum = 0;
    for (const char *at = metrics; (at = strstr(at, start)) != NULL; at += strlen(start)) {
        const char *number = stream < 0 ? at + strlen(start) : strstr(at, "} ") + 2;
        double value = g_ascii_strtod(number, NULL);
        sum += value;
        if (values != NULL)
            g_array_append_val(values, value);
    }
    return sum;
}

static void look(Bench *b, gint64 since, gint64 total)
{
    g_autofree char *metrics = ask("/metrics");
    if (metrics == NULL)
        g_error("bench-service: the service does not answer");
    for (int i = 0; i < n_streams; i++) {
        figure(metrics, "vedette_result_lag_seconds", i, b->lags);
        if (since < MINUTE_US)
            figure(metrics, "vedette_result_lag_seconds", i, b->first);
        if (since >= total - MINUTE_US)
            figure(metrics, "vedette_result_lag_seconds", i, b->last);
        b->results[i] = figure(metrics, "vedette_inference_seconds_count", i, NULL);
        b->skipped[i] = figure(metrics, "vedette_analyser_skipped_total", i, NULL);
        b->dropped[i] = figure(metrics, "vedette_skipped_total", i, NULL);
    }
    b->cpu_s = figure(metrics, "process_cpu_seconds_total", -1, NULL);
    b->resident_mb = figure(metrics, "process_resident_memory_bytes", -1, NULL) / 1e6;
}

static double share(GArray *values, double part)
{
    if (values->len == 0)
        return NAN;
    measure_sort((double *)(gpointer)values->data, values->len);
    return g_array_index(values, double, (guint)(part * (values->len - 1))) * 1e3;
}

static double ratio(const double *values, const double *before)
{
    double least = INFINITY, most = 0;
    for (int i = 0; i < n_streams; i++) {
        least = MIN(least, values[i] - before[i]);
        most = MAX(most, values[i] - before[i]);
    }
    return most > 0 ? most / least : 1;
}

static void report(Bench *b, double cpu_s, double seconds)
{
    double results = 0, skipped = 0, dropped = 0;
    for (int i = 0; i < n_streams; i++) {
        results += b->results[i] - b->results_before[i];
        skipped += b->skipped[i] - b->skipped_before[i];
        dropped += b->dropped[i];
    }
    printf("{\"bench\":\"service\",\"streams\":%d,\"seconds\":%.0f,\"interval_ms\":%d,"
           "\"lag_ms_p50\":%.0f,\"lag_ms_p95\":%.0f,\"lag_ms_p99\":%.0f,"
           "\"first_minute_p50\":%.0f,\"last_minute_p50\":%.0f,"
           "\"results_per_second\":%.1f,\"results_most_to_least\":%.2f,"
           "\"skips_per_second\":%.1f,\"skips_most_to_least\":%.2f,\"frames_dropped\":%.0f,\"cpu_"
           "cores\":%.2f,\"rss_early_mb\":%.0f,"
           "\"rss_end_mb\":%.0f}\n",
           n_streams, seconds, interval_ms, share(b->lags, 0.5), share(b->lags, 0.95),
           share(b->lags, 0.99), share(b->first, 0.5), share(b->last, 0.5), results / seconds,
           ratio(b->results, b->results_before), skipped / seconds,
           ratio(b->skipped, b->skipped_before), dropped, cpu_s / seconds, b->early_mb,
           b->resident_mb);
}

static void run(Bench *b)
{
    gint64 total = n_seconds * (gint64)G_USEC_PER_SEC;
    g_usleep(WARM_US);
    look(b, 0, total);
    double cpu_s = b->cpu_s;
    b->early_mb = b->resident_mb;
    memcpy(b->results_before, b->results, sizeof(double) * (gsize)n_streams);
    memcpy(b->skipped_before, b->skipped, sizeof(double) * (gsize)n_streams);
    g_array_set_size(b->lags, 0);
    g_array_set_size(b->first, 0);
    g_array_set_size(b->last, 0);
    gint64 begin_time = g_get_monotonic_time(), now;
    while ((now = g_get_monotonic_time()) < begin_time + total) {
        look(b, now - begin_time, total);
        g_usleep(POLL_US);
    }
    report(b, b->cpu_s - cpu_s, (double)(now - begin_time) / 1e6);
}

static void end(Bench *b)
{
    g_subprocess_send_signal(b->service, SIGTERM);
    g_subprocess_wait(b->service, NULL, NULL);
    g_subprocess_force_exit(b->peer);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", b->folder);
    if (system(command) != 0)
        g_printerr("bench-service: %s is left\n", b->folder);
}

int main(int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"streams", 0, 0, G_OPTION_ARG_INT, &n_streams, "Cameras", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &n_seconds, "How long, after 10 s", "N"},
        {"interval", 0, 0, G_OPTION_ARG_INT, &interval_ms, "Between results", "MS"},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("VEDETTE PEER");
    g_autoptr(GError) error = NULL;
    Bench b = {0};
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 3 || n_streams < 1) {
        g_printerr("bench-service: %s\n", error != NULL ? error->message : "see --help");
        return 2;
    }
    gst_init(NULL, NULL);
    b.folder = g_dir_make_tmp("vedette-bench-XXXXXX", NULL);
    b.lags = g_array_new(FALSE, FALSE, sizeof(double));
    b.first = g_array_new(FALSE, FALSE, sizeof(double));
    b.last = g_array_new(FALSE, FALSE, sizeof(double));
    b.results = g_new0(double, n_streams);
    b.skipped = g_new0(double, n_streams);
    b.dropped = g_new0(double, n_streams);
    b.results_before = g_new0(double, n_streams);
    b.skipped_before = g_new0(double, n_streams);
    make_film(&b);
    begin(&b, argv[1], argv[2]);
    run(&b);
    end(&b);
    return 0;
}
