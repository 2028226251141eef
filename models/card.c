/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "files.h"
#include "io/keyed-hash.h"

#define MAX_CARD_BYTES   (256 << 10)
#define MAX_LABELS_BYTES (16 << 20)
#define MAX_LABELS       100000
#define MAX_LABEL_BYTES  256
#define MAX_GROUPS       32
#define MAX_GROUP_BYTES  64
#define MAX_TASK_BYTES   64
/* Frames per second that the intervals of training sets are counted at. */
#define TRAINING_RATE    30.0
/* Pixels of what a network sees at once, as in one picture of 3840 x 2160: the values inside it
 * take some hundred times as many bytes. */
#define MAX_INPUT_PIXELS (1 << 23)
/* Tokens that each layer merges; what a network can is for it to say. */
#define MAX_MERGE        65536
#define MAX_LEVELS       64
/* Pixels of the pictures that an evaluation keeps: three bytes each. */
#define MAX_TEST_PIXELS  (G_GINT64_CONSTANT(1) << 28)

void vdt_card_free(VdtCard *card)
{
    if (card == NULL)
        return;
    g_free(card->name);
    g_free(card->architecture);
    g_free(card->variant);
    g_free(card->title);
    g_free(card->licence);
    g_free(card->origin);
    g_free(card->path);
    g_free(card->weights);
    g_free(card->sha256);
    g_strfreev(card->labels);
    g_free(card->labels_path);
    g_free(card->variant_labels_path);
    g_free(card->background);
    g_free(card->things);
    for (guint i = 0; i < card->n_groups; i++) {
        g_free(card->groups[i].name);
        g_free(card->groups[i].of);
    }
    g_free(card->groups);
    g_strfreev(card->restorations);
    g_free(card->compensator);
    g_free(card->levels);
    g_free(card);
}

VdtCard *vdt_card_new(const VdtModel *model, const char *variant)
{
    const VdtVariant *v = vdt_model_find_variant(model, variant, NULL);
    if (v == NULL)
        v = &model->variants[0];
    VdtCard *card = g_new0(VdtCard, 1);
    card->name = g_strconcat(model->name, "-", variant, NULL);
    card->architecture = g_strdup(model->name);
    card->variant = g_strdup(variant);
    card->title = g_strdup_printf("%s %s", model->name, variant);
    memcpy(card->mean, model->vision.mean, sizeof card->mean);
    memcpy(card->std, model->vision.std, sizeof card->std);
    card->width = card->height = v->size;
    card->frames = v->frames;
    card->frame_interval = v->frame_interval;
    card->window = (v->frames - 1) * v->frame_interval / TRAINING_RATE;
    card->framing = v->framing;
    card->test_clips = v->vision.test_clips;
    card->test_crops = v->vision.test_crops;
    card->test_size = v->vision.test_size;
    /* As the maps of these two sets are; a variant of another name has maps of its own. */
    card->zero_is_other =
        strcmp(v->name, variant) == 0 &&
        (g_strcmp0(v->labels, "ade20k") == 0 || g_strcmp0(v->labels, "pascal-context59") == 0);
    return card;
}

/* What stands against a line as the name of a class; NULL if nothing does. */
static const char *check_label(const char *label)
{
    if (*label == '\0')
        return "is empty";
    if (strlen(label) > MAX_LABEL_BYTES)
        return "is longer than 256 bytes";
    for (; *label != '\0'; label++)
        if (g_ascii_iscntrl(*label))
            return "has control characters";
    return NULL;
}

char **vdt_labels_load(const char *path, GError **error)
{
    g_autofree char **lines = vdt_lines_load(path, MAX_LABELS_BYTES, MAX_LABELS, error);
    if (lines == NULL)
        return NULL;
    for (guint i = 0; lines[i] != NULL; i++) {
        const char *wrong = check_label(lines[i]);
        if (wrong != NULL) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: label %u %s", path, i + 1, wrong);
            return NULL;
        }
    }
    return g_strdupv(lines);
}

gboolean vdt_card_load_labels(VdtCard *card, const char *path, GError **error)
{
    char **labels = vdt_labels_load(path, error);
    if (labels == NULL)
        return FALSE;
    g_strfreev(card->labels);
    g_free(card->labels_path);
    card->labels = labels;
    card->labels_path = g_strdup(path);
    card->n_labels = g_strv_length(labels);
    return TRUE;
}

static void take_string(VdtFields *fields, const char *key, char **value)
{
    const char *text = vdt_fields_string(fields, key, NULL);
    if (text != NULL) {
        g_free(*value);
        *value = g_strdup(text);
    }
}

/* Whether @file is somewhere else, links followed. What is not there leads nowhere. */
static gboolean leads_out(const char *dir, const char *file)
{
    char *real_dir = realpath(dir, NULL), *real_file = realpath(file, NULL);
    gsize n = real_dir != NULL ? strlen(real_dir) : 0;
    gboolean out = real_dir != NULL && real_file != NULL && n > 1 &&
                   (strncmp(real_file, real_dir, n) != 0 || real_file[n] != '/');
    free(real_dir);
    free(real_file);
    return out;
}

/* The folder that the card lies in, links followed; NULL if there is none. */
static char *real_folder(const char *path)
{
    char *real = realpath(path, NULL);
    char *folder = real != NULL ? g_path_get_dirname(real) : NULL;
    free(real);
    return folder;
}

/* A file named in a card lies in its folder or below it. As a link, it may lead to where a link of
 * the card leads: in caches all files of a model are links into one folder. That gives a stranger
 * nothing who cannot put a card there, and who can needs no link. */
static char *beside(VdtFields *fields, const char *key, const char *path)
{
    const char *name = vdt_fields_string(fields, key, NULL);
    if (name == NULL)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);
    if (*name == '\0' || g_path_is_absolute(name) ||
        g_strv_contains((const char *const *)parts, "..")) {
        vdt_fields_fail(fields, "\"%s\" is \"%s\", but must be a file in the card's folder", key,
                        name);
        return NULL;
    }
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *joined = g_build_filename(dir, name, NULL);
    g_autofree char *real = real_folder(path);
    if (leads_out(dir, joined) && (real == NULL || leads_out(real, joined))) {
        vdt_fields_fail(fields, "\"%s\" is \"%s\", a link out of the card's folder", key, name);
        return NULL;
    }
    return g_canonicalize_filename(joined, NULL);
}

static void take_hash(VdtFields *fields, VdtCard *card)
{
    const char *text = vdt_fields_string(fields, "sha256", NULL);
    if (text == NULL)
        return;
    if (strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64)
        card->sha256 = g_ascii_strdown(text, -1);
    else
        vdt_fields_fail(fields, "\"sha256\" is \"%s\", but must be 64 hexadecimal digits", text);
}

static void take_floats(VdtFields *fields, const char *key, float *values, double min, double max)
{
    double wide[3] = {values[0], values[1], values[2]};
    vdt_fields_doubles(fields, key, wide, 3, min, max);
    for (int i = 0; i < 3; i++)
        values[i] = wide[i];
}

static void read_preprocessing(VdtFields *fields, VdtCard *card)
{
    take_floats(fields, "mean", card->mean, -1e4, 1e4);
    take_floats(fields, "std", card->std, 1e-6, 1e4);
    card->width = vdt_fields_int(fields, "width", card->width, 1, 8192);
    card->height = vdt_fields_int(fields, "height", card->height, 1, 8192);
    card->frames = vdt_fields_int(fields, "frames", card->frames, 1, 256);
    gint64 pixels = (gint64)card->width * card->height * card->frames;
    if (pixels > MAX_INPUT_PIXELS)
        vdt_fields_fail(fields,
                        "\"width\" %u, \"height\" %u and \"frames\" %u make %" G_GINT64_FORMAT
                        " pixels, the limit is %d",
                        card->width, card->height, card->frames, pixels, MAX_INPUT_PIXELS);
    card->frame_interval = vdt_fields_int(fields, "frame_interval", card->frame_interval, 1, 1000);
    /* Unless it says otherwise, a window is as long as the frames it was trained on lasted. */
    card->window = card->frames == 1
                       ? 0
                       : vdt_fields_double(
                             fields, "window",
                             (card->frames - 1) * card->frame_interval / TRAINING_RATE, 0.01, 3600);
    card->framing = vdt_fields_choice(fields, "framing", card->framing,
                                      (const char *const[]){"stretch", "crop", "fit", NULL});
}

static void read_evaluation(VdtFields *fields, VdtCard *card)
{
    card->test_clips = vdt_fields_int(fields, "clips", card->test_clips, 1, 100);
    card->test_crops = vdt_fields_int(fields, "crops", card->test_crops, 1, 3);
    if (card->test_crops == 2)
        vdt_fields_fail(fields, "\"crops\" is 2, but must be 1 or 3");
    card->test_size = vdt_fields_int(fields, "size", card->test_size, 1, 8192);
    card->zero_is_other = vdt_fields_bool(fields, "zero_is_other", card->zero_is_other);
    gint64 pixels = (gint64)card->test_clips * card->frames * card->test_size * card->test_size;
    if (pixels > MAX_TEST_PIXELS)
        vdt_fields_fail(fields,
                        "%u \"clips\" of %u frames of \"size\" %u have %" G_GINT64_FORMAT
                        " pixels, the limit is %" G_GINT64_FORMAT,
                        card->test_clips, card->frames, card->test_size, pixels, MAX_TEST_PIXELS);
}

/* What a trained model's card tells people; nothing here is needed to run it. */
static void check_training(VdtFields *fields)
{
    vdt_fields_string(fields, "command", NULL);
    vdt_fields_double(fields, "seconds", 0, 0, 1e9);
    vdt_fields_int(fields, "world_version", 0, 0, 1000000);
    vdt_fields_bool(fields, "one_frame", FALSE);
    static const char *const counts[] = {"seed", "validation_seed", "clips", "steps"};
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
        vdt_fields_int(fields, counts[i], 0, 0, G_GINT64_CONSTANT(1) << 53);
    static const char *const tables[] = {"validation", "scores", "baselines"};
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        VdtFields table = vdt_fields_object(fields, tables[i], fields->where);
        g_autoptr(GList) names =
            table.object != NULL ? json_object_get_members(table.object) : NULL;
        for (GList *l = names; l != NULL; l = l->next)
            vdt_fields_double(&table, l->data, 0, -1e9, 1e9);
    }
}

/* Which labels the list @name has, by class; NULL if there is no list. */
static gboolean *read_labels(VdtFields *fields, const VdtCard *card, const char *name)
{
    g_auto(GStrv) names = vdt_fields_strings(fields, name);
    if (names == NULL || names[0] == NULL) /* without labels it could not be as long as they are */
        return NULL;
    gboolean *listed = g_new0(gboolean, card->n_labels + 1);
    g_autoptr(GHashTable) labels = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    g_autoptr(GHashTable) wanted = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    for (guint i = 0; names[i] != NULL; i++)
        g_hash_table_add(wanted, names[i]);
    for (guint i = 0; i < card->n_labels; i++) {
        g_hash_table_add(labels, card->labels[i]);
        listed[i] = g_hash_table_contains(wanted, card->labels[i]);
    }
    for (guint i = 0; names[i] != NULL; i++)
        if (!g_hash_table_contains(labels, names[i]))
            vdt_fields_fail(fields, "\"%s\" has \"%s\", which is none of the labels", name,
                            names[i]);
    return listed;
}

/* What one says of itself; whether the groups have as many labels as the network has classes is
 * known to whoever has the network. */
static void read_groups(VdtFields *fields, VdtCard *card, const char *where)
{
    guint n = vdt_fields_n_objects(fields, "groups", MAX_GROUPS), first = 0;
    card->groups = n > 0 ? g_new0(VdtCardGroup, n) : NULL;
    for (guint i = 0; i < n; i++) {
        VdtFields inner = vdt_fields_object_at(fields, "groups", i, where);
        vdt_fields_require(&inner, "name");
        vdt_fields_require(&inner, "labels");
        const char *name = vdt_fields_string(&inner, "name", "");
        guint n_labels = vdt_fields_int(&inner, "labels", 2, 2, MAX_LABELS);
        if (*name == '\0' || strlen(name) > MAX_GROUP_BYTES)
            vdt_fields_fail(&inner, "\"name\" has %" G_GSIZE_FORMAT " bytes, but takes 1 to %d",
                            strlen(name), MAX_GROUP_BYTES);
        for (guint k = 0; k < i; k++)
            if (strcmp(card->groups[k].name, name) == 0)
                vdt_fields_fail(&inner, "\"name\" is \"%s\" twice", name);
        const char *of = vdt_fields_string(&inner, "of", "");
        card->groups[card->n_groups++] =
            (VdtCardGroup){g_strdup(name), first, n_labels, *of != '\0' ? g_strdup(of) : NULL};
        first += n_labels;
    }
}

/* Once there are labels: what groups are of has to be one of those that groups before ask for. */
static void check_groups(VdtFields *fields, const VdtCard *card)
{
    for (guint i = 0; i < card->n_groups; i++) {
        const VdtCardGroup *group = &card->groups[i];
        guint k = 0;
        while (group->of != NULL && k < MIN(group->first, card->n_labels) &&
               strcmp(card->labels[k], group->of) != 0)
            k++;
        if (group->of != NULL && k >= MIN(group->first, card->n_labels))
            vdt_fields_fail(fields,
                            "\"groups\": \"%s\" is asked of \"%s\", which is no label of a group "
                            "before",
                            group->name, group->of);
    }
}

/* Of networks that restore pictures; how many there are is known to whoever has the network. */
static void read_restorations(VdtFields *fields, const VdtModel *model, VdtCard *card)
{
    card->restorations = vdt_fields_strings(fields, "tasks");
    if (card->restorations == NULL)
        return;
    if (model->restorations == NULL)
        vdt_fields_fail(fields, "\"tasks\" is there, but %s restores nothing", model->name);
    card->n_restorations = g_strv_length(card->restorations);
    if (card->n_restorations == 0)
        vdt_fields_fail(fields, "\"tasks\" is empty, but takes a name for each task");
    g_autoptr(GHashTable) seen = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    for (guint i = 0; i < card->n_restorations; i++) {
        const char *name = card->restorations[i];
        if (*name == '\0' || strlen(name) > MAX_TASK_BYTES)
            vdt_fields_fail(fields,
                            "\"tasks\" has a name of %" G_GSIZE_FORMAT " bytes, but takes 1 to %d",
                            strlen(name), MAX_TASK_BYTES);
        if (!g_hash_table_add(seen, (char *)name))
            vdt_fields_fail(fields, "\"tasks\" has \"%s\" twice", name);
    }
}

/* Of networks that merge tokens. */
static void read_merging(VdtFields *fields, const VdtModel *model, VdtCard *card, const char *path)
{
    g_autofree char *in_compensator = g_strconcat(path, ": compensator", NULL);
    g_autofree char *in_levels = g_strconcat(path, ": levels", NULL);
    static const char *const keys[] = {"merge", "compensator", "levels"};
    for (guint i = 0; i < G_N_ELEMENTS(keys) && model->merging == NULL; i++)
        if (vdt_fields_has(fields, keys[i]))
            vdt_fields_fail(fields, "\"%s\" is there, but %s merges no tokens", keys[i],
                            model->name);
    card->merge = vdt_fields_int(fields, "merge", 0, 0, MAX_MERGE);
    if (vdt_fields_has(fields, "compensator")) {
        VdtFields inner = vdt_fields_object(fields, "compensator", in_compensator);
        vdt_fields_require(&inner, "weights");
        card->compensator = beside(&inner, "weights", path);
        card->compensator_scale = vdt_fields_double(&inner, "scale", 0.1, 0, 100);
    }
    guint n = vdt_fields_n_objects(fields, "levels", MAX_LEVELS);
    card->levels = n > 0 ? g_new0(VdtCardLevel, n) : NULL;
    for (; card->n_levels < n; card->n_levels++) {
        VdtFields inner = vdt_fields_object_at(fields, "levels", card->n_levels, in_levels);
        VdtCardLevel *level = &card->levels[card->n_levels];
        vdt_fields_require(&inner, "merge");
        vdt_fields_require(&inner, "accuracy");
        level->merge = vdt_fields_int(&inner, "merge", 0, 0, MAX_MERGE);
        level->accuracy = vdt_fields_double(&inner, "accuracy", 0, 0, 1);
        if (card->n_levels > 0 && level->merge <= level[-1].merge)
            vdt_fields_fail(&inner, "\"merge\" is %u behind %u, but levels ascend", level->merge,
                            level[-1].merge);
    }
}

/* NaN outside of what was measured. */
static double accuracy_at(const VdtCard *card, guint merge)
{
    for (guint i = 0; i < card->n_levels; i++) {
        const VdtCardLevel *high = &card->levels[i], *low = high - 1;
        if (high->merge == merge)
            return high->accuracy;
        if (i > 0 && low->merge < merge && high->merge > merge)
            return low->accuracy + (high->accuracy - low->accuracy) * (merge - low->merge) /
                                       (high->merge - low->merge);
    }
    return NAN;
}

double vdt_card_get_cost(const VdtCard *card, guint merge)
{
    return accuracy_at(card, card->merge) - accuracy_at(card, merge);
}

VdtCard *vdt_card_load(const char *path, JsonObject **config, GError **error)
{
    *config = NULL;
    g_autoptr(GError) mistake = NULL;
    g_autoptr(JsonObject) object = vdt_json_load(path, MAX_CARD_BYTES, &mistake);
    if (mistake != NULL && mistake->domain == VDT_ERROR)
        /* weights, perhaps */
        g_set_error(error, VDT_ERROR, mistake->code,
                    "%s; a model is given by its card, a JSON file that names its weights",
                    mistake->message);
    else if (mistake != NULL)
        g_propagate_error(error, g_steal_pointer(&mistake));
    if (object == NULL)
        return NULL;
    VdtFields fields = {object, path, &mistake};
    g_autofree char *in_preprocessing = g_strconcat(path, ": preprocessing", NULL);
    g_autofree char *in_evaluation = g_strconcat(path, ": evaluation", NULL);
    g_autofree char *in_training = g_strconcat(path, ": training", NULL);
    g_autofree char *in_groups = g_strconcat(path, ": groups", NULL);
    static const char *const required[] = {"schema",  "name",    "architecture", "variant",
                                           "weights", "licence", "origin"};
    for (guint i = 0; i < G_N_ELEMENTS(required); i++)
        vdt_fields_require(&fields, required[i]);
    vdt_fields_int(&fields, "schema", 1, 1, 1);

    const VdtModel *model = NULL;
    const char *architecture = vdt_fields_string(&fields, "architecture", "");
    const char *variant = vdt_fields_string(&fields, "variant", "");
    if (mistake == NULL) {
        model = vdt_model_find(architecture, &mistake);
        if (model == NULL)
            g_prefix_error(&mistake, "%s: ", path);
    }
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return NULL;
    }

    g_autoptr(VdtCard) card = vdt_card_new(model, variant);
    card->path = g_canonicalize_filename(path, NULL);
    take_string(&fields, "name", &card->name);
    take_string(&fields, "title", &card->title);
    take_string(&fields, "licence", &card->licence);
    take_string(&fields, "origin", &card->origin);
    card->weights = beside(&fields, "weights", path);
    take_hash(&fields, card);
    g_autofree char *labels = beside(&fields, "labels", path);
    VdtFields inner = vdt_fields_object(&fields, "preprocessing", in_preprocessing);
    read_preprocessing(&inner, card);
    inner = vdt_fields_object(&fields, "evaluation", in_evaluation);
    read_evaluation(&inner, card);
    inner = vdt_fields_object(&fields, "training", in_training);
    check_training(&inner);
    read_groups(&fields, card, in_groups);
    read_restorations(&fields, model, card);
    read_merging(&fields, model, card, path);
    inner = vdt_fields_object(&fields, "config", path);
    if (mistake == NULL && labels != NULL)
        vdt_card_load_labels(card, labels, &mistake);
    if (mistake == NULL)
        check_groups(&fields, card);
    if (mistake == NULL)
        card->background = read_labels(&fields, card, "background");
    if (mistake == NULL)
        card->things = read_labels(&fields, card, "things");
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return NULL;
    }
    if (inner.object != NULL)
        *config = json_object_ref(inner.object);
    return g_steal_pointer(&card);
}

char *vdt_card_find_unknown(const VdtCard *card)
{
    static const char *const known[] = {"schema",
                                        "name",
                                        "architecture",
                                        "variant",
                                        "weights",
                                        "sha256",
                                        "licence",
                                        "origin",
                                        "title",
                                        "labels",
                                        "background",
                                        "things",
                                        "groups",
                                        "tasks",
                                        "merge",
                                        "compensator.weights",
                                        "compensator.scale",
                                        "levels",
                                        "config",
                                        "training",
                                        "preprocessing.mean",
                                        "preprocessing.std",
                                        "preprocessing.width",
                                        "preprocessing.height",
                                        "preprocessing.framing",
                                        "preprocessing.frames",
                                        "preprocessing.frame_interval",
                                        "preprocessing.window",
                                        "evaluation.clips",
                                        "evaluation.crops",
                                        "evaluation.size",
                                        "evaluation.zero_is_other",
                                        NULL};
    g_autoptr(JsonObject) object =
        card->path != NULL ? vdt_json_load(card->path, MAX_CARD_BYTES, NULL) : NULL;
    if (object == NULL)
        return NULL;
    g_autofree char *outside = vdt_fields_unknown(object, known), *inside = NULL;
    const VdtModel *model = vdt_model_find(card->architecture, NULL);
    JsonNode *config = json_object_get_member(object, "config");
    if (config != NULL && JSON_NODE_HOLDS_OBJECT(config) && model != NULL)
        inside = vdt_fields_unknown(json_node_get_object(config), model->keys);
    if (outside != NULL && inside != NULL)
        return g_strconcat(outside, ", ", inside, NULL);
    return outside != NULL ? g_steal_pointer(&outside) : g_steal_pointer(&inside);
}
