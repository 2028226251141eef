/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Products through OpenBLAS, on processors that have no kernels of our own. Whether they go there
 * is decided here and nowhere else: by level in vdt_blas_kernels(), by shape in vdt_blas_pays().
 */
#pragma once

#include "kernels.h"

/* The C kernels with products by OpenBLAS; NULL for levels and precisions that they are not
 * for, where the library is not there, and where VEDETTE_BLAS=0 forbids it. The first call loads
 * the library. */
const VdtKernels *vdt_blas_kernels(VdtIsa isa, VdtPrecision precision);

/* Whether a tile of rows x columns, with sums of @depth terms, is worth calling OpenBLAS for. */
bool vdt_blas_pays(size_t rows, size_t columns, size_t depth);
