/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette infer: a model's answer to a picture, a video, or an array that is its input already.
 */
#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <vedette/engine.h>

#include "command.h"
#include "config.h"
#include "inferfolder.h"
#include "infermaps.h"
#include "inferrestored.h"
#include "interrupt.h"
#include "io/atomic-file.h"
#include "labelmap.h"
#include "mapfiles.h"
#include "model.h"
#include "samefile.h"
#include "scores.h"
#if HAVE_GST
#include "data/clips.h"
#endif
#include "streetinput.h"

typedef struct {
    CommonOptions common;
    char *model, *weights, *arch, *variant, *input, *output, *overlay, *mode, *views;
    char *task, *instruction, *estimator, *before_and_after;
    double opacity, strength;
    gboolean json, strict, ensemble, authors_tiles;
    int merge;                 /* below 0: as trained */
    GCancellable *cancellable; /* ends a film where it is; lives on */
} Options;

static void options_clear(Options *o)
{
    common_options_clear(&o->common);
    g_free(o->model);
    g_free(o->weights);
    g_free(o->arch);
    g_free(o->variant);
    g_free(o->input);
    g_free(o->output);
    g_free(o->overlay);
    g_free(o->mode);
    g_free(o->views);
    g_free(o->task);
    g_free(o->instruction);
    g_free(o->estimator);
    g_free(o->before_and_after);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* What the network said, one row for each item of a batch or view of a video. */
typedef struct {
    VdtTensor *raw;
    guint n_views;              /* that belong to one answer */
    gint64 first_pts, last_pts; /* -1 if there are no times */
    gint64 n_frames;            /* of the video; 0 for an array */
    StreetInput street;         /* where the clip is from, and its truth */
} Answer;

static void answer_clear(Answer *answer)
{
    g_clear_pointer(&answer->raw, vdt_tensor_unref);
    street_input_clear(&answer->street);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static VdtTensor *copy(const VdtTensor *tensor, GError **error)
{
    VdtTensor *result = vdt_tensor_new(VDT_F32, &tensor->shape, error);
    if (result != NULL)
        memcpy(result->data, tensor->data, tensor->n_bytes);
    return result;
}

static gboolean find_task(VdtEngine *engine, const char *name, guint *restoration, GError **error)
{
    g_autoptr(VdtRestorer) restorer = vdt_restorer_new(engine, &(VdtRestorerOptions){0}, error);
    return restorer != NULL && vdt_restorer_find(restorer, name, restoration, error);
}

static gboolean run_array(VdtEngine *engine, const Options *o, Answer *answer, GError **error)
{
    g_autoptr(VdtTensor) array = vdt_npy_load(o->input, error);
    if (array == NULL)
        return FALSE;
    const VdtCard *card = vdt_engine_get_card(engine);
    VdtShape usual = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    if (array->dtype != VDT_F32 || array->shape.n_dims != usual.n_dims) {
        g_autofree char *is = vdt_shape_to_string(&array->shape);
        g_autofree char *wanted = vdt_shape_to_string(&usual);
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "%s holds %s %s, but the network takes float32 like %s", o->input,
                    vdt_dtype_name(array->dtype), is, wanted);
        return FALSE;
    }
    VdtSessionOptions options = {.restores = o->task != NULL};
    if (o->task != NULL && !find_task(engine, o->task, &options.restoration, error))
        return FALSE;
    g_autoptr(VdtSession) session =
        vdt_engine_new_session_with(engine, &array->shape, &options, error);
    if (session == NULL)
        return FALSE;
    memcpy(vdt_session_get_input(session, 0)->data, array->data, array->n_bytes);
    if (!vdt_session_run(session, NULL, error))
        return FALSE;
    answer->n_views = 1;
    answer->first_pts = answer->last_pts = -1;
    answer->raw = copy(vdt_session_get_output(session, 0), error);
    return answer->raw != NULL;
}

#if HAVE_GST
static gboolean run_media(VdtEngine *engine, const Options *o, Answer *answer, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_autoptr(Clips) clips = clips_load(o->input, card, o->views != NULL, error);
    if (clips == NULL)
        return FALSE;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, clips->size_w, clips->size_h);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL)
        return FALSE;
    const VdtTensor *output = vdt_session_get_output(session, 0);
    VdtShape all = output->shape;
    all.dims[0] = clips->n_views;
    answer->raw = vdt_tensor_new(VDT_F32, &all, error);
    if (answer->raw == NULL)
        return FALSE;
    for (guint i = 0; i < clips->n_views; i++) {
        clips_fill(clips, i, vdt_session_get_input(session, 0));
        if (!vdt_session_run(session, NULL, error))
            return FALSE;
        memcpy((char *)answer->raw->data + i * output->n_bytes, output->data, output->n_bytes);
        if (clips->n_views > 1 && isatty(STDERR_FILENO))
            g_printerr("\rview %u of %u%s", i + 1, clips->n_views,
                       i + 1 == clips->n_views ? "\n" : "");
    }
    answer->n_views = clips->n_views;
    answer->n_frames = clips->n_frames;
    answer->first_pts = clips->first_pts;
    answer->last_pts = clips->last_pts;
    return TRUE;
}
#else
static gboolean run_media(VdtEngine *engine, const Options *o, Answer *answer, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads .npy only", o->input);
    return FALSE;
}
#endif

static gboolean run_street(VdtEngine *engine, const Options *o, Answer *answer, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    VdtShape input = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL || !street_input_load(o->input, card, vdt_session_get_input(session, 0),
                                              &answer->street, error))
        return FALSE;
    if (!vdt_session_run(session, NULL, error))
        return FALSE;
    answer->n_views = 1;
    answer->first_pts = 0;
    answer->last_pts = card->window * 1e9;
    answer->raw = copy(vdt_session_get_output(session, 0), error);
    return answer->raw != NULL;
}

static void add_results(JsonArray *array, const VdtCard *card, const char *group,
                        const double *scores, const gint64 *winners, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *label = vdt_scores_label(card, winners[i]);
        JsonObject *result = json_object_new();
        json_object_set_string_member(result, "label", label);
        json_object_set_int_member(result, "class", winners[i]);
        json_object_set_double_member(result, "score", scores[winners[i]]);
        if (group != NULL)
            json_object_set_string_member(result, "group", group);
        json_array_add_object_element(array, result);
    }
}

/* One line of JSON for item @item, with its results if there are classes. */
static void print_object(const Options *o, const VdtCard *card, const Answer *answer, gint64 item,
                         JsonArray *results)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *input = json_name(o->input);
    json_object_set_string_member(object, "input", input);
    json_object_set_string_member(object, "model", card->name);
    json_object_set_string_member(object, "architecture", card->architecture);
    json_object_set_string_member(object, "variant", card->variant);
    json_object_set_int_member(object, "item", item);
    if (answer->n_frames > 0) {
        json_object_set_int_member(object, "frames", answer->n_frames);
        json_object_set_int_member(object, "views", answer->n_views);
    }
    if (answer->first_pts >= 0) {
        json_object_set_int_member(object, "pts_ns", answer->first_pts);
        json_object_set_int_member(object, "duration_ns", answer->last_pts - answer->first_pts);
    }
    if (answer->street.is_street) {
        json_object_set_int_member(object, "clip", answer->street.clip);
        json_object_set_string_member(object, "truth", answer->street.truth);
        json_object_set_string_member(object, "condition", answer->street.condition);
        json_object_set_boolean_member(object, "coded", answer->street.coded);
    }
    JsonArray *shape = json_array_new();
    for (guint i = 0; i < answer->raw->shape.n_dims; i++)
        json_array_add_int_element(shape, answer->raw->shape.dims[i]);
    json_object_set_array_member(object, "output_shape", shape);
    json_object_set_array_member(object, "results", results);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    g_autofree char *text = json_to_string(node, FALSE);
    print_json(text);
}

static void print_head(const VdtCard *card, const Answer *answer)
{
    g_print("%s", card->name);
    if (answer->last_pts > answer->first_pts)
        g_print(", %.2f s to %.2f s", answer->first_pts / 1e9, answer->last_pts / 1e9);
    if (answer->n_views > 1)
        g_print(", %u views", answer->n_views);
    g_print("\n");
    if (answer->street.is_street)
        g_print("street:%" G_GINT64_FORMAT ", %s%s: it is \"%s\"\n", answer->street.clip,
                answer->street.condition, answer->street.coded ? ", coded" : "",
                answer->street.truth);
}

static void print_results(const VdtCard *card, const char *group, const double *scores,
                          const gint64 *winners, guint n)
{
    if (group != NULL)
        g_print("%s\n", group);
    for (guint i = 0; i < n; i++) {
        g_autofree char *label = vdt_scores_label(card, winners[i]);
        g_print("%7.4f  %s (%" G_GINT64_FORMAT ")\n", scores[winners[i]], label, winners[i]);
    }
}

/* Logits [items, classes, rows, columns] of pixels: the classes by their share of the picture, the
 * largest first. */
static void print_shares(const Options *o, const VdtCard *card, const Answer *answer)
{
    const gint64 *dims = answer->raw->shape.dims;
    guint classes = dims[1], width = card->width, height = card->height;
    g_autofree guint16 *labels = g_new(guint16, (gsize)width * height);
    for (gint64 item = 0; item < dims[0]; item++) {
        const float *logits = (const float *)answer->raw->data + item * classes * dims[2] * dims[3];
        g_autofree double *shares = g_new0(double, classes);
        gint64 winners[VDT_SCORES_BEST];
        vdt_label_map(logits, classes, dims[2], dims[3], labels, width, width, height);
        for (gsize i = 0; i < (gsize)width * height; i++)
            shares[labels[i]] += 1.0 / width / height;
        guint n = vdt_scores_best(shares, classes, winners);
        if (o->json) {
            JsonArray *results = json_array_new();
            add_results(results, card, NULL, shares, winners, n);
            print_object(o, card, answer, item, results);
        } else {
            print_head(card, answer);
            print_results(card, NULL, shares, winners, n);
        }
    }
}

/* The best classes of each question that the network answers. */
static void print_scores(const Options *o, const VdtCard *card, const Answer *answer, gint64 item,
                         const double *scores, guint classes)
{
    JsonArray *results = json_array_new();
    if (!o->json)
        print_head(card, answer);
    for (guint i = 0; i < vdt_scores_n_groups(card); i++) {
        if (!vdt_scores_asks(card, i, scores))
            continue;
        gint64 winners[VDT_SCORES_BEST];
        VdtCardGroup group = vdt_scores_group(card, i, classes);
        guint n = vdt_scores_rank(scores, &group, VDT_SCORES_BEST, winners);
        if (o->json)
            add_results(results, card, group.name, scores, winners, n);
        else
            print_results(card, group.name, scores, winners, n);
    }
    if (o->json)
        print_object(o, card, answer, item, results);
    else
        json_array_unref(results);
}

/* Class scores are [items, classes]; features are printed as their shape. */
static void print_answer(const Options *o, const VdtCard *card, const Answer *answer)
{
    const VdtShape *shape = &answer->raw->shape;
    if (shape->n_dims == 4) {
        print_shares(o, card, answer);
        return;
    }
    if (shape->n_dims != 2) {
        g_autofree char *text = vdt_shape_to_string(shape);
        if (o->json)
            print_object(o, card, answer, 0, json_array_new());
        else
            g_print("%s: features %s; --output FILE.npy keeps them\n", card->name, text);
        return;
    }
    gint64 classes = shape->dims[1];
    g_autofree double *scores = g_new(double, classes);
    if (card->labels == NULL)
        g_printerr("vedette infer: no class names are known for %s\n", card->name);
    const float *logits = answer->raw->data;
    for (gint64 row = 0; row < shape->dims[0]; row += answer->n_views) {
        memset(scores, 0, classes * sizeof *scores);
        for (guint i = 0; i < answer->n_views; i++)
            vdt_scores_add(card, logits + (row + i) * classes, classes, answer->n_views, scores);
        print_scores(o, card, answer, row / answer->n_views, scores, classes);
    }
}

static gboolean all_finite(const VdtTensor *tensor)
{
    const float *values = tensor->data;
    for (gsize i = 0; i < tensor->n_bytes / sizeof *values; i++)
        if (!isfinite(values[i]))
            return FALSE;
    return TRUE;
}

static gboolean is_array(const char *name)
{
    return name != NULL && g_str_has_suffix(name, ".npy");
}

static gboolean is_film(const char *name)
{
    return name != NULL && film_is_named(name);
}

/* Pictures for networks of maps, unless it is arrays that go in or come out. */
static gboolean run_maps(VdtEngine *engine, const Options *o, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    MapsRequest request = {.input = o->input,
                           .map = o->output,
                           .overlay = o->overlay,
                           .opacity = o->opacity,
                           .mode = vdt_segment_mode_of(o->mode, card),
                           .json = o->json,
                           .cancellable = o->cancellable};
    return infer_maps(engine, &request, error);
}

/* The same for networks that restore. */
static gboolean run_restored(VdtEngine *engine, const Options *o, GError **error)
{
    RestoreRequest request = {
        .input = o->input,
        .output = o->output,
        .before_and_after = o->before_and_after,
        .task = o->task,
        .instruction = o->instruction,
        .estimator = o->estimator,
        .film = is_film(o->output) || is_film(o->before_and_after),
        .strength = o->strength,
        .options = {.authors_tiles = o->authors_tiles, .ensemble = o->ensemble},
        .json = o->json,
        .cancellable = o->cancellable};
    return infer_restored(engine, &request, error);
}

/* Whether the maps of many pictures go there, if the network makes maps. */
static gboolean names_maps(const char *path)
{
    return !is_array(path) && (strchr(path, '%') != NULL || !g_str_has_suffix(path, ".png"));
}

/* What only a network that restores may make; which network it is, is seen later. */
static gboolean is_restored_file(const char *path)
{
    return picture_file_is_named(path) || film_is_named(path);
}

static gboolean asks_to_restore(const Options *o)
{
    return o->task != NULL || o->instruction != NULL || o->estimator != NULL ||
           o->before_and_after != NULL || o->ensemble || o->authors_tiles || o->strength != 1;
}

/* Options that make no sense for the network. */
static gboolean check_kind(const Options *o, const VdtCard *card, VdtTask task, GError **error)
{
    const gboolean maps = task == VDT_TASK_SEGMENTATION, restores = task == VDT_TASK_RESTORATION;
    const char *wrong = NULL;
    if (maps && o->output != NULL && names_maps(o->output) && !map_pattern_check(o->output, error))
        return FALSE;
    if (!restores && asks_to_restore(o))
        wrong =
            "--task, --instruction, --estimator, --strength, --before-and-after, --ensemble and "
            "--authors-tiles are for networks that restore pictures";
    else if (restores && o->views != NULL)
        wrong = "--views is for clips";
    else if (restores && (o->overlay != NULL || o->mode != NULL))
        wrong = "--overlay and --mode are for networks with a class for each pixel";
    else if (restores)
        return TRUE;
    else if (!maps && (o->overlay != NULL || o->mode != NULL))
        wrong = "--overlay and --mode are for networks with a class for each pixel";
    else if (!maps && o->output != NULL && !is_array(o->output))
        wrong = "--output must end in .npy: a map is written only by networks with a class for "
                "each pixel";
    else if (maps && o->views != NULL)
        wrong = "--views is for clips; --mode says how pictures are seen";
    if (wrong != NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s: %s", card->name, wrong);
    return wrong == NULL;
}

/* Whether what is one file can be written; folders of maps are made with the first one. */
static gboolean check_writable(const char *path, GError **error)
{
    gboolean one = path != NULL && strchr(path, '%') == NULL &&
                   (is_array(path) || picture_file_is_named(path) || film_is_named(path));
    return !one || vdt_file_check(path, error);
}

static gboolean check_files(const Options *o, GError **error)
{
    const struct {
        const char *option, *path;
    } made[] = {{"--output", o->output},
                {"--overlay", o->overlay},
                {"--before-and-after", o->before_and_after}};
    for (guint i = 0; i < G_N_ELEMENTS(made); i++) {
        const char *path = made[i].path;
        if (!check_output(made[i].option, path, o->input, error) ||
            !check_output(made[i].option, path, o->weights, error) || !check_writable(path, error))
            return FALSE;
        for (guint j = 0; j < i && path != NULL; j++)
            if (made[j].path != NULL && same_file(made[j].path, path)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "%s: is both %s and %s, and only one of them would be kept", path,
                            made[j].option, made[i].option);
                return FALSE;
            }
    }
    return TRUE;
}

static gboolean answer_one(VdtEngine *engine, const Options *o, gboolean maps, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    if (maps && !is_array(o->input) && !is_array(o->output))
        return run_maps(engine, o, error);
    g_auto(Answer) answer = {NULL};
    gboolean (*run)(VdtEngine *, const Options *, Answer *, GError **) =
        is_array(o->input)               ? run_array
        : street_input_matches(o->input) ? run_street
                                         : run_media;
    if (!run(engine, o, &answer, error))
        return FALSE;
    if (!all_finite(answer.raw)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: the network's answer is not finite; is the input?", o->input);
        return FALSE;
    }
    print_answer(o, card, &answer);
    fflush(stdout); /* an answer is not lost because it cannot be kept */
    return o->output == NULL || vdt_npy_save(answer.raw, o->output, error);
}

typedef struct {
    VdtEngine *engine;
    const Options *o;
    gboolean maps;
} Folder;

static gboolean answer_picture(gpointer data, const char *path, const char *stem, GError **error)
{
    const Folder *folder = data;
    Options o = *folder->o;
    g_autofree char *file = g_strconcat(stem, ".png", NULL);
    g_autofree char *map = o.output != NULL ? g_build_filename(o.output, file, NULL) : NULL;
    g_autofree char *drawn = o.overlay != NULL ? g_build_filename(o.overlay, file, NULL) : NULL;
    o.input = (char *)path;
    o.output = map;
    o.overlay = drawn;
    return answer_one(folder->engine, &o, folder->maps, error);
}

/* Maps and overlays of a folder's pictures are folders, too, and not one. */
static gboolean answer_folder(VdtEngine *engine, const Options *o, gboolean maps, GError **error)
{
    Folder folder = {engine, o, maps};
    const char *const made[] = {o->output, o->overlay};
    const char *wrong = NULL;
    if (vdt_engine_get_card(engine)->frames > 1)
        wrong = "is a folder, but the network looks at clips; name a video";
    else if (!maps && o->output != NULL)
        wrong = "is a folder; --output keeps the answer to one picture";
    if (wrong != NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s: %s", o->input, wrong);
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(made); i++)
        if (made[i] != NULL && !map_pattern_prepare(made[i], error))
            return FALSE;
    return infer_folder(o->input, answer_picture, &folder, error);
}

static gboolean infer(const Options *o, VdtPrecision precision, GError **error)
{
    if (!check_files(o, error))
        return FALSE;
    if (o->arch != NULL && !check_architecture(o->arch, o->variant, error))
        return FALSE;
    VdtEngineOptions options = {.model = o->model,
                                .weights = o->weights,
                                .architecture = o->arch,
                                .variant = o->variant,
                                .precision = precision,
                                .strict = o->strict,
                                .merges = o->merge >= 0,
                                .merge = MAX(o->merge, 0)};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, error);
    if (engine == NULL)
        return FALSE;
    const VdtCard *card = vdt_engine_get_card(engine);
    const char *unused = vdt_engine_get_unused(engine);
    tell_card("infer", card);
    if (unused != NULL) {
        g_autofree char *names = printable(unused), *file = printable(card->weights);
        g_printerr("vedette infer: the network does not use these tensors of %s:\n%s\n", file,
                   names);
    }

    VdtTask task = vdt_model_find(card->architecture, NULL)->task;
    gboolean maps = task == VDT_TASK_SEGMENTATION;
    if (!check_kind(o, card, task, error))
        return FALSE;
    if (task == VDT_TASK_RESTORATION && !is_array(o->input))
        return run_restored(engine, o, error);
    const gboolean folder =
        !street_input_matches(o->input) && g_file_test(o->input, G_FILE_TEST_IS_DIR);
    return folder ? answer_folder(engine, o, maps, error) : answer_one(engine, o, maps, error);
}

int command_infer(int argc, char **argv)
{
    g_auto(Options) o = {.opacity = 0.5, .strength = 1, .merge = -1};
    const GOptionEntry entries[] = {
        {"model", 0, 0, G_OPTION_ARG_STRING, &o.model, "Installed model, or a card.json",
         "NAME|CARD"},
        {"weights", 0, 0, G_OPTION_ARG_FILENAME, &o.weights,
         "Weight file; says by itself which network it is for", "FILE"},
        {"arch", 0, 0, G_OPTION_ARG_STRING, &o.arch, "Architecture, if it is not recognised",
         "NAME"},
        {"variant", 0, 0, G_OPTION_ARG_STRING, &o.variant, "Variant, if it is not recognised",
         "NAME"},
        {"input", 0, 0, G_OPTION_ARG_FILENAME, &o.input,
         "Picture, folder of pictures, video, URI, .npy with the network's input; street, street:N "
         "or "
         "street:ACTION",
         "FILE|FOLDER|URI|street"},
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &o.output,
         "Keep the network's raw float32 output (.npy), or the picture's map of classes (.png); "
         "those "
         "of all pictures of a video or a folder in a folder, or by a pattern like map-%06d.png; "
         "or the restored picture (.png, .jpg), film (.mp4, .mkv) or folder",
         "FILE|FOLDER"},
        {"overlay", 0, 0, G_OPTION_ARG_FILENAME, &o.overlay,
         "Maps: write the picture with its classes coloured (.png), the whole video (.mp4, .mkv), "
         "or the pictures of a folder in a folder",
         "FILE|FOLDER"},
        {"task", 0, 0, G_OPTION_ARG_STRING, &o.task,
         "Networks that restore: what is undone, by the card's names of tasks (the usual one); "
         "auto: what --estimator sees",
         "NAME"},
        {"estimator", 0, 0, G_OPTION_ARG_STRING, &o.estimator,
         "With --task auto: what says which task pictures need (" VDT_ESTIMATOR_MODEL ")",
         "NAME|CARD"},
        {"instruction", 0, 0, G_OPTION_ARG_STRING, &o.instruction,
         "The same in words: \"remove the rain and brighten it a bit\"", "TEXT"},
        {"strength", 0, 0, G_OPTION_ARG_DOUBLE, &o.strength,
         "How much of it, 0 (nothing) to 1 (all, the default)", "R"},
        {"before-and-after", 0, 0, G_OPTION_ARG_FILENAME, &o.before_and_after,
         "Write the picture, or film, whose left half is as it was", "FILE|FOLDER"},
        {"ensemble", 0, 0, G_OPTION_ARG_NONE, &o.ensemble,
         "The mean of eight runs, flipped and turned", NULL},
        {"authors-tiles", 0, 0, G_OPTION_ARG_NONE, &o.authors_tiles,
         "Cut pictures into tiles as the network's authors did: nine times as slow", NULL},
        {"opacity", 0, 0, G_OPTION_ARG_DOUBLE, &o.opacity, "Of these colours, 0 to 1 (0.5)", "R"},
        {"mode", 0, 0, G_OPTION_ARG_STRING, &o.mode,
         "Maps: fixed (default for street models), whole (for others) or slide", "MODE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print one line of JSON for each answer", NULL},
        {"views", 0, 0, G_OPTION_ARG_STRING, &o.views,
         "Average over the views of the authors' evaluation", "test"},
        {"merge", 0, 0, G_OPTION_ARG_INT, &o.merge,
         "Tokens that each layer merges (as many as in the training)", "R"},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &o.strict,
         "Refuse weight files with tensors that are not used", NULL},
        {COMMON_THREADS(&o.common)},
        {COMMON_PRECISION(&o.common)},
        {COMMON_ISA(&o.common)},
        {NULL},
    };
    if (!parse_options(
            "--model NAME | --weights FILE --input FILE|URI",
            "Runs a model on one clip or picture and prints the five best classes; of a network "
            "that has a class for every pixel, the five that cover most. A network that restores "
            "pictures makes a picture, a film, or a folder of pictures.",
            entries, argc, argv, 0, 0, NULL))
        return EXIT_USAGE;
    if (o.input == NULL)
        return complain_usage("infer", "--input is needed");
    if (o.model == NULL && o.weights == NULL && o.arch == NULL)
        return complain_usage("infer", "--model or --weights is needed");
    g_autoptr(GError) error = NULL;
    if (o.output != NULL && names_maps(o.output) && !is_restored_file(o.output) &&
        !map_pattern_check(o.output, &error))
        return complain_usage("infer", "%s", error->message);
    if (is_array(o.input) && o.output != NULL && !is_array(o.output))
        return complain_usage("infer", "of an array, --output must end in .npy");
    if ((is_array(o.input) || is_array(o.output)) && (o.overlay != NULL || o.mode != NULL))
        return complain_usage("infer", "--overlay and --mode exclude arrays");
    if (!(o.opacity >= 0 && o.opacity <= 1))
        return complain_usage("infer", "--opacity is %g, but must be from 0 to 1", o.opacity);
    if (!(o.strength >= 0 && o.strength <= 1))
        return complain_usage("infer", "--strength is %g, but must be from 0 to 1", o.strength);
    if (is_array(o.input) &&
        (o.instruction != NULL || o.estimator != NULL || o.before_and_after != NULL || o.ensemble ||
         o.authors_tiles || o.strength != 1))
        return complain_usage("infer", "of what restores, arrays go with --task alone");
    if (o.mode != NULL && !g_strv_contains(vdt_segment_mode_names, o.mode))
        return complain_usage("infer", "--mode is \"%s\", but must be fixed, whole or slide",
                              o.mode);
    if (o.views != NULL && strcmp(o.views, "test") != 0)
        return complain_usage("infer", "--views is \"%s\", but can only be test", o.views);
    if (o.views != NULL && g_str_has_suffix(o.input, ".npy"))
        return complain_usage("infer", "--views test needs a video, not an array");
    if (o.views != NULL && street_input_matches(o.input))
        return complain_usage("infer", "--views test needs a video, not the street");
    VdtPrecision precision;
    /* A film without an end cannot be played. */
    if (is_film(o.output) || is_film(o.overlay) || is_film(o.before_and_after))
        o.cancellable = interrupt_catch();
    if (!common_options_apply(&o.common, &precision, &error) || !infer(&o, precision, &error))
        return complain("infer", error, EXIT_FAILED);
    return EXIT_DONE;
}
