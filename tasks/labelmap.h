/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a segmentation network's logits mean: a class for each pixel of the picture. */
#pragma once

#include <glib.h>

/* Resizes a plane of rows x columns, @stride apart, bilinearly to @height x @width, as
 * torch.nn.functional.interpolate does without align_corners. */
void vdt_plane_resize(const float *from, guint rows, guint columns, gsize stride, float *to,
                      guint height, guint width);

/*
 * The best class of each pixel: the logits [classes][rows][columns] resized bilinearly to @height x
 * @width, as torch.nn.functional.interpolate does without align_corners, and the largest of them
 * taken, the first of equal ones. @labels has height rows of @stride numbers. At most 65,536
 * classes.
 */
void vdt_label_map(const float *logits, guint classes, guint rows, guint columns, guint16 *labels,
                   gsize stride, guint width, guint height);

/* Part of a map that alone is made, and what lies from one row of it to the next. */
typedef struct {
    guint left, top, width, height;
    gsize stride;
} VdtLabelPart;

/* Likewise, but writes only @part of the map of @height x @width. */
void vdt_label_map_part(const float *logits, guint classes, guint rows, guint columns,
                        guint16 *labels, guint width, guint height, const VdtLabelPart *part);
