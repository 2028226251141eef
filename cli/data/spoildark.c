/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sensor that gets little light: electrons are counted, and read with an error. */
#include "spoilkinds.h"

void spoil_dark(Film *film)
{
    double full = spoil_scale(&film->state, 800, 8000); /* electrons in a pixel that is white */
    double read = spoil_between(&film->state, 1, 5), tint[3];
    float grain = random_double(&film->state) < 0.5 ? 0.4f : 0;
    for (guint c = 0; c < 3; c++)
        tint[c] = spoil_between(&film->state, 0.85, 1.15);
    light_from_levels(film->values, 3 * film->area);
    g_autofree float *noise = g_new(float, film->area);
    for (guint c = 0; c < 3; c++) {
        float *plane = film->values + c * film->area;
        float gain = (float)(tint[c] / film->amount);
        spoil_fill_noise(&film->moment, grain, film->width, film->height, noise);
        for (gsize i = 0; i < film->area; i++) {
            float electrons = plane[i] * gain * (float)full;
            electrons += noise[i] * sqrtf(electrons + (float)(read * read));
            plane[i] = electrons / (float)full;
        }
    }
    light_to_levels(film->values, 3 * film->area);
}
