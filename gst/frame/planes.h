/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of a frame as red, green and blue in floats, and what has become of it back into a frame:
 * for what changes pixels.
 *
 * Planes are [3,h,w] of the part, from 0 to 255. Chroma that has fewer samples is read between
 * them, as its site says; matrix and range are those of the frame. What is put back are
 * differences, so that pixels keep what they are, bit for bit, where there is none: nothing is lost
 * by going to and fro.
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Formats that this takes, as the value of a caps field. */
#define VDT_PLANES_FORMATS "{ NV12, NV21, I420, YV12, RGB, BGR, RGBx, BGRx, xRGB, xBGR }"

/* Makes @part, which is within the frame, as large as it has to be so that no pixel outside shares
 * a sample with one inside. */
void vdt_planes_align(const GstVideoInfo *info, GstVideoRectangle *part);

/* Fills @planes with @part of @frame. */
void vdt_planes_read(const GstVideoFrame *frame, const GstVideoRectangle *part, float *planes);

/* Adds @planes, differences of @part, to the pixels of @frame that are @inside, an aligned
 * rectangle within @part. */
void vdt_planes_add(GstVideoFrame *frame, const GstVideoRectangle *part, const float *planes,
                    const GstVideoRectangle *inside);

/* Makes all of @frame what @planes, of its size, say. */
void vdt_planes_write(GstVideoFrame *frame, const float *planes);

G_END_DECLS
