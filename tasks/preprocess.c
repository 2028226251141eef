/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preprocess.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS 11
#define WEIGHT_ONE  (1 << WEIGHT_BITS)

/* Sizes are scaled in double and rounded half up, as mmcv does. */
static guint scaled(guint size, double scale)
{
    return MAX(1, (guint)(size * scale + 0.5));
}

VdtView vdt_view_for_short_side(guint width, guint height, guint size)
{
    double scale = (double)size / MIN(width, height);
    return (VdtView){scaled(width, scale), scaled(height, scale), 0, 0};
}

VdtView vdt_view_for_framing(VdtFraming framing, guint width, guint height, guint to_width,
                             guint to_height)
{
    VdtView view = {to_width, to_height, 0, 0};
    double across = (double)to_width / width, down = (double)to_height / height;
    if (framing == VDT_FRAMING_STRETCH)
        return view;
    double scale = framing == VDT_FRAMING_CROP ? MAX(across, down) : MIN(across, down);
    view.width = scaled(width, scale);
    view.height = scaled(height, scale);
    /* Rounds down for a crop and for margins alike. */
    view.left = ((int)view.width - (int)to_width) / 2;
    view.top = ((int)view.height - (int)to_height) / 2;
    return view;
}

void vdt_view_crop(VdtView *view, guint size, guint i, guint n)
{
    int across = ((int)view->width - (int)size) / 2, down = ((int)view->height - (int)size) / 2;
    /* Twice the rounded half, as the authors' pipeline: an odd last column is never seen. */
    int steps = n == 3 ? (const int[]){0, 2, 1}[i] : 1;
    view->left = steps * across;
    view->top = steps * down;
}

/* For one axis: which two source positions an output position lies between, and the weight of the
 * second. */
typedef struct {
    int first, second;
    int weight;
} Tap;

static Tap tap_at(int position, guint from, guint to)
{
    double scale = (double)from / to;
    float at = (float)((position + 0.5) * scale - 0.5);
    int first = (int)floorf(at);
    at -= first;
    if (first < 0)
        return (Tap){0, 0, 0};
    if (first >= (int)from - 1)
        return (Tap){from - 1, from - 1, 0};
    return (Tap){first, first + 1, (int)lrintf(at * WEIGHT_ONE)};
}

/* Row @y of @from, resampled across: values times WEIGHT_ONE. */
static void resample_row(const VdtPicture *from, int y, const Tap *taps, guint n, int *row)
{
    const guint8 *line = from->data + y * from->stride;
    for (guint x = 0; x < n; x++) {
        const guint8 *a = line + 3 * taps[x].first, *b = line + 3 * taps[x].second;
        int w = taps[x].weight;
        for (int c = 0; c < 3; c++)
            *row++ = a[c] * (WEIGHT_ONE - w) + b[c] * w;
    }
}

static void fill(guint8 *to, guint n, const guint8 colour[3])
{
    for (guint i = 0; i < n; i++, to += 3)
        memcpy(to, colour, 3);
}

void vdt_picture_resize(const VdtPicture *from, const VdtView *view, const guint8 margin[3],
                        VdtPicture *to)
{
    /* The part of @to that the frame covers. */
    int x0 = CLAMP(-view->left, 0, (int)to->width);
    int x1 = CLAMP((int)view->width - view->left, x0, (int)to->width);
    guint n = x1 - x0;
    g_autofree Tap *taps = g_new(Tap, n + 1);
    for (guint x = 0; x < n; x++)
        taps[x] = tap_at(x + x0 + view->left, from->width, view->width);

    /* Two resampled rows are kept: neighbouring output rows mostly share them. */
    g_autofree int *rows = g_new(int, 2 * 3 * n + 1);
    int *upper = rows, *lower = rows + 3 * n;
    int upper_y = -1, lower_y = -1;
    for (guint y = 0; y < to->height; y++) {
        guint8 *line = to->data + y * to->stride;
        int at = (int)y + view->top;
        if (at < 0 || at >= (int)view->height) {
            fill(line, to->width, margin);
            continue;
        }
        Tap down = tap_at(at, from->height, view->height);
        if (down.first == lower_y) {
            int *swap = upper;
            upper = lower;
            lower = swap;
            upper_y = lower_y;
            lower_y = -1;
        }
        if (down.first != upper_y)
            resample_row(from, upper_y = down.first, taps, n, upper);
        if (down.second != lower_y)
            resample_row(from, lower_y = down.second, taps, n, lower);

        fill(line, x0, margin);
        guint8 *out = line + 3 * x0;
        int w1 = down.weight, w0 = WEIGHT_ONE - w1;
        /* Products are cut to 16 bits as OpenCV's vectors cut them, then rounded. */
        for (guint i = 0; i < 3 * n; i++)
            out[i] = (((w0 * (upper[i] >> 4)) >> 16) + ((w1 * (lower[i] >> 4)) >> 16) + 2) >> 2;
        fill(line + 3 * x1, to->width - x1, margin);
    }
}

void vdt_clip_set_frame(VdtTensor *clip, guint n, guint t, const VdtPicture *picture,
                        const float mean[3], const float std[3])
{
    gsize area = (gsize)picture->width * picture->height;
    gsize frames = clip->shape.n_dims == 5 ? clip->shape.dims[2] : 1;
    for (guint c = 0; c < 3; c++) {
        /* A byte has 256 normalised values; the division is done once for each. */
        float values[256];
        for (int v = 0; v < 256; v++)
            values[v] = (v - mean[c]) / std[c];
        float *plane = (float *)clip->data + ((gsize)(n * 3 + c) * frames + t) * area;
        for (guint y = 0; y < picture->height; y++) {
            const guint8 *line = picture->data + y * picture->stride + c;
            for (guint x = 0; x < picture->width; x++)
                *plane++ = values[line[3 * x]];
        }
    }
}

void vdt_clip_sample(gint64 n_frames, guint length, guint interval, guint n_clips, gint64 *indices)
{
    gint64 last_offset = MAX(n_frames - ((gint64)(length - 1) * interval + 1), 0);
    double between = n_clips > 1 ? (double)last_offset / (n_clips - 1) : 0;
    for (guint i = 0; i < n_clips; i++) {
        /* Halves go to the even neighbour, as numpy rounds. */
        gint64 offset = n_clips > 1 ? (gint64)rint(i * between) : last_offset / 2;
        for (guint t = 0; t < length; t++)
            *indices++ = (offset + (gint64)t * interval) % n_frames;
    }
}

/* The last picture that is there at @when, or the first of all. */
static gint64 picture_at(const gint64 *times, gint64 n_frames, double when)
{
    gint64 low = 0, high = n_frames;
    while (high - low > 1) {
        gint64 middle = low + (high - low) / 2;
        if (times[middle] - times[0] <= when)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static gint64 nearest_picture(const gint64 *times, gint64 n_frames, double when)
{
    gint64 at = picture_at(times, n_frames, when);
    if (at + 1 < n_frames && times[at + 1] - times[0] - when < when - (times[at] - times[0]))
        at++;
    return at;
}

void vdt_clip_sample_times(const gint64 *times, gint64 n_frames, guint length, gint64 window,
                           guint n_clips, gint64 *indices)
{
    double total = times[n_frames - 1] - times[0];
    /* Behind the last picture, which lasts as long as the others, the first one follows. */
    double period = n_frames > 1 ? total + total / (n_frames - 1) : 1;
    double last_offset = MAX(total - window, 0);
    for (guint i = 0; i < n_clips; i++) {
        /* Begins at a picture, so that steps of whole pictures stay even. */
        gint64 first = n_clips > 1
                           ? nearest_picture(times, n_frames, last_offset * i / (n_clips - 1))
                           : picture_at(times, n_frames, last_offset / 2);
        double begin = times[first] - times[0];
        for (guint t = 0; t < length; t++) {
            double when = fmod(begin + (double)window * t / (length - 1), period);
            *indices++ = nearest_picture(times, n_frames, when);
        }
    }
}
