/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "norm.h"

#include <string.h>

#include "measure.h"

const char *const vdt_norm_names[] = {"layernorm", "repbn", "linearnorm", "none", NULL};

VdtNormKind vdt_norm_read(VdtFields *fields, VdtNormKind fallback)
{
    return vdt_fields_choice(fields, "norm", fallback, vdt_norm_names);
}

static VdtValue *layer_norm(VdtScope s, VdtValue *x, double eps)
{
    VdtShape channels = vdt_shape(vdt_value_dim(x, vdt_value_shape(x).n_dims - 1));
    return vdt_layer_norm(s, x, &channels, .eps = eps);
}

static VdtValue *rep_norm(VdtScope s, VdtValue *x)
{
    const VdtShape one = vdt_shape(1);
    VdtValue *alpha = vdt_param_with(s, "alpha", &one, (VdtStart){.value = 1});
    return vdt_batch_norm(vdt_in(s, "bn"), x, .axis = vdt_value_shape(x).n_dims - 1,
                          .alpha = alpha);
}

VdtValue *vdt_norm(VdtNormKind kind, VdtScope scope, VdtValue *x, double eps)
{
    if (x == NULL)
        return NULL;
    switch (kind) {
    case VDT_NORM_LAYER:
        return layer_norm(scope, x, eps);
    case VDT_NORM_REPBN:
        return rep_norm(scope, x);
    case VDT_NORM_LINEAR:
        return vdt_progress(scope, layer_norm(vdt_in(scope, "norm1"), x, eps),
                            rep_norm(vdt_in(scope, "norm2"), x));
    case VDT_NORM_NONE:
        break;
    }
    return x;
}

VdtNormKind vdt_norm_measure(const VdtWeights *weights, const char *scope, int channels)
{
    if (vdt_measure(weights, scope, 1, 0, "weight") == channels)
        return VDT_NORM_LAYER;
    if (vdt_measure(weights, scope, 1, 0, "bn.weight") == channels &&
        vdt_measure(weights, scope, 1, 0, "alpha") == 1)
        return VDT_NORM_REPBN;
    if (vdt_measure(weights, scope, 1, 0, "norm2.bn.weight") == channels &&
        vdt_measure(weights, scope, 1, 0, "norm2.alpha") == 1)
        return VDT_NORM_LINEAR;
    return VDT_NORM_NONE;
}

/* The number that the counter @name holds; 0 if there is none. */
static double counter(const VdtWeights *weights, const char *scope, const char *name)
{
    g_autofree char *full = g_strconcat(scope, name, NULL);
    VdtTensor *tensor = vdt_weights_lookup(weights, full);
    g_autoptr(VdtTensor) number = tensor != NULL && tensor->shape.n_dims == 0
                                      ? vdt_tensor_convert(tensor, VDT_F32, NULL)
                                      : NULL;
    return number != NULL ? *(const float *)number->data : 0;
}

static void set_counter(VdtWeights *weights, const char *scope, const char *name, guint64 value)
{
    const VdtShape number = {0};
    g_autofree char *full = g_strconcat(scope, name, NULL);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &number, NULL);
    *(float *)tensor->data = (float)value;
    vdt_weights_insert(weights, full, tensor);
}

/* Where the names of a norm begin that @name is a counter of; NULL if it is none. */
static char *scope_of(const char *name)
{
    return g_str_has_suffix(name, ".iter") ? g_strndup(name, strlen(name) - strlen("iter")) : NULL;
}

guint vdt_norm_set_steps(VdtWeights *weights, guint64 steps)
{
    guint n = 0, n_tensors = vdt_weights_get_n_tensors(weights);
    for (guint i = 0; i < n_tensors; i++) {
        g_autofree char *scope = scope_of(vdt_weights_get_name(weights, i));
        if (scope == NULL)
            continue;
        set_counter(weights, scope, "warm", 0);
        set_counter(weights, scope, "iter", steps);
        set_counter(weights, scope, "total_step", steps);
        n++;
    }
    return n;
}

gboolean vdt_norm_check_finished(const VdtWeights *weights, GError **error)
{
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        g_autofree char *scope = scope_of(vdt_weights_get_name(weights, i));
        if (scope == NULL)
            continue;
        double left = counter(weights, scope, "warm") + counter(weights, scope, "iter");
        if (left > 0) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                        "%s: the training was not over: \"%s\" has %g steps to go, of %g, until "
                        "its norm is a batch norm, and what that answers until then is worth "
                        "nothing",
                        vdt_weights_get_origin(weights), scope, left,
                        counter(weights, scope, "total_step"));
            return FALSE;
        }
    }
    return TRUE;
}
