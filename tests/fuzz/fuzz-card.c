/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"
#include "fuzz.h"
#include "memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(fuzz_file(data, size), &config, &error);

    g_assert((card == NULL) == (error != NULL));
    g_assert(card != NULL || config == NULL);
    g_autofree char *unknown = card != NULL ? vdt_card_find_unknown(card) : NULL;
    g_assert(unknown == NULL || *unknown != '\0');
    if (config != NULL) {
        const VdtModel *model = vdt_model_find(card->architecture, NULL);
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtShape input = model->input_shape(config, 1, card->width, card->height);
        VdtBuild asked = vdt_model_ask(model, &input);
        if (model->build(config, graph, &asked, NULL))
            vdt_graph_check(graph, NULL);
    }
    return 0;
}
