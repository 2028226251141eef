/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips out of a ring: where they begin and end, that they are what was recorded, and what becomes
 * of them when something goes wrong. */
#include "fixture.h"

#include <gio/gio.h>

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

/* From frame 40 to 60, a second more at both ends, back to a keyframe. */
static void check_codec(const char *encoder, const char *suffix, guint from)
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
    check_file(&c, film, from, 75);
    case_clear(&c);
    film_free(film);
}

static void test_h264(void)
{
    check_codec(H264, "/clip.mp4", 15);
}

static void test_h265(void)
{
    check_codec("x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "
                "option-string=scenecut=0:log-level=none ! " PARSE_H265,
                "/clip.mp4", 15);
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

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/clip/h264", test_h264);
    g_test_add_func("/clip/h265", test_h265);
    g_test_add_func("/clip/jpeg", test_jpeg);
    g_test_add_func("/clip/mpeg4", test_mpeg4);
    g_test_add_func("/clip/vp8", test_vp8);
    g_test_add_func("/clip/vp9", test_vp9);
    return fixture_run();
}
