/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mendpng.h"

#include <string.h>
#include <zlib.h>

#define SIGNATURE "\x89PNG\r\n\x1a\n"
/* Length and name in front of a chunk's data, a checksum of name and data behind it. */
#define FRAME     12

static guint32 read_big(const guint8 *at)
{
    return (guint32)at[0] << 24 | (guint32)at[1] << 16 | (guint32)at[2] << 8 | at[3];
}

guint8 *fuzz_mend_png(const guint8 *data, gsize size)
{
    const gsize head = strlen(SIGNATURE);
    gboolean changed = FALSE;

    if (size < head + FRAME || memcmp(data, SIGNATURE, head) != 0)
        return NULL;
    guint8 *mended = g_memdup2(data, size);
    for (gsize at = head; at <= size - FRAME;) {
        const gsize n = read_big(mended + at);
        if (n > size - FRAME - at)
            break;
        guint8 *sum = mended + at + 8 + n;
        const guint32 right = (guint32)crc32(0, mended + at + 4, (uInt)n + 4);
        changed = changed || read_big(sum) != right;
        for (int i = 0; i < 4; i++)
            sum[i] = (guint8)(right >> (24 - 8 * i));
        at += FRAME + n;
    }
    if (!changed)
        g_clear_pointer(&mended, g_free);
    return mended;
}
