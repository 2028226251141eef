/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conversion of whole tensors between element types. */
#include "elements.h"

#include <string.h>

static gboolean is_float(VdtDType dtype)
{
    return dtype == VDT_F32 || dtype == VDT_F64 || dtype == VDT_F16 || dtype == VDT_BF16;
}

/* Sets the elements of @result, which has another type than @tensor. */
static void convert_elements(const VdtTensor *tensor, VdtTensor *result)
{
    const VdtDTypeRow *from = vdt_dtype_get_row(tensor->dtype);
    gsize to_size = vdt_dtype_size(result->dtype);
    gsize n = tensor->n_bytes / from->block_bytes * from->block_elements;

    for (gsize at = 0; at < n; at += VDT_ELEMENTS_BLOCK) {
        double block[VDT_ELEMENTS_BLOCK];
        gsize count = MIN(n - at, VDT_ELEMENTS_BLOCK);

        vdt_elements_read(tensor->dtype,
                          (const char *)tensor->data +
                              at / from->block_elements * from->block_bytes,
                          count, block);
        vdt_elements_write(result->dtype, (char *)result->data + at * to_size, count, block);
    }
}

/* The one case that a block of doubles would round twice: see vdt_elements_read(). */
static void convert_int64_to_double(const VdtTensor *tensor, VdtTensor *result)
{
    const gint64 *from = tensor->data;
    double *to = result->data;

    for (gsize i = 0; i < tensor->n_bytes / sizeof *from; i++)
        to[i] = (double)from[i];
}

VdtTensor *vdt_tensor_convert(const VdtTensor *tensor, VdtDType dtype, GError **error)
{
    VdtTensor *result;

    if (dtype != tensor->dtype && (!is_float(dtype) || tensor->dtype == VDT_BOOL)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "cannot convert %s to %s",
                    vdt_dtype_name(tensor->dtype), vdt_dtype_name(dtype));
        return NULL;
    }
    result = vdt_tensor_new(dtype, &tensor->shape, error);
    if (result == NULL)
        return NULL;
    if (tensor->n_bytes == 0) /* an empty tensor may have no memory at all */
        return result;
    if (dtype == tensor->dtype)
        memcpy(result->data, tensor->data, tensor->n_bytes);
    else if (tensor->dtype == VDT_I64 && dtype == VDT_F64)
        convert_int64_to_double(tensor, result);
    else
        convert_elements(tensor, result);
    return result;
}
