/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people and cars look like; nothing of it depends on what they do. */
#include "world.h"

static VdtColour hex(guint32 rgb)
{
    return (VdtColour){(rgb >> 16 & 255) / 255.f, (rgb >> 8 & 255) / 255.f, (rgb & 255) / 255.f};
}

static VdtColour any(VdtDice *dice, const guint32 *colours, guint n)
{
    VdtColour colour = hex(colours[vdt_pick(dice, n)]);
    float more = vdt_between(dice, 0.85, 1.12);

    colour.r = MIN(colour.r * more, 1);
    colour.g = MIN(colour.g * more, 1);
    colour.b = MIN(colour.b * more, 1);
    return colour;
}

static const guint32 skins[] = {0xf2cdb0, 0xe8b894, 0xd39b74, 0xb47a52, 0x8c5a3a, 0x62402b};
static const guint32 hairs[] = {0x1d1714, 0x3a2618, 0x5d3c22, 0x8a6236,
                                0xc9a25c, 0x8f8f8f, 0xd9d5cf, 0x7a2f1c};
static const guint32 tops[] = {0xc8412f, 0x2f6fb0, 0x2d8a5b, 0xe2b33c, 0xf0ece2, 0x23262e,
                               0x6b4c93, 0xd9722e, 0x4fa3b8, 0x8b8f97, 0xb8456f, 0x31445c,
                               0x7d8f3a, 0xe7a3a3, 0x555b66, 0xa36b3f};
static const guint32 trousers[] = {0x26344f, 0x1d1f25, 0x4a4f58, 0x6e5a44, 0x9a8a6c,
                                   0x35506e, 0x3d3a46, 0x7b7f86, 0x563a3a, 0xb9b3a4};
static const guint32 shoes[] = {0x1b1a1a, 0x4b3626, 0xd8d6d0, 0x2c3442, 0x8c2f28};
static const guint32 paints[] = {0xb23a32, 0x2c5d9b, 0xd7d9dc, 0x33373d, 0x8b9097, 0x2f6b4f,
                                 0xd8a531, 0x5c6f86, 0xf1eee8, 0x6d2b3a, 0x9cb4c4, 0x74806a};

void vdt_look_init(VdtLook *look, guint64 seed)
{
    VdtDice dice = vdt_dice(seed, 21);

    look->height = vdt_between(&dice, 1.58, 1.9);
    look->girth = vdt_between(&dice, 0.9, 1.25);
    look->skin = any(&dice, skins, G_N_ELEMENTS(skins));
    look->hair = any(&dice, hairs, G_N_ELEMENTS(hairs));
    look->top = any(&dice, tops, G_N_ELEMENTS(tops));
    look->trousers = any(&dice, trousers, G_N_ELEMENTS(trousers));
    look->shoes = any(&dice, shoes, G_N_ELEMENTS(shoes));
    look->short_sleeves = vdt_pick(&dice, 3) == 0;
    look->skirt = vdt_pick(&dice, 5) == 0;
    look->long_hair = vdt_pick(&dice, 3) == 0;
}

static guint8 byte(float share)
{
    return (guint8)(share * 255 + 0.5f);
}

void vdt_look_colour(VdtStreetLook *look, VdtColour colour)
{
    look->red = byte(colour.r);
    look->green = byte(colour.g);
    look->blue = byte(colour.b);
}

void vdt_car_look(guint64 seed, VdtCarLook *look)
{
    VdtDice dice = vdt_dice(seed, 22);

    look->colour = any(&dice, paints, G_N_ELEMENTS(paints));
    look->body = vdt_pick(&dice, 4);
    look->length = vdt_between(&dice, 3.9, 4.6);
    look->width = vdt_between(&dice, 1.7, 1.85);
    look->height = vdt_between(&dice, 1.42, 1.54);
    if (look->body == 3) { /* a van */
        look->length += 0.5;
        look->height = vdt_between(&dice, 1.85, 2.05);
        look->width += 0.1;
    }
}
