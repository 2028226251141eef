/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a network says, before it is read: whether these are numbers, and their running average. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Has one user at a time. */
typedef struct _VdtLogits VdtLogits;

VdtLogits *vdt_logits_new(void);
void vdt_logits_free(VdtLogits *logits);

/* Whether there is no infinity among @n numbers, nor what is no number. */
gboolean vdt_logits_are_finite(const float *numbers, gsize n);
/*
 * What @numbers and those before of the same @generation are on average: @smoothing, from 0 to
 * below 1, is how much of that is what was before. Valid until the next call.
 */
const float *vdt_logits_smooth(VdtLogits *logits, const float *numbers, gsize n, guint generation,
                               double smoothing);

G_END_DECLS
