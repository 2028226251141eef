/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The newest decoded frame of a stream as a JPEG. Of decoders' buffers, of which there are few, a
 * stream's snapshots keep one, the newest, and another one while that is encoded.
 *
 * Encoding and writing are done in one thread, the artist's, which is the process's; whatever is
 * asked for waits for its turn, and shows what is newest then. Any thread; nothing waits, but
 * vdt_artist_free().
 */
#pragma once

#include "jpeg.h"

G_BEGIN_DECLS

typedef struct _VdtArtist VdtArtist;
typedef struct _VdtSnapshots VdtSnapshots;

typedef struct {
    GBytes *jpeg;     /* the whole file; who wants it for longer takes a reference */
    const char *path; /* of the file, or NULL */
    guint width, height;
    gint64 utc; /* of the frame, us */
} VdtSnapshot;

/* In the artist's thread, once: with an error (G_IO_ERROR, a sentence; NOT_FOUND if there is no
 * frame) or a snapshot. */
typedef void (*VdtSnapshotDone)(const VdtSnapshot *snapshot, const GError *error, gpointer data);

/* At most @waiting wait for their turn. */
VdtArtist *vdt_artist_new(guint waiting);
/* Once nobody asks any more: waits @wait us at most for what was asked for. How many were not done:
 * unless 0, the artist stays, and may be freed once more later. */
guint vdt_artist_free(VdtArtist *artist, gint64 wait);

/* Of one stream; @artist must outlive it. */
VdtSnapshots *vdt_snapshots_new(VdtArtist *artist);
VdtSnapshots *vdt_snapshots_ref(VdtSnapshots *snapshots);
void vdt_snapshots_unref(VdtSnapshots *snapshots);
/* A decoded frame, raw video as @info says, in the place of the one before; takes a reference to
 * @buffer, whose last one may be dropped in the artist's thread. @utc in us. */
void vdt_snapshots_put(VdtSnapshots *snapshots, GstBuffer *buffer, const GstVideoInfo *info,
                       gint64 utc);
/* Drops what is kept: as where the stream is flushed, or its pipeline goes. */
void vdt_snapshots_flush(VdtSnapshots *snapshots);
/* Asks for one, and for a file of it, whole or not there (whole.h), if @path is not NULL. FALSE
 * with G_IO_ERROR_BUSY if too many wait; then nothing is called. */
gboolean vdt_snapshots_take(VdtSnapshots *snapshots, const char *path,
                            const VdtJpegOptions *options, VdtSnapshotDone done, gpointer data,
                            GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSnapshots, vdt_snapshots_unref)

G_END_DECLS
