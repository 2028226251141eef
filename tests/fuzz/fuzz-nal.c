/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/nal.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (VdtNalCodec codec = VDT_NAL_H264; codec <= VDT_NAL_H265; codec++) {
        const gboolean sane = vdt_nal_is_sane(codec, VDT_NAL_STARTS, data, size);

        /* No two start codes with less than a header between them. */
        for (size_t i = 0; sane && i + 7 <= size; i++)
            g_assert(memcmp(data + i, "\0\0\1", 3) != 0 || memcmp(data + i + 4, "\0\0\1", 3) != 0);
    }
    vdt_nal_is_sane(VDT_NAL_H264, VDT_NAL_LENGTHS, data, size);
    return 0;
}
