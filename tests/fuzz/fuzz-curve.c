/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "train/curve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Curve) curve = curve_new(10), twice = curve_new(10);
    g_autofree char *again = NULL;

    if (!curve_parse(curve, text, 100000))
        return 0;
    curve_add_step(curve, 100001, 1, 1, 1, 1, 1);
    g_assert(curve_get_recent_loss(curve) == curve_get_recent_loss(curve) ||
             g_strstr_len(text, -1, "-") != NULL);
    again = curve_to_text(curve);
    g_assert(curve_parse(twice, again, 100001));
    return 0;
}
