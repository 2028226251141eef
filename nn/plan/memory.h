/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where buffers lie in the arena. */
#pragma once

#include "step/schedule.h"

/* Sets the offsets of all buffers; returns the size of the arena. */
gsize vdt_plan_memory(VdtBuffer *buffers, guint n_buffers);
