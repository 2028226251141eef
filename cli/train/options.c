/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <math.h>
#include <string.h>

#include "data/spoil.h"
#include "data/streetclips.h"
#include "data/streettasks.h"
#include "model.h"
#include "samefile.h"
#include "sizes.h"

/* Windows into the street's usual 192x112: a person of half their height fits in; and into its
 * pictures of 512x288, all of one. */
#define CLIPS_CROP    "96x56"
#define MAPS_CROP     "192x144"
#define PICTURES_CROP "512x512"
/* Windows of attention fit in, with some padding, as they do in most pictures. */
#define RESTORED_CROP "112x112"
/* An option that the command line does not have: no option may be that. */
#define NOT_GIVEN     G_MININT

void train_options_clear(TrainOptions *o)
{
    common_options_clear(&o->common);
    char *strings[] = {o->only_task, o->task,     o->data,       o->cache_size, o->cache_folder,
                       o->weights,   o->config,   o->size,       o->crop,       o->framing,
                       o->optimizer, o->schedule, o->milestones, o->augment,    o->output,
                       o->name,      o->title,    o->licence,    o->origin,     o->precision};
    for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
}

/* Index of @text in @names (NULL-terminated); 0 if there is no text; -1 if it is none of them. */
static int choose(const char *option, const char *text, const char *const *names)
{
    if (text == NULL)
        return 0;
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    complain_usage("train", "--%s is \"%s\", but must be one of %s", option, text, all);
    return -1;
}

static gboolean choose_all(TrainOptions *o)
{
    int optimizer = choose("optimizer", o->optimizer, (const char *const[]){"adamw", "sgd", NULL});
    int schedule = choose("schedule", o->schedule,
                          (const char *const[]){"poly", "cosine", "constant", "step", NULL});
    int framing =
        choose("framing", o->framing, (const char *const[]){"stretch", "crop", "fit", NULL});
    int precision =
        choose("precision", o->precision, (const char *const[]){"f16", "f32", "bf16", NULL});
    if (optimizer < 0 || schedule < 0 || framing < 0 || precision < 0)
        return FALSE;
    o->optimizer_kind = optimizer == 0 ? VDT_OPTIMIZER_ADAMW : VDT_OPTIMIZER_SGD;
    o->schedule_kind = (const VdtScheduleKind[]){
        VDT_SCHEDULE_POLY, VDT_SCHEDULE_COSINE, VDT_SCHEDULE_CONSTANT, VDT_SCHEDULE_STEP}[schedule];
    o->frame_as =
        (const VdtFraming[]){VDT_FRAMING_STRETCH, VDT_FRAMING_CROP, VDT_FRAMING_FIT}[framing];
    o->store_as = (const VdtDType[]){VDT_F16, VDT_F32, VDT_BF16}[precision];
    return TRUE;
}

/* "flip=0.5,scale=0.1": what is not named keeps its default; "none" is nothing at all. */
static gboolean parse_augmentation(TrainOptions *o)
{
    struct {
        const char *name;
        double *value, most;
    } parts[] = {{"flip", &o->augmentation.flip, 1},       {"scale", &o->augmentation.scale, 0.5},
                 {"shift", &o->augmentation.shift, 0.5},   {"light", &o->augmentation.light, 0.9},
                 {"colour", &o->augmentation.colour, 0.9}, {"noise", &o->augmentation.noise, 64}};
    if (o->augment == NULL)
        return TRUE;
    if (strcmp(o->augment, "none") == 0) {
        o->augmentation = (AugmentOptions){0};
        return TRUE;
    }
    g_auto(GStrv) words = g_strsplit(o->augment, ",", -1);
    for (guint i = 0; words[i] != NULL; i++) {
        gboolean ok = FALSE;
        char *value = strchr(words[i], '=');
        if (value != NULL)
            *value++ = '\0';
        for (guint k = 0; k < G_N_ELEMENTS(parts) && value != NULL; k++) {
            char *end;
            double number = g_ascii_strtod(value, &end);
            if (strcmp(parts[k].name, words[i]) != 0 || end == value || *end != '\0' ||
                !(number >= 0 && number <= parts[k].most))
                continue;
            *parts[k].value = number;
            ok = TRUE;
        }
        if (!ok)
            return complain_usage("train",
                                  "--augment is \"none\", or some of flip=0..1, scale=0..0.5, "
                                  "shift=0..0.5, light=0..0.9, colour=0..0.9, noise=0..64, "
                                  "separated by commas; \"%s\" is not",
                                  words[i]) < 0;
    }
    return TRUE;
}

static gboolean parse_milestones(TrainOptions *o)
{
    if ((o->schedule_kind == VDT_SCHEDULE_STEP) != (o->milestones != NULL))
        return complain_usage("train", "--schedule step and --milestones need each other") < 0;
    g_auto(GStrv) words = g_strsplit(o->milestones != NULL ? o->milestones : "", ",", -1);
    double before = 0;
    for (guint i = 0; words[i] != NULL; i++) {
        char *end;
        double epoch = g_ascii_strtod(words[i], &end);
        if (i >= G_N_ELEMENTS(o->milestone_epochs) || end == words[i] || *end != '\0' ||
            !(epoch > before && epoch < o->epochs))
            return complain_usage("train",
                                  "--milestones is \"%s\", but must be at most 8 epochs, "
                                  "ascending, above 0 and below --epochs",
                                  o->milestones) < 0;
        o->milestone_epochs[i] = before = epoch;
    }
    return TRUE;
}

static gboolean check_ranges(const TrainOptions *o)
{
    const struct {
        const char *name;
        double value, least, most;
    } ranges[] = {
        {"clips", o->clips, 1, 10000000},
        {"validation-clips", o->validation_clips, 0, 1000000},
        {"endless", o->endless, 0, 1000},
        {"clips-per-video", o->per_video, 1, 100},
        {"seed", o->seed, 0, MAX_SEED},
        {"batch", o->batch, 1, 4096},
        {"whole-batch", o->whole_batch, 1, o->batch},
        {"epochs", o->epochs, 0.001, 100000},
        {"steps", o->steps, 0, 100000000},
        {"crop-share", o->crop_share, 0, 1},
        {"warmup", o->warmup, 0, 100000},
        {"rate", o->rate, 0, 1e6},
        {"final-rate", o->final_rate, 0, 1},
        {"gamma", o->gamma, 0, 1},
        {"decay", o->decay, 0, 10},
        {"momentum", o->momentum, 0, 0.9999},
        {"clip", o->clip, 0, 1e9},
        {"average", o->average, 0, 0.999999},
        {"backbone-rate", o->backbone_rate, 0, 1},
        {"dropout", o->dropout, 0, 0.95},
        {"label-smoothing", o->label_smoothing, 0, 0.9},
        {"window", o->window, 0.01, 3600},
        {"interval", o->interval, 1, 1000},
        {"checkpoint-every", o->checkpoint_every, 0, 86400},
        {"validations", o->validations, 0, 100000},
    };
    for (guint i = 0; i < G_N_ELEMENTS(ranges); i++)
        if (!(ranges[i].value >= ranges[i].least && ranges[i].value <= ranges[i].most))
            return complain_usage("train", "--%s is %.15g, but must be from %.15g to %.15g",
                                  ranges[i].name, ranges[i].value, ranges[i].least,
                                  ranges[i].most) < 0;
    if (o->coded < 0 || o->coded == 1)
        return complain_usage("train",
                              "--coded is %d, but must be 0 (none) or at least 2 (one "
                              "clip in so many)",
                              o->coded) < 0;
    return TRUE;
}

/* What goes into the card as it is. */
static gboolean check_texts(const TrainOptions *o)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        {"name", o->name}, {"title", o->title}, {"licence", o->licence}, {"origin", o->origin}};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        gboolean plain = texts[i].text == NULL || (strlen(texts[i].text) <= 1000 &&
                                                   g_utf8_validate(texts[i].text, -1, NULL));
        for (const char *at = texts[i].text; plain && at != NULL && *at != '\0'; at++)
            plain = !g_ascii_iscntrl(*at);
        if (!plain)
            return complain_usage(
                       "train", "--%s takes at most 1000 bytes of text without control characters",
                       texts[i].name) < 0;
    }
    return TRUE;
}

/* Which of the street's pictures' labels are learned is to be said where there are any, only. */
static gboolean check_task(const TrainOptions *o, const VdtModel *model)
{
    g_autoptr(GError) error = NULL;
    gboolean labels = model != NULL && model->task == VDT_TASK_CLASSIFICATION && o->street;
    if (model == NULL || (!labels && o->task == NULL))
        return TRUE;
    if (!labels)
        return complain_usage("train", "too many arguments: %s", o->task) < 0;
    if (o->task == NULL)
        return complain_usage(
                   "train",
                   "--street needs what %s is to learn of it: scene, object or restoration",
                   model->name) < 0;
    return street_task_find(o->task, &error) != NULL ||
           complain_usage("train", "%s", error->message) < 0;
}

static gboolean check_compensator(const TrainOptions *o, const VdtModel *model)
{
    if (!o->compensator)
        return TRUE;
    if (o->weights == NULL)
        return complain_usage("train", "--compensator is for the network of --weights") < 0;
    if (o->resume)
        return complain_usage("train", "--compensator has no checkpoints to --resume from") < 0;
    if (model != NULL && model->merging == NULL)
        return complain_usage("train", "--compensator: %s merges no tokens", model->name) < 0;
    return TRUE;
}

/* Options that are for what restores pictures. */
static gboolean check_restoration(const TrainOptions *o, const VdtModel *model)
{
    g_autoptr(GError) error = NULL;
    SpoilKind kind;
    if (model != NULL && model->task != VDT_TASK_RESTORATION) {
        const char *given = o->plain               ? "plain"
                            : o->sensitivity       ? "sensitivity"
                            : o->only_task != NULL ? "only-task"
                                                   : NULL;
        if (given != NULL)
            return complain_usage("train", "--%s: %s restores nothing", given, model->name) < 0;
        return TRUE;
    }
    if (o->data != NULL)
        return complain_usage("train",
                              "%s is trained on --street: on pictures that are spoiled "
                              "here",
                              model != NULL ? model->name : "what restores") < 0;
    if (o->only_task != NULL && (o->plain || o->sensitivity))
        return complain_usage("train", "--only-task and --%s exclude each other",
                              o->plain ? "plain" : "sensitivity") < 0;
    if (o->sensitivity && o->weights == NULL)
        return complain_usage("train", "--sensitivity is of the network of --weights") < 0;
    if (o->sensitivity && o->resume)
        return complain_usage("train", "--sensitivity has no checkpoints to --resume from") < 0;
    if (o->only_task == NULL && o->batch % SPOIL_N_KINDS != 0)
        return complain_usage("train", "--batch is %d, but must be a multiple of %d, the tasks",
                              o->batch, SPOIL_N_KINDS) < 0;
    return o->only_task == NULL || spoil_find(o->only_task, &kind, &error) ||
           complain_usage("train", "--only-task: %s", error->message) < 0;
}

static gboolean check(TrainOptions *o)
{
    if (o->quick && !o->street)
        return complain_usage("train", "--quick belongs to --street") < 0;
    if (o->street == (o->data != NULL))
        return complain_usage("train", "either --street or --data FOLDER is needed") < 0;
    if (o->output == NULL)
        return complain_usage("train", "--output is needed: the folder for what is trained") < 0;
    if (o->data != NULL && same_file(o->output, o->data))
        return complain_usage("train", "--output and --data are one folder, whose labels.txt would "
                                       "be replaced") < 0;
    if (o->resume && o->overwrite)
        return complain_usage("train", "--resume and --overwrite exclude each other") < 0;
    if (o->street && (o->seed == STREET_VALIDATION_SEED || o->seed == STREET_HELD_OUT_SEED))
        return complain_usage(
                   "train",
                   "--seed %" G_GINT64_FORMAT " is kept for %s: nothing may be trained on it",
                   o->seed, o->seed == STREET_HELD_OUT_SEED ? "evaluation" : "validation") < 0;
    if (o->size != NULL && !parse_size(o->size, &o->width, &o->height))
        return complain_usage("train",
                              "--size is \"%s\", but must be WIDTHxHEIGHT with sides from 1 to "
                              "8192",
                              o->size) < 0;
    if (strcmp(o->crop, "none") != 0 && !parse_size(o->crop, &o->crop_width, &o->crop_height))
        return complain_usage("train",
                              "--crop is \"%s\", but must be none, or WIDTHxHEIGHT with sides "
                              "from 1 to 8192",
                              o->crop) < 0;
    if (!parse_bytes(o->cache_size != NULL ? o->cache_size : "12G", &o->cache_bytes))
        return complain_usage("train", "--cache-size is \"%s\", but must be like 500M, 4G or 1.5T",
                              o->cache_size) < 0;
    return check_texts(o) && check_ranges(o) && choose_all(o) && parse_milestones(o) &&
           parse_augmentation(o);
}

/* What the shipped street models are made by, as far as it depends on what is learned. Maps of a
 * folder's pictures are learned as CGRSeg's authors did it: 160,000 steps of 16 are 127 epochs of
 * ADE20K. */
enum {
    LEARN_CLIPS,    /* an answer to a clip */
    LEARN_MAPS,     /* a class for each pixel of the street */
    LEARN_PICTURES, /* or of a folder's pictures */
    LEARN_LABELS,   /* an answer to a picture, or several */
    LEARN_RESTORED, /* what a spoiled picture was like */
    N_LEARN
};
static const struct {
    gsize offset;
    gboolean whole;
    double of[N_LEARN];
} recipe[] = {
#define WHOLE(member, ...)                                                                         \
    G_STRUCT_OFFSET(TrainOptions, member), TRUE,                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define REAL(member, ...)                                                                          \
    G_STRUCT_OFFSET(TrainOptions, member), FALSE,                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
    {WHOLE(clips, 11760, 12096, 1, 24000, 4000)},
    {WHOLE(validation_clips, 336, 168, 0, 1000, 24)},
    {WHOLE(coded, 8, 8, 0, 8, 0)},
    {WHOLE(endless, 3, 2, 0, 0, 0)},
    {WHOLE(batch, 16, 12, 16, 32, 18)},
    {WHOLE(whole_batch, 16, 8, 16, 32, 18)},
    {REAL(epochs, 28, 10, 127, 13, 40)},
    {REAL(crop_share, 0.78, 0.88, 1, 1, 1)},
    {REAL(rate, 4e-3, 3e-3, 1.2e-3, 1.2e-3, 1e-3)},
    {REAL(backbone_rate, 1, 1, 0.1, 1, 1)},
    {REAL(final_rate, 0.01, 0.01, 0, 0.01, 1e-3)},
    {REAL(decay, 0.05, 0.05, 0.01, 0.05, 1e-4)},
    {REAL(clip, 5, 5, 0, 5, 0)},
    {REAL(average, 0.999, 0.999, 0, 0.99, 0.999)},
    {REAL(label_smoothing, 0.1, 0, 0, 0, 0)},
    {REAL(dropout, 0.2, 0, 0.1, 0, 0)},
#undef WHOLE
#undef REAL
};
/* Its warm-up is in steps. */
#define PICTURES_WARMUP 1500

/* What --quick has instead: few clips without what is hard about them, and nothing that pays off
 * only later. */
static const struct {
    gsize offset;
    gboolean whole;
    double of[N_LEARN];
} quick[] = {
#define WHOLE(member, clips, maps, labels, restored)                                               \
    G_STRUCT_OFFSET(TrainOptions, member), TRUE,                                                   \
    {                                                                                              \
        clips, maps, maps, labels, restored                                                        \
    }
#define REAL(member, clips, maps, labels, restored)                                                \
    G_STRUCT_OFFSET(TrainOptions, member), FALSE,                                                  \
    {                                                                                              \
        clips, maps, maps, labels, restored                                                        \
    }
    {WHOLE(clips, 1176, 384, 2400, 256)},
    {WHOLE(validation_clips, 84, 28, 200, 4)},
    {WHOLE(coded, 0, 0, 0, 0)},
    {WHOLE(endless, 0, 0, 0, 0)},
    {REAL(epochs, 10, 6, 6, 20)},
    {REAL(crop_share, 0.9, 0.9, 1, 1)},
    {REAL(average, 0.98, 0.9, 0.9, 0.98)},
    {REAL(label_smoothing, 0, 0, 0, 0)},
    {REAL(dropout, 0, 0, 0, 0)},
#undef WHOLE
#undef REAL
};

static void set_number(TrainOptions *o, gsize offset, gboolean whole, double value)
{
    char *at = (char *)o + offset;
    if (whole)
        *(int *)at = value;
    else
        *(double *)at = value;
}

static gboolean is_given(const TrainOptions *o, gsize offset, gboolean whole)
{
    const char *at = (const char *)o + offset;
    return (whole ? *(const int *)at : *(const double *)at) != NOT_GIVEN;
}

static void be_quick(TrainOptions *o, guint learn)
{
    for (guint i = 0; i < G_N_ELEMENTS(quick); i++)
        if (!is_given(o, quick[i].offset, quick[i].whole))
            set_number(o, quick[i].offset, quick[i].whole, quick[i].of[learn]);
    if (o->augment == NULL)
        o->augment = g_strdup("scale=0,light=0,colour=0,noise=0");
}

/* What was not given is as for the street models, or as published. */
static void follow_recipe(TrainOptions *o, VdtTask task)
{
    const guint learn = task == VDT_TASK_CLASSIFICATION ? LEARN_LABELS
                        : task == VDT_TASK_RESTORATION  ? LEARN_RESTORED
                        : task != VDT_TASK_SEGMENTATION ? LEARN_CLIPS
                        : o->street                     ? LEARN_MAPS
                                                        : LEARN_PICTURES;
    gboolean pictures = learn == LEARN_PICTURES;
    /* It is slow because it has learned before. */
    if (pictures && o->weights == NULL && o->backbone_rate == NOT_GIVEN)
        o->backbone_rate = 1;
    if (o->quick)
        be_quick(o, learn);
    gboolean whole_given = o->whole_batch != NOT_GIVEN;
    for (guint i = 0; i < G_N_ELEMENTS(recipe); i++)
        if (!is_given(o, recipe[i].offset, recipe[i].whole))
            set_number(o, recipe[i].offset, recipe[i].whole, recipe[i].of[learn]);
    if (!whole_given)
        o->whole_batch = MIN(o->whole_batch, o->batch);
    if (pictures && o->warmup == NOT_GIVEN)
        o->warmup_steps = PICTURES_WARMUP;
    if (o->warmup == NOT_GIVEN)
        o->warmup = 1;
    if (learn == LEARN_LABELS && o->street) /* of which light, colours and noise are part */
        o->augmentation = (AugmentOptions){
            .flip = 0.5, .scale = 0.05, .shift = 0.05, .light = 0.06, .colour = 0.03, .noise = 2};
    if (pictures) /* photographs have their own noise, and things are of all sizes */
        o->augmentation = (AugmentOptions){.flip = 0.5, .scale = 0.5, .light = 0.2, .colour = 0.1};
    if (learn == LEARN_RESTORED && o->schedule == NULL)
        o->schedule = g_strdup("cosine");
    if (o->crop == NULL)
        o->crop = g_strdup(learn == LEARN_RESTORED                    ? RESTORED_CROP
                           : o->size != NULL || learn == LEARN_LABELS ? "none"
                           : pictures                                 ? PICTURES_CROP
                           : !o->street                               ? "none"
                           : learn == LEARN_MAPS                      ? MAPS_CROP
                                                                      : CLIPS_CROP);
}

gboolean train_options_parse(TrainOptions *o, int argc, char **argv, char **architecture)
{
    *o = (TrainOptions){
        .seed = 1,
        .per_video = 4,
        .window = 2.4,
        .interval = 4,
        .warmup = NOT_GIVEN,
        .gamma = 0.1,
        .momentum = 0.9,
        .checkpoint_every = 60,
        .validations = 20,
        .augmentation = {
            .flip = 0.5, .scale = 0.1, .shift = 0.05, .light = 0.2, .colour = 0.1, .noise = 6}};
    for (guint i = 0; i < G_N_ELEMENTS(recipe); i++)
        set_number(o, recipe[i].offset, recipe[i].whole, NOT_GIVEN);
    const GOptionEntry entries[] = {
        {HEADING("What there is to learn")},
        {"street", 0, 0, G_OPTION_ARG_NONE, &o->street, "Train on the synthetic street", NULL},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &o->data,
         "Train on the videos that train.csv and val.csv in this folder list (path,label); maps, "
         "on "
         "images/training and annotations/training in it",
         "FOLDER"},
        {"zero-is-other", 0, 0, G_OPTION_ARG_NONE, &o->zero_is_other,
         "In the maps of --data, 0 is no class, and classes are counted from 1 (known of the sets "
         "ade20k and pascal-context59)",
         NULL},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o->seed, "Of clips, order and first weights (1)", "N"},
        {"clips", 0, 0, G_OPTION_ARG_INT, &o->clips,
         "Clips, or pictures, of the street (11760; of maps 12096, with labels 24000)", "N"},
        {"validation-clips", 0, 0, G_OPTION_ARG_INT, &o->validation_clips,
         "Those to validate on (336; of maps 168, with labels 1000)", "N"},
        {"coded", 0, 0, G_OPTION_ARG_INT, &o->coded,
         "One street clip in N goes through H.264 (8; 0: none)", "N"},
        {"endless", 0, 0, G_OPTION_ARG_INT, &o->endless,
         "One street clip in N is a moment of an endless street (3; of maps 2; 0: none)", "N"},
        {"clips-per-video", 0, 0, G_OPTION_ARG_INT, &o->per_video,
         "Clips taken from each video of --data (4)", "N"},
        {"window", 0, 0, G_OPTION_ARG_DOUBLE, &o->window, "Seconds of a street clip (2.4)", "S"},
        {"interval", 0, 0, G_OPTION_ARG_INT, &o->interval,
         "Video frames, of 30 a second, from one picture of a clip to the next (4)", "N"},
        {"one-frame", 0, 0, G_OPTION_ARG_NONE, &o->one_frame,
         "The baseline: show only the middle frame, repeated", NULL},
        {"cache-size", 0, 0, G_OPTION_ARG_STRING, &o->cache_size,
         "Most that cached clips may take (12G)", "SIZE"},
        {"cache-folder", 0, 0, G_OPTION_ARG_FILENAME, &o->cache_folder,
         "Where they are (vedette in XDG_CACHE_HOME)", "FOLDER"},
        {"no-cache", 0, 0, G_OPTION_ARG_NONE, &o->no_cache, "Keep clips in memory only", NULL},
        {HEADING("The network, and what it sees")},
        {"weights", 0, 0, G_OPTION_ARG_FILENAME, &o->weights, "Start from these weights", "FILE"},
        {"config", 0, 0, G_OPTION_ARG_STRING, &o->config,
         "Network: a variant, a JSON object, or its file (that of --weights, or small, or the "
         "task's)",
         "CONFIG"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &o->size,
         "Input size (192x112 on the street, the variant's on videos, 704x512 for maps of --data)",
         "WxH"},
        {"crop", 0, 0, G_OPTION_ARG_STRING, &o->crop,
         "First train on windows of this size into the pictures, around who acts; or none (96x56, "
         "of maps 192x144, on the street in its own size; 512x512 for maps of --data; none "
         "otherwise)",
         "WxH"},
        {"crop-share", 0, 0, G_OPTION_ARG_DOUBLE, &o->crop_share,
         "Share of the steps, the first ones, that see windows of --crop (0.78; of maps 0.88, of "
         "--data 1)",
         "R"},
        {"framing", 0, 0, G_OPTION_ARG_STRING, &o->framing,
         "How frames get that size: stretch, crop or fit", "HOW"},
        {"only-task", 0, 0, G_OPTION_ARG_STRING, &o->only_task,
         "Of what restores: learn one task, by a network of its own", "NAME"},
        {"plain", 0, 0, G_OPTION_ARG_NONE, &o->plain,
         "Of what restores: do all tasks by the same weights, not told which it is", NULL},
        {"sensitivity", 0, 0, G_OPTION_ARG_NONE, &o->sensitivity,
         "Of what restores: do not train, but say which weights of --weights want to differ by "
         "task, and by how much of a rank",
         NULL},
        {"compensator", 0, 0, G_OPTION_ARG_NONE, &o->compensator,
         "Leave the network of --weights as it is, and train adapters that make up for merging "
         "more tokens, or fewer, than it was trained with",
         NULL},
        {HEADING("How it learns")},
        {"quick", 0, 0, G_OPTION_ARG_NONE, &o->quick,
         "On the street: learn a little, in two minutes, to see that it does; other options may be "
         "given beside it",
         NULL},
        {"epochs", 0, 0, G_OPTION_ARG_DOUBLE, &o->epochs,
         "Times that each clip is seen (28; of maps 10, with labels 13; of maps of --data 127)",
         "N"},
        {"steps", 0, 0, G_OPTION_ARG_INT, &o->steps, "Steps, instead of --epochs", "N"},
        {"batch", 0, 0, G_OPTION_ARG_INT, &o->batch,
         "Clips in a step (16; of maps of the street 12, with labels 32)", "N"},
        {"whole-batch", 0, 0, G_OPTION_ARG_INT, &o->whole_batch,
         "Those in a step that sees no windows any more (16; of maps of the street 8)", "N"},
        {"optimizer", 0, 0, G_OPTION_ARG_STRING, &o->optimizer, "adamw (default) or sgd", "NAME"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &o->rate,
         "Learning rate (0.004; of maps 0.003, of --data 0.0012, with labels 0.0012)", "R"},
        {"backbone-rate", 0, 0, G_OPTION_ARG_DOUBLE, &o->backbone_rate,
         "Share of the rate that the backbone has (1; maps of --data and --weights 0.1)", "R"},
        {"freeze-norms", 0, 0, G_OPTION_ARG_NONE, &o->freeze_norms,
         "Leave the running statistics of the backbone's batch norms as they are, and use them",
         NULL},
        {"schedule", 0, 0, G_OPTION_ARG_STRING, &o->schedule,
         "poly (default: straight down), cosine, constant or step", "NAME"},
        {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &o->warmup,
         "Epochs in which the rate rises, at most half of all (1; maps of --data: 1500 steps)",
         "N"},
        {"final-rate", 0, 0, G_OPTION_ARG_DOUBLE, &o->final_rate,
         "Share of the rate that is left in the end (0.01; maps of --data 0)", "R"},
        {"milestones", 0, 0, G_OPTION_ARG_STRING, &o->milestones,
         "Schedule step: epochs after which the rate falls", "N,N..."},
        {"gamma", 0, 0, G_OPTION_ARG_DOUBLE, &o->gamma, "Schedule step: by this factor (0.1)", "R"},
        {"momentum", 0, 0, G_OPTION_ARG_DOUBLE, &o->momentum, "Of sgd (0.9)", "R"},
        {"decay", 0, 0, G_OPTION_ARG_DOUBLE, &o->decay, "Weight decay (0.05; maps of --data 0.01)",
         "R"},
        {"decay-vectors", 0, 0, G_OPTION_ARG_NONE, &o->decay_vectors, "Decay biases and norms, too",
         NULL},
        {"clip", 0, 0, G_OPTION_ARG_DOUBLE, &o->clip,
         "Largest norm of a gradient (5; maps of --data 0; 0: any)", "R"},
        {"average", 0, 0, G_OPTION_ARG_DOUBLE, &o->average,
         "Decay of the average of the weights (0.999; maps of --data 0; with labels 0.99; 0: none)",
         "R"},
        {"label-smoothing", 0, 0, G_OPTION_ARG_DOUBLE, &o->label_smoothing, "(0.1; of maps 0)",
         "R"},
        {"dropout", 0, 0, G_OPTION_ARG_DOUBLE, &o->dropout,
         "Before the last layer (0.2; of maps 0, of --data 0.1)", "R"},
        {"augment", 0, 0, G_OPTION_ARG_STRING, &o->augment,
         "none, or parts of flip=0.5,scale=0.1,shift=0.05,light=0.2,colour=0.1,noise=6 (maps "
         "of --data: scale=0.5,shift=0,noise=0)",
         "LIST"},
        {HEADING("What comes of it")},
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &o->output,
         "Folder for checkpoint, weights, card and curve", "FOLDER"},
        {"resume", 0, 0, G_OPTION_ARG_NONE, &o->resume,
         "Go on from the checkpoint in the output folder, if there is one", NULL},
        {"overwrite", 0, 0, G_OPTION_ARG_NONE, &o->overwrite,
         "Begin anew though the output folder holds a checkpoint or a model", NULL},
        {"validations", 0, 0, G_OPTION_ARG_INT, &o->validations,
         "How often to validate in all (20)", "N"},
        {"checkpoint-every", 0, 0, G_OPTION_ARG_DOUBLE, &o->checkpoint_every,
         "Seconds between checkpoints (60)", "S"},
        {"precision", 0, 0, G_OPTION_ARG_STRING, &o->precision,
         "Of the weights' file: f16 (default), f32 or bf16", "P"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &o->name, "The model's name in the card", "NAME"},
        {"title", 0, 0, G_OPTION_ARG_STRING, &o->title, "Its title", "TEXT"},
        {"licence", 0, 0, G_OPTION_ARG_STRING, &o->licence, "Its licence", "SPDX"},
        {"origin", 0, 0, G_OPTION_ARG_STRING, &o->origin, "Its origin", "TEXT"},
        {HEADING("The machine")},
        {COMMON_THREADS(&o->common)},
        {COMMON_ISA(&o->common)},
        {NULL},
    };
    g_auto(GStrv) rest = NULL;
    if (!parse_options(
            "ARCHITECTURE --street [TASK] | --data FOLDER --output FOLDER",
            "Trains a network, on the synthetic street or on videos or pictures of one's "
            "own. TASK, for networks that classify pictures: scene, object or restoration. "
            "'vedette train instructions --help' is about what reads instructions.",
            entries, argc, argv, 1, 2, &rest))
        return FALSE;
    const VdtModel *model = vdt_model_find(rest[0], NULL);
    o->task = g_strdup(rest[1]);
    follow_recipe(o, model != NULL ? model->task : VDT_TASK_RECOGNITION);
    *architecture = g_strdup(rest[0]);
    return check_task(o, model) && check_compensator(o, model) &&
           (model == NULL || check_restoration(o, model)) && check(o);
}
