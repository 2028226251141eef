/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The largest tile whose sums fit the registers, of products and of sums of outer products: rows,
 * and vectors of columns. */
#pragma once

#include "simd.h"

#if VDT_VL == 16
#define MR 7
#define NV 4
#else
#define MR 6
#define NV 2
#endif
