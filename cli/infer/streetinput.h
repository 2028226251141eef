/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A generated clip, or picture, as a command's input: "street", "street:N" (clip N of the held-out
 * list, the one that `vedette eval` numbers so) or "street:ACTION" (some clip of that action).
 */
#pragma once

#include <vedette/card.h>
#include <vedette/tensor.h>

typedef struct {
    gboolean is_street;
    gint64 clip;
    char *truth;           /* its action's name; of a picture, its labels, as far as it has some */
    const char *condition; /* its condition's name; of a picture, "street" or "texture" */
    gboolean coded;
} StreetInput;

void street_input_clear(StreetInput *street);
/* Whether @input means the street; a file of that name is named "./street". */
gboolean street_input_matches(const char *input);
/* Draws the clip, or for a network that classifies the street's pictures one of these, as @card
 * wants it, to the only clip of @to. */
gboolean street_input_load(const char *input, const VdtCard *card, VdtTensor *to,
                           StreetInput *street, GError **error);
