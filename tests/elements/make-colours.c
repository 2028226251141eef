/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a segmenter whose maps follow the colours of a picture: make-colours DIR CONFIG.json SIZE
 *
 * What is red shows a person, green a vehicle, blue a bag, anything else the road. A CGRSeg network
 * decides that with few of its weights: the finest map is the picture at half its size, the way
 * back adds nothing to it, and the classifier compares its channels. All others are 0, those of
 * norms 1.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/engine.h>

#include "model.h"

#define COLOURS 3
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"colours\", \"architecture\": \"cgrseg\", \"variant\": "           \
    "\"custom\",\n\"title\": \"Colours as classes\", \"licence\": \"CC0-1.0\", "                   \
    "\"origin\": \"make-colours\",\n\"weights\": \"weights.safetensors\", "                        \
    "\"labels\": \"labels.txt\",\n\"background\": [\"road\"], "                                    \
    "\"things\": [\"person\", \"vehicle\", \"bag\"],\n\"config\": %s,\n"                           \
    "\"preprocessing\": {\"width\": %s, \"height\": %s}}\n"
#define LABELS "road\nperson\nvehicle\nbag\n"

static void need(gboolean done, const GError *error)
{
    if (done)
        return;
    g_printerr("make-colours: %s\n", error->message);
    exit(1);
}

static void fill(VdtTensor *tensor, float value)
{
    for (gint64 i = 0; i < vdt_shape_elements(&tensor->shape); i++)
        ((float *)tensor->data)[i] = value;
}

/* Each colour is the mean of four pixels. */
static void halve(VdtTensor *kernels)
{
    for (guint c = 0; c < COLOURS; c++)
        for (guint i = 0; i < 4; i++)
            ((float *)kernels->data)[(c * COLOURS + c) * 9 + (1 + i / 2) * 3 + 1 + i % 2] = 0.25f;
}

static void pass_channels(VdtTensor *kernels)
{
    for (gint64 c = 0, n = kernels->shape.dims[1]; c < MIN(n, kernels->shape.dims[0]); c++)
        ((float *)kernels->data)[c * n + c] = 1;
}

/* A strong colour is 2 and more there. */
static void classify(VdtTensor *kernels)
{
    for (gint64 c = 0, n = kernels->shape.dims[1]; c < COLOURS; c++)
        ((float *)kernels->data)[(1 + c) * n + c] = 10;
}

static void set_weight(const char *name, VdtTensor *tensor)
{
    const gboolean norm = tensor->shape.n_dims == 1 && g_str_has_suffix(name, ".weight");

    fill(tensor, norm || g_str_has_suffix(name, "running_var") ? 1 : 0);
    if (g_str_equal(name, "backbone.patch_embed.0.weight"))
        halve(tensor);
    else if (g_str_equal(name, "decode_head.SIM.0.fuse1.conv.weight"))
        pass_channels(tensor);
    else if (g_str_equal(name, "decode_head.SIM.0.fuse2.bn.bias")) /* a gate that is open */
        fill(tensor, 10);
    else if (g_str_equal(name, "decode_head.linear_fuse.conv.weight"))
        fill(tensor, 1);
    else if (g_str_equal(name, "decode_head.lgc.channel_mul_conv.3.bias")) /* one that is shut */
        fill(tensor, -100);
    else if (g_str_equal(name, "decode_head.conv_seg.weight"))
        classify(tensor);
    else if (g_str_equal(name, "decode_head.conv_seg.bias"))
        ((float *)tensor->data)[0] = 10;
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
        g_printerr("usage: make-colours DIR CONFIG.json SIZE\n");
        return 2;
    }
    model = vdt_model_find("cgrseg", &error);
    need(model != NULL, error);
    need(g_file_get_contents(argv[2], &text, NULL, &error), error);
    need(json_parser_load_from_data(parser, text, -1, &error), error);
    config = json_node_get_object(json_parser_get_root(parser));
    input = model->input_shape(config, 1, (guint)atoi(argv[3]), (guint)atoi(argv[3]));
    asked = vdt_model_ask(model, &input);
    need(model->build(config, graph, &asked, &error) && vdt_graph_check(graph, &error), error);
    vdt_weights_set_origin(weights, "make-colours");
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
