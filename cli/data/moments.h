/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips cut out of endless streets, labelled by what happens in them: what a camera sees, while the
 * clips of the list each show one act and nothing else. Acts begin and end here, and most of the
 * time nothing happens.
 */
#pragma once

#include <street.h>

#include "clipset.h"

typedef struct {
    VdtStreetOptions street;
    gint64 from; /* scene time at which the clip begins, ns */
    VdtStreetAction label;
    VdtStreetCondition condition;
    ClipFocus focus; /* in shares of the street's picture */
} Moment;

/* Moment @index, of @duration ns, of those that belong to @seed: actions and conditions in turn, as
 * in the list, except that some of the streets do not have such a moment. */
Moment moment_choose(guint64 seed, guint64 index, gint64 duration);
