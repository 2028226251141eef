/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network that is trained: its configuration, what it starts from, its plans.
 */
#pragma once

#include <vedette/plan.h>

#include "model.h"

typedef struct {
    const VdtModel *model;
    JsonObject *config;         /* as the card will state it */
    const char *variant;        /* static, or "custom" */
    guint frames, n_classes;    /* 1 frame for what takes pictures */
    const VdtCardGroup *groups; /* of the classes, as questions; static; NULL: one question */
    guint n_groups;
    guint n_restorations;   /* 0: it does not restore */
    gboolean only_backbone; /* what it starts from has nothing else */
    /* of the training only */
    double dropout, label_smoothing;
    gboolean freeze_norms; /* of the backbone */
} Network;

void network_clear(Network *network);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Network, network_clear)

/*
 * Weights of an architecture's backbone alone, such as those of a classifier, under the names that
 * the whole network has for them; NULL if @start is something else. What does not belong to the
 * backbone is left as it is.
 */
VdtWeights *network_find_backbone(const VdtModel *model, const VdtWeights *start);

/*
 * @config is a variant's name, a JSON object, the name of a file that holds one, or NULL: what
 * @start was made for, or else the variant "small". Its number of classes is set to @n_classes.
 */
gboolean network_init(Network *network, const char *architecture, const char *config,
                      const VdtWeights *start, guint n_classes, GError **error);

/* The graph of the network for @batch clips; with the loss, and an input of labels, if @training.
 */
VdtGraph *network_graph(const Network *network, guint batch, guint width, guint height,
                        gboolean training, GError **error);

/*
 * Weights to begin with: those of @start, others at random. What depends on the number of classes
 * is random if that number differs, and *fresh_head then set; so is what is no backbone's, if that
 * is all there is. Anything else that is missing or mis-shaped is an error that lists all.
 */
VdtWeights *network_start(const Network *network, VdtGraph *graph, const VdtWeights *start,
                          guint64 seed, gboolean *fresh_head, GError **error);
