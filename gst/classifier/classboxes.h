/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found in boxes, at the boxes of the frames that go out. */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/*
 * Adds to each region of interest of a writable @buffer that is one of @boxes, the field `boxes` of
 * metas, params named "slab-classifier", one structure for each group of labels: string `element`,
 * string `label`, int `class-id`, double `confidence`, of the best label, string `group`, if groups
 * have names, and array `results`. With GstAnalytics, where the frame has an object detection of
 * the same type and place, it gets a classification for each group, related to it.
 *
 * A region is the box of its type and id; one without an id, the box of its type that shares most
 * of its place, half of both together at least.
 */
void vdt_class_boxes_attach(GstBuffer *buffer, const GstVideoInfo *info, const GValue *boxes,
                            const char *element);

G_END_DECLS
