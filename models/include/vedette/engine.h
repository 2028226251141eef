/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Engines: a network with its weights, shared by every stream of a process.
 *
 * An engine is made from a model card, or from a weight file whose architecture and variant are
 * recognised from its tensors' names and shapes. It holds the weights once, in the form that the
 * CPU wants, and makes sessions for any legal input size. Engines are thread-safe; a session
 * belongs to one thread at a time.
 */
#pragma once

#include <vedette/card.h>
#include <vedette/plan.h>

G_BEGIN_DECLS

typedef struct _VdtEngine VdtEngine;

/**
 * All members are optional but one of @model, @weights and @architecture, which by itself means the
 * architecture's street model (squeezetime-street). Empty strings are as NULL. Strings are copied.
 */
typedef struct {
    const char *model;        /**< name of an installed model, or path of a card.json */
    const char *weights;      /**< weight file; overrides the card's */
    const char *architecture; /**< "squeezetime"; overrides what is recognised */
    const char *variant;      /**< "r50-k400"; overrides what is recognised */
    VdtPrecision precision;
    VdtPlanKind plan;
    gboolean strict; /**< tensors that the network does not use are an error */
    /** With @merges, each layer merges @merge tokens, and not as many as in the training: the level
     * of sessions that do not say another. */
    gboolean merges;
    guint merge;
} VdtEngineOptions;

/**
 * A new engine of one's own. The weight file is read once and stays open as long as the engine
 * lives, since a plan for another input size reads it again: that is refused if somebody has
 * written into the file meanwhile, and no session that there is sees it. Replace weight files by
 * renaming. Whether the file fits the network is found when the first session is made.
 */
VDT_API VdtEngine *vdt_engine_new(const VdtEngineOptions *options, GError **error);
/** The process's engine for these options: the same one for as long as somebody holds it and the
 * files (by path, size and time of change) are the same. */
VDT_API VdtEngine *vdt_engine_get_shared(const VdtEngineOptions *options, GError **error);
VDT_API VdtEngine *vdt_engine_ref(VdtEngine *engine);
VDT_API void vdt_engine_unref(VdtEngine *engine);

/** Shape of the network's input for a batch of clips or pictures of this size. */
VDT_API VdtShape vdt_engine_get_input_shape(const VdtEngine *engine, guint batch, guint width,
                                            guint height);
/** Architecture, labels, preprocessing; owned by the engine. */
VDT_API const VdtCard *vdt_engine_get_card(const VdtEngine *engine);
/** Tensors of the weight file that the network does not use, newline separated; NULL if none. */
VDT_API const char *vdt_engine_get_unused(const VdtEngine *engine);

/**
 * A session for inputs of shape @input. Plans are kept for the few sizes used last and share
 * packed weights. VDT_ERROR_SHAPE for a shape that the network cannot take.
 */
VDT_API VdtSession *vdt_engine_new_session(VdtEngine *engine, const VdtShape *input,
                                           GError **error);

/** Zeroes are the usual. */
typedef struct {
    gboolean
        merges; /**< each layer merges @merge tokens, not as many as the engine's usual level */
    guint merge;
    gboolean restores; /**< it does @restoration (by VdtCard.restorations), not the usual one */
    guint restoration;
} VdtSessionOptions;
/**
 * The same with options. Levels are plans over the same weights, of which another level keeps next
 * to nothing of its own; with a compensator, the packed weights of queries and values.
 * Restorations are plans over the same weights, too: another one adds only what is its own.
 * VDT_ERROR_UNSUPPORTED for a level or a restoration that the network does not have.
 */
VDT_API VdtSession *vdt_engine_new_session_with(VdtEngine *engine, const VdtShape *input,
                                                const VdtSessionOptions *options, GError **error);

/** Levels of a network whose layers merge tokens. */
typedef struct {
    guint usual; /**< tokens that each layer merges if nothing else is said */
    guint most;
    gboolean compensated; /**< adapters make up for other levels than that of the training */
} VdtEngineLevels;
/** FALSE, and zeroes, if no tokens of this network merge. */
VDT_API gboolean vdt_engine_get_levels(const VdtEngine *engine, VdtEngineLevels *levels);
/** The share of tokens that layers work on at level @merge, of those that they would without
 * merging: about the share of the time that they take. 1 if no tokens of this network merge. */
VDT_API double vdt_engine_get_kept(const VdtEngine *engine, guint merge);

/** How many restorations a network has, whose names are in its card; 0 if it restores nothing.
 * @usual, which may be NULL, is the one that is done if nothing else is said. */
VDT_API guint vdt_engine_get_restorations(const VdtEngine *engine, guint *usual);

/**
 * What inputs of shape @input take, at the usual level: bytes of packed weights and constants,
 * which all sessions of that shape share, and most of which those of other shapes share, too; and
 * bytes of each session. Makes the plan, if there is none yet; any of the two may be NULL.
 */
VDT_API gboolean vdt_engine_measure(VdtEngine *engine, const VdtShape *input, gsize *weights,
                                    gsize *session, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtEngine, vdt_engine_unref)

/** Type of an engine handed to elements through a GstContext. */
#define VDT_TYPE_ENGINE (vdt_engine_get_type())
VDT_API GType vdt_engine_get_type(void);

G_END_DECLS
