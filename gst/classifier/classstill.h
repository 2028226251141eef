/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a stream shows one picture over and over, which no network can see: time tells. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Zero to begin with; has one user at a time. */
typedef struct {
    guint8 *picture; /* since when there was no other; NULL before the first */
    gsize size;
    GstClockTime since;
    guint generation;
} VdtClassStill;

void vdt_class_still_clear(VdtClassStill *still);
/*
 * How long all pictures up to @picture, of @size bytes, at @time, have been the same: their bytes
 * differ from those of the first by less than a tenth on average, as they do where only an encoder
 * rounds otherwise, and not where there is any noise. Those of another @generation or size are
 * nothing to compare with. Times only grow within a generation.
 */
GstClockTime vdt_class_still_look(VdtClassStill *still, const guint8 *picture, gsize size,
                                  GstClockTime time, guint generation);

G_END_DECLS
