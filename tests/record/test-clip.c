/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips out of a ring: where they begin and end, that they are what was recorded, and what becomes
 * of them when something goes wrong. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the tests of one clip have. */
typedef struct {
    char *folder, *stem;
    VdtRecorder *recorder;
    VdtRing *ring;
    Told told;
    VdtClipSpec spec;
} Case;

static void case_init(Case *c, int start, int end)
{
    c->folder = folder_new();
    c->stem = g_build_filename(c->folder, "clip", NULL);
    c->recorder = vdt_recorder_new(2, 2);
    c->ring = ring_new();
    c->spec = told_spec(&c->told, c->ring, c->stem, start, end);
}

static VdtRecording *case_begin(Case *c)
{
    g_autoptr(GError) error = NULL;
    VdtRecording *clip = vdt_recording_begin(c->recorder, &c->spec, &error);

    g_assert_no_error(error);
    return clip;
}

static void case_clear(Case *c)
{
    g_assert_cmpuint(vdt_recorder_free(c->recorder, 60 * G_USEC_PER_SEC), ==, 0);
    told_clear(&c->told);
    vdt_ring_unref(c->ring);
    g_free(c->stem);
    folder_free(c->folder);
}

/* There is one file, or none, and nothing beside it. */
static void check_folder(Case *c, guint n)
{
    g_autoptr(GPtrArray) names = folder_list(c->folder);

    g_assert_cmpuint(names->len, ==, n);
}

/* The file is as it was told to be, and is the film's frames from @from to @to. */
static void check_file(Case *c, const Film *film, guint from, guint to)
{
    const VdtClipResult *result = &c->told.result;
    const guint n = to - from + 1;
    Played played;

    g_assert_no_error(c->told.error);
    check_folder(c, 1);
    play(&played, result->path);
    g_assert_false(played.torn);
    g_assert_cmpuint(played.encoded, ==, n);
    g_assert_cmpuint(played.pictures->len, ==, n);
    check_pictures(&played, film, from);
    /* Matroska counts in ms */
    g_assert_cmpint(played.first, ==, 0);
    g_assert_cmpint(ABS(played.last - frame_time(n - 1)), <=, 1000);
    g_assert_cmpint(ABS(played.duration - frame_time(n)), <=, 2000);
    g_assert_cmpuint(result->frames, ==, n);
    g_assert_cmpint(ABS(result->begin - DAWN - frame_time(from)), <=, 1);
    g_assert_cmpint(ABS(result->end - DAWN - frame_time(to)), <=, 2);
    g_assert_cmpint(ABS(result->duration - frame_time(n)), <=, 2000);
    g_assert_cmpuint(result->bytes, >, 0);
    played_clear(&played);
}

/* The same, where frames are decoded in another order than they are shown in: frames behind the
 * last one are there that it needs, and times are right. */
static void check_reordered(Case *c, const Film *film, guint from, guint to)
{
    const VdtClipResult *result = &c->told.result;
    const guint n = to - from + 1;
    Played played;

    g_assert_no_error(c->told.error);
    check_folder(c, 1);
    play(&played, result->path);
    g_assert_false(played.torn);
    g_assert_cmpuint(played.pictures->len, >=, n);
    g_assert_cmpuint(played.pictures->len, <=, n + 2);
    g_assert_cmpuint(played.encoded, ==, played.pictures->len);
    g_assert_cmpuint(result->frames, ==, played.encoded);
    g_assert_cmpint(played.first, ==, 0);
    g_assert_cmpint(played.last, >=, frame_time(n - 1));
    g_assert_cmpint(played.last, <=, frame_time(n + 2));
    g_assert_cmpint(ABS(played.last - (result->end - result->begin)), <=, 1000);
    g_assert_cmpint(ABS(played.duration - result->duration), <=, frame_time(2));
    g_array_set_size(played.pictures, n);
    check_pictures(&played, film, from);
    played_clear(&played);
}

/* From frame 40 to 60, a second more at both ends, back to a keyframe. */
static void check_codec_by(const char *encoder, const char *suffix, guint from,
                           void (*check)(Case *c, const Film *film, guint from, guint to))
{
    Case c;
    Film *film = film_new(encoder, 100);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 60);
    film_push(film, c.ring, 0, 50, DAWN);
    clip = case_begin(&c);
    film_push(film, c.ring, 50, 100, DAWN);
    told_wait(&c.told);
    g_assert_cmpstr(vdt_clip_reason_name(c.told.result.reason), ==, "complete");
    g_assert_true(g_str_has_suffix(c.told.result.path, suffix));
    check(&c, film, from, 75);
    case_clear(&c);
    film_free(film);
}

static void check_codec(const char *encoder, const char *suffix, guint from)
{
    check_codec_by(encoder, suffix, from, check_file);
}

static void test_h264(void)
{
    check_codec(H264, "/clip.mp4", 15);
}

#define H265                                                                                       \
    "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "                              \
    "option-string=scenecut=0:log-level=none ! " PARSE_H265

static void test_h265(void)
{
    check_codec(H265, "/clip.mp4", 15);
}

static void test_jpeg(void)
{
    check_codec("jpegenc", "/clip.mkv", 25);
}

static void test_mpeg4(void)
{
    check_codec("avenc_mpeg4 gop-size=15 max-bframes=0 ! mpeg4videoparse config-interval=-1",
                "/clip.mp4", 15);
}

static void test_vp8(void)
{
    check_codec("vp8enc deadline=1 keyframe-max-dist=15 keyframe-mode=disabled", "/clip.webm", 0);
}

static void test_vp9(void)
{
    check_codec("vp9enc deadline=1 cpu-used=8 keyframe-max-dist=15", "/clip.webm", 15);
}

/* --- as it comes from a camera --- */

/* Through RTP, as a source takes it out of that, which changes what its caps tell. */
static void test_rtp(void)
{
    static const struct {
        const char *encoder, *suffix;
        guint from;
    } rows[] = {
        {H264 " ! rtph264pay ! rtph264depay ! " PARSE_H264, "/clip.mp4", 15},
        /* to a parser of byte streams the depayloader of 1.22 leaks caps */
        {H265 " ! rtph265pay ! rtph265depay ! video/x-h265,stream-format=hvc1,alignment=au "
              "! " PARSE_H265,
         "/clip.mp4", 15},
        {"jpegenc ! rtpjpegpay ! rtpjpegdepay", "/clip.mkv", 25},
        {"vp8enc deadline=1 keyframe-max-dist=100 keyframe-mode=disabled ! rtpvp8pay ! rtpvp8depay",
         "/clip.webm", 0},
        {"vp9enc deadline=1 cpu-used=8 keyframe-max-dist=15 ! rtpvp9pay ! rtpvp9depay",
         "/clip.webm", 15},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].encoder);
        check_codec(rows[i].encoder, rows[i].suffix, rows[i].from);
    }
}

/* --- times --- */

#define B_FRAMES                                                                                   \
    "x264enc speed-preset=ultrafast bframes=2 b-adapt=false key-int-max=15 "                       \
    "option-string=scenecut=0 ! " PARSE_H264

/* Shown in another order than it is decoded in. */
static void test_b_frames(void)
{
    Film *film = film_new(B_FRAMES, 100);

    /* wherever the end lies among them */
    for (guint i = 0; i < 4; i++) {
        Case c;
        g_autoptr(VdtRecording) clip = NULL;

        case_init(&c, 40, 60 + (int)i);
        film_push(film, c.ring, 0, 100, DAWN);
        clip = case_begin(&c);
        told_wait(&c.told);
        check_reordered(&c, film, 15, 75 + i);
        case_clear(&c);
    }
    film_free(film);
}

static void change_times(Film *film, void (*change)(GstBuffer *buffer))
{
    for (guint i = 0; i < film->samples->len; i++) {
        GstSample *sample = film->samples->pdata[i];
        GstBuffer *buffer = gst_buffer_copy(gst_sample_get_buffer(sample));

        change(buffer);
        film->samples->pdata[i] = gst_sample_new(buffer, gst_sample_get_caps(sample),
                                                 gst_sample_get_segment(sample), NULL);
        gst_buffer_unref(buffer);
        gst_sample_unref(sample);
    }
}

static void drop_dts(GstBuffer *buffer)
{
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
}

static void set_dts_to_pts(GstBuffer *buffer)
{
    GST_BUFFER_DTS(buffer) = GST_BUFFER_PTS(buffer);
}

static void drop_pts(GstBuffer *buffer)
{
    GST_BUFFER_DTS(buffer) = GST_BUFFER_PTS(buffer);
    GST_BUFFER_PTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer) = GST_CLOCK_TIME_NONE;
}

static void check_changed(const char *encoder, void (*change)(GstBuffer *buffer),
                          void (*check)(Case *c, const Film *film, guint from, guint to))
{
    Case c;
    Film *film = film_new(encoder, 100);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 60);
    change_times(film, change);
    film_push(film, c.ring, 0, 100, DAWN);
    clip = case_begin(&c);
    told_wait(&c.told);
    check(&c, film, 15, 75);
    case_clear(&c);
    film_free(film);
}

/* As RTP tells: when a frame is shown, and nothing else. */
static void test_b_frames_without_dts(void)
{
    check_changed(B_FRAMES, drop_dts, check_reordered);
}

static void test_b_frames_with_pts_as_dts(void)
{
    check_changed(B_FRAMES, set_dts_to_pts, check_reordered);
}

/* Such a film, of groups whose first pictures, as they are shown, need the group before, begins
 * with a keyframe, without those. What a decoder makes of the rest is its own affair: that of 1.26
 * leaves out one or the other. */
static void check_open(Case *c, const Film *film, guint from, guint to)
{
    Played played;

    g_assert_no_error(c->told.error);
    play(&played, c->told.result.path);
    g_assert_false(played.torn);
    g_assert_cmpint(played.first, ==, 0);
    g_assert_cmpuint(c->told.result.frames, ==, played.encoded);
    g_assert_cmpuint(played.encoded, >=, to - from + 1);
    g_assert_cmpuint(played.encoded, <=, to - from + 3);
    g_assert_cmpuint(played.pictures->len, >, (to - from) / 2);
    g_array_set_size(played.pictures, 1);
    check_pictures(&played, film, from);
    played_clear(&played);
}

static void test_open_groups(void)
{
    check_codec_by("x265enc speed-preset=ultrafast key-int-max=15 "
                   "option-string=bframes=2:b-adapt=0:scenecut=0:open-gop=1:log-level=none "
                   "! " PARSE_H265,
                   "/clip.mp4", 15, check_open);
}

#define H265_B_FRAMES                                                                              \
    "x265enc speed-preset=ultrafast key-int-max=15 "                                               \
    "option-string=bframes=2:b-adapt=0:scenecut=0:open-gop=0:log-level=none ! " PARSE_H265

static void test_h265_b_frames(void)
{
    check_codec_by(H265_B_FRAMES, "/clip.mp4", 15, check_reordered);
}

static void test_h265_b_frames_without_dts(void)
{
    check_changed(H265_B_FRAMES, drop_dts, check_reordered);
}

static void test_only_dts(void)
{
    check_changed(H264, drop_pts, check_file);
}

/* --- changes --- */

/* As film_push(), of a feed whose times are later by @shift us, and with other caps if not NULL. */
static void push_shifted(const Film *film, VdtRing *ring, guint from, guint to, gint64 shift,
                         GstCaps *caps)
{
    for (guint i = from; i < to; i++) {
        GstSample *sample = film->samples->pdata[i];
        GstBuffer *buffer = gst_buffer_copy(gst_sample_get_buffer(sample));

        GST_BUFFER_PTS(buffer) += (guint64)shift * GST_USECOND;
        GST_BUFFER_DTS(buffer) += (guint64)shift * GST_USECOND;
        vdt_ring_push(ring, buffer, caps ? caps : gst_sample_get_caps(sample),
                      DAWN + frame_time(i) + shift);
        gst_buffer_unref(buffer);
    }
}

static void check_reason(Case *c, const char *reason)
{
    g_assert_no_error(c->told.error);
    g_assert_cmpstr(vdt_clip_reason_name(c->told.result.reason), ==, reason);
}

/* Another resolution in the middle of an event: what was before is one clip, what comes another. */
static void test_caps_change(void)
{
    Case c;
    Film *film = film_new(H264, 50);
    Film *larger = film_new_of("pattern=smpte ! video/x-raw,width=320,height=240", H264, 50);
    g_autoptr(VdtRecording) clip = NULL, next = NULL;
    Played played;

    case_init(&c, 40, 60);
    film_push(film, c.ring, 0, 50, DAWN);
    clip = case_begin(&c);
    push_shifted(larger, c.ring, 0, 50, frame_time(50), NULL);
    told_wait(&c.told);
    check_reason(&c, "the video changed");
    check_file(&c, film, 15, 49);
    g_assert_false(vdt_recording_set_end(clip, G_MAXINT64));
    told_clear(&c.told);

    /* what lies a second before it is not of it */
    c.spec = told_spec(&c.told, c.ring, c.stem, 55, 70);
    next = case_begin(&c);
    told_wait(&c.told);
    check_reason(&c, "complete");
    play(&played, c.told.result.path);
    g_assert_cmpint(played.width, ==, 320);
    g_assert_cmpuint(played.encoded, ==, 36);
    check_pictures(&played, larger, 0);
    played_clear(&played);
    case_clear(&c);
    film_free(film);
    film_free(larger);
}

/* Other parameters of the codec, which caps do not tell: a file has one set of them. */
static void test_parameters_change(void)
{
    Case c;
    Film *film = film_new(H264, 50);
    Film *other =
        film_new("x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 pass=qual "
                 "quantizer=40 option-string=scenecut=0:cabac=1 ! " PARSE_H264,
                 50);
    g_autoptr(VdtRecording) clip = NULL;
    Played played;

    case_init(&c, 40, 80);
    film_push(film, c.ring, 0, 50, DAWN);
    push_shifted(other, c.ring, 0, 50, frame_time(50),
                 gst_sample_get_caps(film->samples->pdata[0]));
    clip = case_begin(&c);
    told_wait(&c.told);
    play(&played, c.told.result.path);
    g_assert_cmpuint(played.encoded, ==, 35);
    g_assert_cmpuint(c.told.result.frames, ==, 35);
    g_assert_cmpint(ABS(c.told.result.end - DAWN - frame_time(49)), <=, 2);
    check_pictures(&played, film, 15);
    played_clear(&played);
    case_clear(&c);
    film_free(film);
    film_free(other);
}

/* A camera that was away for three seconds: the clip has a pause as long. */
static void test_gap(void)
{
    Case c;
    Film *film = film_new(H264, 60);
    g_autoptr(VdtRecording) clip = NULL;
    const gint64 gap = 3 * G_USEC_PER_SEC;
    Played played;

    case_init(&c, 20, 90);
    film_push(film, c.ring, 0, 30, DAWN);
    clip = case_begin(&c);
    push_shifted(film, c.ring, 30, 60, gap, NULL);
    push_shifted(film, c.ring, 30, 31, 0, NULL); /* its times begin anew */
    told_wait(&c.told);
    check_reason(&c, "the video changed");
    play(&played, c.told.result.path);
    g_assert_cmpuint(played.encoded, ==, 60);
    check_pictures(&played, film, 0);
    g_assert_cmpint(ABS(played.last - frame_time(59) - gap), <=, 1);
    played_clear(&played);
    case_clear(&c);
    film_free(film);
}

/* A camera that came again, with times from 0 on. */
static void test_other_times(void)
{
    Case c;
    Film *film = film_new(H264, 60);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 90);
    film_push(film, c.ring, 0, 60, DAWN);
    film_push(film, c.ring, 0, 60, DAWN + frame_time(60));
    clip = case_begin(&c);
    told_wait(&c.told);
    check_reason(&c, "the video changed");
    check_file(&c, film, 15, 59);
    case_clear(&c);
    film_free(film);
}

/* --- ends --- */

static void test_longer(void)
{
    Case c;
    Film *film = film_new(H264, 100);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 40);
    c.spec.end = G_MAXINT64;
    c.spec.most = frame_time(70);
    film_push(film, c.ring, 0, 50, DAWN);
    clip = case_begin(&c);
    g_assert_true(vdt_recording_set_end(clip, DAWN + frame_time(45)));
    /* another event, while the first has not ended; and one that would be too much */
    g_assert_true(vdt_recording_set_end(clip, DAWN + frame_time(60)));
    g_assert_false(vdt_recording_set_end(clip, DAWN + frame_time(90)));
    film_push(film, c.ring, 50, 100, DAWN);
    told_wait(&c.told);
    check_reason(&c, "complete");
    check_file(&c, film, 15, 75);
    g_assert_false(vdt_recording_set_end(clip, DAWN + frame_time(61)));
    case_clear(&c);
    film_free(film);
}

static void test_most(void)
{
    Case c;
    Film *film = film_new(H264, 100);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 40);
    c.spec.end = G_MAXINT64;
    c.spec.most = frame_time(30);
    film_push(film, c.ring, 0, 100, DAWN);
    clip = case_begin(&c);
    told_wait(&c.told);
    check_reason(&c, "as long as it may be");
    check_file(&c, film, 15, 44);
    case_clear(&c);
    film_free(film);
}

static void test_silent(void)
{
    Case c;
    Film *film = film_new(H264, 50);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 52);
    c.spec.after = 0;
    film_push(film, c.ring, 0, 50, DAWN);
    clip = case_begin(&c);
    told_wait(&c.told);
    check_reason(&c, "no more frames came");
    check_file(&c, film, 15, 49);
    case_clear(&c);
    film_free(film);
}

/* An event that lies before all that is kept. */
static void test_late(void)
{
    Case c;
    Film *film = film_new(H264, 100);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 20, 80);
    film_push(film, c.ring, 30, 100, DAWN);
    clip = case_begin(&c);
    told_wait(&c.told);
    check_reason(&c, "complete");
    check_file(&c, film, 30, 95);
    case_clear(&c);
    film_free(film);
}

static void count_freed(gpointer data)
{
    g_atomic_int_inc((gint *)data);
}

/* Two are written, two wait, more are refused; in the end all four are there. */
static void test_recorder(void)
{
    enum { CLIPS = 4 };
    Case c;
    Film *film = film_new(H264, 50);
    Told told[CLIPS];
    char *stems[CLIPS];
    VdtRecording *clips[CLIPS];
    g_autoptr(GError) error = NULL;
    gint freed = 0;
    guint most = 0;

    case_init(&c, 40, 50);
    film_push(film, c.ring, 0, 50, DAWN);
    for (guint i = 0; i < CLIPS; i++) {
        VdtClipSpec spec;

        stems[i] = g_strdup_printf("%s-%u", c.stem, i);
        spec = told_spec(&told[i], c.ring, stems[i], 40, 50);
        spec.end = G_MAXINT64;
        clips[i] = vdt_recording_begin(c.recorder, &spec, &error);
        g_assert_no_error(error);
    }
    c.spec.data = &freed;
    c.spec.data_free = count_freed;
    g_assert_null(vdt_recording_begin(c.recorder, &c.spec, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_BUSY);
    g_assert_cmpint(freed, ==, 0);
    g_assert_cmpuint(vdt_recorder_count(c.recorder), ==, CLIPS);
    /* while they are open nothing has its name */
    for (guint i = 0; i < 50; i++) {
        g_autoptr(GPtrArray) names = folder_list(c.folder);

        for (guint n = 0; n < names->len; n++)
            g_assert_true(g_str_has_prefix(names->pdata[n], "."));
        g_assert_cmpuint(names->len, <=, 2);
        most = MAX(most, names->len);
        g_usleep(10000);
    }
    g_assert_cmpuint(most, ==, 2);
    g_assert_cmpuint(vdt_recorder_free(c.recorder, 60 * G_USEC_PER_SEC), ==, 0);
    c.recorder = vdt_recorder_new(1, 0);
    check_folder(&c, CLIPS);
    for (guint i = 0; i < CLIPS; i++) {
        Played played;

        told_wait(&told[i]);
        g_assert_no_error(told[i].error);
        g_assert_cmpint(told[i].result.reason, ==, VDT_CLIP_STOPPED);
        play(&played, told[i].result.path);
        g_assert_cmpuint(played.encoded, ==, 35);
        check_pictures(&played, film, 15);
        played_clear(&played);
        vdt_recording_unref(clips[i]);
        told_clear(&told[i]);
        g_free(stems[i]);
    }
    case_clear(&c);
    film_free(film);
}

/* --- what goes wrong --- */

static void check_error(Case *c, int code, const char *text)
{
    told_wait(&c->told);
    g_assert_error(c->told.error, G_IO_ERROR, code);
    g_test_message("%s", c->told.error->message);
    g_assert_true(g_str_has_prefix(c->told.error->message, c->stem));
    g_assert_nonnull(strstr(c->told.error->message, text));
    check_folder(c, 0);
}

static gint data_freed;

static void note_data(gpointer data)
{
    g_atomic_int_inc(&data_freed);
}

static void test_nothing(void)
{
    Case c;
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 40, 60);
    c.spec.data_free = note_data;
    clip = case_begin(&c);
    check_error(&c, G_IO_ERROR_NOT_FOUND, "no video of that time");
    case_clear(&c);
    g_assert_cmpint(data_freed, ==, 1);
}

static void test_unknown(void)
{
    Case c;
    g_autoptr(VdtRecording) clip = NULL;
    g_autoptr(GstCaps) caps = gst_caps_new_empty_simple("video/x-unheard-of");
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 10, NULL);

    case_init(&c, 0, 1);
    GST_BUFFER_PTS(buffer) = 0;
    vdt_ring_push(c.ring, buffer, caps, DAWN);
    gst_buffer_unref(buffer);
    clip = case_begin(&c);
    check_error(&c, G_IO_ERROR_NOT_SUPPORTED, "video/x-unheard-of");
    case_clear(&c);
}

static void test_no_folder(void)
{
    Case c;
    Film *film = film_new(H264, 50);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 20, 30);
    film_push(film, c.ring, 0, 50, DAWN);
    g_free(c.stem);
    c.spec.stem = c.stem = g_build_filename(c.folder, "gone", "clip", NULL);
    clip = case_begin(&c);
    check_error(&c, G_IO_ERROR_FAILED, "Could not open file");
    case_clear(&c);
    film_free(film);
}

/* Bytes that are no video. */
static void test_garbage(void)
{
    Case c;
    Film *film = film_new(H264, 1);
    GstCaps *caps = gst_sample_get_caps(film->samples->pdata[0]);
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 20, 30);
    for (guint i = 0; i < 60; i++) {
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, 100, NULL);

        gst_buffer_memset(buffer, 0, (guint8)i, 100);
        GST_BUFFER_PTS(buffer) = (GstClockTime)frame_time(i) * GST_USECOND;
        vdt_ring_push(c.ring, buffer, caps, DAWN + frame_time(i));
        gst_buffer_unref(buffer);
    }
    clip = case_begin(&c);
    check_error(&c, G_IO_ERROR_FAILED, "clip.mp4");
    case_clear(&c);
    film_free(film);
}

#define NOISE_FILM "pattern=snow ! video/x-raw,width=160,height=120"

/* A disk that is too small by more or less: there is a file, or it is said why there is none. */
static void test_disk_full(void)
{
    Film *film = film_new_of(NOISE_FILM, H264, 60);
    guint full = 0, whole = 0;

    for (guint kib = 32; whole == 0; kib += kib / 8 + 12) {
        g_autofree char *options = g_strdup_printf("size=%uk", kib);
        g_autoptr(VdtRecording) clip = NULL;
        Case c;

        case_init(&c, 10, 40);
        if (mount("none", c.folder, "tmpfs", 0, options) != 0) {
            g_test_skip("a disk cannot be mounted");
            case_clear(&c);
            break;
        }
        film_push(film, c.ring, 0, 60, DAWN);
        clip = case_begin(&c);
        told_wait(&c.told);
        if (c.told.error) {
            full++;
            check_error(&c, G_IO_ERROR_NO_SPACE, "no space");
        } else {
            whole++;
            check_file(&c, film, 0, 55);
            unlink(c.told.result.path);
        }
        g_assert_cmpuint(vdt_recorder_free(c.recorder, 60 * G_USEC_PER_SEC), ==, 0);
        c.recorder = vdt_recorder_new(1, 0);
        g_assert_cmpint(umount(c.folder), ==, 0);
        case_clear(&c);
    }
    g_test_message("%u times too small", full);
    g_assert_true(whole == 0 || full > 5);
    film_free(film);
}

/* A write that fails for another reason. */
static void test_write_fails(void)
{
    Case c;
    Film *film = film_new_of(NOISE_FILM, H264, 60);
    struct rlimit before, limit;
    g_autoptr(VdtRecording) clip = NULL;

    case_init(&c, 10, 40);
    film_push(film, c.ring, 0, 60, DAWN);
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    limit = before;
    limit.rlim_cur = 100000;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    clip = case_begin(&c);
    told_wait(&c.told);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    check_error(&c, G_IO_ERROR_FAILED, "clip.mp4");
    case_clear(&c);
    film_free(film);
}

/* --- memory --- */

static gint alive, most_alive;

static void note_freed(gpointer data)
{
    g_atomic_int_add(&alive, -GPOINTER_TO_INT(data));
}

/* The bytes of @from, counted as long as anybody has them. */
static GstBuffer *count_buffer(GstBuffer *from, guint n)
{
    GstMapInfo map;
    GstBuffer *buffer;
    gint now;

    g_assert_true(gst_buffer_map(from, &map, GST_MAP_READ));
    buffer = gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, map.data, map.size, 0, map.size,
                                         GINT_TO_POINTER((gint)map.size), note_freed);
    now = g_atomic_int_add(&alive, (gint)map.size) + (gint)map.size;
    gst_buffer_unmap(from, &map);
    most_alive = MAX(most_alive, now);
    GST_BUFFER_PTS(buffer) = (GstClockTime)frame_time(n) * GST_USECOND;
    return buffer;
}

/* A disk that takes nothing holds up nobody, and only as much as ring and muxer may have. */
static void test_disk_hangs(void)
{
    enum { MIB = 1024 * 1024 };
    Case c;
    Film *film = film_new_of("pattern=snow ! video/x-raw,width=640,height=480", "jpegenc", 1);
    GstCaps *caps = gst_sample_get_caps(film->samples->pdata[0]);
    GstBuffer *frame = gst_sample_get_buffer(film->samples->pdata[0]);
    g_autoptr(VdtRecording) clip = NULL;
    g_autofree char *pipe = NULL;
    guint64 pushed = 0;
    int fd;

    case_init(&c, 0, 10);
    vdt_ring_unref(c.ring);
    c.ring = vdt_ring_new(
        &(VdtRingLimits){.time = 60 * G_USEC_PER_SEC, .bytes = 4 * MIB, .buffers = 1000});
    c.spec.ring = c.ring;
    c.spec.end = G_MAXINT64;
    signal(SIGPIPE, SIG_IGN);
    pipe = g_strdup_printf("%s/.clip.mkv.part", c.folder);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    fd = open(pipe, O_RDONLY | O_NONBLOCK);
    g_assert_cmpint(fd, >=, 0);
    for (guint i = 0; pushed < 60 * MIB; i++) {
        GstBuffer *buffer = count_buffer(frame, i);
        VdtRingCounts counts;

        vdt_ring_push(c.ring, buffer, caps, DAWN + frame_time(i));
        pushed += gst_buffer_get_size(buffer);
        gst_buffer_unref(buffer);
        vdt_ring_get(c.ring, &counts);
        g_assert_cmpuint(counts.bytes, <=, 4 * MIB);
        if (i == 5)
            clip = case_begin(&c);
        g_usleep(2000);
    }
    g_test_message("%d of %d KiB at a time", most_alive / 1024, (int)(pushed / 1024));
    /* the ring, the muxer, what is on its way */
    g_assert_cmpint(most_alive, >, 10 * MIB);
    g_assert_cmpint(most_alive, <, 16 * MIB);
    close(fd);
    check_error(&c, G_IO_ERROR_FAILED, "clip.mkv");
    g_clear_pointer(&clip, vdt_recording_unref);
    case_clear(&c);
    g_assert_cmpint(g_atomic_int_get(&alive), ==, 0);
    film_free(film);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/clip/h264", test_h264);
    g_test_add_func("/clip/h265", test_h265);
    g_test_add_func("/clip/jpeg", test_jpeg);
    g_test_add_func("/clip/mpeg4", test_mpeg4);
    g_test_add_func("/clip/vp8", test_vp8);
    g_test_add_func("/clip/vp9", test_vp9);
    g_test_add_func("/clip/rtp", test_rtp);
    g_test_add_func("/clip/b-frames", test_b_frames);
    g_test_add_func("/clip/b-frames/without-dts", test_b_frames_without_dts);
    g_test_add_func("/clip/b-frames/with-pts-as-dts", test_b_frames_with_pts_as_dts);
    g_test_add_func("/clip/b-frames/h265", test_h265_b_frames);
    g_test_add_func("/clip/b-frames/h265-without-dts", test_h265_b_frames_without_dts);
    g_test_add_func("/clip/b-frames/open-groups", test_open_groups);
    g_test_add_func("/clip/only-dts", test_only_dts);
    g_test_add_func("/clip/change/caps", test_caps_change);
    g_test_add_func("/clip/change/parameters", test_parameters_change);
    g_test_add_func("/clip/change/gap", test_gap);
    g_test_add_func("/clip/change/other-times", test_other_times);
    g_test_add_func("/clip/end/longer", test_longer);
    g_test_add_func("/clip/end/most", test_most);
    g_test_add_func("/clip/end/silent", test_silent);
    g_test_add_func("/clip/late", test_late);
    g_test_add_func("/clip/recorder", test_recorder);
    g_test_add_func("/clip/wrong/nothing", test_nothing);
    g_test_add_func("/clip/wrong/unknown", test_unknown);
    g_test_add_func("/clip/wrong/no-folder", test_no_folder);
    g_test_add_func("/clip/wrong/garbage", test_garbage);
    g_test_add_func("/clip/wrong/disk-full", test_disk_full);
    g_test_add_func("/clip/wrong/write-fails", test_write_fails);
    g_test_add_func("/clip/wrong/disk-hangs", test_disk_hangs);
    return fixture_run();
}
