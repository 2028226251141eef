/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a model with made-up weights: make-model DIR ARCHITECTURE VARIANT|CONFIG.json SIZE
 *
 * DIR gets card.json, weights.safetensors and labels.txt. A variant brings its own input size and
 * label list, SIZE being 0.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <vedette/engine.h>

#include "madeup.h"
#include "maker.h"

static void write_card(const char *dir, const VdtModel *model, const char *variant,
                       JsonObject *config, guint size)
{
    g_autoptr(JsonObject) card = json_object_new();
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), card);
    g_autofree char *text = NULL, *path = g_build_filename(dir, "card.json", NULL);
    g_autofree char *name = g_strdup_printf("%s-%s-made-up", model->name, variant);
    g_autoptr(GError) error = NULL;

    json_object_set_int_member(card, "schema", 1);
    json_object_set_string_member(card, "name", name);
    json_object_set_string_member(card, "architecture", model->name);
    json_object_set_string_member(card, "variant", variant);
    json_object_set_string_member(card, "title", "Made-up weights: the labels mean nothing");
    json_object_set_string_member(card, "licence", "CC0-1.0");
    json_object_set_string_member(card, "origin", "make-model");
    json_object_set_string_member(card, "weights", "weights.safetensors");
    if (config) {
        g_autofree char *labels = g_build_filename(dir, "labels.txt", NULL);
        JsonObject *head = model->task == VDT_TASK_SEGMENTATION
                               ? json_object_get_object_member(config, "head")
                               : config;
        const gint64 n = json_object_get_int_member(head, "num_classes");
        g_autoptr(GString) list = g_string_new(NULL);
        JsonObject *preprocessing = json_object_new();

        for (gint64 i = 0; i < n; i++)
            g_string_append_printf(list, "label %" G_GINT64_FORMAT "\n", i);
        maker_need(g_file_set_contents(labels, list->str, list->len, &error), error);
        json_object_set_string_member(card, "labels", "labels.txt");
        json_object_set_object_member(card, "config", json_object_ref(config));
        json_object_set_int_member(preprocessing, "width", size);
        json_object_set_int_member(preprocessing, "height", size);
        json_object_set_object_member(card, "preprocessing", preprocessing);
    }
    text = json_to_string(node, TRUE);
    maker_need(g_file_set_contents(path, text, -1, &error), error);
}

/* Maps of made-up weights would show one class alone: has each win somewhere, by what it scores on
 * average in a picture of coloured blocks. */
static void level_classes(const char *dir, VdtWeights *weights, const char *head, guint size)
{
    g_autofree char *card = g_build_filename(dir, "card.json", NULL);
    g_autofree char *name = g_strconcat(head, "bias", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = vdt_engine_new(&(VdtEngineOptions){.model = card}, &error);
    g_autoptr(VdtSession) session = NULL;
    const VdtTensor *logits;
    VdtTensor *picture;
    VdtShape shape;
    float *bias;

    maker_need(engine != NULL, error);
    shape = vdt_engine_get_input_shape(engine, 1, size, size);
    session = vdt_engine_new_session(engine, &shape, &error);
    maker_need(session != NULL, error);
    picture = vdt_session_get_input(session, 0);
    for (guint i = 0; i < 3 * size * size; i++)
        ((float *)picture->data)[i] = (i / 16 % 3 + i / size / 16) % 2 ? 2 : -2;
    maker_need(vdt_session_run(session, NULL, &error), error);
    logits = vdt_session_get_output(session, 0);
    bias = vdt_weights_lookup(weights, name)->data;
    for (gint64 c = 0, n = logits->shape.dims[2] * logits->shape.dims[3]; c < logits->shape.dims[1];
         c++) {
        double sum = 0;

        for (gint64 i = 0; i < n; i++)
            sum += ((const float *)logits->data)[c * n + i];
        bias[c] -= (float)(sum / (double)n);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) own = NULL, config = NULL;
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = NULL;
    g_autofree char *path = NULL;
    const VdtModel *model;
    guint size;
    VdtShape input;
    VdtBuild asked;

    if (argc != 5) {
        g_printerr("usage: make-model DIR ARCHITECTURE VARIANT|CONFIG.json SIZE\n");
        return 2;
    }
    g_set_prgname("make-model");
    model = vdt_model_find(argv[2], &error);
    maker_need(model != NULL, error);
    size = strtoul(argv[4], NULL, 10);
    if (g_str_has_suffix(argv[3], ".json")) {
        g_autofree char *text = NULL;

        own = maker_load(argv[3], &text);
        config = json_object_ref(own);
    } else {
        const VdtVariant *variant = vdt_model_find_variant(model, argv[3], &error);

        maker_need(variant != NULL, error);
        config = vdt_variant_config(variant);
        size = variant->size;
    }
    input = model->input_shape(config, 1, size, size);
    asked = vdt_model_ask(model, &input);
    maker_need(model->build(config, graph, &asked, &error) && vdt_graph_check(graph, &error),
               error);
    weights = made_up_weights(graph, &error);
    maker_need(weights != NULL, error);
    g_mkdir_with_parents(argv[1], 0777);
    path = g_build_filename(argv[1], "weights.safetensors", NULL);
    maker_need(vdt_weights_save_safetensors(weights, path, &error), error);
    write_card(argv[1], model, own ? "custom" : argv[3], own, size);
    if (model->task == VDT_TASK_SEGMENTATION) {
        level_classes(argv[1], weights, model->head, size);
        maker_need(vdt_weights_save_safetensors(weights, path, &error), error);
    }
    return 0;
}
