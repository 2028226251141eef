/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transformers with the norms and the attention of "SLAB: Efficient Transformers with Simplified
 * Linear Attention and Progressive Re-parameterized Batch Normalization" (arXiv 2405.11582), and
 * those that are compared with them: one row for the backbones of other folders, which know the
 * network. Everything goes through the row; docs/slab.md describes the configuration.
 */
#pragma once

#include "../model.h"

extern const VdtModel vdt_slab;
