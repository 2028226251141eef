/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The INFER plan: rewrites, then a step or some for each node that is left, by the first row
 * that takes it. The rows stand in the files whose steps they make. */
#include "infer.h"

#include <string.h>

#include "pattern.h"

static void lower_reference(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    VdtMap inputs[VDT_MAX_INPUTS], y;

    for (guint j = 0; j < node->n_inputs; j++)
        inputs[j] = *vdt_infer_get_planar(l, node->inputs[j]);
    y = vdt_infer_new_planar(l, f);
    vdt_plan_add_reference(l->plan, node, inputs, &y);
}

#define LOWERINGS(file) &VDT_LOWERINGS_OF(file),
static const VdtLowerings *const lowerings[] = {VDT_LOWERING_FILES(LOWERINGS)};
#undef LOWERINGS

#define PATTERN(name) &vdt_pattern_##name,
static const VdtPattern *const patterns[] = {VDT_PATTERNS(PATTERN)};
#undef PATTERN

static void find_patterns(VdtInfer *l, gboolean before_epilogues)
{
    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
        const VdtPattern *pattern = patterns[i];
        g_autofree gpointer match = g_malloc0(pattern->match_size);

        for (guint j = 0; j < l->graph->nodes->len; j++) {
            VdtFused *f = &l->fused[j];

            if (pattern->takes_epilogue != before_epilogues || f->node->op != pattern->op ||
                f->same_as || f->unused || f->constant || f->pattern)
                continue;
            memset(match, 0, pattern->match_size);
            if (pattern->match(l, f, match)) {
                f->pattern = pattern;
                f->match = g_memdup2(match, pattern->match_size);
            }
        }
    }
}

/* Decides which nodes run, and what each of them takes in. */
static gboolean fuse(VdtInfer *l, const VdtBound *params, GError **error)
{
    VdtConstants *shared = l->plan->shared;

    if (!vdt_fold_constants(l->graph, l->fused, shared, params, error))
        return FALSE;
    vdt_fold_count_uses(l->graph, l->fused);
    vdt_fold_into_products(l->graph, l->fused, shared);
    find_patterns(l, TRUE);
    if (!vdt_fold_check(l->fused, l->graph->nodes->len, error))
        return FALSE;
    vdt_fuse_epilogues(l->graph, l->fused);
    find_patterns(l, FALSE);
    return TRUE;
}

static void lower_node(VdtInfer *l, VdtFused *f)
{
    if (f->pattern) {
        f->pattern->lower(l, f, f->match);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(lowerings); i++)
        for (guint j = 0; j < lowerings[i]->n_rows; j++) {
            const VdtLowering *row = &lowerings[i]->rows[j];

            if (row->op == f->node->op && row->lower(l, f))
                return;
        }
    lower_reference(l, f);
}

static void add_steps(VdtInfer *l)
{
    guint n = l->graph->nodes->len;
    g_autofree VdtFused **at = g_new0(VdtFused *, n); /* what runs in a node's place */

    for (guint i = 0; i < l->graph->inputs->len; i++) {
        const VdtNode *node = l->graph->inputs->pdata[i];
        VdtMap planar = vdt_infer_new_planar(l, &l->fused[node->index]);

        vdt_plan_fill(l->plan, &planar.place);
        g_array_append_val(l->plan->inputs, planar);
    }
    for (guint i = 0; i < l->graph->states->len; i++)
        vdt_infer_state(l, l->graph->states->pdata[i]);
    for (guint i = 0; i < n; i++) {
        VdtFused *f = &l->fused[i];

        if (!f->same_as && !f->unused && !f->constant && f->node->n_inputs > 0)
            at[f->position] = f;
    }
    for (guint i = 0; i < n; i++)
        if (at[i])
            lower_node(l, at[i]);
    for (guint i = 0; i < l->graph->outputs->len; i++) {
        const VdtNamed *named = &g_array_index(l->graph->outputs, VdtNamed, i);

        VdtMap map = *vdt_infer_get_planar(l, named->node);

        /* A session's outputs are its own. */
        if (map.place.state) {
            const VdtPlace slot = map.place;

            map = vdt_plan_planar(l->plan, &named->node->shape);
            vdt_plan_add_copy(l->plan, &slot, &map.place,
                              vdt_shape_elements(&named->node->shape) * sizeof(float), named->name);
        }
        g_array_append_val(l->plan->outputs, map);
    }
}

gboolean vdt_plan_infer(VdtPlan *plan, const VdtBound *params, GError **error)
{
    guint n = plan->graph->nodes->len;
    g_autofree VdtForms *forms = g_new0(VdtForms, n);
    VdtInfer l = {.graph = plan->graph, .plan = plan, .fused = g_new0(VdtFused, n), .forms = forms};
    gboolean ok = fuse(&l, params, error);

    if (ok) {
        l.zeros = vdt_plan_zeros(plan);
        add_steps(&l);
    }
    vdt_fused_free(l.fused, n);
    return ok;
}
