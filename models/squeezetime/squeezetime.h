/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SqueezeTime: actions in a clip of frames, with time folded into the channels of a 2-D network.
 * Everything goes through the row; docs/squeezetime.md describes the configuration.
 */
#pragma once

#include "../model.h"

extern const VdtModel vdt_squeezetime;
