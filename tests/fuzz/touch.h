/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What fuzz targets do with input and results, so that a sanitizer sees every mistake.
 */
#pragma once

#include "io/formats.h"

/** A copy in a heap block of exactly its size: one byte too far is an error. */
GBytes *fuzz_block(const guint8 *data, gsize size);

/** Reads every byte of a tensor. */
void fuzz_touch_tensor(const VdtTensor *tensor);

/** There is a result or an error, never both or neither; reads all of the result. */
void fuzz_touch_weights(const VdtWeights *weights, const GError *error);
