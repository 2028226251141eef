/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = fuzz_block(data, size);
    g_autoptr(GError) error = NULL;
    /* Recognises both containers, and refuses what is neither. */
    g_autoptr(VdtWeights) weights = vdt_weights_parse(bytes, "fuzz", &error);

    fuzz_touch_weights(weights, error);
    return 0;
}
