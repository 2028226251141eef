/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the process runs on: instruction sets and threads; the only global state of the library.
 */
#pragma once

#include <vedette/error.h>

G_BEGIN_DECLS

/** Levels of instruction sets; each includes the ones before. */
typedef enum {
    VDT_ISA_C,          /**< portable C */
    VDT_ISA_AVX2,       /**< AVX2 and FMA */
    VDT_ISA_AVX512,     /**< AVX-512 F, BW, DQ, VL */
    VDT_ISA_AVX512BF16, /**< and AVX512_VNNI, AVX512_BF16 */
    VDT_N_ISAS,
} VdtIsa;

/** Arithmetic of an INFER plan. bfloat16 keeps weights and activations in bfloat16 and sums in
 * float32. int8 quantises what convolutions and linear layers multiply, weights by output channel
 * and activations by pixel as they come, and sums in int32; everything else, small and first layers
 * and 3x3 convolutions of stride 1 among it, is as in bfloat16 at VDT_ISA_AVX512BF16, and as in
 * float32 at other levels. */
typedef enum { VDT_PRECISION_F32, VDT_PRECISION_BF16, VDT_PRECISION_INT8 } VdtPrecision;

/** "c", "avx2", "avx512", "avx512bf16" */
VDT_API const char *vdt_isa_name(VdtIsa isa);
VDT_API gboolean vdt_isa_from_name(const char *name, VdtIsa *isa);
/** The highest level this CPU and this build have. */
VDT_API VdtIsa vdt_isa_get_available(void);
/** The level in force: the available one, lowered by VEDETTE_ISA or vdt_isa_limit(). Plans of level
 * VDT_ISA_C multiply through OpenBLAS where it is installed: making the first one loads it and sets
 * its number of threads to one, which is global state of the process; nothing sets it again. */
VDT_API VdtIsa vdt_isa_get(void);
/** Lowers the level for plans made from now on; never raises it above what the CPU has. */
VDT_API void vdt_isa_limit(VdtIsa isa);

/**
 * Number of threads that run networks, the caller's included. The default is VEDETTE_THREADS, or
 * the CPUs of the process's affinity mask within its cgroup's quota. The pool starts with the first
 * run. Setting it while a run is under way waits for that run.
 */
VDT_API guint vdt_threads_get(void);
VDT_API void vdt_threads_set(guint n_threads);

/** What is wrong with the variables of the environment whose names begin with VEDETTE: values that
 * are ignored, and names that look misspelled, as sentences without a full stop. NULL if nothing
 * is. Caller frees. */
VDT_API char *vdt_environment_check(void);

G_END_DECLS
