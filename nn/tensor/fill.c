/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that follow from a name and a position, the same in every program. */
#include "elements.h"
#include "random.h"

#include <math.h>

/* 24 bits in [0,1). */
static double unit(guint64 stream, guint64 i)
{
    return (double)(vdt_random_bits(stream, i) >> 40) * 0x1p-24;
}

void vdt_tensor_fill_uniform(VdtTensor *tensor, const char *name, double lo, double hi)
{
    gsize size = vdt_dtype_size(tensor->dtype);
    gsize n = tensor->n_bytes / size;
    gboolean whole = tensor->dtype >= VDT_I64;
    guint64 stream = vdt_random_stream(name);

    for (gsize at = 0; at < n; at += VDT_ELEMENTS_BLOCK) {
        double block[VDT_ELEMENTS_BLOCK];
        gsize count = MIN(n - at, VDT_ELEMENTS_BLOCK);

        for (gsize i = 0; i < count; i++) {
            /* Volatile keeps the compiler from fusing the product into the sum, which would skip a
             * rounding and give other bits on CPUs that have such an instruction. */
            volatile double scaled = unit(stream, at + i) * (hi - lo);

            block[i] = lo + (whole ? floor(scaled) : scaled);
        }
        vdt_elements_write(tensor->dtype, (char *)tensor->data + at * size, count, block);
    }
}
