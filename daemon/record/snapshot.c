/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot.h"

#include "whole.h"

struct _VdtArtist {
    GThreadPool *pool;
    guint most;
    GMutex lock;
    GCond cond;
    guint wanted; /* guarded: what waits, and what is at work */
};

typedef struct {
    GstBuffer *buffer; /* NULL for none */
    GstVideoInfo info;
    gint64 utc;
} Frame;

struct _VdtSnapshots {
    VdtArtist *artist;
    GMutex lock;
    Frame newest; /* guarded */
};

/* What was asked for. */
typedef struct {
    VdtSnapshots *snapshots;
    char *path;
    VdtJpegOptions options;
    VdtSnapshotDone done;
    gpointer data;
} Wish;

/* --- frames --- */

VdtSnapshots *vdt_snapshots_new(VdtArtist *artist)
{
    VdtSnapshots *snapshots = g_atomic_rc_box_new0(VdtSnapshots);

    g_mutex_init(&snapshots->lock);
    snapshots->artist = artist;
    return snapshots;
}

VdtSnapshots *vdt_snapshots_ref(VdtSnapshots *snapshots)
{
    return g_atomic_rc_box_acquire(snapshots);
}

static void snapshots_clear(gpointer data)
{
    VdtSnapshots *snapshots = data;

    gst_clear_buffer(&snapshots->newest.buffer);
    g_mutex_clear(&snapshots->lock);
}

void vdt_snapshots_unref(VdtSnapshots *snapshots)
{
    g_atomic_rc_box_release_full(snapshots, snapshots_clear);
}

static void replace(VdtSnapshots *snapshots, const Frame *frame)
{
    GstBuffer *old;

    g_mutex_lock(&snapshots->lock);
    old = snapshots->newest.buffer;
    snapshots->newest = *frame;
    g_mutex_unlock(&snapshots->lock);
    /* outside, since a pool may have something to do for it */
    gst_clear_buffer(&old);
}

void vdt_snapshots_put(VdtSnapshots *snapshots, GstBuffer *buffer, const GstVideoInfo *info,
                       gint64 utc)
{
    replace(snapshots, &(Frame){.buffer = gst_buffer_ref(buffer), .info = *info, .utc = utc});
}

void vdt_snapshots_flush(VdtSnapshots *snapshots)
{
    replace(snapshots, &(Frame){.buffer = NULL});
}

static Frame get_newest(VdtSnapshots *snapshots)
{
    Frame frame;

    g_mutex_lock(&snapshots->lock);
    frame = snapshots->newest;
    if (frame.buffer)
        gst_buffer_ref(frame.buffer);
    g_mutex_unlock(&snapshots->lock);
    return frame;
}

/* --- the artist --- */

static void wish_free(Wish *wish)
{
    vdt_snapshots_unref(wish->snapshots);
    g_free(wish->path);
    g_free(wish);
}

static GBytes *draw(const Wish *wish, VdtSnapshot *snapshot, GError **error)
{
    Frame frame = get_newest(wish->snapshots);
    g_autoptr(GError) problem = NULL;
    GBytes *jpeg = NULL;

    snapshot->utc = frame.utc;
    if (!frame.buffer)
        g_set_error_literal(&problem, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no picture");
    else
        jpeg = vdt_jpeg_encode(frame.buffer, &frame.info, &wish->options, &snapshot->width,
                               &snapshot->height, &problem);
    gst_clear_buffer(&frame.buffer);
    if (problem)
        g_set_error(error, problem->domain, problem->code, "%s%s%s", wish->path ? wish->path : "",
                    wish->path ? ": " : "", problem->message);
    return jpeg;
}

static gboolean store(const Wish *wish, GBytes *jpeg, GError **error)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(jpeg, &size);

    return !wish->path || vdt_whole_write(wish->path, data, size, error);
}

static void run(gpointer data, gpointer user_data)
{
    Wish *wish = data;
    VdtArtist *artist = user_data;
    VdtSnapshot snapshot = {.path = wish->path};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) jpeg = draw(wish, &snapshot, &error);

    snapshot.jpeg = jpeg;
    if (jpeg && store(wish, jpeg, &error))
        wish->done(&snapshot, NULL, wish->data);
    else
        wish->done(NULL, error, wish->data);
    wish_free(wish);
    g_mutex_lock(&artist->lock);
    artist->wanted--;
    g_cond_broadcast(&artist->cond);
    g_mutex_unlock(&artist->lock);
}

gboolean vdt_snapshots_take(VdtSnapshots *snapshots, const char *path,
                            const VdtJpegOptions *options, VdtSnapshotDone done, gpointer data,
                            GError **error)
{
    VdtArtist *artist = snapshots->artist;
    gboolean full;
    Wish *wish;

    g_mutex_lock(&artist->lock);
    full = artist->wanted > artist->most;
    artist->wanted += !full;
    g_mutex_unlock(&artist->lock);
    if (full) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY,
                    "%s%s%u snapshots wait to be encoded, and no more may", path ? path : "",
                    path ? ": " : "", artist->most);
        return FALSE;
    }
    wish = g_new(Wish, 1);
    *wish = (Wish){.snapshots = vdt_snapshots_ref(snapshots),
                   .path = g_strdup(path),
                   .options = *options,
                   .done = done,
                   .data = data};
    g_thread_pool_push(artist->pool, wish, NULL);
    return TRUE;
}

VdtArtist *vdt_artist_new(guint waiting)
{
    VdtArtist *artist = g_new0(VdtArtist, 1);

    g_mutex_init(&artist->lock);
    g_cond_init(&artist->cond);
    artist->most = waiting;
    artist->pool = g_thread_pool_new(run, artist, 1, FALSE, NULL);
    return artist;
}

guint vdt_artist_free(VdtArtist *artist, gint64 wait)
{
    const gint64 end = g_get_monotonic_time() + wait;
    guint left;

    g_mutex_lock(&artist->lock);
    while (artist->wanted > 0 && g_cond_wait_until(&artist->cond, &artist->lock, end))
        continue;
    left = artist->wanted;
    g_mutex_unlock(&artist->lock);
    if (left > 0)
        return left;
    g_thread_pool_free(artist->pool, FALSE, TRUE);
    g_cond_clear(&artist->cond);
    g_mutex_clear(&artist->lock);
    g_free(artist);
    return 0;
}
