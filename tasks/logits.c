/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logits.h"

#include <math.h>
#include <string.h>

struct _VdtLogits {
    float *average;
    gsize n; /* 0: there is none yet */
    guint generation;
};

VdtLogits *vdt_logits_new(void)
{
    return g_new0(VdtLogits, 1);
}

void vdt_logits_free(VdtLogits *logits)
{
    g_free(logits->average);
    g_free(logits);
}

gboolean vdt_logits_are_finite(const float *numbers, gsize n)
{
    gboolean finite = TRUE;

    /* without a way out: this is what vectors can do */
    for (gsize i = 0; i < n; i++)
        finite &= fabsf(numbers[i]) <= G_MAXFLOAT;
    return finite;
}

const float *vdt_logits_smooth(VdtLogits *logits, const float *numbers, gsize n, guint generation,
                               double smoothing)
{
    if (smoothing <= 0) {
        logits->n = 0;
        return numbers;
    }
    if (logits->n != n || logits->generation != generation) {
        logits->average = g_renew(float, logits->average, n);
        logits->n = n;
        logits->generation = generation;
        memcpy(logits->average, numbers, n * sizeof *numbers);
        return logits->average;
    }
    for (gsize i = 0; i < n; i++)
        logits->average[i] += (float)(1 - smoothing) * (numbers[i] - logits->average[i]);
    return logits->average;
}
