/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of one variant's functions, VDT_K(name), and their prototypes, which follow from the
 * members of kernels.h. A variant is a set of sources built with VDT_VARIANT and VDT_LEVEL (an
 * ISA), VDT_IS_BF16 (0 or 1) defined.
 */
#pragma once

#include "kernels.h"
#include "kernels/members.h"

#define VDT_CONCAT_(a, b) a##_##b
#define VDT_CONCAT(a, b)  VDT_CONCAT_(a, b)
#define VDT_K(name)       VDT_CONCAT(vdt_##name, VDT_VARIANT)

/* The types of members are the prototypes of VDT_K(member). */
#if VDT_IS_BF16
#define VDT_KERNELS_OF_VARIANT(X) VDT_KERNELS_OF_ALL(X)
#define VDT_VARIANT_PRECISION     VDT_PRECISION_BF16
#else
#define VDT_KERNELS_OF_VARIANT(X) VDT_KERNELS_OF_ALL(X) VDT_KERNELS_OF_F32(X)
#define VDT_VARIANT_PRECISION     VDT_PRECISION_F32
#endif

/* A function of the type that the member of @Table points to. */
#define VDT_DECLARE_KERNEL(Table, name) __typeof__(*((Table *)NULL)->name) VDT_K(name);
#define VDT_SET_KERNEL(name)            .name = VDT_K(name),
#define VDT_STRING_(x)                  #x
#define VDT_STRING(x)                   VDT_STRING_(x)

#define VDT_DECLARE(name) VDT_DECLARE_KERNEL(VdtKernels, name)
VDT_KERNELS_OF_VARIANT(VDT_DECLARE)
#undef VDT_DECLARE

/* The row itself: put once into a source of the variant. */
extern const VdtKernels VDT_K(kernels);
#define VDT_DEFINE_KERNELS(tile_rows, tile_cols)                                                   \
    _Static_assert(tile_rows <= VDT_MOST_TILE_ROWS, "lists of rows have room for a tile");         \
    const VdtKernels VDT_K(kernels) = {.name = VDT_STRING(VDT_VARIANT),                            \
                                       .isa = VDT_LEVEL,                                           \
                                       .precision = VDT_VARIANT_PRECISION,                         \
                                       .mr = tile_rows,                                            \
                                       .nr = tile_cols,                                            \
                                       VDT_KERNELS_OF_VARIANT(VDT_SET_KERNEL)}
