/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source part of a stream: from an address to video that is parsed and not decoded, so that it
 * can be kept and decoded. H.264 and H.265 leave it as a byte stream of whole pictures, with the
 * codec's parameters before each keyframe.
 */
#pragma once

#include "sourcespec.h"

G_BEGIN_DECLS

/* A bin with one pad, "src". What it cannot read is an error message of its own. */
GstElement *vdt_source_new(const VdtSourceSpec *spec, GError **error);

G_END_DECLS
