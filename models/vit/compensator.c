/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compensator.h"

#include <math.h>

#define MAX_WIDTH 1024

void vdt_compensator_read(VdtFields *fields, VdtCompensator *compensator)
{
    *compensator = (VdtCompensator){0};
    if (!vdt_fields_has(fields, "tocom"))
        return;
    VdtFields inner = vdt_fields_object(fields, "tocom", "\"tocom\"");
    vdt_fields_require(&inner, "dim");
    compensator->width = (int)vdt_fields_int(&inner, "dim", 0, 1, MAX_WIDTH);
    compensator->scale = vdt_fields_double(&inner, "scale", VDT_COMPENSATOR_SCALE, 0, 100);
    if (compensator->width % VDT_COMPENSATOR_LEVELS != 0)
        vdt_fields_fail(&inner,
                        "\"dim\" is %d, but adapters have the same columns for each of %d "
                        "levels",
                        compensator->width, VDT_COMPENSATOR_LEVELS);
}

void vdt_compensator_write(const VdtCompensator *compensator, JsonObject *config)
{
    if (compensator->width == 0)
        return;
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "dim", compensator->width);
    json_object_set_double_member(object, "scale", compensator->scale);
    json_object_set_object_member(config, "tocom", object);
}

int vdt_compensator_measure(const VdtWeights *weights, int dim, GError **error)
{
    const char *origin = vdt_weights_get_origin(weights);
    const VdtTensor *down = vdt_weights_lookup(weights, VDT_COMPENSATOR_TENSOR);
    if (down == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s: these are no adapters: there is no \"%s\"", origin,
                    VDT_COMPENSATOR_TENSOR);
        return 0;
    }
    const gint64 *dims = down->shape.dims;
    g_autofree char *shape = vdt_shape_to_string(&down->shape);
    if (down->shape.n_dims != 2 || dims[1] != dim) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s: \"%s\" is %s, but the network's tokens are %d wide", origin,
                    VDT_COMPENSATOR_TENSOR, shape, dim);
        return 0;
    }
    if (dims[0] < 1 || dims[0] > MAX_WIDTH || dims[0] % VDT_COMPENSATOR_LEVELS != 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s: \"%s\" is %s, but adapters have the same columns for each of %d levels, "
                    "up to %d in all",
                    origin, VDT_COMPENSATOR_TENSOR, shape, VDT_COMPENSATOR_LEVELS, MAX_WIDTH);
        return 0;
    }
    return (int)dims[0];
}

VdtValue *vdt_compensator_apply(const VdtCompensator *compensator, VdtScope scope,
                                const char *which, VdtValue *weight, int from, int to)
{
    VdtScope adapter = vdt_in(scope, "%s_tocom", which);
    gint64 dim = vdt_value_dim(weight, 0), width = compensator->width;
    VdtShape narrow = vdt_shape(width, dim), wide = vdt_shape(dim, width);
    /* As a linear layer of PyTorch's starts, and from no effect. */
    VdtValue *down = vdt_param_with(vdt_in(adapter, "adapter_down"), "weight", &narrow,
                                    (VdtStart){.deviation = 1 / sqrt(3.0 * (double)MAX(dim, 1))});
    VdtValue *up =
        vdt_param_with(vdt_in(adapter, "adapter_up"), "weight", &wide, (VdtStart){.value = 0});
    if (from == to || compensator->scale == 0)
        return weight;
    /* Levels have their columns from the last on. */
    gint64 each = width / VDT_COMPENSATOR_LEVELS;
    gint64 begin = width - each * MAX(from, to), n = each * ABS(to - from);
    VdtValue *more = vdt_matmul(vdt_slice(up, 1, begin, n), vdt_slice(down, 0, begin, n),
                                .scale = to > from ? compensator->scale : -compensator->scale);
    return vdt_add(weight, more);
}
