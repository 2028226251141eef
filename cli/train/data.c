/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a training learns from. */
#include <math.h>
#include <street.h>
#include <string.h>

#include "config.h"
#include "data/cleanpictures.h"
#include "data/identity.h"
#include "data/picturefolder.h"
#include "data/streetclips.h"
#include "data/streetpictures.h"
#include "paths.h"
#include "restoration.h"
#include "unwrap.h"
#if HAVE_GST
#include "data/classfolder.h"
#include "data/folderclips.h"
#include "data/folderpictures.h"
#endif

/* What pictures of a folder are stored as: all of them, in their own shape. */
#define PICTURES_WIDTH  704
#define PICTURES_HEIGHT 512
#define MAX_CLASSES     255

#if HAVE_GST
static char *list_path(const Training *training, const char *name)
{
    return g_build_filename(training->o->data, name, NULL);
}
#endif

#if HAVE_GST
/* The label set of the variant that --config names or that --weights are of; NULL if none is known.
 */
static const char *find_label_set(const Training *training, const VdtModel *model)
{
    const char *name = training->o->config;
    g_autoptr(JsonObject) config = NULL;
    if (name == NULL && training->start != NULL)
        vdt_model_recognise(training->start, &config, &name);
    const VdtVariant *variant = name != NULL ? vdt_model_find_variant(model, name, NULL) : NULL;
    return variant != NULL ? variant->labels : NULL;
}

/* What maps of pictures in a folder tell apart: what labels.txt names, or else the classes of the
 * set that the network was published for. */
static char **find_picture_labels(Training *training, const VdtModel *model, GError **error)
{
    const char *folder = training->o->data, *set = find_label_set(training, model);
    g_autofree char *own = g_build_filename(folder, "labels.txt", NULL);
    g_autofree char *published = set != NULL ? vdt_find_labels(set) : NULL;
    gboolean is_own = g_file_test(own, G_FILE_TEST_EXISTS);
    if (!is_own && published == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: is needed: the names of the classes, one a line; neither --config nor "
                    "--weights says which they are",
                    own);
        return NULL;
    }
    g_autoptr(VdtCard) card = vdt_card_new(model, "custom");
    if (!vdt_card_load_labels(card, is_own ? own : published, error))
        return NULL;
    if (card->n_labels < 1 || card->n_labels > MAX_CLASSES) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: names %u classes, but maps of 8 bits tell 1 to %d apart",
                    is_own ? own : published, card->n_labels, MAX_CLASSES);
        return NULL;
    }
    training->zero_is_other =
        training->o->zero_is_other || (!is_own && picture_folder_counts_from_one(set));
    return g_strdupv(card->labels);
}
#endif

#if HAVE_GST
/* What labels.txt names, or else the folders of classes. */
static char **find_class_labels(Training *training, const VdtModel *model, GError **error)
{
    g_autofree char *own = list_path(training, "labels.txt");
    if (!g_file_test(own, G_FILE_TEST_EXISTS)) {
        g_autofree char *folder = class_folder_find(training->o->data, "train");
        return class_folder_labels(folder, error);
    }
    g_autoptr(VdtCard) card = vdt_card_new(model, "custom");
    return vdt_card_load_labels(card, own, error) ? g_strdupv(card->labels) : NULL;
}
#endif

/* Names of the classes, which the network needs before there are clips. */
static char **find_labels(Training *training, const VdtModel *model, GError **error)
{
    if (training->task != NULL)
        return g_strdupv((char **)training->task->labels);
    if (model->task == VDT_TASK_RESTORATION)
        return restoration_names(training->o);
    if (training->o->street) {
        guint n =
            model->task == VDT_TASK_SEGMENTATION ? VDT_STREET_N_CLASSES : VDT_STREET_N_ACTIONS;
        char **labels = g_new0(char *, n + 1);
        for (guint i = 0; i < n; i++)
            labels[i] = g_strdup(model->task == VDT_TASK_SEGMENTATION ? vdt_street_class_name(i)
                                                                      : vdt_street_action_name(i));
        return labels;
    }
#if HAVE_GST
    if (model->task == VDT_TASK_SEGMENTATION)
        return find_picture_labels(training, model, error);
    if (model->task == VDT_TASK_CLASSIFICATION)
        return find_class_labels(training, model, error);
    g_autofree char *list = list_path(training, "train.csv");
    return folder_labels(list, error);
#else
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads no videos", training->o->data);
    return NULL;
#endif
}

static void copy_groups(const Network *network, VdtCard *card)
{
    card->groups = g_new0(VdtCardGroup, network->n_groups);
    card->n_groups = network->n_groups;
    for (guint i = 0; i < card->n_groups; i++) {
        card->groups[i] = network->groups[i];
        card->groups[i].name = g_strdup(network->groups[i].name);
        card->groups[i].of = g_strdup(network->groups[i].of);
    }
}

/* How pictures become the network's input, as the card will say. */
static void fill_card(Training *training, char **labels)
{
    const TrainOptions *o = training->o;
    const Network *network = &training->network;
    VdtCard *card = training->card = vdt_card_new(network->model, network->variant);
    const VdtVariant *small = vdt_model_find_variant(network->model, "small", NULL);
    card->labels = labels;
    card->n_labels = g_strv_length(labels);
    card->frames = network->frames;
    card->frame_interval = o->interval;
    if (o->width > 0) {
        card->width = o->width;
        card->height = o->height;
    } else if (network->n_restorations > 0) {
        card->width = CLEAN_PICTURES_WIDTH;
        card->height = CLEAN_PICTURES_HEIGHT;
    } else if (training->task != NULL) {
        card->width = card->height = training->task->size;
    } else if (small != NULL && o->street) {
        /* The street's own shape. */
        card->width = small->bench_width;
        card->height = small->bench_height;
    }
    gboolean pictures = network->model->task == VDT_TASK_SEGMENTATION && !o->street;
    if (pictures && o->width == 0) {
        card->width = PICTURES_WIDTH;
        card->height = PICTURES_HEIGHT;
    }
    if (o->framing != NULL || o->street)
        card->framing = o->frame_as;
    else if (pictures)
        card->framing = VDT_FRAMING_FIT;
    card->window = network->model->task != VDT_TASK_RECOGNITION ? 0
                   : o->street                                  ? o->window
                               : round(1e3 * (card->frames - 1) * o->interval / 30.0) / 1e3;
    copy_groups(network, card);
}

/* Not every network that restores can be trained, nor on windows of every size. */
static gboolean check_restoration(const Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    if (training->network.n_restorations == 0)
        return TRUE;
    g_autoptr(VdtGraph) graph =
        network_graph(&training->network, o->batch, o->crop_width > 0 ? o->crop_width : card->width,
                      o->crop_width > 0 ? o->crop_height : card->height, TRUE, error);
    return graph != NULL;
}

/* Also finds what is wrong with configuration, size and weights, before clips are made. */
static gboolean find_weights(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    gboolean fresh_head;
    g_autoptr(VdtGraph) graph =
        network_graph(&training->network, 1, card->width, card->height, FALSE, error);
    if (graph == NULL)
        return FALSE;
    training->weights =
        network_start(&training->network, graph, training->start, o->seed, &fresh_head, error);
    if (training->weights != NULL && fresh_head)
        progress_say(training->progress,
                     training->network.only_backbone
                         ? "%s is a backbone; all else begins at random."
                         : "%s has another number of classes; the head begins anew.",
                     o->weights);
    if (training->weights == NULL)
        return FALSE;
    if (o->crop_width > card->width || o->crop_height > card->height) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--crop is %ux%u, but the pictures are only %ux%u", o->crop_width,
                    o->crop_height, card->width, card->height);
        return FALSE;
    }
    return check_restoration(training, error);
}

gboolean training_open_data(Training *training, const char *architecture, GError **error)
{
    const TrainOptions *o = training->o;
    if (o->weights != NULL) {
        g_autoptr(VdtWeights) loaded = vdt_weights_load(o->weights, error);
        if (loaded == NULL)
            return FALSE;
        training->start = vdt_weights_unwrap(loaded);
        g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
        file_identify("weights", o->weights, hash);
        training->start_identity = g_strndup(g_checksum_get_string(hash), 32);
    }
    const VdtModel *model = vdt_model_find(architecture, error);
    training->task = o->task != NULL ? street_task_find(o->task, NULL) : NULL;
    VdtWeights *backbone =
        model != NULL && o->weights != NULL ? network_find_backbone(model, training->start) : NULL;
    if (backbone != NULL) {
        vdt_weights_unref(training->start);
        training->start = backbone;
        training->network.only_backbone = TRUE;
    }
    char **labels = model != NULL ? find_labels(training, model, error) : NULL;
    if (labels == NULL)
        return FALSE;
    tell_same_labels("train", labels);
    const char *config = o->config;
    if (config == NULL && training->start == NULL && training->task != NULL)
        config = training->task->config;
    if (!network_init(&training->network, architecture, config, training->start,
                      g_strv_length(labels), error) ||
        (model->task == VDT_TASK_RESTORATION && !restoration_configure(training, error))) {
        g_strfreev(labels);
        return FALSE;
    }
    if (training->task != NULL) {
        training->network.groups = training->task->groups;
        training->network.n_groups = training->task->n_groups;
    }
    training->network.dropout = o->dropout;
    training->network.label_smoothing = o->label_smoothing;
    training->network.freeze_norms = o->freeze_norms;
    fill_card(training, labels);
    return find_weights(training, error);
}

#if HAVE_GST
static gboolean open_folder(Training *training, const ClipFormat *format, GError **error)
{
    g_autofree char *train = list_path(training, "train.csv"),
                    *val = list_path(training, "val.csv");
    training->set = folder_clips_new(train, training->card->labels, training->o->per_video,
                                     training->card, format, error);
    if (training->set == NULL)
        return FALSE;
    if (!g_file_test(val, G_FILE_TEST_EXISTS)) {
        progress_say(training->progress, "%s: is not there; there will be no validation", val);
        return TRUE;
    }
    training->validation_set =
        folder_clips_new(val, training->card->labels, 1, training->card, format, error);
    return training->validation_set != NULL;
}
#endif

#if HAVE_GST
static gboolean open_pictures(Training *training, const ClipFormat *format, GError **error)
{
    const char *folder = training->o->data;
    g_autofree char *validation = g_build_filename(folder, "images", "validation", NULL);
    training->set = folder_pictures_new(folder, "training", training->card->labels,
                                        training->zero_is_other, format, error);
    if (training->set == NULL)
        return FALSE;
    if (!g_file_test(validation, G_FILE_TEST_IS_DIR)) {
        progress_say(training->progress, "%s: is not there; there will be no validation",
                     validation);
        return TRUE;
    }
    training->validation_set = folder_pictures_new(folder, "validation", training->card->labels,
                                                   training->zero_is_other, format, error);
    return training->validation_set != NULL;
}
#endif

#if HAVE_GST
static gboolean open_classes(Training *training, const ClipFormat *format, GError **error)
{
    char **labels = training->card->labels;
    g_autofree char *train = class_folder_find(training->o->data, "train");
    g_autofree char *val = list_path(training, "val");
    training->set = class_folder_new(train, labels, NULL, 0, format, error);
    if (training->set == NULL)
        return FALSE;
    if (!g_file_test(val, G_FILE_TEST_IS_DIR) || strcmp(train, training->o->data) == 0) {
        progress_say(training->progress, "%s: is not there; there will be no validation", val);
        return TRUE;
    }
    training->validation_set = class_folder_new(val, labels, NULL, 0, format, error);
    return training->validation_set != NULL;
}
#endif

static gboolean open_task(Training *training, const ClipFormat *format, GError **error)
{
    const TrainOptions *o = training->o;
    training->set = training->task->open(o->seed, 0, o->clips, o->coded, format, error);
    if (training->set == NULL || o->validation_clips == 0)
        return training->set != NULL;
    training->validation_set = training->task->open(STREET_VALIDATION_SEED, 0, o->validation_clips,
                                                    o->coded > 0 ? 2 : 0, format, error);
    return training->validation_set != NULL;
}

static gboolean open_sets(Training *training, const ClipFormat *format, GError **error)
{
    const TrainOptions *o = training->o;
    if (training->network.n_restorations > 0)
        return restoration_open_sets(training, error);
#if HAVE_GST
    if (!o->street && training->network.model->task == VDT_TASK_CLASSIFICATION)
        return open_classes(training, format, error);
    if (!o->street)
        return (format->mapped ? open_pictures : open_folder)(training, format, error);
#endif
    if (training->task != NULL)
        return open_task(training, format, error);
    ClipSet *(*open)(guint64 seed, guint64 first, guint n, guint coded, guint endless,
                     const ClipFormat *format, GError **error) =
        format->mapped ? street_pictures_new : street_clips_new;
    training->set = open(o->seed, 0, o->clips, o->coded, o->endless, format, error);
    if (training->set == NULL)
        return FALSE;
    if (o->validation_clips == 0)
        return TRUE;
    training->validation_set =
        open(STREET_VALIDATION_SEED, 0, o->validation_clips, o->coded > 0 ? 2 : 0,
             format->mapped ? o->endless : 0, format, error);
    return training->validation_set != NULL;
}

gboolean training_load_clips(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    ClipFormat format = clip_format_for_card(training->card, o->one_frame);
    format.mapped = training->network.model->task == VDT_TASK_SEGMENTATION;
    if (!open_sets(training, &format, error))
        return FALSE;
    guint n = clip_set_get_n_clips(training->set);
    if (n < (guint)o->batch) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--batch is %d, but there are only %u clips", o->batch, n);
        return FALSE;
    }
    CacheOptions options = {o->cache_folder, o->no_cache, o->cache_bytes};
    const char *doing = o->street ? "drawing clips" : "decoding clips";
    training->cache =
        cache_new(training->set, &options, doing, training->progress, training->cancellable, error);
    if (training->cache == NULL || training->validation_set == NULL)
        return training->cache != NULL;
    doing = o->street ? "drawing validation clips" : "decoding validation clips";
    training->validation_cache = cache_new(training->validation_set, &options, doing,
                                           training->progress, training->cancellable, error);
    return training->validation_cache != NULL;
}
