/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identities.h"

#include "assignment.h"

#define RIGHT 0.5 /* overlap */

/* The numbers of those there were, counted from 0, and how often each pair was in one place. */
struct _Identities {
    GHashTable *truths, *answers; /* index + 1 by id */
    GHashTable *pairs;            /* frames, by index of the truth * 2^32 + that of the answer */
    guint64 n_truths, n_answers;
};

Identities *identities_new(void)
{
    Identities *identities = g_new0(Identities, 1);
    identities->truths = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    identities->answers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    identities->pairs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return identities;
}

void identities_free(Identities *identities)
{
    g_hash_table_unref(identities->truths);
    g_hash_table_unref(identities->answers);
    g_hash_table_unref(identities->pairs);
    g_free(identities);
}

static guint number_of(GHashTable *numbers, guint64 id)
{
    gpointer number = g_hash_table_lookup(numbers, &id);
    if (number == NULL) {
        number = GUINT_TO_POINTER(g_hash_table_size(numbers) + 1);
        g_hash_table_insert(numbers, g_memdup2(&id, sizeof id), number);
    }
    return GPOINTER_TO_UINT(number) - 1;
}

/* Whether an answer shows, of all that it may show, only what does not count. */
static gboolean shows_ignored(const IdentityBox *answer, const GArray *truths)
{
    gboolean ignored = FALSE;
    for (guint i = 0; i < truths->len; i++) {
        const IdentityBox *truth = &g_array_index(truths, IdentityBox, i);
        if (truth->kind != answer->kind || vdt_bounds_overlap(&truth->box, &answer->box) < RIGHT)
            continue;
        if (!truth->ignored)
            return FALSE;
        ignored = TRUE;
    }
    return ignored;
}

static void add_pair(Identities *identities, const IdentityBox *truth, const IdentityBox *answer)
{
    guint64 key = (guint64)number_of(identities->truths, truth->id) << 32 |
                  number_of(identities->answers, answer->id);
    guint frames = GPOINTER_TO_UINT(g_hash_table_lookup(identities->pairs, &key));
    g_hash_table_replace(identities->pairs, g_memdup2(&key, sizeof key),
                         GUINT_TO_POINTER(frames + 1));
}

void identities_add(Identities *identities, const GArray *truths, const GArray *answers)
{
    for (guint i = 0; i < truths->len; i++)
        identities->n_truths += !g_array_index(truths, IdentityBox, i).ignored;
    for (guint k = 0; k < answers->len; k++) {
        const IdentityBox *answer = &g_array_index(answers, IdentityBox, k);
        if (shows_ignored(answer, truths))
            continue;
        identities->n_answers++;
        for (guint i = 0; i < truths->len; i++) {
            const IdentityBox *truth = &g_array_index(truths, IdentityBox, i);
            if (!truth->ignored && truth->kind == answer->kind &&
                vdt_bounds_overlap(&truth->box, &answer->box) >= RIGHT)
                add_pair(identities, truth, answer);
        }
    }
}

void identities_end(Identities *identities, IdentityCounts *counts)
{
    guint rows = g_hash_table_size(identities->truths);
    guint columns = g_hash_table_size(identities->answers);
    g_autofree guint *frames = g_new0(guint, MAX((gsize)rows * columns, 1));
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, identities->pairs);
    while (g_hash_table_iter_next(&iter, &key, &value))
        frames[(*(guint64 *)key >> 32) * columns + (guint32) * (guint64 *)key] =
            GPOINTER_TO_UINT(value);
    g_autofree guint *best = assign_best(frames, rows, columns);
    for (guint i = 0; i < rows; i++)
        if (best[i] != G_MAXUINT)
            counts->right += frames[(gsize)i * columns + best[i]];
    counts->truths += identities->n_truths;
    counts->answers += identities->n_answers;
    g_hash_table_remove_all(identities->truths);
    g_hash_table_remove_all(identities->answers);
    g_hash_table_remove_all(identities->pairs);
    identities->n_truths = identities->n_answers = 0;
}

double identity_f1(const IdentityCounts *counts)
{
    guint64 boxes = counts->truths + counts->answers;
    return boxes > 0 ? 2.0 * (double)counts->right / (double)boxes : 0;
}
