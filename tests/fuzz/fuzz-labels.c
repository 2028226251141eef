/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"
#include "fuzz.h"
#include "memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(VdtCard) card = g_new0(VdtCard, 1);
    g_autoptr(GError) error = NULL;
    gboolean ok = vdt_card_load_labels(card, fuzz_file(data, size), &error);

    g_assert(ok == (error == NULL));
    for (guint i = 0; ok && i < card->n_labels; i++)
        g_assert(*card->labels[i] != '\0' && g_utf8_validate(card->labels[i], -1, NULL));
    return 0;
}
