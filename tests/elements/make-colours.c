/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a segmenter whose maps follow the colours of a picture: make-colours DIR CONFIG.json SIZE
 *
 * What is red shows a person, green a vehicle, blue a bag, anything else the road. A CGRSeg network
 * decides that with few of its weights: the finest map is the picture at half its size, the way
 * back adds nothing to it, and the classifier compares its channels. All others are 0, those of
 * norms 1.
 */
#include "maker.h"

#include <stdlib.h>

#define COLOURS 3
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"colours\", \"architecture\": \"cgrseg\", \"variant\": "           \
    "\"custom\",\n\"title\": \"Colours as classes\", \"licence\": \"CC0-1.0\", "                   \
    "\"origin\": \"make-colours\",\n\"weights\": \"weights.safetensors\", "                        \
    "\"labels\": \"labels.txt\",\n\"background\": [\"road\"], "                                    \
    "\"things\": [\"person\", \"vehicle\", \"bag\"],\n\"config\": %s,\n"                           \
    "\"preprocessing\": {\"width\": %s, \"height\": %s}}\n"
#define LABELS "road\nperson\nvehicle\nbag\n"

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

static void set_weight(const char *name, VdtTensor *tensor, gpointer data)
{
    const gboolean norm = tensor->shape.n_dims == 1 && g_str_has_suffix(name, ".weight");

    maker_fill(tensor, norm || g_str_has_suffix(name, "running_var") ? 1 : 0);
    if (g_str_equal(name, "backbone.patch_embed.0.weight"))
        halve(tensor);
    else if (g_str_equal(name, "decode_head.SIM.0.fuse1.conv.weight"))
        pass_channels(tensor);
    else if (g_str_equal(name, "decode_head.SIM.0.fuse2.bn.bias")) /* a gate that is open */
        maker_fill(tensor, 10);
    else if (g_str_equal(name, "decode_head.linear_fuse.conv.weight"))
        maker_fill(tensor, 1);
    else if (g_str_equal(name, "decode_head.lgc.channel_mul_conv.3.bias")) /* one that is shut */
        maker_fill(tensor, -100);
    else if (g_str_equal(name, "decode_head.conv_seg.weight"))
        classify(tensor);
    else if (g_str_equal(name, "decode_head.conv_seg.bias"))
        ((float *)tensor->data)[0] = 10;
}

int main(int argc, char **argv)
{
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *text = NULL, *card = NULL;

    if (argc != 4) {
        g_printerr("usage: make-colours DIR CONFIG.json SIZE\n");
        return 2;
    }
    g_set_prgname("make-colours");
    config = maker_load(argv[2], &text);
    card = g_strdup_printf(CARD, text, argv[3], argv[3]);
    maker_write(argv[1], "cgrseg", config, (guint)atoi(argv[3]), set_weight, card, LABELS);
    return 0;
}
