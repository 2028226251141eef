/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "update.h"
#include <math.h>

/* Independent partial sums: they fill vectors. */
#define LANES 8

double vdt_update_square(gsize n, const float *x)
{
    double lanes[LANES] = {0}, sum = 0;
    gsize i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] += (double)x[i + lane] * x[i + lane];
    for (; i < n; i++)
        sum += (double)x[i] * x[i];
    for (int lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    return sum;
}

void vdt_update_sgd(const VdtUpdate *u, gsize n, float *restrict value,
                    const float *restrict gradient, float *restrict momentum)
{
    const float clip = u->clip, decay = u->decay, rate = u->rate, keep = u->momentum;

    if (!momentum) {
        for (gsize i = 0; i < n; i++)
            value[i] -= rate * (gradient[i] * clip + decay * value[i]);
        return;
    }
    for (gsize i = 0; i < n; i++) {
        float m = keep * momentum[i] + (gradient[i] * clip + decay * value[i]);

        momentum[i] = m;
        value[i] -= rate * m;
    }
}

void vdt_update_adamw(const VdtUpdate *u, gsize n, float *restrict value,
                      const float *restrict gradient, float *restrict first, float *restrict second)
{
    const float clip = u->clip, decay = u->decay, rate = u->rate, eps = u->eps;
    const float beta1 = u->beta1, beta2 = u->beta2, correction = u->correction;
    const float other1 = u->other1, other2 = u->other2;

    for (gsize i = 0; i < n; i++) {
        float g = gradient[i] * clip;
        float m = beta1 * first[i] + other1 * g;
        float v = beta2 * second[i] + other2 * g * g;

        first[i] = m;
        second[i] = v;
        value[i] = value[i] * decay - rate * m / (sqrtf(v) * correction + eps);
    }
}

void vdt_update_average(float share, gsize n, float *restrict average, const float *restrict value)
{
    for (gsize i = 0; i < n; i++)
        average[i] += (value[i] - average[i]) * share;
}
