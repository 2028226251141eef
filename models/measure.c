/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

gint64 vdt_measure(const VdtWeights *weights, const char *prefix, guint n_dims, guint i,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *tail = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *name = g_strconcat(prefix, *prefix != '\0' ? "." : "", tail, NULL);
    const VdtTensor *tensor = vdt_weights_lookup((VdtWeights *)weights, name);
    return tensor != NULL && tensor->shape.n_dims == n_dims ? tensor->shape.dims[i] : 0;
}
