/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What networks are asked for. */
#include "model.h"

VdtBuild vdt_model_ask(const VdtModel *model, const VdtShape *input)
{
    return (VdtBuild){.n_inputs = 1,
                      .inputs = {*input},
                      .task = model->task,
                      .merge = VDT_MERGE_CONFIGURED,
                      .restoration = VDT_RESTORATION_CONFIGURED};
}

gboolean vdt_build_equal(const VdtBuild *a, const VdtBuild *b)
{
    if (a->n_inputs != b->n_inputs || a->task != b->task || a->merge != b->merge ||
        a->phase != b->phase || a->restoration != b->restoration)
        return FALSE;
    for (guint i = 0; i < a->n_inputs; i++)
        if (!vdt_shape_equal(&a->inputs[i], &b->inputs[i]))
            return FALSE;
    return TRUE;
}

static const char *task_name(VdtTask task)
{
    switch (task) {
    case VDT_TASK_RECOGNITION:
        return "recognition";
    case VDT_TASK_SEGMENTATION:
        return "segmentation";
    case VDT_TASK_CLASSIFICATION:
        return "classification";
    case VDT_TASK_RESTORATION:
        return "restoration";
    }
    return "an unknown task";
}

gboolean vdt_build_check_plain(const VdtModel *model, const VdtBuild *asked, GError **error)
{
    if (asked->n_inputs != 1)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s takes one input, not %u",
                    model->name, asked->n_inputs);
    else if (asked->task != model->task)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s is for %s, not for %s",
                    model->name, task_name(model->task), task_name(asked->task));
    else if (asked->merge > 0)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s cannot merge %d tokens in each layer: it merges none", model->name,
                    asked->merge);
    else if (asked->phase != VDT_PHASE_WHOLE)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s has no phase %d: it keeps nothing from run to run", model->name,
                    asked->phase);
    else if (asked->restoration == VDT_RESTORATION_EACH)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s cannot do a restoration each for parts of a batch", model->name);
    else if (asked->restoration >= 0 && model->restorations == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s has no restoration %d: it restores nothing", model->name,
                    asked->restoration);
    else
        return TRUE;
    return FALSE;
}
