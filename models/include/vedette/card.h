/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Model cards: what a weight file is, and how pictures become its input.
 *
 * A card is `card.json` beside the weights; docs/model-card.md documents the schema. Cards are
 * immutable once loaded.
 */
#pragma once

#include <vedette/error.h>

G_BEGIN_DECLS

/** How a frame is brought to the network's input size. */
typedef enum {
    VDT_FRAMING_STRETCH, /**< both sides to the input size */
    VDT_FRAMING_CROP,    /**< shorter side to the input size, centre crop */
    VDT_FRAMING_FIT,     /**< longer side to the input size, the rest filled with the mean */
} VdtFraming;

/** One of the questions that a network answers at once: which of its classes are the answers. */
typedef struct {
    char *name;            /**< "weather" */
    guint first, n_labels; /**< classes @first to @first + @n_labels - 1 */
    char *of; /**< asked only of what has this label, by a group before; NULL: of all */
} VdtCardGroup;

/** How good a model is that merges so many tokens in each layer. */
typedef struct {
    guint merge;
    double accuracy; /**< a share, 0 to 1 */
} VdtCardLevel;

typedef struct {
    char *name;         /**< "squeezetime-r50-k400" */
    char *architecture; /**< "squeezetime" */
    char *variant;      /**< "r50-k400" */
    char *title;        /**< for people */
    char *licence, *origin;
    char *path;                /**< of the card, NULL if recognised from weights alone */
    char *weights;             /**< absolute path of the weight file */
    char *sha256;              /**< of the weight file, in lower case; NULL if it is not stated */
    char **labels;             /**< NULL-terminated, by class; NULL if there are none */
    char *labels_path;         /**< where they are from; NULL if there are none */
    char *variant_labels_path; /**< those that come with the variant; NULL if there are none */
    guint n_labels;
    gboolean *background; /**< by class: of no interest as an event; NULL if all are of interest */
    gboolean *things;     /**< by class: things that can be counted, where other classes are what
                               there is around them (sky, road); NULL if that is not known */

    VdtCardGroup
        *groups; /**< they share out the classes, in order; NULL: one question, all classes */
    guint n_groups;

    char **restorations; /**< by number: what each task of a network that restores pictures undoes;
                              NULL-terminated, NULL if it restores nothing */
    guint n_restorations;

    /* preprocessing: RGB 0 to 255, (value - mean) / std */
    float mean[3], std[3];
    guint width, height; /**< of the network's input */
    guint frames;        /**< pictures in a clip, 1 for picture networks */
    double window; /**< seconds from the first to the last picture of a clip, 0 for pictures */
    VdtFraming framing;

    /* tokens that merge; nothing if none do */
    guint merge;              /**< so many in each layer while it was trained */
    char *compensator;        /**< absolute path of adapters for other levels, or NULL */
    double compensator_scale; /**< of what they add */
    VdtCardLevel *levels;     /**< what was measured, by ascending level; NULL if nothing was */
    guint n_levels;

    /* test-time views of the authors' evaluation */
    guint test_clips, test_crops, test_size;
    gboolean zero_is_other; /**< maps for it have 0 for no class, and count classes from 1 */
    guint frame_interval;   /**< source frames between two pictures of a clip, as trained */
} VdtCard;

/** By how much a model that merges @merge tokens in each layer is less accurate than at the level
 * that it was trained at, as a share from -1 to 1: what its card has of these two levels, or of
 * those around them in proportion. NaN if the card does not tell. */
VDT_API double vdt_card_get_cost(const VdtCard *card, guint merge);

/** A file that comes with Vedette, by its path below the data directories, for which see
 * docs/model-card.md: "instructions/weights.safetensors". The error lists the places. Caller
 * frees. */
VDT_API char *vdt_find_data(const char *name, GError **error);

G_END_DECLS
