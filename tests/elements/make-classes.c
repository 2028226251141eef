/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a classifier that knows which colour a picture has, and whether it is light or dark:
 * make-classes DIR CONFIG.json SIZE
 *
 * A vision transformer decides that with few of its weights: patches become their mean colour, and
 * how dark that is; the class token looks at all of them alike; the head compares channels. All
 * others are 0, those of norms 1.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <vedette/engine.h>

#include "model.h"

#define COLOURS 3
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"classes\", \"architecture\": \"tocom\", \"variant\": "            \
    "\"custom\",\n\"title\": \"Colours of pictures\", \"licence\": \"CC0-1.0\", "                  \
    "\"origin\": \"make-classes\",\n\"weights\": \"weights.safetensors\", "                        \
    "\"labels\": \"labels.txt\",\n\"background\": [\"light\"], \"groups\": [{\"name\": "           \
    "\"colour\", \"labels\": 3}, {\"name\": \"light\", \"labels\": 2}],\n\"config\": %s,\n"        \
    "\"preprocessing\": {\"width\": %s, \"height\": %s, \"framing\": \"stretch\"}}\n"
#define LABELS "red\ngreen\nblue\nlight\ndark\n"

static void need(gboolean done, const GError *error)
{
    if (done)
        return;
    g_printerr("make-classes: %s\n", error->message);
    exit(1);
}

static void fill(VdtTensor *tensor, float value)
{
    for (gint64 i = 0; i < vdt_shape_elements(&tensor->shape); i++)
        ((float *)tensor->data)[i] = value;
}

/* Row @row of a matrix, or of kernels: @value for input @column. */
static void set(VdtTensor *tensor, gint64 row, gint64 column, float value)
{
    const gint64 columns = tensor->shape.dims[1];
    const gint64 n = vdt_shape_elements(&tensor->shape) / tensor->shape.dims[0] / columns;

    for (gint64 i = 0; i < n; i++)
        ((float *)tensor->data)[(row * columns + column) * n + i] = value / (float)n;
}

/* Colours, and behind them how dark it is. */
static void embed(VdtTensor *kernels)
{
    for (guint c = 0; c < COLOURS; c++) {
        set(kernels, c, c, 1);
        set(kernels, COLOURS, c, -1);
    }
}

/* As many of the last rows as there are columns pass what comes in. */
static void pass(VdtTensor *matrix)
{
    const gint64 n = matrix->shape.dims[1];

    for (gint64 c = 0; c < n; c++)
        set(matrix, matrix->shape.dims[0] - n + c, c, 1);
}

static void compare(VdtTensor *head)
{
    for (guint c = 0; c < COLOURS; c++)
        set(head, c, c, 5);
    set(head, COLOURS, COLOURS, -5);
    set(head, COLOURS + 1, COLOURS, 5);
}

static void set_weight(const char *name, VdtTensor *tensor)
{
    fill(tensor, tensor->shape.n_dims == 1 && g_str_has_suffix(name, ".weight") ? 1 : 0);
    if (g_str_equal(name, "patch_embed.proj.weight"))
        embed(tensor);
    else if (g_str_equal(name, "blocks.0.attn.qkv.weight")) /* the values */
        pass(tensor);
    else if (g_str_equal(name, "blocks.0.attn.proj.weight"))
        pass(tensor);
    else if (g_str_equal(name, "head.weight"))
        compare(tensor);
}

static void write_text(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;

    need(g_file_set_contents(path, text, -1, &error), error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autofree char *path = NULL, *text = NULL, *card = NULL;
    const VdtModel *model;
    JsonObject *config;
    VdtShape input;
    VdtBuild asked;

    if (argc != 4) {
        g_printerr("usage: make-classes DIR CONFIG.json SIZE\n");
        return 2;
    }
    model = vdt_model_find("tocom", &error);
    need(model != NULL, error);
    need(g_file_get_contents(argv[2], &text, NULL, &error), error);
    need(json_parser_load_from_data(parser, text, -1, &error), error);
    config = json_node_get_object(json_parser_get_root(parser));
    input = model->input_shape(config, 1, (guint)atoi(argv[3]), (guint)atoi(argv[3]));
    asked = vdt_model_ask(model, &input);
    need(model->build(config, graph, &asked, &error) && vdt_graph_check(graph, &error), error);
    vdt_weights_set_origin(weights, "make-classes");
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, &error);

        need(tensor != NULL, error);
        set_weight(name, tensor);
        vdt_weights_insert(weights, name, tensor);
    }
    g_mkdir_with_parents(argv[1], 0777);
    path = g_build_filename(argv[1], "weights.safetensors", NULL);
    need(vdt_weights_save_safetensors(weights, path, &error), error);
    card = g_strdup_printf(CARD, text, argv[3], argv[3]);
    write_text(argv[1], "card.json", card);
    write_text(argv[1], "labels.txt", LABELS);
    return 0;
}
