/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of tensors as training programs leave them.
 *
 * Compilers, data-parallel training, frameworks and averages put words before the names that a
 * network's authors gave, or between their parts: "_orig_mod.", "module.", "model.", the key of a
 * dictionary. Which of them are no part of the name only the architectures can tell: words are
 * taken away, one after the other, as long as that may make the tensors those of a known one.
 */
#pragma once

#include <vedette/weights.h>

/* @weights under the names that an architecture recognises, or as they are if there are none, less
 * the words that are nobody's name. A new reference, of the same object where nothing changes. */
VdtWeights *vdt_weights_unwrap(VdtWeights *weights);

/* What is in a file that is none of a network's, for messages: how names begin, and how often; what
 * could not be read. Caller frees. */
char *vdt_weights_describe(const VdtWeights *weights);
