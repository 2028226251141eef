/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What networks with a class for each pixel learn from, and how they are judged: pictures of the
 * street, the counting, and vedette train and eval as they are typed. */
#include <gio/gio.h>
#include <street.h>
#include <string.h>

#include "card.h"
#include "fixture.h"
#include "maptally.h"
#include "streetpictures.h"

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
    static const guint16 answers[] = {0, 1, 1, 2}, wrong[] = {2, 2, 2, 0};
    const ClipInfo night = {.condition = VDT_STREET_NIGHT, .coded = TRUE};
    const ClipInfo day = {.condition = VDT_STREET_DAY};
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

static void test_refused(void)
{
    g_autofree char *card = path_in("maps", "card.json");
    expect(1, "trained on that street", "eval", "cgrseg", "--street", "--model", card, "--seed",
           "1", NULL);
    g_autofree char *clips = g_build_filename(small_model(), "card.json", NULL);
    expect(1, "the network takes 1", "eval", "cgrseg", "--street", "--model", clips, NULL);
    expect(1, "\"frames\" is 1", "eval", "squeezetime", "--street", "--model", card, NULL);
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
    g_test_add_func("/maps/refused", test_refused);
    return fixture_close();
}
