/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an architecture tells the library about itself. One row per architecture, listed in
 * models/registry.c; everything else (engine, verify, bench, infer) is written against this.
 *
 * A configuration is the JSON object that golden cases and model cards carry under "config"; a
 * variant is a named configuration.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/engine.h>
#include <vedette/graph.h>
#include <vedette/weights.h>

/* What a network answers. N is the batch; without a head, features stand in for the logits. */
typedef enum {
    VDT_TASK_RECOGNITION,    /* what happens in a clip [N,3,T,H,W]: logits [N,classes] */
    VDT_TASK_SEGMENTATION,   /* what each pixel of a picture [N,3,H,W] belongs to: logits
                                [N,classes,h,w], of a map that may be smaller than the picture */
    VDT_TASK_CLASSIFICATION, /* what a picture [N,3,H,W] shows: logits [N,classes] */
    VDT_TASK_RESTORATION,    /* what a tile [N,3,H,W] of a picture looked like before it was
                                spoiled, or looks like enlarged: image [N,3,scale H,scale W] */
} VdtTask;

/* Which of a network's runs. Some keep state: one run begins it, many follow. */
typedef enum {
    VDT_PHASE_WHOLE,  /* all of the input at once, and nothing is kept */
    VDT_PHASE_PROMPT, /* what there is to begin with */
    VDT_PHASE_STEP,   /* what comes next, on top of what was kept */
} VdtPhase;

#define VDT_BUILD_INPUTS           4
#define VDT_MERGE_CONFIGURED       (-1) /* as many as the configuration says */
#define VDT_RESTORATION_CONFIGURED (-1)
#define VDT_RESTORATION_EACH                                                                       \
    (-2) /* for training: all, the first samples of a batch the first, and so on, as many each */

/*
 * What build() is asked for. Plans of one network and weights differ in nothing else, so this is
 * also what an engine finds them by. A network refuses what it does not know: one that takes one
 * input, has one task, and neither merges nor keeps anything has vdt_build_check_plain() say so.
 */
typedef struct {
    guint n_inputs;
    VdtShape inputs[VDT_BUILD_INPUTS]; /* in the order of the graph's inputs */
    VdtTask task;                      /* the row's, unless the network has heads for others */
    int merge; /* tokens that each layer gives up by merging them with others; 0: none */
    VdtPhase phase;
    int restoration; /* which of those that the network has learned to undo, from 0 */
} VdtBuild;

typedef struct {
    const char *name;   /* "r50-k400" */
    const char *config; /* JSON text of its configuration */
    const char *labels; /* name of a label file, or NULL */
    /* default input, as in the authors' configuration files */
    guint size, frames, frame_interval;
    struct {
        guint test_clips, test_crops, test_size; /* test-time views, from the same files */
    } vision;
    VdtFraming framing;
    /* input size of the golden case, which `vedette bench` times */
    guint bench_width, bench_height;
    const char *const *restorations; /* names of what it restores (NULL-terminated), or NULL */
} VdtVariant;

/* Of a network whose layers merge tokens: each level, a number of them, is another cost. */
typedef struct {
    /* FALSE if @config is wrong, which build() says. */
    gboolean (*levels)(JsonObject *config, VdtEngineLevels *levels);
    /* The share of the tokens that layers work on at @level, of those without merging. */
    double (*kept)(JsonObject *config, guint level);
    /* Has @config be of a network that was trained at @level. */
    void (*set_trained)(JsonObject *config, guint level);
    /* Has it be of a network with these adapters for other levels, whose effect is times @scale;
     * FALSE if they do not fit it. */
    gboolean (*compensate)(JsonObject *config, const VdtWeights *adapters, double scale,
                           GError **error);
} VdtMerging;

typedef struct {
    const char *name; /* "squeezetime" */
    const VdtVariant *variants;
    guint n_variants;
    VdtTask task;
    struct {
        float mean[3], std[3]; /* of the pixels, 0 to 255, that its input has as 0 and 1 */
    } vision;
    const char *head; /* where the names of parameters begin whose shapes depend on the classes */
    /* Where the names of the backbone's parameters begin, if files of a trained backbone alone
     * leave that out; or NULL. */
    const char *backbone;
    /* What a configuration may have, as vdt_fields_unknown() takes it: the keys that are read, and
     * those of the authors that have one value here. */
    const char *const *keys;
    const VdtMerging *merging; /* NULL: no tokens merge */
    /* How many restorations a configuration's network has, and which is the usual; 0 if @config is
     * wrong, which build() says. NULL: it restores nothing. */
    guint (*restorations)(JsonObject *config, guint *usual);
    /* Has a configuration's network tell @n_classes apart. */
    void (*set_classes)(JsonObject *config, guint n_classes);
    /* Shape of the network's input for a batch of clips or pictures of this size. */
    VdtShape (*input_shape)(JsonObject *config, guint batch, guint width, guint height);
    /* Adds the network to @graph: the inputs that are asked for, one output under the name that
     * golden cases use (logits, features …). Mistakes in @config and what the network cannot be
     * asked for are reported here, mistakes of shape are kept by the graph. */
    gboolean (*build)(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error);
    /* The configuration that fits these weights, with *variant set to the name of the variant that
     * has it, or "custom"; NULL without error if they are not of this architecture. The caller owns
     * the object, *variant is static. */
    JsonObject *(*recognise)(const VdtWeights *weights, const char **variant);
} VdtModel;

/* The architecture, or the architecture's variant, of that name; VDT_ERROR_MODEL lists those there
 * are. */
const VdtModel *vdt_model_find(const char *architecture, GError **error);
const VdtVariant *vdt_model_find_variant(const VdtModel *model, const char *variant,
                                         GError **error);
/* The variant's configuration as an object of the caller's. */
JsonObject *vdt_variant_config(const VdtVariant *variant);
/* The architecture that recognises @weights, with its configuration and variant (see recognise);
 * NULL without error if none does. */
const VdtModel *vdt_model_recognise(const VdtWeights *weights, JsonObject **config,
                                    const char **variant);

/* The usual: @model's own task for one input, whole, merged as it is configured. */
VdtBuild vdt_model_ask(const VdtModel *model, const VdtShape *input);
gboolean vdt_build_equal(const VdtBuild *a, const VdtBuild *b);
/* TRUE for the usual; otherwise VDT_ERROR_UNSUPPORTED says which of it @model does not know. */
gboolean vdt_build_check_plain(const VdtModel *model, const VdtBuild *asked, GError **error);
