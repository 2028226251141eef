/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/binder.h"
#include "plan/step/schedule.h"

/* Fills a plan with steps; @params as from vdt_bind(). */
gboolean vdt_plan_train(VdtPlan *plan, const VdtBound *params, GError **error);
