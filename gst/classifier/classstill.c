/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classstill.h"

#include <string.h>

/* Of the difference of bytes on average: one in so many may differ by one. */
#define ONE_IN 10

void vdt_class_still_clear(VdtClassStill *still)
{
    g_clear_pointer(&still->picture, g_free);
    still->size = 0;
}

static gboolean is_same(const guint8 *a, const guint8 *b, gsize size)
{
    guint64 sum = 0;

    for (gsize i = 0; i < size; i++)
        sum += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    return sum * ONE_IN < size;
}

GstClockTime vdt_class_still_look(VdtClassStill *still, const guint8 *picture, gsize size,
                                  GstClockTime time, guint generation)
{
    if (still->picture && still->size == size && still->generation == generation &&
        is_same(still->picture, picture, size))
        return time - MIN(still->since, time);
    if (still->size != size) {
        still->picture = g_realloc(still->picture, size);
        still->size = size;
    }
    memcpy(still->picture, picture, size);
    still->since = time;
    still->generation = generation;
    return 0;
}
