/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reference kernels share: elements, and the epilogue of one sum. */
#pragma once

#include <math.h>
#include <string.h>

#include "variant.h"

#if VDT_IS_BF16
typedef uint16_t element;
#else
typedef float element;
#endif

static inline float load(const void *row, size_t i)
{
#if VDT_IS_BF16
    uint32_t bits = (uint32_t)((const element *)row)[i] << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
#else
    return ((const element *)row)[i];
#endif
}

static inline void store(void *row, size_t i, float value)
{
#if VDT_IS_BF16
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    ((element *)row)[i] =
        value != value ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
#else
    ((element *)row)[i] = value;
#endif
}

static inline const void *row_at(const void *map, size_t row, size_t pitch)
{
    return (const element *)map + row * pitch;
}

static inline float activate(float value, VdtAct act)
{
    switch (act) {
    case VDT_ACT_RELU:
        return value < 0 ? 0 : value;
    case VDT_ACT_SIGMOID:
        return 1 / (1 + expf(-value));
    case VDT_ACT_GELU:
        return value == -INFINITY ? 0 : 0.5f * value * (1 + erff(value * (float)M_SQRT1_2));
    case VDT_ACT_HARD_SIGMOID:
        value = value + 3 < 0 ? 0 : value + 3;
        return (value > 6 ? 6 : value) / 6;
    case VDT_ACT_NONE:
        break;
    }
    return value;
}

static inline float finish(float sum, const VdtEpilogue *e, size_t row, size_t column)
{
    float value = activate(sum + e->bias[column], e->act0);

    if (e->mul)
        value *= load(row_at(e->mul, row, e->mul_pitch), column);
    if (e->add)
        value += load(row_at(e->add, row, e->add_pitch), column);
    return activate(value, e->act1);
}
