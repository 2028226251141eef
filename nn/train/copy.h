/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tensors whose memory is had or the process ends, as with all of GLib: for functions that copy
 * parameters and have no error to give.
 */
#pragma once

#include <string.h>
#include <vedette/tensor.h>

/* float32, not filled. */
static inline VdtTensor *vdt_tensor_new_f32(const VdtShape *shape)
{
    float *data = g_aligned_alloc(vdt_shape_elements(shape), sizeof *data, VDT_ALIGN);

    return vdt_tensor_new_for_data(VDT_F32, shape, data, g_aligned_free, data);
}

static inline VdtTensor *vdt_tensor_copy_f32(const VdtTensor *tensor)
{
    VdtTensor *copy = vdt_tensor_new_f32(&tensor->shape);

    memcpy(copy->data, tensor->data, tensor->n_bytes);
    return copy;
}
