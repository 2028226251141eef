/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the state dict in what a PyTorch file holds, and the tensors in the state dict. */
#include "pytorch.h"

#include <string.h>

#define MAX_WRAPPERS 8
#define PREFIX       "module." /* that torch.nn.DataParallel puts before every name */

static const char *const wrappers[] = {"state_dict", "model", "module"};

/* --- Dictionaries --------------------------------------------------------------------------- */

/* Python 2 gives an OrderedDict its items when it is made: a list of lists of two. */
static const VdtPickleValue *first_items(const VdtPickleValue *dict)
{
    const VdtPickleValue *args = dict->kind == VDT_PICKLE_OBJECT ? dict->tail : NULL;

    return args != NULL && args->kind == VDT_PICKLE_TUPLE && args->n_items == 1 &&
                   args->items[0]->kind == VDT_PICKLE_LIST
               ? args->items[0]
               : NULL;
}

static gboolean is_dict(const VdtPickleValue *value)
{
    return value->kind == VDT_PICKLE_DICT ||
           (value->kind == VDT_PICKLE_OBJECT &&
            vdt_pickle_is_global(value->head, "collections", "OrderedDict"));
}

static guint count_pairs(const VdtPickleValue *dict)
{
    const VdtPickleValue *first = first_items(dict);

    return (first != NULL ? first->n_items : 0) + dict->n_items / 2;
}

/* FALSE if pair @i is none, or if its key is not text. */
static gboolean get_pair(const VdtPickleValue *dict, guint i, const VdtPickleValue **key,
                         const VdtPickleValue **value)
{
    const VdtPickleValue *first = first_items(dict);
    guint n_first = first != NULL ? first->n_items : 0;

    if (i < n_first) {
        const VdtPickleValue *pair = first->items[i];

        if ((pair->kind != VDT_PICKLE_LIST && pair->kind != VDT_PICKLE_TUPLE) || pair->n_items != 2)
            return FALSE;
        *key = pair->items[0];
        *value = pair->items[1];
    } else {
        *key = dict->items[2 * (i - n_first)];
        *value = dict->items[2 * (i - n_first) + 1];
    }
    return (*key)->kind == VDT_PICKLE_TEXT;
}

const VdtPickleValue *vdt_pytorch_lookup(const VdtPickleValue *dict, const char *key)
{
    const VdtPickleValue *found = NULL;

    for (guint i = 0; is_dict(dict) && i < count_pairs(dict); i++) {
        const VdtPickleValue *candidate, *value;

        if (get_pair(dict, i, &candidate, &value) && vdt_pickle_is_text(candidate, key))
            found = value; /* a key set twice has the later value */
    }
    return found;
}

/* --- State dicts ---------------------------------------------------------------------------- */

/* A wrapper counts even beside tensors: checkpoints keep a best accuracy next to the state dict,
 * and a state dict itself holds no dictionaries. */
static const VdtPickleValue *unwrap(const VdtPickleValue *dict)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrappers); i++) {
        const VdtPickleValue *value = vdt_pytorch_lookup(dict, wrappers[i]);

        if (value != NULL && is_dict(value) && count_pairs(value) > 0)
            return value;
    }
    return NULL;
}

static gboolean get_tensor_pair(const VdtPickleValue *dict, guint i, const VdtPickleValue **key,
                                const VdtPickleValue **value)
{
    return get_pair(dict, i, key, value) && vdt_pytorch_is_tensor(*value);
}

static gboolean has_prefix(const VdtPickleValue *text)
{
    return text->length >= strlen(PREFIX) && memcmp(text->text, PREFIX, strlen(PREFIX)) == 0;
}

/* Counts the tensors, and tells whether every name begins with the prefix. */
static guint count_tensors(const VdtPickleValue *dict, gboolean *all_prefixed)
{
    const VdtPickleValue *key, *value;
    guint n = 0;

    *all_prefixed = TRUE;
    for (guint i = 0; i < count_pairs(dict); i++) {
        if (get_tensor_pair(dict, i, &key, &value)) {
            n++;
            *all_prefixed &= has_prefix(key);
        }
    }
    return n;
}

/* The name as a C string, NULL if it cannot be one. */
static char *make_name(const VdtPickleValue *key, gsize skip)
{
    return g_utf8_validate_len(key->text, key->length, NULL)
               ? g_strndup(key->text + skip, key->length - skip)
               : NULL;
}

static gboolean add_tensor(VdtPytorchFile *file, VdtWeights *weights, GHashTable *made,
                           const char *name, const VdtPickleValue *value, GError **error)
{
    VdtTensor *tensor = g_hash_table_lookup(made, value);

    if (tensor == NULL) {
        tensor = vdt_pytorch_make_tensor(file, value, name, error);
        if (tensor == NULL)
            return FALSE;
        g_hash_table_insert(made, (gpointer)value, tensor);
    }
    vdt_weights_insert(weights, name, tensor);
    return TRUE;
}

static gboolean describe_failure(VdtPytorchFile *file, const VdtPickleValue *root, GError **error)
{
    if (is_dict(root))
        return vdt_bad_file(error, file->origin,
                            "holds no tensors, neither itself nor as 'state_dict', 'model' or "
                            "'module'");
    if (root->kind == VDT_PICKLE_OBJECT && root->head->kind == VDT_PICKLE_GLOBAL)
        return vdt_unsupported_file(error, file->origin,
                                    "holds an object of the Python class %.*s, not a state dict",
                                    (int)MIN(root->head->tail->length, 80), root->head->tail->text);
    return vdt_bad_file(error, file->origin, "holds something else than a state dict");
}

/* The last value under each key that has a tensor. Keys are told apart by where they are: text that
 * is there twice is paid for by the file, one text that is set a million times must cost no more
 * than once. */
static GHashTable *last_tensors(const VdtPickleValue *dict)
{
    GHashTable *last = g_hash_table_new(NULL, NULL);
    const VdtPickleValue *key, *value;

    for (guint i = 0; i < count_pairs(dict); i++)
        if (get_tensor_pair(dict, i, &key, &value))
            g_hash_table_insert(last, (gpointer)key, (gpointer)value);
    return last;
}

VdtWeights *vdt_pytorch_collect(VdtPytorchFile *file, const VdtPickleValue *root, GError **error)
{
    g_autoptr(VdtWeights) weights = vdt_weights_new_for_file(file->origin, file->format);
    g_autoptr(GHashTable) made =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)vdt_tensor_unref);
    g_autoptr(GHashTable) last = NULL;
    const VdtPickleValue *dict = root;
    gboolean all_prefixed;

    for (guint i = 0; i < MAX_WRAPPERS && unwrap(dict) != NULL; i++)
        dict = unwrap(dict);
    if (!is_dict(dict) || count_tensors(dict, &all_prefixed) == 0) {
        describe_failure(file, root, error);
        return NULL;
    }
    last = last_tensors(dict);
    for (guint i = 0; i < count_pairs(dict); i++) {
        const VdtPickleValue *key, *value;
        g_autofree char *name = NULL;

        if (!get_tensor_pair(dict, i, &key, &value))
            continue;
        value = g_hash_table_lookup(last, key);
        if (value == NULL)
            continue;
        g_hash_table_remove(last, key);
        name = make_name(key, all_prefixed ? strlen(PREFIX) : 0);
        if (name == NULL) {
            vdt_bad_file(error, file->origin, "the name of tensor %u is not UTF-8", i);
            return NULL;
        }
        if (!add_tensor(file, weights, made, name, value, error))
            return NULL;
    }
    return g_steal_pointer(&weights);
}
