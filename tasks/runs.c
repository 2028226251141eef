/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runs.h"

#include <string.h>
#include <vedette/error.h>

GByteArray *vdt_runs_encode(const guint8 *bytes, gsize n)
{
    GByteArray *runs = g_byte_array_new();

    for (gsize i = 0; i < n;) {
        guint8 run[11] = {bytes[i]};
        gsize end = i + 1, length;
        guint size = 1;

        while (end < n && bytes[end] == bytes[i])
            end++;
        for (length = end - i; length > 0x7f; length >>= 7)
            run[size++] = (guint8)(length & 0x7f) | 0x80;
        run[size++] = (guint8)length;
        g_byte_array_append(runs, run, size);
        i = end;
    }
    return runs;
}

gboolean vdt_runs_decode(const guint8 *runs, gsize size, guint8 *bytes, gsize n, GError **error)
{
    gsize filled = 0, at = 0;

    while (at < size) {
        const gsize begin = at;
        const guint8 byte = runs[at++];
        gsize length = 0;
        guint shift = 0;
        gboolean more = TRUE;

        for (; more && at < size && shift < 57; shift += 7) {
            length |= (gsize)(runs[at] & 0x7f) << shift;
            more = runs[at++] & 0x80;
        }
        if (more || length == 0 || length > n - filled) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                        "the run at byte %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                        " has no length of 1 to %" G_GSIZE_FORMAT,
                        begin, size, n - filled);
            return FALSE;
        }
        memset(bytes + filled, byte, length);
        filled += length;
    }
    if (filled < n)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "the runs are of %" G_GSIZE_FORMAT " bytes, not of %" G_GSIZE_FORMAT, filled,
                    n);
    return filled == n;
}
