/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "madeup.h"

#include <math.h>

/* Matrices and kernels keep the size of what passes through them; vectors, which are mostly batch
 * norms, stay near 1. */
VdtWeights *made_up_weights(const VdtGraph *graph, GError **error)
{
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    vdt_weights_set_origin(weights, "made-up weights");
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, error);
        if (tensor == NULL)
            return NULL;
        double lo = 0.25, hi = 1.25;
        if (shape.n_dims >= 2) {
            hi = sqrt(3.0 * shape.dims[0] / vdt_shape_elements(&shape));
            lo = -hi;
        } else if (g_str_has_suffix(name, "running_var")) {
            lo = 0.5;
            hi = 1.5;
        }
        vdt_tensor_fill_uniform(tensor, name, lo, hi);
        vdt_weights_insert(weights, name, tensor);
    }
    return g_steal_pointer(&weights);
}
