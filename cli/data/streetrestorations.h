/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures that are asked what has spoiled them, if anything has: sets of one frame with one group
 * of labels, "restoration", as tasks/autorestore.h wants it of a card.
 *
 * They are clean pictures (cleanpictures.h) of as many pixels as a camera's picture is looked at
 * with; four in ten stay clean, the others are spoiled (spoil.h), each kind as often, by more than
 * is hardly seen.
 */
#pragma once

#include "streettasks.h"

extern const StreetTask street_restorations_task;
