/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size), *outside = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtZones) zones = vdt_zones_parse(text, &outside, &error);

    g_assert(zones == NULL || error == NULL);
    for (guint i = 0; zones != NULL && i < zones->n_zones; i++) {
        g_autoptr(GArray) runs = vdt_zone_rasterise(&zones->zones[i], 64, 36);
        for (guint k = 0; k < runs->len; k++) {
            const VdtZoneRun *run = &g_array_index(runs, VdtZoneRun, k);
            g_assert(run->y < 36 && run->from < run->to && run->to <= 64);
        }
    }
    return 0;
}
