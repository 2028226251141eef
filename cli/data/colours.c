/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "colours.h"

const char *colour_name(ColourName name)
{
    static const char *const names[COLOUR_N_NAMES] = {"black",  "grey",   "white",  "red",
                                                      "orange", "brown",  "yellow", "green",
                                                      "blue",   "purple", "pink"};
    g_return_val_if_fail((guint)name < COLOUR_N_NAMES, NULL);
    return names[name];
}

/* Darker than that, all is black. */
#define DARK      0.22
/* Below these shares of colour a level is grey, and a red is pink if it is light. */
#define GREYISH   0.19
#define PALE      0.4
#define LIGHT_RED 0.6
/* Less colourful than that, a dark orange is brown. */
#define BROWNISH  0.7

ColourName colour_find_name(guint8 red, guint8 green, guint8 blue)
{
    double most = MAX(MAX(red, green), blue), least = MIN(MIN(red, green), blue);
    double level = most / 255, much = most > 0 ? (most - least) / most : 0, range = most - least;
    if (level < DARK)
        return COLOUR_BLACK;
    if (much < GREYISH)
        return level < 0.3 ? COLOUR_BLACK : level < 0.7 ? COLOUR_GREY : COLOUR_WHITE;
    /* Degrees round the circle, from red. */
    double hue = most == red     ? 60 * (green - blue) / range
                 : most == green ? 120 + 60 * (blue - red) / range
                                 : 240 + 60 * (red - green) / range;
    hue += hue < 0 ? 360 : 0;
    if (hue < 15 || hue >= 342)
        return much < PALE && level > LIGHT_RED ? COLOUR_PINK : COLOUR_RED;
    if (hue < 35)
        return much < BROWNISH ? COLOUR_BROWN : COLOUR_ORANGE;
    return hue < 62    ? COLOUR_YELLOW
           : hue < 170 ? COLOUR_GREEN
           : hue < 255 ? COLOUR_BLUE
           : hue < 320 ? COLOUR_PURPLE
                       : COLOUR_PINK;
}
