/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames and results per second, over the last ten seconds. One thread. */
#pragma once

#include <glib.h>

#define VDT_RATES_SPAN 10 /* samples */

typedef struct _VdtRates VdtRates;

VdtRates *vdt_rates_new(void);
void vdt_rates_free(VdtRates *rates);
/* Counter @name stands at @count at @now, in us. One that went back began anew. */
void vdt_rates_add(VdtRates *rates, const char *name, guint64 count, gint64 now);
/* Per second; 0 before the second sample. */
double vdt_rates_get(const VdtRates *rates, const char *name);
/* When it last rose, in us; 0 if it never did. */
gint64 vdt_rates_get_change(const VdtRates *rates, const char *name);
/* Forgets what had no sample since @time. */
void vdt_rates_prune(VdtRates *rates, gint64 time);
