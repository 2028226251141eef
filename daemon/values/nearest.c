/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nearest.h"

#include <string.h>

#define MOST_BYTES 64 /* of what is compared */

/* Letters to insert, remove, replace or swap until @a is @b. */
static guint distance(const char *a, const char *b)
{
    guint rows[3][MOST_BYTES + 1];
    guint n_a = strlen(a), n_b = strlen(b);
    guint *before = rows[0], *last = rows[1], *now = rows[2];
    for (guint j = 0; j <= n_b; j++)
        last[j] = j;
    for (guint i = 1; i <= n_a; i++) {
        now[0] = i;
        for (guint j = 1; j <= n_b; j++) {
            guint same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]) ? 0 : 1;
            now[j] = MIN(MIN(last[j] + 1, now[j - 1] + 1), last[j - 1] + same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = MIN(now[j], before[j - 2] + 1);
        }
        guint *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[n_b];
}

char *vdt_did_you_mean(const char *text, const char *const *names)
{
    const char *nearest = NULL;
    guint best = MAX(strlen(text) / 3, 1) + 1; /* one letter of three may be wrong */
    if (strlen(text) > MOST_BYTES)
        return NULL;
    for (guint i = 0; names[i] != NULL; i++) {
        guint d = strlen(names[i]) <= MOST_BYTES ? distance(text, names[i]) : best;
        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest != NULL ? g_strdup_printf("; did you mean %s?", nearest) : NULL;
}
