/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a restorer of which is known what it does: make-restorer DIR CONFIG.json NAMES
 *
 * NAMES are of its tasks, separated by commas. With "arch" in its configuration it has made-up
 * weights instead, which do something to pictures. Else x2 makes a square of four of each pixel,
 * noise changes nothing, rain makes it lighter by 20, dark halves it, blur is the mean of nine
 * pixels. An IPT network does that with few of its weights: the head passes colours, the body what
 * comes in, so that it is there twice, and the tail makes the difference. All others are 0.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/engine.h>

#include "model.h"

#define COLOURS 3
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"%s\", \"architecture\": \"ipt\", \"variant\": \"custom\",\n"      \
    "\"title\": \"Simple restorations\", \"licence\": \"CC0-1.0\", \"origin\": "                   \
    "\"make-restorer\",\n"                                                                         \
    "\"weights\": \"weights.safetensors\", \"tasks\": [\"%s\"],\n\"config\": %s}\n"

enum { X2, NOISE, RAIN, DARK, BLUR };

static void need(gboolean done, const GError *error)
{
    if (done)
        return;
    g_printerr("make-restorer: %s\n", error->message);
    exit(1);
}

static void fill(VdtTensor *tensor, float value)
{
    for (gint64 i = 0; i < vdt_shape_elements(&tensor->shape); i++)
        ((float *)tensor->data)[i] = value;
}

/* Kernels [out,in,h,w]: output @to is @value times input @from. */
static void set(VdtTensor *kernels, gint64 to, gint64 from, float value)
{
    const gint64 n = kernels->shape.dims[2] * kernels->shape.dims[3];

    ((float *)kernels->data)[(to * kernels->shape.dims[1] + from) * n + n / 2] = value;
}

static void pass(VdtTensor *kernels, float value)
{
    for (guint c = 0; c < COLOURS; c++)
        set(kernels, c, c, value);
}

static void blur(VdtTensor *kernels)
{
    for (guint c = 0; c < COLOURS; c++)
        for (guint i = 0; i < 9; i++)
            ((float *)kernels->data)[(c * kernels->shape.dims[1] + c) * 9 + i] = 0.5f / 9;
}

static void set_tail(guint task, const char *part, VdtTensor *tensor)
{
    if (strcmp(part, "0.0.weight") == 0) {
        for (guint c = 0; c < COLOURS; c++)
            for (guint i = 0; i < 4; i++)
                set(tensor, 4 * c + i, c, 1);
    } else if (strcmp(part, "1.weight") == 0 && task == BLUR) {
        blur(tensor);
    } else if (strcmp(part, "1.weight") == 0) {
        pass(tensor, task == DARK ? 0.25f : 0.5f);
    } else if (strcmp(part, "1.bias") == 0 && task == RAIN) {
        fill(tensor, 20);
    }
}

static void set_weight(guint task, const char *name, VdtTensor *tensor)
{
    g_autofree char *head = g_strdup_printf("head.%u.0.weight", task);
    g_autofree char *tail = g_strdup_printf("tail.%u.", task);

    fill(tensor, 0);
    if (strcmp(name, head) == 0 || strcmp(name, "sub_mean.weight") == 0 ||
        strcmp(name, "add_mean.weight") == 0)
        pass(tensor, 1);
    else if (g_str_has_prefix(name, tail))
        set_tail(task, name + strlen(tail), tensor);
}

/* What a task has; others have most of it, too. */
static void add_task(const VdtModel *model, JsonObject *config, guint task, VdtWeights *weights)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtShape input = model->input_shape(config, 1, 8, 8);
    VdtBuild asked = vdt_model_ask(model, &input);
    g_autoptr(GError) error = NULL;

    asked.restoration = (int)task;
    need(model->build(config, graph, &asked, &error) && vdt_graph_check(graph, &error), error);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, &error);

        need(tensor != NULL, error);
        if (strcmp(name, "pixels.in") == 0 || strcmp(name, "pixels.out") == 0) /* from 0 to 1 */
            fill(tensor, strcmp(name, "pixels.in") == 0 ? 1 / 255.0f : 255);
        else if (json_object_has_member(config, "arch"))
            vdt_tensor_fill_uniform(tensor, name, -0.15, 0.15);
        else
            set_weight(task, name, tensor);
        vdt_weights_insert(weights, name, tensor);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autofree char *path = NULL, *card_path = NULL, *text = NULL, *card = NULL, *names = NULL;
    g_autofree char *base = NULL;
    g_auto(GStrv) list = NULL;
    const VdtModel *model;

    if (argc != 4) {
        g_printerr("usage: make-restorer DIR CONFIG.json NAMES\n");
        return 2;
    }
    list = g_strsplit(argv[3], ",", -1);
    model = vdt_model_find("ipt", &error);
    need(model != NULL, error);
    need(g_file_get_contents(argv[2], &text, NULL, &error), error);
    need(json_parser_load_from_data(parser, text, -1, &error), error);
    vdt_weights_set_origin(weights, "make-restorer");
    for (guint task = 0; task < g_strv_length(list); task++)
        add_task(model, json_node_get_object(json_parser_get_root(parser)), task, weights);
    g_mkdir_with_parents(argv[1], 0777);
    path = g_build_filename(argv[1], "weights.safetensors", NULL);
    need(vdt_weights_save_safetensors(weights, path, &error), error);
    card_path = g_build_filename(argv[1], "card.json", NULL);
    base = g_path_get_basename(argv[1]);
    names = g_strjoinv("\", \"", list);
    card = g_strdup_printf(CARD, base, names, text);
    need(g_file_set_contents(card_path, card, -1, &error), error);
    return 0;
}
