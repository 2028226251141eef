/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in boxes around the street's objects, asked several questions: what it is, a vehicle's
 * body, its colour or that of a person's top, what a person carries and wears. Sets of one frame
 * with five groups of labels.
 *
 * A box is an object's own with a little around it, as whoever finds boxes is never exact. Objects
 * of which less than 0.7 can be seen, or that are lower than 48 pixels (bags: 24), are in no set.
 */
#pragma once

#include "streettasks.h"

typedef enum { BOX_KIND, BOX_BODY, BOX_COLOUR, BOX_CARRIES, BOX_WEARS, BOX_N_GROUPS } BoxGroup;
typedef enum { BOX_PERSON, BOX_VEHICLE, BOX_BAG, BOX_N_KINDS } BoxKind;

extern const StreetTask street_boxes_task;
