/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exif.h"

#include <string.h>

#define TAG_WIDTH       256
#define TAG_HEIGHT      257
#define TAG_ORIENTATION 274
#define TYPE_SHORT      3
#define TYPE_LONG       4
#define ENTRY_BYTES     12

typedef struct {
    const guint8 *data;
    gsize size;
    gboolean big; /* the most significant byte comes first */
} Tiff;

/* A number of @n bytes; 0 past the end. */
static guint32 number(const Tiff *tiff, gsize at, guint n)
{
    guint32 value = 0;

    if (at > tiff->size || n > tiff->size - at)
        return 0;
    for (guint i = 0; i < n; i++)
        value |= (guint32)tiff->data[at + i] << 8 * (tiff->big ? n - 1 - i : i);
    return value;
}

/* The value of the entry at @at, if it is one whole number. */
static guint32 entry_value(const Tiff *tiff, gsize at)
{
    const guint type = number(tiff, at + 2, 2);

    if (number(tiff, at + 4, 4) != 1)
        return 0;
    return type == TYPE_SHORT  ? number(tiff, at + 8, 2)
           : type == TYPE_LONG ? number(tiff, at + 8, 4)
                               : 0;
}

ExifTags exif_read(const guint8 *data, gsize size)
{
    ExifTags tags = {0, 0, 1};

    if (size < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
        return tags;
    const Tiff tiff = {data, size, data[0] == 'M'};
    gsize at = number(&tiff, 4, 4);
    guint n = number(&tiff, at, 2);
    for (at += 2; n-- > 0 && at < size; at += ENTRY_BYTES) {
        const guint tag = number(&tiff, at, 2), value = entry_value(&tiff, at);
        if (tag == TAG_WIDTH)
            tags.width = value;
        else if (tag == TAG_HEIGHT)
            tags.height = value;
        else if (tag == TAG_ORIENTATION && value >= 1 && value <= 8)
            tags.orientation = value;
    }
    return tags;
}
