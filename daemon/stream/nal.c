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

static gboolean are_sane_by_starts(VdtNalCodec codec, const guint8 *data, gsize size)
{
    const guint8 *const end = data + size;
    const guint8 *unit = find_start(data, end);
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

static gboolean are_sane_by_lengths(VdtNalCodec codec, const guint8 *data, gsize size)
{
    const guint8 *const end = data + size;
    gboolean any = FALSE;

    while (end - data > 4) {
        const guint32 length =
            (guint32)data[0] << 24 | (guint32)data[1] << 16 | (guint32)data[2] << 8 | data[3];

        data += 4;
        if (length > (gsize)(end - data) || !is_sane(codec, data, data + length))
            return FALSE;
        data += length;
        any = TRUE;
    }
    return any && data == end;
}

gboolean vdt_nal_is_sane(VdtNalCodec codec, VdtNalForm form, const guint8 *data, gsize size)
{
    if (size == 0)
        return FALSE;
    return form == VDT_NAL_STARTS ? are_sane_by_starts(codec, data, size)
                                  : are_sane_by_lengths(codec, data, size);
}
