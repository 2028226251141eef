/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How well maps of classes cover what is there: intersection over union of each class and its mean,
 * over all pictures, per condition, coded or not. Classes that are neither there nor answered do
 * not count in a mean.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "data/clipset.h"

typedef struct _MapTally MapTally;

/* @labels are kept by the caller. */
MapTally *map_tally_new(char **labels, guint n_labels);
void map_tally_free(MapTally *tally);
/* One picture's @n pixels: their classes (one that is no label does not count), and what was
 * answered. @loss is the mean negative logarithm of the right classes' scores. */
void map_tally_add(MapTally *tally, const ClipInfo *info, const guint8 *classes,
                   const guint16 *answers, gsize n, double loss);
guint map_tally_get_n(const MapTally *tally);
double map_tally_get_mean_iou(const MapTally *tally);
double map_tally_get_loss(const MapTally *tally);
/* "score" (mean IoU), "n", "pixel_accuracy", "per_class", "per_condition", "coded", "uncoded". */
JsonObject *map_tally_to_json(const MapTally *tally);
/* The same as flat numbers, for a card: "miou", "accuracy", "n", "class.road", "condition.night" …
 */
JsonObject *map_tally_to_scores(const MapTally *tally);
/* The same for people, on stdout. */
void map_tally_print(const MapTally *tally);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MapTally, map_tally_free)
