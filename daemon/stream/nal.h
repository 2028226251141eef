/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a picture of H.264 or H.265 could be one, before a parser sees it: h264parse of GStreamer
 * 1.26.2 takes the process with it when a unit is shorter than its header.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    VDT_NAL_H264,
    VDT_NAL_H265,
} VdtNalCodec;

/* How units lie in it. */
typedef enum {
    VDT_NAL_STARTS,  /* a byte stream: each behind a start code */
    VDT_NAL_LENGTHS, /* each behind its length, in four bytes */
} VdtNalForm;

/* FALSE if there is no unit, or one that is too short, is of no known type, or has the bit that is
 * never set. */
gboolean vdt_nal_is_sane(VdtNalCodec codec, VdtNalForm form, const guint8 *data, gsize size);

G_END_DECLS
