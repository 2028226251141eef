/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what was found differs from what was told of before. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Two structures have other fields, or a field another value; numbers that are not whole, by a
 * hundredth at least. Structures and arrays in them are walked. Either may be NULL. */
gboolean vdt_structure_changed(const GstStructure *before, const GstStructure *now);
/* The same for values. */
gboolean vdt_value_changed(const GValue *before, const GValue *now);

G_END_DECLS
