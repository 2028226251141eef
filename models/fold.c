/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fold.h"

#include <math.h>
#include <string.h>

#include "norm.h"

/* Where a norm stands, by the end of its name, and which layers beside it there may be. */
static const struct {
    const char *norm, *layer; /* both behind what they have in common */
    gboolean before;          /* the layer comes before the norm */
    const char *unless;       /* there is this layer */
} places[] = {
    /* vision transformers, Swin, PVT and CSWin, in whose blocks the same stand at the same places
     */
    {"norm1", "attn.qkv"},
    {"norm1", "qkv"},
    {"norm1", "attn.q"},
    {"norm1", "attn.sr"},
    {"norm1", "attn.kv", .unless = "attn.sr"},
    {"attn.norm", "attn.kv"},
    {"norm2", "mlp.fc1"},
    {"downsample.norm", "downsample.reduction"},
    {"patch_embed.norm", "patch_embed.proj", .before = TRUE},
    {"patch_embed1.norm", "patch_embed1.proj", .before = TRUE},
    {"patch_embed2.norm", "patch_embed2.proj", .before = TRUE},
    {"patch_embed3.norm", "patch_embed3.proj", .before = TRUE},
    {"patch_embed4.norm", "patch_embed4.proj", .before = TRUE},
    {"stage1_conv_embed.2", "stage1_conv_embed.0", .before = TRUE},
    {"merge1.norm", "merge1.conv", .before = TRUE},
    {"merge2.norm", "merge2.conv", .before = TRUE},
    {"merge3.norm", "merge3.conv", .before = TRUE},
    {"norm", "head"},
};

/* a * x + c. */
typedef struct {
    gsize n;
    double *a, *c;
} Affine;

static void affine_clear(Affine *affine)
{
    g_free(affine->a);
    g_free(affine->c);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Affine, affine_clear)

/* The tensor "<scope>.<name>" as floats; NULL without error if there is none. */
static VdtTensor *floats(const VdtWeights *weights, const char *scope, const char *name,
                         GError **error)
{
    g_autofree char *full = g_strconcat(scope, ".", name, NULL);
    const VdtTensor *tensor = vdt_weights_lookup(weights, full);
    return tensor != NULL ? vdt_tensor_convert(tensor, VDT_F32, error) : NULL;
}

/* What the norm whose parameters are in @scope, "alpha" and "bn", does to each channel. */
static gboolean read_norm(const VdtWeights *weights, const char *scope, Affine *affine,
                          GError **error)
{
    static const char *const names[] = {"bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
                                        "alpha"};
    g_autoptr(GPtrArray) tensors = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    const float *x[G_N_ELEMENTS(names)];
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) mistake = NULL;
        VdtTensor *tensor = floats(weights, scope, names[i], &mistake);
        if (mistake != NULL) {
            g_propagate_error(error, g_steal_pointer(&mistake));
            return FALSE;
        }
        gsize n = tensor != NULL ? (gsize)vdt_shape_elements(&tensor->shape) : 0;
        if (i == 0)
            affine->n = n;
        if (tensor != NULL)
            g_ptr_array_add(tensors, tensor);
        if (n == 0 || n != (i < 4 ? affine->n : 1)) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                        "%s: \"%s\" is no norm that folds: its \"%s\" is missing or of another "
                        "size",
                        vdt_weights_get_origin(weights), scope, names[i]);
            return FALSE;
        }
        x[i] = tensor->data;
    }
    affine->a = g_new(double, affine->n);
    affine->c = g_new(double, affine->n);
    for (gsize i = 0; i < affine->n; i++) {
        double scale = x[0][i] / sqrt((double)x[3][i] + 1e-5f);
        affine->a[i] = scale + *x[4];
        affine->c[i] = x[1][i] - x[2][i] * scale;
    }
    return TRUE;
}

/* Behind @affine, or before it, the layer is another one: W (a x + c) + b, or a (W x + b) + c. */
static void change(float *weight, float *bias, gsize outs, gsize depth, gsize taps,
                   const Affine *affine, gboolean before)
{
    for (gsize o = 0; o < outs; o++) {
        double sum = bias[o];
        for (gsize i = 0; i < depth; i++) {
            for (gsize t = 0; t < taps; t++) {
                float *w = &weight[(o * depth + i) * taps + t];
                if (!before)
                    sum += *w * affine->c[i];
                *w = (float)(*w * (before ? affine->a[o] : affine->a[i]));
            }
        }
        bias[o] = (float)(before ? affine->a[o] * bias[o] + affine->c[o] : sum);
    }
}

static gboolean fold_into(VdtWeights *weights, const char *layer, const Affine *affine,
                          gboolean before, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    g_autoptr(VdtTensor) weight = floats(weights, layer, "weight", &mistake);
    g_autoptr(VdtTensor) bias = mistake == NULL ? floats(weights, layer, "bias", &mistake) : NULL;
    g_autofree char *weight_name = g_strconcat(layer, ".weight", NULL);
    g_autofree char *bias_name = g_strconcat(layer, ".bias", NULL);
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    const gint64 *dims = weight->shape.dims;
    gboolean fits = weight->shape.n_dims == 2 || weight->shape.n_dims == 4;
    VdtShape outs = vdt_shape(fits ? dims[0] : 0);
    if (bias == NULL && fits) {
        bias = vdt_tensor_new(VDT_F32, &outs, error);
        if (bias == NULL)
            return FALSE;
        memset(bias->data, 0, bias->n_bytes);
    }
    if (!fits || !vdt_shape_equal(&bias->shape, &outs) ||
        (gsize)dims[before ? 0 : 1] != affine->n) {
        g_autofree char *text = vdt_shape_to_string(&weight->shape);
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s: a norm of %" G_GSIZE_FORMAT " channels does not fold into \"%s\", whose "
                    "weight is %s",
                    vdt_weights_get_origin(weights), affine->n, layer, text);
        return FALSE;
    }
    gsize taps = weight->shape.n_dims == 4 ? (gsize)(dims[2] * dims[3]) : 1;
    change(weight->data, bias->data, (gsize)dims[0], (gsize)dims[1], taps, affine, before);
    vdt_weights_insert(weights, weight_name, weight);
    vdt_weights_insert(weights, bias_name, bias);
    return TRUE;
}

static gboolean has_layer(const VdtWeights *weights, const char *prefix, const char *layer)
{
    g_autofree char *name = g_strconcat(prefix, layer, ".weight", NULL);
    return vdt_weights_lookup(weights, name) != NULL;
}

/* What names have in common with @norm, if the norm @scope may be that one: all before it, which is
 * nothing or ends in a dot. NULL if it may not. */
static char *common(const char *scope, const char *norm)
{
    gsize length = strlen(scope), tail = strlen(norm);
    if (!g_str_has_suffix(scope, norm) || (length > tail && scope[length - tail - 1] != '.'))
        return NULL;
    return g_strndup(scope, length - tail);
}

/* Moves the norm @scope, whose parameters are in @inner, into all layers beside it. */
static gboolean fold_norm(VdtWeights *weights, const char *scope, const char *inner, GError **error)
{
    g_auto(Affine) affine = {0};
    guint n = 0;
    if (!read_norm(weights, inner, &affine, error))
        return FALSE;
    /* "norm" ends the names of others, which stand before it. */
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *prefix = common(scope, places[i].norm);
        if (prefix == NULL || !has_layer(weights, prefix, places[i].layer) ||
            (places[i].unless != NULL && has_layer(weights, prefix, places[i].unless)))
            continue;
        g_autofree char *layer = g_strconcat(prefix, places[i].layer, NULL);
        if (!fold_into(weights, layer, &affine, places[i].before, error))
            return FALSE;
        n++;
    }
    if (n == 0)
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s: the norm \"%s\" stands beside no layer that it could be folded into",
                    vdt_weights_get_origin(weights), scope);
    return n > 0;
}

/* Where the norm stands that @name is the alpha of: RepBN itself, or what a training led to that
 * from a layer norm. NULL if it is none; *inner is where its parameters are. */
static char *scope_of(const VdtWeights *weights, const char *name, char **inner)
{
    if (!g_str_has_suffix(name, ".alpha"))
        return NULL;
    *inner = g_strndup(name, strlen(name) - strlen(".alpha"));
    /* A block has a norm2 of its own, but beside it another RepBN. */
    g_autofree char *both = common(*inner, "norm2");
    if (both == NULL || !has_layer(weights, both, "norm1"))
        return g_strdup(*inner);
    both[strlen(both) - 1] = '\0';
    return g_steal_pointer(&both);
}

/* All but what belongs to norms of @scopes, each of which ends in a dot. */
static VdtWeights *without(const VdtWeights *weights, const GPtrArray *scopes)
{
    VdtWeights *rest = vdt_weights_new();
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i);
        gboolean gone = FALSE;
        for (guint j = 0; j < scopes->len && !gone; j++)
            gone = g_str_has_prefix(name, scopes->pdata[j]);
        if (!gone)
            vdt_weights_insert(rest, name, vdt_weights_get_tensor(weights, i));
    }
    vdt_weights_set_origin(rest, vdt_weights_get_origin(weights));
    return rest;
}

VdtWeights *vdt_weights_fold(const VdtWeights *weights, GError **error)
{
    g_autoptr(GPtrArray) scopes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VdtWeights) folded = without(weights, scopes);
    if (!vdt_norm_check_finished(weights, error))
        return NULL;
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        g_autofree char *inner = NULL;
        g_autofree char *scope = scope_of(weights, vdt_weights_get_name(weights, i), &inner);
        if (scope == NULL)
            continue;
        if (!fold_norm(folded, scope, inner, error))
            return NULL;
        g_ptr_array_add(scopes, g_strconcat(scope, ".", NULL));
    }
    if (scopes->len == 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s has no norms that fold: there is no \"alpha\" of a RepBN",
                    vdt_weights_get_origin(weights));
        return NULL;
    }
    return without(folded, scopes);
}
