/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures of dead leaves: things of all sizes that lie upon each other until nothing is bare, each
 * with a colour, a texture and a shade of its own. Where sizes have a density of r^-3, such
 * pictures have what photographs have: edges and flat parts at every scale, a spectrum that falls
 * with the square of the frequency, gradients with long tails (Lee, Mumford and Huang, 2001).
 */
#pragma once

#include "preprocess.h"

/* Fills @picture, packed RGB; it depends on its size and @seed alone. */
void leaves_draw(guint64 seed, const VdtPicture *picture);
