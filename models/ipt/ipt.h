/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IPT (Chen et al., "Pre-Trained Image Processing Transformer"): what a picture looked like before
 * it was spoiled, or what it looks like enlarged. Everything goes through the row; docs/ipt.md
 * describes the configuration.
 */
#pragma once

#include "../model.h"

extern const VdtModel vdt_ipt;
