/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network that classifies pictures, as an element uses it: any number of them at a time. */
#pragma once

#include <gio/gio.h>
#include <vedette/engine.h>

#include "analyzer/elastic.h"
#include "enums.h"

G_BEGIN_DECLS

/* Sizes of batches that there are plans for: one for each number of pictures would be many. */
#define VDT_CLASS_BATCHES 3

typedef struct {
    VdtEngine *engine;
    const VdtCard *card; /* the engine's */
    VdtClassify what;    /* what it is for: that changes with the model */
    guint n_classes;
    /* Levels at which it can run, from what it was trained for to the cheapest: how many tokens
     * each layer merges, and the share of them that is worked on. One if tokens do not merge. */
    guint n_levels, merge[VDT_ELASTIC_LEVELS];
    double kept[VDT_ELASTIC_LEVELS];

    /* the worker's thread's: those that were needed so far, and how many sizes can be had */
    VdtSession *sessions[VDT_CLASS_BATCHES][VDT_ELASTIC_LEVELS];
    guint n_sizes;
} VdtClassNetwork;

/* For pictures as the card says. A g_atomic_rc_box. */
VdtClassNetwork *vdt_class_network_new(VdtEngine *engine, VdtClassify what, GError **error);
/* For g_atomic_rc_box_release_full(). */
void vdt_class_network_clear(gpointer network);
/* Bytes of a picture: packed RGB of the card's size. */
gsize vdt_class_network_picture_bytes(const VdtClassNetwork *network);
/* How many levels work on the share @least of the tokens or more; the first always does. */
guint vdt_class_network_count_levels(const VdtClassNetwork *network, double least);
/* Fills @logits, @n times n_classes, from @n pictures, one behind the other, at @level. The
 * worker's thread. */
gboolean vdt_class_network_run(VdtClassNetwork *network, guint level, guint8 *pictures, guint n,
                               float *logits, GCancellable *cancellable, GError **error);

G_END_DECLS
