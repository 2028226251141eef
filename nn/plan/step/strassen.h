/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Large products of floats by Strassen's method: seven products of quarters for eight. Rounding
 * errors are small beside the largest numbers of a row and of its partner, half of the rows away,
 * not beside the row's own; and where a row is not finite, its partner may not be, either. So all
 * rows are of one image.
 */
#pragma once

#include "product.h"

/* Adds the steps of @product if it is one that gains, FALSE if it is not. @label is copied. */
gboolean vdt_plan_add_strassen(VdtPlan *plan, const VdtProduct *product, const char *label,
                               guint64 macs);
