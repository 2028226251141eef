/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PyTorch files since 1.6: a zip archive with the pickle as PREFIX/data.pkl and the storages as
 * PREFIX/data/0 and so on, PREFIX being whatever the file was called when it was saved.
 */
#include "io/keyed-hash.h"
#include "pytorch.h"
#include "zip.h"

#include <string.h>

typedef struct {
    const VdtZip *zip;
    const char *prefix; /* with its slash, if there is one */
} Archive;

static GBytes *read_record(const Archive *archive, const char *folder, const char *name,
                           GError **error)
{
    g_autofree char *path = g_strconcat(archive->prefix, folder, name, NULL);

    return vdt_zip_read(archive->zip, path, error);
}

static gboolean has_record(const Archive *archive, const char *name)
{
    g_autofree char *path = g_strconcat(archive->prefix, name, NULL);

    return vdt_zip_has(archive->zip, path);
}

static GBytes *read_storage(gpointer container, const char *key, GError **error)
{
    return read_record(container, "data/", key, error);
}

/* What stands before "data.pkl" in the first record of that name; NULL if there is none. */
static char *find_prefix(const VdtZip *zip)
{
    for (guint i = 0; i < vdt_zip_get_n_entries(zip); i++) {
        const char *name = vdt_zip_get_name(zip, i);
        const char *slash = strchr(name, '/');
        const char *file = slash != NULL ? slash + 1 : name;

        if (strcmp(file, "data.pkl") == 0)
            return g_strndup(name, (gsize)(file - name));
    }
    return NULL;
}

static gboolean check_byte_order(const Archive *archive, VdtPytorchFile *file, GError **error)
{
    g_autoptr(GBytes) order = NULL;
    gsize size;
    const char *text;

    if (!has_record(archive, "byteorder"))
        return TRUE;
    order = read_record(archive, "", "byteorder", error);
    if (order == NULL)
        return FALSE;
    text = g_bytes_get_data(order, &size);
    return (size == strlen("little") && memcmp(text, "little", size) == 0) ||
           vdt_unsupported_file(error, file->origin,
                                "its byte order is not little endian; save it again on an "
                                "ordinary machine");
}

VdtWeights *vdt_pytorch_zip_parse(GBytes *bytes, const char *origin, GError **error)
{
    g_autoptr(VdtZip) zip = vdt_zip_open(bytes, origin, error);
    g_autofree char *prefix = zip != NULL ? find_prefix(zip) : NULL;
    g_autoptr(GHashTable) storages = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free,
                                                           (GDestroyNotify)g_bytes_unref);
    g_autoptr(GBytes) data = NULL;
    g_autoptr(VdtPickle) pickle = NULL;
    Archive archive = {.zip = zip, .prefix = prefix};
    VdtPytorchFile file = {
        .origin = origin,
        .format = "pytorch-zip",
        .budget = vdt_pytorch_budget(g_bytes_get_size(bytes)),
        .storages = storages,
        .read_storage = read_storage,
        .container = &archive,
    };

    if (zip == NULL)
        return NULL;
    if (prefix == NULL) {
        vdt_bad_file(error, origin, "is a zip archive without the 'data.pkl' of a PyTorch file");
        return NULL;
    }
    if (has_record(&archive, "constants.pkl")) {
        vdt_unsupported_file(error, origin, "is a TorchScript program, not a state dict");
        return NULL;
    }
    if (!check_byte_order(&archive, &file, error))
        return NULL;
    data = read_record(&archive, "", "data.pkl", error);
    if (data == NULL)
        return NULL;
    pickle = vdt_pickle_parse(g_bytes_get_data(data, NULL), g_bytes_get_size(data), &file.budget,
                              origin, error);
    return pickle != NULL ? vdt_pytorch_collect(&file, vdt_pickle_get_root(pickle), error) : NULL;
}
