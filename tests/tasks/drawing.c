/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drawing.h"

#include <string.h>

VdtSegmentation *drawing_new(guint classes, guint width, guint height)
{
    VdtSegmentation *map = vdt_segmentation_empty(classes, width, height);

    map->sure = g_malloc((gsize)width * height);
    memset(map->map, 0, (gsize)width * height);
    memset(map->sure, 255, (gsize)width * height);
    return map;
}

VdtSegmentation *drawing_parse(guint classes, const char *rows)
{
    g_auto(GStrv) lines = g_strsplit(rows, "/", -1);
    VdtSegmentation *map =
        drawing_new(classes, (guint)strlen(lines[0]), (guint)g_strv_length(lines));

    for (guint y = 0; y < map->height; y++) {
        g_assert_cmpuint(strlen(lines[y]), ==, map->width);
        for (guint x = 0; x < map->width; x++)
            map->map[y * map->width + x] = g_ascii_isdigit(lines[y][x])
                                               ? (guint8)g_ascii_digit_value(lines[y][x])
                                               : VDT_SEGMENTATION_NOTHING;
    }
    return map;
}

void drawing_fill(VdtSegmentation *map, guint class_id, int left, int top, int right, int bottom)
{
    for (int y = MAX(top, 0); y < MIN(bottom, (int)map->height); y++)
        for (int x = MAX(left, 0); x < MIN(right, (int)map->width); x++)
            map->map[(gsize)y * map->width + (gsize)x] = (guint8)class_id;
}
