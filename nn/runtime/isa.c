/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which instructions this process uses. Built without instruction-set flags, so that it runs
 * anywhere. */
#include <stdlib.h>
#include <vedette/runtime.h>

#include "isa-config.h"

static const char *const names[VDT_N_ISAS] = {"c", "avx2", "avx512", "avx512bf16"};

/* One past the level asked for by vdt_isa_limit(); 0 as long as nobody asked. */
static gint limit;

const char *vdt_isa_name(VdtIsa isa)
{
    return isa < VDT_N_ISAS ? names[isa] : "unknown";
}

gboolean vdt_isa_from_name(const char *name, VdtIsa *isa)
{
    for (guint i = 0; i < VDT_N_ISAS; i++) {
        if (g_strcmp0(name, names[i]) == 0) {
            *isa = i;
            return TRUE;
        }
    }
    return FALSE;
}

VdtIsa vdt_isa_get_available(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!VDT_HAVE_AVX2 || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return VDT_ISA_C;
    if (!VDT_HAVE_AVX512 || !__builtin_cpu_supports("avx512f") ||
        !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vl"))
        return VDT_ISA_AVX2;
    if (!VDT_HAVE_AVX512BF16 || !__builtin_cpu_supports("avx512bf16") ||
        !__builtin_cpu_supports("avx512vnni"))
        return VDT_ISA_AVX512;
    return VDT_ISA_AVX512BF16;
#else
    return VDT_ISA_C;
#endif
}

VdtIsa vdt_isa_get(void)
{
    VdtIsa isa = vdt_isa_get_available(), wanted;
    gint asked = g_atomic_int_get(&limit);

    if (asked > 0)
        return MIN(isa, (VdtIsa)(asked - 1));
    if (vdt_isa_from_name(getenv("VEDETTE_ISA"), &wanted))
        return MIN(isa, wanted);
    return isa;
}

void vdt_isa_limit(VdtIsa isa)
{
    g_atomic_int_set(&limit, (gint)isa + 1);
}
