/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From pictures to a network's input, as the authors' data pipelines do it: which frames make a
 * clip, how a frame is resized and cropped, how it is normalised.
 *
 * Pictures are packed RGB of 8 bits; a VdtPicture is a view of somebody's memory. A clip is a
 * tensor [N,3,T,H,W], filled frame by frame.
 */
#pragma once

#include <vedette/card.h>
#include <vedette/tensor.h>

typedef struct {
    guint8 *data;
    guint width, height;
    gsize stride; /* bytes from one row to the next */
} VdtPicture;

/* How a frame becomes a network-sized picture: the size it is resized to, and where the picture's
 * top left corner lies in it. Negative corners leave margins (VDT_FRAMING_FIT). */
typedef struct {
    guint width, height;
    int left, top;
} VdtView;

/* The view that @framing states for frames of @width x @height. */
VdtView vdt_view_for_framing(VdtFraming framing, guint width, guint height, guint to_width,
                             guint to_height);
/* The frame's shorter side brought to @size, ratio kept, nothing cropped. */
VdtView vdt_view_for_short_side(guint width, guint height, guint size);
/* Moves the corner to crop @i of @n of @size x @size: 1 is the centre; 3 lie at the beginning, the
 * end and the middle of the longer side, in that order. */
void vdt_view_crop(VdtView *view, guint size, guint i, guint n);

/*
 * Fills @to with its part of @from resized to @view: bilinear, pixel centres at half, edges
 * repeated, no filtering when shrinking; weights of 11 bits. This is OpenCV's INTER_LINEAR for
 * 8-bit pictures, within one level. What lies outside is filled with @margin.
 */
void vdt_picture_resize(const VdtPicture *from, const VdtView *view, const guint8 margin[3],
                        VdtPicture *to);

/* Writes frame @t of clip @n of [N,3,T,H,W], or, with @t 0, picture @n of [N,3,H,W]: (value - mean)
 * / std. @picture has the clip's size. */
void vdt_clip_set_frame(VdtTensor *clip, guint n, guint t, const VdtPicture *picture,
                        const float mean[3], const float std[3]);

/*
 * Which frames of a video make its clips at test time: @n_clips clips of @length frames,
 * @interval apart, spread evenly (one clip: in the middle). Clips that reach past the end go on
 * from the beginning. Writes @n_clips x @length numbers. @n_frames is at least 1.
 */
void vdt_clip_sample(gint64 n_frames, guint length, guint interval, guint n_clips, gint64 *indices);
/*
 * The same by time: of @n_frames pictures, seen from @times on (ns, each later than the one
 * before), clips whose pictures are the nearest to even steps over @window ns. @length is at
 * least 2.
 */
void vdt_clip_sample_times(const gint64 *times, gint64 n_frames, guint length, gint64 window,
                           guint n_clips, gint64 *indices);
