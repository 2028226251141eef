/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stored.h"

#include <math.h>
#include <string.h>

/* An array of whole numbers from @min to @max under @key; FALSE without error if absent. */
static gboolean read_numbers(JsonObject *spec, const char *key, gint64 min, gint64 max,
                             VdtShape *numbers, GError **error)
{
    JsonNode *node = json_object_get_member(spec, key);
    if (node == NULL || JSON_NODE_HOLDS_NULL(node))
        return FALSE;
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    gboolean ok = array != NULL && json_array_get_length(array) <= VDT_MAX_DIMS;
    *numbers = (VdtShape){.n_dims = ok ? json_array_get_length(array) : 0};
    for (guint i = 0; ok && i < numbers->n_dims; i++) {
        JsonNode *element = json_array_get_element(array, i);
        ok = JSON_NODE_HOLDS_VALUE(element) && json_node_get_value_type(element) == G_TYPE_INT64;
        numbers->dims[i] = ok ? json_node_get_int(element) : 0;
        ok = ok && numbers->dims[i] >= min && numbers->dims[i] <= max;
    }
    if (!ok)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "\"%s\" must be an array of whole numbers from %" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT,
                    key, min, max);
    return ok;
}

/* Steps @index through @shape, last dimension first; FALSE after the last element. */
static gboolean advance(gint64 *index, const VdtShape *shape)
{
    for (guint d = shape->n_dims; d-- > 0;) {
        if (++index[d] < shape->dims[d])
            return TRUE;
        index[d] = 0;
    }
    return FALSE;
}

static VdtTensor *slice(const VdtTensor *full, const VdtShape *step, GError **error)
{
    VdtShape shape = full->shape;
    for (guint d = 0; d < shape.n_dims; d++)
        shape.dims[d] = (shape.dims[d] + step->dims[d] - 1) / step->dims[d];
    VdtTensor *result = vdt_tensor_new(VDT_F32, &shape, error);
    if (result == NULL || result->n_bytes == 0)
        return result;
    const float *from = full->data;
    float *to = result->data;
    gint64 index[VDT_MAX_DIMS] = {0};
    do {
        gint64 at = 0;
        for (guint d = 0; d < shape.n_dims; d++)
            at = at * full->shape.dims[d] + index[d] * step->dims[d];
        *to++ = from[at];
    } while (advance(index, &shape));
    return result;
}

static VdtTensor *mean(const VdtTensor *full, const VdtShape *over, GError **error)
{
    /* Strides into the result: 0 along what is averaged. */
    const VdtShape *shape = &full->shape;
    gint64 stride[VDT_MAX_DIMS], kept = 1, n = 1;
    VdtShape small = {0};
    gboolean averaged[VDT_MAX_DIMS] = {FALSE};
    for (guint i = 0; i < over->n_dims; i++)
        averaged[over->dims[i]] = TRUE;
    for (guint d = 0; d < shape->n_dims; d++) {
        if (averaged[d])
            n *= shape->dims[d];
        else
            small.dims[small.n_dims++] = shape->dims[d];
    }
    for (guint d = shape->n_dims; d-- > 0;) {
        stride[d] = averaged[d] ? 0 : kept;
        kept *= averaged[d] ? 1 : shape->dims[d];
    }
    VdtTensor *result = vdt_tensor_new(VDT_F32, &small, error);
    if (result == NULL || full->n_bytes == 0)
        return result;
    g_autofree double *sums = g_new0(double, kept);
    const float *from = full->data;
    gint64 index[VDT_MAX_DIMS] = {0};
    do {
        gint64 at = 0;
        for (guint d = 0; d < shape->n_dims; d++)
            at += index[d] * stride[d];
        sums[at] += *from++;
    } while (advance(index, shape));
    for (gint64 i = 0; i < kept; i++)
        ((float *)result->data)[i] = sums[i] / n;
    return result;
}

VdtTensor *stored_elements(JsonObject *spec, const VdtTensor *full, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    VdtShape expected, step, over;
    gboolean reduced = json_object_has_member(spec, "reduce");
    const char *shape_key = json_object_has_member(spec, "full_shape") ? "full_shape" : "shape";
    if (read_numbers(spec, shape_key, 0, G_MAXINT64, &expected, &mistake) &&
        !vdt_shape_equal(&expected, &full->shape)) {
        g_autofree char *ours = vdt_shape_to_string(&full->shape);
        g_autofree char *theirs = vdt_shape_to_string(&expected);
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE, "the network gives %s, the case has %s",
                    ours, theirs);
        return NULL;
    }
    gboolean sliced =
        mistake == NULL && read_numbers(spec, "slice_step", 1, G_MAXINT32, &step, &mistake);
    gboolean averaged =
        mistake == NULL && reduced &&
        read_numbers(spec, "dims", 0, (gint64)full->shape.n_dims - 1, &over, &mistake);
    if (mistake == NULL && reduced &&
        (!averaged ||
         g_strcmp0(json_object_get_string_member_with_default(spec, "reduce", ""), "mean") != 0))
        g_set_error(&mistake, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "\"reduce\" can only be \"mean\", over \"dims\"");
    if (mistake == NULL && sliced && step.n_dims != full->shape.n_dims)
        g_set_error(&mistake, VDT_ERROR, VDT_ERROR_FORMAT,
                    "\"slice_step\" has %u numbers for %u dimensions", step.n_dims,
                    full->shape.n_dims);
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return NULL;
    }
    if (averaged)
        return mean(full, &over, error);
    if (!sliced) {
        step = (VdtShape){.n_dims = full->shape.n_dims};
        for (guint d = 0; d < step.n_dims; d++)
            step.dims[d] = 1;
    }
    return slice(full, &step, error);
}

double relative_error(const VdtTensor *got, const VdtTensor *want)
{
    const float *g = got->data, *w = want->data;
    double difference = 0, norm = 0;
    for (gsize i = 0; i < want->n_bytes / sizeof *w; i++) {
        double d = (double)g[i] - w[i];
        difference += d * d;
        norm += (double)w[i] * w[i];
    }
    if (difference == 0)
        return 0;
    /* Infinities are as wrong as NaN. */
    double error = sqrt(difference / norm);
    return isfinite(error) ? error : NAN;
}

double mismatch(const VdtTensor *got, const VdtTensor *want)
{
    const float *g = got->data, *w = want->data;
    gsize n = want->n_bytes / sizeof *w, differ = 0;
    for (gsize i = 0; i < n; i++)
        differ += !(g[i] == w[i]);
    return n > 0 ? (double)differ / n : 0;
}
