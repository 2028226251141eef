/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures of nothing in particular that are as rich as photographs: clouds of noise of several
 * spectra, gradients, and shapes with sharp edges, filled with patterns; in some, what is
 * behind others is out of focus. What is learned from them, too, is not only true of the street.
 */
#pragma once

#include "preprocess.h"

/* Fills @picture, packed RGB; it depends on its size and @seed alone. There is always something in
 * it that is sharp. */
void texture_draw(guint64 seed, const VdtPicture *picture);
