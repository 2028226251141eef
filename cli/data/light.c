/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spoilkinds.h"

#define ROOTS 2048

/* Of each level, and the level of each light, by its root, which the levels nearly are. */
typedef struct {
    float lights[257], levels[ROOTS + 2];
} Curves;

static const Curves *get_curves(void)
{
    static Curves curves;
    static gsize done;
    if (g_once_init_enter(&done)) {
        for (int i = 0; i < 257; i++) {
            double v = MIN(i, 255) / 255.0;
            curves.lights[i] = (float)(v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
        }
        for (int i = 0; i < ROOTS + 2; i++) {
            double root = MIN(i, ROOTS) / (double)ROOTS, light = root * root;
            curves.levels[i] =
                (float)(255 *
                        (light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055));
        }
        g_once_init_leave(&done, 1);
    }
    return &curves;
}

static inline float look_up(const float *table, float at)
{
    int i = (int)at;
    return table[i] + (at - (float)i) * (table[i + 1] - table[i]);
}

void light_from_levels(float *values, gsize n)
{
    const Curves *curves = get_curves();
    for (gsize i = 0; i < n; i++)
        values[i] = look_up(curves->lights, CLAMP(values[i], 0, 255));
}

void light_to_levels(float *values, gsize n)
{
    const Curves *curves = get_curves();
    for (gsize i = 0; i < n; i++)
        values[i] = look_up(curves->levels, ROOTS * sqrtf(CLAMP(values[i], 0, 1)));
}
