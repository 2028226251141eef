/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Light and haze: what becomes of a colour at a place. */
#include "paint.h"

static float mix(float from, float to, double share)
{
    return from + (to - from) * share;
}

void vdt_air_init(VdtAir *air, const VdtStreet *street, const VdtStreetConditions *now)
{
    double wet = MAX(now->rain, now->snow * 0.6);

    air->now = *now;
    double dim = 1 - 0.18 * wet * (1 - now->night);
    air->ambient = (VdtColour){mix(dim, 0.33f, now->night), mix(dim, 0.36f, now->night),
                               mix(dim, 0.48f, now->night)};
    air->mist = (VdtColour){mix(0.8f, 0.17f, now->night), mix(0.83f, 0.19f, now->night),
                            mix(0.86f, 0.24f, now->night)};
    air->thick = 0.075 * now->haze + 0.012 * wet;
    air->n_lamps = 0;
    for (guint i = 0; i < street->props->len && air->n_lamps < 64; i++) {
        const VdtProp *prop = &g_array_index(street->props, VdtProp, i);

        if (prop->kind != VDT_PROP_LAMP)
            continue;
        double side = prop->z > VDT_ROAD_WIDTH / 2 ? -1 : 1;
        air->lamps[air->n_lamps][0] = prop->x;
        air->lamps[air->n_lamps++][1] = prop->z + side * 1.2;
    }
}

VdtColour vdt_air_light(const VdtAir *air, double x, double z)
{
    VdtColour light = air->ambient;
    double lit = 0;

    if (air->now.night <= 0)
        return light;
    for (guint i = 0; i < air->n_lamps; i++) {
        double dx = x - air->lamps[i][0], dz = z - air->lamps[i][1];
        double d = (dx * dx + dz * dz) / 30;

        lit += 1 / (1 + d * d);
    }
    lit = MIN(lit, 1) * air->now.night;
    light.r += 0.62f * lit;
    light.g += 0.5f * lit;
    light.b += 0.26f * lit;
    return light;
}

double vdt_air_mist(const VdtAir *air, double depth)
{
    return 1 - vdt_exp2(-1.44 * air->thick * MAX(depth, 0));
}

VdtColour vdt_air_colour(const VdtAir *air, VdtColour colour, VdtColour light, double mist)
{
    return (VdtColour){mix(colour.r * light.r, air->mist.r, mist),
                       mix(colour.g * light.g, air->mist.g, mist),
                       mix(colour.b * light.b, air->mist.b, mist)};
}
