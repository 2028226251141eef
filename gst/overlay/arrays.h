/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays from outside: they may hold anything, and any number of it. */
#pragma once

#include "show.h"

G_BEGIN_DECLS

/* Has @add see the structures of the array @field of @result, of the first hundred. */
void vdt_overlay_each(VdtOverlayShow *show, const GstStructure *result, const char *field,
                      void (*add)(VdtOverlayShow *show, const GstStructure *s, gint64 age),
                      gint64 age);

/* How many points there are in an array of x and y in turns; 0 if it is none. */
guint vdt_overlay_points_count(const GValue *array);
/* Reads @n of these from @first on. FALSE if one of them is no number, or far out of the frame. */
gboolean vdt_overlay_points_read(const GValue *array, guint first, guint n, float (*points)[2]);

G_END_DECLS
