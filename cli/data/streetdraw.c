/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetdraw.h"

#include <string.h>
#include <vedette/error.h>

#include "config.h"
#if HAVE_GST
#include "h264.h"
#endif

/* Pictures that stand for how the street looks. */
#define N_PROBES     12
#define PROBE_WIDTH  96
#define PROBE_HEIGHT 54

guint64 street_diagonal(guint64 index)
{
    guint64 row = index / VDT_STREET_N_ACTIONS;
    return index % VDT_STREET_N_ACTIONS + row % VDT_STREET_N_CONDITIONS +
           row / VDT_STREET_N_CONDITIONS;
}

gboolean street_clip_is_coded(guint64 index, guint coded)
{
    return coded > 0 && street_diagonal(index) % coded == 0;
}

/* In place: 4 bytes blue, green, red, unused to 3 bytes red, green, blue. */
static void to_rgb(guint8 *pixels, gsize n)
{
    const guint8 *from = pixels;
    for (guint8 *to = pixels; n > 0; n--, from += 4, to += 3) {
        guint8 blue = from[0], green = from[1], red = from[2];
        to[0] = red;
        to[1] = green;
        to[2] = blue;
    }
}

void street_draw_rgb(VdtStreetPainter *painter, gint64 time, guint width, guint height,
                     guint8 *pixels)
{
    vdt_street_painter_draw(painter, time, pixels, (gsize)4 * width);
    to_rgb(pixels, (gsize)width * height);
}

void street_draw_clean_rgb(VdtStreetPainter *painter, gint64 time, guint width, guint height,
                           guint8 *pixels)
{
    vdt_street_painter_draw_clean(painter, time, pixels, (gsize)4 * width);
    to_rgb(pixels, (gsize)width * height);
}

#if HAVE_GST
/* Of a picture that stands still: the first is whole, the second what is left to say of it. */
#define STILL_FRAMES 2

static void draw_still(gpointer data, guint i, guint8 *bgrx, gsize stride)
{
    const VdtPicture *picture = data;
    for (guint y = 0; y < picture->height; y++) {
        const guint8 *from = picture->data + y * picture->stride;
        guint8 *to = bgrx + y * stride;
        for (guint x = 0; x < picture->width; x++, from += 3, to += 4) {
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
            to[3] = 0;
        }
    }
}

static void take_still(gpointer data, guint i, const VdtPicture *picture)
{
    VdtPicture *to = data;
    for (guint y = 0; y < to->height && i == STILL_FRAMES - 1; y++)
        memcpy(to->data + y * to->stride, picture->data + y * picture->stride,
               (gsize)3 * to->width);
}

gboolean street_send_picture(const VdtPicture *picture, GError **error)
{
    /* The one that is taken comes back after all were drawn. */
    VdtPicture sent = *picture;
    H264Job job = {.width = picture->width,
                   .height = picture->height,
                   .rate = STREET_CODED_RATE,
                   .bitrate = STREET_BITRATE,
                   .n_frames = STILL_FRAMES,
                   .draw = draw_still,
                   .take = take_still,
                   .data = &sent};
    return h264_round_trip(&job, error);
}
#else
gboolean street_send_picture(const VdtPicture *picture, GError **error)
{
    return street_find_encoder(1, error) != NULL;
}
#endif

const char *street_find_encoder(guint coded, GError **error)
{
    if (coded == 0)
        return "none";
#if HAVE_GST
    return h264_find_encoder(error);
#else
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "this build has no GStreamer, and so no H.264; --coded 0 does without");
    return NULL;
#endif
}

/* A number for what the street looks like. A changed painter has a new version, unless somebody is
 * just changing it. */
static guint32 look(gint64 duration)
{
    guint32 hash = 2166136261;
    guint8 pixels[PROBE_HEIGHT][PROBE_WIDTH][4];
    for (guint i = 0; i < N_PROBES; i++) {
        /* Along the diagonal of actions and conditions. */
        VdtStreetClip clip =
            vdt_street_list_clip(1, i * (VDT_STREET_N_ACTIONS + 1), duration, NULL);
        g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
        g_autoptr(VdtStreetPainter) painter =
            vdt_street_painter_new(street, PROBE_WIDTH, PROBE_HEIGHT);
        memset(pixels, 0, sizeof pixels);
        vdt_street_painter_draw(painter, clip.duration / 2, pixels[0][0], sizeof pixels[0]);
        for (guint y = 0; y < PROBE_HEIGHT; y++)
            for (guint x = 0; x < PROBE_WIDTH; x++)
                for (int c = 0; c < 3; c++)
                    hash = (hash ^ pixels[y][x][c]) * 16777619;
    }
    return hash;
}

void street_describe(guint64 seed, guint64 first, guint coded, const char *encoder, gint64 duration,
                     GString *key)
{
    g_string_append_printf(key,
                           "world: %d, looks %08x\nseed: %" G_GUINT64_FORMAT
                           "\nfirst: %" G_GUINT64_FORMAT "\ncoded: 1 in %u by %s at %d kbit/s\n",
                           VDT_STREET_VERSION, look(duration), seed, first, coded, encoder,
                           STREET_BITRATE);
}
