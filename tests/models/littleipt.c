/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "littleipt.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

#define FEATURES 4
#define CONFIG(t)                                                                                  \
    "{\"n_feats\": 4, \"num_heads\": 3, \"num_layers\": 1, \"patch_size\": 24, \"scale\": [2, 1, " \
    "1], \"scale_idx\": " #t "}"

enum { LARGER, SAME, MOVED, N_TASKS };
static const char *const configs[N_TASKS] = {CONFIG(0), CONFIG(1), CONFIG(2)};

/* The centre of the kernel from channel @in to channel @out, or right of it. */
static void tap(VdtTensor *kernel, guint out, guint in, guint right, float value)
{
    const gint64 *d = kernel->shape.dims;
    float *data = kernel->data;
    data[((out * d[1] + in) * d[2] + d[2] / 2) * d[3] + d[3] / 2 + right] = value;
}

/* Colours are the first three features, the body doubles these, the tail halves them: attention and
 * the linear layers give nothing, as all that is not set is 0. */
static void set(const char *name, VdtTensor *tensor)
{
    int task;
    gboolean colours = strcmp(name, "sub_mean.weight") == 0 || strcmp(name, "add_mean.weight") == 0;
    if (g_str_has_prefix(name, "head.") && strlen(name) == strlen("head.0.0.weight") &&
        g_str_has_suffix(name, ".0.weight"))
        colours = TRUE;
    for (guint c = 0; c < 3 && colours; c++)
        tap(tensor, c, c, 0, 1);
    if (sscanf(name, "tail.%d.1.w", &task) == 1 && g_str_has_suffix(name, ".1.weight"))
        for (guint c = 0; c < 3; c++)
            tap(tensor, c, c, task == MOVED ? 1 : 0, 0.5);
    if (strcmp(name, "tail.0.0.0.weight") == 0)
        for (guint out = 0; out < 4 * FEATURES; out++)
            tap(tensor, out, out / 4, 0, 1);
}

/* What a network so configured has beside what is there. */
static void add_weights(VdtWeights *weights, const char *architecture, const char *config,
                        guint side, void (*fill)(const char *name, VdtTensor *tensor))
{
    g_autoptr(JsonObject) object = parse(config);
    g_autoptr(VdtGraph) graph =
        graph_of(vdt_model_find(architecture, NULL), object, vdt_shape(1, 3, side, side));
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        if (fill != NULL)
            fill(name, tensor);
        vdt_weights_insert(weights, name, tensor);
    }
}

/* @more is of the card. */
static void save(const char *dir, VdtWeights *weights, const char *architecture, const char *config,
                 const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, "weights.safetensors", NULL);
    vdt_weights_save_safetensors(weights, path, &error);
    g_assert_no_error(error);
    g_autofree char *card = g_build_filename(dir, "card.json", NULL);
    g_autofree char *text = g_strdup_printf(
        "{\"schema\": 1, \"name\": \"little\", \"architecture\": \"%s\", \"variant\": \"little\", "
        "\"weights\": \"weights.safetensors\", \"licence\": \"CC0-1.0\", \"origin\": \"a test\", "
        "\"config\": %s, %s}",
        architecture, config, more);
    g_assert_true(g_file_set_contents(card, text, -1, NULL));
}

void little_ipt_save(const char *dir)
{
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    for (guint task = 0; task < N_TASKS; task++)
        add_weights(weights, "ipt", configs[task], LITTLE_IPT_TILE, set);
    save(dir, weights, "ipt", configs[SAME], "\"tasks\": [\"x2\", \"noise\", \"rain\"]");
}

/* What it adds to a picture is 0, as all weights are. */
void little_ipt_save_live(const char *dir)
{
    static const char *const config =
        "{\"arch\": \"live\", \"tasks\": 2, \"dims\": [8, 8, 8], \"heads\": [1, 1, 1]}";
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    add_weights(weights, "ipt", config, 64, NULL);
    save(dir, weights, "ipt", config, "\"tasks\": [\"noise\", \"rain\"]");
}

static void set_estimator(const char *name, VdtTensor *tensor)
{
    if (strcmp(name, "head.bias") == 0)
        ((float *)tensor->data)[0] = 10;
}

void little_estimator_save(const char *dir, const char *answer)
{
    static const char *const config = "{\"patch\": 16, \"img_size\": 32, \"dim\": 16, "
                                      "\"depth\": 1, \"heads\": 1, \"num_classes\": 3}";
    /* The first class always wins. */
    const char *const names[] = {answer, "clean", "noise", "rain"};
    g_autoptr(GString) labels = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (i == 0 || strcmp(names[i], answer) != 0)
            g_string_append_printf(labels, "%s\n", names[i]);
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    add_weights(weights, "tocom", config, 32, set_estimator);
    g_autofree char *path = g_build_filename(dir, "labels.txt", NULL);
    g_assert_true(g_file_set_contents(path, labels->str, -1, NULL));
    save(dir, weights, "tocom", config,
         "\"preprocessing\": {\"width\": 32, \"height\": 32}, "
         "\"labels\": \"labels.txt\", \"groups\": [{\"name\": \"restoration\", \"labels\": 3}]");
}

void little_ipt_remove(const char *dir)
{
    static const char *const files[] = {"card.json", "labels.txt", "weights.safetensors"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i], NULL);
        g_unlink(path);
    }
}
