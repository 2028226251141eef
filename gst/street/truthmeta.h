/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The truth on a buffer: a GstCustomMeta named VedetteTruth, and a GstVideoRegionOfInterestMeta for
 * each object.
 *
 *   scene-time     uint64     ns
 *   world-version  uint       VDT_STREET_VERSION
 *   conditions     structure  night, rain, snow, haze, noise, shake, blur: doubles, 0 to 1
 *   events         array      of structures, those that go on: id uint64, label string, start
 *                             uint64, end uint64 (scene time, ns), actor uint64
 *   objects        array      of structures, far to near: id uint64, kind string, action string,
 *                             main boolean, x, y, width, height: doubles, in shares of the frame
 *
 * Regions are of type person, vehicle or bag, in pixels; `id` is the lower half of the object's;
 * their params hold a structure "vedette-truth" with id uint64, action string, main boolean, which
 * GStreamer 1.22 drops when it scales. Regions without a pixel are left out.
 */
#pragma once

#include <gst/video/video.h>

#include "scene.h"

G_BEGIN_DECLS

#define VDT_TRUTH_META_NAME "VedetteTruth"

/* Registers the meta, once per process; call it before anything else here. */
const GstMetaInfo *vdt_truth_meta_get_info(void);
/* Adds the metas to a writable @buffer with a picture of that size. */
void vdt_truth_attach(const VdtTruth *truth, GstBuffer *buffer, guint width, guint height);

G_END_DECLS
