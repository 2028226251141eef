/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Going on with a training from a .safetensors file. */
#include <vedette/ops.h>
#include <vedette/train.h>

#include "fuzz.h"
#include "touch.h"

static VdtTrainer *make_trainer(void)
{
    const VdtTrainOptions options = {
        .kind = VDT_OPTIMIZER_ADAMW, .average = 0.9, .schedule = {.rate = 0.1, .steps = 100}};
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtShape x = vdt_shape(2, 3), labels = vdt_shape(2);
    VdtValue *y = vdt_linear(vdt_scope(graph, "fc"), vdt_input(graph, "x", &x), .out = 2);

    vdt_output(graph, "loss", vdt_cross_entropy(y, vdt_input(graph, "labels", &labels)));
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    g_autoptr(VdtPlan) plan =
        vdt_plan_new(graph, weights, &(VdtPlanOptions){.kind = VDT_PLAN_TRAIN}, NULL);
    return vdt_trainer_new(vdt_session_new(plan, NULL), &options, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static VdtTrainer *trainer;
    g_autoptr(GBytes) bytes = fuzz_block(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = vdt_safetensors_parse(bytes, "fuzz", NULL);

    if (trainer == NULL)
        trainer = make_trainer();
    if (weights != NULL)
        g_assert(vdt_trainer_restore(trainer, weights, &error) == (error == NULL));
    return 0;
}
