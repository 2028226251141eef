/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a classifier that knows which colour a picture has, and whether it is light or dark:
 * make-classes DIR CONFIG.json SIZE
 *
 * A vision transformer decides that with few of its weights: patches become their mean colour, and
 * how dark that is; the class token looks at all of them alike; the head compares channels. All
 * others are 0, those of norms 1.
 */
#include "maker.h"

#include <stdlib.h>

#define COLOURS 3
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"classes\", \"architecture\": \"tocom\", \"variant\": "            \
    "\"custom\",\n\"title\": \"Colours of pictures\", \"licence\": \"CC0-1.0\", "                  \
    "\"origin\": \"make-classes\",\n\"weights\": \"weights.safetensors\", "                        \
    "\"labels\": \"labels.txt\",\n\"background\": [\"light\"], \"groups\": [{\"name\": "           \
    "\"colour\", \"labels\": 3}, {\"name\": \"light\", \"labels\": 2}],\n\"config\": %s,\n"        \
    "\"preprocessing\": {\"width\": %s, \"height\": %s, \"framing\": \"stretch\"}}\n"
#define LABELS "red\ngreen\nblue\nlight\ndark\n"

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

static void set_weight(const char *name, VdtTensor *tensor, gpointer data)
{
    maker_fill(tensor, tensor->shape.n_dims == 1 && g_str_has_suffix(name, ".weight") ? 1 : 0);
    if (g_str_equal(name, "patch_embed.proj.weight"))
        embed(tensor);
    else if (g_str_equal(name, "blocks.0.attn.qkv.weight")) /* the values */
        pass(tensor);
    else if (g_str_equal(name, "blocks.0.attn.proj.weight"))
        pass(tensor);
    else if (g_str_equal(name, "head.weight"))
        compare(tensor);
}

int main(int argc, char **argv)
{
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *text = NULL, *card = NULL;

    if (argc != 4) {
        g_printerr("usage: make-classes DIR CONFIG.json SIZE\n");
        return 2;
    }
    g_set_prgname("make-classes");
    config = maker_load(argv[2], &text);
    card = g_strdup_printf(CARD, text, argv[3], argv[3]);
    maker_write(argv[1], "tocom", config, (guint)atoi(argv[3]), set_weight, card, LABELS);
    return 0;
}
