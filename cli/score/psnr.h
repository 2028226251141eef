/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * By how much a restored picture differs from the true one: the peak signal to noise ratio, in
 * decibels, of pictures of 8 bits.
 */
#pragma once

#include "preprocess.h"

/* Of pictures that are equal. */
#define PSNR_MOST 100.0

typedef enum { PSNR_RGB, PSNR_LUMA } PsnrOf;

/* Light by BT.601, from 16 (black) to 235, as a float; that is what MATLAB's rgb2ycbcr has, before
 * it rounds. */
float psnr_luma(const guint8 rgb[3]);
/* @margin pixels at each edge do not count. Both pictures have one size, and more than the margins.
 */
double psnr_of(PsnrOf of, const VdtPicture *a, const VdtPicture *b, guint margin);
