/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots: their colours beside videoconvert's, their size, and how many buffers they hold. */
#include "fixture.h"

#include <gio/gio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <stdio.h>

#include <jpeglib.h>

#include "record/snapshot.h"

/* --- pictures --- */

typedef struct {
    guint width, height;
    guint8 *rgb;
} Picture;

static void picture_clear(Picture *picture)
{
    g_free(picture->rgb);
}

/* The first that comes out of the element "out", or NULL if the elements do not go together. */
static GstSample *pull(GstElement *pipeline)
{
    g_autoptr(GstElement) out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    GstSample *sample;

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    sample = gst_app_sink_try_pull_sample(GST_APP_SINK(out), 20 * GST_SECOND);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return sample;
}

static GstSample *draw(const char *pattern, const char *caps)
{
    g_autofree char *launch =
        g_strdup_printf("videotestsrc num-buffers=1 pattern=%s ! videoconvert ! "
                        "video/x-raw,%s ! appsink name=out sync=false",
                        pattern, caps);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);

    g_assert_no_error(error);
    return pull(pipeline);
}

static void copy_rgb(Picture *picture, GstSample *sample)
{
    GstVideoInfo info;
    GstVideoFrame frame;

    g_assert_nonnull(sample);
    g_assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
    g_assert_true(gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ));
    *picture = (Picture){(guint)info.width, (guint)info.height,
                         g_malloc((gsize)3 * (guint)info.width * (guint)info.height)};
    for (int y = 0; y < info.height; y++)
        memcpy(picture->rgb + (gsize)3 * (guint)(y * info.width),
               (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                   y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
               (gsize)3 * (guint)info.width);
    gst_video_frame_unmap(&frame);
}

/* What videoconvert makes of it, through elements, if any. */
static void convert(Picture *picture, GstSample *sample, const char *elements)
{
    g_autofree char *launch =
        g_strdup_printf("appsrc name=in format=time ! %s videoconvert ! video/x-raw,format=RGB ! "
                        "appsink name=out sync=false",
                        elements);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);
    g_autoptr(GstElement) in = NULL;
    GstSample *converted;

    g_assert_no_error(error);
    in = gst_bin_get_by_name(GST_BIN(pipeline), "in");
    gst_app_src_push_sample(GST_APP_SRC(in), sample);
    gst_app_src_end_of_stream(GST_APP_SRC(in));
    converted = pull(pipeline);
    copy_rgb(picture, converted);
    gst_sample_unref(converted);
}

static void decode(Picture *picture, GBytes *bytes)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    jpeg.err = jpeg_std_error(&manager);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, data, size);
    g_assert_cmpint(jpeg_read_header(&jpeg, TRUE), ==, JPEG_HEADER_OK);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    *picture = (Picture){jpeg.output_width, jpeg.output_height,
                         g_malloc((gsize)3 * jpeg.output_width * jpeg.output_height)};
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = picture->rgb + (gsize)3 * jpeg.output_width * jpeg.output_scanline;

        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    g_assert_cmpint(jpeg.err->num_warnings, ==, 0);
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
}

/* The part of @right at x, y is what @left is, within what JPEG and halved chroma leave. */
static void compare(const char *name, const Picture *left, const Picture *right, guint x, guint y)
{
    const guint n = left->width * left->height;
    double off = 0, bias[3] = {0};

    for (guint i = 0; i < left->height; i++)
        for (guint j = 0; j < left->width; j++)
            for (guint c = 0; c < 3; c++) {
                const int d = left->rgb[3 * (i * left->width + j) + c] -
                              right->rgb[3 * ((i + y) * right->width + j + x) + c];

                off += ABS(d);
                bias[c] += d;
            }
    off /= 3 * n;
    if (off > 4 || MAX(MAX(ABS(bias[0]), ABS(bias[1])), ABS(bias[2])) / n > 1.5)
        g_error("%s: off by %.2f, by %.2f, %.2f and %.2f of R, G and B", name, off, bias[0] / n,
                bias[1] / n, bias[2] / n);
}

static const VdtJpegOptions fine = {.longest = 0, .quality = 98};

static GBytes *encode(GstSample *sample, const VdtJpegOptions *options)
{
    GstVideoInfo info;
    g_autoptr(GError) error = NULL;
    guint width, height;
    GBytes *jpeg;

    g_assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
    jpeg = vdt_jpeg_encode(gst_sample_get_buffer(sample), &info, options, &width, &height, &error);
    g_assert_no_error(error);
    return jpeg;
}

static void check(const char *name, GstSample *sample)
{
    g_autoptr(GBytes) jpeg = encode(sample, &fine);
    Picture shown, wanted;

    decode(&shown, jpeg);
    convert(&wanted, sample, "");
    g_assert_cmpuint(shown.width, ==, wanted.width);
    g_assert_cmpuint(shown.height, ==, wanted.height);
    compare(name, &shown, &wanted, 0, 0);
    picture_clear(&shown);
    picture_clear(&wanted);
}

/* --- colours --- */

/* All that GStreamer knows, in a size that is no multiple of anything. */
static void test_formats(void)
{
    guint n, tested = 0;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);

    for (guint i = 0; i < n; i++) {
        const char *name = gst_video_format_to_string(formats[i]);
        g_autofree char *caps = g_strdup_printf("format=%s,width=182,height=102", name);
        g_autoptr(GstSample) sample = NULL;

        /* a palette, which no converter writes in its own colours */
        if (formats[i] == GST_VIDEO_FORMAT_RGB8P)
            continue;
        sample = draw("smpte75", caps);
        if (!sample) {
            g_test_message("%s: cannot be made", name);
            continue;
        }
        check(name, sample);
        tested++;
    }
    g_test_message("%u of %u formats", tested, n);
    g_assert_cmpuint(tested, >, 80);
}

static void test_colorimetry(void)
{
    static const char *const colorimetries[] = {"bt601",  "bt709",   "smpte240m",
                                                "bt2020", "1:4:7:1", "1:3:5:1"};
    static const char *const formats[] = {"I420", "NV12", "YUY2", "I420_10LE", "P010_10LE", "Y444"};

    for (guint i = 0; i < G_N_ELEMENTS(colorimetries); i++)
        for (guint j = 0; j < G_N_ELEMENTS(formats); j++) {
            g_autofree char *caps =
                g_strdup_printf("format=%s,width=320,height=240,colorimetry=(string)%s", formats[j],
                                colorimetries[i]);
            g_autoptr(GstSample) sample = draw("smpte75", caps);

            g_assert_nonnull(sample);
            check(caps, sample);
        }
}

/* Odd sizes, down to a pixel. */
static void test_sizes(void)
{
    for (guint size = 1; size < 20; size++) {
        g_autofree char *caps = g_strdup_printf("format=I420,width=%u,height=%u", size, 20 - size);
        g_autoptr(GstSample) sample = draw("white", caps);

        check(caps, sample);
    }
}

/* --- size and place --- */

static GstSample *copy_padded(GstSample *sample)
{
    GstVideoInfo info;
    GstBuffer *from = gst_sample_get_buffer(sample), *to;
    gsize offset[GST_VIDEO_MAX_PLANES] = {100};
    int stride[GST_VIDEO_MAX_PLANES];
    GstVideoFrame a, b;
    GstSample *padded;

    g_assert_true(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
    for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES(&info); i++) {
        stride[i] = info.stride[i] + 52;
        if (i > 0)
            offset[i] = offset[i - 1] + (gsize)(stride[i - 1] * info.height) + 300;
    }
    to = gst_buffer_new_allocate(NULL, 3 * info.size + 100000, NULL);
    gst_buffer_memset(to, 0, 0x55, gst_buffer_get_size(to));
    gst_buffer_add_video_meta_full(to, GST_VIDEO_FRAME_FLAG_NONE, info.finfo->format,
                                   (guint)info.width, (guint)info.height,
                                   GST_VIDEO_INFO_N_PLANES(&info), offset, stride);
    g_assert_true(gst_video_frame_map(&a, &info, from, GST_MAP_READ));
    g_assert_true(gst_video_frame_map(&b, &info, to, GST_MAP_WRITE));
    gst_video_frame_copy(&b, &a);
    gst_video_frame_unmap(&a);
    gst_video_frame_unmap(&b);
    padded = gst_sample_new(to, gst_sample_get_caps(sample), NULL, NULL);
    gst_buffer_unref(to);
    return padded;
}

static void test_strides(void)
{
    static const char *const formats[] = {"I420", "NV12",  "YUY2",     "RGB",
                                          "BGRx", "GRAY8", "I420_10LE"};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = g_strdup_printf("format=%s,width=322,height=242", formats[i]);
        g_autoptr(GstSample) sample = draw("smpte75", caps), padded = copy_padded(sample);

        check(caps, padded);
    }
}

static void test_crop(void)
{
    static const char *const formats[] = {"I420", "NV12", "YUY2", "RGB", "I420_10LE"};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = g_strdup_printf("format=%s,width=320,height=240", formats[i]);
        g_autoptr(GstSample) whole = draw("smpte75", caps), cropped = copy_padded(whole);
        GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(gst_sample_get_buffer(cropped));
        g_autoptr(GBytes) jpeg = NULL;
        Picture shown, wanted;

        crop->x = 64;
        crop->y = 130;
        crop->width = 130;
        crop->height = 90;
        jpeg = encode(cropped, &fine);
        decode(&shown, jpeg);
        convert(&wanted, whole, "");
        g_assert_cmpuint(shown.width, ==, 130);
        g_assert_cmpuint(shown.height, ==, 90);
        compare(caps, &shown, &wanted, 64, 130);
        picture_clear(&shown);
        picture_clear(&wanted);
    }
}

/* What it is, what it may be at most, and what it must become. */
static void test_size(void)
{
    static const struct {
        const char *caps;
        guint longest, width, height;
    } rows[] = {
        {"width=640,height=360", 0, 640, 360},
        {"width=640,height=360", 640, 640, 360},
        {"width=640,height=360", 320, 320, 180},
        {"width=360,height=640", 320, 180, 320},
        {"width=320,height=240,pixel-aspect-ratio=(fraction)2/1", 0, 640, 240},
        {"width=320,height=240,pixel-aspect-ratio=(fraction)2/1", 320, 320, 120},
        {"width=320,height=240,pixel-aspect-ratio=(fraction)1/2", 0, 320, 480},
        {"width=720,height=576,pixel-aspect-ratio=(fraction)16/15", 0, 768, 576},
        {"width=2000,height=2", 100, 100, 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *caps = g_strconcat("format=I420,", rows[i].caps, NULL);
        g_autofree char *scaled =
            g_strdup_printf("videoscale add-borders=false ! "
                            "video/x-raw,width=%u,height=%u,pixel-aspect-ratio=1/1 !",
                            rows[i].width, rows[i].height);
        g_autoptr(GstSample) sample = draw("smpte75", caps);
        const VdtJpegOptions options = {.longest = rows[i].longest, .quality = 98};
        g_autoptr(GBytes) jpeg = encode(sample, &options);
        Picture shown, wanted;

        decode(&shown, jpeg);
        g_assert_cmpuint(shown.width, ==, rows[i].width);
        g_assert_cmpuint(shown.height, ==, rows[i].height);
        if (shown.height > 1) {
            convert(&wanted, sample, scaled);
            compare(rows[i].caps, &shown, &wanted, 0, 0);
            picture_clear(&wanted);
        }
        picture_clear(&shown);
    }
}

static void test_quality(void)
{
    g_autoptr(GstSample) sample = draw("snow", "format=I420,width=320,height=240");
    g_autoptr(GBytes) bad = encode(sample, &(VdtJpegOptions){.quality = 20});
    g_autoptr(GBytes) good = encode(sample, &(VdtJpegOptions){.quality = 95});

    g_assert_cmpuint(2 * g_bytes_get_size(bad), <, g_bytes_get_size(good));
}

static void test_interlaced(void)
{
    g_autoptr(GstSample) sample =
        draw("smpte75", "format=I420,width=320,height=240,interlace-mode=interleaved");

    g_assert_nonnull(sample);
    check("interlaced", sample);
}

static void check_refused(GstBuffer *buffer, const GstVideoInfo *info, const char *text)
{
    g_autoptr(GError) error = NULL;
    guint width, height;

    g_assert_null(vdt_jpeg_encode(buffer, info, &fine, &width, &height, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
    g_assert_cmpstr(error->message, ==, text);
}

static void test_refuses(void)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 320 * 240, NULL);
    GstVideoCropMeta *crop;
    GstVideoInfo info;

    gst_buffer_memset(buffer, 0, 0, 320 * 240);
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 320, 240);
    check_refused(buffer, &info, "its pixels cannot be read");
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 320, 240);
    crop = gst_buffer_add_video_crop_meta(buffer);
    crop->x = 319;
    crop->width = 2;
    crop->height = 1;
    check_refused(buffer, &info, "there is nothing in its crop");
    crop->x = 0;
    crop->width = 0;
    check_refused(buffer, &info, "there is nothing in its crop");
    gst_video_info_init(&info);
    check_refused(buffer, &info, "it is no raw video");
    gst_buffer_unref(buffer);
}

/* --- streams --- */

typedef struct {
    GMutex lock;
    GCond cond;
    /* guarded */
    guint done, failed;
    gboolean holds; /* the artist stays in what is called back */
    gint64 utc;
    guint width;
    char *error;
} Heard;

static void on_done(const VdtSnapshot *snapshot, const GError *error, gpointer data)
{
    Heard *told = data;

    g_mutex_lock(&told->lock);
    while (told->holds)
        g_cond_wait(&told->cond, &told->lock);
    told->done++;
    told->failed += error != NULL;
    g_free(told->error);
    told->error = error ? g_strdup(error->message) : NULL;
    told->utc = snapshot ? snapshot->utc : -1;
    told->width = snapshot ? snapshot->width : 0;
    g_cond_broadcast(&told->cond);
    g_mutex_unlock(&told->lock);
}

static void wait_done(Heard *told, guint n)
{
    const gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    g_mutex_lock(&told->lock);
    while (told->done < n)
        g_assert_true(g_cond_wait_until(&told->cond, &told->lock, end));
    g_mutex_unlock(&told->lock);
}

static void hold(Heard *told, gboolean holds)
{
    g_mutex_lock(&told->lock);
    told->holds = holds;
    g_cond_broadcast(&told->cond);
    g_mutex_unlock(&told->lock);
}

static void heard_end(Heard *told)
{
    g_free(told->error);
    g_cond_clear(&told->cond);
    g_mutex_clear(&told->lock);
}

static void take(VdtSnapshots *snapshots, const char *path, Heard *told)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(
        vdt_snapshots_take(snapshots, path, &vdt_jpeg_options_default, on_done, told, &error));
    g_assert_no_error(error);
}

static void test_newest(void)
{
    VdtArtist *artist = vdt_artist_new(8);
    g_autoptr(VdtSnapshots) snapshots = vdt_snapshots_new(artist);
    g_autofree char *folder = folder_new();
    g_autofree char *path = g_build_filename(folder, "a.jpg", NULL);
    g_autofree char *lost = g_build_filename(folder, "gone", "a.jpg", NULL);
    g_autoptr(GstSample) first = draw("smpte75", "format=I420,width=320,height=240");
    g_autoptr(GstSample) second = draw("smpte75", "format=RGB,width=160,height=120");
    GstSample *samples[] = {first, second};
    Heard told = {0};
    GstVideoInfo info;
    g_autofree char *data = NULL;
    gsize size;

    take(snapshots, path, &told);
    wait_done(&told, 1);
    g_assert_true(g_str_has_prefix(told.error, path));
    g_assert_true(g_str_has_suffix(told.error, "there is no picture"));
    for (guint i = 0; i < 2; i++) {
        gst_video_info_from_caps(&info, gst_sample_get_caps(samples[i]));
        vdt_snapshots_put(snapshots, gst_sample_get_buffer(samples[i]), &info, 1000 + i);
    }
    take(snapshots, path, &told);
    wait_done(&told, 2);
    g_assert_cmpuint(told.failed, ==, 1);
    g_assert_cmpint(told.utc, ==, 1001);
    g_assert_cmpuint(told.width, ==, 160);
    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_assert_cmpmem(data, 2, "\xff\xd8", 2);
    /* of the first nothing is held any more, of the second after a flush */
    g_assert_cmpint(GST_MINI_OBJECT_REFCOUNT_VALUE(gst_sample_get_buffer(first)), ==, 1);
    g_assert_cmpint(GST_MINI_OBJECT_REFCOUNT_VALUE(gst_sample_get_buffer(second)), ==, 2);
    take(snapshots, lost, &told);
    wait_done(&told, 3);
    g_assert_true(g_str_has_prefix(told.error, lost));
    vdt_snapshots_flush(snapshots);
    g_assert_cmpint(GST_MINI_OBJECT_REFCOUNT_VALUE(gst_sample_get_buffer(second)), ==, 1);
    take(snapshots, path, &told);
    wait_done(&told, 4);
    g_assert_cmpuint(told.failed, ==, 3);
    g_assert_cmpuint(vdt_artist_free(artist, 60 * G_USEC_PER_SEC), ==, 0);
    heard_end(&told);
    folder_free(g_steal_pointer(&folder));
}

/* A decoder with three buffers never waits for one. */
static void test_pool(void)
{
    VdtArtist *artist = vdt_artist_new(1000);
    g_autoptr(VdtSnapshots) snapshots = vdt_snapshots_new(artist);
    GstBufferPool *pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool);
    g_autoptr(GstCaps) caps = NULL;
    GstBufferPoolAcquireParams params = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
    Heard told = {0};
    GstVideoInfo info;
    guint asked = 0;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 640, 480);
    caps = gst_video_info_to_caps(&info);
    gst_buffer_pool_config_set_params(config, caps, (guint)info.size, 0, 3);
    g_assert_true(gst_buffer_pool_set_config(pool, config));
    g_assert_true(gst_buffer_pool_set_active(pool, TRUE));
    for (guint i = 0; i < 300; i++) {
        GstBuffer *buffer = NULL;

        g_assert_cmpint(gst_buffer_pool_acquire_buffer(pool, &buffer, &params), ==, GST_FLOW_OK);
        gst_buffer_memset(buffer, 0, (guint8)i, info.size);
        vdt_snapshots_put(snapshots, buffer, &info, i);
        gst_buffer_unref(buffer);
        if (i % 3 == 0) {
            take(snapshots, NULL, &told);
            asked++;
        }
        g_usleep(1000);
    }
    wait_done(&told, asked);
    g_assert_cmpuint(told.failed, ==, 0);
    g_assert_cmpuint(vdt_artist_free(artist, 60 * G_USEC_PER_SEC), ==, 0);
    vdt_snapshots_flush(snapshots);
    gst_buffer_pool_set_active(pool, FALSE);
    gst_object_unref(pool);
    heard_end(&told);
}

static void test_busy(void)
{
    VdtArtist *artist = vdt_artist_new(2);
    VdtSnapshots *snapshots = vdt_snapshots_new(artist);
    g_autoptr(GError) error = NULL;
    Heard told = {.holds = TRUE};

    for (guint i = 0; i < 3; i++)
        take(snapshots, NULL, &told);
    g_assert_false(
        vdt_snapshots_take(snapshots, NULL, &vdt_jpeg_options_default, on_done, &told, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_BUSY);
    /* what it stays in keeps all three */
    vdt_snapshots_unref(snapshots);
    g_assert_cmpuint(vdt_artist_free(artist, 10000), ==, 3);
    hold(&told, FALSE);
    wait_done(&told, 3);
    g_assert_cmpuint(vdt_artist_free(artist, 60 * G_USEC_PER_SEC), ==, 0);
    heard_end(&told);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/snapshot/formats", test_formats);
    g_test_add_func("/snapshot/colorimetry", test_colorimetry);
    g_test_add_func("/snapshot/sizes", test_sizes);
    g_test_add_func("/snapshot/strides", test_strides);
    g_test_add_func("/snapshot/crop", test_crop);
    g_test_add_func("/snapshot/size", test_size);
    g_test_add_func("/snapshot/quality", test_quality);
    g_test_add_func("/snapshot/interlaced", test_interlaced);
    g_test_add_func("/snapshot/refuses", test_refuses);
    g_test_add_func("/snapshot/newest", test_newest);
    g_test_add_func("/snapshot/pool", test_pool);
    g_test_add_func("/snapshot/busy", test_busy);
    return fixture_run();
}
