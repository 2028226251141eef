/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A generated clip as a command's input: "street", "street:N" (clip N of the held-out list, the one
 * that `vedette eval` numbers so) or "street:ACTION" (some clip of that action).
 */
#pragma once

#include <vedette/card.h>
#include <vedette/tensor.h>

typedef struct {
    gboolean is_street;
    gint64 clip;
    const char *truth;     /* its action's name */
    const char *condition; /* its condition's name */
    gboolean coded;
} StreetInput;

/* Whether @input means the street; a file of that name is named "./street". */
gboolean street_input_matches(const char *input);
/* Draws the clip as @card wants it, to the only clip of @to. */
gboolean street_input_load(const char *input, const VdtCard *card, VdtTensor *to,
                           StreetInput *street, GError **error);
