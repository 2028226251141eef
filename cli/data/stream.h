/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clips of a set, made ahead by all cores and handed out in order, each once: for clips that
 * are looked at once.
 */
#pragma once

#include "clipset.h"

typedef struct _ClipStream ClipStream;

/* @set is kept by the caller. */
ClipStream *clip_stream_new(const ClipSet *set, GCancellable *cancellable);
void clip_stream_free(ClipStream *stream);
/* The next item's clips, valid until the next call; NULL if it cannot be made, after which the ones
 * behind it can still be had. Not to be called more often than there are items. */
const guint8 *clip_stream_next(ClipStream *stream, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClipStream, clip_stream_free)
