/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nal.h"

#include <string.h>

#define BITS(from, to) ((G_GUINT64_CONSTANT(2) << (to)) - (G_GUINT64_CONSTANT(1) << (from)))

/* How a unit begins. The shortest is an end of sequence, which is its header alone, and which a
 * parser has no use for. */
static const struct {
    gsize least; /* bytes of a unit */
    guint shift, mask;
    guint64 types;
} rules[] = {
    /* slices, messages, parameters, delimiters, filler, extensions */
    [VDT_NAL_H264] = {2, 0, 0x1f, BITS(1, 9) | BITS(12, 15) | BITS(19, 21)},
    [VDT_NAL_H265] = {3, 1, 0x3f, BITS(0, 9) | BITS(16, 21) | BITS(32, 35) | BITS(38, 40)},
};

/* The next start code, or the end. */
static const guint8 *find_start(const guint8 *data, const guint8 *end)
{
    static const guint8 start[] = {0, 0, 1};
    const guint8 *found = memmem(data, (gsize)(end - data), start, sizeof start);

    return found ? found : end;
}

static gboolean is_sane(VdtNalCodec codec, const guint8 *unit, const guint8 *end)
{
    while (end > unit && end[-1] == 0)
        end--;
    return (gsize)(end - unit) >= rules[codec].least && !(unit[0] & 0x80) &&
           (rules[codec].types >> ((unit[0] >> rules[codec].shift) & rules[codec].mask) & 1);
}

gboolean vdt_nal_is_sane(VdtNalCodec codec, const guint8 *data, gsize size)
{
    const guint8 *const end = data + size;
    const guint8 *unit = size > 0 ? find_start(data, end) : end;
    gboolean any = FALSE;

    while (unit < end) {
        const guint8 *next = find_start(unit + 3, end);

        if (!is_sane(codec, unit + 3, next))
            return FALSE;
        unit = next;
        any = TRUE;
    }
    return any;
}
