/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A class for each pixel of a picture of any size, in the ways of testing that segmentation
 * networks are published with.
 *
 *   fixed   the picture is stretched to the card's size, and logits are resized from there to it,
 * in one: what a stream is seen as whole   its shorter side becomes the card's test_size (the
 * longer one at most four times that), ratio kept; it is padded to multiples of 32 at the right and
 * below slide   resized likewise; the network sees windows of test_size x test_size, two thirds of
 * that apart, and where they overlap their logits are averaged
 *
 * Of the last two, as mmsegmentation does it, logits are resized bilinearly to what the network
 * saw, padding is cut off, and they are resized bilinearly to the picture; of each pixel the
 * largest is taken, the first of equal ones.
 */
#pragma once

#include <vedette/engine.h>

#include "preprocess.h"

typedef enum { VDT_SEGMENT_FIXED, VDT_SEGMENT_WHOLE, VDT_SEGMENT_SLIDE } VdtSegmentMode;

/* "fixed", "whole", "slide"; NULL behind the last. */
extern const char *const vdt_segment_mode_names[];

/* The mode of that name; of NULL, as the card's network is meant to be tested: fixed if it was made
 * for the card's size (variant "small"), whole if it is one of those published. */
VdtSegmentMode vdt_segment_mode_of(const char *name, const VdtCard *card);

/* Where windows of @window begin along a side of @size, @stride apart; the last ends with it.
 * Returns how many there are; @starts has room for @size of them. */
guint vdt_segment_windows(guint size, guint window, guint stride, guint *starts);

/* Writes a class for each pixel of @picture to @labels, height rows of width. */
gboolean vdt_segment_picture(VdtEngine *engine, VdtSegmentMode mode, const VdtPicture *picture,
                             guint16 *labels, GCancellable *cancellable, GError **error);
