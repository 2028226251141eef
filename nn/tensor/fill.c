/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that follow from a name and a position, the same in every program. */
#include <tensor/elements.h>

#include <math.h>

static guint64 fnv1a(const char *text)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        hash = (hash ^ (guchar)*text) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

/* 24 bits in [0,1) for the position @i of the stream @hash. */
static double unit(guint64 hash, guint64 i)
{
    guint64 z = hash + (i + 1) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    z = z ^ z >> 31;
    return (double)(z >> 40) * 0x1p-24;
}

void vdt_tensor_fill_uniform(VdtTensor *tensor, const char *name, double lo, double hi)
{
    gsize size = vdt_dtype_size(tensor->dtype);
    gsize n = tensor->n_bytes / size;
    gboolean whole = tensor->dtype >= VDT_I64;
    guint64 hash = fnv1a(name);

    for (gsize at = 0; at < n; at += VDT_ELEMENTS_BLOCK) {
        double block[VDT_ELEMENTS_BLOCK];
        gsize count = MIN(n - at, VDT_ELEMENTS_BLOCK);

        for (gsize i = 0; i < count; i++) {
            /* Volatile keeps the compiler from fusing the product into the sum, which would skip a
             * rounding and give other bits on CPUs that have such an instruction. */
            volatile double scaled = unit(hash, at + i) * (hi - lo);

            block[i] = lo + (whole ? floor(scaled) : scaled);
        }
        vdt_elements_write(tensor->dtype, (char *)tensor->data + at * size, count, block);
    }
}
