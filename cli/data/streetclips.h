/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips of the synthetic street, drawn as they are asked for.
 *
 * Clip i is clip i of the world's list for a seed. Most are drawn at 320x180; one in eight at
 * 640x360; one in @coded at 320x180 and 25 frames a second, sent through H.264 at 1 Mbit/s, as a
 * camera would, and picked from there. Which ones is spread evenly over actions and conditions.
 */
#pragma once

#include "clipset.h"
#include "streetdraw.h"

/* Whether clip @index is drawn large. */
gboolean street_clip_is_large(guint64 index, guint coded);

/* @coded is 0 for none, otherwise 2 or more; VDT_ERROR_UNSUPPORTED if there is no encoder. One clip
 * in @endless, 0 for none, is a moment of an endless street instead (moments.h). */
ClipSet *street_clips_new(guint64 seed, guint64 first, guint n, guint coded, guint endless,
                          const ClipFormat *format, GError **error);
