/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segmentmodes.h"

#include <math.h>
#include <string.h>

#include "labelmap.h"
#include "logits.h"

#define MULTIPLE    32 /* of sides that every network takes */
#define MOST_RATIO  4  /* of the longer side to the shorter one's size */
#define MOST_PIXELS (1u << 28)

const char *const vdt_segment_mode_names[] = {"fixed", "whole", "slide", NULL};

VdtSegmentMode vdt_segment_mode_of(const char *name, const VdtCard *card)
{
    for (guint i = 0; name && vdt_segment_mode_names[i]; i++)
        if (strcmp(name, vdt_segment_mode_names[i]) == 0)
            return i;
    return strcmp(card->variant, "small") == 0 ? VDT_SEGMENT_FIXED : VDT_SEGMENT_WHOLE;
}

/* What the network saw: part of a canvas, and the logits for it. */
typedef struct {
    guint x, y, width, height;
    VdtTensor *logits;
} Window;

static void window_clear(gpointer data)
{
    g_clear_pointer(&((Window *)data)->logits, vdt_tensor_unref);
}

/* The picture as it is seen: resized, with margins to legal sides. */
typedef struct {
    VdtPicture canvas;
    guint width, height; /* without the margins */
} Seen;

static guint round_up(guint side)
{
    return (side + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
}

static void choose_size(const VdtCard *card, VdtSegmentMode mode, const VdtPicture *picture,
                        Seen *seen)
{
    double width = picture->width, height = picture->height;
    double scale = MIN(card->test_size / MIN(width, height),
                       (double)MOST_RATIO * card->test_size / MAX(width, height));

    if (mode == VDT_SEGMENT_FIXED) {
        seen->width = seen->canvas.width = card->width;
        seen->height = seen->canvas.height = card->height;
        return;
    }
    seen->width = MAX(floor(width * scale + 0.5), 1);
    seen->height = MAX(floor(height * scale + 0.5), 1);
    seen->canvas.width = round_up(seen->width);
    seen->canvas.height = round_up(seen->height);
}

/* Margins are of the mean colour, so that they are 0 for the network, nearly. */
static gboolean show(const VdtCard *card, VdtSegmentMode mode, const VdtPicture *picture,
                     Seen *seen)
{
    guint8 margin[3];

    choose_size(card, mode, picture, seen);
    for (int c = 0; c < 3; c++)
        margin[c] = (guint8)CLAMP(lrintf(card->mean[c]), 0, 255);
    VdtView view = {seen->width, seen->height, 0, 0};
    seen->canvas.stride = (gsize)3 * seen->canvas.width;
    seen->canvas.data = g_try_malloc(seen->canvas.stride * seen->canvas.height);
    if (seen->canvas.data)
        vdt_picture_resize(picture, &view, margin, &seen->canvas);
    return seen->canvas.data != NULL;
}

guint vdt_segment_windows(guint size, guint window, guint stride, guint *starts)
{
    guint n = size > window ? (size - window + stride - 1) / stride + 1 : 1;

    for (guint i = 0; i < n; i++)
        starts[i] = size > window ? MIN(i * stride, size - window) : 0;
    return n;
}

/* Adds what the network says of one window. */
static gboolean look(VdtEngine *engine, const Seen *seen, Window window, GArray *windows,
                     GCancellable *cancellable, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    VdtShape shape = vdt_engine_get_input_shape(engine, 1, window.width, window.height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &shape, error);
    VdtPicture part = seen->canvas;
    const VdtTensor *output;

    if (!session)
        return FALSE;
    output = vdt_session_get_output(session, 0);
    if (output->shape.n_dims != 4 || output->shape.dims[1] > G_MAXUINT16) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s does not answer with a class for each pixel", card->name);
        return FALSE;
    }
    part.data += window.y * part.stride + (gsize)3 * window.x;
    part.width = window.width;
    part.height = window.height;
    vdt_clip_set_frame(vdt_session_get_input(session, 0), 0, 0, &part, card->mean, card->std);
    if (!vdt_session_run(session, cancellable, error))
        return FALSE;
    if (!vdt_logits_are_finite(output->data, output->n_bytes / sizeof(float))) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: the network's answer is not finite: its weights may be damaged",
                    card->name);
        return FALSE;
    }
    window.logits = vdt_tensor_new(VDT_F32, &output->shape, error);
    if (!window.logits)
        return FALSE;
    memcpy(window.logits->data, output->data, output->n_bytes);
    g_array_append_val(windows, window);
    return TRUE;
}

static gboolean look_all(VdtEngine *engine, VdtSegmentMode mode, const Seen *seen, GArray *windows,
                         GCancellable *cancellable, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    const guint width = seen->canvas.width, height = seen->canvas.height;
    guint side = mode == VDT_SEGMENT_SLIDE ? card->test_size : MAX(width, height);
    guint stride = MAX(side * 2 / 3, 1), n_across, n_down;
    g_autofree guint *across = g_new(guint, width), *down = g_new(guint, height);

    n_across = vdt_segment_windows(width, side, stride, across);
    n_down = vdt_segment_windows(height, side, stride, down);
    for (guint i = 0; i < n_across * n_down; i++) {
        Window window = {.x = across[i % n_across],
                         .y = down[i / n_across],
                         .width = MIN(side, width),
                         .height = MIN(side, height)};

        if (!look(engine, seen, window, windows, cancellable, error))
            return FALSE;
    }
    return TRUE;
}

/* One class on the canvas: each window's logits resized to it, averaged. @plane and @counts are of
 * the canvas, @part is large enough for a window. */
static void spread_class(const GArray *windows, guint class, guint canvas_width, gsize canvas_area,
                         float *plane, float *counts, float *part)
{
    memset(plane, 0, canvas_area * sizeof *plane);
    memset(counts, 0, canvas_area * sizeof *counts);
    for (guint i = 0; i < windows->len; i++) {
        const Window *w = &g_array_index(windows, Window, i);
        const gint64 *dims = w->logits->shape.dims;
        const float *logits = (const float *)w->logits->data + class * dims[2] * dims[3];

        vdt_plane_resize(logits, dims[2], dims[3], dims[3], part, w->height, w->width);
        for (guint y = 0; y < w->height; y++)
            for (guint x = 0; x < w->width; x++) {
                gsize at = (gsize)(w->y + y) * canvas_width + w->x + x;

                plane[at] += part[(gsize)y * w->width + x];
                counts[at]++;
            }
    }
    for (gsize i = 0; i < canvas_area; i++)
        plane[i] /= counts[i];
}

static gboolean choose_classes(const GArray *windows, const Seen *seen, const VdtPicture *picture,
                               guint16 *labels)
{
    const Window *first = &g_array_index(windows, Window, 0);
    const gsize canvas = (gsize)seen->canvas.width * seen->canvas.height;
    const gsize area = (gsize)picture->width * picture->height;
    g_autofree float *plane = g_try_new(float, canvas), *counts = g_try_new(float, canvas);
    g_autofree float *part = g_try_new(float, canvas), *resized = g_try_new(float, area);
    g_autofree float *best = g_try_new(float, area);

    if (!plane || !counts || !part || !resized || !best)
        return FALSE;
    for (guint class = 0; class < first->logits->shape.dims[1]; class ++) {
        spread_class(windows, class, seen->canvas.width, canvas, plane, counts, part);
        vdt_plane_resize(plane, seen->height, seen->width, seen->canvas.width, resized,
                         picture->height, picture->width);
        for (gsize i = 0; i < area; i++)
            if (class == 0 || resized[i] > best[i]) {
                best[i] = resized[i];
                labels[i] = (guint16) class;
            }
    }
    return TRUE;
}

gboolean vdt_segment_picture(VdtEngine *engine, VdtSegmentMode mode, const VdtPicture *picture,
                             guint16 *labels, GCancellable *cancellable, GError **error)
{
    g_autoptr(GArray) windows = g_array_new(FALSE, FALSE, sizeof(Window));
    Seen seen = {0};
    gboolean done, room;

    if (picture->width == 0 || picture->height == 0 ||
        (guint64)picture->width * picture->height > MOST_PIXELS) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "a picture of %ux%u pixels is not segmented: it may have 1 to %u of them",
                    picture->width, picture->height, MOST_PIXELS);
        return FALSE;
    }
    g_array_set_clear_func(windows, window_clear);
    room = show(vdt_engine_get_card(engine), mode, picture, &seen);
    done = room && look_all(engine, mode, &seen, windows, cancellable, error);
    if (done && mode == VDT_SEGMENT_FIXED) {
        const VdtTensor *logits = g_array_index(windows, Window, 0).logits;
        const gint64 *dims = logits->shape.dims;

        vdt_label_map(logits->data, dims[1], dims[2], dims[3], labels, picture->width,
                      picture->width, picture->height);
    } else if (done) {
        done = room = choose_classes(windows, &seen, picture, labels);
    }
    if (!room)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "no memory to segment a picture of %ux%u pixels", picture->width,
                    picture->height);
    g_free(seen.canvas.data);
    return done;
}
