/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a stream sees, as pictures with what was found drawn on them: made only while somebody
 * looks. Frames come from behind the stream's first analyser, with its results; without one, from
 * the sink that every frame comes to. Any thread; a stream never waits for it.
 */
#pragma once

#include "config/config.h"
#include "stream/stream.h"

#define VDT_VIEW_RATE 5 /* pictures a second, at most */

typedef struct _VdtView VdtView;

/* @func is given each picture, as JPEG, in some thread. NULL if an element is missing. */
VdtView *vdt_view_new(VdtStream *stream, const VdtStreamConfig *config,
                      void (*func)(GBytes *jpeg, gpointer data), gpointer data, GError **error);
/* Once a second or so: a pipeline that was built anew is looked at from then on. */
void vdt_view_check(VdtView *view);
/* @func is not called any more once this returns. */
void vdt_view_free(VdtView *view);
