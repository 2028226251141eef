/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times training steps: forward, backward and the optimiser. One JSON line.
 *
 *     bench-train ARCHITECTURE CONFIG.json BATCH WIDTH HEIGHT RUNS [--layers]
 */
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <vedette/ops.h>
#include <vedette/runtime.h>
#include <vedette/train.h>

#include "measure.h"
#include "model.h"

static gboolean print_layers(VdtSession *session, VdtPlan *plan, GError **error)
{
    guint n = vdt_plan_get_n_steps(plan), runs = 5;
    g_autofree gint64 *ns = g_new0(gint64, n);
    g_autofree char *text = vdt_plan_describe(plan);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; i < runs; i++)
        if (!vdt_session_run_timed(session, ns, error))
            return FALSE;
    for (guint i = 0; i < n; i++)
        fprintf(stderr, "%8.3f ms\t%s\n", ns[i] / 1e6 / runs, lines[i]);
    return TRUE;
}

static gboolean run(char **argv, gboolean layers, GError **error)
{
    guint batch = atoi(argv[3]), width = atoi(argv[4]), height = atoi(argv[5]);
    guint runs = atoi(argv[6]);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = NULL;
    g_autoptr(VdtPlan) plan = NULL;
    g_autoptr(VdtSession) session = NULL;
    g_autoptr(VdtTrainer) trainer = NULL;
    g_autofree double *ms = g_new0(double, runs);
    const VdtModel *model = vdt_model_find(argv[1], error);
    const VdtTrainOptions options = {.kind = VDT_OPTIMIZER_SGD,
                                     .momentum = 0.9,
                                     .weight_decay = 1e-4,
                                     .schedule = {.rate = 1e-4, .steps = runs + 1}};
    VdtShape input, labels;
    VdtBuild asked;
    gboolean maps;
    VdtTensor *truth;
    VdtValue *logits;
    struct rusage usage;

    if (!model || !json_parser_load_from_file(parser, argv[2], error))
        return FALSE;
    JsonObject *config = json_node_get_object(json_parser_get_root(parser));
    input = model->input_shape(config, batch, width, height);
    asked = vdt_model_ask(model, &input);
    if (!model->build(config, graph, &asked, error))
        return FALSE;
    maps = model->task == VDT_TASK_SEGMENTATION;
    labels = maps ? vdt_shape(batch, height, width) : vdt_shape(batch);
    logits = vdt_graph_find_output(graph, "logits");
    if (maps)
        logits = vdt_resize_bilinear(logits, height, width, FALSE);
    vdt_output(
        graph, "loss",
        vdt_cross_entropy(logits, vdt_input(graph, "labels", &labels), .label_smoothing = 0.1));
    weights = vdt_weights_new_random(graph, 1);
    plan = vdt_plan_new(graph, weights, &(VdtPlanOptions){.kind = VDT_PLAN_TRAIN}, error);
    session = plan ? vdt_session_new(plan, error) : NULL;
    trainer = session ? vdt_trainer_new(session, &options, error) : NULL;
    if (!trainer)
        return FALSE;
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "video", -2, 2);
    truth = vdt_session_get_input(session, 1);
    for (gint64 i = 0; i < vdt_shape_elements(&truth->shape); i++)
        ((float *)truth->data)[i] = i % 5;
    for (guint i = 0; i <= runs; i++) {
        gint64 start = g_get_monotonic_time();
        VdtTrainReport report;

        if (!vdt_trainer_step(trainer, NULL, &report, error))
            return FALSE;
        if (i > 0) /* the first run brings the memory in */
            ms[i - 1] = (double)(g_get_monotonic_time() - start) / 1e3;
    }
    if (layers && !print_layers(session, plan, error))
        return FALSE;
    measure_sort(ms, runs);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"bench\":\"train\",\"batch\":%u,\"width\":%u,\"height\":%u,\"threads\":%u,"
           "\"parameters\":%" G_GUINT64_FORMAT ",\"macs\":%" G_GUINT64_FORMAT
           ",\"min_ms\":%.2f,\"median_ms\":%.2f,\"p90_ms\":%.2f,\"peak_rss_mb\":%.0f}\n",
           batch, width, height, vdt_threads_get(), vdt_graph_count_parameters(graph),
           vdt_graph_count_macs(graph), ms[0], ms[runs / 2], ms[runs * 9 / 10],
           (double)usage.ru_maxrss / 1024);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc < 7) {
        fprintf(stderr, "Usage: bench-train ARCHITECTURE CONFIG.json BATCH WIDTH HEIGHT RUNS "
                        "[--layers]\n");
        return 2;
    }
    if (!run(argv, argc > 7 && g_str_equal(argv[7], "--layers"), &error)) {
        fprintf(stderr, "bench-train: %s\n", error->message);
        return 1;
    }
    return 0;
}
