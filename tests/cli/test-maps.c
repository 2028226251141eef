/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What networks with a class for each pixel learn from, and how they are judged: pictures of the
 * street, the counting, and vedette train and eval as they are typed. */
#include <cairo.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <street.h>
#include <string.h>

#include "card.h"
#include "data/labelpng.h"
#include "data/streetpictures.h"
#include "files.h"
#include "fixture.h"
#include "io/atomic-file.h"
#include "score/maptally.h"

#define TINY                                                                                       \
    "{\"backbone\": {\"stages\": 3, \"depths\": [1, 1, 1], \"widths\": [8, 8, 8],"                 \
    " \"expansion\": [[2], [2], [2]], \"vit_num\": 0},"                                            \
    " \"head\": {\"channels\": 8, \"dw_size\": 3, \"neck_size\": 3, \"next_repeat\": 1}}"
/* Begins an argument list; the output folder follows. */
#define TRAIN_TINY                                                                                 \
    "train", "cgrseg", "--street", "--config", TINY, "--size", "64x36", "--crop", "32x24",         \
        "--batch", "4", "--coded", "0", "--clips", "16", "--validation-clips", "4", "--threads",   \
        "2", "--cache-folder", in_folder("cache"), "--output"

/* Four pixels of three classes, one that does not count; then a picture of a class that was not
 * there before. */
static void test_tally(void)
{
    char *labels[] = {"a", "b", "c", "d", NULL};
    static const guint8 truth[] = {0, 0, 1, 255}, later[] = {2, 2, 2, 2};
    static const guint16 answers[] = {0, 1, 1, 2}, wrong[] = {2, 2, 2, 0},
                         later_right[] = {2, 2, 2, 2};
    const ClipInfo night = {.condition = VDT_STREET_NIGHT, .coded = TRUE};
    const ClipInfo day = {.condition = VDT_STREET_DAY}, rain = {.condition = VDT_STREET_RAIN};
    g_autoptr(MapTally) tally = map_tally_new(labels, 4);

    map_tally_add(tally, &night, truth, answers, 4, 1);
    /* a: 1 of 2, b: 1 of 2 (one more was answered); c and d do not count */
    g_assert_cmpfloat_with_epsilon(map_tally_get_mean_iou(tally), 0.5, 1e-12);
    map_tally_add(tally, &day, later, wrong, 4, 3);
    /* a: 1 of 3, b: 1 of 2, c: 3 of 4 */
    g_assert_cmpfloat_with_epsilon(map_tally_get_mean_iou(tally), (1 / 3.0 + 0.5 + 0.75) / 3,
                                   1e-12);
    g_assert_cmpfloat(map_tally_get_loss(tally), ==, 2);
    g_assert_cmpuint(map_tally_get_n(tally), ==, 2);

    g_autoptr(JsonObject) json = map_tally_to_json(tally);
    JsonObject *classes = json_object_get_object_member(json, "per_class");
    g_assert_cmpuint(json_object_get_size(classes), ==, 3);
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(json, "pixel_accuracy"), 5 / 7.0,
                                   1e-12);
    JsonObject *conditions = json_object_get_object_member(json, "per_condition");
    JsonObject *of_night = json_object_get_object_member(conditions, "night");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(of_night, "miou"), 0.5, 1e-12);
    JsonObject *coded = json_object_get_object_member(json, "coded");
    g_assert_cmpint(json_object_get_int_member(coded, "n"), ==, 1);
    JsonObject *uncoded = json_object_get_object_member(json, "uncoded");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(uncoded, "miou"), 0.375, 1e-12);

    /* Clean is by day and not coded. */
    map_tally_add(tally, &rain, later, later_right, 4, 3);
    g_autoptr(JsonObject) more = map_tally_to_json(tally);
    JsonObject *clean = json_object_get_object_member(more, "clean");
    g_assert_cmpint(json_object_get_int_member(clean, "n"), ==, 1);
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(clean, "miou"), 0.375, 1e-12);
    JsonObject *c =
        json_object_get_object_member(json_object_get_object_member(clean, "per_class"), "c");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(c, "iou"), 0.75, 1e-12);
    g_autoptr(JsonObject) scores = map_tally_to_scores(tally);
    g_assert_cmpfloat(json_object_get_double_member(scores, "clean.c"), ==, 0.75);
}

static ClipSet *open_pictures(guint width, guint height, guint endless)
{
    const ClipFormat format = {
        .width = width, .height = height, .frames = 1, .stored = 1, .mapped = TRUE};
    g_autoptr(GError) error = NULL;
    ClipSet *set = street_pictures_new(7, 3, 6, 0, endless, &format, &error);

    g_assert_no_error(error);
    return set;
}

static guint8 *fill(const ClipSet *set, guint item)
{
    g_autoptr(GError) error = NULL;
    guint8 *clip = g_malloc(clip_format_bytes(&set->format));

    g_assert_true(set->fill(set, item, clip, NULL, &error));
    g_assert_no_error(error);
    return clip;
}

/* Small pictures show what large ones do, with the same classes, and people are among them. */
static void test_pictures(void)
{
    g_autoptr(ClipSet) large = open_pictures(640, 360, 2), small = open_pictures(160, 90, 2);
    guint people = 0;

    for (guint item = 0; item < large->n_items; item++) {
        g_autofree guint8 *a = fill(large, item), *b = fill(small, item);
        const guint8 *classes = clip_format_classes(&large->format, a);
        const guint8 *few = clip_format_classes(&small->format, b);

        for (guint i = 0; i < 640 * 360; i++) {
            g_assert_cmpuint(classes[i], <, VDT_STREET_N_CLASSES);
            people += classes[i] == VDT_STREET_PERSON;
        }
        for (guint i = 0; i < 160 * 90; i++)
            g_assert_cmpuint(few[i], ==, classes[(4 * (i / 160) + 2) * 640 + 4 * (i % 160) + 2]);
    }
    g_assert_cmpuint(people, >, 0);
}

/* Endless streets are others than those of the list. */
static void test_endless(void)
{
    g_autoptr(ClipSet) list = open_pictures(64, 36, 0), both = open_pictures(64, 36, 2);
    guint same = 0;

    for (guint item = 0; item < list->n_items; item++) {
        g_autofree guint8 *a = fill(list, item), *b = fill(both, item);

        same += memcmp(a, b, clip_format_bytes(&list->format)) == 0;
    }
    g_assert_cmpuint(same, ==, list->n_items / 2);
}

/* Without their class are pieces of things that are small, and nothing else. */
static void test_ignored(void)
{
    g_autoptr(ClipSet) set = open_pictures(640, 360, 0), without = open_pictures(640, 360, 0);
    guint ignored = 0;

    street_pictures_ignore(without, 200);
    for (guint item = 0; item < set->n_items; item++) {
        g_autofree guint8 *a = fill(set, item), *b = fill(without, item);
        const guint8 *classes = clip_format_classes(&set->format, a);
        const guint8 *left = clip_format_classes(&set->format, b);

        for (guint i = 0; i < 640 * 360; i++) {
            gboolean thing = classes[i] == VDT_STREET_PERSON || classes[i] == VDT_STREET_VEHICLE ||
                             classes[i] == VDT_STREET_BAG || classes[i] == VDT_STREET_LAMP;

            g_assert_true(left[i] == classes[i] || (left[i] == 255 && thing));
            ignored += left[i] == 255;
            /* not a pixel in the midst of something */
            if (left[i] == 255 && i >= 640)
                g_assert_true(classes[i - 640] != classes[i] || left[i - 640] == 255);
        }
    }
    g_assert_cmpuint(ignored, >, 0);
}

static char *path_in(const char *folder, const char *name)
{
    return g_build_filename(in_folder(folder), name, NULL);
}

/* What is trained has a card that loads, scores, and is the same when trained again. */
static void test_train(void)
{
    g_autoptr(GError) error = NULL;
    gsize size[2];
    g_autofree char *first = NULL, *second = NULL;

    expect(0, "validation: mean IoU", TRAIN_TINY, in_folder("maps"), "--epochs", "3",
           "--crop-share", "0.5", NULL);
    expect(0, "validation: mean IoU", TRAIN_TINY, in_folder("again"), "--epochs", "3",
           "--crop-share", "0.5", NULL);
    g_autofree char *path = path_in("maps", "weights.safetensors");
    g_autofree char *other = path_in("again", "weights.safetensors");
    g_assert_true(g_file_get_contents(path, &first, &size[0], NULL));
    g_assert_true(g_file_get_contents(other, &second, &size[1], NULL));
    g_assert_cmpmem(first, size[0], second, size[1]);

    g_autofree char *card_path = path_in("maps", "card.json");
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(card_path, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(card->architecture, ==, "cgrseg");
    g_assert_cmpuint(card->n_labels, ==, VDT_STREET_N_CLASSES);
    g_assert_cmpstr(card->labels[VDT_STREET_BAG], ==, "bag");
    g_assert_cmpuint(card->width, ==, 64);
    g_assert_null(card->background);
}

/* It learns: more steps cover the street better, by far than one class everywhere. */
static void test_learns(void)
{
    expect(0, NULL, TRAIN_TINY, in_folder("learned"), "--epochs", "60", "--rate", "0.01", NULL);
    g_autofree char *card = path_in("learned", "card.json");
    g_auto(Outcome) eval = vedette("eval", "cgrseg", "--street", "--model", card, "--clips", "7",
                                   "--coded", "0", "--json", NULL);
    g_assert_cmpint(eval.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
    JsonObject *scores = json_node_get_object(node);
    JsonObject *classes = json_object_get_object_member(scores, "per_class");
    double iou =
        json_object_get_double_member(json_object_get_object_member(classes, "road"), "iou");
    g_assert_cmpfloat(iou, >, 0.4);
    g_assert_cmpint(json_object_get_int_member(scores, "n"), ==, 7);
    g_assert_cmpint(json_object_get_int_member(scores, "seed"), ==, 9000);
    g_assert_cmpfloat(json_object_get_double_member(scores, "pixel_accuracy"), >, 0.5);
}

static char *file_of_split(const char *folder, const char *kind, const char *split,
                           const char *name)
{
    return g_build_filename(in_folder(folder), kind, split, name, NULL);
}

static char *file_of(const char *folder, const char *kind, const char *name)
{
    return file_of_split(folder, kind, "validation", name);
}

static void make_split(const char *name, const char *split)
{
    g_autofree char *images = file_of_split(name, "images", split, NULL);
    g_autofree char *maps = file_of_split(name, "annotations", split, NULL);
    g_assert_cmpint(g_mkdir_with_parents(images, 0777), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(maps, 0777), ==, 0);
}

/* Pictures of the street with their classes, @shift added to them, as files. */
static void fill_split(const char *name, const char *split, guint n, guint shift)
{
    g_autoptr(ClipSet) set = open_pictures(64, 36, 2);
    static const guint32 colours[256] = {0};
    make_split(name, split);
    for (guint item = 0; item < n; item++) {
        g_autofree guint8 *clip = fill(set, item);
        g_autofree char *file = g_strdup_printf("%u.png", item);
        g_autofree char *image = file_of_split(name, "images", split, file);
        g_autofree char *map = file_of_split(name, "annotations", split, file);
        LabelPng classes = {64, 36, clip_format_classes(&set->format, clip)};
        cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 64, 36);
        guint32 *pixels = (guint32 *)(void *)cairo_image_surface_get_data(surface);
        for (guint i = 0; i < 64 * 36; i++) {
            pixels[i] = clip[3 * i] << 16 | clip[3 * i + 1] << 8 | clip[3 * i + 2];
            classes.classes[i] += shift;
        }
        cairo_surface_mark_dirty(surface);
        g_assert_cmpint(cairo_surface_write_to_png(surface, image), ==, CAIRO_STATUS_SUCCESS);
        cairo_surface_destroy(surface);
        g_assert_true(label_png_save(map, &classes, colours, 256, NULL));
    }
}

static void fill_folder(const char *name, guint shift)
{
    fill_split(name, "validation", 3, shift);
}

static JsonObject *eval_folder(const char *folder, const char *mode, const char *zero)
{
    g_autofree char *card = path_in("learned", "card.json");
    g_auto(Outcome) eval = vedette("eval", "cgrseg", "--data", in_folder(folder), "--model", card,
                                   "--mode", mode, "--json", zero, NULL);
    if (eval.status != 0)
        g_error("%s", eval.err);
    g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
    return json_node_dup_object(node);
}

/* Files are judged as what is drawn, in each mode, and counted from 1 if that is said. */
static void test_folder(void)
{
    fill_folder("files", 0);
    fill_folder("from-one", 1);
    g_autoptr(JsonObject) fixed = eval_folder("files", "fixed", NULL);
    g_autoptr(JsonObject) shifted = eval_folder("from-one", "fixed", "--zero-is-other");
    g_autoptr(JsonObject) whole = eval_folder("files", "whole", NULL);
    g_autoptr(JsonObject) slide = eval_folder("files", "slide", NULL);
    double score = json_object_get_double_member(fixed, "score");
    g_assert_cmpfloat(json_object_get_double_member(fixed, "pixel_accuracy"), >, 0.5);
    g_assert_cmpfloat(json_object_get_double_member(shifted, "score"), ==, score);
    g_assert_cmpint(json_object_get_int_member(whole, "n"), ==, 3);
    g_assert_cmpstr(json_object_get_string_member(slide, "mode"), ==, "slide");
    g_assert_cmpfloat(json_object_get_double_member(slide, "pixel_accuracy"), >, 0.3);
    g_assert_false(json_object_has_member(fixed, "per_condition"));
}

/* All that is wrong is listed, by file. */
static void test_bad_folder(void)
{
    g_autofree char *card = path_in("learned", "card.json");
    static const guint32 colours[256] = {0};
    fill_folder("bad", 0);
    g_autofree char *missing = file_of("bad", "annotations", "0.png");
    g_autofree char *colourful = file_of("bad", "annotations", "1.png");
    g_autofree char *image = file_of("bad", "images", "1.png");
    g_autofree char *other = file_of("bad", "annotations", "2.png");
    g_autofree char *text = NULL;
    gsize size;
    guint8 pixels[10] = {0};
    LabelPng small = {5, 2, pixels};
    g_unlink(missing);
    g_assert_true(g_file_get_contents(image, &text, &size, NULL));
    g_assert_true(g_file_set_contents(colourful, text, size, NULL));
    g_assert_true(label_png_save(other, &small, colours, 256, NULL));
    g_auto(Outcome) eval =
        vedette("eval", "cgrseg", "--data", in_folder("bad"), "--model", card, NULL);
    g_assert_cmpint(eval.status, ==, 1);
    g_assert_nonnull(strstr(eval.err, "3 pictures cannot be used"));
    g_assert_nonnull(strstr(eval.err, "0.png: No such file"));
    g_assert_nonnull(strstr(eval.err, "1.png: is no map of classes"));
    g_assert_nonnull(strstr(eval.err, "64x36 pixels, but the map of its classes has 5x2"));

    fill_folder("unknown", 200);
    expect(0, "has number 20", "eval", "cgrseg", "--data", in_folder("unknown"), "--model", card,
           NULL);
    expect(1, "images/test", "eval", "cgrseg", "--data", in_folder("bad"), "--model", card,
           "--split", "test", NULL);
}

/* Files that are cut short, or claim to be huge, are refused with a sentence. */
static void test_label_png(void)
{
    guint8 bits[8] = {0, 1, 1, 0, 1, 0, 0, 1};
    static const guint32 colours[2] = {0x102030, 0xff00ff};
    LabelPng map = {4, 2, bits};
    g_autofree char *path = g_strdup(in_folder("map.png")), *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;
    g_assert_true(label_png_save(path, &map, colours, 2, &error));
    g_assert_no_error(error);
    g_auto(LabelPng) read = {0};
    g_assert_true(label_png_load(path, &read, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(read.classes, 8, bits, 8);

    g_assert_true(g_file_get_contents(path, &text, &size, NULL));
    for (gsize cut = 0; cut < size - 12; cut += 3) {
        g_auto(LabelPng) none = {0};
        g_assert_true(g_file_set_contents(path, text, cut, NULL));
        g_assert_false(label_png_load(path, &none, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    /* a header of 2^30 pixels each side, whose checksum nobody gets to */
    memcpy(text + 16, "\x40\0\0\0\x40\0\0\0", 8);
    g_assert_true(g_file_set_contents(path, text, size, NULL));
    g_assert_false(label_png_load(path, &read, &error));
    g_assert_nonnull(error);
}

/* The map is the answer, pixel by pixel, and the overlay is the picture where colours are clear. */
static void test_infer(void)
{
    g_autofree char *card = path_in("learned", "card.json");
    g_autofree char *map = g_strdup(in_folder("answer.png"));
    g_autofree char *picture = file_of("files", "images", "1.png");
    g_autofree char *same = g_strdup(in_folder("same.png"));
    g_auto(Outcome) infer = vedette("infer", "--model", card, "--input", picture, "--output", map,
                                    "--overlay", same, "--opacity", "0", "--json", NULL);
    g_assert_cmpint(infer.status, ==, 0);
    g_auto(LabelPng) labels = {0};
    g_assert_true(label_png_load(map, &labels, NULL));
    g_assert_cmpuint(labels.width, ==, 64);
    g_assert_cmpuint(labels.height, ==, 36);

    g_autoptr(JsonNode) node = json_from_string(infer.out, NULL);
    JsonArray *results = json_object_get_array_member(json_node_get_object(node), "results");
    double all = 0;
    for (guint i = 0; i < json_array_get_length(results); i++) {
        JsonObject *result = json_array_get_object_element(results, i);
        gint64 class = json_object_get_int_member(result, "class");
        guint n = 0;
        for (guint k = 0; k < 64 * 36; k++)
            n += labels.classes[k] == class;
        double share = json_object_get_double_member(result, "share");
        g_assert_cmpfloat_with_epsilon(share, n / (64 * 36.0), 1e-9);
        all += share;
    }
    g_assert_cmpfloat_with_epsilon(all, 1, 1e-9);

    cairo_surface_t *a = cairo_image_surface_create_from_png(picture);
    cairo_surface_t *b = cairo_image_surface_create_from_png(same);
    g_assert_cmpint(cairo_image_surface_get_height(b), ==, 36);
    for (int y = 0; y < 36; y++)
        for (int x = 0; x < 64; x++) {
            gsize at = (gsize)y * cairo_image_surface_get_stride(a) + 4 * x;
            g_assert_cmpmem(cairo_image_surface_get_data(a) + at, 3,
                            cairo_image_surface_get_data(b) + at, 3);
        }
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);

    g_auto(Outcome) street =
        vedette("infer", "--model", card, "--input", "street:5", "--mode", "slide", NULL);
    g_assert_cmpint(street.status, ==, 0);
    g_assert_nonnull(strstr(street.out, "street:5, "));
    g_assert_nonnull(strstr(street.out, "mean IoU"));
}

static double get_number(const char *line, const char *name)
{
    g_autoptr(JsonNode) node = json_from_string(line, NULL);
    return json_object_get_double_member(json_node_get_object(node), name);
}

/* What infer shows as a picture of the street is what eval counts on. */
static void test_same_street(void)
{
    g_autofree char *card = path_in("learned", "card.json");
    g_auto(Outcome) infer =
        vedette("infer", "--model", card, "--input", "street:0", "--mode", "fixed", "--json", NULL);
    g_auto(Outcome) eval =
        vedette("eval", "cgrseg", "--street", "--model", card, "--clips", "1", "--json", NULL);
    g_assert_cmpint(infer.status, ==, 0);
    g_assert_cmpint(eval.status, ==, 0);
    g_assert_cmpfloat_with_epsilon(get_number(infer.out, "miou"), get_number(eval.out, "score"),
                                   1e-9);
}

/* Every picture of a video has its map and is in the film, at its time. */
static void test_video(void)
{
    g_autofree char *card = path_in("learned", "card.json");
    const char *video = make_video("ball.avi", "videotestsrc num-buffers=12 pattern=ball ! "
                                               "video/x-raw,width=65,height=37,framerate=20/1");
    g_autofree char *film = g_strdup(in_folder("film.mp4"));
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_auto(Outcome) o = vedette("infer", "--model", card, "--input", video, "--output",
                                in_folder("frames"), "--overlay", film, "--json", NULL);
    if (o.status == 1 && strstr(o.err, "H.264") != NULL) {
        g_test_skip("no H.264 encoder");
        return;
    }
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(o.out, NULL);
    JsonObject *answer = json_node_get_object(node);
    g_assert_cmpint(json_object_get_int_member(answer, "frames"), ==, 12);
    g_assert_cmpint(json_object_get_int_member(answer, "duration_ns"), ==, 11 * 50000000);
    for (guint i = 0; i < 13; i++) {
        g_autofree char *name = g_strdup_printf("%06u.png", i);
        g_autofree char *path = path_in("frames", name);
        g_auto(LabelPng) map = {0};
        g_assert_true(label_png_load(path, &map, NULL) == (i < 12));
        g_assert_cmpuint(map.width, ==, i < 12 ? 65 : 0);
    }

    /* Read again; its sides are even now. */
    g_autofree char *pattern = g_strdup(in_folder("f%03dx.png"));
    g_auto(Outcome) again =
        vedette("infer", "--model", card, "--input", film, "--output", pattern, "--json", NULL);
    g_assert_cmpint(again.status, ==, 0);
    g_autoptr(JsonNode) second = json_from_string(again.out, NULL);
    g_assert_cmpint(json_object_get_int_member(json_node_get_object(second), "frames"), ==, 12);
    g_assert_cmpint(json_object_get_int_member(json_node_get_object(second), "width"), ==, 66);
    g_assert_cmpint(
        json_object_get_int_member(json_node_get_object(second), "duration_ns") / 1000000, ==, 550);
    g_assert_true(g_file_test(in_folder("f011x.png"), G_FILE_TEST_EXISTS));
    expect(1, "is the input", "infer", "--model", card, "--input", film, "--overlay", film, NULL);
    expect(1, "nowhere", "infer", "--model", card, "--input", video, "--overlay",
           in_folder("nowhere/film.mkv"), NULL);
}

/* A folder is its pictures, one by one; one that is of no use does not end the others. */
static void test_folder_input(void)
{
    g_autofree char *card = path_in("learned", "card.json");
    fill_split("album", "validation", 3, 0);
    g_autofree char *folder = file_of("album", "images", NULL);
    g_autofree char *hidden = file_of("album", "images", "._0.png");
    g_autofree char *maps = g_strdup(in_folder("album-maps"));
    g_autofree char *drawn = g_strdup(in_folder("album-drawn"));
    g_assert_true(g_file_set_contents(hidden, "no pixels", -1, NULL));
    g_auto(Outcome) o = vedette("infer", "--model", card, "--input", folder, "--output", maps,
                                "--overlay", drawn, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_auto(GStrv) lines = g_strsplit(o.out, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("%u.png", i);
        g_autofree char *picture = g_build_filename(folder, name, NULL);
        g_autofree char *map = g_build_filename(maps, name, NULL);
        g_autofree char *overlay = g_build_filename(drawn, name, NULL);
        g_auto(Outcome) one = vedette("infer", "--model", card, "--input", picture, "--output",
                                      in_folder("one.png"), "--json", NULL);
        g_auto(LabelPng) a = {0}, b = {0};
        g_assert_true(g_str_has_prefix(one.out, lines[i]));
        g_assert_true(label_png_load(map, &a, NULL));
        g_assert_true(label_png_load(in_folder("one.png"), &b, NULL));
        g_assert_cmpmem(a.classes, 64 * 36, b.classes, 64 * 36);
        g_assert_true(g_file_test(overlay, G_FILE_TEST_IS_REGULAR));
    }
    g_autofree char *bad = file_of("album", "images", "1.png");
    g_assert_true(g_file_set_contents(bad, "no pixels", -1, NULL));
    g_auto(Outcome) some = vedette("infer", "--model", card, "--input", folder, NULL);
    g_assert_cmpint(some.status, ==, 1);
    g_assert_nonnull(strstr(some.err, "1 of 3 pictures failed"));
    g_assert_nonnull(strstr(strstr(some.out, "64x36") + 1, "64x36"));
    expect(2, "is both --output and --overlay", "infer", "--model", card, "--input", folder,
           "--output", maps, "--overlay", maps, NULL);
}

/* Bytes of what will be the file of that name in the tests' folder. */
static goffset size_so_far(const char *name)
{
    g_autofree char *pattern = g_strconcat(name, VDT_ATOMIC_FILE_LEFTOVERS, NULL);
    g_autoptr(GDir) dir = g_dir_open(in_folder("."), 0, NULL);
    GStatBuf written;
    for (const char *file; (file = g_dir_read_name(dir)) != NULL;)
        if (g_pattern_match_simple(pattern, file) && g_stat(in_folder(file), &written) == 0)
            return written.st_size;
    return 0;
}

/* A film that is stopped in the middle can be played up to there. */
static void test_stopped(void)
{
    g_autofree char *card = path_in("learned", "card.json");
    const char *video = make_video("long.avi", "videotestsrc num-buffers=6000 pattern=ball ! "
                                               "video/x-raw,width=64,height=36,framerate=20/1");
    g_autofree char *film = g_strdup(in_folder("stopped.mkv"));
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, g_getenv("VEDETTE_EXE"), "infer",
                         "--model", card, "--input", video, "--overlay", film, NULL);
    g_assert_no_error(error);
    for (guint i = 0; i < 60000 && size_so_far("stopped.mkv") < 1000; i++)
        g_usleep(1000);
    g_subprocess_send_signal(process, SIGINT);
    g_autofree char *says = NULL;
    g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &says, &error);
    g_assert_no_error(error);
    if (strstr(says, "no H.264 encoder") != NULL) {
        g_test_skip("no H.264 encoder");
        return;
    }
    g_assert_cmpint(g_subprocess_get_exit_status(process), ==, 128 + SIGINT);
    g_assert_nonnull(strstr(says, "stopped after picture"));
    guint64 stopped = g_ascii_strtoull(strstr(says, "picture ") + strlen("picture "), NULL, 10);
    g_assert_cmpuint(stopped, >, 0);
    g_assert_cmpuint(stopped, <, 6000);
    g_auto(Outcome) again = vedette("infer", "--model", card, "--input", film, "--output",
                                    in_folder("of-stopped"), "--json", NULL);
    g_assert_cmpint(again.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(again.out, NULL);
    g_assert_cmpuint(json_object_get_int_member(json_node_get_object(node), "frames"), ==, stopped);
}

/* A picture that claims to be huge. */
static void test_huge(void)
{
    static const guint8 head[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x86\xa0\0\1\x86\xa0\10\2\0\0\0";
    g_autofree char *card = path_in("learned", "card.json");
    g_assert_true(
        g_file_set_contents(in_folder("huge.png"), (const char *)head, sizeof head, NULL));
    expect(1, "100000x100000 pixels, the limit is 268435456", "infer", "--model", card, "--input",
           in_folder("huge.png"), NULL);
}

/* Pictures to learn from, to validate on, and the names of their classes. */
static void make_lessons(const char *name, guint shift)
{
    g_autofree char *labels = path_in(name, "labels.txt");
    fill_split(name, "training", 6, shift);
    fill_split(name, "validation", 3, shift);
    g_assert_true(g_file_set_contents(
        labels, "sky\nbuilding\nroad\npavement\ntree\nperson\nvehicle\nbag\nlamp\n", -1, NULL));
}

#define TRAIN_FOLDER                                                                               \
    "train", "cgrseg", "--size", "64x36", "--crop", "32x24", "--batch", "2", "--threads", "2",     \
        "--precision", "f32", "--cache-folder", in_folder("cache"), "--data"

static VdtWeights *weights_of(const char *folder)
{
    g_autofree char *path = path_in(folder, "weights.safetensors");
    VdtWeights *weights = vdt_weights_load(path, NULL);
    g_assert_nonnull(weights);
    return weights;
}

static gboolean same_tensors(VdtWeights *a, VdtWeights *b, const char *prefix)
{
    gboolean same = TRUE;
    for (guint i = 0; i < vdt_weights_get_n_tensors(a); i++) {
        const char *name = vdt_weights_get_name(a, i);
        const VdtTensor *x = vdt_weights_get_tensor(a, i), *y = vdt_weights_lookup(b, name);
        if (!g_str_has_prefix(name, prefix))
            continue;
        g_assert_nonnull(y);
        same = same && x->n_bytes == y->n_bytes && memcmp(x->data, y->data, x->n_bytes) == 0;
    }
    return same;
}

/* Pictures and maps of a folder are learned; where their numbers begin makes no difference. */
static void test_train_folder(void)
{
    g_autoptr(GError) error = NULL;
    make_lessons("lessons", 0);
    make_lessons("lessons-from-one", 1);
    expect(0, "validation: mean IoU", TRAIN_FOLDER, in_folder("lessons"), "--config", TINY,
           "--epochs", "100", "--rate", "0.01", "--output", in_folder("learnt"), NULL);
    g_autofree char *path = path_in("learnt", "card.json");
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(card->n_labels, ==, 9);
    g_assert_cmpint(card->framing, ==, VDT_FRAMING_FIT);
    g_auto(Outcome) eval = vedette("eval", "cgrseg", "--data", in_folder("lessons"), "--split",
                                   "training", "--mode", "fixed", "--json", "--model", path, NULL);
    g_assert_cmpint(eval.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
    g_assert_cmpfloat(json_object_get_double_member(json_node_get_object(node), "pixel_accuracy"),
                      >, 0.5);

    const char *const folders[] = {"lessons", "lessons-from-one"};
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        expect(0, NULL, TRAIN_FOLDER, in_folder(folders[i]), "--config", TINY, "--epochs", "2",
               "--output", in_folder(i == 0 ? "short" : "short-from-one"),
               i == 0 ? NULL : "--zero-is-other", NULL);
    g_autoptr(VdtWeights) a = weights_of("short"), b = weights_of("short-from-one");
    g_assert_true(same_tensors(a, b, ""));
    /* The card knows how its maps count. */
    double accuracies[2];
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *model = path_in(i == 0 ? "short" : "short-from-one", "card.json");
        g_auto(Outcome) o = vedette("eval", "cgrseg", "--data", in_folder(folders[i]), "--split",
                                    "training", "--model", model, "--json", NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_autoptr(JsonNode) parsed = json_from_string(o.out, NULL);
        accuracies[i] =
            json_object_get_double_member(json_node_get_object(parsed), "pixel_accuracy");
    }
    g_assert_cmpfloat(accuracies[0], ==, accuracies[1]);
}

/* The same picture, lying on its side, with the word in its EXIF that the side is up: the
 * orientation 6, whose first row is shown at the right, and first column at the top. */
static void lay_down(const char *path)
{
    static const guint8 exif[] = {0, 0, 0, 26, 101, 88, 73, 102, 77,  77,  0,  42, 0,
                                  0, 0, 8, 0,  1,   1,  18, 0,   3,   0,   0,  0,  1,
                                  0, 6, 0, 0,  0,   0,  0,  0,   214, 103, 75, 105};
    cairo_surface_t *up = cairo_image_surface_create_from_png(path);
    const int width = cairo_image_surface_get_width(up);
    const int height = cairo_image_surface_get_height(up);
    cairo_surface_t *lying = cairo_image_surface_create(CAIRO_FORMAT_RGB24, height, width);
    const guint32 *from = (guint32 *)(void *)cairo_image_surface_get_data(up);
    guint32 *to = (guint32 *)(void *)cairo_image_surface_get_data(lying);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            to[(width - 1 - x) * (cairo_image_surface_get_stride(lying) / 4) + y] =
                from[y * (cairo_image_surface_get_stride(up) / 4) + x];
    cairo_surface_mark_dirty(lying);
    g_assert_cmpint(cairo_surface_write_to_png(lying, path), ==, CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(up);
    cairo_surface_destroy(lying);
    g_autofree char *data = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_autoptr(GByteArray) all = g_byte_array_new();
    const guint header = 8 + 25; /* the signature and the chunk that comes first */
    g_byte_array_append(all, (const guint8 *)data, header);
    g_byte_array_append(all, exif, sizeof exif);
    g_byte_array_append(all, (const guint8 *)data + header, size - header);
    g_assert_true(g_file_set_contents(path, (const char *)all->data, all->len, NULL));
}

/* Photographs that are to be turned lie under their maps as those that are upright: the same is
 * learned from both, and the same is said of them. */
static void test_turned_lessons(void)
{
    make_lessons("turned", 0);
    for (guint i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("%u.png", i);
        g_autofree char *lesson = file_of_split("turned", "images", "training", name);
        g_autofree char *check = file_of("turned", "images", name);
        lay_down(lesson);
        if (i < 3)
            lay_down(check);
    }
    g_autofree char *hidden = file_of_split("turned", "images", "training", "._0.png");
    g_assert_true(g_file_set_contents(hidden, "no pixels\n", -1, NULL));
    expect(0, NULL, TRAIN_FOLDER, in_folder("turned"), "--config", TINY, "--epochs", "2",
           "--output", in_folder("short-turned"), NULL);
    g_autoptr(VdtWeights) a = weights_of("short"), b = weights_of("short-turned");
    g_assert_true(same_tensors(a, b, ""));

    g_autofree char *card = path_in("learnt", "card.json");
    const char *const folders[] = {"lessons", "turned"};
    double scores[2];
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_auto(Outcome) eval = vedette("eval", "cgrseg", "--data", in_folder(folders[i]), "--json",
                                       "--model", card, NULL);
        g_assert_cmpint(eval.status, ==, 0);
        scores[i] = get_number(eval.out, "score");
    }
    g_assert_cmpfloat(scores[0], ==, scores[1]);

    g_autofree char *picture = file_of("turned", "images", "0.png");
    g_autofree char *map = file_of("turned", "annotations", "0.png");
    g_auto(Outcome) infer = vedette("infer", "--model", card, "--input", picture, "--json", NULL);
    g_assert_cmpint(infer.status, ==, 0);
    g_assert_cmpfloat(get_number(infer.out, "width"), ==, 64);

    /* A map of the picture as it is stored would be learned wrongly. */
    guint8 classes[36 * 64] = {0};
    const LabelPng lying = {36, 64, classes};
    static const guint32 colours[256] = {0};
    g_assert_true(label_png_save(map, &lying, colours, 256, NULL));
    expect(1, "has 36x64; a map lies as its picture is shown", "eval", "cgrseg", "--data",
           in_folder("turned"), "--model", card, NULL);
}

/* A classifier's weights are the backbone, under names without its prefix. */
static void test_backbone(void)
{
    g_autoptr(VdtWeights) trained = weights_of("learnt"), classifier = vdt_weights_new();
    VdtShape shape = vdt_shape(1000, 8);
    g_autoptr(VdtTensor) head = vdt_tensor_new(VDT_F32, &shape, NULL);
    for (guint i = 0; i < vdt_weights_get_n_tensors(trained); i++) {
        const char *name = vdt_weights_get_name(trained, i);
        if (g_str_has_prefix(name, "backbone."))
            vdt_weights_insert(classifier, name + strlen("backbone."),
                               vdt_weights_get_tensor(trained, i));
    }
    vdt_weights_insert(classifier, "dist_head.weight", head);
    g_autofree char *file = g_strdup(in_folder("classifier.safetensors"));
    g_assert_true(vdt_weights_save_safetensors(classifier, file, NULL));
    expect(0, "is a backbone; all else begins at random", TRAIN_FOLDER, in_folder("lessons"),
           "--config", TINY, "--weights", file, "--backbone-rate", "0", "--freeze-norms",
           "--epochs", "2", "--output", in_folder("on-backbone"), NULL);
    g_autoptr(VdtWeights) after = weights_of("on-backbone");
    g_assert_true(same_tensors(trained, after, "backbone."));
    g_assert_false(same_tensors(trained, after, "decode_head."));
    expect(1, "--config does", TRAIN_FOLDER, in_folder("lessons"), "--weights", file, "--output",
           in_folder("wrong"), NULL);
    /* A whole network needs no configuration. */
    expect(0, NULL, TRAIN_FOLDER, in_folder("lessons"), "--weights",
           in_folder("learnt/weights.safetensors"), "--epochs", "1", "--output",
           in_folder("further"), NULL);
}

/* What is wrong with a folder is said before anything is trained. */
static void test_bad_lessons(void)
{
    make_lessons("bad-lessons", 0);
    g_autofree char *map = file_of_split("bad-lessons", "annotations", "training", "2.png");
    g_autofree char *other = file_of_split("bad-lessons", "annotations", "training", "4.png");
    g_autofree char *labels = path_in("bad-lessons", "labels.txt");
    g_assert_true(g_file_set_contents(map, "no picture", -1, NULL));
    g_assert_true(g_file_set_contents(other, "no picture", -1, NULL));
    g_auto(Outcome) unreadable = vedette(TRAIN_FOLDER, in_folder("bad-lessons"), "--config", TINY,
                                         "--output", in_folder("wrong"), NULL);
    g_assert_cmpint(unreadable.status, ==, 1);
    g_assert_nonnull(strstr(unreadable.err, map));
    g_assert_nonnull(strstr(unreadable.err, other));
    g_assert_cmpint(g_unlink(map), ==, 0);
    g_assert_cmpint(g_unlink(other), ==, 0);
    g_auto(Outcome) missing = vedette(TRAIN_FOLDER, in_folder("bad-lessons"), "--config", TINY,
                                      "--output", in_folder("wrong"), NULL);
    g_assert_cmpint(missing.status, ==, 1);
    g_assert_nonnull(strstr(missing.err, "2 pictures of"));
    g_assert_nonnull(strstr(missing.err, map));
    g_assert_nonnull(strstr(missing.err, other));
    g_assert_cmpint(g_unlink(labels), ==, 0);
    expect(1, "labels.txt: is needed", TRAIN_FOLDER, in_folder("bad-lessons"), "--config", TINY,
           "--output", in_folder("wrong"), NULL);
    expect(1, "images/training", TRAIN_FOLDER, in_folder("files"), "--config", "T-ade20k", "--size",
           "64x64", "--crop", "none", "--output", in_folder("wrong"), NULL);
}

/* The model that comes with Vedette, on a few pictures of each condition. */
static void test_shipped(void)
{
    g_auto(Outcome) eval = vedette("eval", "cgrseg", "--street", "--model", "cgrseg-street",
                                   "--clips", "84", "--coded", "0", "--json", NULL);
    g_assert_cmpint(eval.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
    double score = json_object_get_double_member(json_node_get_object(node), "score");
    g_assert_cmpfloat(score, >, 0.72);

    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "models", "cgrseg", "models",
                                                  "cgrseg-street", "card.json", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) card = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    JsonObject *training = json_object_get_object_member(card, "training");
    JsonObject *scores = json_object_get_object_member(training, "scores");
    g_assert_cmpint(json_object_get_int_member(training, "world_version"), ==, VDT_STREET_VERSION);
    g_assert_cmpint(json_object_get_int_member(training, "seconds"), <=, 3600);
    g_assert_cmpint(json_object_get_int_member(scores, "n"), ==, 2000);
    g_assert_cmpfloat(json_object_get_double_member(scores, "miou"), >=, 0.75);
    g_assert_cmpfloat(json_object_get_double_member(scores, "condition.day"), >=, 0.75);
    g_assert_cmpfloat(json_object_get_double_member(scores, "coded"), >=,
                      json_object_get_double_member(scores, "uncoded") - 0.05);
}

static void test_refused(void)
{
    g_autofree char *card = path_in("maps", "card.json");
    expect(1, "trained on that street", "eval", "cgrseg", "--street", "--model", card, "--seed",
           "1", NULL);
    g_autofree char *clips = g_build_filename(small_model(), "card.json", NULL);
    expect(1, "the network takes 1", "eval", "cgrseg", "--street", "--model", clips, NULL);
    expect(1, "\"frames\" is 1", "eval", "squeezetime", "--street", "--model", card, NULL);
    expect(1, "a number", "infer", "--model", card, "--input", "street:wave", NULL);
    expect(1, "nowhere", "infer", "--model", card, "--input", "street:1", "--output",
           in_folder("nowhere/map.png"), NULL);
    expect(1, "nowhere", "infer", "--model", card, "--input", "street:1", "--overlay",
           in_folder("nowhere/map.png"), NULL);
    expect(1, "with a class for each pixel", "infer", "--model", clips, "--input", "street:1",
           "--overlay", in_folder("overlay.png"), NULL);
    expect(1, "is for clips", "infer", "--model", card, "--input", "x.png", "--views", "test",
           NULL);
    expect(2, "--opacity is 2", "infer", "--model", card, "--input", "street:1", "--opacity", "2",
           NULL);
    expect(2, "--mode is", "infer", "--model", card, "--input", "street:1", "--mode", "part", NULL);
    expect(2, "must end in .npy or .png", "infer", "--model", card, "--input", "street:1",
           "--output", "map.jpg", NULL);
    static const struct {
        const char *output, *overlay, *says;
    } names[] = {{"a%d%d.png", NULL, "must have one number"},
                 {"a%s.png", NULL, "must have one number"},
                 {"a%d.jpg", NULL, "must have one number"},
                 {"a.png", "b.mp4", "--output is a folder"},
                 {"maps", "b.png", "--overlay ends in .mp4"},
                 {"a.png", "b.jpg", "--overlay must end in .png"}};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        expect(2, names[i].says, "infer", "--model", card, "--input", "x.mp4", "--output",
               names[i].output, names[i].overlay != NULL ? "--overlay" : NULL, names[i].overlay,
               NULL);
    expect(2, "is one picture", "infer", "--model", card, "--input", "street:1", "--output", "maps",
           NULL);
    expect(2, "--crop is", TRAIN_TINY, in_folder("wrong"), "--crop", "x", NULL);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/maps/tally", test_tally);
    g_test_add_func("/maps/pictures", test_pictures);
    g_test_add_func("/maps/endless", test_endless);
    g_test_add_func("/maps/ignored", test_ignored);
    g_test_add_func("/maps/train", test_train);
    g_test_add_func("/maps/learns", test_learns);
    g_test_add_func("/maps/label-png", test_label_png);
    g_test_add_func("/maps/folder", test_folder);
    g_test_add_func("/maps/bad-folder", test_bad_folder);
    g_test_add_func("/maps/infer", test_infer);
    g_test_add_func("/maps/same-street", test_same_street);
    g_test_add_func("/maps/video", test_video);
    g_test_add_func("/maps/folder-input", test_folder_input);
    g_test_add_func("/maps/stopped", test_stopped);
    g_test_add_func("/maps/huge", test_huge);
    g_test_add_func("/maps/train-folder", test_train_folder);
    g_test_add_func("/maps/turned-lessons", test_turned_lessons);
    g_test_add_func("/maps/backbone", test_backbone);
    g_test_add_func("/maps/bad-lessons", test_bad_lessons);
    g_test_add_func("/maps/shipped", test_shipped);
    g_test_add_func("/maps/refused", test_refused);
    return fixture_close();
}
