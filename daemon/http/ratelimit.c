/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ratelimit.h"

/* A bucket is the time at which it is full again. */
struct _VdtLimits {
    GHashTable *buckets; /* name to gint64 */
    gint64 interval, depth;
    guint most;
};

VdtLimits *vdt_limits_new(guint burst, gint64 interval, guint most)
{
    VdtLimits *limits = g_new(VdtLimits, 1);
    *limits = (VdtLimits){g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free), interval,
                          burst * interval, most};
    return limits;
}

void vdt_limits_free(VdtLimits *limits)
{
    g_hash_table_unref(limits->buckets);
    g_free(limits);
}

/* What is full again need not be kept; if nothing is, the fullest goes. */
static void make_room(VdtLimits *limits, gint64 now)
{
    GHashTableIter iter;
    gpointer name, full, oldest = NULL;
    gint64 least = G_MAXINT64;
    g_hash_table_iter_init(&iter, limits->buckets);
    while (g_hash_table_iter_next(&iter, &name, &full)) {
        gint64 at = *(gint64 *)full;
        if (at <= now) {
            g_hash_table_iter_remove(&iter);
        } else if (at < least) {
            least = at;
            oldest = name;
        }
    }
    if (g_hash_table_size(limits->buckets) >= limits->most)
        g_hash_table_remove(limits->buckets, oldest);
}

gboolean vdt_limits_check(VdtLimits *limits, const char *name, gint64 now)
{
    const gint64 *full = g_hash_table_lookup(limits->buckets, name);
    return full == NULL || *full - now + limits->interval <= limits->depth;
}

gboolean vdt_limits_take(VdtLimits *limits, const char *name, gint64 now)
{
    if (!vdt_limits_check(limits, name, now))
        return FALSE;
    gint64 *full = g_hash_table_lookup(limits->buckets, name);
    if (full == NULL) {
        if (g_hash_table_size(limits->buckets) >= limits->most)
            make_room(limits, now);
        full = g_new0(gint64, 1);
        g_hash_table_insert(limits->buckets, g_strdup(name), full);
    }
    *full = MAX(*full, now) + limits->interval;
    return TRUE;
}

guint vdt_limits_count(const VdtLimits *limits)
{
    return g_hash_table_size(limits->buckets);
}
