/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ordered map from names to tensors. */
#include "formats.h"
#include "keyed-hash.h"

#include <string.h>

typedef struct {
    char *name;
    VdtTensor *tensor;
} Entry;

struct _VdtWeights {
    gint ref_count;
    GArray *entries;     /* of Entry, in file order */
    GHashTable *by_name; /* name, owned by its entry, to index */
    GPtrArray *unread;   /* name and reason by turns */
    GTree *metadata;     /* key to text; a tree, so that files are the same each time */
    char *origin;
    const char *format;
    VdtOwnedFile *file; /* that tensors lie in, or NULL */
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
    weights->unread = g_ptr_array_new_with_free_func(g_free);
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
    g_ptr_array_unref(weights->unread);
    g_clear_pointer(&weights->file, vdt_owned_file_unref);
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

void vdt_weights_add_unread(VdtWeights *weights, const char *name, const char *reason)
{
    g_ptr_array_add(weights->unread, g_strdup(name));
    g_ptr_array_add(weights->unread, g_strdup(reason));
}

guint vdt_weights_get_n_unread(const VdtWeights *weights)
{
    return weights->unread->len / 2;
}

const char *vdt_weights_get_unread(const VdtWeights *weights, guint i, const char **reason)
{
    g_return_val_if_fail(i < weights->unread->len / 2, NULL);
    if (reason != NULL)
        *reason = weights->unread->pdata[2 * i + 1];
    return weights->unread->pdata[2 * i];
}

const char *vdt_weights_why_unread(const VdtWeights *weights, const char *name)
{
    for (guint i = 0; i < weights->unread->len; i += 2)
        if (strcmp(weights->unread->pdata[i], name) == 0)
            return weights->unread->pdata[i + 1];
    return NULL;
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

void vdt_weights_set_file(VdtWeights *weights, VdtOwnedFile *file)
{
    weights->file = file;
}

/* Those that are renamed, or the others. */
static void copy_renamed(const VdtWeights *from, VdtWeights *to, gboolean renamed,
                         char *(*rename)(const char *name, gconstpointer data), gconstpointer data)
{
    for (guint i = 0; i < from->entries->len; i++) {
        const Entry *entry = &g_array_index(from->entries, Entry, i);
        g_autofree char *name = rename(entry->name, data);

        if ((name != NULL) == renamed &&
            vdt_weights_lookup(to, name != NULL ? name : entry->name) == NULL)
            vdt_weights_insert(to, name != NULL ? name : entry->name, entry->tensor);
    }
}

VdtWeights *vdt_weights_rename(const VdtWeights *weights,
                               char *(*rename)(const char *name, gconstpointer data),
                               gconstpointer data)
{
    VdtWeights *result = vdt_weights_new_for_file(weights->origin, weights->format);

    copy_renamed(weights, result, TRUE, rename, data);
    copy_renamed(weights, result, FALSE, rename, data);
    for (guint i = 0; i < weights->unread->len; i += 2) {
        g_autofree char *name = rename(weights->unread->pdata[i], data);

        vdt_weights_add_unread(result, name != NULL ? name : weights->unread->pdata[i],
                               weights->unread->pdata[i + 1]);
    }
    if (weights->file)
        result->file = vdt_owned_file_ref(weights->file);
    return result;
}

static int compare_spans(gconstpointer a, gconstpointer b)
{
    const VdtSpan *x = a, *y = b;

    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Where the file has tensors that somebody else holds, in order and apart. */
static GArray *find_held(const VdtWeights *weights)
{
    GArray *held = g_array_new(FALSE, FALSE, sizeof(VdtSpan));
    gsize size;
    const char *start = g_bytes_get_data(vdt_owned_file_get_bytes(weights->file), &size);
    guint n = 0;

    for (guint i = 0; i < weights->entries->len; i++) {
        const VdtTensor *tensor = g_array_index(weights->entries, Entry, i).tensor;
        gsize at = (gsize)((const char *)tensor->data - start);
        VdtSpan span = {at, at + tensor->n_bytes};

        if (g_atomic_int_get(&tensor->ref_count) > 1 && (const char *)tensor->data >= start &&
            at < size)
            g_array_append_val(held, span);
    }
    g_array_sort(held, compare_spans);
    for (guint i = 0; i < held->len; i++) {
        VdtSpan span = g_array_index(held, VdtSpan, i);
        VdtSpan *last = n > 0 ? &g_array_index(held, VdtSpan, n - 1) : NULL;

        if (last != NULL && span.begin <= last->end)
            last->end = MAX(last->end, span.end);
        else
            g_array_index(held, VdtSpan, n++) = span;
    }
    g_array_set_size(held, n);
    return held;
}

void vdt_weights_drop_pages(VdtWeights *weights)
{
    g_autoptr(GArray) held = weights->file != NULL ? find_held(weights) : NULL;

    if (held != NULL)
        vdt_owned_file_release(weights->file, (const VdtSpan *)held->data, held->len);
}

gboolean vdt_weights_restore_pages(VdtWeights *weights, GError **error)
{
    return weights->file == NULL || vdt_owned_file_restore(weights->file, error);
}
