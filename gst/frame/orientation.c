/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orientation.h"

#include <string.h>

/* What a row and a column of the result run along in the source: whether they are its columns and
 * rows, and which of these run from their ends. */
static const struct {
    gboolean swaps, from_right, from_bottom;
} methods[] = {
    [GST_VIDEO_ORIENTATION_IDENTITY] = {FALSE, FALSE, FALSE},
    [GST_VIDEO_ORIENTATION_90R] = {TRUE, FALSE, TRUE},
    [GST_VIDEO_ORIENTATION_180] = {FALSE, TRUE, TRUE},
    [GST_VIDEO_ORIENTATION_90L] = {TRUE, TRUE, FALSE},
    [GST_VIDEO_ORIENTATION_HORIZ] = {FALSE, TRUE, FALSE},
    [GST_VIDEO_ORIENTATION_VERT] = {FALSE, FALSE, TRUE},
    [GST_VIDEO_ORIENTATION_UL_LR] = {TRUE, FALSE, FALSE},
    [GST_VIDEO_ORIENTATION_UR_LL] = {TRUE, TRUE, TRUE},
};

gboolean vdt_orientation_swaps(GstVideoOrientationMethod method)
{
    return methods[method].swaps;
}

GstVideoOrientationMethod vdt_orientation_inverse(GstVideoOrientationMethod method)
{
    if (method == GST_VIDEO_ORIENTATION_90R)
        return GST_VIDEO_ORIENTATION_90L;
    return method == GST_VIDEO_ORIENTATION_90L ? GST_VIDEO_ORIENTATION_90R : method;
}

VdtFrameTarget vdt_orientation_lay(GstVideoOrientationMethod method, const VdtFrameTarget *target)
{
    VdtFrameTarget lying = *target;

    if (vdt_orientation_swaps(method)) {
        lying.width = target->height;
        lying.height = target->width;
    }
    return lying;
}

void vdt_orientation_turn(GstVideoOrientationMethod method, gconstpointer from, guint width,
                          guint height, guint size, gpointer to)
{
    const gboolean swaps = methods[method].swaps;
    const guint columns = swaps ? height : width, rows = swaps ? width : height;
    const guint8 *source = from;
    guint8 *out = to;

    for (guint row = 0; row < rows; row++)
        for (guint column = 0; column < columns; column++, out += size) {
            const guint across = swaps ? row : column, down = swaps ? column : row;
            const guint x = methods[method].from_right ? width - 1 - across : across;
            const guint y = methods[method].from_bottom ? height - 1 - down : down;

            memcpy(out, source + ((gsize)y * width + x) * size, size);
        }
}
