/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette infer with networks that restore: pictures, folders and films, by task and in words. */
#include <cairo.h>
#include <glib/gstdio.h>
#include <string.h>

#include "../models/littleipt.h"
#include "fixture.h"
#include "pictures/formats.h"

#define WIDTH  50
#define HEIGHT 30

static const char *card(void)
{
    return in_folder("card.json");
}

/* Colours that a moved picture cannot have by chance: none is its neighbour's. */
static guint8 colour_at(guint c, guint x, guint y)
{
    return (x * 37 + y * 11 + c * 83) % 251;
}

static const char *picture_of(const char *name, guint width, guint height)
{
    const char *path = in_folder(name);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    guint8 *data = cairo_image_surface_get_data(surface);
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
            ((guint32 *)(void *)(data + y * cairo_image_surface_get_stride(surface)))[x] =
                colour_at(0, x, y) << 16 | colour_at(1, x, y) << 8 | colour_at(2, x, y);
    cairo_surface_mark_dirty(surface);
    g_assert_cmpint(cairo_surface_write_to_png(surface, path), ==, CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(surface);
    return path;
}

static const char *picture(const char *name)
{
    return picture_of(name, WIDTH, HEIGHT);
}

static void load(const char *path, const char *format, Pixels *pixels)
{
    g_autoptr(GError) error = NULL;
    g_auto(PictureSource) source = {0};
    guint orientation;
    g_assert_true(picture_source_open(path, &source, &error));
    const Format *found = format_find(&source);
    g_assert_nonnull(found);
    g_assert_cmpstr(found->name, ==, format);
    g_assert_true(found->decode(&source, pixels, &orientation, &error));
}

static double mean_difference(const Pixels *a, const Pixels *b)
{
    gsize n = (gsize)3 * a->width * a->height;
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += ABS(a->data[i] - b->data[i]);
    return sum / n;
}

static JsonObject *parse(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(line, &error);
    g_assert_no_error(error);
    return json_node_dup_object(node);
}

/* The names of what was done, with commas. */
static char *tasks_of(JsonObject *answer)
{
    JsonArray *array = json_object_get_array_member(answer, "tasks");
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < json_array_get_length(array); i++)
        g_string_append_printf(all, "%s%s", i > 0 ? "," : "",
                               json_array_get_string_element(array, i));
    return g_string_free(g_steal_pointer(&all), FALSE);
}

/* A picture that is as it was but for @moved pixels to the left, below the seams of tiles. */
static void check_moved(const char *path, guint moved)
{
    g_auto(Pixels) got = {0};
    load(path, "PNG", &got);
    g_assert_cmpuint(got.width, ==, WIDTH);
    g_assert_cmpuint(got.height, ==, HEIGHT);
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < 12; x++)
            for (guint c = 0; c < 3; c++)
                g_assert_cmpint(got.data[(y * WIDTH + x) * 3 + c], ==, colour_at(c, x + moved, y));
}

static void test_task(void)
{
    const char *in = picture("in.png"), *out = in_folder("task.png");
    g_auto(Outcome) o = vedette("infer", "--model", card(), "--input", in, "--output", out,
                                "--task", "rain", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_autofree char *tasks = tasks_of(answer);
    g_assert_cmpstr(tasks, ==, "rain");
    g_assert_cmpint(json_object_get_int_member(answer, "width"), ==, WIDTH);
    g_assert_cmpint(json_object_get_int_member(answer, "output_height"), ==, HEIGHT);
    g_assert_cmpfloat(json_object_get_double_member(answer, "seconds"), >, 0);
    g_assert_cmpfloat(json_object_get_double_member(answer, "cpu_seconds"), >, 0);
    g_assert_cmpfloat(json_object_get_double_member(answer, "peak_rss_mb"), >, 1);
    check_moved(out, 1);
    /* What the network usually does. */
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--output", out, NULL);
    check_moved(out, 0);
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--output", out, "--task", "rain",
           "--strength", "0", NULL);
    check_moved(out, 0);
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--output", out, "--task", "noise",
           "--ensemble", NULL);
    check_moved(out, 0);
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--output", out, "--task", "noise",
           "--authors-tiles", NULL);
    check_moved(out, 0);
}

static void test_larger(void)
{
    const char *in = picture("in.png"), *out = in_folder("larger.npy");
    g_auto(Outcome) o = vedette("infer", "--model", card(), "--input", in, "--output", out,
                                "--task", "x2", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpint(json_object_get_int_member(answer, "output_width"), ==, 2 * WIDTH);
    g_autoptr(VdtTensor) array = vdt_npy_load(out, NULL);
    VdtShape shape = vdt_shape(1, 3, 2 * HEIGHT, 2 * WIDTH);
    g_assert_true(vdt_shape_equal(&array->shape, &shape));
    const float *values = array->data;
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < 2 * HEIGHT; y++)
            for (guint x = 0; x < 2 * WIDTH; x++)
                g_assert_cmpfloat_with_epsilon(*values++, colour_at(c, x / 2, y / 2), 2e-3);
}

static void test_instruction(void)
{
    static const struct {
        const char *text, *tasks;
        guint moved;
    } cases[] = {
        {"remove the rain", "rain", 1},
        {"remove the noise", "noise", 0},
        {"erst den Regen entfernen, dann entrauschen", "rain,noise", 1},
        {"what is the weather like?", "", 0},
    };
    const char *in = picture("in.png"), *out = in_folder("said.png");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Outcome) o = vedette("infer", "--model", card(), "--input", in, "--output", out,
                                    "--instruction", cases[i].text, "--json", NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_autoptr(JsonObject) answer = parse(o.out);
        g_autofree char *tasks = tasks_of(answer);
        g_assert_cmpstr(tasks, ==, cases[i].tasks);
        check_moved(out, cases[i].moved);
        g_assert_true(json_object_has_member(answer, "unchanged") == (*tasks == '\0'));
        g_assert_true((strstr(o.err, "nothing is changed") != NULL) == (*tasks == '\0'));
    }
    expect(1, "has no task \"blur\", but these: x2, noise, rain", "infer", "--model", card(),
           "--input", in, "--output", out, "--instruction", "sharpen it", NULL);
}

static const char *estimator(const char *folder, const char *answer)
{
    const char *dir = in_folder(folder);
    g_assert_cmpint(g_mkdir_with_parents(dir, 0777), ==, 0);
    little_estimator_save(dir, answer);
    return dir;
}

/* What the estimator says is done; nothing, bit for bit, where it says that pictures are clean. */
static void test_auto(void)
{
    const char *in = picture("in.png"), *out = in_folder("auto.png");
    static const struct {
        const char *answer, *tasks;
        guint moved;
    } cases[] = {{"rain", "rain", 1}, {"clean", "", 0}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *says =
            g_build_filename(estimator(cases[i].answer, cases[i].answer), "card.json", NULL);
        g_auto(Outcome) o = vedette("infer", "--model", card(), "--input", in, "--output", out,
                                    "--task", "auto", "--estimator", says, "--json", NULL);
        if (o.status != 0)
            g_error("%s", o.err);
        g_autoptr(JsonObject) answer = parse(o.out);
        g_autofree char *tasks = tasks_of(answer);
        g_assert_cmpstr(tasks, ==, cases[i].tasks);
        g_assert_true(json_object_has_member(answer, "unchanged") == (*tasks == '\0'));
        check_moved(out, cases[i].moved);
    }
    g_autofree char *rain = g_build_filename(in_folder("rain"), "card.json", NULL);
    expect(1, "which task pictures need", "infer", "--model", card(), "--input", in, "--output",
           out, "--task", "auto", "--estimator", "/nowhere/card.json", NULL);
    expect(1, "restoration", "infer", "--model", card(), "--input", in, "--output", out, "--task",
           "auto", "--estimator", card(), NULL);
    expect(2, "belongs to --task auto", "infer", "--model", card(), "--input", in, "--output", out,
           "--estimator", rain, NULL);
    const char *film = some_video(), *made = in_folder("auto.mkv");
    g_auto(Outcome) o = film != NULL
                            ? vedette("infer", "--model", card(), "--input", film, "--output", made,
                                      "--task", "auto", "--estimator", rain, "--json", NULL)
                            : (Outcome){1, g_strdup(""), g_strdup("no H.264 encoder")};
    if (strstr(o.err, "no H.264 encoder") != NULL)
        return;
    /* Looks at 0 s and 0.5 s agree: frame 13 of 25 a second is the first that is restored. */
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpint(json_object_get_int_member(answer, "restored_frames"), ==, 80 - 13);
}

static void test_halves(void)
{
    const char *in = picture("in.png"), *halves = in_folder("halves.png");
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--before-and-after", halves,
           "--task", "rain", NULL);
    check_moved(halves, 0);
    g_auto(Pixels) got = {0};
    load(halves, "PNG", &got);
    guint x = WIDTH / 2 + 3, y = 7;
    g_assert_cmpint(got.data[(y * WIDTH + x) * 3], ==, colour_at(0, x + 1, y));
    g_assert_cmpint(got.data[(y * WIDTH + WIDTH / 2) * 3], ==, 255);
}

static void test_jpeg(void)
{
    const char *out = in_folder("day.jpg");
    g_autofree char *day =
        g_test_build_filename(G_TEST_DIST, "docs", "pictures", "street-day.png", NULL);
    expect(0, NULL, "infer", "--model", card(), "--input", day, "--output", out, NULL);
    g_auto(Pixels) got = {0}, want = {0};
    load(out, "JPEG", &got);
    load(day, "PNG", &want);
    g_assert_cmpuint(got.width, ==, want.width);
    g_assert_cmpuint(got.height, ==, want.height);
    g_assert_cmpfloat(mean_difference(&got, &want), <, 2);
}

static void test_folder(void)
{
    const char *in = in_folder("photos"), *out = in_folder("restored");
    g_assert_cmpint(g_mkdir(in, 0777), ==, 0);
    picture("photos/a.png");
    picture("photos/b.png");
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--output", out, "--task", "rain",
           NULL);
    check_moved(in_folder("restored/a.png"), 1);
    check_moved(in_folder("restored/b.png"), 1);
    expect(2, "must be a folder", "infer", "--model", card(), "--input", in, "--output",
           in_folder("one.png"), NULL);
    expect(1, "is the input", "infer", "--model", card(), "--input", in, "--output", in, NULL);
}

static void test_film(void)
{
    const char *film = some_video(), *out = in_folder("out.mkv"), *halves = in_folder("both.mkv");
    if (film == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_auto(Outcome) o = vedette("infer", "--model", card(), "--input", film, "--output", out,
                                "--before-and-after", halves, "--json", NULL);
    if (o.status != 0 && strstr(o.err, "no H.264 encoder") != NULL) {
        g_test_skip("no encoder");
        return;
    }
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpint(json_object_get_int_member(answer, "frames"), ==, 80);
    g_assert_cmpint(json_object_get_int_member(answer, "duration_ns"), ==, 79 * 40000000ll);
    /* The first picture of each, by the same command. */
    const char *const films[] = {film, out, halves};
    g_auto(Pixels) want = {0};
    for (guint i = 0; i < G_N_ELEMENTS(films); i++) {
        const char *still = in_folder("still.png");
        expect(0, NULL, "infer", "--model", card(), "--input", films[i], "--output", still, NULL);
        g_auto(Pixels) got = {0};
        load(still, "PNG", i == 0 ? &want : &got);
        if (i == 0)
            continue;
        g_assert_cmpuint(got.width, ==, want.width);
        g_assert_cmpuint(got.height, ==, want.height);
        g_assert_cmpfloat(mean_difference(&got, &want), <, 12);
    }
}

static void test_array(void)
{
    const char *in = in_folder("tile.npy"), *out = in_folder("tile-out.npy");
    VdtShape shape = vdt_shape(2, 3, LITTLE_IPT_TILE, LITTLE_IPT_TILE);
    g_autoptr(VdtTensor) array = vdt_tensor_new(VDT_F32, &shape, NULL);
    vdt_tensor_fill_uniform(array, "tile", 0, 255);
    g_assert_true(vdt_npy_save(array, in, NULL));
    expect(0, NULL, "infer", "--model", card(), "--input", in, "--output", out, "--task", "x2",
           NULL);
    g_autoptr(VdtTensor) got = vdt_npy_load(out, NULL);
    g_assert_cmpint(got->shape.dims[3], ==, 2 * LITTLE_IPT_TILE);
    expect(1, "has no task \"fog\"", "infer", "--model", card(), "--input", in, "--output", out,
           "--task", "fog", NULL);
}

static void test_bad(void)
{
    const char *in = picture("in.png"), *out = in_folder("never.png");
    expect(1, "\"fog\", but these: x2, noise, rain", "infer", "--model", card(), "--input", in,
           "--output", out, "--task", "fog", NULL);
    expect(2, "--output or --before-and-after is needed", "infer", "--model", card(), "--input", in,
           NULL);
    expect(2, "exclude each other", "infer", "--model", card(), "--input", in, "--output", out,
           "--task", "rain", "--instruction", "remove the rain", NULL);
    expect(2, "must end in", "infer", "--model", card(), "--input", in, "--before-and-after",
           in_folder("never.npy"), NULL);
    expect(2, "both films, or none", "infer", "--model", card(), "--input", in, "--output", out,
           "--before-and-after", in_folder("never.mp4"), NULL);
    expect(2, "is both", "infer", "--model", card(), "--input", in, "--output", out,
           "--before-and-after", out, NULL);
    expect(2, "--strength is 1.5", "infer", "--model", card(), "--input", in, "--output", out,
           "--strength", "1.5", NULL);
    expect(2, "are not spoiled", "infer", "--model", card(), "--input", "street:1", "--output", out,
           NULL);
    expect(1, "are for networks that restore", "infer", "--weights", picture_weights(), "--input",
           in, "--task", "rain", NULL);
    expect(1, "a class for each pixel", "infer", "--model", card(), "--input", in, "--output", out,
           "--overlay", in_folder("over.png"), NULL);
    /* What is made is as limited as what is read. */
    expect(1, "40000", "infer", "--model", card(), "--input", picture_of("wide.png", 20000, 1),
           "--output", out, "--task", "x2", NULL);
    g_autofree char *long_text = g_strnfill(5000, 'a');
    expect(1, "4096", "infer", "--model", card(), "--input", in, "--output", out, "--instruction",
           long_text, NULL);
    g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_autofree char *dir = g_path_get_dirname(card());
    little_ipt_save(dir);
    g_test_add_func("/restore/task", test_task);
    g_test_add_func("/restore/larger", test_larger);
    g_test_add_func("/restore/instruction", test_instruction);
    g_test_add_func("/restore/auto", test_auto);
    g_test_add_func("/restore/halves", test_halves);
    g_test_add_func("/restore/jpeg", test_jpeg);
    g_test_add_func("/restore/folder", test_folder);
    g_test_add_func("/restore/film", test_film);
    g_test_add_func("/restore/array", test_array);
    g_test_add_func("/restore/bad", test_bad);
    return fixture_close();
}
