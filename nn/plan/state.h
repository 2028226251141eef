/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vedette/plan.h>

/* FALSE if a run has it already; otherwise this one has, until it gives it back. */
gboolean vdt_state_take(VdtState *state);
void vdt_state_give_back(VdtState *state);
