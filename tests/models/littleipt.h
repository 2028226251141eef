/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A little network of three tasks whose weights say exactly what comes out: "x2" enlarges by
 * repeating pixels, "noise", the usual one, leaves pictures as they are, "rain" moves them to the
 * left by a pixel, and each tile's last column is 0.
 */
#pragma once

#include <glib.h>

#define LITTLE_IPT_TILE 24

/* Makes card.json and its weights in @dir. */
void little_ipt_save(const char *dir);
/* One that takes pictures of any size and leaves them as they are, by each of its two tasks. */
void little_ipt_save_live(const char *dir);
/* A classifier that says of each picture that it is @answer, one of clean, noise and rain. */
void little_estimator_save(const char *dir, const char *answer);
void little_ipt_remove(const char *dir);
