/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of gather.c: how strong the noise of a picture is. */
#pragma once

#include <glib.h>

#define NOISE_LEVELS 256

/* The standard deviation of the noise of @plane, rows of @width floats from 0 to 255, at each
 * level; at least that of rounding. FALSE, and nothing is changed, if it is too small to tell. */
gboolean vdt_noise_measure(const float *plane, guint width, guint height,
                           float deviation[NOISE_LEVELS]);
