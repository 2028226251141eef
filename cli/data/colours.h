/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names that people have for colours.
 */
#pragma once

#include <glib.h>

typedef enum {
    COLOUR_BLACK,
    COLOUR_GREY,
    COLOUR_WHITE,
    COLOUR_RED,
    COLOUR_ORANGE,
    COLOUR_BROWN,
    COLOUR_YELLOW,
    COLOUR_GREEN,
    COLOUR_BLUE,
    COLOUR_PURPLE,
    COLOUR_PINK,
    COLOUR_N_NAMES
} ColourName;

const char *colour_name(ColourName name);
/* What paint or cloth of this colour is called, seen in white light. */
ColourName colour_find_name(guint8 red, guint8 green, guint8 blue);
