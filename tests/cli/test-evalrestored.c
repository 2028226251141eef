/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette eval with networks that restore: its measures, its data, what it says. */
#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "../models/littleipt.h"
#include "data/bicubic.h"
#include "data/pairfolder.h"
#include "fixture.h"
#include "score/psnr.h"
#include "score/ssim.h"

#define WIDTH  37
#define HEIGHT 29

static const char *card(void)
{
    return in_folder("card.json");
}

/* Two pictures whose measures are known. */
static guint8 value_at(gboolean other, guint c, guint x, guint y)
{
    guint value = (x * 37 + y * 11 + c * 83) % 251;
    return other ? (value * 3 + (x * x + 7 * y * c) % 61) / 4 : value;
}

static VdtPicture new_picture(gboolean other)
{
    VdtPicture picture = {g_malloc(3 * WIDTH * HEIGHT), WIDTH, HEIGHT, 3 * WIDTH};
    for (guint i = 0; i < 3 * WIDTH * HEIGHT; i++)
        picture.data[i] = value_at(other, i % 3, i / 3 % WIDTH, i / 3 / WIDTH);
    return picture;
}

/* By scikit-image 0.26: peak_signal_noise_ratio(), and structural_similarity() with
 * gaussian_weights, sigma 1.5 and without use_sample_covariance. */
static void test_measures(void)
{
    static const struct {
        guint margin;
        double rgb, luma, ssim;
    } known[] = {
        {0, 18.45623695135523, 21.15265509234357, 0.9431412354985792},
        {3, 18.53288606238263, 21.225972453347488, 0.9425637729916518},
    };
    VdtPicture a = new_picture(FALSE), b = new_picture(TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        guint margin = known[i].margin;
        g_assert_cmpfloat_with_epsilon(psnr_of(PSNR_RGB, &a, &b, margin), known[i].rgb, 1e-6);
        g_assert_cmpfloat_with_epsilon(psnr_of(PSNR_LUMA, &a, &b, margin), known[i].luma, 1e-5);
        g_assert_cmpfloat_with_epsilon(ssim_of(&a, &b, margin), known[i].ssim, 1e-6);
    }
    g_assert_cmpfloat(psnr_of(PSNR_RGB, &a, &a, 0), ==, PSNR_MOST);
    g_assert_cmpfloat_with_epsilon(ssim_of(&a, &a, 0), 1, 1e-12);
    /* One channel of one pixel is off by 16. */
    VdtPicture near = new_picture(FALSE);
    near.data[3 * (5 * WIDTH + 7)] ^= 16;
    double n = WIDTH * HEIGHT;
    g_assert_cmpfloat_with_epsilon(psnr_of(PSNR_RGB, &a, &near, 0),
                                   10 * log10(255 * 255 * 3 * n / 256), 1e-9);
    g_assert_cmpfloat_with_epsilon(psnr_of(PSNR_LUMA, &a, &near, 0),
                                   20 * log10(255 * sqrt(n) / (65.738 / 16)), 1e-9);
    g_assert_cmpfloat(psnr_of(PSNR_RGB, &a, &near, 8), ==, PSNR_MOST);
    g_free(a.data);
    g_free(b.data);
    g_free(near.data);
}

/* Slopes stay; a line is spread as the kernel says. */
static void test_bicubic(void)
{
    guint8 wide[3 * 40 * 6], small[3 * 20 * 3];
    VdtPicture from = {wide, 40, 6, 3 * 40}, to = {small, 20, 3, 3 * 20};
    for (guint i = 0; i < sizeof wide; i++) {
        guint x = i / 3 % 40;
        wide[i] = i % 3 == 0 ? 4 * x : i % 3 == 1 ? 100 + 100 * (x == 20) : 7;
    }
    bicubic_reduce(&from, 2, &to);
    static const guint8 line[] = {99, 111, 143, 96};
    for (guint y = 0; y < 3; y++)
        for (guint x = 2; x < 18; x++) {
            const guint8 *rgb = small + 3 * (y * 20 + x);
            g_assert_cmpint(rgb[0], ==, 8 * x + 2);
            g_assert_cmpint(rgb[1], ==, x >= 8 && x < 12 ? line[x - 8] : 100);
            g_assert_cmpint(rgb[2], ==, 7);
        }
    g_assert_cmpint(small[2], ==, 7); /* at the edges, too */
}

static void save(const char *name, gboolean other, guint width, guint height)
{
    g_autofree char *path = g_strdup(in_folder(name)), *dir = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(dir, 0777), ==, 0);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    guint8 *data = cairo_image_surface_get_data(surface);
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
            ((guint32 *)(void *)(data + y * cairo_image_surface_get_stride(surface)))[x] =
                value_at(other, 0, x, y) << 16 | value_at(other, 1, x, y) << 8 |
                value_at(other, 2, x, y);
    cairo_surface_mark_dirty(surface);
    g_assert_cmpint(cairo_surface_write_to_png(surface, path), ==, CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(surface);
}

/* Names of authors, and the true picture that each belongs to. */
static void test_layouts(void)
{
    static const struct {
        const char *folder, *spoiled, *target;
        guint scale;
    } cases[] = {
        {"rain100", "rainy/rain-001.png", "norain-001.png", 1},
        {"rain1400", "rain/7.png", "norain/7.png", 1},
        {"old", "rain/norain-1x2.png", "norain/norain-1.png", 1},
        {"reside", "hazy/1400_3.png", "gt/1400.png", 1},
        {"set5", "LR_bicubic/X2/babyx2.png", "HR/baby.png", 2},
        {"usual", "input/a.b.png", "target/a.b.png", 1},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *spoiled = g_strconcat(cases[i].folder, "/", cases[i].spoiled, NULL);
        g_autofree char *target = g_strconcat(cases[i].folder, "/", cases[i].target, NULL);
        save(spoiled, FALSE, 16, 16);
        save(target, FALSE, 16, 16);
        g_autoptr(GPtrArray) pairs =
            pair_folder_list(in_folder(cases[i].folder), cases[i].scale, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(pairs->len, ==, 1);
        const Pair *pair = pairs->pdata[0];
        g_assert_cmpstr(pair->spoiled, ==, in_folder(spoiled));
        g_assert_cmpstr(pair->target, ==, in_folder(target));
    }
    /* One that is enlarged has no use for rain. */
    g_autoptr(GPtrArray) alone = pair_folder_list(in_folder("set5"), 3, NULL);
    g_assert_null(((const Pair *)alone->pdata[0])->spoiled);
    save("rain1400/rain/8.png", FALSE, 16, 16);
    g_autoptr(GError) error = NULL;
    g_assert_null(pair_folder_list(in_folder("rain1400"), 1, &error));
    g_assert_nonnull(strstr(error->message, "1 pictures of"));
    g_assert_nonnull(strstr(error->message, "\n8.png"));
}

static JsonObject *evaluate(const char *folder, const char *option, ...) G_GNUC_NULL_TERMINATED;
static JsonObject *evaluate(const char *folder, const char *option, ...)
{
    const char *more[7] = {option};
    va_list args;
    va_start(args, option);
    for (guint i = 1; i < G_N_ELEMENTS(more) && more[i - 1] != NULL; i++)
        more[i] = va_arg(args, const char *);
    va_end(args);
    g_autoptr(GError) error = NULL;
    g_auto(Outcome) o =
        vedette("eval", "ipt", "--model", card(), "--data", in_folder(folder), "--json", more[0],
                more[1], more[2], more[3], more[4], more[5], more[6], NULL);
    if (o.status != 0)
        g_error("%s", o.err);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    return json_node_dup_object(node);
}

static double number(JsonObject *object, const char *name)
{
    return json_object_get_double_member(object, name);
}

static JsonObject *task_of(JsonObject *scores, const char *task)
{
    return json_object_get_object_member(json_object_get_object_member(scores, "tasks"), task);
}

/* A network that changes nothing: what comes out is as far from the truth as what went in. */
static void test_pairs(void)
{
    save("pairs/input/a.png", TRUE, WIDTH, HEIGHT);
    save("pairs/gt/a.png", FALSE, WIDTH, HEIGHT);
    save("pairs/input/b.png", FALSE, 40, 30);
    save("pairs/gt/b.png", FALSE, 40, 30);
    g_autoptr(JsonObject) all = evaluate("pairs", "--answers", in_folder("answers.tsv"), NULL);
    JsonObject *tasks = json_object_get_object_member(all, "tasks"), *o = task_of(all, "noise");
    g_assert_cmpuint(json_object_get_size(tasks), ==, 1);
    g_assert_cmpint(json_object_get_int_member(o, "n"), ==, 2);
    g_assert_cmpfloat_with_epsilon(number(o, "psnr_y"), (21.15265509 + 100) / 2, 1e-4);
    g_assert_cmpfloat_with_epsilon(number(o, "psnr_rgb"), (18.45623695 + 100) / 2, 1e-4);
    g_assert_cmpfloat_with_epsilon(number(o, "ssim"), (0.94314124 + 1) / 2, 1e-5);
    g_assert_cmpfloat(number(o, "psnr_y"), ==, number(all, "psnr_y"));
    JsonObject *before = json_object_get_object_member(o, "before");
    g_assert_cmpfloat(number(before, "psnr_rgb"), ==, number(o, "psnr_rgb"));
    g_autofree char *answers = NULL;
    g_assert_true(g_file_get_contents(in_folder("answers.tsv"), &answers, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(answers, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_true(g_str_has_prefix(lines[1], "noise\ta.png\t21.1527\t18.4562\t0.94314\t21.1527\t"));
    /* One that does change it. */
    g_autoptr(JsonObject) moved = evaluate("pairs", "--task", "rain", NULL);
    JsonObject *rain = task_of(moved, "rain");
    g_assert_cmpfloat(number(rain, "psnr_y"), <, 30);
    g_assert_cmpfloat(number(json_object_get_object_member(rain, "before"), "psnr_y"), ==,
                      number(o, "psnr_y"));
}

/* Noise is as much as was asked for, and the same for the same seed. */
static void test_noise(void)
{
    save("clean/a.png", FALSE, 120, 90);
    g_autoptr(JsonObject) first = evaluate("clean", "--sigma", "10", NULL);
    g_autoptr(JsonObject) again = evaluate("clean", "--sigma", "10", NULL);
    g_autoptr(JsonObject) other = evaluate("clean", "--sigma", "10", "--seed", "5", NULL);
    JsonObject *o = task_of(first, "noise");
    g_assert_cmpfloat(number(first, "psnr_rgb"), ==, number(again, "psnr_rgb"));
    g_assert_cmpfloat(number(first, "psnr_rgb"), !=, number(other, "psnr_rgb"));
    g_assert_cmpfloat(number(o, "sigma"), ==, 10);
    /* 28.1 dB, and a little more because of what is cut off at 0. */
    g_assert_cmpfloat(number(o, "psnr_rgb"), >, 20 * log10(25.5));
    g_assert_cmpfloat(number(o, "psnr_rgb"), <, 20 * log10(25.5) + 0.5);
}

/* Of a network that leaves pictures as they are: more are as much spoiled as those before. */
static void check_spoiled(JsonObject *scores)
{
    JsonObject *tasks = json_object_get_object_member(scores, "tasks");
    g_assert_cmpuint(json_object_get_size(tasks), ==, 2);
    JsonObject *noise = task_of(scores, "noise"), *rain = task_of(scores, "rain");
    JsonObject *before = json_object_get_object_member(noise, "before");
    g_assert_cmpfloat(number(noise, "psnr_rgb"), ==, number(before, "psnr_rgb"));
    g_assert_cmpfloat(number(noise, "psnr_rgb"), >, 10);
    g_assert_cmpfloat(number(noise, "psnr_rgb"), <, 45);
    g_assert_false(json_object_has_member(noise, "sigma"));
    g_assert_cmpfloat(number(noise, "psnr_rgb"), !=,
                      number(json_object_get_object_member(rain, "before"), "psnr_rgb"));
    g_assert_cmpfloat_with_epsilon(number(scores, "psnr_y"),
                                   (number(noise, "psnr_y") + number(rain, "psnr_y")) / 2, 1e-9);
}

/* What tasks of these names undo is done to true pictures, of a folder and of the street. */
static void test_spoiled(void)
{
    g_autoptr(JsonObject) folder = evaluate("clean", "--json", NULL);
    check_spoiled(folder);
    g_auto(Outcome) o =
        vedette("eval", "ipt", "--model", card(), "--street", "--clips", "3", "--json", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    check_spoiled(json_node_get_object(node));
    g_assert_cmpint(json_object_get_int_member(task_of(json_node_get_object(node), "rain"), "n"),
                    ==, 3);
    g_auto(Outcome) table =
        vedette("eval", "ipt", "--model", card(), "--street", "--clips", "1", NULL);
    g_assert_nonnull(strstr(table.out, "\nrain "));
    expect(2, "the task is x2", "eval", "ipt", "--model", card(), "--street", "--task", "x2", NULL);
    expect(2, "in other ways", "eval", "ipt", "--model", card(), "--street", "--sigma", "5", NULL);
}

static void test_larger(void)
{
    g_autoptr(JsonObject) all = evaluate("clean", "--task", "x2", NULL);
    JsonObject *o = task_of(all, "x2");
    g_assert_cmpint(json_object_get_int_member(o, "scale"), ==, 2);
    g_assert_false(json_object_has_member(o, "before"));
    g_assert_cmpfloat(number(o, "psnr_y"), >, 3);
    g_assert_cmpfloat(number(o, "psnr_y"), <, 30);
    /* Of two pixels at each edge that do not count, and a window. */
    save("tiny/a.png", FALSE, 14, 40);
    expect(1, "has 14x40 pixels, but is measured from 15x15 on", "eval", "ipt", "--model", card(),
           "--data", in_folder("tiny"), "--task", "x2", NULL);
}

/* A card whose tasks have other names: one says how much noise, the other nothing. */
static void test_names(void)
{
    g_autofree char *text = NULL, *path = g_strdup(in_folder("other.json"));
    g_assert_true(g_file_get_contents(card(), &text, NULL, NULL));
    char *tasks = strstr(text, "\"noise\", \"rain\"");
    g_assert_nonnull(tasks);
    *tasks = '\0';
    g_autofree char *other = g_strconcat(text, "\"grain12\", \"mist\"]}", NULL);
    g_assert_true(g_file_set_contents(path, other, -1, NULL));
    g_auto(Outcome) o = vedette("eval", "ipt", "--model", path, "--data", in_folder("clean"),
                                "--task", "grain12", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "\"sigma\": 12"));
    expect(2, "does not say how they are spoiled", "eval", "ipt", "--model", path, "--data",
           in_folder("clean"), "--task", "mist", NULL);
}

static void test_refused(void)
{
    expect(2, "has spoiled ones", "eval", "ipt", "--model", card(), "--data", in_folder("pairs"),
           "--sigma", "10", NULL);
    expect(2, "made smaller", "eval", "ipt", "--model", card(), "--data", in_folder("clean"),
           "--task", "x2", "--sigma", "10", NULL);
    expect(2, "--sigma is -1", "eval", "ipt", "--model", card(), "--data", in_folder("clean"),
           "--sigma", "-1", NULL);
    expect(1, "these: x2, noise, rain", "eval", "ipt", "--model", card(), "--data",
           in_folder("clean"), "--task", "fog", NULL);
    expect(1, "restores no pictures", "eval", "slab", "--data", in_folder("clean"), "--task",
           "rain", NULL);
    save("sizes/input/a.png", FALSE, 30, 20);
    save("sizes/gt/a.png", FALSE, 31, 20);
    expect(1, "has 31x20 pixels, but what is made of a.png has 30x20", "eval", "ipt", "--model",
           card(), "--data", in_folder("sizes"), NULL);
}

#define SCENES "eval", "slab", "--street", "scene", "--clips", "8", "--coded", "0", "--json"

/* What a network says of pictures that were restored first: the same, where nothing is done to
 * them, and something else where they were moved. */
static void test_first(void)
{
    g_auto(Outcome) without = vedette(SCENES, NULL);
    g_auto(Outcome) same = vedette(SCENES, "--restorer", card(), "--task", "noise", NULL);
    g_auto(Outcome) moved = vedette(SCENES, "--restorer", card(), "--task", "rain", NULL);
    g_assert_cmpint(without.status, ==, 0);
    g_assert_cmpint(same.status, ==, 0);
    g_assert_cmpint(moved.status, ==, 0);
    g_assert_nonnull(strstr(same.out, "\"restored\": \"little, noise\""));
    *strstr(without.out, "\"model\"") = '\0';
    *strstr(same.out, "\"model\"") = '\0';
    *strstr(moved.out, "\"model\"") = '\0';
    g_assert_cmpstr(same.out, ==, without.out);
    g_assert_cmpstr(moved.out, !=, without.out);
    expect(1, "makes pictures larger", SCENES, "--restorer", card(), "--task", "x2", NULL);
    expect(1, "these: x2, noise, rain", SCENES, "--restorer", card(), "--task", "fog", NULL);
    expect(1, "restores no", SCENES, "--restorer", "slab-scene", NULL);
    expect(1, "restores pictures itself", "eval", "ipt", "--model", card(), "--street",
           "--restorer", card(), NULL);
    expect(2, "--restorer belongs to --street", "eval", "slab", "--data", in_folder("clean"),
           "--restorer", card(), NULL);
}

static double way_of(JsonObject *object, const char *way, const char *name)
{
    return json_object_get_double_member(json_object_get_object_member(object, way), name);
}

/* A network that leaves pictures as they are has less noise before it, and no more where something
 * moves. */
static void test_gathered(void)
{
    g_auto(Outcome) o = vedette("eval", "ipt", "--model", card(), "--street", "--gather", "8",
                                "--task", "noise", "--clips", "2", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(o.out, NULL);
    JsonObject *object = json_node_get_object(node);
    double spoiled = way_of(object, "spoiled", "psnr_rgb");
    g_assert_cmpfloat(way_of(object, "alone", "psnr_rgb"), ==, spoiled);
    g_assert_cmpfloat(way_of(object, "gathered", "psnr_rgb"), >, spoiled + 3);
    g_assert_cmpint(json_object_get_int_member(object, "n_moving"), >, 0);
    g_assert_cmpfloat(way_of(object, "gathered", "moving_psnr_rgb"), >,
                      way_of(object, "spoiled", "moving_psnr_rgb") - 0.1);
    expect(2, "--gather is 1, but must be from 2", "eval", "ipt", "--model", card(), "--street",
           "--gather", "1", NULL);
    expect(2, "--gather belongs to --street", "eval", "ipt", "--model", card(), "--data",
           in_folder("clean"), "--gather", "4", NULL);
    expect(1, "restores no pictures", "eval", "slab", "--street", "scene", "--gather", "4", NULL);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_autofree char *dir = g_path_get_dirname(card());
    little_ipt_save(dir);
    g_test_add_func("/eval-restored/measures", test_measures);
    g_test_add_func("/eval-restored/bicubic", test_bicubic);
    g_test_add_func("/eval-restored/layouts", test_layouts);
    g_test_add_func("/eval-restored/pairs", test_pairs);
    g_test_add_func("/eval-restored/noise", test_noise);
    g_test_add_func("/eval-restored/spoiled", test_spoiled);
    g_test_add_func("/eval-restored/larger", test_larger);
    g_test_add_func("/eval-restored/names", test_names);
    g_test_add_func("/eval-restored/refused", test_refused);
    g_test_add_func("/eval-restored/first", test_first);
    g_test_add_func("/eval-restored/gathered", test_gathered);
    return fixture_close();
}
