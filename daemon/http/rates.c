/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rates.h"

typedef struct {
    guint64 counts[VDT_RATES_SPAN + 1];
    gint64 times[VDT_RATES_SPAN + 1];
    gint64 change;
    guint n; /* samples, ever */
} Track;

struct _VdtRates {
    GHashTable *tracks;
};

VdtRates *vdt_rates_new(void)
{
    VdtRates *rates = g_new(VdtRates, 1);
    rates->tracks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return rates;
}

void vdt_rates_free(VdtRates *rates)
{
    g_hash_table_unref(rates->tracks);
    g_free(rates);
}

static guint slot(guint sample)
{
    return sample % (VDT_RATES_SPAN + 1);
}

void vdt_rates_add(VdtRates *rates, const char *name, guint64 count, gint64 now)
{
    Track *track = g_hash_table_lookup(rates->tracks, name);
    if (track == NULL) {
        track = g_new0(Track, 1);
        g_hash_table_insert(rates->tracks, g_strdup(name), track);
    }
    if (track->n > 0 && count < track->counts[slot(track->n - 1)])
        track->n = 0;
    if (track->n > 0 ? count > track->counts[slot(track->n - 1)] : count > 0)
        track->change = now;
    track->counts[slot(track->n)] = count;
    track->times[slot(track->n)] = now;
    track->n++;
}

double vdt_rates_get(const VdtRates *rates, const char *name)
{
    const Track *track = g_hash_table_lookup(rates->tracks, name);
    if (track == NULL || track->n < 2)
        return 0;
    guint last = slot(track->n - 1),
          first = slot(track->n > VDT_RATES_SPAN ? track->n - 1 - VDT_RATES_SPAN : 0);
    gint64 span = track->times[last] - track->times[first];
    return span > 0 ? (double)(track->counts[last] - track->counts[first]) * 1e6 / (double)span : 0;
}

gint64 vdt_rates_get_change(const VdtRates *rates, const char *name)
{
    const Track *track = g_hash_table_lookup(rates->tracks, name);
    return track != NULL ? track->change : 0;
}

void vdt_rates_prune(VdtRates *rates, gint64 time)
{
    GHashTableIter iter;
    gpointer track;
    g_hash_table_iter_init(&iter, rates->tracks);
    while (g_hash_table_iter_next(&iter, NULL, &track)) {
        const Track *one = track;
        if (one->times[slot(one->n - 1)] < time)
            g_hash_table_iter_remove(&iter);
    }
}
