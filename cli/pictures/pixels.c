/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pixels.h"

#include <string.h>

void pixels_clear(Pixels *pixels)
{
    g_clear_pointer(&pixels->data, g_free);
}

gboolean pixels_check_size(const char *name, guint32 width, guint32 height, GError **error)
{
    const gboolean tall = width > 0 && (height > width || height == 0);
    const guint32 side = tall ? height : width;

    if (MIN(width, height) > 0 && (guint64)width * height > PIXELS_MOST) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: has %ux%u pixels, the limit is %u",
                    name, width, height, PIXELS_MOST);
        return FALSE;
    }
    if (MIN(width, height) > 0 && side <= PIXELS_MOST_SIDE)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: has a %s of %u pixels, the limits are 1 and %u", name,
                tall ? "height" : "width", side, PIXELS_MOST_SIDE);
    return FALSE;
}

static guint8 *allocate(const char *name, guint width, guint height, guint channels, GError **error)
{
    guint8 *data = g_try_malloc((gsize)width * height * channels);

    if (data == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: there is no memory for its %ux%u pixels", name, width, height);
    return data;
}

gboolean pixels_allocate(const char *name, Pixels *pixels, guint width, guint height,
                         guint channels, GError **error)
{
    if (!pixels_check_size(name, width, height, error))
        return FALSE;
    *pixels = (Pixels){allocate(name, width, height, channels, error), width, height, channels};
    return pixels->data != NULL;
}

gboolean orientation_is_sideways(guint orientation)
{
    return orientation >= 5 && orientation <= 8;
}

/* Where in the stored picture a shown one begins, and the steps to its next column and row, in
 * pixels. */
typedef struct {
    gssize first, right, down;
} Walk;

static Walk walk_for(guint orientation, gssize width, gssize height)
{
    const gssize corner = width - 1, foot = width * (height - 1);

    switch (orientation) {
    case 2:
        return (Walk){corner, -1, width};
    case 3:
        return (Walk){foot + corner, -1, -width};
    case 4:
        return (Walk){foot, 1, -width};
    case 5:
        return (Walk){0, width, 1};
    case 6:
        return (Walk){foot, -width, 1};
    case 7:
        return (Walk){foot + corner, -width, -1};
    case 8:
        return (Walk){corner, width, -1};
    default:
        return (Walk){0, 1, width};
    }
}

gboolean pixels_turn(const char *name, Pixels *pixels, guint orientation, GError **error)
{
    const gboolean sideways = orientation_is_sideways(orientation);
    const guint width = sideways ? pixels->height : pixels->width;
    const guint height = sideways ? pixels->width : pixels->height;
    const guint channels = pixels->channels;
    const Walk walk = walk_for(orientation, pixels->width, pixels->height);

    if (orientation < 2 || orientation > 8)
        return TRUE;
    guint8 *turned = allocate(name, width, height, channels, error);
    if (turned == NULL)
        return FALSE;
    guint8 *to = turned;
    for (guint y = 0; y < height; y++) {
        const guint8 *from = pixels->data + (walk.first + y * walk.down) * (gssize)channels;
        for (guint x = 0; x < width; x++, from += walk.right * (gssize)channels)
            for (guint c = 0; c < channels; c++)
                *to++ = from[c];
    }
    g_free(pixels->data);
    *pixels = (Pixels){turned, width, height, channels};
    return TRUE;
}
