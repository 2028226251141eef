/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element types: names and sizes. */
#include <vedette/tensor.h>

#include <string.h>

static const VdtDTypeRow rows[VDT_N_DTYPES] = {
    [VDT_F32] = {"float32", 1, 4},   [VDT_F64] = {"float64", 1, 8}, [VDT_F16] = {"float16", 1, 2},
    [VDT_BF16] = {"bfloat16", 1, 2}, [VDT_I64] = {"int64", 1, 8},   [VDT_I32] = {"int32", 1, 4},
    [VDT_I16] = {"int16", 1, 2},     [VDT_I8] = {"int8", 1, 1},     [VDT_U8] = {"uint8", 1, 1},
    [VDT_BOOL] = {"bool", 1, 1},
};

const VdtDTypeRow *vdt_dtype_get_row(VdtDType dtype)
{
    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, NULL);
    return &rows[dtype];
}

const char *vdt_dtype_name(VdtDType dtype)
{
    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, "unknown");
    return rows[dtype].name;
}

gboolean vdt_dtype_from_name(const char *name, VdtDType *dtype)
{
    for (guint i = 0; i < VDT_N_DTYPES; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *dtype = (VdtDType)i;
            return TRUE;
        }
    }
    return FALSE;
}

gsize vdt_dtype_size(VdtDType dtype)
{
    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, 0);
    return rows[dtype].block_bytes;
}

gboolean vdt_dtype_row_bytes(const VdtDTypeRow *row, const VdtShape *shape, gsize *n_bytes,
                             GError **error)
{
    gint64 elements = vdt_shape_elements(shape);
    gint64 last = shape->n_dims > 0 && elements >= 0 ? shape->dims[shape->n_dims - 1] : 1;
    g_autofree char *text = NULL;

    if (elements >= 0 && last % (gint64)row->block_elements == 0 &&
        g_size_checked_mul(n_bytes, (gsize)elements / row->block_elements, row->block_bytes))
        return TRUE;
    text = vdt_shape_to_string(shape);
    if (elements >= 0 && last % (gint64)row->block_elements != 0)
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "shape %s is not valid for %s: the last dimension is no multiple of "
                    "%" G_GSIZE_FORMAT,
                    text, row->name, row->block_elements);
    else
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "shape %s is not valid: a dimension is negative or it is too large", text);
    return FALSE;
}
