/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Films, and pictures from elsewhere: how they are turned, how large they may be, how much of them
 * is seen, and what is said of those that are of no use. */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>

#include "data/media.h"
#include "fixture.h"
#include "infer/film.h"
#include "pictures/pixels.h"

static gboolean have(const char *element)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(element);
    return factory != NULL;
}

/* Runs a pipeline whose last element writes a file of that name; its path. */
static const char *make(const char *name, const char *pipeline)
{
    const char *path = in_folder(name);
    g_autofree char *line = g_strdup_printf("%s ! filesink location=%s", pipeline, path);
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) all = gst_parse_launch(line, &error);
    g_assert_no_error(error);
    g_autoptr(GstBus) bus = gst_element_get_bus(all);
    gst_element_set_state(all, GST_STATE_PLAYING);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    g_assert_nonnull(message);
    g_assert_cmpint(GST_MESSAGE_TYPE(message), ==, GST_MESSAGE_EOS);
    gst_element_set_state(all, GST_STATE_NULL);
    return path;
}

static const char *put(const char *name, gconstpointer data, gsize size)
{
    g_assert_true(g_file_set_contents(in_folder(name), data, size, NULL));
    return in_folder(name);
}

/* The first picture, packed. */
static gboolean take(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                     GError **error)
{
    Pixels *pixels = data;
    if (!pixels_allocate("a test", pixels, picture->width, picture->height, 3, error))
        return FALSE;
    for (guint y = 0; y < picture->height; y++)
        memcpy(pixels->data + (gsize)3 * y * picture->width, picture->data + y * picture->stride,
               (gsize)3 * picture->width);
    return FALSE;
}

static Pixels first_of(const char *input)
{
    g_autoptr(GError) error = NULL;
    Pixels pixels = {0};
    media_decode(input, take, &pixels, &error);
    g_assert_no_error(error);
    g_assert_nonnull(pixels.data);
    return pixels;
}

static void assert_refused(const char *input, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_auto(Pixels) pixels = {0};
    gint64 began = g_get_monotonic_time();
    g_assert_false(media_decode(input, take, &pixels, &error));
    if (strstr(error->message, says) == NULL)
        g_error("\"%s\" does not say \"%s\"", error->message, says);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 10 * G_USEC_PER_SEC);
}

static void assert_same(const Pixels *a, const Pixels *b)
{
    g_assert_cmpuint(a->width, ==, b->width);
    g_assert_cmpuint(a->height, ==, b->height);
    g_assert_cmpmem(a->data, (gsize)3 * a->width * a->height, b->data,
                    (gsize)3 * b->width * b->height);
}

static char *uri_of(const char *kind, const char *path)
{
    g_autofree char *data = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_autofree char *text = g_base64_encode((const guchar *)data, size);
    return g_strdup_printf("data:%s;base64,%s", kind, text);
}

/* The highest byte first, wherever that is: GStreamer's macros want places that are aligned. */
static void write_bytes(void *to, guint32 number, guint n)
{
    for (guint i = n; i-- > 0; number >>= 8)
        ((guint8 *)to)[i] = (guint8)number;
}

/* As phones write it: the matrix of the track says how its pictures are to be shown. */
static void test_display_matrix(void)
{
    static const struct {
        gint8 a, b, c, d; /* of the matrix, the rest is nothing */
        guint orientation;
    } cases[] = {{0, 1, -1, 0, 6}, {-1, 0, 0, -1, 3}, {0, -1, 1, 0, 8}};
    if (!have("x264enc") || !have("mp4mux") || !have("avdec_h264")) {
        g_test_skip("no H.264");
        return;
    }
    const char *path = make("upright.mp4", "videotestsrc num-buffers=3 ! "
                                           "video/x-raw,format=I420,width=96,height=64 ! x264enc "
                                           "tune=zerolatency ! h264parse ! mp4mux");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *data = NULL;
        gsize size;
        g_assert_true(g_file_get_contents(path, &data, &size, NULL));
        char *track = memmem(data, size, "tkhd", 4);
        g_assert_nonnull(track);
        guint8 *matrix = (guint8 *)track + 4 + 4 + 20 + 16;
        const gint8 values[4] = {cases[i].a, cases[i].b, cases[i].c, cases[i].d};
        const guint places[4] = {0, 4, 12, 16};
        for (guint k = 0; k < 4; k++)
            write_bytes(matrix + places[k], (guint32)(values[k] * 0x10000), 4);
        g_auto(Pixels) wanted = first_of(path);
        g_assert_true(pixels_turn(path, &wanted, cases[i].orientation, NULL));
        g_auto(Pixels) seen = first_of(put("turned.mp4", data, size));
        assert_same(&seen, &wanted);
    }
}

/* A pixel's shape goes from one film into another. */
static void test_pixel_aspect(void)
{
    guint8 grey[3 * 32 * 16];
    const int aspect[2] = {3, 2};
    const VdtPicture picture = {grey, 32, 16, 3 * 32};
    const char *path = in_folder("wide.mkv");
    g_autoptr(GError) error = NULL;
    memset(grey, 128, sizeof grey);
    g_autoptr(Film) film = film_new(path, 32, 16, aspect, &error);
    if (g_error_matches(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED)) {
        g_test_skip(error->message);
        return;
    }
    g_assert_no_error(error);
    for (guint i = 0; i < 3; i++)
        g_assert_true(film_add(film, &picture, i * 40 * GST_MSECOND, NULL));
    g_assert_true(film_finish(film, NULL));
    g_autoptr(Media) media = media_open(path, &error);
    g_assert_no_error(error);
    g_auto(Pixels) pixels = {0};
    int width = 0, height = 0;
    g_assert_true(media_play(media, take, &pixels, NULL));
    media_get_pixel_aspect(media, &width, &height);
    g_assert_cmpint(width, ==, 3);
    g_assert_cmpint(height, ==, 2);
}

/* What is not a file is brought here first, and looked at like one. */
static void test_elsewhere(void)
{
    static const guint8 gif[] = {'G',  'I',  'F',  '8', '9', 'a', 0x30,
                                 0x75, 0x30, 0x75, 0,   0,   0,   ';'};
    const char *picture = some_picture();
    if (picture == NULL || !have("dataurisrc")) {
        g_test_skip("no PNG encoder, or no data URIs");
        return;
    }
    g_auto(Pixels) here = first_of(picture);
    g_autofree char *uri = uri_of("image/png", picture);
    g_auto(Pixels) there = first_of(uri);
    assert_same(&here, &there);
    g_autofree char *file = g_filename_to_uri(picture, NULL, NULL);
    g_auto(Pixels) named = first_of(file);
    assert_same(&here, &named);
    g_autofree char *large = uri_of("image/gif", put("large.gif", gif, sizeof gif));
    assert_refused(in_folder("large.gif"), "30000x30000 pixels, the limit is 268435456");
    assert_refused(large, "30000x30000 pixels, the limit is 268435456");
}

/* Of a format that is not known here, decoders get no further than their first word. */
static void test_promises(void)
{
    static const char pgm[] = "P5\n40000 20000\n255\nnothing like that";
    g_autofree char *uri = uri_of("image/x-portable-graymap", put("large.pgm", pgm, sizeof pgm));
    assert_refused(in_folder("large.pgm"), "width of 40000 pixels, the limit is 16384");
    assert_refused(uri, "width of 40000 pixels, the limit is 16384");
}

/* A picture within a film, of which the film says another size. */
static void test_promises_within(void)
{
    const char *video = some_video();
    g_autofree char *data = NULL;
    gsize size;
    guint n = 0;
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_assert_true(g_file_get_contents(video, &data, &size, NULL));
    for (char *at = data; (at = memmem(at, data + size - at, "\xff\xc0\0\x11", 4)) != NULL; n++) {
        write_bytes(at + 5, 30000, 2);
        write_bytes(at + 7, 30000, 2);
        at += 9;
    }
    g_assert_cmpuint(n, ==, 80);
    assert_refused(put("within.avi", data, size), "of 30000 pixels, the limit is 16384");
#ifndef __SANITIZE_ADDRESS__ /* which wants terabytes, if of nothing */
    g_auto(Outcome) o = in_shell("ulimit -v 1500000; exec \"$@\"", "infer", "--model",
                                 small_model(), "--input", in_folder("within.avi"), NULL);
    g_assert_cmpint(o.status, ==, 1);
#endif
}

/* Formats for which GStreamer by itself finds a wrong decoder, or takes them for something else. */
static void test_bitmaps(void)
{
    enum { W = 100, H = 60 };
    g_autoptr(GByteArray) targa = g_byte_array_new(), bitmap = g_byte_array_new();
    const guint8 targa_head[18] = {0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, W, 0, H, 0, 24, 0x20};
    guint8 bitmap_head[54] = {
        'B', 'M', [10] = 54, [14] = 40, [18] = W, [22] = H, [26] = 1, [28] = 24};
    if (!have("gdkpixbufdec")) {
        g_test_skip("no gdkpixbufdec");
        return;
    }
    bitmap_head[2] = (54 + 3 * W * H) & 0xff;
    bitmap_head[3] = (54 + 3 * W * H) >> 8;
    g_byte_array_append(targa, targa_head, sizeof targa_head);
    g_byte_array_append(bitmap, bitmap_head, sizeof bitmap_head);
    for (guint y = 0; y < H; y++)
        for (guint x = 0; x < W; x++) {
            const guint8 down[3] = {x, y, 7}, up[3] = {x, H - 1 - y, 7}; /* blue comes first */
            g_byte_array_append(targa, down, 3);
            g_byte_array_append(bitmap, up, 3);
        }
    g_auto(Pixels) a = first_of(put("some.tga", targa->data, targa->len));
    g_auto(Pixels) b = first_of(put("some.bmp", bitmap->data, bitmap->len));
    g_assert_cmpuint(a.width, ==, W);
    g_assert_cmpmem(a.data + 3 * (5 * W + 50), 3, "\7\5\62", 3);
    assert_same(&a, &b);
    put("some.tga", targa->data, targa->len / 2);
    assert_refused(in_folder("some.tga"), "is truncated");
}

static void test_no_video(void)
{
    if (!have("wavenc") || !have("audiotestsrc")) {
        g_test_skip("no sound");
        return;
    }
    assert_refused(make("sound.wav", "audiotestsrc num-buffers=20 ! wavenc"),
                   "there is no video in it, only");
    assert_refused(in_folder("."), "is a folder");
    assert_refused("/dev/null", "is a device");
    assert_refused(in_folder("missing.avi"), "there is no such file");
    g_autofree char *text = g_strnfill(3000, 'x');
    assert_refused(put("text.mp4", text, 3000), "text.mp4");
}

static JsonObject *answer_of(const Outcome *o)
{
    if (o->status != 0)
        g_error("%s", o->err);
    g_autoptr(JsonNode) node = json_from_string(o->out, NULL);
    return json_node_dup_object(node);
}

/* Pipes: a picture, and a film, which is read twice. */
static void test_pipe(void)
{
    const char *video = some_video(), *picture = some_picture();
    if (video == NULL || picture == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG, PNG and AVI");
        return;
    }
    const char *files[] = {picture, video};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *script = g_strdup_printf("cat %s | \"$@\"", files[i]);
        g_auto(Outcome) piped = in_shell(script, "infer", "--model", small_model(), "--input",
                                         "/dev/stdin", "--json", NULL);
        g_auto(Outcome) named =
            vedette("infer", "--model", small_model(), "--input", files[i], "--json", NULL);
        g_autoptr(JsonObject) a = answer_of(&piped), b = answer_of(&named);
        json_object_set_string_member(a, "input", files[i]);
        g_assert_cmpint(json_object_get_int_member(a, "frames"), ==, i == 0 ? 1 : 80);
        g_autoptr(JsonNode) x = json_node_new(JSON_NODE_OBJECT), y = json_node_copy(x);
        json_node_set_object(x, a);
        json_node_set_object(y, b);
        g_assert_true(json_node_equal(x, y));
    }
}

/* A film without its end is looked at, and that is said. */
static void test_truncated_film(void)
{
    const char *video = some_video();
    g_autofree char *data = NULL;
    gsize size;
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_assert_true(g_file_get_contents(video, &data, &size, NULL));
    g_auto(Outcome) whole = vedette("infer", "--model", small_model(), "--input", video, NULL);
    g_assert_cmpstr(whole.err, ==, "");
    g_auto(Outcome) cut = vedette("infer", "--model", small_model(), "--input",
                                  put("cut.avi", data, size * 6 / 10), NULL);
    g_assert_cmpint(cut.status, ==, 0);
    g_assert_nonnull(strstr(cut.err, "cut.avi: is truncated"));
    g_assert_null(strstr(strchr(cut.err, '\n') + 1, "vedette: ")); /* once */

    /* As long as it should be, but of no use from the middle on. */
    if (!have("jpegenc") || !have("matroskamux"))
        return;
    g_autofree char *other = NULL;
    const char *path = make("whole.mkv", "videotestsrc num-buffers=100 ! "
                                         "video/x-raw,width=96,height=64,framerate=25/1 ! jpegenc "
                                         "! matroskamux");
    g_assert_true(g_file_get_contents(path, &other, &size, NULL));
    memset(other + size / 2, 0, size - size / 2);
    expect(0, "but it says that it lasts 4.00 s", "infer", "--model", small_model(), "--input",
           put("spoilt.mkv", other, size), NULL);
}

/* As many seconds as the card says, whatever the rate; of a film that is shorter, that it is. */
static void test_rates(void)
{
    static const guint rates[] = {10, 25, 30, 50, 60};
    for (guint i = 0; i < G_N_ELEMENTS(rates); i++) {
        g_autofree char *name = g_strdup_printf("rate%u.avi", rates[i]);
        g_autofree char *source = g_strdup_printf("videotestsrc num-buffers=%u pattern=ball ! "
                                                  "video/x-raw,width=96,height=64,framerate=%u/1",
                                                  2 * rates[i], rates[i]);
        const char *video = make_video(name, source);
        if (video == NULL) {
            g_test_skip("no gst-launch-1.0 with JPEG and AVI");
            return;
        }
        g_auto(Outcome) o =
            vedette("infer", "--model", small_model(), "--input", video, "--json", NULL);
        g_autoptr(JsonObject) answer = answer_of(&o);
        g_assert_cmpfloat_with_epsilon(json_object_get_int_member(answer, "duration_ns") / 1e9, 0.4,
                                       0.001);
        g_assert_cmpfloat_with_epsilon(json_object_get_int_member(answer, "pts_ns") / 1e9,
                                       0.8 - 0.5 / rates[i], 1.0 / rates[i]);
        g_assert_cmpstr(o.err, ==, "");
    }
    const char *video = make_video("brief.avi", "videotestsrc num-buffers=6 ! "
                                                "video/x-raw,width=96,height=64,framerate=30/1");
    expect(0, "lasts 0.20 s, but the model looks at 0.40 s", "infer", "--model", small_model(),
           "--input", video, NULL);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    gst_init(NULL, NULL);
    g_test_add_func("/media/display-matrix", test_display_matrix);
    g_test_add_func("/media/pixel-aspect", test_pixel_aspect);
    g_test_add_func("/media/elsewhere", test_elsewhere);
    g_test_add_func("/media/promises", test_promises);
    g_test_add_func("/media/promises-within", test_promises_within);
    g_test_add_func("/media/bitmaps", test_bitmaps);
    g_test_add_func("/media/no-video", test_no_video);
    g_test_add_func("/media/pipe", test_pipe);
    g_test_add_func("/media/truncated-film", test_truncated_film);
    g_test_add_func("/media/rates", test_rates);
    return fixture_close();
}
