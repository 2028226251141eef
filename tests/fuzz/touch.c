/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "touch.h"

#include <string.h>

GBytes *fuzz_block(const guint8 *data, gsize size)
{
    return g_bytes_new(data, size);
}

void fuzz_touch_tensor(const VdtTensor *tensor)
{
    const guint8 *bytes = tensor->data;
    static volatile guint8 sum; /* keeps the reads */
    gsize n_bytes;

    g_assert(vdt_dtype_row_bytes(vdt_dtype_get_row(tensor->dtype), &tensor->shape, &n_bytes, NULL));
    g_assert(n_bytes == tensor->n_bytes);
    for (gsize i = 0; i < tensor->n_bytes; i++)
        sum = (guint8)(sum + bytes[i]);
}

void fuzz_touch_weights(const VdtWeights *weights, const GError *error)
{
    g_assert((weights == NULL) == (error != NULL));
    if (weights == NULL) {
        g_assert(strlen(error->message) > 0);
        return;
    }
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        g_assert(g_utf8_validate(vdt_weights_get_name(weights, i), -1, NULL));
        fuzz_touch_tensor(vdt_weights_get_tensor(weights, i));
    }
}
