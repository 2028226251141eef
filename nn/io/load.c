/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of weight files: mapping them and recognising what they are. */
#include "formats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

GBytes *vdt_file_map(const char *path, GError **error)
{
    g_autoptr(GMappedFile) file = NULL;
    /* Not blocking, so that a named pipe is refused rather than waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0) {
        int code = errno;

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s", path,
                    g_strerror(code));
    } else if (!S_ISREG(status.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a regular file", path);
    } else {
        file = g_mapped_file_new_from_fd(fd, FALSE, error);
        if (file == NULL)
            g_prefix_error(error, "%s: ", path);
    }
    if (fd >= 0)
        close(fd);
    return file != NULL ? g_mapped_file_get_bytes(file) : NULL;
}

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
    g_autoptr(GBytes) bytes = vdt_file_map(path, error);
    VdtWeights *weights = bytes != NULL ? vdt_weights_parse(bytes, path, error) : NULL;

    if (weights != NULL)
        vdt_weights_set_mapping(weights, bytes);
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
