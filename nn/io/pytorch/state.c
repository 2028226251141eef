/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the state dict in what a PyTorch file holds, and the tensors in the state dict. */
#include "pytorch.h"

#include <string.h>

#define MAX_WRAPPERS 8
#define PREFIX       "module." /* that torch.nn.DataParallel puts before every name */
/* Of the keys that lead to a dictionary; longer than any program writes them. */
#define MAX_PATH     1000
#define MOST_LISTED  10

/* Where training programs keep the network; averages only if there is nothing else. */
static const char *const wrappers[] = {
    "state_dict", "model",      "module", "model_state_dict", "model_state",
    "net",        "network",    "params", "ema_state_dict",   "state_dict_ema",
    "model_ema",  "params_ema", "ema"};

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

/* A dictionary that holds tensors, and the keys that lead to it, each with a dot. */
typedef struct {
    const VdtPickleValue *dict;
    char *path;
    guint n; /* tensors */
} Place;

static void clear_place(gpointer data)
{
    g_free(((Place *)data)->path);
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

/* Adds @dict to @places if it holds tensors, and those inside it. Each is looked at once, however
 * often a pickle names it. */
static void find_places(const VdtPickleValue *dict, const char *path, guint depth, GHashTable *seen,
                        GArray *places)
{
    const VdtPickleValue *key, *value;
    gboolean unused;
    Place place = {.dict = dict};

    if (depth > MAX_WRAPPERS || !is_dict(dict) || !g_hash_table_add(seen, (gpointer)dict))
        return;
    place.n = count_tensors(dict, &unused);
    if (place.n > 0) {
        place.path = g_strdup(path);
        g_array_append_val(places, place);
    }
    for (guint i = 0; i < count_pairs(dict); i++) {
        g_autofree char *name = NULL, *below = NULL;

        if (!get_pair(dict, i, &key, &value) || !is_dict(value) ||
            strlen(path) + key->length > MAX_PATH)
            continue;
        name = make_name(key, 0);
        below = name != NULL ? g_strconcat(path, name, ".", NULL) : NULL;
        if (below != NULL)
            find_places(value, below, depth + 1, seen, places);
    }
}

/* The dictionaries with tensors: @dict itself, unless one inside has more; then all. Free with
 * g_array_unref(). */
static GArray *list_places(const VdtPickleValue *dict)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
    guint most = 0;

    g_array_set_clear_func(places, clear_place);
    find_places(dict, "", 0, seen, places);
    for (guint i = 0; i < places->len; i++)
        most = MAX(most, g_array_index(places, Place, i).n);
    if (places->len > 1 && g_array_index(places, Place, 0).dict == dict &&
        g_array_index(places, Place, 0).n >= most)
        g_array_set_size(places, 1);
    return places;
}

/* A wrapper counts even beside tensors: checkpoints keep a best accuracy next to the state dict,
 * and a state dict itself holds no dictionaries. */
static const VdtPickleValue *unwrap(const VdtPickleValue *dict)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrappers); i++) {
        const VdtPickleValue *value = vdt_pytorch_lookup(dict, wrappers[i]);

        if (value != NULL && is_dict(value)) {
            g_autoptr(GArray) places = list_places(value);

            if (places->len > 0)
                return value;
        }
    }
    return NULL;
}

/* The reason without the file's name, and as text: it may name types that are none. */
static void add_unread(VdtPytorchFile *file, VdtWeights *weights, const char *name,
                       const char *reason)
{
    g_autofree char *origin = g_strconcat(file->origin, ": ", NULL);
    g_autofree char *valid =
        g_utf8_make_valid(reason + (g_str_has_prefix(reason, origin) ? strlen(origin) : 0), -1);

    vdt_weights_add_unread(weights, name, valid);
}

static gboolean add_tensor(VdtPytorchFile *file, VdtWeights *weights, GHashTable *made,
                           const char *name, const VdtPickleValue *value, GError **error)
{
    VdtTensor *tensor = g_hash_table_lookup(made, value);
    g_autoptr(GError) mistake = NULL;

    if (tensor == NULL) {
        tensor = vdt_pytorch_make_tensor(file, value, name, &mistake);
        /* One that cannot be had does not stand in the way of others. */
        if (g_error_matches(mistake, VDT_ERROR, VDT_ERROR_UNSUPPORTED)) {
            add_unread(file, weights, name, mistake->message);
            return TRUE;
        }
        if (tensor == NULL) {
            g_propagate_error(error, g_steal_pointer(&mistake));
            return FALSE;
        }
        g_hash_table_insert(made, (gpointer)value, tensor);
    }
    vdt_weights_insert(weights, name, tensor);
    return TRUE;
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

static gboolean add_all(VdtPytorchFile *file, VdtWeights *weights, GHashTable *made,
                        const Place *place, GError **error)
{
    g_autoptr(GHashTable) last = last_tensors(place->dict);
    gboolean all_prefixed;

    count_tensors(place->dict, &all_prefixed);
    for (guint i = 0; i < count_pairs(place->dict); i++) {
        const VdtPickleValue *key, *value;
        g_autofree char *name = NULL, *whole = NULL;

        if (!get_tensor_pair(place->dict, i, &key, &value))
            continue;
        value = g_hash_table_lookup(last, key);
        if (value == NULL)
            continue;
        g_hash_table_remove(last, key);
        name = make_name(key, all_prefixed ? strlen(PREFIX) : 0);
        if (name == NULL)
            return vdt_bad_file(error, file->origin, "the name of tensor %u is not UTF-8", i);
        whole = g_strconcat(place->path, name, NULL);
        if (!add_tensor(file, weights, made, whole, value, error))
            return FALSE;
    }
    return TRUE;
}

/* The keys of a dictionary, for messages. */
static char *list_keys(const VdtPickleValue *dict)
{
    GString *list = g_string_new(NULL);
    guint n = 0;

    for (guint i = 0; i < count_pairs(dict) && n < MOST_LISTED; i++) {
        const VdtPickleValue *key, *value;
        g_autofree char *name = get_pair(dict, i, &key, &value) ? make_name(key, 0) : NULL;

        if (name != NULL)
            g_string_append_printf(list, "%s'%.*s'", n++ > 0 ? ", " : "", 40, name);
    }
    if (n == 0)
        g_string_append(list, "no names");
    return g_string_free(list, FALSE);
}

static gboolean describe_failure(VdtPytorchFile *file, const VdtPickleValue *root, GError **error)
{
    if (is_dict(root)) {
        g_autofree char *keys = list_keys(root);

        return vdt_bad_file(error, file->origin,
                            "holds no tensors, neither itself nor in the dictionaries inside; it "
                            "has %s",
                            keys);
    }
    if (root->kind == VDT_PICKLE_OBJECT && root->head->kind == VDT_PICKLE_GLOBAL)
        return vdt_unsupported_file(error, file->origin,
                                    "holds an object of the Python class %.*s, not a state dict",
                                    (int)MIN(root->head->tail->length, 80), root->head->tail->text);
    return vdt_bad_file(error, file->origin, "holds something else than a state dict");
}

VdtWeights *vdt_pytorch_collect(VdtPytorchFile *file, const VdtPickleValue *root, GError **error)
{
    g_autoptr(VdtWeights) weights = vdt_weights_new_for_file(file->origin, file->format);
    g_autoptr(GHashTable) made =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)vdt_tensor_unref);
    g_autoptr(GArray) places = NULL;
    const VdtPickleValue *dict = root, *inner;

    for (guint i = 0; i < MAX_WRAPPERS && (inner = unwrap(dict)) != NULL; i++)
        dict = inner;
    places = list_places(dict);
    if (places->len == 0) {
        describe_failure(file, root, error);
        return NULL;
    }
    for (guint i = 0; i < places->len; i++)
        if (!add_all(file, weights, made, &g_array_index(places, Place, i), error))
            return NULL;
    return g_steal_pointer(&weights);
}
