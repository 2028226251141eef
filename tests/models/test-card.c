/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Model cards: what is read, what is refused and how it is said. */
#include "card.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "paths.h"

static char *dir;

static char *put(const char *name, const char *text)
{
    char *path = g_build_filename(dir, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

#define HEAD                                                                                       \
    "{\"schema\": 1, \"name\": \"n\", \"architecture\": \"squeezetime\", "                         \
    "\"variant\": \"yard\", \"weights\": \"w.safetensors\", \"licence\": \"CC0-1.0\", "            \
    "\"origin\": \"here\""

static void test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *path = put("card.json", HEAD "}");
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_autofree char *weights = g_build_filename(dir, "w.safetensors", NULL);
    g_assert_cmpstr(card->name, ==, "n");
    g_assert_cmpstr(card->variant, ==, "yard");
    g_assert_cmpstr(card->weights, ==, weights);
    g_assert_cmpstr(card->path, ==, path);
    g_assert_null(config);
    g_assert_null(card->labels);
    g_assert_null(card->background);
    g_assert_null(card->things);
    g_assert_null(card->groups);
    g_assert_cmpuint(card->n_groups, ==, 0);
    g_assert_cmpfloat(card->mean[1], ==, 116.28f);
    g_assert_cmpuint(card->width, ==, 224);
    g_assert_cmpuint(card->frames, ==, 16);
    g_assert_cmpfloat_with_epsilon(card->window, 2.0, 1e-9);
    g_assert_cmpint(card->framing, ==, VDT_FRAMING_CROP);
}

/* Labels may come later, from the variant; an empty list says nothing of them. */
static void test_no_background(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *path = put("card.json", HEAD ", \"background\": [], \"things\": []}");
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_assert_null(card->background);
    g_assert_null(card->things);
}

static void test_everything(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_free(put("names.txt", "walk\r\nrun\nfall\xc3\xa9\n\n"));
    g_autofree char *path = put(
        "card.json", HEAD
        ", \"title\": \"T\", \"labels\": \"names.txt\", \"config\": {\"num_classes\": 3},"
        "\"preprocessing\": {\"mean\": [1, 2, 3.5], \"std\": [4, 5, 6], \"width\": 128,"
        "\"height\": 96, \"frames\": 8, \"frame_interval\": 2, \"window\": 0.75,"
        "\"framing\": \"fit\"}, \"evaluation\": {\"clips\": 2, \"crops\": 3, \"size\": 99},"
        "\"training\": {\"command\": \"vedette train\", \"seconds\": 12.5,"
        "\"world_version\": 3, \"scores\": {\"top1\": 0.9}, \"baselines\": {\"one\": 0.2}},"
        "\"background\": [\"run\"], \"things\": [\"fall\xc3\xa9\", \"walk\"], \"unknown\": [1]}");
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(card->title, ==, "T");
    g_assert_cmpuint(card->n_labels, ==, 3);
    g_assert_cmpstr(card->labels[0], ==, "walk");
    g_assert_cmpstr(card->labels[2], ==, "fall\xc3\xa9");
    g_assert_null(card->labels[3]);
    g_assert_false(card->background[0]);
    g_assert_true(card->background[1]);
    g_assert_true(card->things[0]);
    g_assert_false(card->things[1]);
    g_assert_true(card->things[2]);
    g_assert_cmpint(json_object_get_int_member(config, "num_classes"), ==, 3);
    g_assert_cmpfloat(card->mean[2], ==, 3.5f);
    g_assert_cmpfloat(card->std[0], ==, 4.0f);
    g_assert_cmpuint(card->width, ==, 128);
    g_assert_cmpuint(card->height, ==, 96);
    g_assert_cmpuint(card->frames, ==, 8);
    g_assert_cmpfloat(card->window, ==, 0.75);
    g_assert_cmpint(card->framing, ==, VDT_FRAMING_FIT);
    g_assert_cmpuint(card->test_clips, ==, 2);
    g_assert_cmpuint(card->test_crops, ==, 3);
    g_assert_cmpuint(card->test_size, ==, 99);
    g_assert_cmpuint(card->frame_interval, ==, 2);
}

/* Groups share out the labels; one that is in two of them is of no interest in either. */
static void test_groups(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_free(put("names.txt", "day\nnight\nunsure\nclear\nrain\nsnow\nunsure\n"));
    g_autofree char *path =
        put("card.json", HEAD ", \"labels\": \"names.txt\", \"background\": [\"unsure\", \"day\"], "
                              "\"groups\": [{\"name\": \"light\", \"labels\": 3}, "
                              "{\"name\": \"weather\", \"labels\": 4, \"of\": \"night\"}]}");
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(card->n_groups, ==, 2);
    g_assert_cmpstr(card->groups[0].name, ==, "light");
    g_assert_cmpuint(card->groups[0].first, ==, 0);
    g_assert_cmpuint(card->groups[0].n_labels, ==, 3);
    g_assert_cmpstr(card->groups[1].name, ==, "weather");
    g_assert_cmpuint(card->groups[1].first, ==, 3);
    g_assert_cmpuint(card->groups[1].n_labels, ==, 4);
    g_assert_null(card->groups[0].of);
    g_assert_cmpstr(card->groups[1].of, ==, "night");
    for (guint i = 0; i < card->n_labels; i++)
        g_assert_true(card->background[i] == (i == 0 || i == 2 || i == 6));
    g_autofree char *unknown = vdt_card_find_unknown(card);
    g_assert_null(unknown);
}

/* @says is in the message, and so is the file's path. */
static const struct {
    const char *text, *says;
} refused[] = {
    {"", "card.json"},
    {"[]", "object"},
    {"{", "card.json"},
    {"{\"schema\": 1}", "\"name\" is missing"},
    {"{/* a comment */}", "comment"},
    {"{\"a\": 'x'}", "single quote"},
    {"{\"name\": \"\xff\"}", "UTF-8"},
    {"{\"schema\": 2, \"name\": \"n\", \"architecture\": \"squeezetime\", \"variant\": \"v\", "
     "\"weights\": \"w\", \"licence\": \"l\", \"origin\": \"o\"}",
     "\"schema\" holds 2"},
    {"{\"schema\": 1, \"name\": \"n\", \"architecture\": \"nosuch\", \"variant\": \"v\", "
     "\"weights\": \"w\", \"licence\": \"l\", \"origin\": \"o\"}",
     "unknown architecture"},
    {"{\"schema\": 1, \"name\": 7, \"architecture\": \"squeezetime\", \"variant\": \"v\", "
     "\"weights\": \"w\", \"licence\": \"l\", \"origin\": \"o\"}",
     "\"name\" is 7"},
    {"{\"schema\": 1, \"name\": \"n\", \"architecture\": \"squeezetime\", \"variant\": \"v\", "
     "\"weights\": \"../w\", \"licence\": \"l\", \"origin\": \"o\"}",
     "in the card's folder"},
    {"{\"schema\": 1, \"name\": \"n\", \"architecture\": \"squeezetime\", \"variant\": \"v\", "
     "\"weights\": \"/etc/passwd\", \"licence\": \"l\", \"origin\": \"o\"}",
     "in the card's folder"},
    {"{\"schema\": 1, \"name\": \"a\\nb\", \"architecture\": \"squeezetime\", \"variant\": \"v\", "
     "\"weights\": \"w\", \"licence\": \"l\", \"origin\": \"o\"}",
     "control characters"},
    {HEAD ", \"labels\": \"none.txt\"}", "none.txt"},
    {HEAD ", \"labels\": [\"a\"]}", "must be a string"},
    {HEAD ", \"background\": \"x\"}", "must be an array of strings"},
    {HEAD ", \"background\": [\"x\"]}", "\"x\", which is none of the labels"},
    {HEAD ", \"background\": [3]}", "\"background\" is 3, but must be a string"},
    {HEAD ", \"groups\": [{\"name\": \"a\", \"labels\": 2, \"of\": \"b\"}]}",
     "\"a\" is asked of \"b\", which is no label of a group before"},
    {HEAD ", \"groups\": [{\"name\": \"a\", \"labels\": 2, \"of\": 5}]}", "must be a string"},
    {HEAD ", \"things\": \"x\"}", "must be an array of strings"},
    {HEAD ", \"things\": [\"x\"]}", "\"things\" has \"x\", which is none of the labels"},
    {HEAD ", \"things\": [3]}", "\"things\" is 3, but must be a string"},
    {HEAD ", \"groups\": 3}", "\"groups\" must be an array of 1 to 32 objects"},
    {HEAD ", \"groups\": []}", "\"groups\" must be an array of 1 to 32 objects"},
    {HEAD ", \"groups\": [{\"name\": \"a\", \"labels\": 2}, 3]}", "1 to 32 objects"},
    {HEAD
     ", \"groups\": [{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},"
     "{},{},{},{},{},{},{},{}]}",
     "1 to 32 objects"},
    {HEAD ", \"groups\": [{\"labels\": 2}]}", "groups: \"name\" is missing"},
    {HEAD ", \"groups\": [{\"name\": \"a\"}]}", "groups: \"labels\" is missing"},
    {HEAD ", \"groups\": [{\"name\": \"\", \"labels\": 2}]}", "\"name\" has 0 bytes"},
    {HEAD ", \"groups\": [{\"name\": "
          "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
          " \"labels\": 2}]}",
     "\"name\" has 65 bytes, but takes 1 to 64"},
    {HEAD ", \"groups\": [{\"name\": \"a\", \"labels\": 1}]}", "from 2 to 100000"},
    {HEAD ", \"groups\": [{\"name\": \"a\", \"labels\": 2}, {\"name\": \"a\", \"labels\": 2}]}",
     "\"name\" is \"a\" twice"},
    {HEAD ", \"sha256\": \"abc\"}", "must be 64 hexadecimal digits"},
    {HEAD ", \"config\": 3}", "\"config\" must be an object"},
    {HEAD ", \"preprocessing\": []}", "\"preprocessing\" must be an object"},
    {HEAD ", \"preprocessing\": {\"mean\": [1, 2]}}", "\"mean\" is [1,2]"},
    {HEAD ", \"preprocessing\": {\"mean\": [1, 2, \"x\"]}}", "\"mean\" holds"},
    {HEAD ", \"preprocessing\": {\"std\": [1, 0, 1]}}", "from 1e-06 to 10000"},
    {HEAD ", \"preprocessing\": {\"std\": [1, 1e999, 1]}}", "\"std\" holds"},
    {HEAD ", \"preprocessing\": {\"width\": 0}}", "from 1 to 8192"},
    {HEAD ", \"preprocessing\": {\"height\": 1e3}}", "\"height\" holds"},
    {HEAD ", \"preprocessing\": {\"width\": 8192, \"height\": 8192, \"frames\": 1}}",
     "\"width\" 8192, \"height\" 8192 and \"frames\" 1 make 67108864 pixels, the limit is 8388608"},
    {HEAD ", \"preprocessing\": {\"width\": 2048, \"height\": 1024, \"frames\": 5}}",
     "10485760 pixels"},
    {HEAD ", \"preprocessing\": {\"frames\": 257}}", "from 1 to 256"},
    {HEAD ", \"preprocessing\": {\"window\": 0}}", "from 0.01 to 3600"},
    {HEAD ", \"preprocessing\": {\"framing\": \"zoom\"}}", "stretch, crop, fit"},
    {HEAD ", \"evaluation\": {\"crops\": 2}}", "must be 1 or 3"},
    {HEAD ", \"evaluation\": {\"clips\": 101}}", "from 1 to 100"},
    {HEAD ", \"evaluation\": {\"clips\": 100, \"size\": 8192}}", "pixels"},
    {HEAD ", \"training\": {\"seconds\": \"long\"}}", "\"seconds\" holds"},
    {HEAD ", \"training\": {\"scores\": {\"top1\": null, \"top5\": \"x\"}}}", "\"top5\" holds"},
};

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) config = NULL;
        g_autofree char *path = put("card.json", refused[i].text);
        g_assert_null(vdt_card_load(path, &config, &error));
        g_assert_nonnull(error);
        if (strstr(error->message, refused[i].says) == NULL || strstr(error->message, dir) == NULL)
            g_error("%s: %s", refused[i].text, error->message);
    }
}

/* A link within the folder is as good as a file, one out of it is none; the folder may be one. */
static void test_links(void)
{
    static const struct {
        const char *name, *to;
        gboolean out;
    } links[] = {{"inside", "labels.txt", FALSE},
                 {"nowhere", "no-such-file", FALSE},
                 {"outside", "/etc/hostname", TRUE},
                 {"above", "../../../../../../etc/hostname", TRUE},
                 {"folder/hostname", NULL, TRUE}};
    g_autofree char *path = put("card.json", "");
    g_autofree char *folder = g_build_filename(dir, "folder", NULL);
    g_free(put("labels.txt", "a\nb\n"));
    g_assert_cmpint(symlink("/etc", folder), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) config = NULL;
        g_autofree char *link = g_build_filename(dir, links[i].name, NULL);
        g_autofree char *text =
            g_strdup_printf("{\"schema\": 1, \"name\": \"n\", \"architecture\": \"squeezetime\", "
                            "\"variant\": \"v\", \"weights\": \"%s\", \"licence\": \"l\", "
                            "\"origin\": \"o\"}",
                            links[i].name);
        if (links[i].to != NULL)
            g_assert_cmpint(symlink(links[i].to, link), ==, 0);
        g_free(put("card.json", text));
        g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
        g_assert_true((card == NULL) == links[i].out);
        if (links[i].out)
            g_assert_nonnull(strstr(error->message, "a link out of the card's folder"));
        if (links[i].to != NULL)
            g_unlink(link);
    }
    g_unlink(folder);

    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *other = g_strconcat(dir, "-link", NULL);
    g_autofree char *through = g_build_filename(other, "card.json", NULL);
    g_free(put("card.json", HEAD ", \"labels\": \"labels.txt\"}"));
    g_assert_cmpint(symlink(dir, other), ==, 0);
    g_autoptr(VdtCard) card = vdt_card_load(through, &config, &error);
    g_assert_no_error(error);
    g_unlink(other);
}

/* As caches keep models: all of its files are links into one folder. */
static void test_cache(void)
{
    static const char *const folders[] = {"blobs", "snapshots", "snapshots/1", "elsewhere"};
    g_autofree char *card = g_build_filename(dir, "snapshots/1/card.json", NULL);
    g_autofree char *labels = g_build_filename(dir, "snapshots/1/labels.txt", NULL);
    g_autofree char *model = g_build_filename(dir, "snapshots/1", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(dir, folders[i], NULL);
        g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
    }
    g_free(put("blobs/0a", HEAD ", \"labels\": \"labels.txt\"}"));
    g_free(put("blobs/0b", "a\nb\n"));
    g_free(put("elsewhere/0c", "a\nb\n"));
    g_assert_cmpint(symlink("../../blobs/0a", card), ==, 0);
    g_assert_cmpint(symlink("../../blobs/0b", labels), ==, 0);
    g_autofree char *found = vdt_find_card(model, &error);
    g_assert_cmpstr(found, ==, card);
    g_autoptr(VdtCard) cached = vdt_card_load(found, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(cached->n_labels, ==, 2);

    /* but not to a third one, nor if the card is none */
    g_unlink(labels);
    g_assert_cmpint(symlink("../../elsewhere/0c", labels), ==, 0);
    g_assert_null(vdt_card_load(card, &config, &error));
    g_assert_nonnull(strstr(error->message, "a link out of the card's folder"));
    g_clear_error(&error);
    g_unlink(labels);
    g_unlink(card);
    g_assert_cmpint(symlink("../../blobs/0b", labels), ==, 0);
    g_free(put("snapshots/1/card.json", HEAD ", \"labels\": \"labels.txt\"}"));
    g_assert_null(vdt_card_load(card, &config, &error));
    g_assert_nonnull(strstr(error->message, "a link out of the card's folder"));
}

/* Nothing is parsed that is too deep or too large, and nothing waits. */
static void test_hostile(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autofree char *hidden = g_strconcat("{\"a\": \"]]]\\\"[\", \"b\": ", deep, NULL);
    g_autofree char *path = put("card.json", hidden);
    g_assert_null(vdt_card_load(path, &config, &error));
    g_assert_nonnull(strstr(error->message, "64 levels"));
    g_clear_error(&error);

    g_autofree char *large = g_strnfill((256 << 10) + 1, ' ');
    g_free(put("card.json", large));
    g_assert_null(vdt_card_load(path, &config, &error));
    g_assert_nonnull(strstr(error->message, "limit is 262144"));
    g_clear_error(&error);

    g_autoptr(GString) members = g_string_new("{\"a\": {\"0\": 0}, \"b\": {\"0\": 0");
    for (guint i = 1; i <= 4096; i++)
        g_string_append_printf(members, ", \"%u\": 0", i);
    g_string_append(members, "}}");
    g_free(put("card.json", members->str));
    g_assert_null(vdt_card_load(path, &config, &error));
    g_assert_nonnull(strstr(error->message, "more than 4096 members"));
    g_clear_error(&error);

    g_assert_null(vdt_card_load(dir, &config, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_clear_error(&error);
    g_autofree char *missing = g_build_filename(dir, "nowhere.json", NULL);
    g_assert_null(vdt_card_load(missing, &config, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void test_labels(void)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"a\n\nb\n", "label 2 is empty"},
        {"a\n\xff\n", "line 2 is not UTF-8"},
        {"a\tb\n", "label 1 has control"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtCard) card = g_new0(VdtCard, 1);
        g_autofree char *path = put("labels.txt", bad[i].text);
        g_assert_false(vdt_card_load_labels(card, path, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
        g_assert_nonnull(strstr(error->message, bad[i].says));
        g_assert_nonnull(strstr(error->message, path));
    }
    g_autofree char *line = g_strnfill(257, 'x');
    g_autofree char *path = put("labels.txt", line);
    g_autoptr(VdtCard) card = g_new0(VdtCard, 1);
    g_assert_false(vdt_card_load_labels(card, path, NULL));
}

/* As other systems' programs write them. */
static void test_lines(void)
{
    static const struct {
        const char *bytes;
        gsize size;
    } same[] = {{"walk\ngr\303\266\303\237e\n", 13},
                {"walk\r\ngr\303\266\303\237e\r\n\r\n", 17},
                {"\xef\xbb\xbfwalk\ngr\303\266\303\237e", 15},
                {"\xef\xbb\xbfwalk\rgr\303\266\303\237e\r", 16},
                {"\xff\xfew\0a\0l\0k\0\r\0\n\0g\0r\0\xf6\0\xdf\0e\0", 24},
                {"\xfe\xff\0w\0a\0l\0k\0\n\0g\0r\0\xf6\0\xdf\0e", 22}};
    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(dir, "labels.txt", NULL);
        g_assert_true(g_file_set_contents(path, same[i].bytes, (gssize)same[i].size, NULL));
        g_auto(GStrv) labels = vdt_labels_load(path, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(g_strv_length(labels), ==, 2);
        g_assert_cmpstr(labels[0], ==, "walk");
        g_assert_cmpstr(labels[1], ==, "gr\303\266\303\237e");
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) many = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++)
        g_string_append(many, "a\n");
    g_autofree char *full = put("labels.txt", many->str);
    g_auto(GStrv) most = vdt_labels_load(full, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(most), ==, 100000);
    g_string_append(many, "b");
    g_free(put("labels.txt", many->str));
    g_assert_null(vdt_labels_load(full, &error));
    g_assert_nonnull(strstr(error->message, "has more than 100000 lines"));
    g_clear_error(&error);

    g_autoptr(JsonObject) config = NULL;
    g_autofree char *marked = put("card.json", "\xef\xbb\xbf" HEAD "}");
    g_autoptr(VdtCard) card = vdt_card_load(marked, &config, &error);
    g_assert_no_error(error);
}

/* Keys that nobody reads are found, wherever they are. */
static void test_unknown(void)
{
    static const struct {
        const char *text, *unknown;
    } cards[] = {
        {HEAD ", \"training\": {\"mine\": 1}, \"config\": {\"planes\": [4, 4, 4, 4]}}", NULL},
        {HEAD ", \"backgroud\": []}", "\"backgroud\""},
        {HEAD ", \"things\": []}", NULL},
        {HEAD ", \"thing\": []}", "\"thing\""},
        {HEAD ", \"preprocessing\": {\"widht\": 3, \"height\": 4}, \"config\": {\"plane\": 1}}",
         "\"preprocessing.widht\", \"plane\""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cards); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) config = NULL;
        g_autofree char *path = put("card.json", cards[i].text);
        g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
        g_assert_no_error(error);
        g_autofree char *unknown = vdt_card_find_unknown(card);
        g_assert_cmpstr(unknown, ==, cards[i].unknown);
    }
}

/* Maps of two sets count from 1, unless a card says otherwise. */
static void test_zero_is_other(void)
{
    const VdtModel *model = vdt_model_find("cgrseg", NULL);
    const struct {
        const char *variant;
        gboolean is;
    } variants[] = {{"T-ade20k", TRUE},
                    {"L-pascal-context59", TRUE},
                    {"B-coco-stuff", FALSE},
                    {"custom", FALSE}};
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autoptr(VdtCard) card = vdt_card_new(model, variants[i].variant);
        g_assert_true(card->zero_is_other == variants[i].is);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *path = put("card.json", HEAD ", \"evaluation\": {\"zero_is_other\": true}}");
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_assert_true(card->zero_is_other);
}

/* The lists that are shipped have as many names as the variants have classes. */
static void test_shipped_labels(void)
{
    static const struct {
        const char *name, *first, *last;
        guint n;
    } lists[] = {
        {"kinetics400", "abseiling", "zumba", 400},
        {"kinetics600", "abseiling", "zumba", 600},
        {"hmdb51", "brush_hair", "wave", 51},
        {"ava", "background", "watch (a person)", 81},
    };
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtCard) card = g_new0(VdtCard, 1);
        g_autofree char *path = vdt_find_labels(lists[i].name);
        g_assert_nonnull(path);
        g_assert_true(vdt_card_load_labels(card, path, &error));
        g_assert_cmpuint(card->n_labels, ==, lists[i].n);
        g_assert_cmpstr(card->labels[0], ==, lists[i].first);
        g_assert_cmpstr(card->labels[lists[i].n - 1], ==, lists[i].last);
    }
    g_assert_null(vdt_find_labels("nothing"));
    g_assert_null(vdt_find_labels("../labels/ava"));

    g_autoptr(GError) error = NULL;
    g_autofree char *data = vdt_find_data("labels/ava.txt", &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_suffix(data, "/labels/ava.txt"));
    g_assert_null(vdt_find_data("labels", &error)); /* a folder */
    g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "there is no labels in /"));
}

static void test_search(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *card = put("place/mine/card.json", "{}");
    g_autofree char *folder = g_path_get_dirname(card);
    g_autofree char *place = g_path_get_dirname(folder);
    g_autofree char *list = g_strconcat("/nowhere:", place, NULL);
    g_assert_true(g_setenv("VEDETTE_MODEL_PATH", list, TRUE));
    g_autofree char *by_name = vdt_find_card("mine", &error);
    g_assert_cmpstr(by_name, ==, card);
    g_autofree char *by_folder = vdt_find_card(folder, &error);
    g_assert_cmpstr(by_folder, ==, card);
    g_autofree char *by_path = vdt_find_card(card, &error);
    g_assert_cmpstr(by_path, ==, card);

    /* A name that is not there: all places are listed, ours first. */
    g_assert_null(vdt_find_card("other", &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, place));
    g_assert_nonnull(strstr(error->message, "/var/lib/vedette/models"));
    g_clear_error(&error);
    g_assert_null(vdt_find_card("..", &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_unsetenv("VEDETTE_MODEL_PATH");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("vedette-card-XXXXXX", NULL);
    g_test_add_func("/card/links", test_links);
    g_test_add_func("/card/cache", test_cache);
    g_test_add_func("/card/defaults", test_defaults);
    g_test_add_func("/card/everything", test_everything);
    g_test_add_func("/card/groups", test_groups);
    g_test_add_func("/card/no-background", test_no_background);
    g_test_add_func("/card/refused", test_refused);
    g_test_add_func("/card/hostile", test_hostile);
    g_test_add_func("/card/labels", test_labels);
    g_test_add_func("/card/lines", test_lines);
    g_test_add_func("/card/unknown", test_unknown);
    g_test_add_func("/card/zero-is-other", test_zero_is_other);
    g_test_add_func("/card/shipped-labels", test_shipped_labels);
    g_test_add_func("/card/search", test_search);
    int status = g_test_run();
    const char *remove[] = {"rm", "-r", dir, NULL};
    g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    g_free(dir);
    return status;
}
