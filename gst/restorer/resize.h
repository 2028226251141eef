/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Planes [3,h,w] of floats made smaller, and what was found there made larger again. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint width, height;
} VdtPlaneSize;

/* Each pixel of @to is the mean of what it covers of @from. @to is no larger. */
void vdt_planes_shrink(const float *from, VdtPlaneSize size, float *to, VdtPlaneSize smaller);

/* The pixels of @to that are in the rectangle, bilinearly. */
void vdt_planes_enlarge(const float *from, VdtPlaneSize smaller, float *to, VdtPlaneSize size,
                        guint x, guint y, guint width, guint height);

G_END_DECLS
