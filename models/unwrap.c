/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwrap.h"

#include <string.h>

#include "io/formats.h"
#include "io/keyed-hash.h"
#include "model.h"

/* Ways to name the tensors that are tried, and words that are taken away one after the other: each
 * is a copy of all names. */
#define MAX_TRIES  16
#define MAX_DEPTH  4
/* Names that are copied for that, if there are more tensors than any network has. */
#define MAX_COPIED (1 << 18)
/* First words that are tried, or listed: the most frequent ones. */
#define MAX_WORDS  4
/* Bytes of a word. */
#define MAX_WORD   100
/* Bytes of a name that may have wrappers inside. */
#define MAX_NAME   1000

/* Parts of names that stand for a wrapper, wherever they are. */
static const char *const wrappers[] = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                       "_checkpoint_wrapped_module", NULL};

/* A first word, with its dot if it has one, and how many names begin with it. */
typedef struct {
    char *text;
    guint n;
} Word;

static void clear_word(gpointer data)
{
    g_free(((Word *)data)->text);
}

static int by_frequency(gconstpointer a, gconstpointer b)
{
    const Word *x = a, *y = b;
    return (x->n < y->n) - (x->n > y->n);
}

/* The first words of all names, the most frequent first; of those that are as frequent, the one
 * that comes first. */
static GArray *list_words(const VdtWeights *weights)
{
    GArray *words = g_array_new(FALSE, FALSE, sizeof(Word));
    g_autoptr(GHashTable) index = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    g_array_set_clear_func(words, clear_word);
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i), *dot = strchr(name, '.');
        gsize length = dot != NULL ? (gsize)(dot + 1 - name) : strlen(name);
        g_autofree char *text = g_strndup(name, length);
        gpointer at;
        if (length > MAX_WORD)
            continue;
        if (g_hash_table_lookup_extended(index, text, NULL, &at)) {
            g_array_index(words, Word, GPOINTER_TO_UINT(at)).n++;
        } else {
            Word word = {text, 1};
            g_hash_table_insert(index, g_steal_pointer(&text), GUINT_TO_POINTER(words->len));
            g_array_append_val(words, word);
        }
    }
    g_array_sort(words, by_frequency); /* which is stable */
    return words;
}

static char *without_prefix(const char *name, gconstpointer prefix)
{
    return g_str_has_prefix(name, prefix) ? g_strdup(name + strlen(prefix)) : NULL;
}

static char *without_wrappers(const char *name, gconstpointer unused)
{
    gboolean may = FALSE;
    for (guint i = 0; wrappers[i] != NULL; i++)
        may = may || strstr(name, wrappers[i]) != NULL;
    if (!may || strlen(name) > MAX_NAME)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(name, ".", -1);
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    guint n = 0, n_kept = 0;
    for (; parts[n] != NULL; n++)
        if (!g_strv_contains(wrappers, parts[n])) {
            g_strv_builder_add(kept, parts[n]);
            n_kept++;
        }
    if (n_kept == n || n_kept == 0)
        return NULL;
    g_auto(GStrv) left = g_strv_builder_end(kept);
    return g_strjoinv(".", left);
}

static gboolean is_known(const VdtWeights *weights)
{
    g_autoptr(JsonObject) config = NULL;
    const char *variant;
    return vdt_model_recognise(weights, &config, &variant) != NULL;
}

/* @weights, or what they are without some first words, if that is known; or NULL. */
static VdtWeights *search(VdtWeights *weights, guint depth, guint *tries)
{
    if (is_known(weights))
        return vdt_weights_ref(weights);
    if (depth == MAX_DEPTH)
        return NULL;
    g_autoptr(GArray) words = list_words(weights);
    const guint n = vdt_weights_get_n_tensors(weights);
    const guint most = MIN(MAX_TRIES, MAX_COPIED / MAX(n, 1));
    for (guint i = 0; i < MIN(words->len, MAX_WORDS) && *tries < most; i++) {
        const Word *word = &g_array_index(words, Word, i);
        if (word->n < 2 || !g_str_has_suffix(word->text, "."))
            continue;
        ++*tries;
        g_autoptr(VdtWeights) less = vdt_weights_rename(weights, without_prefix, word->text);
        VdtWeights *found = search(less, depth + 1, tries);
        if (found != NULL)
            return found;
    }
    return NULL;
}

VdtWeights *vdt_weights_unwrap(VdtWeights *weights)
{
    if (is_known(weights))
        return vdt_weights_ref(weights);
    guint tries = 0;
    g_autoptr(VdtWeights) plain = vdt_weights_rename(weights, without_wrappers, NULL);
    VdtWeights *found = search(plain, 0, &tries);
    return found != NULL ? found : g_steal_pointer(&plain);
}

char *vdt_weights_describe(const VdtWeights *weights)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GArray) words = list_words(weights);
    guint n = vdt_weights_get_n_tensors(weights), n_unread = vdt_weights_get_n_unread(weights);
    const char *reason;
    g_string_append_printf(text, "it holds %u tensor%s", n, n == 1 ? "" : "s");
    for (guint i = 0; i < MIN(words->len, MAX_WORDS); i++) {
        const Word *word = &g_array_index(words, Word, i);
        g_string_append_printf(text, i == 0 ? ": %u" : ", %u", word->n);
        g_string_append_printf(
            text, g_str_has_suffix(word->text, ".") ? " below \"%.*s\"" : " called \"%.*s\"",
            (int)strcspn(word->text, "."), word->text);
    }
    if (words->len > MAX_WORDS)
        g_string_append(text, ", and others");
    if (n > 0)
        g_string_append_printf(text, "; the first is \"%.*s\"", MAX_WORD,
                               vdt_weights_get_name(weights, 0));
    if (n_unread > 0) {
        vdt_weights_get_unread(weights, 0, &reason);
        g_string_append_printf(text, "; %u cannot be read: %s", n_unread, reason);
    }
    return g_string_free(text, FALSE);
}
