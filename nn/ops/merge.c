/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "merge.h"

gboolean vdt_merge_check(VdtNode *node, guint i, gint64 samples, gint64 tokens, GError **error)
{
    const VdtShape *source = &node->inputs[i]->shape, *target = &node->inputs[i + 1]->shape;

    if (source->n_dims != 2 || source->dims[0] != samples || !vdt_shape_equal(source, target)) {
        g_autofree char *s = vdt_shape_to_string(source), *t = vdt_shape_to_string(target);

        return vdt_shape_error(
            error, "sources %s and targets %s are not [%" G_GINT64_FORMAT ",n], the same for both",
            s, t, samples);
    }
    if (tokens < 2 || source->dims[1] > vdt_even_tokens(tokens))
        return vdt_shape_error(
            error, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " tokens cannot move into others",
            source->dims[1], tokens);
    return vdt_limit_integers(node->inputs[i], vdt_even_tokens(tokens), error) &&
           vdt_limit_integers(node->inputs[i + 1], tokens / 2, error);
}
