/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fused multiply-adds on registers only: as many as the CPU takes. What arithmetic is held against,
 * by vedette-peak and by the benchmark of the kernels. */
#pragma once

#include <vedette/runtime.h>

/* Returns the floating point operations that it has done. */
typedef double (*MultiplyAdds)(void *unused);

MultiplyAdds multiply_adds_f32(VdtIsa isa);
/* NULL if there are none for bfloat16. */
MultiplyAdds multiply_adds_bf16(VdtIsa isa);
