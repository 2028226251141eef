/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How alike two pictures are in structure: SSIM by Wang et al., "Image Quality Assessment: From
 * Error Visibility to Structural Similarity" (2004), of their luma.
 */
#pragma once

#include "preprocess.h"

/* Pixels of a side that a picture has to have, without margins: that of the window. */
#define SSIM_WINDOW 11

/*
 * The mean over all windows, of 11 x 11 pixels with Gaussian weights of standard deviation 1.5,
 * that lie in the picture without @margin pixels at each edge; constants of 0.01 and 0.03. 1 for
 * equal pictures. Both have one size.
 */
double ssim_of(const VdtPicture *a, const VdtPicture *b, guint margin);
