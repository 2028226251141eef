/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensor objects: memory and reference counting. */
#include <vedette/tensor.h>

#include <stdlib.h>
#include <string.h>

static VdtTensor *tensor_over(VdtDType dtype, const VdtShape *shape, gsize n_bytes, void *data,
                              GDestroyNotify owner_unref, gpointer owner)
{
    static _Atomic guint64 last;
    VdtTensor *tensor = g_new(VdtTensor, 1);

    *tensor = (VdtTensor){
        .dtype = dtype,
        .shape = *shape,
        .n_bytes = n_bytes,
        .data = data,
        .ref_count = 1,
        .serial = ++last,
        .owner_unref = owner_unref,
        .owner = owner,
    };
    return tensor;
}

VdtTensor *vdt_tensor_new(VdtDType dtype, const VdtShape *shape, GError **error)
{
    gsize n_bytes, room;
    void *data;

    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, NULL);
    if (!vdt_dtype_row_bytes(vdt_dtype_get_row(dtype), shape, &n_bytes, error))
        return NULL;
    if (!g_size_checked_add(&room, n_bytes, VDT_ALIGN)) {
        g_autofree char *text = vdt_shape_to_string(shape);

        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE, "shape %s is not valid: it is too large",
                    text);
        return NULL;
    }
    /* Whole multiples of the alignment, as aligned_alloc() demands, and never zero bytes. */
    room = MAX(room - 1, VDT_ALIGN) / VDT_ALIGN * VDT_ALIGN;
    data = aligned_alloc(VDT_ALIGN, room);
    if (data == NULL) {
        g_autofree char *text = vdt_shape_to_string(shape);

        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "no memory for a tensor of shape %s, %" G_GSIZE_FORMAT " bytes", text, n_bytes);
        return NULL;
    }
    memset(data, 0, room);
    return tensor_over(dtype, shape, n_bytes, data, free, data);
}

VdtTensor *vdt_tensor_new_for_data(VdtDType dtype, const VdtShape *shape, const void *data,
                                   GDestroyNotify owner_unref, gpointer owner)
{
    gsize n_bytes;

    g_return_val_if_fail((guint)dtype < VDT_N_DTYPES, NULL);
    g_return_val_if_fail(vdt_dtype_row_bytes(vdt_dtype_get_row(dtype), shape, &n_bytes, NULL),
                         NULL);
    return tensor_over(dtype, shape, n_bytes, (void *)data, owner_unref, owner);
}

VdtTensor *vdt_tensor_ref(VdtTensor *tensor)
{
    g_atomic_int_inc(&tensor->ref_count);
    return tensor;
}

void vdt_tensor_unref(VdtTensor *tensor)
{
    if (!g_atomic_int_dec_and_test(&tensor->ref_count))
        return;
    if (tensor->owner_unref != NULL)
        tensor->owner_unref(tensor->owner);
    g_free(tensor);
}
