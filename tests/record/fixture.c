/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

void fixture_init(int *argc, char ***argv)
{
    gst_init(argc, argv);
    g_test_init(argc, argv, NULL);
}

int fixture_run(void)
{
    const int failed = g_test_run();

    gst_deinit();
    return failed;
}

/* --- pipelines --- */

static GstElement *parse(const char *launch)
{
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);

    g_assert_no_error(error);
    return pipeline;
}

static void check_bus(GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    g_autoptr(GError) error = NULL;

    if (message)
        gst_message_parse_error(message, &error, NULL);
    g_assert_no_error(error);
}

/* All that comes out of the element "out", in an array; the pipeline is left paused at its end. */
static GPtrArray *pull_all(GstElement *pipeline)
{
    GPtrArray *samples = g_ptr_array_new_with_free_func((GDestroyNotify)gst_sample_unref);
    g_autoptr(GstElement) out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    GstSample *sample;

    g_object_set(out, "sync", FALSE, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    while ((sample = gst_app_sink_try_pull_sample(GST_APP_SINK(out), 60 * GST_SECOND)))
        g_ptr_array_add(samples, sample);
    check_bus(pipeline);
    g_assert_true(gst_app_sink_is_eos(GST_APP_SINK(out)));
    return samples;
}

static void discard(GstElement *pipeline)
{
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

static guint hash_picture(GstSample *sample)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    guint hash = 5381;

    g_assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
    g_assert_true(gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ));
    for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(&frame); c++)
        for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); y++) {
            const guint8 *row = (const guint8 *)GST_VIDEO_FRAME_COMP_DATA(&frame, c) +
                                (gsize)GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) * y;

            for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); x++)
                hash = hash * 33 + row[x];
        }
    gst_video_frame_unmap(&frame);
    return hash;
}

static GArray *hash_all(GPtrArray *samples)
{
    GArray *hashes = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < samples->len; i++) {
        const guint hash = hash_picture(samples->pdata[i]);

        g_array_append_val(hashes, hash);
    }
    return hashes;
}

/* --- films --- */

static GArray *decode(GPtrArray *samples)
{
    GstElement *pipeline =
        parse("appsrc name=in format=time max-bytes=0 ! decodebin ! appsink name=out");
    g_autoptr(GstElement) in = gst_bin_get_by_name(GST_BIN(pipeline), "in");
    g_autoptr(GPtrArray) pictures = NULL;
    GArray *hashes;

    for (guint i = 0; i < samples->len; i++)
        gst_app_src_push_sample(GST_APP_SRC(in), samples->pdata[i]);
    gst_app_src_end_of_stream(GST_APP_SRC(in));
    pictures = pull_all(pipeline);
    hashes = hash_all(pictures);
    discard(pipeline);
    return hashes;
}

Film *film_new_of(const char *source, const char *encoder, guint frames)
{
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc num-buffers=%u %s,format=I420,framerate=%d/1 ! %s ! appsink name=out", frames,
        source, FPS, encoder);
    GstElement *pipeline = parse(launch);
    Film *film = g_new0(Film, 1);

    film->samples = pull_all(pipeline);
    discard(pipeline);
    g_assert_cmpuint(film->samples->len, ==, frames);
    film->pictures = decode(film->samples);
    g_assert_cmpuint(film->pictures->len, ==, frames);
    return film;
}

Film *film_new(const char *encoder, guint frames)
{
    return film_new_of("pattern=ball ! video/x-raw,width=160,height=120", encoder, frames);
}

void film_free(Film *film)
{
    g_ptr_array_unref(film->samples);
    g_array_unref(film->pictures);
    g_free(film);
}

static GstClockTime get_shown(const Film *film, guint n)
{
    const GstBuffer *buffer = gst_sample_get_buffer(film->samples->pdata[n]);
    const GstClockTime time =
        GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);

    g_assert_true(GST_CLOCK_TIME_IS_VALID(time));
    return time;
}

void film_push(const Film *film, VdtRing *ring, guint from, guint to, gint64 dawn)
{
    const GstClockTime zero = get_shown(film, 0);

    for (guint i = from; i < to; i++) {
        GstSample *sample = film->samples->pdata[i];

        vdt_ring_push(ring, gst_sample_get_buffer(sample), gst_sample_get_caps(sample),
                      dawn + GST_CLOCK_DIFF(zero, get_shown(film, i)) / (gint64)GST_USECOND);
    }
}

VdtRing *ring_new(void)
{
    return vdt_ring_new(
        &(VdtRingLimits){.time = 60 * G_USEC_PER_SEC, .bytes = 32 * 1024 * 1024, .buffers = 1000});
}

/* --- files --- */

static void look_at_frames(Played *played, const char *path)
{
    g_autofree char *launch =
        g_strdup_printf("filesrc location=%s ! parsebin ! appsink name=out", path);
    GstElement *pipeline = parse(launch);
    g_autoptr(GPtrArray) samples = pull_all(pipeline);

    played->encoded = samples->len;
    g_assert_cmpuint(samples->len, >, 0);
    played->torn = GST_BUFFER_FLAG_IS_SET(gst_sample_get_buffer(samples->pdata[0]),
                                          GST_BUFFER_FLAG_DELTA_UNIT);
    discard(pipeline);
}

static gint64 get_time(GstSample *sample)
{
    const guint64 time = gst_segment_to_stream_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                                    GST_BUFFER_PTS(gst_sample_get_buffer(sample)));

    return (gint64)(time / GST_USECOND);
}

void play(Played *played, const char *path)
{
    g_autofree char *launch =
        g_strdup_printf("filesrc location=%s ! decodebin ! appsink name=out", path);
    GstElement *pipeline = parse(launch);
    g_autoptr(GPtrArray) samples = pull_all(pipeline);
    const GstStructure *s;
    gint64 duration;

    *played = (Played){.pictures = hash_all(samples)};
    g_assert_cmpuint(samples->len, >, 0);
    g_assert_true(gst_element_query_duration(pipeline, GST_FORMAT_TIME, &duration));
    played->duration = duration / (gint64)GST_USECOND;
    played->first = get_time(samples->pdata[0]);
    played->last = get_time(samples->pdata[samples->len - 1]);
    s = gst_caps_get_structure(gst_sample_get_caps(samples->pdata[0]), 0);
    gst_structure_get_int(s, "width", &played->width);
    discard(pipeline);
    look_at_frames(played, path);
}

void played_clear(Played *played)
{
    g_array_unref(played->pictures);
}

void check_pictures(const Played *played, const Film *film, guint from)
{
    g_assert_cmpuint(from + played->pictures->len, <=, film->pictures->len);
    for (guint i = 0; i < played->pictures->len; i++)
        g_assert_cmphex(g_array_index(played->pictures, guint, i), ==,
                        g_array_index(film->pictures, guint, from + i));
}

/* --- clips --- */

static void on_done(const VdtClipResult *result, const GError *error, gpointer data)
{
    Told *told = data;

    g_mutex_lock(&told->lock);
    g_assert_false(told->is_done);
    g_assert_true(!result != !error);
    if (result) {
        told->result = *result;
        told->result.path = told->path = g_strdup(result->path);
    } else {
        told->error = g_error_copy(error);
    }
    told->is_done = TRUE;
    g_cond_broadcast(&told->cond);
    g_mutex_unlock(&told->lock);
}

VdtClipSpec told_spec(Told *told, VdtRing *ring, const char *stem, int start, int end)
{
    *told = (Told){0};
    g_mutex_init(&told->lock);
    g_cond_init(&told->cond);
    return (VdtClipSpec){.ring = ring,
                         .stem = stem,
                         .start = DAWN + frame_time(start),
                         .end = DAWN + frame_time(end),
                         .before = G_USEC_PER_SEC,
                         .after = G_USEC_PER_SEC,
                         .most = 60 * G_USEC_PER_SEC,
                         .done = on_done,
                         .data = told};
}

void told_wait(Told *told)
{
    const gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    g_mutex_lock(&told->lock);
    while (!told->is_done)
        g_assert_true(g_cond_wait_until(&told->cond, &told->lock, end));
    g_mutex_unlock(&told->lock);
}

void told_clear(Told *told)
{
    g_clear_error(&told->error);
    g_free(told->path);
    g_cond_clear(&told->cond);
    g_mutex_clear(&told->lock);
}

/* --- folders --- */

char *folder_new(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("vedette-record-XXXXXX", &error);

    g_assert_no_error(error);
    return folder;
}

GPtrArray *folder_list(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    return names;
}

void folder_free(char *folder)
{
    g_autoptr(GPtrArray) names = folder_list(folder);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
            folder_free(g_steal_pointer(&path));
        else
            g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}
