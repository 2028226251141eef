/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CGRSeg (Ni et al., "Context-Guided Spatial Feature Reconstruction for Efficient Semantic
 * Segmentation"): a class for every pixel. Everything goes through the row; docs/cgrseg.md
 * describes the configuration.
 */
#pragma once

#include "../model.h"

extern const VdtModel vdt_cgrseg;
