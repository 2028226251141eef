/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands, and how it looked while nothing was before it: so the pixels of a map that show it
 * are told from those of its class that something else has, which passes before it.
 *
 * The colours of an object that stands are learnt, pixel by pixel. Once there is more of its class
 * around it, those of its pixels that look as they did are marked: regions (regions.h) then end
 * where these do. Where it was and no object is any more, it has gone, and nothing is marked.
 *
 * Not thread-safe.
 */
#pragma once

#include "segmentation.h"
#include "steady.h"
#include "tracker.h"

G_BEGIN_DECLS

VdtStands *vdt_stands_new(void);
void vdt_stands_free(VdtStands *stands);
/* Nothing that was seen stands. */
void vdt_stands_reset(VdtStands *stands);
/* Marks what stands in a map, whose @wanted classes (by class) are objects', by a @picture as large
 * as it, which the camera has moved by @shift. */
void vdt_stands_mark(VdtStands *stands, const VdtSegmentation *segmentation, const gboolean *wanted,
                     const VdtPicture *picture, VdtShift shift);
/* For each pixel a number that says whose it is, 0 for nobody's, until the next time; NULL if there
 * are none. */
const guint8 *vdt_stands_get_marks(const VdtStands *stands);
/* The id of the object that a mark is of; 0 for mark 0. */
guint vdt_stands_get_id(const VdtStands *stands, guint mark);
/* Whether object @id stands and was marked, if only where nothing of it is to be seen. */
gboolean vdt_stands_is_marked(const VdtStands *stands, guint id);
/* Learns of the @objects (VdtObject) that were found in what was marked last, in a frame whose
 * sides are as @aspect to 1. */
void vdt_stands_learn(VdtStands *stands, const GArray *objects, const VdtSegmentation *segmentation,
                      const VdtPicture *picture, double aspect);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStands, vdt_stands_free)

G_END_DECLS
