/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "infermaps.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "data/streetdraw.h"
#include "data/streetpictures.h"
#include "mapfiles.h"
#include "palette.h"
#include "score/maptally.h"
#include "scores.h"
#include "streetinput.h"
#if HAVE_GST
#include "data/media.h"
#include "mapsvideo.h"
#endif

/* The picture, what the network makes of it and, on the street, what is true of it. */
typedef struct {
    guint width, height;
    guint8 *rgb, *truth; /* truth: or NULL */
    guint16 *labels;
    guint64 number; /* of the street's picture */
    ClipInfo info;
} Seen;

static void seen_clear(Seen *seen)
{
    g_free(seen->rgb);
    g_free(seen->truth);
    g_free(seen->labels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Seen, seen_clear)

#if HAVE_GST
/* The first picture, packed. */
static gboolean take(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                     GError **error)
{
    Seen *seen = data;
    gsize row = (gsize)3 * picture->width;
    seen->width = picture->width;
    seen->height = picture->height;
    seen->rgb = g_malloc(row * picture->height);
    for (guint y = 0; y < picture->height; y++)
        memcpy(seen->rgb + y * row, picture->data + y * picture->stride, row);
    return FALSE;
}
#endif

static gboolean read_picture(const char *input, Seen *seen, GError **error)
{
#if HAVE_GST
    if (!media_decode(input, take, seen, error))
        return FALSE;
    if (seen->rgb == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", input);
    return seen->rgb != NULL;
#else
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads .npy only", input);
    return FALSE;
#endif
}

/* One of the pictures that `vedette eval` counts on. */
static gboolean draw_street(const char *input, Seen *seen, GError **error)
{
    seen->number = g_random_int_range(0, 1000000);
    if (input[6] == ':' &&
        !g_ascii_string_to_unsigned(input + 7, 10, 0, G_MAXUINT32, &seen->number, NULL)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: a picture of the street has a number, from 0 to %u", input, G_MAXUINT32);
        return FALSE;
    }
    seen->width = STREET_PICTURE_WIDTH;
    seen->height = STREET_PICTURE_HEIGHT;
    ClipFormat format = {
        .width = seen->width, .height = seen->height, .frames = 1, .stored = 1, .mapped = TRUE};
    /* Without an encoder all are as they were drawn. */
    g_autoptr(ClipSet) set =
        street_pictures_new(STREET_HELD_OUT_SEED, seen->number, 1, 2, 0, &format, NULL);
    if (set == NULL)
        set = street_pictures_new(STREET_HELD_OUT_SEED, seen->number, 1, 0, 0, &format, error);
    if (set == NULL)
        return FALSE;
    street_pictures_ignore(set, STREET_LEAST_PIXELS);
    seen->rgb = g_malloc(clip_format_bytes(&format));
    if (!set->fill(set, 0, seen->rgb, NULL, error))
        return FALSE;
    seen->info = set->info(set, 0);
    seen->truth =
        g_memdup2(clip_format_classes(&format, seen->rgb), (gsize)seen->width * seen->height);
    return TRUE;
}

/* Mean IoU with the truth. */
static double get_iou(const VdtCard *card, const Seen *seen)
{
    g_autoptr(MapTally) tally = map_tally_new(card->labels, card->n_labels);
    map_tally_add(tally, &seen->info, seen->truth, seen->labels, (gsize)seen->width * seen->height,
                  0);
    return map_tally_get_mean_iou(tally);
}

/* The network's answer must be to the street's question before it is held against the truth. */
static gboolean check_street(const VdtCard *card, const Seen *seen, GError **error)
{
    guint n = seen->truth != NULL ? VDT_STREET_N_CLASSES : 0;
    if (n > 0 && card->n_labels != n) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s has %u classes with names, but the street has %u", card->name,
                    card->n_labels, n);
        return FALSE;
    }
    for (guint i = 0; i < n; i++)
        if (strcmp(card->labels[i], vdt_street_class_name(i)) != 0) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                        "class %u of %s is \"%s\", but the street's is \"%s\"", i, card->name,
                        card->labels[i], vdt_street_class_name(i));
            return FALSE;
        }
    return TRUE;
}

gboolean infer_maps(VdtEngine *engine, const MapsRequest *request, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    gboolean street = street_input_matches(request->input), video;
    if (!maps_request_check(request, &video, error))
        return FALSE;
#if HAVE_GST
    if (video)
        return infer_maps_video(engine, request, error);
#endif
    g_auto(Seen) seen = {.info.condition = -1};
    if (!(street ? draw_street : read_picture)(request->input, &seen, error) ||
        !check_street(card, &seen, error))
        return FALSE;
    const gsize area = (gsize)seen.width * seen.height;
    VdtPicture picture = {seen.rgb, seen.width, seen.height, (gsize)3 * seen.width};
    seen.labels = g_new(guint16, area);
    if (!vdt_segment_picture(engine, request->mode, &picture, seen.labels, NULL, error))
        return FALSE;

    guint n = MAX(card->n_labels, 1);
    for (gsize i = 0; i < area; i++)
        n = MAX(n, seen.labels[i] + 1u);
    g_autofree double *shares = g_new0(double, n);
    for (gsize i = 0; i < area; i++)
        shares[seen.labels[i]] += 1.0 / area;
    MapsAnswer answer = {.width = seen.width, .height = seen.height, .shares = shares, .n = n};
    if (seen.truth != NULL) {
        answer.street = TRUE;
        answer.number = seen.number;
        answer.info = &seen.info;
        answer.iou = get_iou(card, &seen);
    }
    maps_answer_print(request, card, &answer);
    fflush(stdout); /* an answer is not lost because a picture cannot be kept */
    g_autofree guint32 *colours = vdt_palette_load(card, n);
    if (request->map != NULL &&
        !map_file_save(request->map, seen.labels, seen.width, seen.height, colours, n, error))
        return FALSE;
    if (request->overlay != NULL) {
        map_draw_over(&picture, seen.labels, colours, request->opacity);
        if (!picture_file_save(request->overlay, &picture, error))
            return FALSE;
    }
    return TRUE;
}
