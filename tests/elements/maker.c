/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "maker.h"

#include <glib/gstdio.h>
#include <stdlib.h>

void maker_need(gboolean done, const GError *error)
{
    if (done)
        return;
    g_printerr("%s: %s\n", g_get_prgname(), error->message);
    exit(1);
}

JsonObject *maker_load(const char *path, char **text)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;

    maker_need(g_file_get_contents(path, text, NULL, &error), error);
    maker_need(json_parser_load_from_data(parser, *text, -1, &error), error);
    return json_node_dup_object(json_parser_get_root(parser));
}

void maker_fill(VdtTensor *tensor, float value)
{
    for (gint64 i = 0; i < vdt_shape_elements(&tensor->shape); i++)
        ((float *)tensor->data)[i] = value;
}

void maker_add(const VdtModel *model, JsonObject *config, const VdtBuild *asked,
               VdtWeights *weights, void (*set)(const char *name, VdtTensor *tensor, gpointer data),
               gpointer data)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(GError) error = NULL;

    maker_need(model->build(config, graph, asked, &error) && vdt_graph_check(graph, &error), error);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, &error);

        maker_need(tensor != NULL, error);
        set(name, tensor, data);
        vdt_weights_insert(weights, name, tensor);
    }
}

static void write_text(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;

    maker_need(g_file_set_contents(path, text, -1, &error), error);
}

void maker_save(const char *dir, VdtWeights *weights, const char *card, const char *labels)
{
    g_autofree char *path = g_build_filename(dir, "weights.safetensors", NULL);
    g_autoptr(GError) error = NULL;

    g_mkdir_with_parents(dir, 0777);
    vdt_weights_set_origin(weights, g_get_prgname());
    maker_need(vdt_weights_save_safetensors(weights, path, &error), error);
    write_text(dir, "card.json", card);
    if (labels)
        write_text(dir, "labels.txt", labels);
}

void maker_write(const char *dir, const char *architecture, JsonObject *config, guint side,
                 void (*set)(const char *name, VdtTensor *tensor, gpointer data), const char *card,
                 const char *labels)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    const VdtModel *model = vdt_model_find(architecture, &error);
    VdtShape input;
    VdtBuild asked;

    maker_need(model != NULL, error);
    input = model->input_shape(config, 1, side, side);
    asked = vdt_model_ask(model, &input);
    maker_add(model, config, &asked, weights, set, NULL);
    maker_save(dir, weights, card, labels);
}
