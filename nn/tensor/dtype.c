/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element types: names and sizes. */
#include <vedette/tensor.h>

#include <string.h>

static const struct {
    const char *name;
    gsize size;
} dtypes[VDT_N_DTYPES] = {
    [VDT_F32] = {"float32", 4},   [VDT_F64] = {"float64", 8}, [VDT_F16] = {"float16", 2},
    [VDT_BF16] = {"bfloat16", 2}, [VDT_I64] = {"int64", 8},   [VDT_I32] = {"int32", 4},
    [VDT_I16] = {"int16", 2},     [VDT_I8] = {"int8", 1},     [VDT_U8] = {"uint8", 1},
    [VDT_BOOL] = {"bool", 1},
};

const char *vdt_dtype_name(VdtDType dtype)
{
    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, "unknown");
    return dtypes[dtype].name;
}

gboolean vdt_dtype_from_name(const char *name, VdtDType *dtype)
{
    for (guint i = 0; i < VDT_N_DTYPES; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = (VdtDType)i;
            return TRUE;
        }
    }
    return FALSE;
}

gsize vdt_dtype_size(VdtDType dtype)
{
    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, 0);
    return dtypes[dtype].size;
}
