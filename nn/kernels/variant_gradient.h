/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What variant.h is for kernels.h, for gradient.h. Training works on floats, so variants for
 * bfloat16 have none of this. */
#pragma once

#include "gradient.h"
#include "variant.h"

#define VDT_DECLARE(name) VDT_DECLARE_KERNEL(VdtGradientKernels, name)
VDT_GRADIENT_KERNELS(VDT_DECLARE)
#undef VDT_DECLARE

/* The row itself: put once into a source of the variant. */
extern const VdtGradientKernels VDT_K(gradient_kernels);
#define VDT_DEFINE_GRADIENT_KERNELS()                                                              \
    const VdtGradientKernels VDT_K(gradient_kernels) = {                                           \
        .name = VDT_STRING(VDT_VARIANT), .isa = VDT_LEVEL, VDT_GRADIENT_KERNELS(VDT_SET_KERNEL)}
