/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of a classifier's classes goes on, result after result, without flicker.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    double threshold;  /* score from which the best class begins */
    double hysteresis; /* how far below the threshold, or behind a better class, it may fall then */
} VdtHysteresis;

/*
 * The class that goes on by the @n @scores, or -1: @going, the one so far (-1 for none), as long as
 * it may; otherwise the best one if its score is high enough and it is not among @background, a
 * flag for each class, or NULL. Of equal classes, the first is the best.
 */
int vdt_hysteresis_follow(const VdtHysteresis *hysteresis, const double *scores, guint n,
                          const gboolean *background, int going);

G_END_DECLS
