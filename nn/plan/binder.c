/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the graph's parameters among the weights and says everything that is wrong at once. */
#include "binder.h"

#include "io/keyed-hash.h"
#include "tensor/elements.h"

/* Enough to see the pattern; a wrong file lacks hundreds. */
#define MOST_LISTED 20

static void append(GString *list, guint *count, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void append(GString *list, guint *count, const char *format, ...)
{
    va_list args;

    if ((*count)++ >= MOST_LISTED)
        return;
    if (list->len > 0)
        g_string_append(list, ", ");
    va_start(args, format);
    g_string_append_vprintf(list, format, args);
    va_end(args);
}

static void describe(GString *message, const char *what, const GString *list, guint count)
{
    if (count == 0)
        return;
    g_string_append_printf(message, "; %u %s: %s", count, what, list->str);
    if (count > MOST_LISTED)
        g_string_append_printf(message, " and %u more", count - MOST_LISTED);
}

/* Tensors that nobody asked for, which may be those that are missing under another name. */
static void describe_others(GString *message, const VdtGraph *graph, const VdtWeights *weights)
{
    g_autoptr(GHashTable) asked = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    g_autoptr(GString) others = g_string_new(NULL);
    guint n = 0;

    for (guint i = 0; i < graph->params->len; i++)
        g_hash_table_add(asked, ((const VdtNode *)graph->params->pdata[i])->name);
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i);

        if (!g_hash_table_contains(asked, name))
            append(others, &n, "%.200s", name);
    }
    describe(message, "not asked for", others, n);
}

void vdt_bound_free(VdtBound *bound, guint n)
{
    for (guint i = 0; i < n; i++)
        g_clear_pointer(&bound[i].tensor, vdt_tensor_unref);
    g_free(bound);
}

VdtTensor *vdt_as_floats(VdtTensor *tensor, GError **error)
{
    return tensor->dtype == VDT_F32 ? vdt_tensor_ref(tensor)
                                    : vdt_tensor_convert(tensor, VDT_F32, error);
}

VdtBound *vdt_bind(const VdtGraph *graph, const VdtWeights *weights, gboolean trusted,
                   GError **error)
{
    VdtBound *params = g_new0(VdtBound, graph->nodes->len);
    g_autoptr(GString) missing = g_string_new(NULL), misshaped = g_string_new(NULL);
    g_autoptr(GString) unusable = g_string_new(NULL), message = NULL;
    guint n_missing = 0, n_misshaped = 0, n_unusable = 0;

    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *node = graph->params->pdata[i];
        VdtTensor *tensor = vdt_weights_lookup(weights, node->name);

        if (!tensor) {
            const char *reason = vdt_weights_why_unread(weights, node->name);

            if (reason)
                append(unusable, &n_unusable, "%s", reason);
            else
                append(missing, &n_missing, "%s", node->name);
            continue;
        }
        if (!vdt_shape_equal(&tensor->shape, &node->shape)) {
            g_autofree char *theirs = vdt_shape_to_string(&tensor->shape);
            g_autofree char *ours = vdt_shape_to_string(&node->shape);

            append(misshaped, &n_misshaped, "%s (file %s, network %s)", node->name, theirs, ours);
            continue;
        }
        params[node->index].tensor = vdt_tensor_ref(tensor);
        if (tensor->dtype == VDT_BOOL)
            append(unusable, &n_unusable, "%s (cannot convert bool to float32)", node->name);
        else if (!trusted && !vdt_elements_are_finite(tensor))
            append(unusable, &n_unusable, "%s (not finite)", node->name);
    }
    if (n_missing + n_misshaped + n_unusable == 0)
        return params;

    message = g_string_new(NULL);
    g_string_append_printf(message, "%s does not fit the network", vdt_weights_get_origin(weights));
    describe(message, "missing", missing, n_missing);
    describe(message, "of another shape", misshaped, n_misshaped);
    describe(message, "unusable", unusable, n_unusable);
    if (n_missing > 0)
        describe_others(message, graph, weights);
    g_set_error_literal(error, VDT_ERROR, VDT_ERROR_WEIGHTS, message->str);
    vdt_bound_free(params, graph->nodes->len);
    return NULL;
}
