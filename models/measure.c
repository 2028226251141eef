/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

/* More than any dimension of a network here: the tokens of a picture of 4096 x 4096 pixels. */
#define MOST (1 << 25)

int vdt_measure(const VdtWeights *weights, const char *prefix, guint n_dims, guint i,
                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *tail = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *name = g_strconcat(prefix, *prefix != '\0' ? "." : "", tail, NULL);
    const VdtTensor *tensor = vdt_weights_lookup((VdtWeights *)weights, name);
    if (tensor == NULL || tensor->shape.n_dims != n_dims || tensor->shape.dims[i] > MOST)
        return 0;
    return (int)tensor->shape.dims[i];
}
