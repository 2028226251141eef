/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of weight files: reading them and recognising what they are. */
#include "formats.h"

#include <string.h>

static gboolean begins_with(GBytes *bytes, const char *text)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    return size >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

/* A safetensors file has no magic number; it begins with the 8-byte length of a JSON object. */
static gboolean looks_like_safetensors(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    return size > 8 && data[8] == '{';
}

VdtWeights *vdt_weights_parse(GBytes *bytes, const char *origin, GError **error)
{
    if (begins_with(bytes, "PK\003\004") || begins_with(bytes, "PK\005\006"))
        return vdt_pytorch_zip_parse(bytes, origin, error);
    if (vdt_pytorch_legacy_matches(bytes))
        return vdt_pytorch_legacy_parse(bytes, origin, error);
    if (looks_like_safetensors(bytes))
        return vdt_safetensors_parse(bytes, origin, error);

    if (g_bytes_get_size(bytes) == 0)
        vdt_bad_file(error, origin, "is empty");
    else if (begins_with(bytes, "version https://git-lfs"))
        vdt_bad_file(error, origin, "is a git-lfs pointer in the place of the weights");
    else if (begins_with(bytes, "\x93NUMPY"))
        vdt_bad_file(error, origin, "is a single numpy array, not a weight file");
    else
        vdt_bad_file(error, origin, "is neither a safetensors nor a PyTorch file");
    return NULL;
}

VdtWeights *vdt_weights_load(const char *path, GError **error)
{
    g_autoptr(VdtOwnedFile) file = vdt_owned_file_read(path, error);
    VdtWeights *weights =
        file != NULL ? vdt_weights_parse(vdt_owned_file_get_bytes(file), path, error) : NULL;

    if (weights != NULL)
        vdt_weights_set_file(weights, g_steal_pointer(&file));
    return weights;
}

VdtTensor *vdt_tensor_from_bytes(VdtDType dtype, const VdtShape *shape, GBytes *bytes, gsize offset,
                                 GError **error)
{
    const char *data = (const char *)g_bytes_get_data(bytes, NULL) + offset;
    /* The alignment of the largest element that fits into blocks of so many bytes. */
    gsize alignment = vdt_dtype_size(dtype) & -vdt_dtype_size(dtype);
    VdtTensor *tensor;

    if ((guintptr)data % alignment == 0)
        return vdt_tensor_new_for_data(dtype, shape, data, (GDestroyNotify)g_bytes_unref,
                                       g_bytes_ref(bytes));
    tensor = vdt_tensor_new(dtype, shape, error);
    if (tensor != NULL)
        memcpy(tensor->data, data, tensor->n_bytes);
    return tensor;
}
