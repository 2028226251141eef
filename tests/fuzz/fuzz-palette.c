/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "palette.h"

#include <string.h>

#include "fuzz.h"
#include "memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *labels = g_strdup(fuzz_named_file("own.gpl", data, size));

    strcpy(labels + strlen(labels) - 3, "txt");
    for (guint n = 1; n <= 256; n *= 16) {
        g_autofree guint32 *colours = vdt_palette_load(&(VdtCard){.labels_path = labels}, n);
        for (guint i = 0; i < n; i++)
            g_assert(colours[i] <= 0xffffff);
    }
    return 0;
}
