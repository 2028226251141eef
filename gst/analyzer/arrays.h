/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays in the structures of metas and messages. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Appends @s, which is taken, to an array. */
void vdt_array_take_structure(GValue *array, GstStructure *s);
/* Sets @field to an array of @n doubles. */
void vdt_structure_set_doubles(GstStructure *s, const char *field, const double *values, guint n);

G_END_DECLS
