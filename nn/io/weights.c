/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ordered map from names to tensors. */
#include "formats.h"
#include "keyed-hash.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    char *name;
    VdtTensor *tensor;
} Entry;

struct _VdtWeights {
    gint ref_count;
    GArray *entries;     /* of Entry, in file order */
    GHashTable *by_name; /* name, owned by its entry, to index */
    GTree *metadata;     /* key to text; a tree, so that files are the same each time */
    char *origin;
    const char *format;
    GBytes *mapping; /* of the file, or NULL */
};

static void clear_entry(gpointer data)
{
    Entry *entry = data;

    g_free(entry->name);
    vdt_tensor_unref(entry->tensor);
}

static int compare_keys(gconstpointer a, gconstpointer b, gpointer data)
{
    return strcmp(a, b);
}

VdtWeights *vdt_weights_new_for_file(const char *origin, const char *format)
{
    VdtWeights *weights = g_new0(VdtWeights, 1);

    weights->ref_count = 1;
    weights->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(weights->entries, clear_entry);
    weights->by_name = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    weights->metadata = g_tree_new_full(compare_keys, NULL, g_free, g_free);
    weights->origin = g_strdup(origin);
    weights->format = format;
    return weights;
}

VdtWeights *vdt_weights_new(void)
{
    return vdt_weights_new_for_file("made-up weights", "memory");
}

VdtWeights *vdt_weights_ref(VdtWeights *weights)
{
    g_atomic_int_inc(&weights->ref_count);
    return weights;
}

void vdt_weights_unref(VdtWeights *weights)
{
    if (!g_atomic_int_dec_and_test(&weights->ref_count))
        return;
    g_tree_unref(weights->metadata);
    g_hash_table_unref(weights->by_name);
    g_array_unref(weights->entries);
    g_clear_pointer(&weights->mapping, g_bytes_unref);
    g_free(weights->origin);
    g_free(weights);
}

void vdt_weights_insert(VdtWeights *weights, const char *name, VdtTensor *tensor)
{
    gpointer index;

    vdt_tensor_ref(tensor);
    if (g_hash_table_lookup_extended(weights->by_name, name, NULL, &index)) {
        Entry *entry = &g_array_index(weights->entries, Entry, GPOINTER_TO_UINT(index));

        vdt_tensor_unref(entry->tensor);
        entry->tensor = tensor;
    } else {
        Entry entry = {.name = g_strdup(name), .tensor = tensor};

        g_hash_table_insert(weights->by_name, entry.name, GUINT_TO_POINTER(weights->entries->len));
        g_array_append_val(weights->entries, entry);
    }
}

guint vdt_weights_get_n_tensors(const VdtWeights *weights)
{
    return weights->entries->len;
}

const char *vdt_weights_get_name(const VdtWeights *weights, guint i)
{
    g_return_val_if_fail(i < weights->entries->len, NULL);
    return g_array_index(weights->entries, Entry, i).name;
}

VdtTensor *vdt_weights_get_tensor(const VdtWeights *weights, guint i)
{
    g_return_val_if_fail(i < weights->entries->len, NULL);
    return g_array_index(weights->entries, Entry, i).tensor;
}

VdtTensor *vdt_weights_lookup(const VdtWeights *weights, const char *name)
{
    gpointer index;

    if (!g_hash_table_lookup_extended(weights->by_name, name, NULL, &index))
        return NULL;
    return g_array_index(weights->entries, Entry, GPOINTER_TO_UINT(index)).tensor;
}

const char *vdt_weights_get_origin(const VdtWeights *weights)
{
    return weights->origin;
}

void vdt_weights_set_origin(VdtWeights *weights, const char *origin)
{
    g_free(weights->origin);
    weights->origin = g_strdup(origin);
}

const char *vdt_weights_get_format(const VdtWeights *weights)
{
    return weights->format;
}

const char *vdt_weights_get_metadata(const VdtWeights *weights, const char *key)
{
    return g_tree_lookup(weights->metadata, key);
}

void vdt_weights_set_metadata(VdtWeights *weights, const char *key, const char *value)
{
    if (value != NULL)
        g_tree_insert(weights->metadata, g_strdup(key), g_strdup(value));
    else
        g_tree_remove(weights->metadata, key);
}

void vdt_weights_foreach_metadata(const VdtWeights *weights, GTraverseFunc func, gpointer data)
{
    g_tree_foreach(weights->metadata, func, data);
}

void vdt_weights_set_mapping(VdtWeights *weights, GBytes *bytes)
{
    weights->mapping = g_bytes_ref(bytes);
}

void vdt_weights_drop_pages(const VdtWeights *weights)
{
    gsize page = sysconf(_SC_PAGESIZE), size;
    guintptr start, end;

    if (!weights->mapping)
        return;
    start = (guintptr)g_bytes_get_data(weights->mapping, &size);
    end = (start + size) / page * page;
    start = (start + page - 1) / page * page;
    /* The pages are the file's own, unchanged: they come back when somebody reads them. */
    if (start < end)
        madvise((void *)start, end - start, MADV_DONTNEED);
}
