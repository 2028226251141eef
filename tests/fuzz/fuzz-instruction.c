/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions, read by weights that are made up. */
#include "fuzz.h"
#include "instruction.h"
#include "instructionnet.h"

static void add(VdtWeights *weights, const char *name, VdtDType type, VdtShape shape)
{
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(type, &shape, NULL);

    if (type == VDT_F32)
        vdt_tensor_fill_uniform(tensor, name, -1, 1);
    vdt_weights_insert(weights, name, tensor);
}

static VdtInstructions *make_reader(void)
{
    const gint64 hidden = VDT_INSTRUCTION_HIDDEN, width = VDT_INSTRUCTION_WIDTH;
    g_autoptr(VdtWeights) weights = vdt_weights_new();

    add(weights, "embedding.weight", VDT_F32, vdt_shape(width, VDT_INSTRUCTION_BUCKETS));
    add(weights, "hidden.weight", VDT_F32, vdt_shape(hidden, 4 * width));
    add(weights, "hidden.bias", VDT_F32, vdt_shape(hidden));
    add(weights, "kinds.weight", VDT_F32, vdt_shape(4, hidden));
    add(weights, "kinds.bias", VDT_F32, vdt_shape(4));
    add(weights, "forbids.weight", VDT_F32, vdt_shape(2, hidden));
    add(weights, "forbids.bias", VDT_F32, vdt_shape(2));
    add(weights, "order.weight", VDT_F32, vdt_shape(3, hidden));
    add(weights, "order.bias", VDT_F32, vdt_shape(3));
    add(weights, "pieces", VDT_U8, vdt_shape(VDT_INSTRUCTION_PIECES / 8));
    vdt_weights_set_metadata(weights, VDT_INSTRUCTION_RESTORATIONS, "noise,rain,snow");
    vdt_weights_set_metadata(weights, VDT_INSTRUCTION_SURE, "0.3");
    vdt_weights_set_metadata(weights, VDT_INSTRUCTION_KNOWN_SHARE, "0");
    return vdt_instructions_new(weights, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static VdtInstructions *reader;
    g_autoptr(GError) error = NULL;
    VdtInstruction instruction;

    if (reader == NULL)
        reader = make_reader();
    g_assert(reader != NULL);
    gboolean ok = vdt_instruction_parse(reader, (const char *)data, size, &instruction, &error);
    g_assert(ok == (error == NULL) && instruction.n_steps <= VDT_INSTRUCTION_MAX_STEPS);
    g_assert(!ok || (instruction.n_steps > 0) == (instruction.answer == VDT_INSTRUCTION_KNOWN));
    for (guint i = 0; i < instruction.n_steps; i++)
        g_assert(instruction.steps[i] != NULL && instruction.steps[i] != instruction.steps[!i]);
    g_assert(instruction.sureness >= 0 && instruction.sureness <= 1);
    return 0;
}
