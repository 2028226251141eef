/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dimensions of planar values in another order. */
#pragma once

#include "layout.h"

/* y (+)= x of shape @from, whose dimension order[d] becomes dimension d. @label is copied. */
void vdt_plan_add_permute(VdtPlan *plan, const VdtPlace *x, const VdtPlace *y, const VdtShape *from,
                          const guint8 *order, gboolean add, const char *label);
