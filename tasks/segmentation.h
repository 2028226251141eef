/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a segmentation network's logits say of a frame: a map of classes that covers the frame, and
 * of each class how much of the frame it is, where, and how sure the network was.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A class is a byte, and one byte is no class. */
#define VDT_SEGMENTATION_CLASSES 255
#define VDT_SEGMENTATION_NOTHING 255

/* Where the network's picture lies in the frame, in shares of the frame's sides. It may reach
 * beyond the frame, or not cover all of it. */
typedef struct {
    double x, y, width, height;
} VdtSeen;

typedef struct {
    gsize pixels;               /* of the map */
    double share;               /* of the map */
    double x, y, width, height; /* the smallest box around it, in shares of the map's sides */
    double score;               /* mean of the softmax probability of this class where it wins */
} VdtSegment;

typedef struct {
    guint width, height;
    guint8 *map; /* rows of width bytes, without padding; VDT_SEGMENTATION_NOTHING where the network
                    saw nothing */
    guint8 *sure; /* for each pixel the softmax probability of its class, 255 for 1; NULL if the map
                     is of nothing */
    guint n_classes;
    VdtSegment segments[VDT_SEGMENTATION_CLASSES]; /* by class */
} VdtSegmentation;

/* Whether maps can tell that many classes apart; the error says how many they can. */
gboolean vdt_segmentation_check_classes(guint classes, GError **error);
/*
 * The map of @width x @height for a frame of which the network saw @seen, from its @logits
 * [classes][rows][columns]: the largest logit wins, resized bilinearly. @classes is 1 to 255.
 * NULL if there is no memory for it.
 */
VdtSegmentation *vdt_segmentation_new(const float *logits, guint classes, guint rows, guint columns,
                                      const VdtSeen *seen, guint width, guint height);
/* A map of nothing; NULL as above. */
VdtSegmentation *vdt_segmentation_empty(guint classes, guint width, guint height);
void vdt_segmentation_free(VdtSegmentation *segmentation);

/* Leaves only classes that are @wanted (by class; NULL: all are) and have @least of the map; the
 * others become nothing, in the map and in the segments. */
void vdt_segmentation_keep(VdtSegmentation *segmentation, const gboolean *wanted, double least);
/* Writes the numbers of the classes there are, the largest first; returns how many. */
guint vdt_segmentation_order(const VdtSegmentation *segmentation,
                             guint8 classes[VDT_SEGMENTATION_CLASSES]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSegmentation, vdt_segmentation_free)

G_END_DECLS
