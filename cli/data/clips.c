/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clips.h"

#include <math.h>
#include <unistd.h>

#include "media.h"

/* Pixels of all pictures that are kept. */
#define MAX_PIXELS (G_GUINT64_CONSTANT(1) << 30)

/* NULL if there is no memory for it. */
static VdtPicture *picture_new(guint width, guint height)
{
    gsize stride = 3 * (gsize)width;
    guint8 *data = g_try_malloc(stride * height);
    if (data == NULL)
        return NULL;
    VdtPicture *picture = g_new(VdtPicture, 1);
    *picture = (VdtPicture){data, width, height, stride};
    return picture;
}

/* NULL stands for a picture that has not been met yet. */
static void picture_free(gpointer data)
{
    VdtPicture *picture = data;
    if (picture == NULL)
        return;
    g_free(picture->data);
    g_free(picture);
}

void clips_free(Clips *clips)
{
    if (clips == NULL)
        return;
    g_hash_table_unref(clips->pictures);
    g_array_unref(clips->times);
    g_free(clips->indices);
    g_free(clips);
}

static gboolean count(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts_ns,
                      GError **error)
{
    Clips *clips = data;
    clips->n_frames = index + 1;
    clips->timed = clips->timed && pts_ns >= 0 &&
                   (index == 0 || pts_ns > g_array_index(clips->times, gint64, index - 1));
    if (clips->timed)
        g_array_append_val(clips->times, pts_ns);
    if (!clips->quiet && index % 100 == 99 && isatty(STDERR_FILENO))
        g_printerr("\r%" G_GINT64_FORMAT " frames\r", index + 1);
    return TRUE;
}

/* Frames wait whole for their crops (test views), or in the size of the network. */
static VdtView wanted_view(const Clips *clips, const VdtPicture *frame, guint *width, guint *height)
{
    *width = clips->size_w;
    *height = clips->size_h;
    if (!clips->test || clips->card->framing != VDT_FRAMING_CROP)
        return vdt_view_for_framing(clips->card->framing, frame->width, frame->height,
                                    clips->size_w, clips->size_h);
    VdtView view = vdt_view_for_short_side(frame->width, frame->height, clips->size_w);
    *width = view.width;
    *height = view.height;
    return view;
}

typedef struct {
    Clips *clips;
    const char *input;
    guint n_missing;
    gint64 last_needed;
} Keeping;

static gboolean keep(gpointer data, gint64 index, const VdtPicture *frame, gint64 pts_ns,
                     GError **error)
{
    Keeping *keeping = data;
    Clips *clips = keeping->clips;
    gpointer key, old;
    if (g_hash_table_lookup_extended(clips->pictures, &index, &key, &old) && old == NULL) {
        /* A picture whose one side is a speck would be stretched beyond reason. */
        if (MAX(frame->width, frame->height) / MIN(frame->width, frame->height) > 100) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                        "pictures of %ux%u are too narrow to be cropped", frame->width,
                        frame->height);
            return FALSE;
        }
        guint width, height;
        VdtView view = wanted_view(clips, frame, &width, &height);
        guint n = g_hash_table_size(clips->pictures);
        VdtPicture *picture =
            (guint64)width * height * n <= MAX_PIXELS ? picture_new(width, height) : NULL;
        if (picture == NULL) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                        "%s: %u pictures, made %ux%u, are too large to be kept; the limit is "
                        "2^30 pixels, or the memory that there is",
                        keeping->input, n, width, height);
            return FALSE;
        }
        const float *mean = clips->card->mean;
        guint8 margin[3];
        for (int c = 0; c < 3; c++)
            margin[c] = CLAMP(lrintf(mean[c]), 0, 255);
        vdt_picture_resize(frame, &view, margin, picture);
        g_hash_table_insert(clips->pictures, g_memdup2(&index, sizeof index), picture);
        keeping->n_missing--;
        if (clips->first_pts < 0)
            clips->first_pts = pts_ns;
        if (pts_ns >= 0)
            clips->last_pts = pts_ns;
    }
    return index < keeping->last_needed;
}

static Clips *clips_new(const VdtCard *card)
{
    Clips *clips = g_new0(Clips, 1);
    clips->card = card;
    clips->size_w = card->width;
    clips->size_h = card->height;
    clips->n_clips = clips->n_crops = 1;
    clips->first_pts = clips->last_pts = -1;
    clips->timed = TRUE;
    clips->times = g_array_new(FALSE, FALSE, sizeof(gint64));
    clips->pictures = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, picture_free);
    return clips;
}

/* By time, as an element does, if pictures have times; but the authors' evaluation counts them. */
static void choose(Clips *clips, const char *input)
{
    const VdtCard *card = clips->card;
    clips->indices = g_new(gint64, clips->n_clips * card->frames);
    const gint64 *times = (const gint64 *)(void *)clips->times->data;
    const gint64 last = clips->n_frames - 1;
    if (clips->timed && !clips->test && card->frames > 1 && last > 0) {
        double seconds = (times[last] - times[0]) * (1 + 1.0 / last) / 1e9;
        if (!clips->quiet && seconds < card->window)
            g_printerr("vedette: %s: lasts %.2f s, but the model looks at %.2f s: it goes on from "
                       "the beginning\n",
                       input, seconds, card->window);
        vdt_clip_sample_times(times, clips->n_frames, card->frames, (gint64)(card->window * 1e9),
                              clips->n_clips, clips->indices);
    } else
        vdt_clip_sample(clips->n_frames, card->frames, card->frame_interval, clips->n_clips,
                        clips->indices);
}

static gboolean load(Clips *clips, const char *input, GError **error)
{
    const VdtCard *card = clips->card;
    clips->n_views = clips->n_clips * clips->n_crops;
    g_autoptr(Media) media = media_open(input, error);
    if (media == NULL || !media_play(media, count, clips, error))
        return FALSE;

    if (!clips->quiet && clips->n_frames >= 100 && isatty(STDERR_FILENO))
        g_printerr("\r\033[K");

    choose(clips, input);
    guint n = clips->n_clips * card->frames;
    Keeping keeping = {.clips = clips, .input = input};
    for (guint i = 0; i < n; i++) {
        if (g_hash_table_insert(clips->pictures, g_memdup2(&clips->indices[i], sizeof(gint64)),
                                NULL))
            keeping.n_missing++;
        keeping.last_needed = MAX(keeping.last_needed, clips->indices[i]);
    }
    if (!media_play(media, keep, &keeping, error))
        return FALSE;
    if (keeping.n_missing > 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s had %" G_GINT64_FORMAT " pictures, but fewer when read again", input,
                    clips->n_frames);
        return FALSE;
    }
    return TRUE;
}

Clips *clips_load(const char *input, const VdtCard *card, gboolean test, GError **error)
{
    g_autoptr(Clips) clips = clips_new(card);
    clips->test = test;
    if (test) {
        clips->size_w = clips->size_h = card->test_size;
        clips->n_clips = card->test_clips;
        clips->n_crops = card->framing == VDT_FRAMING_CROP ? card->test_crops : 1;
    }
    return load(clips, input, error) ? g_steal_pointer(&clips) : NULL;
}

Clips *clips_load_spread(const char *input, const VdtCard *card, guint n, GError **error)
{
    g_autoptr(Clips) clips = clips_new(card);
    clips->quiet = TRUE;
    clips->n_clips = n;
    return load(clips, input, error) ? g_steal_pointer(&clips) : NULL;
}

VdtPicture clips_get_picture(const Clips *clips, guint i, guint t)
{
    const VdtCard *card = clips->card;
    guint clip = i / clips->n_crops, crop = i % clips->n_crops;
    const VdtPicture *kept =
        g_hash_table_lookup(clips->pictures, &clips->indices[clip * card->frames + t]);
    VdtView view = {kept->width, kept->height, 0, 0};
    if (clips->test && card->framing == VDT_FRAMING_CROP)
        vdt_view_crop(&view, clips->size_w, crop, clips->n_crops);
    return (VdtPicture){kept->data + view.top * kept->stride + 3 * view.left, clips->size_w,
                        clips->size_h, kept->stride};
}

void clips_fill(const Clips *clips, guint i, VdtTensor *to)
{
    for (guint t = 0; t < clips->card->frames; t++) {
        VdtPicture seen = clips_get_picture(clips, i, t);
        vdt_clip_set_frame(to, 0, t, &seen, clips->card->mean, clips->card->std);
    }
}
