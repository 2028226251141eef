/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a decoder's frame straight to the network's picture: 8-bit RGB, packed, of any size.
 *
 * A map is made once for a frame layout and holds, for each output column and row, which samples
 * of which plane are weighed how; converting a frame is then two table look-ups and a matrix per
 * output pixel. Only the samples that the picture needs are read.
 *
 * A map has scratch rows: one thread at a time. It keeps no reference to any frame.
 */
#pragma once

#include "framing.h"

G_BEGIN_DECLS

/* Formats that a map can be made for, as the value of a caps field. */
#define VDT_FRAME_FORMATS                                                                          \
    "{ NV12, NV21, I420, YV12, YUY2, UYVY, Y42B, Y444, GRAY8, I420_10LE, RGB, BGR, RGBx, BGRx, "   \
    "xRGB, xBGR, RGBA, BGRA, ARGB, ABGR }"

typedef struct _VdtFrameMap VdtFrameMap;

/* @visible is the part of the frame to look at; it is clipped to the frame, and NULL means all. */
VdtFrameMap *vdt_frame_map_new(const GstVideoInfo *info, const GstVideoRectangle *visible,
                               const VdtFrameTarget *target);
void vdt_frame_map_free(VdtFrameMap *map);
/* Whether the map was made for frames like this one; strides and offsets may differ. */
gboolean vdt_frame_map_fits(const VdtFrameMap *map, const GstVideoInfo *info,
                            const GstVideoRectangle *visible, const VdtFrameTarget *target);
/* Writes width * height * 3 bytes to @rgb. */
void vdt_frame_map_convert(VdtFrameMap *map, const GstVideoFrame *frame, guint8 *rgb);

/* Converts a buffer's visible part with *@map, which is made anew if it does not fit. FALSE if the
 * buffer cannot be read. */
gboolean vdt_frame_map_buffer(VdtFrameMap **map, const GstVideoInfo *info, GstBuffer *buffer,
                              const VdtFrameTarget *target, guint8 *rgb);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtFrameMap, vdt_frame_map_free)

G_END_DECLS
