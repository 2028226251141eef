/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Smaller pictures, as the data sets that enlarging is measured on have them. */
#pragma once

#include "preprocess.h"

/*
 * @from's sides divided by @by: MATLAB's imresize with its "bicubic", whose kernel is widened by
 * that, edges mirrored, results rounded. Both sides of @from are multiples of @by, 1 to 16; @to has
 * memory for its size.
 */
void bicubic_reduce(const VdtPicture *from, guint by, VdtPicture *to);
