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

typedef struct _VdtLiveView VdtLiveView;

/* @func is given each picture, as JPEG, in some thread. NULL if an element is missing. */
VdtLiveView *vdt_live_view_new(VdtStream *stream, const VdtStreamConfig *config,
                               void (*func)(GBytes *jpeg, gpointer data), gpointer data,
                               GError **error);
/* Once a second or so: a pipeline that was built anew is looked at from then on. */
void vdt_live_view_check(VdtLiveView *view);
/* @func is not called any more once this returns. */
void vdt_live_view_free(VdtLiveView *view);
