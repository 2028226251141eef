/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TRACE plan: every node in build order by its reference kernel, every value kept. */
#include "trace.h"

#include "step/layout.h"

gboolean vdt_plan_trace(VdtPlan *plan, const VdtBound *params, GError **error)
{
    const VdtGraph *graph = plan->graph;

    g_array_set_size(plan->values, graph->nodes->len);
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];
        VdtMap *map = &g_array_index(plan->values, VdtMap, i), inputs[VDT_MAX_INPUTS];

        if (params[i].tensor) {
            VdtTensor *values = vdt_as_floats(params[i].tensor, error);

            if (!values)
                return FALSE;
            g_ptr_array_add(plan->constants, values);
            *map = (VdtMap){.place.constant = values->data, .planar = TRUE, .f32 = TRUE};
            continue;
        }
        *map = vdt_plan_planar(plan, &node->shape);
        if (node->state && node->n_inputs == 0) {
            vdt_plan_load_state(plan, node, &map->place);
            continue;
        }
        if (node->n_inputs == 0) {
            vdt_plan_fill(plan, &map->place); /* an input of the graph */
            continue;
        }
        for (guint j = 0; j < node->n_inputs; j++)
            inputs[j] = g_array_index(plan->values, VdtMap, node->inputs[j]->index);
        vdt_plan_add_reference(plan, node, inputs, map);
        if (node->state)
            vdt_plan_store_state(plan, node, &map->place);
    }
    for (guint i = 0; i < plan->buffers->len; i++) {
        VdtBuffer *buffer = &g_array_index(plan->buffers, VdtBuffer, i);

        buffer->first = 0;
        buffer->last = plan->steps->len;
    }

    for (guint i = 0; i < graph->inputs->len; i++) {
        const VdtNode *node = graph->inputs->pdata[i];

        g_array_append_val(plan->inputs, g_array_index(plan->values, VdtMap, node->index));
    }
    for (guint i = 0; i < graph->outputs->len; i++) {
        const VdtNode *node = g_array_index(graph->outputs, VdtNamed, i).node;

        g_array_append_val(plan->outputs, g_array_index(plan->values, VdtMap, node->index));
    }
    return TRUE;
}
