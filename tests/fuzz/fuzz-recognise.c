/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From names and shapes to a graph. The input is text, a tensor a line: its name and dimensions.
 * Any shape is possible, since a tensor without elements can have it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model.h"
#include "unwrap.h"

static void add_tensor(VdtWeights *weights, const char *line)
{
    static float nothing;
    VdtShape shape = {0};
    const char *end = strchr(line, ' ');
    g_autofree char *name = end != NULL ? g_strndup(line, (gsize)(end - line)) : NULL;
    g_autoptr(VdtTensor) tensor = NULL;

    if (name == NULL)
        return;
    while (*end == ' ' && shape.n_dims < VDT_MAX_DIMS) {
        char *next;
        shape.dims[shape.n_dims++] = MAX(g_ascii_strtoll(end, &next, 10), 0);
        if (next == end)
            return;
        end = next;
    }
    if (vdt_shape_elements(&shape) > G_MAXINT64 / 8 || vdt_shape_elements(&shape) < 0)
        return;
    tensor = vdt_tensor_new_for_data(VDT_F32, &shape, &nothing, NULL, NULL);
    vdt_weights_insert(weights, name, tensor);
}

/* What is tried with a file that is no network's. */
static void unwrap(VdtWeights *weights)
{
    g_autoptr(VdtWeights) plain = vdt_weights_unwrap(weights);
    g_autofree char *text = vdt_weights_describe(plain);

    g_assert(*text != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autoptr(JsonObject) config = NULL;
    const char *variant = NULL;

    for (char *line = text, *end; line != NULL; line = end != NULL ? end + 1 : NULL) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        add_tensor(weights, line);
    }
    const VdtModel *model = vdt_model_recognise(weights, &config, &variant);
    g_assert((model != NULL) == (config != NULL));
    /* Of some only: it takes the time of many others. */
    if (model == NULL && size % 8 == 0)
        unwrap(weights);
    if (model == NULL)
        return 0;
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(GError) error = NULL;
    gint64 side = json_object_get_int_member_with_default(config, "img_size", 64);
    VdtShape input = model->input_shape(config, 1, (guint)side, (guint)side);
    VdtBuild asked = vdt_model_ask(model, &input);
    gboolean built = model->build(config, graph, &asked, &error) && vdt_graph_check(graph, &error);
    g_assert(built == (error == NULL));
    return 0;
}
