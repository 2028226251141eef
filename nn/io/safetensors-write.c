/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing .safetensors. */
#include "atomic-file.h"
#include "formats.h"

static const char *const dtype_names[VDT_N_DTYPES] = {
    [VDT_F32] = "F32", [VDT_F64] = "F64",   [VDT_F16] = "F16", [VDT_BF16] = "BF16",
    [VDT_I64] = "I64", [VDT_I32] = "I32",   [VDT_I16] = "I16", [VDT_I8] = "I8",
    [VDT_U8] = "U8",   [VDT_BOOL] = "BOOL",
};

static void append_string(GString *json, const char *text)
{
    g_string_append_c(json, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(json, '\\');
        if ((guchar)*text < 0x20)
            g_string_append_printf(json, "\\u%04x", (guint)*text);
        else
            g_string_append_c(json, *text);
    }
    g_string_append_c(json, '"');
}

static gboolean append_pair(gpointer key, gpointer value, gpointer data)
{
    GString *json = data;

    if (json->len > 1)
        g_string_append_c(json, ',');
    append_string(json, key);
    g_string_append_c(json, ':');
    append_string(json, value);
    return FALSE;
}

static GString *make_header(const VdtWeights *weights)
{
    GString *json = g_string_new("{");
    g_autoptr(GString) metadata = g_string_new("{");
    gsize at = 0;

    vdt_weights_foreach_metadata(weights, append_pair, metadata);
    if (metadata->len > 1)
        g_string_append_printf(json, "\"__metadata__\":%s}", metadata->str);
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const VdtTensor *tensor = vdt_weights_get_tensor(weights, i);
        g_autofree char *shape = vdt_shape_to_string(&tensor->shape);

        if (json->len > 1)
            g_string_append_c(json, ',');
        append_string(json, vdt_weights_get_name(weights, i));
        g_string_append_printf(json,
                               ":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%" G_GSIZE_FORMAT
                               ",%" G_GSIZE_FORMAT "]}",
                               dtype_names[tensor->dtype], shape, at, at + tensor->n_bytes);
        at += tensor->n_bytes;
    }
    g_string_append_c(json, '}');
    while (json->len % 8 != 0) /* aligns the data for those who map the file */
        g_string_append_c(json, ' ');
    return json;
}

/* Leaves the key of the first pair that is not UTF-8 in @data. */
static gboolean find_bad_pair(gpointer key, gpointer value, gpointer data)
{
    if (g_utf8_validate(key, -1, NULL) && g_utf8_validate(value, -1, NULL))
        return FALSE;
    *(const char **)data = key;
    return TRUE;
}

static gboolean check_metadata(const VdtWeights *weights, const char *path, GError **error)
{
    const char *bad = NULL;
    g_autofree char *shown = NULL;

    vdt_weights_foreach_metadata(weights, find_bad_pair, &bad);
    if (bad == NULL)
        return TRUE;
    shown = g_strescape(bad, NULL);
    return vdt_unsupported_file(error, path, "metadata '%s' is not UTF-8", shown);
}

static gboolean check_names(const VdtWeights *weights, const char *path, GError **error)
{
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i);

        if (!g_utf8_validate(name, -1, NULL) || g_str_equal(name, "__metadata__")) {
            g_autofree char *shown = g_strescape(name, NULL);

            return vdt_unsupported_file(error, path, "the format allows no tensor named '%s'",
                                        shown);
        }
    }
    return TRUE;
}

gboolean vdt_weights_save_safetensors(const VdtWeights *weights, const char *path, GError **error)
{
    g_autoptr(VdtAtomicFile) file = NULL;
    g_autoptr(GString) header = NULL;
    guint64 length;

    if (!check_names(weights, path, error) || !check_metadata(weights, path, error))
        return FALSE;
    file = vdt_atomic_file_new(path, error);
    if (file == NULL)
        return FALSE;
    header = make_header(weights);
    length = header->len;
    if (!vdt_atomic_file_write(file, &length, sizeof length, error) ||
        !vdt_atomic_file_write(file, header->str, header->len, error))
        return FALSE;
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const VdtTensor *tensor = vdt_weights_get_tensor(weights, i);

        if (!vdt_atomic_file_write(file, tensor->data, tensor->n_bytes, error))
            return FALSE;
    }
    return vdt_atomic_file_commit(file, error);
}
