/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing elements of every type through doubles. */
#include "elements.h"

#include <math.h>
#include <string.h>

/*
 * Narrowing in two steps rounds twice, which is wrong for values just beside a tie. Rounding to
 * odd in the first step (an inexact result always ends in a one bit) keeps the information that
 * the second step needs: https://hal.inria.fr/inria-00080427 proves two spare bits to be enough.
 */
static float round_to_odd(double x)
{
    float nearest = (float)x;
    guint32 bits;

    if ((double)nearest == x || isnan(x))
        return nearest;
    memcpy(&bits, &nearest, sizeof bits);
    if ((bits & 1) == 0)
        bits += fabs((double)nearest) > fabs(x) ? -1 : 1;
    memcpy(&nearest, &bits, sizeof nearest);
    return nearest;
}

static double int64_to_odd_double(gint64 x)
{
    guint64 magnitude = x < 0 ? -(guint64)x : (guint64)x;
    double result;

    if (magnitude >> 53 == 0)
        return (double)x;
    result = (double)(magnitude >> 11 | ((magnitude & 0x7ff) != 0)) * 2048.0;
    return x < 0 ? -result : result;
}

static float half_to_float(guint16 half)
{
    guint32 sign = (guint32)(half & 0x8000) << 16;
    guint32 exponent = half >> 10 & 0x1f;
    guint32 mantissa = half & 0x3ff;
    guint32 bits;
    float value;

    if (exponent == 0) {
        value = (float)mantissa * 0x1p-24f;
        return sign != 0 ? -value : value;
    }
    bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static guint16 float_to_half(float value)
{
    guint32 bits, magnitude, kept, rest, half_way;
    guint16 sign;

    memcpy(&bits, &value, sizeof bits);
    sign = (guint16)(bits >> 16 & 0x8000);
    magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return sign | 0x7e00 | (guint16)(magnitude >> 13 & 0x1ff);
    if (magnitude >= 0x47800000) /* 2^16 and beyond */
        return sign | 0x7c00;
    if (magnitude >= 0x38800000) { /* normal: from 2^-14 */
        kept = (magnitude - 0x38000000) >> 13;
        rest = magnitude & 0x1fff;
        half_way = 0x1000;
    } else {
        /* Subnormal: the unit is 2^-24, so the mantissa moves right by its distance from it. */
        guint32 shift = 126 - (magnitude >> 23);

        if (shift > 25)
            return sign;
        kept = ((magnitude & 0x7fffff) | 0x800000) >> shift;
        rest = ((magnitude & 0x7fffff) | 0x800000) & ((1u << shift) - 1);
        half_way = 1u << (shift - 1);
    }
    /* A carry out of the mantissa goes into the exponent, and from the largest number to infinity,
     * as it should. */
    if (rest > half_way || (rest == half_way && (kept & 1) != 0))
        kept++;
    return sign | (guint16)kept;
}

static float bfloat_to_float(guint16 bfloat)
{
    guint32 bits = (guint32)bfloat << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static guint16 float_to_bfloat(float value)
{
    guint32 bits;

    memcpy(&bits, &value, sizeof bits);
    if (isnan(value))
        return (guint16)(bits >> 16) | 0x40;
    return (guint16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#define READ(type, expression)                                                                     \
    do {                                                                                           \
        const type *elements = from;                                                               \
                                                                                                   \
        for (gsize i = 0; i < n; i++) {                                                            \
            type x = elements[i];                                                                  \
                                                                                                   \
            to[i] = (expression);                                                                  \
        }                                                                                          \
        return;                                                                                    \
    } while (0)

void vdt_elements_read(VdtDType dtype, const void *from, gsize n, double *to)
{
    switch (dtype) {
    case VDT_F32:
        READ(float, (double)x);
    case VDT_F64:
        READ(double, x);
    case VDT_F16:
        READ(guint16, (double)half_to_float(x));
    case VDT_BF16:
        READ(guint16, (double)bfloat_to_float(x));
    case VDT_I64:
        READ(gint64, int64_to_odd_double(x));
    case VDT_I32:
        READ(gint32, (double)x);
    case VDT_I16:
        READ(gint16, (double)x);
    case VDT_I8:
        READ(gint8, (double)x);
    case VDT_U8:
        READ(guint8, (double)x);
    case VDT_BOOL:
        READ(guint8, x != 0 ? 1.0 : 0.0);
    case VDT_N_DTYPES:
        break;
    }
    g_return_if_reached();
}

#undef READ

#define WRITE(type, expression)                                                                    \
    do {                                                                                           \
        type *elements = to;                                                                       \
                                                                                                   \
        for (gsize i = 0; i < n; i++) {                                                            \
            double x = from[i];                                                                    \
                                                                                                   \
            elements[i] = (expression);                                                            \
        }                                                                                          \
        return;                                                                                    \
    } while (0)

/* Casting a double that does not fit is undefined in C; 2^63 itself does not fit an int64. */
#define SATURATE(type, min, max)                                                                   \
    (isnan(x) ? 0 : x <= (double)(min) ? (min) : x >= (double)(max) ? (max) : (type)x)

void vdt_elements_write(VdtDType dtype, void *to, gsize n, const double *from)
{
    switch (dtype) {
    case VDT_F32:
        WRITE(float, (float)x);
    case VDT_F64:
        WRITE(double, x);
    case VDT_F16:
        WRITE(guint16, float_to_half(round_to_odd(x)));
    case VDT_BF16:
        WRITE(guint16, float_to_bfloat(round_to_odd(x)));
    case VDT_I64:
        WRITE(gint64, SATURATE(gint64, G_MININT64, G_MAXINT64));
    case VDT_I32:
        WRITE(gint32, SATURATE(gint32, G_MININT32, G_MAXINT32));
    case VDT_I16:
        WRITE(gint16, SATURATE(gint16, G_MININT16, G_MAXINT16));
    case VDT_I8:
        WRITE(gint8, SATURATE(gint8, G_MININT8, G_MAXINT8));
    case VDT_U8:
        WRITE(guint8, SATURATE(guint8, 0, G_MAXUINT8));
    case VDT_BOOL:
        WRITE(guint8, x != 0);
    case VDT_N_DTYPES:
        break;
    }
    g_return_if_reached();
}

void vdt_elements_read_floats(const VdtTensor *tensor, gsize first, gsize n, float *to)
{
    const VdtDTypeRow *row = vdt_dtype_get_row(tensor->dtype);
    const char *from = (const char *)tensor->data + first / row->block_elements * row->block_bytes;

    if (tensor->dtype == VDT_F32) {
        memcpy(to, from, n * sizeof *to);
    } else if (tensor->dtype == VDT_BF16) {
        for (gsize i = 0; i < n; i++)
            to[i] = bfloat_to_float(((const guint16 *)from)[i]);
    } else if (tensor->dtype == VDT_F16) {
        for (gsize i = 0; i < n; i++)
            to[i] = half_to_float(((const guint16 *)from)[i]);
    } else {
        for (gsize at = 0; at < n; at += VDT_ELEMENTS_BLOCK) {
            double block[VDT_ELEMENTS_BLOCK];
            gsize count = MIN(n - at, VDT_ELEMENTS_BLOCK);

            vdt_elements_read(tensor->dtype, from + at / row->block_elements * row->block_bytes,
                              count, block);
            for (gsize i = 0; i < count; i++)
                to[at + i] = (float)block[i];
        }
    }
}

/* These look at all values, which unlike stopping at the first can be vector code. */
static gboolean halves_are_finite(const guint16 *halves, gsize n, guint16 exponent)
{
    guint16 wrong = 0;

    for (gsize i = 0; i < n; i++)
        wrong |= (halves[i] & exponent) == exponent;
    return wrong == 0;
}

static gboolean floats_are_finite(const float *floats, gsize n)
{
    guint32 wrong = 0;

    for (gsize i = 0; i < n; i++) {
        guint32 bits;

        memcpy(&bits, &floats[i], sizeof bits);
        wrong |= (bits & 0x7f800000) == 0x7f800000;
    }
    return wrong == 0;
}

gboolean vdt_elements_are_finite(const VdtTensor *tensor)
{
    const double *doubles = tensor->data;
    guint32 wrong = 0;

    switch (tensor->dtype) {
    case VDT_F32:
        return floats_are_finite(tensor->data, tensor->n_bytes / 4);
    case VDT_BF16:
        return halves_are_finite(tensor->data, tensor->n_bytes / 2, 0x7f80);
    case VDT_F16:
        return halves_are_finite(tensor->data, tensor->n_bytes / 2, 0x7c00);
    case VDT_F64:
        for (gsize i = 0; i < tensor->n_bytes / 8; i++)
            wrong |= !isfinite((float)doubles[i]); /* also one that no float holds */
        return wrong == 0;
    default:
        return TRUE; /* whole numbers */
    }
}
