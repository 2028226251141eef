/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weights without the norms that can be part of a layer beside them: RepBN, and what a training has
 * led to it, is a * x + c for each channel once the network is trained. The names of the others
 * stay; a network whose norms are gone is recognised as one with norms of the kind "none" (norm.h).
 */
#pragma once

#include <vedette/weights.h>

/* A new set of @weights, under the names that an architecture recognises, with all such norms moved
 * into the layers beside them, which are float32 then. Refused if there are none, if one stands
 * beside no layer that is known, or if the training was not over (vdt_norm_check_finished()). */
VdtWeights *vdt_weights_fold(const VdtWeights *weights, GError **error);
