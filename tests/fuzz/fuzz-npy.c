/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = fuzz_block(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtTensor) tensor = vdt_npy_parse(bytes, "fuzz", &error);

    g_assert((tensor == NULL) == (error != NULL));
    if (tensor != NULL)
        fuzz_touch_tensor(tensor);
    return 0;
}
