/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What networks that classify pictures learn from, and how they are judged: what cameras do wrong,
 * scenes and boxes of the street, folders of classes, and vedette train and eval as they are typed.
 */
#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>
#include <street.h>
#include <string.h>

#include "card.h"
#include "data/cleanpictures.h"
#include "data/colours.h"
#include "data/spoil.h"
#include "data/streetboxes.h"
#include "data/streetrestorations.h"
#include "data/streetscenes.h"
#include "data/textures.h"
#include "fixture.h"
#include "score/grouptally.h"

#define WIDTH  320
#define HEIGHT 180

static guint8 *draw_texture(guint64 seed, VdtPicture *picture)
{
    guint8 *pixels = g_malloc(3 * WIDTH * HEIGHT);

    *picture = (VdtPicture){pixels, WIDTH, HEIGHT, 3 * WIDTH};
    texture_draw(seed, picture);
    return pixels;
}

/* How much pixels differ from the ones beside them, and below them. */
static void measure_edges(const VdtPicture *picture, double *across, double *down)
{
    *across = *down = 0;
    for (guint y = 0; y + 1 < picture->height; y++)
        for (guint i = 0; i < 3 * (picture->width - 1); i++) {
            const guint8 *at = picture->data + y * picture->stride + i;

            *across += abs(at[0] - at[3]);
            *down += abs(at[0] - at[picture->stride]);
        }
    *across /= 3.0 * picture->width * picture->height;
    *down /= 3.0 * picture->width * picture->height;
}

/* The share of pixels that are as bright as can be. */
static double measure_white(const VdtPicture *picture)
{
    guint n = 0;

    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        n += picture->data[3 * i] > 250 && picture->data[3 * i + 1] > 250;
    return (double)n / (WIDTH * HEIGHT);
}

/* The share of blocks of 20 x 20 pixels in which nothing is to be seen. */
static double measure_empty(const VdtPicture *picture)
{
    guint n = 0;

    for (guint y = 0; y < HEIGHT; y += 20)
        for (guint x = 0; x < WIDTH; x += 20) {
            VdtPicture block = {picture->data + y * picture->stride + 3 * x, 20, 20,
                                picture->stride};
            double across, down;

            measure_edges(&block, &across, &down);
            n += across + down < 1.5;
        }
    return (double)n / (WIDTH / 20 * HEIGHT / 20);
}

/* Each fault does to every picture what it is called, and the same each time. */
static void test_faults(void)
{
    double sharp = 0, focus = 0, shaken = 0, empty = 0, covered = 0;

    for (guint64 seed = 0; seed < 24; seed++)
        for (CameraState state = 0; state < CAMERA_N_STATES; state++) {
            VdtPicture a, b;
            double across, down;
            g_autofree guint8 *first = draw_texture(seed, &a), *second = draw_texture(seed, &b);

            measure_edges(&a, &across, &down);
            sharp += state == CAMERA_SHARP ? across + down : 0;
            empty += state == CAMERA_SHARP ? measure_empty(&a) : 0;
            camera_fault_apply(state, seed, &a);
            if (state == CAMERA_SHARP)
                g_assert_cmpmem(first, 3 * WIDTH * HEIGHT, second, 3 * WIDTH * HEIGHT);
            else
                g_assert_cmpint(memcmp(first, second, 3 * WIDTH * HEIGHT), !=, 0);
            camera_fault_apply(state, seed, &b);
            g_assert_cmpmem(first, 3 * WIDTH * HEIGHT, second, 3 * WIDTH * HEIGHT);
            measure_edges(&a, &across, &down);
            if (state == CAMERA_OUT_OF_FOCUS)
                focus += across + down;
            else if (state == CAMERA_SHAKEN)
                shaken += MIN(across, down);
            else if (state == CAMERA_BLINDED)
                g_assert_cmpfloat(measure_white(&a), >, 0.2);
            else if (state == CAMERA_COVERED)
                covered += measure_empty(&a);
        }
    g_assert_cmpfloat(focus, <, 0.4 * sharp);
    g_assert_cmpfloat(shaken, <, 0.25 * sharp);
    g_assert_cmpfloat(covered, >, empty + 24 * 0.3);
}

static void test_darkness(void)
{
    for (guint64 seed = 0; seed < 16; seed++) {
        VdtPicture picture;
        g_autofree guint8 *pixels = draw_texture(seed, &picture);
        double before = camera_get_brightness(&picture);

        camera_darken(seed, &picture);
        g_assert_cmpfloat(camera_get_brightness(&picture), <, 0.5 * before + 8);
    }
    VdtPicture grey;
    g_autofree guint8 *pixels = draw_texture(1, &grey);
    double sum = 0, squares = 0, n = 3 * WIDTH * HEIGHT;
    memset(pixels, 128, 3 * WIDTH * HEIGHT);
    camera_add_noise(10, 7, &grey);
    for (guint i = 0; i < n; i++) {
        sum += pixels[i] - 128;
        squares += (pixels[i] - 128) * (pixels[i] - 128);
    }
    g_assert_cmpfloat(fabs(sum / n), <, 0.1);
    g_assert_cmpfloat_with_epsilon(sqrt(squares / n), 10, 0.2);
}

static void test_colours(void)
{
    static const struct {
        guint32 rgb;
        ColourName name;
    } known[] = {
        {0xb23a32, COLOUR_RED},    {0x6d2b3a, COLOUR_RED},    {0xd9722e, COLOUR_ORANGE},
        {0xa36b3f, COLOUR_BROWN},  {0xe2b33c, COLOUR_YELLOW}, {0x2f6b4f, COLOUR_GREEN},
        {0x7d8f3a, COLOUR_GREEN},  {0x2c5d9b, COLOUR_BLUE},   {0x31445c, COLOUR_BLUE},
        {0x6b4c93, COLOUR_PURPLE}, {0xb8456f, COLOUR_PINK},   {0xe7a3a3, COLOUR_PINK},
        {0x23262e, COLOUR_BLACK},  {0x8b9097, COLOUR_GREY},   {0xf1eee8, COLOUR_WHITE},
        {0x000000, COLOUR_BLACK},  {0xffffff, COLOUR_WHITE},  {0xff0000, COLOUR_RED},
    };

    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        g_assert_cmpstr(colour_name(colour_find_name(known[i].rgb >> 16, known[i].rgb >> 8 & 255,
                                                     known[i].rgb & 255)),
                        ==, colour_name(known[i].name));
}

static ClipSet *open_set(const StreetTask *task, guint64 seed, guint first, guint n, guint side)
{
    const ClipFormat format = {.width = side, .height = side, .frames = 1, .stored = 1};
    g_autoptr(GError) error = NULL;
    ClipSet *set = task->open(seed, first, n, 0, &format, &error);

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

/* Pictures and labels depend on seed and number alone, not on who asks for what before. */
static void check_same(const StreetTask *task)
{
    g_autoptr(ClipSet) all = open_set(task, 5, 0, 24, 64), part = open_set(task, 5, 16, 8, 64);
    g_autoptr(ClipSet) other = open_set(task, 6, 0, 24, 64);
    gsize bytes = clip_format_bytes(&all->format);
    guint same = 0;

    g_assert_cmpstr(all->key, !=, part->key);
    g_assert_cmpstr(all->key, !=, other->key);
    for (guint i = 0; i < 8; i++) {
        g_autofree guint8 *a = fill(all, 16 + i), *b = fill(part, i), *c = fill(other, 16 + i);
        ClipInfo x = all->info(all, 16 + i), y = part->info(part, i);

        g_assert_cmpmem(a, bytes, b, bytes);
        g_assert_cmpmem(x.answers, sizeof x.answers, y.answers, sizeof y.answers);
        same += memcmp(a, c, bytes) == 0;
    }
    g_assert_cmpuint(same, ==, 0);
}

static void test_same(void)
{
    check_same(&street_scenes_task);
    check_same(&street_boxes_task);
    check_same(&street_restorations_task);
}

/* The groups share out the labels, in order, and answers are within theirs. */
static void check_groups(const StreetTask *task)
{
    g_autoptr(ClipSet) set = open_set(task, 3, 0, 64, 16);
    guint n = 0;

    for (guint i = 0; i < set->n_groups; i++) {
        g_assert_cmpuint(set->groups[i].first, ==, n);
        n += set->groups[i].n_labels;
    }
    g_assert_cmpuint(n, ==, set->n_labels);
    for (guint item = 0; item < set->n_items; item++) {
        ClipInfo info = set->info(set, item);

        for (guint i = 0; i < set->n_groups; i++)
            g_assert_true(info.answers[i] < set->groups[i].n_labels ||
                          info.answers[i] == CLIP_NO_ANSWER);
    }
}

static void test_groups(void)
{
    check_groups(&street_scenes_task);
    check_groups(&street_boxes_task);
    check_groups(&street_restorations_task);
    g_autoptr(GError) error = NULL;
    g_assert_true(street_task_find("scene", NULL) == &street_scenes_task);
    g_assert_null(street_task_find("weather", &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "scene, object, restoration"));
}

/* Four in ten are clean, and what they are without; the others are not, each kind as often. */
static void test_restorations(void)
{
    const ClipFormat format = {.width = 384, .height = 216, .frames = 1, .stored = 1};
    g_autoptr(ClipSet) set = street_restorations_task.open(11, 0, 240, 0, &format, NULL);
    g_autoptr(ClipSet) clean = clean_pictures_new(11, 0, 240, 384, 216);
    g_autofree guint8 *without = g_malloc(3 * 384 * 216);
    const double wanted = 240 * 0.6 / SPOIL_N_KINDS;
    guint counts[1 + SPOIL_N_KINDS] = {0}, street = 0;

    for (guint item = 0; item < set->n_items; item++) {
        const guint label = set->info(set, item).answers[0];

        street += !set->info(set, item).textured;
        if (counts[label]++ > 2)
            continue;
        g_autofree guint8 *picture = fill(set, item);
        g_assert_true(clean->fill(clean, item, without, NULL, NULL));
        g_assert_true((memcmp(picture, without, 3 * 384 * 216) == 0) == (label == 0));
    }
    g_assert_cmpuint(street, ==, 80);
    g_assert_cmpuint(ABS((int)counts[0] - 96), <, 24);
    for (guint i = 1; i <= SPOIL_N_KINDS; i++)
        g_assert_cmpfloat(fabs(counts[i] - wanted), <, 14);
}

/* What is labelled as dark is dark, as snow is white; who cannot see is asked nothing. */
static void test_scenes(void)
{
    g_autoptr(ClipSet) set = open_set(&street_scenes_task, 11, 0, 240, 64);
    double light[2] = {0}, count[2] = {0};
    guint cameras[CAMERA_N_STATES] = {0}, weathers[4] = {0}, textured = 0;

    for (guint item = 0; item < set->n_items; item++) {
        g_autofree guint8 *clip = fill(set, item);
        VdtPicture picture = clip_format_picture(&set->format, clip, 0);
        ClipInfo info = set->info(set, item);
        guint camera = info.answers[SCENE_CAMERA];

        cameras[camera]++;
        textured += info.textured;
        if (info.answers[SCENE_LIGHT] != CLIP_NO_ANSWER) {
            light[info.answers[SCENE_LIGHT]] += camera_get_brightness(&picture);
            count[info.answers[SCENE_LIGHT]]++;
        }
        if (camera == CAMERA_COVERED || camera == CAMERA_BLINDED)
            g_assert_cmpuint(info.answers[SCENE_LIGHT], ==, CLIP_NO_ANSWER);
        if (camera != CAMERA_SHARP || info.textured)
            g_assert_cmpuint(info.answers[SCENE_WEATHER], ==, CLIP_NO_ANSWER);
        else
            weathers[info.answers[SCENE_WEATHER]]++;
    }
    g_assert_cmpfloat(light[SCENE_DAY] / count[SCENE_DAY], >,
                      40 + light[SCENE_NIGHT] / count[SCENE_NIGHT]);
    g_assert_cmpuint(textured, ==, set->n_items / 3);
    g_assert_cmpuint(cameras[CAMERA_SHARP], >, set->n_items / 3);
    for (CameraState state = CAMERA_SHARP + 1; state < CAMERA_N_STATES; state++)
        g_assert_cmpuint(cameras[state], >, set->n_items / 20);
    for (guint i = 0; i < 4; i++)
        g_assert_cmpuint(weathers[i], >, 5);
}

/* Cars that are called red are red in the middle, blue ones are blue; people are high and cars are
 * wide; only people carry and wear. */
static void test_boxes(void)
{
    g_autoptr(ClipSet) set = open_set(&street_boxes_task, 11, 0, 240, 32);
    double redness[COLOUR_N_NAMES] = {0}, n[COLOUR_N_NAMES] = {0};
    guint kinds[BOX_N_KINDS] = {0}, laden = 0, skirts = 0;

    for (guint item = 0; item < set->n_items; item++) {
        g_autofree guint8 *clip = fill(set, item);
        ClipInfo info = set->info(set, item);
        guint kind = info.answers[BOX_KIND], colour = info.answers[BOX_COLOUR];
        const guint8 *middle = clip + 3 * (32 * 20 + 16);

        kinds[kind]++;
        g_assert_true((kind == BOX_VEHICLE) == (info.answers[BOX_BODY] != CLIP_NO_ANSWER));
        g_assert_true((kind == BOX_PERSON) == (info.answers[BOX_WEARS] != CLIP_NO_ANSWER));
        g_assert_cmpfloat(info.height, >, 0);
        if (kind != BOX_PERSON)
            g_assert_cmpuint(info.answers[BOX_CARRIES], ==, CLIP_NO_ANSWER);
        laden += info.answers[BOX_CARRIES] == 1;
        skirts += info.answers[BOX_WEARS] == 1;
        if (kind != BOX_BAG)
            continue;
        redness[colour] += middle[0] - middle[2];
        n[colour]++;
    }
    g_assert_cmpfloat(redness[COLOUR_RED] / n[COLOUR_RED], >,
                      20 + redness[COLOUR_BLUE] / n[COLOUR_BLUE]);
    g_assert_cmpuint(kinds[BOX_PERSON], ==, set->n_items / 2);
    g_assert_cmpuint(kinds[BOX_BAG], ==, set->n_items / 8);
    g_assert_cmpuint(laden, >, set->n_items / 8);
    g_assert_cmpuint(skirts, >, set->n_items / 12);
}

/* Two questions: the second has no answer to the third picture. */
static void test_tally(void)
{
    static const VdtCardGroup groups[] = {{(char *)"a", 0, 2}, {(char *)"b", 2, 3}};
    char *labels[] = {"a0", "a1", "b0", "b1", "b2", NULL};
    const ClipSet set = {.labels = labels, .n_labels = 5, .groups = groups, .n_groups = 2};
    const ClipInfo truths[] = {{.answers = {0, 0}},
                               {.answers = {1, 2}, .textured = TRUE},
                               {.answers = {0, CLIP_NO_ANSWER}}};
    static const double scores[][5] = {
        {0.5, 0.5, 0.2, 0.5, 0.3}, {0.25, 0.75, 0, 0, 1}, {0.1, 0.9, 1, 0, 0}};
    g_autoptr(GroupTally) tally = group_tally_new(&set);

    group_tally_watch(tally, 1);
    for (guint i = 0; i < G_N_ELEMENTS(truths); i++)
        group_tally_add(tally, &truths[i], scores[i]);
    g_assert_cmpuint(group_tally_get_n(tally), ==, 3);
    g_assert_cmpfloat_with_epsilon(group_tally_get_share(tally, 0), 2 / 3.0, 1e-12);
    g_assert_cmpfloat_with_epsilon(group_tally_get_share(tally, 1), 0.5, 1e-12);
    g_assert_cmpfloat_with_epsilon(group_tally_get_score(tally), (2 / 3.0 + 0.5) / 2, 1e-12);
    g_assert_cmpfloat_with_epsilon(group_tally_get_loss(tally),
                                   -(log(0.5) + log(0.75) + log(0.1)) / 3 - log(0.2) / 2, 1e-9);
    g_autoptr(JsonObject) json = group_tally_to_json(tally);
    JsonObject *b =
        json_object_get_object_member(json_object_get_object_member(json, "per_group"), "b");
    g_assert_cmpint(json_object_get_int_member(b, "n"), ==, 2);
    JsonArray *row = json_array_get_array_element(json_object_get_array_member(b, "confusion"), 0);
    g_assert_cmpint(json_array_get_int_element(row, 1), ==, 1);
    JsonObject *alarms = json_object_get_object_member(json, "false_alarms");
    g_assert_cmpint(json_object_get_int_member(alarms, "n"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(alarms, "wrong"), ==, 1);
    g_autoptr(JsonObject) flat = group_tally_to_scores(tally);
    g_assert_cmpfloat(json_object_get_double_member(flat, "a.a0"), ==, 0.5);
    g_assert_cmpfloat(json_object_get_double_member(flat, "b.textured"), ==, 1);
}

#define TINY                                                                                       \
    "{\"arch\": \"deit\", \"norm\": \"linearnorm\", \"dim\": 32, \"heads\": 1, \"depth\": 2, "     \
    "\"patch\": 8, \"img_size\": 32}"
/* Begins an argument list; the output folder follows. */
#define TRAIN_TINY                                                                                 \
    "train", "slab", "--config", TINY, "--size", "32x32", "--batch", "16", "--validations", "1",   \
        "--threads", "2", "--cache-folder", in_folder("cache"), "--output"
#define ON_SCENES "--street", "scene", "--coded", "0", "--clips", "96", "--validation-clips", "48"

static char *path_in(const char *folder, const char *name)
{
    return g_build_filename(in_folder(folder), name, NULL);
}

/* The loss of a row of the curve. */
static double loss_at(const char *folder, guint row)
{
    g_autofree char *path = path_in(folder, "curve.tsv"), *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >, row);
    g_auto(GStrv) cells = g_strsplit(lines[row], "\t", -1);
    return g_ascii_strtod(cells[4], NULL);
}

/* The loss falls, the card says what is asked, the norms are what they are at the end, and the same
 * training ends with the same weights. */
static void test_train(void)
{
    g_autoptr(GError) error = NULL;
    gsize size[2];
    g_autofree char *first = NULL, *second = NULL;

    expect(0, "of the answers to 48 pictures right", TRAIN_TINY, in_folder("scene"), ON_SCENES,
           "--epochs", "20", NULL);
    expect(0, NULL, TRAIN_TINY, in_folder("again"), ON_SCENES, "--epochs", "20", NULL);
    g_autofree char *path = path_in("scene", "weights.safetensors");
    g_autofree char *other = path_in("again", "weights.safetensors");
    g_assert_true(g_file_get_contents(path, &first, &size[0], NULL));
    g_assert_true(g_file_get_contents(other, &second, &size[1], NULL));
    g_assert_cmpmem(first, size[0], second, size[1]);
    double begin = 0, end = 0;
    for (guint i = 0; i < 12; i++) {
        begin += loss_at("scene", 1 + i);
        end += loss_at("scene", 109 + i);
    }
    g_assert_cmpfloat(end, <, 0.85 * begin);

    g_autoptr(VdtWeights) weights = vdt_weights_load(path, &error);
    g_assert_no_error(error);
    VdtTensor *left = vdt_weights_lookup(weights, "blocks.0.norm1.iter");
    g_assert_nonnull(left);
    g_autoptr(VdtTensor) number = vdt_tensor_convert(left, VDT_F32, &error);
    g_assert_cmpfloat(*(float *)number->data, ==, 0);

    g_autofree char *card_path = path_in("scene", "card.json");
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(card_path, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(card->architecture, ==, "slab");
    g_assert_cmpuint(card->n_groups, ==, SCENE_N_GROUPS);
    g_assert_cmpstr(card->groups[SCENE_CAMERA].name, ==, "camera");
    g_assert_cmpstr(card->labels[card->groups[SCENE_CAMERA].first + CAMERA_COVERED], ==, "covered");
    for (guint i = 0; i < card->n_labels; i++)
        g_assert_cmpint(
            card->background[i], ==,
            g_strv_contains((const char *const[]){"day", "clear", "sharp", NULL}, card->labels[i]));
    g_assert_true(street_task_of_card(card) == &street_scenes_task);
}

#define TINY_MERGING "{\"dim\": 32, \"heads\": 1, \"depth\": 2, \"patch\": 8, \"img_size\": 32}"
#define TRAIN_MERGING(...)                                                                         \
    "train", "tocom", __VA_ARGS__, "--size", "32x32", "--batch", "16", "--threads", "2",           \
        "--validations", "1", "--cache-folder", in_folder("cache"), ON_SCENES, "--output"

/* Adapters for a network that is left as it is, which its card then names; and levels by --merge.
 */
static void test_compensator(void)
{
    g_autofree char *weights = path_in("merging", "weights.safetensors");
    g_autofree char *card = path_in("merging", "card.json");
    g_autofree char *adapters = path_in("adapters", "adapters.safetensors");
    g_autofree char *beside = path_in("merging", "adapters.safetensors"), *text = NULL;
    g_autofree char *data = NULL;
    gsize n;

    expect(0, NULL, TRAIN_MERGING("--config", TINY_MERGING), in_folder("merging"), "--epochs", "2",
           NULL);
    expect(0, "a card has them by \"compensator\"",
           TRAIN_MERGING("--compensator", "--weights", weights), in_folder("adapters"), "--epochs",
           "1", NULL);
    g_autoptr(VdtWeights) trained = vdt_weights_load(adapters, NULL);
    g_assert_cmpuint(vdt_weights_get_n_tensors(trained), ==, 2 * 4);

    g_assert_true(g_file_get_contents(adapters, &data, &n, NULL));
    g_assert_true(g_file_set_contents(beside, data, (gssize)n, NULL));
    g_assert_true(g_file_get_contents(card, &text, NULL, NULL));
    g_autofree char *with = g_strconcat(
        "{\"compensator\": {\"weights\": \"adapters.safetensors\"},", strchr(text, '{') + 1, NULL);
    g_assert_true(g_file_set_contents(card, with, -1, NULL));
    for (guint i = 0; i < 2; i++)
        expect(0, NULL, "eval", "tocom", "--street", "scene", "--model", card, "--clips", "12",
               "--coded", "0", "--merge", i == 0 ? "0" : "4", NULL);
    expect(1, "9 of 17 tokens cannot merge in each block, but 8 at most", "eval", "tocom",
           "--street", "scene", "--model", card, "--clips", "12", "--merge", "9", NULL);
    expect(2, "--compensator is for the network of --weights", "train", "tocom", "--compensator",
           "--street", "scene", "--output", in_folder("none"), NULL);
    expect(2, "squeezetime merges no tokens", "train", "squeezetime", "--compensator", "--weights",
           weights, "--street", "--output", in_folder("none"), NULL);
}

/* What comes of it is counted question by question, kept in the card, and better than a guess. */
static void test_eval(void)
{
    g_autofree char *card = path_in("scene", "card.json"), *text = NULL;
    const char *answers = in_folder("answers.tsv");
    g_auto(Outcome) eval =
        vedette("eval", "slab", "--street", "scene", "--model", card, "--clips", "60", "--coded",
                "0", "--json", "--record", card, "--answers", answers, NULL);
    if (eval.status != 0)
        g_error("%s", eval.err);
    g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
    JsonObject *scores = json_node_get_object(node);
    g_assert_cmpint(json_object_get_int_member(scores, "n"), ==, 60);
    g_assert_cmpint(json_object_get_int_member(scores, "seed"), ==, 9000);
    JsonObject *light =
        json_object_get_object_member(json_object_get_object_member(scores, "per_group"), "light");
    g_assert_cmpfloat(json_object_get_double_member(light, "top1"), >, 0.7);
    g_assert_true(json_object_has_member(scores, "false_alarms"));
    g_assert_true(g_file_get_contents(answers, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\tcamera\t"));
    expect(0, NULL, "eval", "slab", "--street", "--model", card, "--clips", "12", "--coded", "0",
           NULL);
    expect(0, NULL, "eval", "slab", "--street", "scene", "--baselines", "--model", card, "--clips",
           "60", "--coded", "0", "--record", card, NULL);
    g_autofree char *recorded = NULL;
    g_assert_true(g_file_get_contents(card, &recorded, NULL, NULL));
    g_assert_nonnull(strstr(recorded, "\"mean-colour.light\""));
    g_assert_null(strstr(recorded, "box-shape"));
    g_assert_nonnull(strstr(recorded, "\"without_faults\""));
    g_auto(Outcome) one = vedette("infer", "--model", card, "--input", "street:3", NULL);
    g_assert_cmpint(one.status, ==, 0);
    g_assert_nonnull(strstr(one.out, "it is \"night, snow, sharp\""));
}

/* What makes no sense is said. */
static void test_usage(void)
{
    g_autofree char *card = path_in("scene", "card.json");

    expect(2, "scene, object or restoration", TRAIN_TINY, in_folder("no"), "--street", NULL);
    expect(2, "but about one of: scene, object", TRAIN_TINY, in_folder("no"), "--street", "mood",
           NULL);
    expect(2, "too many arguments: scene", "train", "squeezetime", "--street", "scene", "--output",
           in_folder("no"), NULL);
    expect(2, "too many arguments: scene", TRAIN_TINY, in_folder("no"), "--data",
           in_folder("cache"), "scene", NULL);
    expect(1, "does not answer what is asked", "eval", "slab", "--street", "object", "--model",
           card, NULL);
    expect(1, "but about one of: scene, object", "eval", "slab", "--street", "mood", "--model",
           card, NULL);
    expect(1, "was trained on that street", "eval", "slab", "--street", "--model", card, "--seed",
           "1", NULL);
    expect(2, "--baselines belongs to --street", "eval", "slab", "--data", in_folder("cache"),
           "--baselines", "--model", card, NULL);
}

/* A picture of one colour, a little different each time. */
static void put_picture(const char *folder, const char *class, guint n, guint32 colour)
{
    g_autofree char *name = g_strdup_printf("%u.png", n);
    g_autofree char *of_class = g_build_filename(in_folder(folder), class, NULL);
    g_autofree char *path = g_build_filename(of_class, name, NULL);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 40, 30);
    guint32 *pixels = (guint32 *)(void *)cairo_image_surface_get_data(surface);

    g_assert_cmpint(g_mkdir_with_parents(of_class, 0777), ==, 0);
    for (guint i = 0; i < 40 * 30; i++)
        pixels[i] = colour + (i * 7 + n) % 16 * 0x010101;
    cairo_surface_mark_dirty(surface);
    g_assert_cmpint(cairo_surface_write_to_png(surface, path), ==, CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(surface);
}

static void put_classes(const char *folder, const char *first, const char *second, guint n)
{
    for (guint i = 0; i < n; i++) {
        put_picture(folder, first, i, 0xa02020);
        put_picture(folder, second, i, 0x2020a0);
    }
}

/* Folders are classes, for who learns and for who is judged; by name, or all by their order. */
static void test_folder(void)
{
    put_classes("data/train", "red", "blue", 24);
    put_classes("data/val", "red", "blue", 6);
    put_classes("other", "n02", "n01", 5);
    expect(0, "of 12 clips right", TRAIN_TINY, in_folder("classes"), "--data", in_folder("data"),
           "--epochs", "12", NULL);
    g_autofree char *card = path_in("classes", "card.json");
    const char *const folders[] = {"data", "data/train", "other"};
    const guint n[] = {12, 48, 10};
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_auto(Outcome) eval = vedette("eval", "slab", "--data", in_folder(folders[i]), "--model",
                                       card, "--json", NULL);
        if (eval.status != 0)
            g_error("%s", eval.err);
        g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
        JsonObject *scores = json_node_get_object(node);
        g_assert_cmpint(json_object_get_int_member(scores, "n"), ==, n[i]);
        g_assert_cmpfloat(json_object_get_double_member(scores, "score"), ==, 1);
    }
    g_autofree char *red = g_build_filename(in_folder("data/val"), "red", NULL);
    g_auto(Outcome) answers = vedette("infer", "--model", card, "--input", red, NULL);
    g_assert_cmpint(answers.status, ==, 0);
    g_assert_nonnull(strstr(answers.out, "red"));
}

/* A line for each level, of which a higher one keeps fewer tokens. */
static void test_merges(void)
{
    g_autofree char *card = path_in("classes", "card.json");
    g_auto(Outcome) eval = vedette("eval", "slab", "--data", in_folder("data"), "--model", card,
                                   "--merge", "0,1,3", "--json", NULL);
    if (eval.status != 0)
        g_error("%s", eval.err);
    g_autoptr(JsonNode) node = json_from_string(eval.out, NULL);
    JsonArray *levels = json_object_get_array_member(json_node_get_object(node), "levels");
    double kept = 1;
    g_assert_cmpuint(json_array_get_length(levels), ==, 3);
    for (guint i = 0; i < 3; i++) {
        JsonObject *level = json_array_get_object_element(levels, i);
        g_assert_cmpint(json_object_get_int_member(level, "merge"), ==, i == 2 ? 3 : i);
        g_assert_cmpfloat(json_object_get_double_member(level, "ms"), >, 0);
        g_assert_cmpfloat(json_object_get_double_member(level, "kept"), <=, kept);
        kept = json_object_get_double_member(level, "kept");
    }
    g_assert_cmpfloat(
        json_object_get_double_member(json_array_get_object_element(levels, 0), "score"), ==, 1);
    g_assert_cmpfloat(kept, <, 1);
    expect(2, "--merge is \"0,x\"", "eval", "slab", "--data", in_folder("data"), "--merge", "0,x",
           NULL);
    expect(2, "go with none of", "eval", "slab", "--data", in_folder("data"), "--merge", "0,1",
           "--record", card, NULL);
    expect(1, NULL, "eval", "slab", "--data", in_folder("data"), "--merge", "0,60", "--model", card,
           NULL);
    expect(1, "merges no tokens", "eval", "cgrseg", "--street", "--merge", "0,1", "--model",
           "cgrseg-street", NULL);
}

/* A card that says that tokens merge which do not. */
static void test_no_merges(void)
{
    g_autofree char *path = path_in("classes", "card.json"), *text = NULL;
    g_autofree char *bad = path_in("classes", "bad.json");
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(GString) card = g_string_new(text);
    g_assert_cmpuint(g_string_replace(card, "\"norm\":", "\"attention\": \"linear\", \"norm\":", 1),
                     ==, 1);
    g_assert_cmpuint(g_string_replace(card, "\"licence\":", "\"merge\": 2, \"licence\":", 1), ==,
                     1);
    g_assert_true(g_file_set_contents(bad, card->str, -1, NULL));
    expect(1, "those of this one do not", "eval", "slab", "--data", in_folder("data"), "--model",
           bad, NULL);
}

static void test_bad_folder(void)
{
    g_autofree char *card = path_in("classes", "card.json");
    const char *bad = in_folder("bad");

    expect(1, "No such file", TRAIN_TINY, in_folder("no"), "--data", bad, NULL);
    put_picture("bad", "red", 0, 0xa02020);
    expect(1, "has 1 folders, but must have 2", TRAIN_TINY, in_folder("no"), "--data", bad, NULL);
    put_picture("bad", "green", 0, 0x20a020);
    g_autofree char *empty = g_build_filename(bad, "blue", NULL);
    g_assert_cmpint(g_mkdir(empty, 0777), ==, 0);
    g_auto(Outcome) eval = vedette("eval", "slab", "--data", bad, "--model", card, NULL);
    g_assert_cmpint(eval.status, ==, 1);
    g_assert_nonnull(strstr(eval.err, "green: is none of the 2 classes"));
    g_assert_nonnull(strstr(eval.err, "blue: has no pictures"));
    /* What is no picture is found when it is read. */
    put_classes("broken", "red", "blue", 2);
    g_autofree char *broken = g_build_filename(in_folder("broken"), "red", "1.png", NULL);
    g_assert_true(g_file_set_contents(broken, "\x89PNG\r\n\x1a\nno", -1, NULL));
    expect(1, "1.png", "eval", "slab", "--data", in_folder("broken"), "--model", card, NULL);
}

/* The cards that come with Vedette say what a training would write today. */
static void test_shipped(void)
{
    static const struct {
        const char *name;
        const StreetTask *task;
    } shipped[] = {{"slab-scene", &street_scenes_task}, {"slab-object", &street_boxes_task}};

    for (guint i = 0; i < G_N_ELEMENTS(shipped); i++) {
        const StreetTask *task = shipped[i].task;
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "models", "slab", "models",
                                                      shipped[i].name, "card.json", NULL);
        g_autoptr(JsonObject) config = NULL;
        g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);

        g_assert_no_error(error);
        g_assert_true(g_strv_equal((const char *const *)card->labels, task->labels));
        g_assert_cmpuint(card->width, ==, task->size);
        g_assert_cmpuint(card->n_groups, ==, task->n_groups);
        for (guint k = 0; k < task->n_groups; k++) {
            g_assert_cmpstr(card->groups[k].name, ==, task->groups[k].name);
            g_assert_cmpstr(card->groups[k].of, ==, task->groups[k].of);
        }
        for (guint k = 0; k < card->n_labels; k++) {
            const gboolean is = card->background != NULL && card->background[k];
            const gboolean expected =
                task->background != NULL && g_strv_contains(task->background, card->labels[k]);
            g_assert_cmpint(is, ==, expected);
        }
    }
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/labels/faults", test_faults);
    g_test_add_func("/labels/darkness", test_darkness);
    g_test_add_func("/labels/colours", test_colours);
    g_test_add_func("/labels/same", test_same);
    g_test_add_func("/labels/groups", test_groups);
    g_test_add_func("/labels/shipped", test_shipped);
    g_test_add_func("/labels/restorations", test_restorations);
    g_test_add_func("/labels/scenes", test_scenes);
    g_test_add_func("/labels/boxes", test_boxes);
    g_test_add_func("/labels/tally", test_tally);
    g_test_add_func("/labels/train", test_train);
    g_test_add_func("/labels/eval", test_eval);
    g_test_add_func("/labels/compensator", test_compensator);
    g_test_add_func("/labels/usage", test_usage);
    g_test_add_func("/labels/folder", test_folder);
    g_test_add_func("/labels/merges", test_merges);
    g_test_add_func("/labels/no-merges", test_no_merges);
    g_test_add_func("/labels/bad-folder", test_bad_folder);
    return fixture_close();
}
