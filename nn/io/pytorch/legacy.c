/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PyTorch files before 1.6: five pickles (a magic number, a version, facts about the machine, what
 * was saved, the keys of its storages), then each storage as a count of elements and the elements.
 */
#include "io/byte-order.h"
#include "io/keyed-hash.h"
#include "pytorch.h"

#include <string.h>

#define PROTOCOL 1001

/* The opcode for a 10-byte integer, and the integer 0x1950a86a20f9469cfc6c. */
static const guchar magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                               0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

gboolean vdt_pytorch_legacy_matches(GBytes *bytes)
{
    gsize size;
    const guchar *data = g_bytes_get_data(bytes, &size);

    /* Pickles of protocol 4 put a frame of 9 bytes in front. */
    return size > 2 && data[0] == 0x80 &&
           memmem(data, MIN(size, 2 + 9 + sizeof magic), magic, sizeof magic) != NULL;
}

typedef struct {
    GBytes *bytes;
    const guchar *data;
    gsize size, at;
    const char *origin;
    gsize *budget;
} Reader;

static VdtPickle *next_pickle(Reader *reader, GError **error)
{
    VdtPickle *pickle = vdt_pickle_parse(reader->data + reader->at, reader->size - reader->at,
                                         reader->budget, reader->origin, error);

    if (pickle != NULL)
        reader->at += vdt_pickle_get_length(pickle);
    return pickle;
}

/* Everything up to what was saved. */
static gboolean read_preamble(Reader *reader, GError **error)
{
    g_autoptr(VdtPickle) number = next_pickle(reader, error);
    g_autoptr(VdtPickle) protocol = number != NULL ? next_pickle(reader, error) : NULL;
    g_autoptr(VdtPickle) system = protocol != NULL ? next_pickle(reader, error) : NULL;
    const VdtPickleValue *version, *little;

    if (system == NULL)
        return FALSE;
    version = vdt_pickle_get_root(protocol);
    if (version->kind != VDT_PICKLE_INT || version->integer != PROTOCOL)
        return vdt_unsupported_file(error, reader->origin,
                                    "is not of version %d of the older PyTorch format", PROTOCOL);
    little = vdt_pytorch_lookup(vdt_pickle_get_root(system), "little_endian");
    return (little != NULL && little->kind == VDT_PICKLE_BOOL && little->integer == 1) ||
           vdt_unsupported_file(error, reader->origin,
                                "its byte order is not little endian; save it again on an "
                                "ordinary machine");
}

/* Bytes per element of every storage the pickle mentions, by key. */
static GHashTable *find_element_sizes(const VdtPickle *pickle)
{
    GHashTable *sizes = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < vdt_pickle_get_n_values(pickle); i++) {
        VdtPytorchStorage storage;

        if (vdt_pytorch_storage_init(&storage, vdt_pickle_get_value(pickle, i)))
            g_hash_table_insert(sizes, storage.key, GSIZE_TO_POINTER(storage.element_size));
    }
    return sizes;
}

static gboolean read_storage(Reader *reader, const char *key, gsize element_size,
                             GHashTable *storages, GError **error)
{
    guint64 elements;
    gsize n_bytes;

    if (element_size == 0)
        return vdt_unsupported_file(error, reader->origin, "storage '%s' is of an unknown type",
                                    key);
    if (reader->size - reader->at < sizeof elements)
        return vdt_bad_file(error, reader->origin, "ends before storage '%s'", key);
    elements = vdt_get_u64(reader->data + reader->at);
    reader->at += sizeof elements;
    if (!g_size_checked_mul(&n_bytes, elements, element_size) ||
        n_bytes > reader->size - reader->at)
        return vdt_bad_file(error, reader->origin,
                            "ends within storage '%s' of %" G_GUINT64_FORMAT
                            " elements of %" G_GSIZE_FORMAT " bytes",
                            key, elements, element_size);
    if (!g_hash_table_insert(storages, g_strdup(key),
                             g_bytes_new_from_bytes(reader->bytes, reader->at, n_bytes)))
        return vdt_bad_file(error, reader->origin, "has storage '%s' twice", key);
    reader->at += n_bytes;
    return TRUE;
}

static gboolean read_storages(Reader *reader, const VdtPickle *pickle, const VdtPickleValue *keys,
                              GHashTable *storages, GError **error)
{
    g_autoptr(GHashTable) sizes = find_element_sizes(pickle);

    if (keys->kind != VDT_PICKLE_LIST)
        return vdt_bad_file(error, reader->origin, "has no list of storages");
    for (guint i = 0; i < keys->n_items; i++) {
        g_autofree char *key = NULL;
        gpointer size;

        if (keys->items[i]->kind != VDT_PICKLE_TEXT)
            return vdt_bad_file(error, reader->origin, "the key of storage %u is not text", i);
        key = g_strndup(keys->items[i]->text, keys->items[i]->length);
        if (!g_hash_table_lookup_extended(sizes, key, NULL, &size))
            return vdt_bad_file(error, reader->origin, "storage '%s' belongs to nothing", key);
        if (!read_storage(reader, key, GPOINTER_TO_SIZE(size), storages, error))
            return FALSE;
    }
    return TRUE;
}

VdtWeights *vdt_pytorch_legacy_parse(GBytes *bytes, const char *origin, GError **error)
{
    g_autoptr(GHashTable) storages = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free,
                                                           (GDestroyNotify)g_bytes_unref);
    g_autoptr(VdtPickle) pickle = NULL;
    g_autoptr(VdtPickle) keys = NULL;
    Reader reader = {.bytes = bytes, .origin = origin};
    VdtPytorchFile file = {
        .origin = origin,
        .format = "pytorch-legacy",
        .budget = vdt_pytorch_budget(g_bytes_get_size(bytes)),
        .storages = storages,
    };

    reader.data = g_bytes_get_data(bytes, &reader.size);
    reader.budget = &file.budget;
    if (!read_preamble(&reader, error))
        return NULL;
    pickle = next_pickle(&reader, error);
    keys = pickle != NULL ? next_pickle(&reader, error) : NULL;
    if (keys == NULL || !read_storages(&reader, pickle, vdt_pickle_get_root(keys), storages, error))
        return NULL;
    return vdt_pytorch_collect(&file, vdt_pickle_get_root(pickle), error);
}
